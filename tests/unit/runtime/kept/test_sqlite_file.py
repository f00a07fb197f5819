"""One SQLite file: its settings, and faults that name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.runtime.kept.sqlite_file import SqliteFile


class Fault(LivebusError):
    """What the file fails with."""


def opened(path: Path) -> SqliteFile:
    return SqliteFile(
        path,
        "CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
        what="shelf",
        pragmas={"synchronous": "FULL", "max_page_count": 1_000},
        fault=Fault,
        advice="Move it away.",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.sqlite"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    made = opened(path)
    yield made
    made.close()


def kept(file: SqliteFile) -> list[tuple[int, str]]:
    return file.run("SELECT id, text FROM kept ORDER BY id").fetchall()


def test_its_settings_are_those_that_were_given(file: SqliteFile) -> None:
    """Beside a write-ahead log, which it has always: whoever reads waits for no writer."""
    found = [file.run(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "max_page_count")]
    assert found == ["wal", 2, 1_000]


def test_each_statement_stays(file: SqliteFile, path: Path) -> None:
    """It is there for another reader at once."""
    file.run("INSERT INTO kept (text) VALUES (?)", ("a",))
    file.run_for_all("INSERT INTO kept (text) VALUES (?)", [("b",), ("c",)])
    again = opened(path)
    assert kept(file) == kept(again) == [(1, "a"), (2, "b"), (3, "c")]
    again.close()


def test_statements_for_many_rows_are_all_made_or_none(file: SqliteFile, path: Path) -> None:
    """What cannot be written is told with the file's name, and the next ones go on."""
    with pytest.raises(Fault) as told:
        file.run_for_all("INSERT INTO kept (text) VALUES (?)", [("a",), (None,)])
    assert str(told.value) == f"{path}: the shelf cannot be written: NOT NULL constraint failed: kept.text"
    assert kept(file) == []
    file.run_for_all("INSERT INTO kept (text) VALUES (?)", [("b",)])
    assert kept(file) == [(1, "b")]


def test_a_statement_that_fails_is_a_fault(file: SqliteFile, path: Path) -> None:
    """Of the file."""
    with pytest.raises(Fault) as told:
        file.run("SELECT absent")
    assert str(told.value) == f"{path}: the shelf cannot be used: no such column: absent"


@pytest.mark.parametrize(
    ("content", "reason"), [(b"something else" * 100, "file is not a database"), (None, "unable to open database file")]
)
def test_what_is_no_such_file_is_refused(content: bytes | None, reason: str, path: Path) -> None:
    """With what to do about it; it is left as it is."""
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(Fault) as told:
        opened(path)
    assert str(told.value) == f"{path}: cannot use the shelf: {reason}. Move it away."
    assert content is None or path.read_bytes() == content
