"""
What must outlive a crash: events that wait for another try, and the messages of dead-letter queues. One SQLite file.

Nothing is written for an event that was delivered at the first try.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from livebus.errors import LivebusError
from livebus.event.envelope import Event
from livebus.runtime.kept.sqlite_file import SqliteFile

# Of 4096 bytes: 1 GiB. A target that fails for a night must not fill the disk.
MAX_PAGES = 262_144

_TABLES = """
CREATE TABLE IF NOT EXISTS retries (
    id INTEGER PRIMARY KEY, envelope TEXT NOT NULL, bus TEXT NOT NULL, ingestion_time TEXT NOT NULL,
    rule_arn TEXT NOT NULL, target_id TEXT NOT NULL, attempts INTEGER NOT NULL, first REAL NOT NULL, due REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, queue TEXT NOT NULL, message_id TEXT NOT NULL, sent REAL NOT NULL, body TEXT NOT NULL,
    attributes TEXT NOT NULL, visible REAL NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0,
    first_received REAL, receipt TEXT
);
CREATE INDEX IF NOT EXISTS messages_of_queue ON messages (queue, id);
"""


@dataclass(frozen=True, slots=True)
class PendingRetry:
    """An event that waits: ``attempts`` made so far, times in epoch seconds. ``row`` is its number in the journal."""

    event: Event
    rule_arn: str
    target_id: str
    attempts: int
    first: float
    due: float
    row: int = 0


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message as SQS hands it out; ``attributes`` are its message attributes, all of type String."""

    row: int
    message_id: str
    body: str
    attributes: Mapping[str, str]
    sent: float
    received: int
    first_received: float | None


def _attributes(text: str, row: int) -> Mapping[str, str]:
    try:
        return dict(orjson.loads(text))
    except (ValueError, TypeError) as error:
        raise JournalFault(f"the journal's file is damaged: the message in row {row} is none: {error}") from None


class JournalFault(LivebusError):
    """The file cannot be read or written: the disk is full, or somebody took the file away."""


class DeliveryJournal:
    """
    Opens (and makes) the file. Used from one thread; each call is a transaction of its own.

    Every call raises JournalFault where the file fails it.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(
            path,
            _TABLES,
            what="journal",
            pragmas={"synchronous": "FULL", "max_page_count": MAX_PAGES},
            fault=JournalFault,
            advice="Move it away to start with an empty one; events that wait in it stay in that file.",
        )
        self._run = self._file.run

    def close(self) -> None:
        self._file.close()

    # --- retries ----------------------------------------------------------------------------------------------------

    def add_retry(self, retry: PendingRetry) -> int:
        """Keep an event that waits; the number of its row."""
        event = retry.event
        cursor = self._run(
            "INSERT INTO retries (envelope, bus, ingestion_time, rule_arn, target_id, attempts, first, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.text.decode(),
                event.bus,
                event.ingestion_time,
                retry.rule_arn,
                retry.target_id,
                retry.attempts,
                retry.first,
                retry.due,
            ),
        )
        return int(cursor.lastrowid or 0)

    def postpone_retry(self, row: int, attempts: int, due: float) -> None:
        self._run("UPDATE retries SET attempts = ?, due = ? WHERE id = ?", (attempts, due, row))

    def remove_retry(self, row: int) -> None:
        self._run("DELETE FROM retries WHERE id = ?", (row,))

    def retry(self, row: int) -> PendingRetry | None:
        """An event that waits; None where there is no such row any more."""
        found = self._run(
            "SELECT envelope, bus, ingestion_time, rule_arn, target_id, attempts, first, due FROM retries WHERE id = ?",
            (row,),
        ).fetchone()
        if found is None:
            return None
        envelope, bus, ingestion_time, rule_arn, target_id, attempts, first, due = found
        try:
            event = Event.restored(envelope.encode(), bus, ingestion_time)
        except (ValueError, AttributeError) as error:
            raise JournalFault(f"the journal's file is damaged: the event in row {row} is none: {error}") from None
        return PendingRetry(event, rule_arn, target_id, attempts, first, due, row)

    def due_times(self) -> list[tuple[float, int]]:
        """When each event that waits is due, and its row."""
        return list(self._run("SELECT due, id FROM retries ORDER BY due").fetchall())

    # --- queues -----------------------------------------------------------------------------------------------------

    def send(self, queue: str, message_id: str, body: str, attributes: Mapping[str, str], now: float) -> None:
        self._run(
            "INSERT INTO messages (queue, message_id, sent, body, attributes) VALUES (?, ?, ?, ?, ?)",
            (queue, message_id, now, body, json.dumps(dict(attributes), ensure_ascii=False)),
        )

    def receive(self, queue: str, most: int, *, now: float, hidden_until: float, receipt: str) -> list[QueuedMessage]:
        """Up to ``most`` visible messages, the oldest first; they are hidden until the time given."""
        found = self._run(
            "SELECT id, message_id, body, attributes, sent, received, first_received FROM messages"
            " WHERE queue = ? AND visible <= ? ORDER BY id LIMIT ?",
            (queue, now, most),
        ).fetchall()
        messages = []
        for row, message_id, body, attributes, sent, received, first in found:
            first_received = now if first is None else first
            self._run(
                "UPDATE messages SET visible = ?, received = received + 1, receipt = ?, first_received = ? WHERE id = ?",
                (hidden_until, receipt, first_received, row),
            )
            messages.append(
                QueuedMessage(row, message_id, body, _attributes(attributes, row), sent, received + 1, first_received)
            )
        return messages

    def peek(self, queue: str, most: int, now: float) -> list[QueuedMessage]:
        """Up to ``most`` visible messages, the oldest first, as they are: nobody has received them by that."""
        found = self._run(
            "SELECT id, message_id, body, attributes, sent, received, first_received FROM messages"
            " WHERE queue = ? AND visible <= ? ORDER BY id LIMIT ?",
            (queue, now, most),
        ).fetchall()
        return [
            QueuedMessage(row, message_id, body, _attributes(attributes, row), sent, received, first)
            for row, message_id, body, attributes, sent, received, first in found
        ]

    def is_visible(self, queue: str, row: int, now: float) -> bool:
        """Whether a message lies in a queue and nobody has received it."""
        found = self._run("SELECT 1 FROM messages WHERE queue = ? AND id = ? AND visible <= ?", (queue, row, now))
        return found.fetchone() is not None

    def delete(self, queue: str, row: int) -> bool:
        return self._run("DELETE FROM messages WHERE queue = ? AND id = ?", (queue, row)).rowcount > 0

    def hide(self, queue: str, row: int, until: float) -> bool:
        changed = self._run("UPDATE messages SET visible = ? WHERE queue = ? AND id = ?", (until, queue, row))
        return changed.rowcount > 0

    def purge(self, queue: str) -> None:
        self._run("DELETE FROM messages WHERE queue = ?", (queue,))

    def counts(self, queue: str, now: float) -> tuple[int, int]:
        """How many messages are visible, and how many are received and not deleted yet."""
        row: Any = self._run(
            "SELECT count(*), coalesce(sum(visible > ?), 0) FROM messages WHERE queue = ?", (now, queue)
        ).fetchone()
        return row[0] - row[1], row[1]
