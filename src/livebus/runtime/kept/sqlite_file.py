"""
One SQLite file of the state folder: readable by its owner only, with a write-ahead log, and with errors that name it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from livebus.errors import LivebusError, Place


class SqliteFile:
    """
    Opens (and makes) the file. Used from one thread; each statement is a transaction of its own.

    ``what`` is what messages call it. Raises ``fault``, also from every statement, where the file fails it: the disk is
    full, or somebody took the file away.
    """

    def __init__(
        self,
        path: Path,
        tables: str,
        *,
        what: str,
        pragmas: Mapping[str, object],
        fault: type[LivebusError],
        advice: str,
    ) -> None:
        self._place = Place(str(path))
        self._what = what
        self._fault = fault
        try:
            path.touch(mode=0o600)  # before SQLite makes it, and the files beside it, readable for all
            self._connection = sqlite3.connect(path, isolation_level=None)
            try:
                for name, value in {"journal_mode": "WAL", **pragmas}.items():
                    self._connection.execute(f"PRAGMA {name} = {value}")
                self._connection.executescript(tables)
            except sqlite3.Error:
                self._connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise fault(f"cannot use the {what}: {error}", self._place, advice=advice) from None

    def run(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise self._fault(f"the {self._what} cannot be used: {error}", self._place) from None

    def run_for_all(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """A statement for each of the rows, in one transaction: for all of them or none."""
        try:
            self._connection.execute("BEGIN")
            with self._connection:
                self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise self._fault(f"the {self._what} cannot be written: {error}", self._place) from None

    def close(self) -> None:
        self._connection.close()
