"""AppSync's DynamoDB data source: requests as resolvers write them, results as they read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.dynamodb.appsync import DataSourceError, perform
from livebus.dynamodb.errors import DynamoDBError
from livebus.dynamodb.store import StoreFault

FAILED = "The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: R)"
BAD_TOKEN = "com.amazonaws.deepdish.common.pagination.InvalidPaginationTokenException: Invalid pagination token given."


class Source:
    """A data source of the table ``Single``, or another. ``calls`` are the operations that DynamoDB was asked for."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self.calls: list[str] = []

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append(operation)
        answer: Mapping[str, Any] = self.db.engine.call(operation, request)
        return answer

    def perform(self, operation: str, table: str = "Single", **members: Any) -> Any:
        return perform({"operation": operation, **members}, table, self.call, request_id="R")

    def fails(self, operation: str, table: str = "Single", **members: Any) -> tuple[str, str, Any]:
        """Type, message and result of a request that fails."""
        with pytest.raises(DataSourceError) as raised:
            self.perform(operation, table, **members)
        return raised.value.type, raised.value.message, raised.value.result


@pytest.fixture
def source(db: Any) -> Iterator[Source]:
    return Source(db)


def key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


# --- values ---------------------------------------------------------------------------------------------------------


def test_an_item_is_put_and_got_in_plain_values(source: Source) -> None:
    """N as number or text, NULL as null or true; results have whole numbers, decimals, base64 and lists."""
    values = {
        "n": {"N": 10},
        "double": {"N": 10.0},
        "fraction": {"N": 4.56},
        "large": {"N": "12345678901234567890123456789012345678"},
        "text": {"S": ""},
        "yes": {"BOOL": True},
        "null": {"NULL": None},
        "other": {"NULL": True},
        "b": {"B": "Zm9v"},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": [1, 23, "4.56"]},
        "l": {"L": [{"N": 1}, {"M": {"k": {"NULL": None}}}]},
    }
    expected = {
        "id": "a",
        "n": 10,
        "double": 10,
        "fraction": Decimal("4.56"),
        "large": 12345678901234567890123456789012345678,
        "text": "",
        "yes": True,
        "null": None,
        "other": None,
        "b": "Zm9v",
        "ss": ["a", "b"],
        "ns": [1, 23, Decimal("4.56")],
        "l": [1, {"k": None}],
    }
    assert source.perform("PutItem", key=key("a"), attributeValues=values) == expected
    assert source.perform("GetItem", key=key("a")) == expected
    projection = {"expression": "#n, l[1].k", "expressionNames": {"#n": "n"}}
    assert source.perform("GetItem", key=key("a"), projection=projection, consistentRead=True) == {
        "n": 10,
        "l": [{"k": None}],
    }
    assert source.perform("GetItem", key=key("nobody")) is None


def test_updates_and_deletions(source: Source) -> None:
    """The whole item after an update, the item before a deletion, null where there was none."""
    update = {"expression": "ADD n :n", "expressionNames": {}, "expressionValues": {":n": {"N": 2}}}
    assert source.perform("UpdateItem", key=key("a"), update=update) == {"id": "a", "n": 2}
    assert source.perform("DeleteItem", key=key("a")) == {"id": "a", "n": 2}
    assert source.perform("DeleteItem", key=key("a")) is None
    remove = {"expression": "REMOVE n", "expressionValues": {}}
    assert source.perform("UpdateItem", key=key("a"), update=remove, version="2018-05-29") == {"id": "a"}


# --- conditions -----------------------------------------------------------------------------------------------------


ABSENT = {"expression": "attribute_not_exists(id)"}


@pytest.mark.parametrize("condition", [ABSENT, '{"expression": "attribute_not_exists(id)", "expressionNames": {}}'])
def test_a_failed_condition_has_the_item_in_the_result(source: Source, condition: Any) -> None:
    """As an object or as the text that util.transform gives; the item is read consistently."""
    source.db.put("Single", id="a", n=1)
    failed = source.fails("PutItem", key=key("a"), attributeValues={"n": {"N": 2}}, condition=condition)
    assert failed == ("DynamoDB:ConditionalCheckFailedException", FAILED, {"id": "a", "n": 1})
    update = {"expression": "SET n = :n", "expressionValues": {":n": {"N": 2}}}
    assert source.fails("UpdateItem", key=key("a"), update=update, condition=condition) == failed
    assert source.fails("DeleteItem", key=key("a"), condition=condition) == failed
    assert source.calls == ["PutItem", "GetItem", "UpdateItem", "GetItem", "DeleteItem", "GetItem"]


