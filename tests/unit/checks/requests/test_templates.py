"""
Requests read from the text of mapping templates.
"""

from __future__ import annotations

import pytest
from tests.unit.checks.requests.test_code import shape

from livebus.checks.requests.templates import requests_in
from livebus.template.application import TemplateText


def read(text: str) -> list[object]:
    return [shape(each) for each in requests_in(TemplateText(text))]


def test_references_are_left_open_and_the_rest_is_read() -> None:
    text = """
    #set($id = $ctx.args.id)
    $util.qr($ctx.stash.put("x", 1))
    {"operation": "GetItem", "key": {"id": {"S": "$id"}, "n": $util.dynamodb.toNumberJson($ctx.args.n)}, "limit": $ctx.args.limit,}
    """
    assert read(text) == [{"operation": "GetItem", "key": {"id": {"S": "?"}, "n": "N"}, "limit": "?"}]


def test_each_way_through_is_one_request() -> None:
    text = '{"operation": "Query" #if($ctx.args.up), "scanIndexForward": true #elseif($x), "limit": 1 #end }'

    assert read(text) == [
        {"operation": "Query", "scanIndexForward": "?"},
        {"operation": "Query", "limit": "?"},
        {"operation": "Query"},
    ]


def test_a_way_that_returns_asks_for_nothing() -> None:
    assert read('#if($ctx.stash.known) #return($ctx.stash.known) #end {"operation": "Scan"}') == [{"operation": "Scan"}]


def test_a_name_with_a_hash_is_no_directive() -> None:
    assert read('{"query": {"expression": "#id = :id"}}') == [{"query": {"expression": "#id = :id"}}]


@pytest.mark.parametrize(
    "text",
    [
        '{"operation": "BatchGetItem", "tables": {"T": [#foreach($id in $ctx.args.ids) {"id": "$id"} #end]}}',
        '#macro(row) "a": 1 #end {"operation": "BatchGetItem", #row() }',
        '{"operation": "BatchGetItem", ' + "#if($a) #end " * 5 + "}",
        '{"operation": "BatchGetItem", $more }',
    ],
    ids=["loop", "macro", "ways", "no JSON"],
)
def test_where_less_is_known_the_operation_is(text: str) -> None:
    assert read(text) == [{"operation": "BatchGetItem", "...": True}]


@pytest.mark.parametrize("text", ["", "#if(", "$util.toJson($ctx.args)", '#foreach($a in $b) "operation" #end'])
def test_what_prints_no_object_is_no_request(text: str) -> None:
    assert read(text) == []
