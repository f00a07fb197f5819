"""Handlers that run without the engine: they come to what the engine comes to, and nothing else runs so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import LivebusError
from livebus.resolver.passing import AskTheEngine, passing
from livebus.resolver.pipeline import CompiledResolver
from livebus.resolver.syntax import Syntax

from .conftest import context, make, services

RESPONSE = "export function response(ctx) { return ctx.result }"


def code(request: str, response: str = "return ctx.result") -> str:
    return f"export function request(ctx) {{ {request} }}\nexport function response(ctx) {{ {response} }}"


def by_engine(text: str, given_context: dict[str, Any]) -> Any:
    """What the engine makes of it, whatever is known without it."""
    resolver = make(text)
    assert isinstance(resolver, CompiledResolver)
    resolver._passing = None
    return resolver.run(given_context, services())


@pytest.mark.parametrize(
    "text",
    [
        code("return { payload: ctx.args.msg }"),
        code("return { payload: ctx.arguments };"),
        code("return { payload: { id: ctx.args.id, at: { of: ctx.identity.sub }, 'kind': 'x', none: null } }"),
        code("return {}"),
        code("return { payload: ctx.args.msg, other: ctx.source }", "return { value: ctx.result, ok: true }"),
        f"// why\nexport const request = (ctx) => ({{ payload: ctx.args.msg }});\n{RESPONSE}",
        f"export const request = c => {{ return {{ payload: c.args.msg }} }}\n{RESPONSE}",
        f"import {{ util }} from '@aws-appsync/utils';\nexport function request(ctx) {{ return {{ payload: 1 === 1 }} }}\n{RESPONSE}".replace(
            "1 === 1", "ctx.args"
        ),
    ],
)
def test_what_passes_on_is_known(text: str) -> None:
    assert passing(Syntax(text)) is not None


@pytest.mark.parametrize(
    "request_",
    [
        "return { payload: ctx.args?.msg }",
        "return { payload: ctx['args'] }",
        "return { payload: ctx.args.toString }",
        "return { payload: ctx.args.constructor }",
        "return { payload: ctx.stash }",
        "return { payload: ctx.env.NAME }",
        "return { payload: other.args }",
        "return { payload: [ctx.args] }",
        "return { payload: 1.0 }",
        "return { payload: '\\u0061' }",
        "return { 1: ctx.args, payload: 'x' }",
        "return { __proto__: { payload: 'x' } }",
        "return { ...ctx.args }",
        "return { [ctx.args.name]: 'x' }",
        "return { payload }",
        "return ctx.args",
        "return",
        "ctx.args.msg; return { payload: 'x' }",
        "if (ctx.args.msg) return { payload: 'x' }",
        "return { payload: ctx.args.msg.toUpperCase() }",
        "return { payload: ctx.args.msg + '' }",
    ],
)
def test_nothing_else_is(request_: str) -> None:
    assert passing(Syntax(code(request_))) is None


@pytest.mark.parametrize(
    "text",
    [
        f"const a = 'x'; {code('return {}')}",
        f"export const request = async (ctx) => ({{}}); {RESPONSE}",
        f"export const request = (ctx, more) => ({{}}); {RESPONSE}",
        f"export const request = ({{ args }}) => ({{}}); {RESPONSE}",
        f"export let request = (ctx) => ({{}}); {RESPONSE}",
        "export function request(ctx) { return {} }",
        f"function request(ctx) {{ return {{}} }} export {{ request }}; {RESPONSE}",
        f"export function request(ctx = {{}}) {{ return {{}} }} {RESPONSE}",
        f"export function* request(ctx) {{ return {{}} }} {RESPONSE}",
    ],
)
def test_nor_is_a_file_that_holds_more(text: str) -> None:
    assert passing(Syntax(text)) is None


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**60), "\ud800", {"1": 1, "a": 2}, {"__proto__": 1}, [[0.5]]])
def test_values_that_javascript_carries_otherwise_are_the_engines(value: Any) -> None:
    text = code("return { payload: ctx.args.msg }")
    evaluate = passing(Syntax(text))
    assert evaluate is not None
    with pytest.raises(AskTheEngine):
        evaluate(context({"msg": value}))
    assert make(text).run(context({"msg": value}), services()) == by_engine(text, context({"msg": value}))


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("most", "too_much"),
    [
        (2**53 - 1, 2**53),
        (1 - 2**53, -(2**53)),
        (nested(32), nested(33)),
        ([0, [None] * 998] + [True] * 1000, [0, [None] * 998] + [True] * 1001),
        ({"a": {}, "b": [[]] * 1998}, {"a": {}, "b": [[]] * 1999}),
        ({"ä": 1}, {"\ud800": 1}),
        ("ä" * 256 * 1024, "ä" * 256 * 1024 + "a"),
        ("a" * 256 * 1024, "a" * 256 * 1024 + "a"),
    ],
    ids=["2⁵³-1", "1-2⁵³", "32 levels", "2,000 values", "2,000 members", "Unicode", "256 K characters", "of ASCII"],
)
def test_how_much_is_passed_on(most: Any, too_much: Any) -> None:
    """Up to the bounds the value comes out as it came in, which is what the engine makes of it; beyond them it is the engine's."""
    text = code("return { payload: ctx.args.msg }")
    evaluate = passing(Syntax(text))
    assert evaluate is not None

    assert evaluate(context({"msg": most})) == most
    assert by_engine(text, context({"msg": most})).value == most
    with pytest.raises(AskTheEngine):
        evaluate(context({"msg": too_much}))


