"""TransactGetItems and TransactWriteItems: all or nothing, why not, and what happens once only."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.dynamodb.errors import DynamoDBError

INVALID = "ValidationException"
TWICE = "Transaction request cannot include multiple operations on one item"


def key(name: str) -> dict[str, Any]:
    return {"TableName": "Single", "Key": {"id": {"S": name}}}


def put(name: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "Single", "Item": {"id": {"S": name}}, **more}}


def test_items_are_read_in_their_order(db: Any) -> None:
    """One that is not there is an empty object; a reading takes two units for 4 KB."""
    db.put("Single", id="one", n=1, t="x" * 5000)
    db.put("Pairs", p="a", s=1)
    asked = [
        {"Get": {**key("one"), "ProjectionExpression": "n"}},
        {"Get": key("none")},
        {"Get": {"TableName": "Pairs", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}},
    ]
    assert db.call("TransactGetItems", TransactItems=asked, ReturnConsumedCapacity="TOTAL") == {
        "Responses": [{"Item": {"n": {"N": "1"}}}, {}, {"Item": {"p": {"S": "a"}, "s": {"N": "1"}}}],
        "ConsumedCapacity": [
            {"TableName": "Single", "CapacityUnits": 6.0},
            {"TableName": "Pairs", "CapacityUnits": 2.0},
        ],
    }


def test_all_actions_are_carried_out(db: Any) -> None:
    """In several tables, with conditions that hold; a write takes two units for 1 KB."""
    db.put("Single", id="gone", t="x" * 1100)
    db.put("Single", id="there", n=1)
    asked = [
        put("new", ConditionExpression="attribute_not_exists(id)"),
        {"Delete": key("gone")},
        {"ConditionCheck": {**key("there"), "ConditionExpression": "attribute_exists(n)"}},
        {
            "Update": {
                "TableName": "Pairs",
                "Key": {"p": {"S": "a"}, "s": {"N": "1"}},
                "UpdateExpression": "SET x = :x",
                "ExpressionAttributeValues": {":x": {"N": "5"}},
            }
        },
    ]
    assert db.call("TransactWriteItems", TransactItems=asked, ReturnConsumedCapacity="TOTAL") == {
        "ConsumedCapacity": [
            {"TableName": "Single", "CapacityUnits": 8.0},
            {"TableName": "Pairs", "CapacityUnits": 2.0},
        ]
    }
    assert [db.get("Single", id=name) is not None for name in ("new", "gone", "there")] == [True, False, True]
    assert db.get("Pairs", p="a", s=1)["x"] == {"N": "5"}


def test_one_condition_that_does_not_hold_cancels_all(db: Any) -> None:
    """Each action has its reason, with the item where that is asked for; nothing is written."""
    db.put("Single", id="there", n=1)
    asked = [
        put("new"),
        put("there", ConditionExpression="attribute_not_exists(id)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        {"ConditionCheck": {**key("none"), "ConditionExpression": "attribute_exists(id)"}},
    ]
    with pytest.raises(DynamoDBError) as raised:
        db.call("TransactWriteItems", TransactItems=asked)
    assert (raised.value.code, raised.value.message) == (
        "TransactionCanceledException",
        (
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            "[None, ConditionalCheckFailed, ConditionalCheckFailed]"
        ),
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert raised.value.members == {
        "CancellationReasons": [
            {"Code": "None"},
            {**failed, "Item": {"id": {"S": "there"}, "n": {"N": "1"}}},
            failed,
        ]
    }
    assert db.get("Single", id="new") is None


def test_one_token_is_one_transaction(db: Any) -> None:
    """The same request again is answered and not made; another one under the same token is refused."""
    db.call("TransactWriteItems", TransactItems=[put("a")], ClientRequestToken="t" * 36)
    db.call("DeleteItem", **key("a"))
    assert db.call("TransactWriteItems", TransactItems=[put("a")], ClientRequestToken="t" * 36) == {}
    assert db.get("Single", id="a") is None
    assert db.refused("TransactWriteItems", TransactItems=[put("b")], ClientRequestToken="t" * 36) == (
        "IdempotentParameterMismatchException",
        "The contents of the request for the same ClientRequestToken differ from those of the first one",
    )
    db.call("TransactWriteItems", TransactItems=[put("a")], ClientRequestToken="other")
    assert db.get("Single", id="a") is not None


LONG = "failed to satisfy constraint: Member must have length less than or equal to"


@pytest.mark.parametrize(
    ("operation", "members", "refusal"),
    [
        ("TransactGetItems", {"TransactItems": [{"Get": key("a")}, {"Get": key("a")}]}, (INVALID, TWICE)),
        ("TransactWriteItems", {"TransactItems": [put("a"), {"Delete": key("a")}]}, (INVALID, TWICE)),
        (
            "TransactWriteItems",
            {"TransactItems": [{}]},
            (INVALID, "TransactItems can only contain one of Check, Put, Update or Delete"),
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{**put("a"), "Delete": key("b")}]},
            (INVALID, "TransactItems can only contain one of Check, Put, Update or Delete"),
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [put("a")], "ClientRequestToken": "t" * 37},
            (INVALID, f"Value '{'t' * 37}' at 'clientRequestToken' {LONG} 36"),
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [put("a")], "ClientRequestToken": ""},
            (
                INVALID,
                "Value '' at 'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
        ),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "Single", "Key": {"x": {"S": "a"}}}}]},
            (INVALID, "The provided key element does not match the schema"),
        ),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": {**key("a"), "TableName": "Nope"}}]},
            ("ResourceNotFoundException", "Requested resource not found"),
        ),
    ],
)
def test_what_is_refused(db: Any, operation: str, members: dict[str, Any], refusal: tuple[str, str]) -> None:
    """As a whole: nothing is written."""
    code, message = db.refused(operation, **members)
    assert (code, message.removeprefix("1 validation error detected: ")) == refusal
    assert db.call("Scan", TableName="Single")["Items"] == []


def test_four_megabytes_at_once(db: Any) -> None:
    """More is neither read nor written in one transaction."""
    large = {"S": "x" * 390_000}
    items = [{"Put": {"TableName": "Single", "Item": {"id": {"S": f"i{number}"}, "t": large}}} for number in range(11)]
    too_much = (INVALID, "Collection size of items in transaction exceeds the maximum of 4 MB")
    assert db.refused("TransactWriteItems", TransactItems=items) == too_much
    db.call("TransactWriteItems", TransactItems=items[:10])
    db.call("TransactWriteItems", TransactItems=items[10:])
    gets = [{"Get": key(f"i{number}")} for number in range(11)]
    assert len(db.call("TransactGetItems", TransactItems=gets[:10])["Responses"]) == 10
    assert db.refused("TransactGetItems", TransactItems=gets) == too_much
