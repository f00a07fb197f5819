"""Unit and pipeline resolvers: what handlers see, in which order they run, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.operation import Resolution, ResolverError

RESPONSE = "export function response(ctx) { return ctx.result; }"
PASS = "export function request(ctx) { return { payload: ctx.args }; }\n" + RESPONSE
Run = Callable[..., Resolution]


def test_a_none_data_source_gives_the_payload(resolve: Run, vector: Callable[[str], str]) -> None:
    """What the request handler returns as payload is the response handler's ctx.result."""
    resolution = resolve(vector("publish.js"), arguments={"msg": "hello"})
    assert resolution == Resolution(value="hello")


@pytest.mark.parametrize(
    ("returned", "result"),
    [
        ("{ payload: 0 }", 0),
        ("{ payload: false }", False),
        ("{ payload: '' }", ""),
        ("{ payload: null }", None),
        ("{ payload: undefined }", None),
        ("{ payload: [1, undefined, () => 1] }", [1, None, None]),
        ("{ payload: { a: undefined, b: () => 1, c: NaN } }", {"c": None}),
        ("{}", None),
        ("null", None),
        ("undefined", None),
        ("'text'", None),
    ],
)
def test_payloads_pass_as_json(resolve: Run, returned: str, result: object) -> None:
    """A payload reaches the response handler as JSON carries it; an absent one is null, a falsy one itself."""
    resolution = resolve(f"export function request(ctx) {{ return {returned}; }}\n{RESPONSE}")
    assert resolution == Resolution(value=result)


def test_the_context_has_its_members(resolve: Run) -> None:
    """Handlers see arguments, identity, source, request, info, stash, result, prev, error and env."""
    code = "export function request(ctx) { return { payload: ctx }; }\n" + RESPONSE
    members = {"identity": {"sub": "s-1"}, "source": {"id": "o-1"}}
    resolution = resolve(code, arguments={"msg": "x"}, members=members, variables={"STAGE": "test"})
    assert resolution.value == {
        "arguments": {"msg": "x"},
        "args": {"msg": "x"},
        "identity": {"sub": "s-1"},
        "source": {"id": "o-1"},
        "request": {"headers": {"x-api-key": "da2-test"}, "domainName": None},
        "info": {
            "fieldName": "publish",
            "parentTypeName": "Mutation",
            "variables": {},
            "selectionSetList": [],
            "selectionSetGraphQL": "",
        },
        "stash": {},
        "result": None,
        "prev": None,
        "error": None,
        "env": {"STAGE": "test"},
    }


def test_the_stash_goes_from_request_to_response(resolve: Run) -> None:
    """What the request handler puts on the stash is there for the response handler; the arguments are as given."""
    code = """
    export function request(ctx) { ctx.stash.seen = ctx.args.n; ctx.args.n = 99; return { payload: ctx.args.n }; }
    export function response(ctx) { return [ctx.stash.seen, ctx.args.n, ctx.arguments.n, ctx.result]; }"""
    assert resolve(code, arguments={"n": 1}).value == [1, 1, 1, 99]


def test_module_constants_and_helpers_are_there_in_both_handlers(resolve: Run) -> None:
    """What a file declares beside its handlers can be used by them."""
    code = """
    const GREETING = "hello";
    const greet = (name) => GREETING + " " + name;
    export const request = (ctx) => ({ payload: greet(ctx.args.name) });
    export const response = (ctx) => [ctx.result, greet("again")];"""
    assert resolve(code, arguments={"name": "you"}).value == ["hello you", "hello again"]


def test_bundled_code_runs(resolve: Run, vector: Callable[[str], str]) -> None:
    """The form in which esbuild leaves modules is understood, renamed exports and imports included."""
    order = {"id": "o-1", "items": [{"name": " tea "}], "note": "n"}
    resolution = resolve(vector("bundled.js"), arguments={"order": order})
    assert resolution.value == {"id": "o-1", "count": 1, "names": ["tea"], "rest": {"note": "n"}}
    assert resolution.subscription_filter == {
        "filterGroup": [{"filters": [{"fieldName": "id", "operator": "eq", "value": "o-1"}]}]
    }