def test_what_stands_there_already_counts_as_done(source: Source) -> None:
    """A put of the same item, apart from what equalsIgnore names; a deletion of nothing."""
    source.db.put("Single", id="a", n=1, at="yesterday")
    values = {"n": {"N": "1.0"}, "at": {"S": "today"}}
    condition = {**ABSENT, "equalsIgnore": ["at"], "conditionalCheckFailedHandler": {"strategy": "Reject"}}
    stored = {"id": "a", "n": 1, "at": "yesterday"}
    assert source.perform("PutItem", key=key("a"), attributeValues=values, condition=condition) == stored
    failed = source.fails("PutItem", key=key("a"), attributeValues=values, condition=ABSENT)
    assert failed[2] == stored
    present = {"expression": "attribute_exists(id)"}
    assert source.perform("DeleteItem", key=key("nobody"), condition=present) is None


# --- reading --------------------------------------------------------------------------------------------------------


def fill(source: Source, count: int = 5) -> None:
    for each in range(count):
        source.db.put("Pairs", p="p", s=each, g="G", v=each % 2)


QUERY = {"expression": "p = :p", "expressionValues": {":p": {"S": "p"}}}


def test_a_query_goes_on_with_its_token(source: Source) -> None:
    """Pages of plain items; an exact multiple ends with an empty one; the token is opaque."""
    fill(source, 4)
    pages = []
    token = None
    while True:
        page = source.perform("Query", "Pairs", query=QUERY, limit=2, nextToken=token, scanIndexForward=False)
        pages.append([item["s"] for item in page["items"]])
        assert sorted(page) == ["items", "nextToken", "scannedCount"]
        token = page["nextToken"]
        if token is None:
            break
        assert token.startswith("eyJ2ZX")
    assert pages == [[3, 2], [1, 0], []]


def test_filters_indexes_and_projections(source: Source) -> None:
    """Names and values of all parts come together; empty maps are dropped."""
    fill(source)
    filtered = {"expression": "#v = :v", "expressionNames": {"#v": "v"}, "expressionValues": {":v": {"N": 1}}}
    page = source.perform("Query", "Pairs", query={**QUERY, "expressionNames": {}}, filter=filtered)
    assert ([item["s"] for item in page["items"]], page["scannedCount"]) == ([1, 3], 5)
    projection = {"expression": "#s", "expressionNames": {"#s": "s"}}
    query = {"expression": "g = :g AND s > :s", "expressionValues": {":g": {"S": "G"}, ":s": {"N": 2}}}
    page = source.perform("Query", "Pairs", query=query, index="by-g", projection=projection)
    assert page == {"items": [{"s": 3}, {"s": 4}], "nextToken": None, "scannedCount": 2}
    other = {"expression": "v = :p", "expressionValues": {":p": {"N": 1}}}
    told = source.fails("Query", "Pairs", query=QUERY, filter=other)
    assert told[:2] == ("MappingTemplate", "'$[filter]' gives :p another meaning than another part of the request.")


def test_scans(source: Source) -> None:
    """In segments, filtered, page by page."""
    fill(source)
    segments = [source.perform("Scan", "Pairs", totalSegments=2, segment=each)["items"] for each in range(2)]
    assert sorted(item["s"] for items in segments for item in items) == [0, 1, 2, 3, 4]
    filtered = {"expression": "v = :v", "expressionValues": {":v": {"N": 1}}}
    first = source.perform("Scan", "Pairs", limit=3.0, filter=filtered)
    rest = source.perform("Scan", "Pairs", limit=3, filter=filtered, nextToken=first["nextToken"])
    assert sorted(item["s"] for item in first["items"] + rest["items"]) == [1, 3]


