"""
What archives keep, in which order a replay gets it, and how far replays have come. One SQLite file, beside the journal's.

Events are kept in pages: those of one archive and one minute that came in one turn are a row. A replay goes minute by
minute, as AWS's do, so that nothing smaller has to be found; and a page costs what a single event would.

Committed rows outlive the end of the process at any moment; when the whole machine stops, the last few may be gone
(``synchronous = NORMAL``): an archive is a copy, and events are delivered whatever becomes of it.
"""

from __future__ import annotations

import json
import math
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from livebus.errors import LivebusError
from livebus.runtime.kept.sqlite_file import SqliteFile
from livebus.template.application import Archive

# Replays that are over, and nobody asks for any more: AWS forgets them after 90 days.
MAX_REPLAYS = 1000

_TABLES = """
CREATE TABLE IF NOT EXISTS archives (
    name TEXT PRIMARY KEY, arn TEXT NOT NULL, bus TEXT NOT NULL, bus_arn TEXT NOT NULL, pattern TEXT,
    retention_days INTEGER NOT NULL, description TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS created (arn TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pages (
    id INTEGER PRIMARY KEY, archive TEXT NOT NULL, minute INTEGER NOT NULL, kept REAL NOT NULL, count INTEGER NOT NULL,
    size INTEGER NOT NULL, times BLOB NOT NULL, lengths BLOB NOT NULL, texts BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS pages_by_minute ON pages (archive, minute, id);
CREATE TABLE IF NOT EXISTS replays (
    name TEXT PRIMARY KEY, started REAL NOT NULL, state TEXT NOT NULL, archive_arn TEXT NOT NULL, about TEXT NOT NULL
);
"""


# Of 4096 bytes.
_MOST_LOG_PAGES = 16_384
# How much is written before it is worth moving: 4 MiB, SQLite's own measure.
_CHECKPOINT_BYTES = 4 * 1024 * 1024
_CHECKPOINT_ROUNDS = 3


class ArchiveFault(LivebusError):
    """The file cannot be read or written: the disk is full, or somebody took the file away."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event of an archive: ``at`` is the envelope's time in epoch seconds, ``text`` the envelope."""

    at: float
    text: bytes


@dataclass(frozen=True, slots=True)
class ArchivedMinute:
    """
    Events of one minute of one archive; ``kept`` is when the first of them came.

    Times and texts are side by side: numbers and bytes are nothing to Python's garbage collector, which objects for
    each event would keep busy.
    """

    archive_arn: str
    minute: int
    kept: float
    times: array[float] = field(default_factory=lambda: array("d"))
    texts: list[bytes] = field(default_factory=list)


Position = tuple[int, int, int]  # a minute, a page of it, how many events of that page are done


@dataclass(frozen=True, slots=True)
class KeptReplay:
    """
    A replay: what was asked for (times in epoch seconds), and how far it has come.

    ``position`` is how far it has come, ``newest`` the last page that was there when it began.
    """

    name: str
    arn: str
    archive_arn: str
    bus_arn: str
    start: float
    end: float
    started: float
    newest: int
    position: Position
    state: str = "STARTING"
    description: str = ""
    filter_arns: tuple[str, ...] = ()
    reason: str = ""
    ended: float | None = None
    last: float | None = None

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> KeptReplay:
        try:
            about = orjson.loads(text)
            return cls(
                **{**about, "filter_arns": tuple(about["filter_arns"]), "position": tuple(about["position"])},
            )
        except (ValueError, LookupError, TypeError) as error:
            raise ArchiveFault(f"the archive's file has a replay that is none: {error}") from None


def _row(page: ArchivedMinute) -> tuple[str, int, float, int, int, bytes, bytes, bytes]:
    texts = b"".join(page.texts)
    lengths = array("Q", map(len, page.texts))
    return (
        page.archive_arn,
        page.minute,
        page.kept,
        len(page.texts),
        len(texts),
        page.times.tobytes(),
        lengths.tobytes(),
        texts,
    )


