"""util.http, util.xml, util.rds and OpenSearch queries in JavaScript: the same as in mapping templates, where those have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from livebus.operation import Resolution
from livebus.vtl import MappingTemplate

XML = "<menu n='1'><tea>7</tea><tea><leaf>First &amp; flush</leaf></tea></menu>"
ANSWER = {
    "sqlStatementResults": [
        {
            "records": [[{"stringValue": "a"}, {"isNull": True}]],
            "columnMetadata": [{"label": "leaf"}, {"name": "grams"}],
        },
        {"numberOfRecordsUpdated": 1},
        7,
    ]
}
# Arguments, the expression in JavaScript, the one of a template.
BOTH: list[tuple[dict[str, Any], str, str]] = [
    (
        {"h": {"Host": "h", "X-Cups": "2", "TE": "x", "accept": "a"}},
        "util.http.copyHeaders(ctx.args.h)",
        "$util.http.copyHeaders($ctx.args.h)",
    ),
    ({"x": XML}, "util.xml.toMap(ctx.args.x)", "$util.xml.toMap($ctx.args.x)"),
    (
        {"x": XML},
        "JSON.parse(util.xml.toJsonString(ctx.args.x))",
        "$util.parseJson($util.xml.toJsonString($ctx.args.x))",
    ),
    (
        {"x": XML},
        "JSON.parse(util.xml.toJsonString(ctx.args.x, true))",
        "$util.parseJson($util.xml.toJsonString($ctx.args.x, true))",
    ),
    ({"a": ANSWER}, "util.rds.toJsonObject(ctx.args.a)", "$util.rds.toJsonObject($ctx.args.a)"),
    ({"a": json.dumps(ANSWER)}, "util.rds.toJsonObject(ctx.args.a)", "$util.rds.toJsonObject($ctx.args.a)"),
    ({"a": {}}, "util.rds.toJsonObject(ctx.args.a)", "$util.rds.toJsonObject($ctx.args.a)"),
    *(
        (
            {"f": filter_},
            "JSON.parse(util.transform.toElasticsearchQueryDSL(ctx.args.f) ?? 'null')",
            "$util.parseJson($util.transform.toElasticsearchQueryDSL($ctx.args.f))",
        )
        for filter_ in (
            {"grams": {"ne": 5, "range": [1, 2]}, "leaf": {"eq": "a", "wildcard": "a*"}},
            {"or": [{"leaf": {"match": "a"}}, {"not": {"grams": {"gte": 2}}}]},
            {"and": [{"leaf": {"exists": True}}, {"leaf": {"exists": False}}]},
            {"leaf": {"matchPhrase": "a b", "matchPhrasePrefix": "a", "regexp": "a.*"}},
            {"leaf": {"nope": 1}},
            {"or": {"leaf": {"eq": 1}}},
            {"leaf": 7},
            {"grams": {"range": [1]}},
            {},
        )
    ),
]


@pytest.mark.parametrize(("arguments", "expression", "template"), BOTH)
def test_both_languages_agree(
    evaluate: Callable[..., Any], arguments: dict[str, Any], expression: str, template: str
) -> None:
    """One value, whichever language a resolver is written in."""
    outcome = MappingTemplate(f"$util.toJson({template})").evaluate({"args": arguments})
    assert outcome.error is None
    assert evaluate(expression, arguments=arguments) == json.loads(outcome.text)


def test_headers_are_asked_for_in_their_order(resolve: Callable[..., Resolution]) -> None:
    """Objects as JSON text, null as None; what becomes of them is decided where the request is executed."""
    resolution = resolve(
        "export const request = () => { util.http.addResponseHeader('cups', 1); util.http.addResponseHeaders("
        "{ leaf: 'a', tin: { lid: 'red' }, milk: null, ok: true }); util.http.addResponseHeader(); return {}; };\n"
        "export const response = () => 'served';"
    )
    assert (resolution.value, resolution.error) == ("served", None)
    assert resolution.response_headers == (
        *(("cups", "1"), ("leaf", "a"), ("tin", '{"lid":"red"}'), ("milk", None), ("ok", "true"), ("", None)),
    )


def test_headers_are_bounded(resolve: Callable[..., Resolution]) -> None:
    """A loop leaves no more than could ever be kept."""
    resolution = resolve(
        "export const request = () => { for (const each of Array(9999).fill('')) { util.http.addResponseHeader('a', each); }"
        " return {}; };\nexport const response = () => null;"
    )
    assert len(resolution.response_headers) == 4097


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("util.xml.toMap('<a>')", "util.xml.toMap cannot read its text: no element found: line 1, column 3"),
        (
            "[1, 2, 3, 4].map(() => util.xml.toMap('<a>' + Array(150000).fill('<b/>').join('') + '</a>'))",
            "util.xml.toMap cannot read its text: The template needs more than 500,000 steps and was ended",
        ),
        ("util.xml.toMap(7)", "util.xml.toMap takes a string, not 7"),
        ("util.rds.toJsonObject('no')", 'util.rds.toJsonObject cannot read "no": it is not JSON'),
    ],
)
def test_what_cannot_be_read_is_an_error(resolve: Callable[..., Resolution], expression: str, message: str) -> None:
    """A fault of the code, at its place."""
    resolution = resolve(
        f"export const request = () => ({{ payload: {expression} }});\nexport const response = (ctx) => ctx.result;"
    )
    assert resolution.error is not None
    assert resolution.error.message.endswith(f"TypeError: {message}")