def test_the_language_is_there(resolve: Run, vector: Callable[[str], str]) -> None:
    """The documented statements, operators and literals work."""
    arguments = {
        "items": [{"name": "tea", "price": 4, "quantity": 2}, {"name": "skip", "price": 1}],
        "shipping": "express",
        "note": None,
        "gift": True,
    }
    assert resolve(vector("language.js"), arguments=arguments).value == {
        "total": 21,
        "names": ["TEA"],
        "most": 4,
        "keys": ["gift", "note"],
        "draft": {"note": None, "gift": True},
        "text": "no note: nothing nested 2",
        "kind": "undefined",
        "has": True,
        "bits": 18,
        "rush": True,
        "time": 1_700_000_000,
    }


def test_util_error_ends_the_field(resolve: Run) -> None:
    """util.error stops the handler, skips the rest, and gives message, type, data and errorInfo."""
    code = """
    export function request(ctx) { util.error("no", "Refused", { a: 1 }, { b: 2 }); return { payload: 1 }; }
    export function response(ctx) { return util.error("not reached"); }"""
    assert resolve(code) == Resolution(error=ResolverError("no", "Refused", {"a": 1}, {"b": 2}))


def test_util_error_needs_a_message_only(resolve: Run) -> None:
    """Type, data and errorInfo are None where the code gives none."""
    code = "export function request(ctx) { return {}; }\nexport function response(ctx) { util.error('no'); }"
    assert resolve(code).error == ResolverError("no")


def test_appended_errors_come_beside_the_value(resolve: Run) -> None:
    """util.appendError does not end the handler; its errors come in their order."""
    code = """
    export function request(ctx) { util.appendError("one", "A", { a: 1 }); return { payload: 1 }; }
    export function response(ctx) { util.appendError("two"); return ctx.result; }"""
    assert resolve(code) == Resolution(value=1, appended=(ResolverError("one", "A", {"a": 1}), ResolverError("two")))


def test_unauthorized_names_field_and_type(resolve: Run) -> None:
    """util.unauthorized gives AppSync's message for a denied field."""
    code = "export function request(ctx) { util.unauthorized(); }\n" + RESPONSE
    assert resolve(code).error == ResolverError("Not Authorized to access publish on type Mutation", "Unauthorized")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("ctx.missing.deeper", "code.js:3:22: TypeError: cannot read property 'deeper' of undefined"),
        ("ctx.args.f()", "code.js:3:19: TypeError: not a function"),
        ("'x'.toFixed(2)", "code.js:3:14: TypeError: not a function"),
    ],
)
def test_faults_of_the_code_are_errors_of_type_code(resolve: Run, expression: str, message: str) -> None:
    """A fault at run time has AppSync's form: errorType Code, and file, line and column before the engine's words."""
    code = f"export function request(ctx) {{ return {{}}; }}\nexport function response(ctx) {{\n   return {expression};\n}}"
    resolution = resolve(code)
    assert resolution.error is not None
    assert resolution.error.error_type == "Code"
    assert resolution.error.error_info is None
    assert resolution.error.message.split(": ", 1)[1] == message.split(": ", 1)[1]
    assert resolution.error.message.startswith("code.js:3:")
    assert resolution.logs[0].startswith("ERROR - resolvers/publish.js:3:")


def test_a_fault_in_a_util_function_is_told_at_the_call(resolve: Run) -> None:
    """Where util refuses an argument, the place is the line of the code that called it."""
    code = (
        "export function request(ctx) { return {}; }\nexport function response(ctx) {\n  return util.urlEncode(1);\n}"
    )
    error = resolve(code).error
    assert error is not None
    assert error.message.startswith("code.js:3:")
    assert error.message.endswith("TypeError: util.urlEncode takes a string, not 1")


def test_a_value_that_json_cannot_carry_is_an_error(resolve: Run) -> None:
    """A circular value ends the field with an error, and the resolver goes on."""
    code = "export function request(ctx) { return {}; }\n"
    code += "export function response(ctx) { const a = {}; a.self = a; return a; }"
    error = resolve(code).error
    assert error is not None
    assert error.message == "TypeError: circular reference"


