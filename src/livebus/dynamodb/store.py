"""
Tables in SQLite: in memory, or in one file that outlives a killed process.

In: tables, and items by where they stand (bytes, see ``key_bytes``). Each table is one of SQLite's, an item a row of it;
the columns of keys have SQLite's indexes. What is written is in the file's log when the call returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import orjson

from livebus.dynamodb.attribute_values import Item, Value
from livebus.dynamodb.table import Index, Place, Table, expiry, index_places, place
from livebus.errors import LivebusError
from livebus.errors import Place as Where

_T = TypeVar("_T")
# Of 4096 bytes: 8 GiB. A loop that writes must not fill the disk.
MAX_PAGES = 2_097_152
_FORMAT = 1
_ROWS_AT_ONCE = 32
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tables (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, request BLOB NOT NULL, time REAL NOT NULL) WITHOUT ROWID;
"""
_ADVICE = "Move the file away to begin with empty tables; nothing else is kept in it."


class StoreFault(LivebusError):
    """The file of the tables cannot be used: it is damaged, the disk is full, or somebody took it away."""


@dataclass(frozen=True, slots=True)
class Row:
    """An item with its size in bytes, and where it stands: in the order that is read first."""

    item: Item
    size: int


@dataclass(frozen=True, slots=True)
class Range:
    """
    A part of a table or an index, in order.

    ``partition`` is one partition; without it ``first`` and ``end`` are bounds of partitions (the end not in it).
    ``low`` and ``high`` bound the sort keys: bytes, and whether they are in it. ``after`` is where to go on: the place in
    the index where there is one, then the place in the table.
    """

    partition: bytes | None = None
    low: tuple[bytes, bool] | None = None
    high: tuple[bytes, bool] | None = None
    first: bytes | None = None
    end: bytes | None = None
    after: tuple[bytes, ...] | None = None
    is_forward: bool = True


