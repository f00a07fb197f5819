"""The sandbox: limits that hold, runs that do not see each other, strings that arrive as they were sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.operation import Exceeded, Resolution, Resolver, Services
from livebus.resolver import compile_resolver
from livebus.resolver.engine import Engine
from livebus.template.application import DataSource, ResolverConfig

SERVICES = Services(1_700_000_000.0, lambda: "id")
ECHO = "export const request = (ctx) => ({ payload: ctx.args.value });\nexport const response = (ctx) => ctx.result;"
ENDLESS = "const list = [1]; for (const one of list) { list.pop(); list.push(one); list.push(one); list.pop(); list.push(one); }"

Compile = Callable[..., Resolver]


def run(resolver: Resolver, value: Any = None) -> Resolution:
    return resolver.run({"arguments": {"value": value}, "info": {}}, SERVICES)


def echo_resolver() -> Resolver:
    return compile_resolver(ResolverConfig("Query", "echo", ECHO, "echo.js", DataSource("Nothing", "NONE")))


ECHO_RESOLVER = echo_resolver()

WILD = [
    "quotes \" and \\ and ' and `",
    "line\nbreak\r\n\ttab",
    "emoji 👩‍👩‍👧‍👦 🇨🇭",
    "שלום \u202e rtl \u202c",
    "separators \u2028 \u2029",
    "nul \0 and \x01 and \x7f",
    "lone \ud83d surrogate \udc00",
    "é (composed) é (decomposed)",
    "${injected} {{braces}} </script> \\u0041",
    "__proto__",
    "",
]


@pytest.mark.parametrize("text", WILD)
def test_strings_pass_as_they_are(text: str) -> None:
    """No character of a string is changed, escaped or lost on the way in and out, as value or as key."""
    assert run(ECHO_RESOLVER, text).value == text
    assert run(ECHO_RESOLVER, {text: [text]}).value == {text: [text]}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters()) | st.floats(-1e6, 1e6),
        lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
        max_leaves=12,
    )
)
@settings(max_examples=150, deadline=None)
def test_json_passes_as_it_is(value: Any) -> None:
    """Any JSON value is the same after both handlers."""
    assert run(ECHO_RESOLVER, value).value == value


def test_a_megabyte_passes() -> None:
    """A string of a megabyte is no problem."""
    text = 'äöü\n"' * 200_000
    assert run(ECHO_RESOLVER, text).value == text


def test_integers_beyond_64_bits_pass_as_numbers() -> None:
    """A number that JavaScript cannot hold exactly becomes the nearest one, as in AppSync's own engine."""
    assert run(ECHO_RESOLVER, 2**70).value == float(2**70)


def test_an_endless_loop_is_ended(compiled: Compile) -> None:
    """Code that does not come to an end gives an error that names the limit, and the next run works."""
    code = f"export function request(ctx) {{ if (ctx.args.value) {{ {ENDLESS} }} return {{ payload: 1 }}; }}\n"
    resolver = compiled(code + "export const response = (ctx) => ctx.result;", time_limit=0.05)
    ended = run(resolver, value=True)
    assert ended.error is not None
    assert ended.error.message == "code.js: The code ran longer than 0.05 s and was ended"
    assert ended.error.error_type == "Code"
    assert ended.logs == ("ERROR - resolvers/publish.js: The code ran longer than 0.05 s and was ended",)
    assert run(resolver, value=False) == Resolution(value=1)


def test_a_run_may_be_given_less_time_than_the_resolver_has(compiled: Compile) -> None:
    """As where its time is used up but for the rest: it ends then."""
    code = f"export function request(ctx) {{ {ENDLESS} }}\nexport const response = (ctx) => ctx.result;"
    engine = Engine(compiled(code, time_limit=600.0)._loading)  # type: ignore[attr-defined]
    engine.limit_time(0.05)
    with pytest.raises(Exceeded, match="The code ran longer than 600 s and was ended"):
        engine.run('{"arguments": {}, "info": {}}', 0.0)


@pytest.mark.parametrize(
    "greed",
    [
        "const list = ['x']; for (const one of list) list.push(one + list.length);",
        "let text = 'xxxxxxxx'; for (const one of Array(40).fill(1)) text = text + text + one; return { payload: text };",
        "return { payload: Array(60000000).fill(1) };",
    ],
)
def test_memory_is_limited(compiled: Compile, greed: str) -> None:
    """Code that wants more memory than there is gives an error, and the next run works."""
    code = f"export function request(ctx) {{ if (ctx.args.value) {{ {greed} }} return {{ payload: 1 }}; }}\n"
    resolver = compiled(
        code + "export const response = (ctx) => ctx.result;", memory_limit=8 * 1024 * 1024, time_limit=5.0
    )
    ended = run(resolver, value=True)
    assert ended.value is None
    assert ended.error is not None
    assert ended.error.error_type == "Code"
    assert "more than 8 MB of memory" in ended.error.message or "too long" in ended.error.message
    assert run(resolver, value=False) == Resolution(value=1)


def test_a_costly_pattern_is_ended(compiled: Compile) -> None:
    """A regular expression that backtracks for ever falls under the time limit, too."""
    code = """export function request(ctx) { return { payload: util.matches("(a+)+$", ctx.args.value) }; }
    export const response = (ctx) => ctx.result;"""
    resolver = compiled(code, time_limit=0.1)
    ended = run(resolver, "a" * 60 + "!")
    assert ended.error is not None
    assert run(resolver, "aa") == Resolution(value=True)


