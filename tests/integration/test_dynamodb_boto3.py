"""DynamoDB with boto3: what applications ask of tables, as AWS answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from livebus.runtime.settings import Settings
from support.running import RunningRuntime

VALIDATION, FAILED = "ValidationException", "ConditionalCheckFailedException"
ONE, PAIR = "Single", "Pairs"
NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]


def text(value: str) -> dict[str, str]:
    return {"S": value}


def number(value: object) -> dict[str, str]:
    return {"N": str(value)}


def key(name: str) -> dict[str, Any]:
    return {"id": text(name)}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client, with a table of one key, and one of two keys with items and indexes."""
    state = tmp_path_factory.mktemp("dynamodb") / "state"
    with RunningRuntime(Settings(template=None, state=state, port=0)) as runtime:
        client = runtime.client("dynamodb")
        client.create_table(
            TableName=ONE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        make_pairs(client)
        client.put_item(TableName=ONE, Item=DOCUMENT)
        yield client


def make_pairs(client: Any) -> None:
    def index(name: str, keys: list[str], projection: str) -> dict[str, Any]:
        schema = [{"AttributeName": each, "KeyType": kind} for each, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
        return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": projection}}

    types = {"pk": "S", "sk": "N", "g": "S", "l": "S"}
    client.create_table(
        TableName=PAIR,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        KeySchema=index("", ["pk", "sk"], "ALL")["KeySchema"],
        GlobalSecondaryIndexes=[index("by-g", ["g", "sk"], "ALL"), index("keys-only", ["g"], "KEYS_ONLY")],
        LocalSecondaryIndexes=[index("by-l", ["pk", "l"], "ALL")],
    )
    client.get_waiter("table_exists").wait(TableName=PAIR)
    for place, each in enumerate(NUMBERS):
        item = {"pk": text("p"), "sk": number(each), "g": text("G"), "l": text(f"k{9 - place}")}
        more = {"v": number(place % 3), "name": text(f"n{place}"), "d": {"M": {"x": number(place), "y": number(0)}}}
        client.put_item(TableName=PAIR, Item={**item, **more})
    client.put_item(TableName=PAIR, Item={"pk": text("p2"), "sk": number(-1), "v": number(1)})


def refused(code: str, words: str, call: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
    """The whole answer of a call that has to fail with this code, and these words in its message."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    answer: dict[str, Any] = dict(raised.value.response)
    assert answer["Error"]["Code"] == code
    assert words in answer["Error"]["Message"]
    return answer


# --- one item -------------------------------------------------------------------------------------------------------


def test_put_gives_back_what_it_replaces(db: Any) -> None:
    """Nothing by default, the whole item before with ALL_OLD."""
    assert "Attributes" not in db.put_item(TableName=ONE, Item={**key("put"), "n": number(1)})
    again = db.put_item(TableName=ONE, Item={**key("put"), "n": number(2)}, ReturnValues="ALL_OLD")
    assert again["Attributes"] == {**key("put"), "n": number(1)}


def test_an_item_that_is_not_there_is_no_error(db: Any) -> None:
    """GetItem answers without Item."""
    assert "Item" not in db.get_item(TableName=ONE, Key=key("nobody"))


def test_every_type_comes_back_as_it_was_put(db: Any) -> None:
    """38 digits, binaries, sets, nested lists and maps, null, false, empty text and empty map."""
    item = {
        **key("types"),
        "n": number("12345678901234567890123456789012345678"),
        "b": {"B": b"\x00\xff"},
        "ss": {"SS": ["b", "a"]},
        "ns": {"NS": ["1", "2.5"]},
        "bs": {"BS": [b"a", b"b"]},
        "null": {"NULL": True},
        "bool": {"BOOL": False},
        "l": {"L": [text("x"), number(1), {"M": {"k": {"NULL": True}}}]},
        "m": {"M": {}},
        "empty": text(""),
    }
    db.put_item(TableName=ONE, Item=item)
    found = db.get_item(TableName=ONE, Key=key("types"))["Item"]
    assert [_sorted(value) for value in found.values()] == [_sorted(value) for value in item.values()]
    assert list(found) == list(item)


def _sorted(value: dict[str, Any]) -> dict[str, Any]:
    """A set in one order: DynamoDB promises none."""
    return {kind: sorted(each) if kind in ("SS", "NS", "BS") else each for kind, each in value.items()}


def test_numbers_are_normalised(db: Any) -> None:
    """Zeros that say nothing go, exponents are written out, minus zero is zero."""
    given = {"a": "1.50", "b": "001", "c": "1e3", "d": "-0.0"}
    db.put_item(TableName=ONE, Item={**key("numbers"), **{name: number(each) for name, each in given.items()}})
    found = db.get_item(TableName=ONE, Key=key("numbers"))["Item"]
    assert [found[name]["N"] for name in given] == ["1.5", "1", "1000", "0"]


REFUSED_PUTS: list[tuple[str, dict[str, Any], str]] = [
    ("39 digits", {**key("x"), "n": number("1" * 39)}, "more than 38 significant digits"),
    ("no number", {**key("x"), "n": number("abc")}, "cannot be converted to a numeric value: abc"),
    ("an empty set", {**key("x"), "n": {"SS": []}}, "may not be empty"),
    ("a member twice", {**key("x"), "n": {"SS": ["a", "a"]}}, "Input collection [a, a] contains duplicates."),
    ("an empty key", key(""), "cannot contain an empty string value. Key: id"),
    ("a key of another type", {"id": number(1)}, "Type mismatch for key id expected: S actual: N"),
    ("over 400 KB", {**key("x"), "n": text("x" * 410_000)}, "Item size has exceeded the maximum allowed size"),
]


@pytest.mark.parametrize(("item", "words"), [case[1:] for case in REFUSED_PUTS], ids=[case[0] for case in REFUSED_PUTS])
def test_items_that_are_refused(db: Any, item: dict[str, Any], words: str) -> None:
    """Each with a ValidationException that says why."""
    refused(VALIDATION, words, db.put_item, TableName=ONE, Item=item)


def test_keys_have_to_fit_the_schema(db: Any) -> None:
    """A missing key in an item, a member too many in a Key, a table that is not there, an unfitting ReturnValues."""
    refused(VALIDATION, "Missing the key sk in the item", db.put_item, TableName=PAIR, Item={"pk": text("a")})
    too_many = {**key("1"), "z": text("1")}
    refused(VALIDATION, "does not match the schema", db.get_item, TableName=ONE, Key=too_many)
    refused("ResourceNotFoundException", "Requested resource", db.get_item, TableName="Nope", Key=key("1"))
    refused(VALIDATION, "ALL_OLD or NONE", db.put_item, TableName=ONE, Item=key("1"), ReturnValues="ALL_NEW")


# --- conditions -----------------------------------------------------------------------------------------------------


def test_a_failed_condition_writes_nothing_and_may_show_the_item(db: Any) -> None:
    """With ReturnValuesOnConditionCheckFailure the item that stands there is in the answer."""
    there = {**key("there"), "n": number(2)}
    db.put_item(TableName=ONE, Item=there)
    new = {"TableName": ONE, "Item": key("there"), "ConditionExpression": "attribute_not_exists(id)"}
    assert "Item" not in refused(FAILED, "The conditional request failed", db.put_item, **new)
    shown = refused(FAILED, "", db.put_item, **new, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert shown["Item"] == there
    assert db.get_item(TableName=ONE, Key=key("there"))["Item"] == there
    absent = {"TableName": ONE, "Key": key("absent"), "ConditionExpression": "attribute_exists(id)"}
    refused(FAILED, "", db.delete_item, **absent)


DOCUMENT: dict[str, Any] = {
    **key("document"),
    "n": number(5),
    "s": text("hello"),
    "l": {"L": [number(1), text("a")]},
    "m": {"M": {"k": {"M": {"z": number(9)}}}},
    "ss": {"SS": ["a", "b"]},
    "b": {"BOOL": True},
    "nul": {"NULL": True},
    "bin": {"B": b"xyz"},
}
TRUE = {"BOOL": True}
CONDITIONS: list[tuple[str, dict[str, Any], dict[str, str], bool]] = [
    ("size(s) = :v", {":v": number(5)}, {}, True),
    ("size(l) = :v", {":v": number(2)}, {}, True),
    ("size(ss) = :v", {":v": number(2)}, {}, True),
    ("size(bin) > :v", {":v": number(2)}, {}, True),
    ("size(nope) > :v", {":v": number(0)}, {}, False),
    ("attribute_type(l, :v)", {":v": text("L")}, {}, True),
    ("attribute_type(nul, :v)", {":v": text("NULL")}, {}, True),
    ("begins_with(s, :v)", {":v": text("hel")}, {}, True),
    ("contains(s, :v)", {":v": text("ell")}, {}, True),
    ("contains(ss, :v)", {":v": text("b")}, {}, True),
    ("contains(l, :v)", {":v": number(1)}, {}, True),
    ("n BETWEEN :a AND :b", {":a": number(5), ":b": number(6)}, {}, True),
    ("n IN (:a, :b)", {":a": number(4), ":b": number(5)}, {}, True),
    ("NOT n IN (:a)", {":a": number(5)}, {}, False),
    ("m.k.z = :v", {":v": number(9)}, {}, True),
    ("l[1] = :v", {":v": text("a")}, {}, True),
    ("#a.#b.#c = :v", {":v": number(9)}, {"#a": "m", "#b": "k", "#c": "z"}, True),
    ("b = :t OR n = :x AND n = :y", {":t": TRUE, ":x": number(1), ":y": number(2)}, {}, True),
    ("(b = :t OR n = :x) AND n = :y", {":t": TRUE, ":x": number(1), ":y": number(2)}, {}, False),
    ("n < :v", {":v": number(10)}, {}, True),
    ("n < :v", {":v": text("9")}, {}, False),
    ("nope <> :v", {":v": number(1)}, {}, True),
    ("m.k = :v", {":v": {"M": {"z": number("9.0")}}}, {}, True),
    ("nul = :v", {":v": {"NULL": True}}, {}, True),
    ("ss = :v", {":v": {"SS": ["b", "a"]}}, {}, True),
    (
        "n between :a and :b and NOT begins_with(s,:c)",
        {":a": number(1), ":b": number(9), ":c": text("x")},
        {},
        True,
    ),
]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: f"{case[0]} {next(iter(case[1].values()))}")
def test_conditions_hold_or_do_not(db: Any, case: tuple[str, dict[str, Any], dict[str, str], bool]) -> None:
    """Of an item with an attribute of each type."""
    condition, values, names, expected = case
    more = {"ExpressionAttributeNames": names} if names else {}

    def update() -> bool:
        try:
            db.update_item(
                TableName=ONE,
                Key=key("document"),
                UpdateExpression="SET touched = :touched",
                ConditionExpression=condition,
                ExpressionAttributeValues={**values, ":touched": number(1)},
                **more,
            )
        except db.exceptions.ConditionalCheckFailedException:
            return False
        return True

    assert update() is expected


REFUSED_CONDITIONS: list[tuple[str, dict[str, Any], str]] = [
    ("name = :v", {":v": text("x")}, "Attribute name is a reserved keyword; reserved keyword: name"),
    ("attribute_exists(id)", {":q": text("x")}, "unused in expressions: keys: {:q}"),
    ("n = :q", {}, "An expression attribute value used in expression is not defined; attribute value: :q"),
    ("n = = :v", {":v": text("x")}, 'Syntax error; token: "=", near: "= = :v"'),
    ("n BETWEEN :a AND :b", {":a": number(9), ":b": number(6)}, "requires upper bound to be greater than or equal"),
]


@pytest.mark.parametrize("case", REFUSED_CONDITIONS, ids=lambda case: case[0])
def test_conditions_that_are_refused(db: Any, case: tuple[str, dict[str, Any], str]) -> None:
    """Reserved words, values that are not used or not there, what does not parse, bounds the wrong way round."""
    condition, values, words = case
    more = {"ExpressionAttributeValues": values} if values else {}
    call = {"TableName": ONE, "Item": key("c"), "ConditionExpression": condition}
    refused(VALIDATION, words, db.put_item, **call, **more)


def test_expected_from_before_expressions_is_a_condition(db: Any) -> None:
    """The legacy parameter with Exists."""
    absent = {"id": {"Exists": False}}
    refused(FAILED, "", db.put_item, TableName=ONE, Item=key("document"), Expected=absent)


# --- updates --------------------------------------------------------------------------------------------------------


def update(db: Any, item: str, expression: str, values: dict[str, Any] | None = None, **more: Any) -> Any:
    """The Attributes of an update; all new ones unless something else is asked for."""
    given = {"ExpressionAttributeValues": values} if values else {}
    call = {"TableName": ONE, "Key": key(item), "UpdateExpression": expression, "ReturnValues": "ALL_NEW", **more}
    return db.update_item(**call, **given).get("Attributes")


def test_an_update_makes_the_item_that_is_not_there(db: Any) -> None:
    """With if_not_exists for what it has not."""
    values = {":a": number(1), ":z": number(0)}
    made = update(db, "made", "SET a = :a, b = if_not_exists(b, :z)", values)
    assert made == {**key("made"), "a": number(1), "b": number(0)}


def test_what_an_update_gives_back(db: Any) -> None:
    """What was updated, new or old; everything, new or old; nothing."""
    db.put_item(TableName=ONE, Item={**key("back"), "a": number(1), "b": number(0)})
    sums = {":a": number("0.1"), ":z": number(5)}
    new = update(db, "back", "SET a = a + :a, b = b - :z", sums, ReturnValues="UPDATED_NEW")
    assert new == {"a": number("1.1"), "b": number(-5)}
    assert update(db, "back", "SET a = :a", {":a": number(7)}, ReturnValues="UPDATED_OLD") == {"a": number("1.1")}
    old = update(db, "back", "SET a = :a", {":a": number(8)}, ReturnValues="ALL_OLD")
    assert old == {**key("back"), "a": number(7), "b": number(-5)}
    assert update(db, "back", "SET a = :a", {":a": number(8)}, ReturnValues="NONE") is None
    swapped = update(db, "back", "SET a = b, b = a", ReturnValues="UPDATED_NEW")
    assert swapped == {"a": number(-5), "b": number(8)}
    gone = db.delete_item(TableName=ONE, Key=key("back"), ReturnValues="ALL_OLD")
    assert gone["Attributes"]["id"] == text("back")


def test_lists_grow_and_shrink(db: Any) -> None:
    """list_append at either end, an element behind the end, an element removed."""
    empty = {":e": {"L": []}, ":x": {"L": [number(1)]}}
    made = update(db, "list", "SET l = list_append(if_not_exists(l, :e), :x)", empty)
    assert made["l"] == {"L": [number(1)]}
    before = update(db, "list", "SET l = list_append(:x, l)", {":x": {"L": [text("p")]}})
    assert before["l"] == {"L": [text("p"), number(1)]}
    behind = update(db, "list", "SET l[9] = :x", {":x": number(9)})
    assert behind["l"] == {"L": [text("p"), number(1), number(9)]}
    assert update(db, "list", "REMOVE l[0]")["l"] == {"L": [number(1), number(9)]}


def test_add_and_delete(db: Any) -> None:
    """Numbers count from zero, sets grow, shrink, and go when they are empty; a text cannot be added to."""
    assert update(db, "add", "ADD n :x", {":x": number(3)})["n"] == number(3)
    assert set(update(db, "add", "ADD st :x", {":x": {"SS": ["a", "b"]}})["st"]["SS"]) == {"a", "b"}
    assert update(db, "add", "DELETE st :x", {":x": {"SS": ["a"]}})["st"] == {"SS": ["b"]}
    assert "st" not in update(db, "add", "DELETE st :x", {":x": {"SS": ["b"]}})
    update(db, "add", "SET s = :s", {":s": text("q")})
    with pytest.raises(ClientError, match="An operand in the update expression has an incorrect data type"):
        update(db, "add", "ADD s :x", {":x": number(1)})


def test_paths_into_maps(db: Any) -> None:
    """A map has to be there before a member of it is set; clauses work together; paths may not overlap."""
    expression, names = "SET #n.x = :m REMOVE b ADD n :x", {"#n": "mp"}
    values = {":x": number(1), ":m": number(1)}
    update(db, "map", "SET b = :b, n = :n", {":b": number(1), ":n": number(3)})
    with pytest.raises(ClientError, match="The document path provided in the update expression is invalid for update"):
        update(db, "map", expression, values, ExpressionAttributeNames=names)
    update(db, "map", "SET mp = :m", {":m": {"M": {}}})
    done = update(db, "map", expression, values, ExpressionAttributeNames=names)
    assert done == {**key("map"), "mp": {"M": {"x": number(1)}}, "n": number(4)}
    with pytest.raises(ClientError, match="Two document paths overlap with each other"):
        update(db, "map", "SET mp = :m, mp.x = :m", {":m": number(1)})
    with pytest.raises(ClientError, match="Cannot update attribute id"):
        update(db, "map", "SET id = :m", {":m": text("q")})


def test_sums_have_38_digits(db: Any) -> None:
    """Nothing is rounded to a double."""
    nines = {":a": number("99999999999999999999999999999999999990"), ":b": number(9)}
    assert update(db, "sum", "SET a = :a + :b", nines)["a"] == number("9" * 38)
    assert update(db, "sum", "SET a = :a + :b", {":a": number("0.1"), ":b": number("0.2")})["a"] == number("0.3")


# --- query and scan -------------------------------------------------------------------------------------------------


def query(db: Any, condition: str = "pk = :p", partition: str = "p", **more: Any) -> Any:
    values = {":p": text(partition), **more.pop("values", {})}
    return db.query(TableName=PAIR, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


def numbers(answer: Any) -> list[int]:
    return [int(item["sk"]["N"]) for item in answer["Items"]]


def test_a_partition_is_read_in_order(db: Any) -> None:
    """Numbers by value, either way, page by page, within bounds."""
    assert numbers(query(db)) == NUMBERS
    page = query(db, ScanIndexForward=False, Limit=2)
    last = {"pk": text("p"), "sk": number(8)}
    assert (numbers(page), page["LastEvaluatedKey"]) == ([10, 8], last)
    assert numbers(query(db, ScanIndexForward=False, Limit=2, ExclusiveStartKey=last)) == [7, 6]
    assert "LastEvaluatedKey" in query(db, Limit=10)
    assert "LastEvaluatedKey" not in query(db, Limit=11)
    bounds = {":a": number(2), ":b": number(4)}
    assert numbers(query(db, "pk = :p AND sk BETWEEN :a AND :b", values=bounds)) == [2, 3, 4]


def test_a_filter_comes_after_the_limit(db: Any) -> None:
    """ScannedCount counts what was read, Count what is left; keys cannot be filtered by."""
    page = query(db, FilterExpression="v = :v", Limit=4, values={":v": number(0)})
    assert (page["Count"], page["ScannedCount"], numbers(page)) == (2, 4, [0, 3])
    assert page["LastEvaluatedKey"]["sk"] == number(3)
    words = "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"
    with pytest.raises(ClientError, match=words):
        query(db, FilterExpression="sk = :v", values={":v": number(0)})


def test_global_indexes(db: Any) -> None:
    """In their own order, with pages whose keys name the table's too; never consistent."""
    above = query(db, "g = :p AND sk > :s", "G", IndexName="by-g", values={":s": number(6)}, ScanIndexForward=False)
    assert numbers(above) == [10, 8, 7]
    first = query(db, "g = :p", "G", IndexName="by-g", Limit=2)
    assert sorted(first["LastEvaluatedKey"]) == ["g", "pk", "sk"]
    start = first["LastEvaluatedKey"]
    assert numbers(query(db, "g = :p", "G", IndexName="by-g", Limit=2, ExclusiveStartKey=start)) == [2, 3]
    with pytest.raises(ClientError, match="Consistent reads are not supported on global secondary indexes"):
        query(db, "g = :p", "G", IndexName="by-g", ConsistentRead=True)


def test_an_index_without_sort_key_is_paged_through(db: Any) -> None:
    """Each item once, with the keys of index and table only."""
    found: list[int] = []
    more: dict[str, Any] = {}
    while True:
        page = query(db, "g = :p", "G", IndexName="keys-only", Limit=3, **more)
        assert all(sorted(item) == ["g", "pk", "sk"] for item in page["Items"])
        found += numbers(page)
        if "LastEvaluatedKey" not in page:
            break
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(found) == NUMBERS


def test_local_indexes(db: Any) -> None:
    """Another order within the partition, and prefixes in it."""
    assert [item["l"]["S"] for item in query(db, IndexName="by-l", Limit=3)["Items"]] == ["k0", "k1", "k2"]
    prefix = query(db, "pk = :p AND begins_with(l, :l)", IndexName="by-l", values={":l": text("k9")})
    assert numbers(prefix) == [0]


def test_projections_and_counts(db: Any) -> None:
    """Parts of items, names that are reserved by an alias only, and no items at all with COUNT."""
    names = {"#n": "name"}
    page = query(db, ProjectionExpression="#n, d.x", ExpressionAttributeNames=names, Limit=1)
    assert page["Items"] == [{"name": text("n0"), "d": {"M": {"x": number(0)}}}]
    with pytest.raises(ClientError, match="reserved keyword: name"):
        query(db, ProjectionExpression="name")
    counted = query(db, Select="COUNT")
    assert (counted["Count"], "Items" in counted) == (10, False)


def test_queries_that_are_refused(db: Any) -> None:
    """Without the partition key, and on an index that is not there."""
    with pytest.raises(ClientError, match="Query condition missed key schema element: pk"):
        query(db, "sk = :p")
    with pytest.raises(ClientError, match="The table does not have the specified index: nope"):
        query(db, IndexName="nope")


def test_scans(db: Any) -> None:
    """The whole table, filtered, in segments, in pages; an index has the items that have its keys."""
    rest = db.scan(TableName=PAIR, FilterExpression="attribute_not_exists(g)")
    assert numbers(rest) == [-1]
    assert sum(db.scan(TableName=PAIR, TotalSegments=3, Segment=each)["Count"] for each in range(3)) == 11
    assert "LastEvaluatedKey" in db.scan(TableName=PAIR, Limit=3)
    assert db.scan(TableName=PAIR, IndexName="by-g")["Count"] == 10


# --- batches --------------------------------------------------------------------------------------------------------


def puts(names: list[str]) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": key(name)}} for name in names]


def test_batches_write_and_read(db: Any) -> None:
    """25 items at once; what is not there is not in the answer; projections as in GetItem."""
    names = [f"batch{each}" for each in range(30)]
    assert db.batch_write_item(RequestItems={ONE: puts(names[:25])})["UnprocessedItems"] == {}
    asked = {ONE: {"Keys": [key(name) for name in names]}}
    assert len(db.batch_get_item(RequestItems=asked)["Responses"][ONE]) == 25
    projected = {"Keys": [key("document")], "ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": "n"}}
    assert db.batch_get_item(RequestItems={ONE: projected})["Responses"][ONE] == [{"n": number(5)}]


def test_batches_that_are_refused(db: Any) -> None:
    """26 writes, one key twice, 101 keys."""
    many = {ONE: puts([str(each) for each in range(26)])}
    refused(VALIDATION, "length less than or equal to 25", db.batch_write_item, RequestItems=many)
    refused(VALIDATION, "contains duplicates", db.batch_write_item, RequestItems={ONE: puts(["a", "a"])})
    keys = {ONE: {"Keys": [key(str(each)) for each in range(101)]}}
    refused(VALIDATION, "length less than or equal to 100", db.batch_get_item, RequestItems=keys)


def test_what_is_over_16_mb_is_left(db: Any) -> None:
    """The answer has what fits; the other keys are handed back."""
    keys = [key(f"large{each}") for each in range(60)]
    for each in keys:
        db.put_item(TableName=ONE, Item={**each, "x": text("y" * 390_000)})
    answer = db.batch_get_item(RequestItems={ONE: {"Keys": keys}})
    left = answer["UnprocessedKeys"][ONE]["Keys"]
    for each in keys:
        db.delete_item(TableName=ONE, Key=each)
    assert len(answer["Responses"][ONE]) == 16 * 1024 * 1024 // 390_013
    assert len(left) == 60 - len(answer["Responses"][ONE])


# --- transactions ---------------------------------------------------------------------------------------------------


def add_one(item: str, amount: int = 1) -> dict[str, Any]:
    values = {":q": number(amount)}
    change = {"UpdateExpression": "ADD n :q", "ExpressionAttributeValues": values}
    return {"Update": {"TableName": ONE, "Key": key(item), **change}}


def put(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": ONE, "Item": item, **more}}


def test_a_transaction_does_all_of_it(db: Any) -> None:
    """A put, an update, a deletion and a check."""
    db.batch_write_item(RequestItems={ONE: puts(["t-gone", "t-checked"])})
    check = {"TableName": ONE, "Key": key("t-checked"), "ConditionExpression": "attribute_exists(id)"}
    db.transact_write_items(
        TransactItems=[
            put({**key("t-put"), "n": number(1)}),
            add_one("t-added"),
            {"Delete": {"TableName": ONE, "Key": key("t-gone")}},
            {"ConditionCheck": check},
        ]
    )
    gets = [{"Get": {"TableName": ONE, "Key": key(name)}} for name in ("t-put", "t-added", "t-gone")]
    found = [each.get("Item") for each in db.transact_get_items(TransactItems=gets)["Responses"]]
    assert found == [{**key("t-put"), "n": number(1)}, {**key("t-added"), "n": number(1)}, None]


def test_a_cancelled_transaction_does_nothing_and_says_why(db: Any) -> None:
    """One reason for each action, in order; the item of the failed one if asked for."""
    there = {**key("t-there"), "n": number(1)}
    db.put_item(TableName=ONE, Item=there)
    absent = {"ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    actions = [put(key("t-never")), put(key("t-there"), **absent)]
    words = "[None, ConditionalCheckFailed]"
    answer = refused("TransactionCanceledException", words, db.transact_write_items, TransactItems=actions)
    assert answer["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": there},
    ]
    assert "Item" not in db.get_item(TableName=ONE, Key=key("t-never"))


def test_a_token_makes_a_transaction_happen_once(db: Any) -> None:
    """The same token with the same actions does nothing more; with others it is refused."""
    for _ in range(2):
        db.transact_write_items(TransactItems=[add_one("once")], ClientRequestToken="token")
    assert db.get_item(TableName=ONE, Key=key("once"))["Item"]["n"] == number(1)
    other = {"TransactItems": [add_one("once", 2)], "ClientRequestToken": "token"}
    refused("IdempotentParameterMismatchException", "", db.transact_write_items, **other)


def test_transactions_that_are_refused(db: Any) -> None:
    """Two actions on one item, and 101 of them."""
    twice = [put(key("twice")), {"Delete": {"TableName": ONE, "Key": key("twice")}}]
    words = "Transaction request cannot include multiple operations on one item"
    refused(VALIDATION, words, db.transact_write_items, TransactItems=twice)
    many = [put(key(str(each))) for each in range(101)]
    refused(VALIDATION, "length less than or equal to 100", db.transact_write_items, TransactItems=many)


# --- tables, PartiQL ------------------------------------------------------------------------------------------------


def test_expiry_is_told(db: Any) -> None:
    """DescribeTimeToLive names the attribute that UpdateTimeToLive set."""
    wanted = {"Enabled": True, "AttributeName": "ttl"}
    db.update_time_to_live(TableName=ONE, TimeToLiveSpecification=wanted)
    told = db.describe_time_to_live(TableName=ONE)["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


def test_partiql_statements(db: Any) -> None:
    """A SELECT by key, an INSERT, an UPDATE, with parameters."""
    select = 'SELECT n FROM "Single" WHERE id = ?'
    found = db.execute_statement(Statement=select, Parameters=[text("document")])
    assert found["Items"] == [{"n": number(5)}]
    insert = "INSERT INTO \"Single\" VALUE {'id': ?, 'n': 1}"
    db.execute_statement(Statement=insert, Parameters=[text("inserted")])
    assert db.get_item(TableName=ONE, Key=key("inserted"))["Item"] == {**key("inserted"), "n": number(1)}
    change = 'UPDATE "Single" SET n = n + 1 WHERE id = ?'
    db.execute_statement(Statement=change, Parameters=[text("inserted")])
    assert db.get_item(TableName=ONE, Key=key("inserted"))["Item"]["n"] == number(2)


def test_items_and_capacity_are_counted(db: Any) -> None:
    """ItemCount is exact, and a read of a small item takes half a unit."""
    assert db.describe_table(TableName=PAIR)["Table"]["ItemCount"] == 11
    read = db.get_item(TableName=ONE, Key=key("document"), ReturnConsumedCapacity="TOTAL")
    assert read["ConsumedCapacity"] == {"TableName": ONE, "CapacityUnits": 0.5}


def test_resources_and_paginators_work(db: Any) -> None:
    """boto3's paginators follow LastEvaluatedKey to the end; tables are listed and deleted."""
    pages = db.get_paginator("query").paginate(
        TableName=PAIR,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": text("p")},
        PaginationConfig={"PageSize": 3},
    )
    assert [each for page in pages for each in numbers(page)] == NUMBERS
    assert db.list_tables()["TableNames"] == [PAIR, ONE]
    db.create_table(
        TableName="Gone",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    db.delete_table(TableName="Gone")
    db.get_waiter("table_not_exists").wait(TableName="Gone")


def test_tables_outlive_the_runtime(tmp_path: Path) -> None:
    """Items are there again when a runtime is started with the same state folder."""
    settings = Settings(template=None, state=tmp_path / "state", port=0)
    with RunningRuntime(settings) as runtime:
        make_pairs(runtime.client("dynamodb"))
    with RunningRuntime(settings) as again:
        assert numbers(query(again.client("dynamodb"))) == NUMBERS
