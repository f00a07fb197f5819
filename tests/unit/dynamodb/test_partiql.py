"""PartiQL: statements as the calls that they stand for, their whole answers, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import pytest

COUNT = {"ReturnConsumedCapacity": "TOTAL"}
ONE = {"id": {"S": "one"}, "n": {"N": "1"}, "m": {"M": {"k": {"S": "v"}}}}


def fill(db: Any) -> None:
    for number in range(4):
        db.put("Pairs", p="a", s=number, g="g" if number % 2 else "h", l=f"l{3 - number}", x=number * 10)
    db.put("Pairs", p="b", s=1)
    db.call("PutItem", TableName="Single", Item=ONE)


def execute(db: Any, statement: str, *parameters: Any, **more: Any) -> dict[str, Any]:
    if parameters:
        more["Parameters"] = list(parameters)
    found: dict[str, Any] = db.call("ExecuteStatement", Statement=statement, **more)
    return found


def numbers(*values: int) -> list[dict[str, Any]]:
    return [{"s": {"N": str(value)}} for value in values]


@pytest.mark.parametrize(
    ("statement", "parameters", "items"),
    [
        ('SELECT s FROM "Pairs" WHERE p = ?', [{"S": "a"}], numbers(0, 1, 2, 3)),
        ("select s from Pairs where p = 'a' order by s desc", [], numbers(3, 2, 1, 0)),
        ("SELECT s FROM Pairs WHERE p = 'a' AND s >= 1 AND s < 3", [], numbers(1, 2)),
        ("SELECT s FROM Pairs WHERE p = 'a' AND s BETWEEN ? AND ?;", [{"N": "1"}, {"N": "2"}], numbers(1, 2)),
        ("SELECT * FROM Pairs WHERE p = 'b'", [], [{"p": {"S": "b"}, "s": {"N": "1"}}]),
        ('SELECT s FROM "Pairs"."by-g" WHERE g = \'g\'', [], numbers(1, 3)),
        ("SELECT s FROM Pairs WHERE p <> 'a'", [], numbers(1)),
        ("SELECT s FROM Pairs WHERE p = 'a' AND s <> 2", [], numbers(0, 1, 3)),
        ("SELECT s FROM Pairs WHERE x = 20", [], numbers(2)),
        ("SELECT s FROM Pairs WHERE p = 'none'", [], []),
    ],
)
def test_what_a_select_reads(db: Any, statement: str, parameters: list[Any], items: list[Any]) -> None:
    """The items of a partition in the order of their sort key, or of the whole table."""
    fill(db)
    assert execute(db, statement, *parameters) == {"Items": items}


def test_a_select_goes_on_where_its_page_ended(db: Any) -> None:
    """By the token, on an index as well; what was read is counted where it is asked for."""
    fill(db)
    statement = "SELECT l FROM \"Pairs\".\"by-l\" WHERE p = 'a' AND begins_with(l, 'l') ORDER BY l ASC"
    first = execute(db, statement, Limit=3)
    assert [item["l"]["S"] for item in first["Items"]] == ["l0", "l1", "l2"]
    assert first["LastEvaluatedKey"] == {"p": {"S": "a"}, "l": {"S": "l2"}, "s": {"N": "1"}}
    assert execute(db, statement, NextToken=first["NextToken"], **COUNT) == {
        "Items": [{"l": {"S": "l3"}}],
        "ConsumedCapacity": {"TableName": "Pairs", "CapacityUnits": 0.5},
    }
    whole = execute(db, "SELECT s FROM Pairs WHERE p = 'a'", ConsistentRead=True, **COUNT)
    assert (whole["Items"], whole["ConsumedCapacity"]["CapacityUnits"]) == (numbers(0, 1, 2, 3), 1.0)


@pytest.mark.parametrize(
    ("statement", "items", "left"),
    [
        ("SET n = n + 2 REMOVE m WHERE id = 'one' RETURNING ALL NEW *", [{"id": {"S": "one"}, "n": {"N": "3"}}], "3"),
        ("SET n = 5 WHERE id = 'one' RETURNING ALL OLD *", [ONE], "5"),
        ("SET n = 5 WHERE id = 'one' RETURNING MODIFIED OLD *", [{"n": {"N": "1"}}], "5"),
        (
            "SET n = 5 SET o = 1 WHERE id = 'one' AND n = 1 RETURNING MODIFIED NEW *",
            [{"n": {"N": "5"}, "o": {"N": "1"}}],
            "5",
        ),
        ("SET m.k = 'w' WHERE id = 'one' RETURNING MODIFIED NEW *", [{"m": {"M": {"k": {"S": "w"}}}}], "1"),
        ("SET n = 5 WHERE id = 'one'", [], "5"),
    ],
)
def test_what_an_update_returns(db: Any, statement: str, items: list[Any], left: str) -> None:
    """What was asked for, and nothing where nothing was."""
    fill(db)
    assert execute(db, f"UPDATE Single {statement}") == {"Items": items}
    assert db.get("Single", id="one")["n"] == {"N": left}


def test_inserts_and_deletes(db: Any) -> None:
    """Each is counted where it is asked for; a DELETE of what is not there does nothing."""
    fill(db)
    consumed = {"TableName": "Single", "CapacityUnits": 1.0}
    assert execute(db, "INSERT INTO Single VALUE {'id': ?}", {"S": "two"}, **COUNT) == {
        "Items": [],
        "ConsumedCapacity": consumed,
    }
    assert execute(db, "DELETE FROM Single WHERE id = 'two' RETURNING ALL OLD *", **COUNT) == {
        "Items": [{"id": {"S": "two"}}],
        "ConsumedCapacity": consumed,
    }
    assert execute(db, "DELETE FROM Single WHERE id = 'two'") == {"Items": []}
    assert db.get("Single", id="one") == ONE


INVALID = "ValidationException"
NEAR = "Statement wasn't well formed, can't be processed: Unexpected token near "
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
FAILED = ("ConditionalCheckFailedException", "The conditional request failed")


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("GRANT x", (INVALID, f"{NEAR}'GRANT'")),
        ("", (INVALID, f"{NEAR}''")),
        ("SELECT s FROM Nope", ("ResourceNotFoundException", "Requested resource not found")),
        ('SELECT s FROM "Pairs"."none"', (INVALID, "The table does not have the specified index: none")),
        ("SELECT s FROM Pairs ORDER BY x", (INVALID, "Must have WHERE clause in the statement when using ORDER BY clause, and order by a key")),
        ("SELECT s FROM Pairs WHERE", (INVALID, f"{NEAR}''")),
        ("SELECT FROM Pairs", (INVALID, f"{NEAR}'FROM'")),
        ("SELECT s FROM Pairs EXTRA", (INVALID, f"{NEAR}'EXTRA'")),
        ("SELECT s Pairs", (INVALID, f"{NEAR}''")),
        ("INSERT Single VALUE {}", (INVALID, f"{NEAR}'Single'")),
        ("INSERT INTO Single VALUE 'x'", (INVALID, f"{NEAR}'VALUE'")),
        ("INSERT INTO Single VALUE {'n': 1}", (INVALID, "One or more parameter values were invalid: Missing the key id in the item")),
        ("INSERT INTO Single VALUE {'id': 'one'}", ("DuplicateItemException", "Duplicate primary key exists in table")),
        ("UPDATE Single WHERE id = 'one'", (INVALID, f"{NEAR}'WHERE'")),
        ("UPDATE Single SET WHERE id = 'one'", (INVALID, f"{NEAR}'WHERE'")),
        ("UPDATE Single SET n = 5", (INVALID, f"{NEAR}''")),
        ("UPDATE Single SET n = 5 WHERE n = 1", (INVALID, NO_KEY)),
        ("UPDATE Single SET n = 5 WHERE id = 'none'", FAILED),
        ("UPDATE Single SET n = 5 WHERE id = 'one' AND n = 7", FAILED),
        ("UPDATE Single SET n = 5 WHERE id = 'one' RETURNING SOME OLD *", (INVALID, f"{NEAR}'SOME'")),
        ("UPDATE Single SET n = 5 WHERE id = 'one' RETURNING ALL OLD", (INVALID, f"{NEAR}''")),
        ("DELETE Single WHERE id = 'one'", (INVALID, f"{NEAR}'Single'")),
        ("DELETE FROM Single WHERE", (INVALID, f"{NEAR}''")),
        ("DELETE FROM Single WHERE id = 'none' AND n = 1", FAILED),
        ("DELETE FROM Pairs WHERE p = 'a'", (INVALID, NO_KEY)),
        ("DELETE FROM Single WHERE id = ?", (INVALID, "Number of parameters in request and statement don't match.")),
    ],
)  # fmt: skip
def test_what_is_refused(db: Any, statement: str, refusal: tuple[str, str]) -> None:
    """With DynamoDB's code; nothing is changed."""
    fill(db)
    assert db.refused("ExecuteStatement", Statement=statement) == refusal
    assert db.get("Single", id="one") == ONE


def test_a_token_that_is_none(db: Any) -> None:
    """Neither Base64 nor a key."""
    statement = "SELECT s FROM Pairs WHERE p = 'a'"
    for token in ("x", "eA==", "ä"):
        assert db.refused("ExecuteStatement", Statement=statement, NextToken=token) == (INVALID, "Invalid NextToken")
