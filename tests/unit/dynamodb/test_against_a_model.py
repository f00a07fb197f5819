"""Random writes, and every way of reading, against lists that Python sorts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.dynamodb.engine import Engine
from livebus.dynamodb.store import Store

TABLE: dict[str, Any] = {
    "TableName": "Pairs",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in {"p": "S", "s": "N", "g": "S", "l": "S"}.items()
    ],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-l",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
NUMBERS = st.sampled_from(["-1000", "-2.5", "-2", "-0.001", "0", "0.001", "1", "1.5", "10", "1000"])
TEXTS = st.sampled_from(["a", "ab", "abc", "b", "ü", "\U0001f68c", "\uffff"])
ITEMS = st.fixed_dictionaries(
    {"p": st.sampled_from("xy"), "s": NUMBERS}, optional={"g": st.sampled_from("GH"), "l": TEXTS}
)
COMPARATORS = st.sampled_from(["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with", ""])

Model = dict[tuple[str, str], dict[str, str]]


def typed(name: str, text: str) -> dict[str, str]:
    return {"N" if name == "s" else "S": text}


def plain(item: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: next(iter(value.values())) for name, value in item.items()}


def order(name: str, text: str) -> Any:
    return Decimal(text) if name == "s" else text.encode()


def holds(operator: str, name: str, text: str, low: str, high: str) -> bool:
    value, first, last = order(name, text), order(name, low), order(name, high)
    return bool(
        {
            "": True,
            "=": value == first,
            "<": value < first,
            "<=": value <= first,
            ">": value > first,
            ">=": value >= first,
            "BETWEEN": first <= value <= last,
            "begins_with": text.startswith(low),
        }[operator]
    )


def written(engine: Engine, writes: list[tuple[str, dict[str, str]]]) -> Model:
    """Carry out writes, and what they leave."""
    model: Model = {}
    for kind, item in writes:
        attributes = {name: typed(name, text) for name, text in item.items()}
        key = {name: attributes[name] for name in ("p", "s")}
        place = item["p"], item["s"]
        if kind == "put":
            engine.call("PutItem", {"TableName": "Pairs", "Item": attributes})
            model[place] = item
        elif kind == "delete":
            engine.call("DeleteItem", {"TableName": "Pairs", "Key": key})
            model.pop(place, None)
        else:
            gone = {"TableName": "Pairs", "Key": key, "UpdateExpression": "REMOVE g, l"}
            engine.call("UpdateItem", gone)
            model[place] = {name: text for name, text in item.items() if name in ("p", "s")}
    return model


@settings(max_examples=150, deadline=None)
@given(
    writes=st.lists(st.tuples(st.sampled_from(["put", "put", "put", "delete", "strip"]), ITEMS), max_size=40),
    index=st.sampled_from([("", "p", "s"), ("by-g", "g", "s"), ("by-l", "p", "l")]),
    operator=COMPARATORS,
    numbers=st.tuples(NUMBERS, NUMBERS),
    texts=st.tuples(TEXTS, TEXTS),
    limit=st.integers(1, 7),
    forward=st.booleans(),
)
def test_queries_give_what_a_sorted_list_gives(
    *,
    writes: list[tuple[str, dict[str, str]]],
    index: tuple[str, str, str],
    operator: str,
    numbers: tuple[str, str],
    texts: tuple[str, str],
    limit: int,
    forward: bool,
) -> None:
    """In pages of any length, either way, on the table and on both kinds of index, after any writes."""
    name, partition, sort = index
    engine = Engine(Store(), clock=lambda: 0.0)
    engine.call("CreateTable", TABLE)
    model = written(engine, writes)
    low, high = sorted(numbers if sort == "s" else texts, key=lambda text: order(sort, text))
    if operator == "begins_with" and sort == "s":
        operator = ""
    for value in "xy" if partition == "p" else "GH":
        expected = [
            item
            for item in model.values()
            if item.get(partition) == value and sort in item and holds(operator, sort, item[sort], low, high)
        ]
        expected.sort(key=lambda item: order(sort, item[sort]), reverse=not forward)
        found = queried(engine, name, (partition, value), (sort, operator, low, high), limit=limit, forward=forward)
        assert [item[sort] for item in found] == [item[sort] for item in expected]
        assert sorted(map(str, (sorted(item.items()) for item in found))) == sorted(
            map(str, (sorted(item.items()) for item in expected))
        )
    scanned = engine.call("Scan", {"TableName": "Pairs"})["Items"]
    assert {(item["p"]["S"], item["s"]["N"]): plain(item) for item in scanned} == model
    engine.close()


def queried(
    engine: Engine,
    index: str,
    partition: tuple[str, str],
    sort: tuple[str, str, str, str],
    *,
    limit: int,
    forward: bool,
) -> list[dict[str, str]]:
    """All pages of a query."""
    name, operator, low, high = sort
    condition, values = f"{partition[0]} = :p", {":p": typed(partition[0], partition[1])}
    if operator:
        values[":low"] = typed(name, low)
        condition += {
            "BETWEEN": f" AND {name} BETWEEN :low AND :high",
            "begins_with": f" AND begins_with({name}, :low)",
        }.get(operator, f" AND {name} {operator} :low")
    if operator == "BETWEEN":
        values[":high"] = typed(name, high)
    request: dict[str, Any] = {
        "TableName": "Pairs",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "Limit": limit,
        "ScanIndexForward": forward,
        **({"IndexName": index} if index else {}),
    }
    found: list[dict[str, str]] = []
    while True:
        page = engine.call("Query", request)
        found += map(plain, page["Items"])
        if "LastEvaluatedKey" not in page:
            return found
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