@pytest.mark.parametrize("change", ["x", "", '"{}"', "eyJ2ZXJzaW9uIjozfQ==", "e30=", "W10=", "x" * 20_000])
def test_other_tokens_are_refused(source: Source, change: str) -> None:
    """In AppSync's words; so is one with quotes around it, and one of another table or index."""
    fill(source)
    token = source.perform("Scan", "Pairs", limit=1)["nextToken"]
    refused = ("DynamoDB:UserIllegalArgumentException", BAD_TOKEN, None)
    assert source.fails("Scan", "Pairs", nextToken=change) == refused
    assert source.fails("Scan", "Pairs", nextToken=f'"{token}"') == refused
    assert source.fails("Scan", nextToken=token) == refused
    assert source.fails("Scan", "Pairs", index="by-g", nextToken=token) == refused


# --- batches --------------------------------------------------------------------------------------------------------


def test_batches(source: Source) -> None:
    """Results in the order of the request, null for what is not there; every table is told, empty lists included."""
    items = [{**key(name), "n": {"N": place}} for place, name in enumerate("abc")]
    assert source.perform("BatchPutItem", tables={"Single": items}) == {
        "data": {"Single": [{"id": name, "n": place} for place, name in enumerate("abc")]},
        "unprocessedItems": {"Single": []},
    }
    asked = {"keys": [key("c"), key("x"), key("a")], "projection": {"expression": "n"}, "consistentRead": True}
    pairs = {"keys": [{"p": {"S": "p"}, "s": {"N": 1.0}}]}
    source.db.put("Pairs", p="p", s=1)
    assert source.perform("BatchGetItem", tables={"Single": asked, "Pairs": pairs}) == {
        "data": {"Single": [{"n": 2}, None, {"n": 0}], "Pairs": [{"p": "p", "s": 1}]},
        "unprocessedKeys": {"Single": [], "Pairs": []},
    }
    assert source.perform("BatchDeleteItem", tables={"Single": [key("a"), key("b")]}) == {
        "data": {"Single": [{"id": "a"}, {"id": "b"}]},
        "unprocessedKeys": {"Single": []},
    }
    assert source.perform("Scan")["items"] == [{"id": "c", "n": 2}]


