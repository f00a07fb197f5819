"""The engine's calls: what reading, writing and transactions do at their edges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.dynamodb.engine import _OPERATIONS, Engine
from livebus.dynamodb.errors import DynamoDBError
from livebus.dynamodb.store import Store

SINGLE: dict[str, Any] = {
    "TableName": "Single",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


def fill(db: Any, count: int = 10) -> None:
    for each in range(count):
        db.put("Pairs", p="p", s=each, g="G" if each % 2 else "H", l=f"l{count - each}", v=each % 3)


def query(db: Any, condition: str = "p = :p", p: str = "p", **more: Any) -> Any:
    values = {":p": {"S": p}, **more.pop("values", {})}
    return db.call(
        "Query", TableName="Pairs", KeyConditionExpression=condition, ExpressionAttributeValues=values, **more
    )


def numbers(answer: Any) -> list[int]:
    return [int(item["s"]["N"]) for item in answer["Items"]]


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("s = :a", [3]),
        ("s < :a", [0, 1, 2]),
        ("s <= :a", [0, 1, 2, 3]),
        ("s > :a", [4, 5, 6, 7, 8, 9]),
        (":a < s", [4, 5, 6, 7, 8, 9]),
        ("s >= :a", [3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_ranges_of_sort_keys(db: Any, condition: str, expected: list[int]) -> None:
    """Each comparison, in both directions, and in brackets."""
    fill(db)
    values = {":a": {"N": "3"}}
    assert numbers(query(db, f"p = :p AND {condition}", values=values)) == expected
    backwards = query(db, f"({condition}) AND (p = :p)", values=values, ScanIndexForward=False)
    assert numbers(backwards) == expected[::-1]


REFUSED_KEYS: list[tuple[str, dict[str, Any], str]] = [
    ("p = :p OR s = :a", {}, "Invalid operator used in KeyConditionExpression: OR"),
    ("p = :p AND NOT s = :a", {}, "Invalid operator used in KeyConditionExpression: NOT"),
    ("p = :p AND s IN (:a)", {}, "Invalid operator used in KeyConditionExpression: IN"),
    ("p = :p AND s <> :a", {}, "Invalid operator used in KeyConditionExpression: <>"),
    ("p = :p AND attribute_exists(s)", {}, "Invalid operator used in KeyConditionExpression: attribute_exists"),
    ("p > :p", {}, "Query key condition not supported"),
    ("p = :p AND p = :a", {}, "KeyConditionExpressions must only contain one condition per key"),
    ("p = :p AND x = :a", {}, "Query condition missed key schema element: s"),
    ("p = :p AND s = :a AND x = :a", {}, "Conditions can be of length 1 or 2 only"),
    ("p.q = :p", {}, "KeyConditionExpressions cannot have conditions on nested attributes"),
    ("p = :p AND s = x", {}, "Multiple attribute names used in one condition"),
    ("p = :p AND s = :text", {":text": {"S": "x"}}, "Condition parameter type does not match schema type"),
    ("p = :empty", {":empty": {"S": ""}}, "cannot contain an empty string value. Key: p"),
]


@pytest.mark.parametrize("case", REFUSED_KEYS, ids=lambda case: case[0])
def test_key_conditions_that_are_refused(db: Any, case: tuple[str, dict[str, Any], str]) -> None:
    """One partition, and one range in it: nothing else."""
    condition, more, words = case
    values = {":p": {"S": "p"}, ":a": {"N": "3"}, **more}
    code, message = db.refused(
        "Query",
        TableName="Pairs",
        KeyConditionExpression=condition,
        ExpressionAttributeValues={
            name: value for name, value in values.items() if name in condition.split() or f"({name})" in condition
        },
    )
    assert code == "ValidationException"
    assert words in message


def test_a_page_holds_1_mb(db: Any) -> None:
    """Pages end before the item that would be over it; together they are everything, once."""
    for each in range(12):
        db.put("Pairs", p="p", s=each, text="x" * 200_000)
    found: list[int] = []
    sizes, more = [], {}
    while True:
        page = query(db, **more)
        found += numbers(page)
        sizes.append(page["Count"])
        if "LastEvaluatedKey" not in page:
            break
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert (found, sizes) == (list(range(12)), [5, 5, 2])


def test_an_index_pages_through_items_that_are_alike(db: Any) -> None:
    """Items with one and the same index key come once each, either way."""
    for each in range(7):
        db.put("Pairs", p=f"p{each}", s=1, g="G")
    for forward in (True, False):
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            page = query(db, "g = :p", "G", IndexName="by-g", Limit=2, ScanIndexForward=forward, **more)
            found += [item["p"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert sorted(found) == [f"p{each}" for each in range(7)]


def test_indexes_follow_writes(db: Any) -> None:
    """An item enters an index with its keys, moves with them, and leaves it without them."""
    db.put("Pairs", p="p", s=1)
    assert query(db, "g = :p", "G", IndexName="by-g")["Count"] == 0
    key = {"p": {"S": "p"}, "s": {"N": "1"}}
    change: dict[str, Any] = {"TableName": "Pairs", "Key": key, "UpdateExpression": "SET g = :g"}
    for name in ("G", "H"):
        db.call("UpdateItem", **change, ExpressionAttributeValues={":g": {"S": name}})
        assert [query(db, "g = :p", each, IndexName="by-g")["Count"] for each in "GH"] == [name == "G", name == "H"]
    db.call("UpdateItem", **{**change, "UpdateExpression": "REMOVE g"})
    assert db.call("Scan", TableName="Pairs", IndexName="by-g")["Count"] == 0


def test_what_an_index_does_not_project(db: Any) -> None:
    """A global one refuses to be asked for it, a local one reads the table."""
    fill(db, 1)
    local = query(db, IndexName="by-l", ProjectionExpression="v")
    assert local["Items"] == [{"v": {"N": "0"}}]
    assert sorted(query(db, IndexName="by-l")["Items"][0]) == ["l", "p", "s"]
    assert sorted(query(db, IndexName="by-l", Select="ALL_ATTRIBUTES")["Items"][0]) == ["g", "l", "p", "s", "v"]
    asked = {"TableName": "Pairs", "IndexName": "keys-only", "KeyConditionExpression": "g = :p"}
    asked["ExpressionAttributeValues"] = {":p": {"S": "H"}}  # type: ignore[assignment]
    assert "does not project [v]" in db.refused("Query", **asked, ProjectionExpression="v")[1]
    assert "projection type is not ALL" in db.refused("Query", **asked, Select="ALL_ATTRIBUTES")[1]


def test_a_start_has_to_be_a_key_of_what_is_read(db: Any) -> None:
    """Of the table and the index, of the right types, in the partition and the segment that are read."""
    fill(db, 2)
    start = {"p": {"S": "p"}, "s": {"N": "0"}}
    words = "outside query boundaries"
    asked = {"TableName": "Pairs", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "q"}}}
    assert words in db.refused("Query", **asked, ExclusiveStartKey=start)[1]
    assert "same size as table's key schema" in db.refused("Scan", TableName="Pairs", ExclusiveStartKey={})[1]
    wrong = {"p": {"S": "p"}, "s": {"S": "0"}}
    assert "does not match the schema" in db.refused("Scan", TableName="Pairs", ExclusiveStartKey=wrong)[1]
    of_index = db.refused("Scan", TableName="Pairs", IndexName="by-g", ExclusiveStartKey=start)[1]
    assert of_index == "The provided starting key is invalid"
    outcomes = []
    for segment in range(2):
        try:
            db.call("Scan", TableName="Pairs", TotalSegments=2, Segment=segment, ExclusiveStartKey=start)
            outcomes.append("")
        except DynamoDBError as error:
            outcomes.append(error.message)
    assert "" in outcomes
    assert "correct Segment" in max(outcomes)


def test_a_scan_goes_through_everything(db: Any) -> None:
    """Page by page, and in segments that leave nothing out."""
    for each in range(50):
        db.put("Single", id=f"item {each}")
    found: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = db.call("Scan", TableName="Single", Limit=7, **more)
        found += [item["id"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(found) == sorted(f"item {each}" for each in range(50))
    segments = [db.call("Scan", TableName="Single", TotalSegments=4, Segment=each)["Items"] for each in range(4)]
    assert sorted(item["id"]["S"] for items in segments for item in items) == sorted(found)


@pytest.mark.parametrize("name", ["KeyConditions", "QueryFilter", "AttributesToGet"])
def test_parameters_from_before_expressions_are_refused_by_name(db: Any, name: str) -> None:
    """Nobody is left to wonder why they do nothing."""
    asked = {"TableName": "Single", name: {"id": {}} if name != "AttributesToGet" else ["id"]}
    assert db.refused("Query", **asked)[1] == f"The legacy parameter {name} is not emulated by the local runtime."


# --- writing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "operator", "holds"),
    [
        ({"v": {"Value": {"N": "1"}}}, "AND", True),
        ({"v": {"Exists": False}}, "AND", False),
        ({"v": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "0"}]}}, "AND", True),
        ({"v": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "2"}, {"N": "3"}]}}, "AND", False),
        ({"v": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": "1"}]}}, "AND", True),
        ({"v": {"ComparisonOperator": "NULL"}, "w": {"ComparisonOperator": "NULL"}}, "OR", True),
        ({"v": {"ComparisonOperator": "NOT_NULL"}, "w": {"ComparisonOperator": "NOT_NULL"}}, "AND", False),
        ({"v": {"ComparisonOperator": "NOT_CONTAINS", "AttributeValueList": [{"S": "x"}]}}, "AND", True),
        ({"id": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"S": "i"}]}}, "AND", True),
    ],
)
def test_expected_is_a_condition(db: Any, expected: Any, operator: str, holds: bool) -> None:
    """Each operator of the legacy parameter."""
    db.put("Single", id="it", v=1)
    asked = {"TableName": "Single", "Item": {"id": {"S": "it"}}, "Expected": expected, "ConditionalOperator": operator}
    if holds:
        assert db.call("PutItem", **asked) == {}
    else:
        assert db.refused("PutItem", **asked)[0] == "ConditionalCheckFailedException"


def test_an_update_cannot_make_an_item_too_large(db: Any) -> None:
    """And leaves what was there."""
    db.put("Single", id="it", t="x" * 300_000)
    asked = {"TableName": "Single", "Key": {"id": {"S": "it"}}, "UpdateExpression": "SET u = :u"}
    values = {":u": {"S": "x" * 200_000}}
    message = db.refused("UpdateItem", **asked, ExpressionAttributeValues=values)[1]
    assert message == "Item size to update has exceeded the maximum allowed size"
    assert sorted(db.get("Single", id="it")) == ["id", "t"]


def test_a_transaction_whose_update_fails_is_cancelled_with_the_reason(db: Any) -> None:
    """The code is ValidationError, and nothing is written."""
    db.put("Single", id="it", t="text")
    update = {
        "TableName": "Single",
        "Key": {"id": {"S": "it"}},
        "UpdateExpression": "SET t = t + :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    actions = [{"Put": {"TableName": "Single", "Item": {"id": {"S": "other"}}}}, {"Update": update}]
    with pytest.raises(DynamoDBError) as raised:
        db.call("TransactWriteItems", TransactItems=actions)
    assert raised.value.members["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": "An operand in the update expression has an incorrect data type"},
    ]
    assert db.get("Single", id="other") is None


def test_tokens_are_forgotten_after_ten_minutes(db: Any) -> None:
    """The same transaction happens again then."""
    add = {
        "TableName": "Single",
        "Key": {"id": {"S": "it"}},
        "UpdateExpression": "ADD n :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    counts = []
    for seconds in (0, 599, 2):
        db.now += seconds
        db.call("TransactWriteItems", TransactItems=[{"Update": add}], ClientRequestToken="token")
        counts.append(db.get("Single", id="it")["n"]["N"])
    assert counts == ["1", "1", "2"]


def test_what_is_over_goes(db: Any) -> None:
    """Numbers of seconds that are past; not texts, not the future, not what is older than five years."""
    times: dict[str, Any] = {"past": 999_999, "now": 1_000_000, "future": 1_000_001, "fraction": "0", "text": "x"}
    for name, time in times.items():
        db.put("Single", id=name, ttl=time)
    specification = {"AttributeName": "ttl", "Enabled": True}
    db.call("UpdateTimeToLive", TableName="Single", TimeToLiveSpecification=specification)
    assert db.engine.expire() == 2
    left = [item["id"]["S"] for item in db.call("Scan", TableName="Single")["Items"]]
    assert sorted(left) == ["fraction", "future", "text"]
    db.now = 1_000_001 + 5 * 365 * 86_400 + 1
    assert db.engine.expire() == 0
    db.put("Single", id="late", ttl=int(db.now))
    assert db.engine.expire() == 1


# --- PartiQL --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT * FROM \"Pairs\" WHERE p = 'p' AND s BETWEEN 2 AND 3", [], [2, 3]),
        ('SELECT s, v FROM Pairs WHERE p = ? AND s > ? AND "v" = 0 ORDER BY s DESC', ["p", 1], [9, 6, 3]),
        ('SELECT * FROM "Pairs"."by-g" WHERE g = \'G\' AND s < 4', [], [1, 3]),
        ("SELECT * FROM Pairs WHERE s IN [1, ?] AND NOT v IS MISSING", [2], [1, 2]),
        ("SELECT * FROM Pairs WHERE begins_with(l, 'l1') OR v != 0 AND s >= 8", [], [0, 8, 9]),
    ],
)
def test_select(db: Any, statement: str, parameters: list[Any], expected: list[int]) -> None:
    """With keys, without, on an index, in an order; conditions as expressions have them."""
    fill(db)
    values = [{"S": each} if isinstance(each, str) else {"N": str(each)} for each in parameters]
    found = numbers(db.call("ExecuteStatement", Statement=statement, Parameters=values))
    assert (found if "ORDER" in statement else sorted(found)) == expected


def test_partiql_changes_one_item(db: Any) -> None:
    """INSERT once only, UPDATE and DELETE with the whole key, RETURNING what was asked for."""
    insert = "INSERT INTO Single VALUE {'id': 'a', 'n': -1, 'l': [1, {'x': null}], 's': <<'u', 'v'>>, 't': 'it''s'}"
    db.call("ExecuteStatement", Statement=insert)
    assert db.get("Single", id="a") == {
        "id": {"S": "a"},
        "n": {"N": "-1"},
        "l": {"L": [{"N": "1"}, {"M": {"x": {"NULL": True}}}]},
        "s": {"SS": ["u", "v"]},
        "t": {"S": "it's"},
    }
    assert db.refused("ExecuteStatement", Statement=insert)[0] == "DuplicateItemException"
    change = "UPDATE Single SET l[0] = [2] SET n = n - 1 REMOVE s, t WHERE id = 'a' AND n < 0 RETURNING ALL NEW *"
    after = {"id": {"S": "a"}, "n": {"N": "-2"}, "l": {"L": [{"L": [{"N": "2"}]}, {"M": {"x": {"NULL": True}}}]}}
    assert db.call("ExecuteStatement", Statement=change)["Items"] == [after]
    missing = "UPDATE Single SET n = 1 WHERE id = 'b'"
    assert db.refused("ExecuteStatement", Statement=missing)[0] == "ConditionalCheckFailedException"
    gone = db.call("ExecuteStatement", Statement="DELETE FROM Single WHERE id = 'a' RETURNING ALL OLD *")
    assert gone["Items"] == [after]
    assert "mandatory equality" in db.refused("ExecuteStatement", Statement="DELETE FROM Single WHERE n = 1")[1]
    assert "wasn't well formed" in db.refused("ExecuteStatement", Statement="MERGE INTO x")[1]
    counted = db.refused("ExecuteStatement", Statement="SELECT * FROM Single WHERE id = ?")[1]
    assert counted == "Number of parameters in request and statement don't match."


# --- whatever comes -------------------------------------------------------------------------------------------------

NAMES = [
    "TableName",
    "Key",
    "Item",
    "KeySchema",
    "Keys",
    "TransactItems",
    "RequestItems",
    "Single",
    "Put",
    "Update",
    "Delete",
    "Get",
    "Statement",
    "Parameters",
    "AttributeDefinitions",
    "UpdateExpression",
    "ConditionExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "Expected",
    "Limit",
    "ExclusiveStartKey",
    "IndexName",
    "Segment",
    "TotalSegments",
    "ReturnValues",
    "GlobalSecondaryIndexUpdates",
    "TimeToLiveSpecification",
    "ExpressionAttributeValues",
    "ExpressionAttributeNames",
    "PutRequest",
    "S",
    "N",
    "L",
    "M",
    "id",
    ":v",
    "#n",
    "ResourceArn",
    "Tags",
    "StreamSpecification",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.sampled_from(["Single", "id = :v", "SET #n = :v", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)
REQUESTS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6).map(lambda given: {"TableName": "Single", **given})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(_OPERATIONS)), REQUESTS)
def test_any_request_is_answered_or_refused(operation: str, request: dict[str, Any]) -> None:
    """Nothing but DynamoDBError comes out of any operation, and the tables are there afterwards."""
    engine = Engine(Store(), clock=lambda: 0.0)
    engine.call("CreateTable", SINGLE)
    engine.call("PutItem", {"TableName": "Single", "Item": {"id": {"S": "x"}}})
    try:
        engine.call(operation, request)
    except DynamoDBError:
        assert engine.call("DescribeTable", {"TableName": "Single"})["Table"]["ItemCount"] == 1
    engine.close()


def test_operations_that_are_not_there_are_refused_by_name(db: Any) -> None:
    """Batches of PartiQL, backups, streams."""
    for name in ("BatchExecuteStatement", "CreateBackup", "ExecuteTransaction"):
        code, message = db.refused(name)
        assert (code, message) == (
            "UnknownOperationException",
            f"dynamodb:{name} is not emulated by the local runtime.",
        )