def test_values_nested_too_deep_are_an_error(compiled: Compile) -> None:
    """A value that is nested deeper than the engine's stack gives an error, and the next run works."""
    code = """export function request(ctx) {
      let value = [];
      for (const one of Array(ctx.args.value).fill(1)) value = [value];
      return { payload: value };
    }
    export const response = (ctx) => 1;"""
    resolver = compiled(code)
    assert run(resolver, 50_000).error is not None
    assert run(resolver, 5) == Resolution(value=1)


def test_module_variables_do_not_outlive_a_handler(compiled: Compile) -> None:
    """A variable of the file begins anew with each handler and each run."""
    code = """let count = 0; const seen = [];
    export function request(ctx) { count += 1; seen.push(1); return { payload: [count, seen.length] }; }
    export function response(ctx) { count += 1; return [...ctx.result, count, seen.length]; }"""
    resolver = compiled(code)
    assert run(resolver).value == [1, 1, 1, 0]
    assert run(resolver).value == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "attack",
    [
        "[].map.left = 1",
        "[].constructor.left = 1",
        "[].constructor.prototype.left = 1",
        "({}).constructor.prototype.left = 1",
        "({}).constructor.assign({}.constructor.prototype, { left: 1 })",
        "''.constructor.prototype.left = 1",
        "''.constructor.prototype.trim = () => 1",
        "(0).constructor.prototype.left = 1",
        "true.constructor.prototype.left = 1",
        "(() => 1).left = 1; Object.keys.left = 1",
        "Object.assign(util, { left: 1 })",
        "Object.assign(util.time, { nowEpochSeconds: 1 })",
        "util.time.nowEpochSeconds = 1",
        "Object.assign(console, { left: 1 })",
        "Object.assign(Math, { left: 1 })",
        "delete JSON.parse",
        "JSON.stringify = 1",
        "ctx.env.left = 1",
        "undeclared = 1",
        "({}).toString.left = 1",
        "Object.assign(({}).constructor.prototype, { toString: 1 })",
    ],
)
def test_nothing_shared_can_be_changed(resolve: Callable[..., Resolution], attack: str) -> None:
    """An attempt to leave something on what all runs share is a fault of the code (or refused when it is compiled)."""
    names = "let undeclared_;" if attack.startswith("undeclared") else ""
    attack = attack.replace("undeclared = 1", "NaN = 1")
    code = f"{names} export function request(ctx) {{ {attack}; return {{}}; }}\nexport const response = () => null;"
    error = resolve(code).error
    assert error is not None
    assert "TypeError" in error.message or "ReferenceError" in error.message


@pytest.mark.parametrize(
    "expression",
    [
        "(() => 1).constructor",
        "[].constructor.from",
        "({}).__proto__",
        "({}).constructor.getPrototypeOf",
        "({}).constructor.defineProperty",
        "({}).constructor.freeze",
        "''.constructor.fromCharCode",
        "''['pad' + 'Start']",
        "util['to' + 'Json']",
        "(() => 1)['ca' + 'll']",
    ],
)
def test_what_is_not_there_cannot_be_reached(evaluate: Callable[..., Any], expression: str) -> None:
    """What compile time cannot see is missing at run time: constructors of functions, denied methods, prototypes."""
    assert evaluate(f"typeof ({expression})") in (
        "undefined",
        "function" if "(() => 1).constructor" in expression else "undefined",
    )


def test_functions_cannot_be_made_from_text(resolve: Callable[..., Resolution]) -> None:
    """The constructor of functions cannot be reached by way of a function."""
    code = "export function request(ctx) { return (() => 1).constructor('return 1')(); }\nexport const response = () => null;"
    assert resolve(code).value is None


def test_objects_may_have_members_named_like_inherited_ones(evaluate: Callable[..., Any]) -> None:
    """Freezing what is shared does not stop an object of the code from having a member toString or constructor."""
    expression = """ctx.args.names.reduce((counts, name) => {
      counts[name] = (Object.hasOwn(counts, name) ? counts[name] : 0) + 1;
      return counts;
    }, {})"""
    names = ["toString", "constructor", "valueOf", "toString", "__proto__"]
    assert evaluate(expression, arguments={"names": names}) == {
        "toString": 2,
        "constructor": 1,
        "valueOf": 1,
        "__proto__": 1,
    }


def test_the_stash_is_fresh_for_each_run(compiled: Compile) -> None:
    """What one run leaves on the stash is not there for the next."""
    code = """export function request(ctx) { const had = ctx.stash.left ?? null; ctx.stash.left = 1; return { payload: had }; }
    export const response = (ctx) => ctx.result;"""
    resolver = compiled(code)
    assert [run(resolver).value, run(resolver).value] == [None, None]


def test_runs_in_other_threads_give_the_same() -> None:
    """A resolver may be called from threads at the same time."""
    answers: list[Any] = []

    def work(number: int) -> None:
        answers.extend(run(ECHO_RESOLVER, [number, turn]).value for turn in range(200))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [[number, turn] for number in range(4) for turn in range(200)]


def test_the_engines_script_ends_above_the_code() -> None:
    """A stack frame of the engine's own script never looks like one of the code."""
    from livebus.resolver.code import LINE_OFFSET
    from livebus.resolver.engine import _script

    assert _script().count("\n") < LINE_OFFSET