def test_what_a_batch_leaves_is_an_error_with_a_result() -> None:
    """The answers that there are stay; the rest is null, and listed."""

    def get(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        left = {"Single": {"Keys": request["RequestItems"]["Single"]["Keys"][1:]}}
        return {"Responses": {"Single": [key("a")]}, "UnprocessedKeys": left}

    request = {"operation": "BatchGetItem", "tables": {"Single": {"keys": [key("a"), key("b")]}}}
    with pytest.raises(DataSourceError) as raised:
        perform(request, "Single", get)
    assert raised.value.type == "DynamoDB:DynamoDbException"
    assert raised.value.result == {
        "data": {"Single": [{"id": "a"}, None]},
        "unprocessedKeys": {"Single": [{"id": "b"}]},
    }

    def put(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"UnprocessedItems": {"Single": request["RequestItems"]["Single"][:1]}}

    with pytest.raises(DataSourceError) as raised:
        perform({"operation": "BatchPutItem", "tables": {"Single": [key("a"), key("b")]}}, "Single", put)
    assert raised.value.result == {
        "data": {"Single": [None, {"id": "b"}]},
        "unprocessedItems": {"Single": [{"id": "a"}]},
    }


# --- transactions ---------------------------------------------------------------------------------------------------


def test_transactions(source: Source) -> None:
    """Keys of what was written, items of what is read; the reasons are null."""
    source.db.put("Single", id="gone")
    source.db.put("Single", id="checked", n=1)
    update = {"expression": "SET n = :n", "expressionValues": {":n": {"N": 7}}}
    actions = [
        {"table": "Single", "operation": "PutItem", "key": key("put"), "attributeValues": {"n": {"N": 1}}},
        {"table": "Single", "operation": "UpdateItem", "key": key("updated"), "update": update},
        {"table": "Single", "operation": "DeleteItem", "key": key("gone")},
        {
            "table": "Single",
            "operation": "ConditionCheck",
            "key": key("checked"),
            "condition": '{"expression": "n = :n", "expressionValues": {":n": {"N": 1}}}',
        },
    ]
    names = ["put", "updated", "gone", "checked"]
    assert source.perform("TransactWriteItems", transactItems=actions) == {
        "keys": [{"id": name} for name in names],
        "cancellationReasons": None,
    }
    reads = [{"table": "Single", "key": key(name)} for name in names[:3]]
    reads.append({"table": "Single", "key": key("checked"), "projection": {"expression": "n"}})
    assert source.perform("TransactGetItems", transactItems=reads) == {
        "items": [{"id": "put", "n": 1}, {"id": "updated", "n": 7}, None, {"n": 1}],
        "cancellationReasons": None,
    }


def test_a_cancelled_transaction_has_its_reasons_in_the_result(source: Source) -> None:
    """One for each action; the item unless it is not wanted."""
    source.db.put("Single", id="a", n=1)
    source.db.put("Single", id="b", n=2)
    put = {"table": "Single", "operation": "PutItem", "attributeValues": {}}
    silent = {**ABSENT, "returnValuesOnConditionCheckFailure": False}
    actions = [
        {**put, "key": key("c")},
        {**put, "key": key("a"), "condition": ABSENT},
        {**put, "key": key("b"), "condition": silent},
    ]
    words = "Transaction cancelled, please refer cancellation reasons for specific reasons "
    reasons = "[None, ConditionalCheckFailed, ConditionalCheckFailed]"
    failed = {"type": "ConditionCheckFailed", "message": "The condition check failed."}
    assert source.fails("TransactWriteItems", transactItems=actions) == (
        "DynamoDB:TransactionCanceledException",
        f"{words}{reasons} (Service: DynamoDb, Status Code: 400, Request ID: R)",
        {
            "keys": None,
            "cancellationReasons": [
                {"type": "None", "message": "None"},
                {**failed, "item": {"id": "a", "n": 1}},
                failed,
            ],
        },
    )


# --- errors ---------------------------------------------------------------------------------------------------------


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"operation": "GetItem", "key": key("a"), "nope": 1}, "Unsupported element '$[nope]'."),
    ({"operation": "GetItem", "key": key("a"), "condition": ABSENT}, "Unsupported element '$[condition]'."),
    ({"operation": "Scan", "scanIndexForward": True}, "Unsupported element '$[scanIndexForward]'."),
    (
        {
            "operation": "DeleteItem",
            "key": key("a"),
            "condition": {**ABSENT, "returnValuesOnConditionCheckFailure": True},
        },
        "Unsupported element '$[condition][returnValuesOnConditionCheckFailure]'.",
    ),
    (
        {"operation": "GetItem", "key": key("a"), "projection": {"expression": "a", "expressionValues": {}}},
        "Unsupported element '$[projection][expressionValues]'.",
    ),
    (
        {"operation": "BatchGetItem", "tables": {"T": {"keys": [], "filter": {}}}},
        "Unsupported element '$[tables][T][filter]'.",
    ),
    (
        {"operation": "TransactGetItems", "transactItems": [{"table": "T", "key": {}, "x": 1}]},
        "Unsupported element '$[transactItems][0][x]'.",
    ),
    ({}, "Value for field '$[operation]' not found."),
    ({"operation": "GetItem"}, "Value for field '$[key]' not found."),
    ({"operation": "GetItem", "key": None}, "Value for field '$[key]' not found."),
    ({"operation": "UpdateItem", "key": key("a")}, "Value for field '$[update]' not found."),
    (
        {"operation": "GetItem", "key": {"id": "a"}},
        "Expected JSON object for attribute value '$[key][id]' but got a 'STRING' instead.",
    ),
    (
        {"operation": "GetItem", "key": {"id": None}},
        "Expected JSON object for attribute value '$[key][id]' but got a 'NULL' instead.",
    ),
    (
        {"operation": "GetItem", "key": ["a"]},
        "Expected JSON object for field '$[key]' but got a 'ARRAY' instead.",
    ),
    (
        {"operation": "Query", "query": "no JSON"},
        "Expected JSON object for field '$[query]' but got a 'STRING' instead.",
    ),
    ({"operation": "Scan", "limit": 1.5}, "Expected JSON number for field '$[limit]' but got a 'NUMBER' instead."),
    ({"operation": "Drop"}, "Unsupported operation 'Drop'."),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[1][:50])
