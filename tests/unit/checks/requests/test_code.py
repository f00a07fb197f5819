"""
Requests read from the text of APPSYNC_JS.
"""

from __future__ import annotations

import pytest

from livebus.checks.requests.code import requests_of
from livebus.checks.requests.parts import Part

HEAD = """
import { util } from "@aws-appsync/utils";
import { get, put as write, query } from "@aws-appsync/utils/dynamodb";
import * as ddb from "@aws-appsync/utils/dynamodb";
"""
ROW = '{ operation: "GetItem", key: util.dynamodb.toMapValues({ id: ctx.args.id }) }'


def shape(part: Part) -> object:
    """What is known of a value, as plain data: ``...`` for members that are not known, ? for values."""
    if part.members is not None:
        members = {name: shape(each) for name, each in part.members.items()}
        return members if part.is_whole else {**members, "...": True}
    if part.items is not None:
        return [shape(each) for each in part.items]
    return part.text if part.text is not None else part.kind or "?"


def read(body: str) -> list[object]:
    code = f"{HEAD}export function request(ctx) {{ {body} }}\nexport function response(ctx) {{ return 1; }}\n"
    return [shape(each) for each in requests_of(code, "code.js")]


def test_an_object_is_read_with_its_key() -> None:
    assert read(f"return {ROW};") == [{"operation": "GetItem", "key": {"id": "?"}}]


@pytest.mark.parametrize(
    "call", ["get({ key: { id: ctx.args.id } })", "ddb.get({ key: { id: ctx.args.id } })"], ids=["named", "namespace"]
)
def test_a_function_of_the_module_is_the_request_that_it_makes(call: str) -> None:
    assert read(f"return {call};") == [{"key": {"id": "?"}, "operation": "GetItem"}]


def test_a_renamed_import_is_what_it_was() -> None:
    assert read('return write({ key: { id: "a" }, item: { n: 1 } });') == [
        {"key": {"id": "a"}, "item": {"n": "?"}, "operation": "PutItem"}
    ]


def test_constants_branches_and_functions_are_followed() -> None:
    """Each value that the handler may return is one request."""
    body = f"const row = {ROW}; if (ctx.args.all) return (ctx.args.page ? scan() : row); return row;"
    code = f'{body} }} function scan() {{ return {{ operation: "Scan" }};'

    row = {"operation": "GetItem", "key": {"id": "?"}}
    assert read(code) == [{"operation": "Scan"}, row, row]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"const row = {ROW}; row.key = ctx.args.key; return row;", {"operation": "GetItem", "...": True}),
        (f"const row = {ROW}; row.limit = 1; return row;", {"operation": "GetItem", "key": {"id": "?"}, "...": True}),
        (f"const row = {ROW}; row[ctx.args.x] = 1; return row;", {"operation": "GetItem", "key": {"id": "?"}, "...": True}),
        (f"const row = {ROW}; fill(row); return row;", {"operation": "GetItem", "key": {"id": "?"}, "...": True}),
        (f"const row = {ROW}; const same = row; return row;", {"operation": "GetItem", "key": {"id": "?"}, "...": True}),
        (f"const row = {ROW}; util.error(row); return row;", {"operation": "GetItem", "key": {"id": "?"}}),
        ('return { operation: "Scan", ...ctx.args };', {"operation": "Scan", "...": True}),
        ('return { operation: "Scan", [ctx.args.name]: 1 };', {"operation": "Scan", "...": True}),
        ("const key = {}; key.id = 1; return get({ key });", {"key": {"...": True}, "operation": "GetItem"}),
        ("return get(ctx.args);", {"operation": "GetItem", "...": True}),
    ],
    ids=["replaced", "added", "computed", "handed on", "another name", "read", "spread", "named later", "filled", "given"],
)  # fmt: skip
def test_what_may_change_is_not_known(body: str, expected: object) -> None:
    """An object that the code changes, or hands on to who may, has members of which nothing is known."""
    assert read(body) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        "return ctx.args.request;",
        f"let row = {ROW}; row = ctx.args.row; return row;",
        "return runtime.earlyReturn(1);",
        "return made(ctx);",
        f"const later = () => {{ return {ROW}; }}; return ctx.stash.request;",
    ],
)
def test_what_is_no_object_in_the_text_is_no_request(body: str) -> None:
    assert read(body) == []


def test_types_of_values_are_those_that_are_written() -> None:
    body = (
        'return { operation: "GetItem", key: { a: util.dynamodb.toString(x), b: { N: y }, c: util.dynamodb.toDynamoDB("z"),'
        " d: util.dynamodb.toDynamoDB(ctx.args.d) } };"
    )
    code = f"{HEAD}export function request(ctx) {{ {body} }}"
    key = requests_of(code, "code.js")[0].member("key")

    assert key is not None
    assert key.members is not None
    assert {name: each.type for name, each in key.members.items()} == {"a": "S", "b": "N", "c": "S", "d": ""}


def test_functions_that_call_one_another_end() -> None:
    assert read("return a(); } function a() { return b(); } function b() { return a();") == []


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("return " + "(" * 8_000 + "1" + ")" * 8_000 + ";", 0),
        ("return " + "c ? { a: 1 } : " * 3_000 + "{};", 0),
        ("if (c) {" * 3_000 + "return { a: 1 };" + "}" * 3_000, 0),
        ("return a0;" + "".join(f"const a{i} = {{ x: a{i + 1}, y: a{i + 1} }};" for i in range(700)), 1),
        ("return f0(); }" + "".join(f"function f{i}() {{ return c ? f{i + 1}() : f{i + 1}(); }}" for i in range(600)) + "{", 0),
    ],
    ids=["brackets", "choices", "blocks", "constants", "functions"],
)  # fmt: skip
def test_code_that_is_meant_to_hurt_ends(body: str, count: int) -> None:
    """Each constant and each function is read once; what is nested too deep says nothing."""
    code = f"{HEAD}export function request(ctx) {{ {body} }}"

    assert len(requests_of(code, "code.js")) == count
