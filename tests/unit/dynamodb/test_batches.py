"""BatchGetItem and BatchWriteItem: whole answers, what is left for another call, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.dynamodb import batches

INVALID = "ValidationException"
TWICE = "Provided list of item keys contains duplicates"


def key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


def put(name: str) -> dict[str, Any]:
    return {"PutRequest": {"Item": key(name)}}


def test_items_of_several_tables_are_read(db: Any) -> None:
    """What is not there is left out; a projection and a consistent reading are each table's own."""
    db.put("Single", id="one", n=1, t="x" * 5000)
    db.put("Pairs", p="a", s=1, x=5)
    asked = {
        "Single": {
            "Keys": [key("one"), key("none")],
            "ProjectionExpression": "#n",
            "ExpressionAttributeNames": {"#n": "n"},
            "ConsistentRead": True,
        },
        "Pairs": {"Keys": [{"p": {"S": "a"}, "s": {"N": "1"}}]},
    }
    assert db.call("BatchGetItem", RequestItems=asked, ReturnConsumedCapacity="TOTAL") == {
        "Responses": {
            "Single": [{"n": {"N": "1"}}],
            "Pairs": [{"p": {"S": "a"}, "s": {"N": "1"}, "x": {"N": "5"}}],
        },
        "UnprocessedKeys": {},
        "ConsumedCapacity": [
            {"TableName": "Single", "CapacityUnits": 3.0},
            {"TableName": "Pairs", "CapacityUnits": 0.5},
        ],
    }


def test_an_answer_is_bounded(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit any more comes back as the request for another call, and so does all behind it."""
    monkeypatch.setattr(batches, "ANSWER_BYTES", 2500)
    for name in ("a", "b", "c", "d"):
        db.put("Single", id=name, t="x" * (1000 if name != "d" else 10))
    db.put("Pairs", p="a", s=1)
    asked = {
        "Single": {"Keys": [key(name) for name in ("a", "b", "c", "d")], "ConsistentRead": True},
        "Pairs": {"Keys": [{"p": {"S": "a"}, "s": {"N": "1"}}]},
    }
    answer = db.call("BatchGetItem", RequestItems=asked)
    assert {name: len(items) for name, items in answer["Responses"].items()} == {"Single": 2, "Pairs": 0}
    assert answer["UnprocessedKeys"] == {
        "Single": {"Keys": [key("c"), key("d")], "ConsistentRead": True},
        "Pairs": asked["Pairs"],
    }
    monkeypatch.setattr(batches, "ANSWER_BYTES", 1000 + 1 + 1 + 2 + 1)  # as large as one of them with its names
    again = db.call("BatchGetItem", RequestItems={"Single": {"Keys": [key("c")]}})
    assert (len(again["Responses"]["Single"]), again["UnprocessedKeys"]) == (1, {})


def test_items_are_put_and_deleted(db: Any) -> None:
    """In several tables at once; an item that is there is replaced."""
    db.put("Single", id="one", n=1)
    db.put("Single", id="two")
    asked = {
        "Single": [put("one"), {"DeleteRequest": {"Key": key("two")}}, {"DeleteRequest": {"Key": key("none")}}],
        "Pairs": [{"PutRequest": {"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "t": {"S": "x" * 1100}}}}],
    }
    answer = db.call("BatchWriteItem", RequestItems=asked, ReturnConsumedCapacity="TOTAL")
    assert answer == {
        "UnprocessedItems": {},
        "ConsumedCapacity": [
            {"TableName": "Single", "CapacityUnits": 3.0},
            {"TableName": "Pairs", "CapacityUnits": 2.0},
        ],
    }
    assert (db.get("Single", id="one"), db.get("Single", id="two")) == (key("one"), None)
    assert db.get("Pairs", p="a", s=1) is not None


EMPTY = "Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"


@pytest.mark.parametrize(
    ("operation", "asked", "refusal"),
    [
        ("BatchGetItem", {}, (INVALID, EMPTY)),
        ("BatchWriteItem", {}, (INVALID, EMPTY)),
        ("BatchGetItem", {"Nope": {"Keys": [key("a")]}}, ("ResourceNotFoundException", "Requested resource not found")),
        ("BatchGetItem", {"Single": {"Keys": [key("a"), key("a")]}}, (INVALID, TWICE)),
        (
            "BatchGetItem",
            {"Single": {"Keys": [{"n": {"S": "a"}}]}},
            (INVALID, "The provided key element does not match the schema"),
        ),
        (
            "BatchGetItem",
            {"Single": {"Keys": [key(f"a{number}") for number in range(99)]}, "Pairs": {"Keys": [key("a"), key("b")]}},
            (INVALID, "Too many items requested for the BatchGetItem call"),
        ),
        ("BatchWriteItem", {"Single": [put("a"), {"DeleteRequest": {"Key": key("a")}}]}, (INVALID, TWICE)),
        ("BatchWriteItem", {"Single": [{}]}, (INVALID, "A write request needs either a PutRequest or a DeleteRequest")),
        (
            "BatchWriteItem",
            {"Single": [{**put("a"), "DeleteRequest": {"Key": key("a")}}]},
            (INVALID, "A write request needs either a PutRequest or a DeleteRequest"),
        ),
        (
            "BatchWriteItem",
            {"Single": [put(f"a{number}") for number in range(26)]},
            (
                INVALID,
                (
                    "Value '{Single=[26 requests]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy "
                    "constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
                ),
            ),
        ),
        (
            "BatchWriteItem",
            {
                "Single": [put(f"a{number}") for number in range(25)],
                "Pairs": [{"PutRequest": {"Item": {"p": {"S": "a"}, "s": {"N": "1"}}}}],
            },
            (INVALID, "Too many items requested for the BatchWriteItem call"),
        ),
    ],
)
def test_what_is_refused(db: Any, operation: str, asked: dict[str, Any], refusal: tuple[str, str]) -> None:
    """As a whole: nothing is written."""
    code, message = db.refused(operation, RequestItems=asked)
    assert (code, message.removeprefix("1 validation error detected: ")) == refusal
    assert db.call("Scan", TableName="Single")["Items"] == []