def test_requests_that_are_refused(source: Source, case: tuple[dict[str, Any], str]) -> None:
    """By AppSync itself: DynamoDB is not called."""
    request, message = case
    with pytest.raises(DataSourceError) as raised:
        perform(request, "Single", source.call)
    assert (raised.value.type, raised.value.message) == ("MappingTemplate", message)
    assert source.calls == []


NOT_EMULATED = [
    (
        {"operation": "Sync"},
        "The operation Sync, which needs a versioned data source, is not emulated by the local runtime.",
    ),
    (
        {"operation": "DeleteItem", "key": key("a"), "_version": 1},
        "'$[_version]', a member for versioned data sources, is not emulated by the local runtime.",
    ),
    (
        {
            "operation": "DeleteItem",
            "key": key("a"),
            "condition": {**ABSENT, "conditionalCheckFailedHandler": {"strategy": "Custom", "lambdaArn": "x"}},
        },
        "The strategy Custom of '$[condition][conditionalCheckFailedHandler]' is not emulated by the local runtime.",
    ),
]


@pytest.mark.parametrize("case", NOT_EMULATED, ids=lambda case: case[1][:50])
def test_requests_that_are_not_emulated(source: Source, case: tuple[dict[str, Any], str]) -> None:
    """AppSync takes them: the error says by its type that the refusal is the local runtime's."""
    request, message = case
    with pytest.raises(DataSourceError) as raised:
        perform(request, "Single", source.call)
    assert (raised.value.type, raised.value.message) == ("NotEmulated", message)
    assert source.calls == []


def test_errors_of_dynamodb(source: Source) -> None:
    """Those that the SDK has a class for keep their names, the others are DynamoDbException."""
    ending = " (Service: DynamoDb, Status Code: 400, Request ID: R)"
    schema = "The provided key element does not match the schema"
    assert source.fails("GetItem", key={"x": {"S": "a"}}) == ("DynamoDB:DynamoDbException", schema + ending, None)
    missing = ("DynamoDB:ResourceNotFoundException", f"Requested resource not found{ending}", None)
    assert source.fails("GetItem", "Nope", key=key("a")) == missing
    nan = source.fails("PutItem", key=key("a"), attributeValues={"n": {"N": float("nan")}})
    assert nan[1] == f"The parameter cannot be converted to a numeric value: nan{ending}"


def test_a_file_that_fails_is_an_error_of_the_field() -> None:
    """With what is wrong, and where."""

    def call(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        raise StoreFault("the tables of DynamoDB cannot be used: disk is full")

    with pytest.raises(DataSourceError) as raised:
        perform({"operation": "GetItem", "key": key("a")}, "Single", call)
    assert raised.value.type == "DynamoDB:InternalServerErrorException"
    assert raised.value.message.startswith("the tables of DynamoDB cannot be used: disk is full (Service: DynamoDb")


NAMES = st.sampled_from(
    [
        "key",
        "id",
        "S",
        "N",
        "L",
        "M",
        "NULL",
        "attributeValues",
        "condition",
        "expression",
        "expressionNames",
        "expressionValues",
        "update",
        "query",
        "filter",
        "index",
        "nextToken",
        "limit",
        "tables",
        "Single",
        "Pairs",
        "keys",
        "transactItems",
        "table",
        "operation",
        "projection",
        "equalsIgnore",
        "select",
        "segment",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.floats()
    | st.sampled_from(["Single", "a", "PutItem", "id = id2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
OPERATIONS = st.sampled_from(
    [
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchPutItem",
        "BatchDeleteItem",
        "TransactGetItems",
        "TransactWriteItems",
    ]
)


@settings(max_examples=300, deadline=None)
@given(OPERATIONS, st.dictionaries(NAMES, JSON, max_size=5))
def test_any_request_is_performed_or_refused(operation: str, members: dict[str, Any]) -> None:
    """Nothing but DataSourceError comes out, whatever a resolver returns and DynamoDB answers."""

    def call(called: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        raise DynamoDBError("ValidationException", called)

    with suppress(DataSourceError):
        perform({**members, "operation": operation}, "Single", call)
