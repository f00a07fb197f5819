"""The file that keeps tables: it outlives its process, and says what is wrong with it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livebus.dynamodb import store as store_module
from livebus.dynamodb.engine import Engine
from livebus.dynamodb.store import Store, StoreFault

TABLE: dict[str, Any] = {
    "TableName": "Single",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def opened(path: Path) -> Engine:
    return Engine(Store(path), clock=lambda: 0.0)


def test_tables_and_items_are_there_again(tmp_path: Path) -> None:
    """Their descriptions, expiries and indexes too; the files are their owner's alone."""
    path = tmp_path / "dynamodb.sqlite"
    engine = opened(path)
    engine.call("CreateTable", TABLE)
    specification = {"AttributeName": "t", "Enabled": True}
    engine.call("UpdateTimeToLive", {"TableName": "Single", "TimeToLiveSpecification": specification})
    item = {"id": {"S": "a"}, "g": {"S": "G"}, "n": {"N": "12345678901234567890123456789012345678"}}
    engine.call("PutItem", {"TableName": "Single", "Item": item})
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    described = engine.call("DescribeTable", {"TableName": "Single"})
    engine.close()
    again = opened(path)
    assert again.call("DescribeTable", {"TableName": "Single"}) == described
    assert again.call("Scan", {"TableName": "Single", "IndexName": "by-g"})["Items"] == [item]
    told = again.call("DescribeTimeToLive", {"TableName": "Single"})["TimeToLiveDescription"]
    assert told["AttributeName"] == "t"
    again.close()


WRITER = """
import sys
from livebus.dynamodb.engine import Engine
from livebus.dynamodb.store import Store
from pathlib import Path

engine = Engine(Store(Path(sys.argv[1])), clock=lambda: 0.0)
number = 0
while True:
    number += 1
    put = {"TableName": "Single", "Item": {"id": {"S": str(number)}, "g": {"S": "G"}}}
    pair = [{"Put": {"TableName": "Single", "Item": {"id": {"S": f"{side}{number}"}}}} for side in ("left", "right")]
    engine.call("PutItem", put)
    engine.call("TransactWriteItems", {"TransactItems": pair})
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_what_was_answered_is_there_after_sigkill(tmp_path: Path) -> None:
    """A process that writes without end is killed; nothing that it told is missing, and no transaction is half there."""
    path = tmp_path / "dynamodb.sqlite"
    engine = opened(path)
    engine.call("CreateTable", TABLE)
    engine.close()
    command = [sys.executable, "-c", WRITER, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(store_module.__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for _ in range(300):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told = 300 + len(process.stdout.read().splitlines())
    again = opened(path)
    for number in range(1, told + 1):
        for name in (str(number), f"left{number}", f"right{number}"):
            assert "Item" in again.call("GetItem", {"TableName": "Single", "Key": {"id": {"S": name}}}), name
    after = {
        side: "Item" in again.call("GetItem", {"TableName": "Single", "Key": {"id": {"S": f"{side}{told + 1}"}}})
        for side in ("left", "right")
    }
    assert after["left"] == after["right"]
    again.close()


def test_a_damaged_file_is_one_error(tmp_path: Path) -> None:
    """It names the file and what to do; so does one from a later version."""
    path = tmp_path / "dynamodb.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreFault) as damaged:
        Store(path)
    assert str(damaged.value).startswith(f"{path}: the tables of DynamoDB cannot be used: file is not a database")
    assert "Move the file away" in str(damaged.value)
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StoreFault, match="it has format 9, not 1"):
        Store(path)


def test_a_description_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    """What somebody else wrote into the file."""
    path = tmp_path / "dynamodb.sqlite"
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO tables VALUES (1, 'x', '{}')")
    connection.commit()
    connection.close()
    with pytest.raises(StoreFault, match="the tables of DynamoDB cannot be used"):
        Store(path)


def test_an_item_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    """The others are read all the same."""
    path = tmp_path / "dynamodb.sqlite"
    engine = opened(path)
    engine.call("CreateTable", TABLE)
    for name in ("a", "b"):
        engine.call("PutItem", {"TableName": "Single", "Item": {"id": {"S": name}}})
    connection = sqlite3.connect(path)
    connection.execute("UPDATE items_1 SET item = substr(item, 3) WHERE id = 1")
    connection.commit()
    connection.close()
    with pytest.raises(StoreFault, match="the tables of DynamoDB cannot be used: "):
        engine.call("GetItem", {"TableName": "Single", "Key": {"id": {"S": "a"}}})
    assert engine.call("GetItem", {"TableName": "Single", "Key": {"id": {"S": "b"}}}) == {"Item": {"id": {"S": "b"}}}
    engine.close()


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write that does not fit fails, also within a transaction; everything before it is there, and can be read."""
    monkeypatch.setattr(store_module, "MAX_PAGES", 120)
    engine = opened(tmp_path / "dynamodb.sqlite")
    engine.call("CreateTable", TABLE)
    written = 0
    with pytest.raises(StoreFault, match="database or disk is full"):  # noqa: PT012 - until it is full
        while True:
            item = {"id": {"S": str(written)}, "t": {"S": "x" * 20_000}}
            engine.call("PutItem", {"TableName": "Single", "Item": item})
            written += 1
    large = [
        {"Put": {"TableName": "Single", "Item": {"id": {"S": f"t{number}"}, "t": {"S": "x" * 20_000}}}}
        for number in range(2)
    ]
    with pytest.raises(StoreFault, match="full"):
        engine.call("TransactWriteItems", {"TransactItems": large})
    assert engine.call("DescribeTable", {"TableName": "Single"})["Table"]["ItemCount"] == written > 5
    engine.call("DeleteItem", {"TableName": "Single", "Key": {"id": {"S": "0"}}})
    engine.call("PutItem", {"TableName": "Single", "Item": {"id": {"S": "small"}}})
    engine.close()