class ArchiveStore:
    """Opens (and makes) the file. Used from one thread, but for ``checkpoint``. Every call raises ArchiveFault where the file fails it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._logged = 0
        self._file = SqliteFile(
            path,
            _TABLES,
            what="archive",
            # By itself SQLite would move pages between two events, and wait for the disk: ``checkpoint`` does it beside
            # them. This is for when nobody calls it.
            pragmas={"synchronous": "NORMAL", "wal_autocheckpoint": _MOST_LOG_PAGES},
            fault=ArchiveFault,
            advice="Move it away to start with an empty one; its events stay in that file.",
        )
        self._run = self._file.run
        self.size = int(self._run("SELECT coalesce(sum(size), 0) FROM pages").fetchone()[0])

    def close(self) -> None:
        self._file.close()

    def is_due(self) -> bool:
        """Whether there is enough in the write-ahead log for a checkpoint; begins to count anew where there is."""
        if self._logged < _CHECKPOINT_BYTES:
            return False
        self._logged = 0
        return True

    def checkpoint(self) -> None:
        """
        Move what the write-ahead log has into the database, without keeping writers from it; for a thread of its own.

        What cannot be moved now is moved the next time.
        """
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                for _ in range(_CHECKPOINT_ROUNDS):
                    _, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    if logged == moved:
                        break
        except sqlite3.Error:
            return

    # --- archives ---------------------------------------------------------------------------------------------------

    def archives(self) -> list[Archive]:
        """Those that were made by calls."""
        rows = self._run(
            "SELECT name, arn, bus, bus_arn, pattern, retention_days, description FROM archives ORDER BY name"
        )
        return [Archive(*row) for row in rows]

    def put_archive(self, archive: Archive) -> None:
        self._run(
            "INSERT OR REPLACE INTO archives VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                archive.name,
                archive.arn,
                archive.bus,
                archive.bus_arn,
                archive.event_pattern,
                archive.retention_days,
                archive.description,
            ),
        )

    def remove(self, name: str, arn: str) -> None:
        """An archive, and all that it kept."""
        self._run("DELETE FROM archives WHERE name = ?", (name,))
        self._run("DELETE FROM created WHERE arn = ?", (arn,))
        _, size = self.count(arn)
        self._run("DELETE FROM pages WHERE archive = ?", (arn,))
        self.size -= size

    def created(self, arn: str, now: float) -> float:
        """When an archive was first seen."""
        self._run("INSERT OR IGNORE INTO created VALUES (?, ?)", (arn, now))
        return float(self._run("SELECT at FROM created WHERE arn = ?", (arn,)).fetchone()[0])

    def count(self, arn: str) -> tuple[int, int]:
        """How many events an archive has, and how many bytes they are."""
        row: Any = self._run(
            "SELECT coalesce(sum(count), 0), coalesce(sum(size), 0) FROM pages WHERE archive = ?", (arn,)
        ).fetchone()
        return row[0], row[1]

    # --- events -----------------------------------------------------------------------------------------------------

    def add(self, pages: Sequence[ArchivedMinute]) -> None:
        """Keep events, all of them or none."""
        rows = [_row(page) for page in pages]
        self._file.run_for_all(
            "INSERT INTO pages (archive, minute, kept, count, size, times, lengths, texts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        size = sum(row[4] for row in rows)
        self.size += size
        self._logged += size

    def remove_oldest(self, down_to: int) -> int:
        """Remove the events that were kept first, of any archive, down to a size in bytes; how many that is."""
        removed = 0
        while self.size > down_to:
            rows = self._run("SELECT id, size, count FROM pages ORDER BY id LIMIT 1000").fetchall()
            if not rows:
                break
            left, last = self.size, 0
            for row, size, count in rows:
                if left <= down_to:
                    break
                last, left, removed = row, left - size, removed + count
            self._run("DELETE FROM pages WHERE id <= ?", (last,))
            self.size = left
        return removed

    def remove_before(self, arn: str, kept: float) -> int:
        """Remove what an archive kept before a time; how many events that is."""
        size, count = self._run(
            "SELECT coalesce(sum(size), 0), coalesce(sum(count), 0) FROM pages WHERE archive = ? AND kept < ?",
            (arn, kept),
        ).fetchone()
        if count:
            self._run("DELETE FROM pages WHERE archive = ? AND kept < ?", (arn, kept))
            self.size -= size
        return int(count)

    def newest(self) -> int:
        """The last page."""
        return int(self._run("SELECT coalesce(max(id), 0) FROM pages").fetchone()[0])

    def events_after(self, replay: KeptReplay, most: int) -> tuple[list[KeptEvent], Position | None]:
        """
        The next events of a replay, minute by minute, and its position after them; None where it is at its end.

        They are of one page: there may be none of them within the replay's times, and more to come.
        """
        minute, page, done = replay.position
        found = self._run(
            "SELECT minute, id, times, lengths, texts FROM pages WHERE archive = ? AND (minute, id) >= (?, ?)"
            " AND minute <= ? AND id <= ? ORDER BY minute, id LIMIT 2",
            (replay.archive_arn, minute, page, math.floor(replay.end / 60), replay.newest),
        ).fetchall()
        for found_minute, row, times, lengths, texts in found:
            start = done if (found_minute, row) == (minute, page) else 0
            ats, sizes = array("d", times), array("Q", lengths)
            if start >= len(ats):
                continue
            offset = sum(sizes[:start])
            events = []
            for at, size in zip(ats[start : start + most], sizes[start : start + most], strict=True):
                if replay.start <= at < replay.end:
                    events.append(KeptEvent(at, texts[offset : offset + size]))
                offset += size
            return events, (found_minute, row, start + most)
        return [], None

    # --- replays ----------------------------------------------------------------------------------------------------

    def replay(self, name: str) -> KeptReplay | None:
        found = self._run("SELECT about FROM replays WHERE name = ?", (name,)).fetchone()
        return KeptReplay.from_json(found[0]) if found else None

    def replays(self) -> list[KeptReplay]:
        return [KeptReplay.from_json(row[0]) for row in self._run("SELECT about FROM replays ORDER BY name")]

    def put_replay(self, replay: KeptReplay) -> KeptReplay:
        self._run(
            "INSERT OR REPLACE INTO replays VALUES (?, ?, ?, ?, ?)",
            (replay.name, replay.started, replay.state, replay.archive_arn, replay.to_json()),
        )
        return replay

    def change_replay(self, replay: KeptReplay, **changes: Any) -> KeptReplay:
        return self.put_replay(replace(replay, **changes))

    def forget_replays(self, states: Iterable[str]) -> None:
        """Remove the oldest replays in these states, where there are more than are kept."""
        over = ", ".join(f"'{state}'" for state in states)
        self._run(
            f"DELETE FROM replays WHERE state IN ({over}) AND name NOT IN"  # noqa: S608 - our own words
            " (SELECT name FROM replays ORDER BY started DESC LIMIT ?)",
            (MAX_REPLAYS,),
        )