class Store:
    """Used from one thread. Every method raises StoreFault where SQLite fails."""

    def __init__(self, path: Path | None = None) -> None:
        """Opens the file, and makes it; without one, the tables are in memory."""
        self._where = Where(str(path)) if path else Where()
        try:
            if path is not None:
                path.touch(mode=0o600)  # before SQLite makes it, and the files beside it, readable for all
            # What is in memory may be closed by whichever thread collects it.
            self._connection = sqlite3.connect(
                path or ":memory:", isolation_level=None, cached_statements=512, check_same_thread=path is not None
            )
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from None
        try:
            # A killed process loses nothing with NORMAL; a power cut may lose the last moments, never the file.
            for name, value in {"journal_mode": "WAL", "synchronous": "NORMAL", "max_page_count": MAX_PAGES}.items():
                self._connection.execute(f"PRAGMA {name} = {value}")
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            if found not in (0, _FORMAT):
                raise ValueError(f"it has format {found}, not {_FORMAT}")  # noqa: TRY301 - told as the others are
            self._connection.executescript(_SCHEMA)
            self._connection.execute(f"PRAGMA user_version = {_FORMAT}")
            self._tables = {table.name: table for table in self._read_tables()}
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            self._connection.close()
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> StoreFault:
        return StoreFault(f"the tables of DynamoDB cannot be used: {error}", self._where, advice=_ADVICE)

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise self._fault(error) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within, or nothing of it."""
        self._run("BEGIN IMMEDIATE")
        tables = dict(self._tables)
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            self._tables = tables
            if self._connection.in_transaction:
                self._run("ROLLBACK")
            raise

    # --- tables -----------------------------------------------------------------------------------------------------

    def _read_tables(self) -> Iterator[Table]:
        rows = self._connection.execute("SELECT description FROM tables ORDER BY number").fetchall()
        return (Table.from_json(orjson.loads(text)) for (text,) in rows)

    def table(self, name: str) -> Table | None:
        return self._tables.get(name)

    def tables(self) -> list[Table]:
        """All of them, by name."""
        return [self._tables[name] for name in sorted(self._tables)]

    def next_number(self) -> int:
        (most,) = self._run("SELECT coalesce(max(number), 0) FROM tables").fetchone()
        return int(most) + 1

    def create(self, table: Table) -> None:
        with self.transaction():
            number = table.number
            self._run(f"DROP TABLE IF EXISTS items_{number}")
            self._run(
                f"CREATE TABLE items_{number} (id INTEGER PRIMARY KEY, p BLOB NOT NULL, s BLOB NOT NULL,"
                " size INTEGER NOT NULL, expires INTEGER, item TEXT NOT NULL)"
            )
            self._run(f"CREATE UNIQUE INDEX keys_{number} ON items_{number} (p, s)")
            self._run(f"CREATE INDEX expiries_{number} ON items_{number} (expires) WHERE expires IS NOT NULL")
            for index in table.indexes:
                self._add_index(table, index)
            self._keep(table)

    def _keep(self, table: Table) -> None:
        self._run(
            "INSERT OR REPLACE INTO tables (number, name, description) VALUES (?, ?, ?)",
            (table.number, table.name, orjson.dumps(table.to_json()).decode()),
        )
        self._tables[table.name] = table

    def _add_index(self, table: Table, index: Index) -> None:
        number, columns = table.number, f"p{index.number}, s{index.number}"
        known = {row[1] for row in self._run(f"PRAGMA table_info(items_{number})")}
        for column in (f"p{index.number}", f"s{index.number}"):
            if column not in known:  # an index that is gone leaves its columns behind, empty
                self._run(f"ALTER TABLE items_{number} ADD COLUMN {column} BLOB")
        self._run(
            f"CREATE INDEX index_{number}_{index.number} ON items_{number} ({columns}, p, s)"
            f" WHERE p{index.number} IS NOT NULL"
        )

    def change(self, table: Table) -> None:
        """Keep another description of a table, and make and delete indexes and expiries to match it."""
        before = self._tables[table.name]
        with self.transaction():
            old, new = {each.number: each for each in before.indexes}, {each.number: each for each in table.indexes}
            for number in old.keys() - new.keys():
                self._run(f"DROP INDEX index_{table.number}_{number}")
                self._run(f"UPDATE items_{table.number} SET p{number} = NULL, s{number} = NULL")
            for number in sorted(new.keys() - old.keys()):
                self._add_index(table, new[number])
                self._fill_index(table, new[number])
            if before.ttl_attribute != table.ttl_attribute:
                self._fill_expiries(table)
            self._keep(table)

    def _fill_index(self, table: Table, index: Index) -> None:
        """Items whose attributes are of another type than the index's keys are not in it, as on AWS."""
        rows = []
        for row, text in self._run(f"SELECT id, item FROM items_{table.number}"):
            item = self._item(text)
            if all(key.type in item.get(key.name, {}) for key in index.keys.all):
                rows.append((*place(index.keys, item), row))
        statement = f"UPDATE items_{table.number} SET p{index.number} = ?, s{index.number} = ? WHERE id = ?"
        self._try(lambda: self._connection.executemany(statement, rows))

    def _fill_expiries(self, table: Table) -> None:
        self._run(f"UPDATE items_{table.number} SET expires = NULL WHERE expires IS NOT NULL")
        if not table.ttl_attribute:
            return
        rows = []
        for row, text in self._run(f"SELECT id, item FROM items_{table.number}"):
            when = expiry(table, self._item(text))
            if when is not None:
                rows.append((when, row))
        statement = f"UPDATE items_{table.number} SET expires = ? WHERE id = ?"
        self._try(lambda: self._connection.executemany(statement, rows))

    def _try(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except sqlite3.Error as error:
            raise self._fault(error) from None

    def drop(self, table: Table) -> None:
        with self.transaction():
            self._run(f"DROP TABLE items_{table.number}")
            self._run("DELETE FROM tables WHERE number = ?", (table.number,))
            del self._tables[table.name]

    def counts(self, table: Table, index: Index | None = None) -> tuple[int, int]:
        """How many items, and how many bytes they have."""
        where = f" WHERE p{index.number} IS NOT NULL" if index else ""
        row: Any = self._run(f"SELECT count(*), coalesce(sum(size), 0) FROM items_{table.number}{where}").fetchone()
        return row[0], row[1]

    # --- items ------------------------------------------------------------------------------------------------------

    def _item(self, text: str) -> Item:
        try:
            item: Item = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise self._fault(error) from None
        return item

    def get(self, table: Table, where: Place) -> Row | None:
        found = self._run(f"SELECT item, size FROM items_{table.number} WHERE p = ? AND s = ?", where).fetchone()
        return None if found is None else Row(self._item(found[0]), found[1])

    def put(self, table: Table, where: Place, item: Mapping[str, Value], size: int) -> None:
        """Write an item in place of the one that stands there."""
        values: list[object] = [*where, size, expiry(table, item), orjson.dumps(item).decode()]
        for each in index_places(table, item) if table.indexes else ():
            values += each
        self._run(_put_statement(table.number, tuple(index.number for index in table.indexes)), values)

    def delete(self, table: Table, where: Place) -> None:
        self._run(f"DELETE FROM items_{table.number} WHERE p = ? AND s = ?", where)

    def read(self, table: Table, index: Index | None, part: Range, most: int) -> Iterator[Row]:
        """The items of a part, in its order; at most so many. Nothing may be written while they are read."""
        suffix = str(index.number) if index else ""
        columns = [f"p{suffix}", f"s{suffix}", *(["p", "s"] if index else [])]
        conditions, values = _conditions(part, columns, is_index=index is not None)
        direction = "ASC" if part.is_forward else "DESC"
        ordered = ", ".join(f"{column} {direction}" for column in columns)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        statement = f"SELECT item, size FROM items_{table.number}{where} ORDER BY {ordered} LIMIT {most}"
        cursor = self._run(statement, values)
        try:
            while rows := self._try(lambda: cursor.fetchmany(_ROWS_AT_ONCE)):
                for text, size in rows:
                    yield Row(self._item(text), size)
        finally:
            cursor.close()  # a reading that is left in the middle would hold the table

    def expire(self, table: Table, before: int, not_before: int, most: int) -> int:
        """Delete items whose time is over; how many. Those of long ago stay, as on AWS."""
        return self._run(
            f"DELETE FROM items_{table.number} WHERE id IN (SELECT id FROM items_{table.number}"
            " WHERE expires IS NOT NULL AND expires <= ? AND expires >= ? LIMIT ?)",
            (before, not_before, most),
        ).rowcount

    # --- tokens -----------------------------------------------------------------------------------------------------

    def token(self, token: str, since: float) -> bytes | None:
        """What was asked for with a token, where that is not too long ago."""
        self._run("DELETE FROM tokens WHERE time < ?", (since,))
        found = self._run("SELECT request FROM tokens WHERE token = ?", (token,)).fetchone()
        return None if found is None else bytes(found[0])

    def keep_token(self, token: str, request: bytes, now: float) -> None:
        self._run("INSERT OR REPLACE INTO tokens (token, request, time) VALUES (?, ?, ?)", (token, request, now))


def _conditions(part: Range, columns: list[str], *, is_index: bool) -> tuple[list[str], list[bytes]]:
    """What a part demands of the columns that it is ordered by, and the values for it."""
    partition, sort = columns[:2]
    demands: list[tuple[str, tuple[bytes, ...]]] = []
    if part.partition is not None:
        demands.append((f"{partition} = ?", (part.partition,)))
    elif is_index:
        demands.append((f"{partition} IS NOT NULL", ()))
    if part.first:
        demands.append((f"{partition} >= ?", (part.first,)))
    if part.end is not None:
        demands.append((f"{partition} < ?", (part.end,)))
    for bound, sign in ((part.low, ">"), (part.high, "<")):
        if bound is not None:
            demands.append((f"{sort} {sign}{'=' if bound[1] else ''} ?", (bound[0],)))
    if part.after is not None:
        after, at = (columns, part.after) if part.partition is None else (columns[1:], part.after[1:])
        sign = ">" if part.is_forward else "<"
        demands.append((f"({', '.join(after)}) {sign} ({', '.join('?' * len(after))})", at))
    return [text for text, _ in demands], [value for _, values in demands for value in values]


@lru_cache(1000)
def _put_statement(table: int, indexes: tuple[int, ...]) -> str:
    columns = ["p", "s", "size", "expires", "item", *(f"{letter}{each}" for each in indexes for letter in "ps")]
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    return (
        f"INSERT INTO items_{table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (p, s) DO UPDATE SET {changes}"
    )