def test_error_data_that_json_cannot_carry_is_an_error_of_its_own(resolve: Run) -> None:
    """util.error with circular data fails at the call, where the code can be mended."""
    code = "export function request(ctx) { const a = {}; a.self = a; util.error('x', 'Y', a); }\n" + RESPONSE
    error = resolve(code).error
    assert error is not None
    assert error.message.endswith("TypeError: circular reference")


def test_console_lines_have_the_documented_form(resolve: Run) -> None:
    """console.log and console.error give level, file, line, column of the call, and the values as JSON."""
    code = """export function request(ctx) {
    console.log("This request is allowed");
  console.error("two", { a: [1, null] }, undefined);
  return {};
}
export function response(ctx) { [1].forEach((n) => console.log(n)); return null; }"""
    assert resolve(code).logs == (
        'INFO - resolvers/publish.js:2:5: "This request is allowed"',
        'ERROR - resolvers/publish.js:3:3: "two" {"a":[1,null]} undefined',
        "INFO - resolvers/publish.js:6:52: 1",
    )


def test_early_return_in_a_unit_request_skips_the_response(resolve: Run) -> None:
    """runtime.earlyReturn gives the field's value; the data source and the response handler are not asked."""
    code = """import { runtime } from "@aws-appsync/utils";
    export function request(ctx) { runtime.earlyReturn({ early: true }); }
    export function response(ctx) { util.error("not reached"); }"""
    assert resolve(code) == Resolution(value={"early": True})


def test_early_return_without_a_value_is_null(resolve: Run) -> None:
    """earlyReturn() gives null, in either handler."""
    for handler in ("request", "response"):
        other = {"request": RESPONSE, "response": "export const request = () => ({ payload: 1 });"}[handler]
        assert resolve(f"export function {handler}(ctx) {{ runtime.earlyReturn(); }}\n{other}") == Resolution()


STEP = """
export function request(ctx) {
  ctx.stash.way.push(["request", ctx.args.name, ctx.prev.result]);
  return { payload: NUMBER };
}
export function response(ctx) {
  ctx.stash.way.push(["response", ctx.result, ctx.prev.result]);
  return ctx.result * 10;
}"""
BEFORE_AND_AFTER = """
export function request(ctx) { ctx.stash.way = []; return { begun: ctx.prev === null }; }
export function response(ctx) { return { way: ctx.stash.way, prev: ctx.prev.result, result: ctx.result }; }"""


def test_a_pipeline_hands_its_values_on(resolve: Run) -> None:
    """Each function sees what came before as ctx.prev.result; the stash is one for all."""
    resolution = resolve(
        BEFORE_AND_AFTER, STEP.replace("NUMBER", "1"), STEP.replace("NUMBER", "2"), arguments={"name": "n"}
    )
    assert resolution.value == {
        "way": [
            ["request", "n", {"begun": True}],
            ["response", 1, {"begun": True}],
            ["request", "n", 10],
            ["response", 2, 10],
        ],
        "prev": 20,
        "result": 20,
    }


@pytest.mark.parametrize(
    ("before", "first", "way", "prev"),
    [
        ("", "runtime.earlyReturn('early')", ["second"], "2"),
        ("", "runtime.earlyReturn('early', { skipTo: 'NEXT' })", ["second"], "2"),
        ("", "runtime.earlyReturn('early', { skipTo: 'END' })", [], "early"),
        ("runtime.earlyReturn('begun')", "", [], "begun"),
        ("runtime.earlyReturn('begun', { skipTo: 'END' })", "", [], "begun"),
        ("runtime.earlyReturn('begun', { skipTo: 'NEXT' })", "", ["first", "second"], "2"),
    ],
)
def test_early_return_skips_parts_of_a_pipeline(
    resolve: Run, before: str, first: str, way: list[str], prev: str
) -> None:
    """From a function it skips to the next one, from the resolver's request to its response; skipTo overrides."""
    step = """
    export function request(ctx) { EARLY; ctx.stash.way.push("NAME"); return { payload: "NUMBER" }; }
    export function response(ctx) { return ctx.result; }"""
    resolution = resolve(
        f"export function request(ctx) {{ ctx.stash.way = []; {before}; return null; }}\n"
        "export function response(ctx) { return [ctx.stash.way, ctx.prev.result]; }",
        step.replace("EARLY", first).replace("NAME", "first").replace("NUMBER", "1"),
        step.replace("EARLY", "").replace("NAME", "second").replace("NUMBER", "2"),
    )
    assert resolution.value == [way, prev]