def test_a_failed_change_leaves_the_table_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that cannot be made is not told of."""
    engine = opened(tmp_path / "dynamodb.sqlite")
    engine.call(
        "CreateTable",
        {**TABLE, "GlobalSecondaryIndexes": [], "AttributeDefinitions": TABLE["AttributeDefinitions"][:1]},
    )

    def fail(*given: Any) -> None:
        raise StoreFault("the disk is full")

    monkeypatch.setattr(Store, "_fill_index", fail)
    update = {"GlobalSecondaryIndexUpdates": [{"Create": TABLE["GlobalSecondaryIndexes"][0]}]}
    with pytest.raises(StoreFault):
        engine.call(
            "UpdateTable", {"TableName": "Single", "AttributeDefinitions": TABLE["AttributeDefinitions"], **update}
        )
    assert "GlobalSecondaryIndexes" not in engine.call("DescribeTable", {"TableName": "Single"})["Table"]
    engine.call("PutItem", {"TableName": "Single", "Item": {"id": {"S": "a"}, "g": {"S": "G"}}})
    engine.close()


def test_tokens_are_kept_for_their_time() -> None:
    """With what was asked for; each of its own."""
    store = Store()
    assert store.token("a", 0.0) is None
    store.keep_token("a", b"one", 10.0)
    store.keep_token("b", b"two", 20.0)
    assert (store.token("a", 10.0), store.token("b", 10.0), store.token("c", 10.0)) == (b"one", b"two", None)
    assert (store.token("a", 10.5), store.token("b", 10.5)) == (None, b"two")
    assert store.token("a", 0.0) is None
    store.close()


def test_an_index_is_read_from_where_its_page_ended(tmp_path: Path) -> None:
    """Items that are alike in the index are told apart by their keys."""
    engine = opened(tmp_path / "dynamodb.sqlite")
    engine.call("CreateTable", TABLE)
    for name in "abcde":
        engine.call("PutItem", {"TableName": "Single", "Item": {"id": {"S": name}, "g": {"S": "G"}}})
    found: list[str] = []
    start: dict[str, Any] = {}
    while len(found) < 10:
        asked = {"TableName": "Single", "IndexName": "by-g", "Limit": 2, **start}
        page = engine.call("Scan", asked)
        found += [item["id"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    engine.close()
    assert sorted(found) == list("abcde")
