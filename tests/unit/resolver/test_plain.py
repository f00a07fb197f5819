"""Plain code: which handlers run in the process, and which only where they can be ended."""

from __future__ import annotations

import pytest

from livebus.resolver.plain import MAX_GROWTH, are_plain, growth
from livebus.resolver.syntax import Syntax

HEAD = "import { util, runtime, extensions } from '@aws-appsync/utils'\n"


def of(request: str, response: str = "return ctx.result", head: str = HEAD) -> int | None:
    return growth(
        Syntax(f"{head}export function request(ctx) {{ {request} }}\nexport function response(ctx) {{ {response} }}")
    )


@pytest.mark.parametrize(
    "request_",
    [
        "return { payload: ctx.args.msg }",
        "const { msg } = ctx.args; return { payload: msg }",
        "const input = ctx.args.input; return { payload: { ...input, id: util.autoId(), at: util.time.nowISO8601() } }",
        "if (!ctx.identity.sub) { util.unauthorized() } else { return { payload: null } }",
        "return { payload: `${ctx.args.a}#${ctx.args.b}`, 'a-b': [1, ctx['args']?.c ?? 2] }",
        "if (ctx.error) util.error(ctx.error.message, ctx.error.type); return ctx.args.n > 1 ? { payload: 1 } : { payload: -1 }",
        "extensions.setSubscriptionFilter({ filterGroup: [{ filters: [{ fieldName: 'a', operator: 'eq', value: 1 }] }] }); return {}",
    ],
)
def test_handlers_that_pass_on_are_plain(request_: str) -> None:
    """Members, objects, texts, comparisons, and functions of util that do little."""
    found = of(request_)
    assert found is not None
    assert 1 <= found <= MAX_GROWTH


@pytest.mark.parametrize(
    "request_",
    [
        "for (const each of ctx.args.list) { } return {}",
        "return { payload: ctx.args.list.join('') }",
        "return { payload: [].map((x) => x) }",
        "const f = () => f(); return f()",
        "return response(ctx)",
        "const a = []; a.length = 4294967295; return { payload: a }",
        "ctx.stash.a = 1; return {}",
        "return { payload: JSON.stringify(ctx) }",
        "return { payload: Array(4294967295) }",
        "return { payload: util.matches('(a+)+$', ctx.args.a) }",
        "return { payload: util.time.nowFormatted('yyyy', 'Europe/Berlin') }",
        "return util.transform.toSubscriptionFilter(ctx.args)",
        # What the engine calls by itself.
        "return { payload: `${{ length: 1e15, toString: [].join }}` }",
        "return { payload: { toJSON: [].join, length: 1e15 } }",
        "return { payload: '' + { 'toString': [].join, length: 1e15 } }",
        "return { payload: '' + { '\\x74oString': [].join, length: 1e15 } }",
        "return { payload: '' + { t\\u006fString: [].join, length: 1e15 } }",
        "return { payload: '' + { __proto__: [], length: 1e15 } }",
        "const toString = [].join; return { payload: '' + { toString, length: 1e15 } }",
        "return { payload: '' + { [ctx.args.name]: [].join, length: 1e15 } }",
        "return { payload: '' + { get a() { return 1 } } }",
        "const console = { log: [].join, length: 1e15 }; return { payload: console.log() }",
        "const f = util.error; return { payload: f }",
        "const { error } = util; return { payload: error }",
        "return ctx[ctx.args.name]",
        "return { payload: 'a' in ctx.args }",
        # Too much of what is plain.
        "const a = [ctx, ctx]; const b = [a, a, a]; const c = [b, b, b]; const d = [c, c, c]; const e = [d, d, d]; return [e, e]",
        f"return [{', '.join(['ctx.args'] * 300)}]",
        "return {}; " + "if (1) {} " * 800,
    ],
)
def test_code_that_could_go_on_is_not(request_: str) -> None:
    """Loops, methods, functions of one's own, what the engine calls behind the code's back, and growth."""
    assert of(request_) is None


def test_what_both_handlers_multiply_counts() -> None:
    """The response handler gets what the request handler has made of the input."""
    many = f"return [{', '.join(['ctx.args'] * 20)}]"
    assert of(many) == 20
    assert of(many, many) is None
    assert (are_plain([20, 12]), are_plain([20, 20]), are_plain([1, None])) == (True, False, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export const request = (ctx) => ({ payload: ctx.args.msg });", True),
        ("export const request = ctx => { return { payload: ctx.args.msg } };", True),
        ("export const request = ({ args }) => ({ payload: args.msg });", True),
        ("const request = (ctx) => ({}); export { request };", False),
        ("function request(ctx) { return {} } export { request };", False),
        ("export const request = (ctx) => (() => ({}))();", False),
        ("export const request = (ctx) => ({ payload: [1].map((x) => x) });", False),
        ("export const request = (ctx) => request(ctx);", False),
        ("export const { request } = { request: (ctx) => ({}) };", False),
        ("export let request = (ctx) => ({});", False),
        ("export const request = (ctx) => ({ payload: response });", False),
    ],
)
def test_arrow_functions_are_handlers_as_well(text: str, expected: bool) -> None:
    """Where they stand as such: what is called, passed on or made in between is none."""
    found = growth(Syntax(f"{HEAD}{text}\nexport const response = (ctx) => ctx.result;"))
    assert (found is not None) == expected