def test_early_return_in_a_functions_response_is_its_value(resolve: Run) -> None:
    """A function's response handler may end early; END then ends the pipeline."""
    step = "export const request = () => ({ payload: 1 });\nexport function response(ctx) { runtime.earlyReturn('e', OPTIONS); }"
    last = "export const request = (ctx) => ({ payload: ctx.prev.result + '!' });\nexport const response = (ctx) => ctx.result;"
    outer = "export const request = () => null;\nexport const response = (ctx) => ctx.prev.result;"
    assert resolve(outer, step.replace("OPTIONS", "undefined"), last).value == "e!"
    assert resolve(outer, step.replace("OPTIONS", "{ skipTo: 'END' }"), last).value == "e"


def test_an_error_in_a_function_ends_the_pipeline(resolve: Run) -> None:
    """After util.error neither later functions nor the resolver's response handler run; what was appended stays."""
    outer = "export const request = () => null;\nexport function response(ctx) { util.appendError('after'); return 1; }"
    step = "export function request(ctx) { util.appendError('first'); util.error('stop'); }\n" + RESPONSE
    assert resolve(outer, step, PASS) == Resolution(error=ResolverError("stop"), appended=(ResolverError("first"),))


def test_a_fault_in_a_function_names_its_file(resolve: Run) -> None:
    """The log line of a fault tells which of the pipeline's files it happened in."""
    outer = "export const request = () => null;\nexport const response = (ctx) => ctx.prev.result;"
    step = "export function request(ctx) {\n  return ctx.args.a.b;\n}\n" + RESPONSE
    resolution = resolve(outer, PASS, step)
    assert resolution.logs[0].startswith("ERROR - resolvers/step2.js:2:")


def test_subscription_filters_and_invalidations_are_collected(resolve: Run, vector: Callable[[str], str]) -> None:
    """What the extensions set comes back beside the value; a caller who may not subscribe gets an error."""
    code = vector("subscribe.js")
    allowed = resolve(code, arguments={"customer": "c-1"}, members={"identity": {"username": "c-1"}})
    customer = {"fieldName": "customer", "operator": "eq", "value": "c-1"}
    assert allowed == Resolution(
        subscription_filter={
            "filterGroup": [
                {"filters": [customer, {"fieldName": "total", "operator": "gt", "value": 100}]},
                {"filters": [customer, {"fieldName": "state", "operator": "in", "value": ["NEW", "PAID"]}]},
            ]
        },
        invalidation_filter={"filterGroup": [{"filters": [customer]}]},
    )
    refused = resolve(code, arguments={"customer": "c-1"}, members={"identity": {"username": "c-2"}})
    assert refused.error == ResolverError("Not Authorized to access publish on type Mutation", "Unauthorized")
    assert refused.subscription_filter is None


def test_at_most_five_subscriptions_are_invalidated(resolve: Run) -> None:
    """Five distinct invalidations are taken, the same one twice counts once, the sixth ends the field."""
    code = """import { extensions } from "@aws-appsync/utils";
    export function request(ctx) { return {}; }
    export function response(ctx) {
      for (const id of ctx.args.ids) extensions.invalidateSubscriptions({ subscriptionField: "on", payload: { id } });
      return "done";
    }"""

    def payloads(resolution: Resolution) -> list[Any]:
        return [invalidation["payload"]["id"] for invalidation in resolution.invalidations]

    five = resolve(code, arguments={"ids": [1, 2, 2, 3, 4, 5]})
    assert (five.value, payloads(five)) == ("done", [1, 2, 3, 4, 5])
    six = resolve(code, arguments={"ids": [1, 2, 3, 4, 5, 6]})
    assert six.error is not None
    assert "at most 5 subscriptions" in six.error.message