def test_a_pipeline_and_other_data_sources_run_in_the_engine() -> None:
    resolver = make(code("return {}"), code("return { payload: ctx.args.msg }"))
    assert isinstance(resolver, CompiledResolver)
    assert resolver._passing is None
    assert make(code("return {}"))._passing is not None  # type: ignore[attr-defined]


_NAMES = st.sampled_from(["msg", "id", "args", "result", "length", "payload", "toJSON", "1", "a-b", "ä"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def _expressions(roots: tuple[str, ...]) -> st.SearchStrategy[str]:
    paths = st.builds(
        lambda root, names: ".".join(["ctx", root, *names]),
        st.sampled_from(roots),
        st.lists(st.sampled_from(["msg", "id", "length", "payload", "sub", "toString", "args"]), max_size=2),
    )
    constants = st.sampled_from(["'x'", '"ä"', "null", "true", "false", "'1'", "'\\n'", "1", "undefined"])
    keys = st.sampled_from(["msg", "id", "'a-b'", "toJSON", "'1'", "__proto__", "payload"])
    return st.recursive(
        paths | constants,
        lambda inner: st.lists(st.tuples(keys, inner), max_size=3).map(
            lambda pairs: "({" + ", ".join(f"{key}: {value}" for key, value in pairs) + "})"
        ),
        max_leaves=5,
    )


_CONTEXT_ROOTS = ("args", "arguments", "identity", "source", "request", "result", "stash", "prev")


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    request_=_expressions(_CONTEXT_ROOTS),
    response=st.just("ctx.result") | _expressions(_CONTEXT_ROOTS),
    arguments=st.dictionaries(_NAMES, _VALUES, max_size=3),
    identity=st.none() | st.dictionaries(st.sampled_from(["sub", "id"]), _VALUES, max_size=2),
    source=_VALUES,
)
def test_both_ways_come_to_the_same(
    request_: str, response: str, arguments: dict[str, Any], identity: Any, source: Any
) -> None:
    """Whatever the handlers pass on and whatever comes in: value, errors and logs are the engine's."""
    text = code(f"return {{ payload: {request_} }}", f"return {response}")
    try:
        resolver = make(text)
    except LivebusError:
        return
    given_context = context(arguments, identity=identity, source=source)
    found, expected = resolver.run(given_context, services()), by_engine(text, given_context)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 and 1.0, True and 1, the order of members
