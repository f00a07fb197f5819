"""
What must outlive a crash: events that wait for another try, and the messages of dead-letter queues. One SQLite file.

Nothing is written for an event that was delivered at the first try.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livebus.errors import LivebusError, Place
from livebus.event import Event

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


class Journal:
    """Opens (and makes) the file. Used from one thread; each call is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_TABLES)
            path.chmod(0o600)
        except sqlite3.Error as error:
            raise LivebusError(
                f"cannot use the journal: {error}",
                Place(str(path)),
                advice="Move it away to start with an empty one; events that wait in it stay in that file.",
            ) from None

    def close(self) -> None:
        self._connection.close()

    # --- retries ----------------------------------------------------------------------------------------------------

    def add_retry(self, retry: PendingRetry) -> int:
        cursor = self._connection.execute(
            "INSERT INTO retries (envelope, bus, ingestion_time, rule_arn, target_id, attempts, first, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                retry.event.text.decode(),
                retry.event.bus,
                retry.event.ingestion_time,
                retry.rule_arn,
                retry.target_id,
                retry.attempts,
                retry.first,
                retry.due,
            ),
        )
        return int(cursor.lastrowid or 0)

    def remove_retry(self, row: int) -> None:
        self._connection.execute("DELETE FROM retries WHERE id = ?", (row,))

    def retries(self, limit: int) -> Iterator[PendingRetry]:
        """Those that wait, the first due first."""
        rows = self._connection.execute(
            "SELECT id, envelope, bus, ingestion_time, rule_arn, target_id, attempts, first, due"
            " FROM retries ORDER BY due LIMIT ?",
            (limit,),
        )
        for row, envelope, bus, ingestion_time, rule_arn, target_id, attempts, first, due in rows.fetchall():
            event = Event(json.loads(envelope), bus, ingestion_time)
            yield PendingRetry(event, rule_arn, target_id, attempts, first, due, row)

    def count_retries(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM retries").fetchone()[0])

    # --- queues -----------------------------------------------------------------------------------------------------

    def send(self, queue: str, message_id: str, body: str, attributes: Mapping[str, str], now: float) -> None:
        self._connection.execute(
            "INSERT INTO messages (queue, message_id, sent, body, attributes) VALUES (?, ?, ?, ?, ?)",
            (queue, message_id, now, body, json.dumps(dict(attributes), ensure_ascii=False)),
        )

    def receive(self, queue: str, most: int, *, now: float, hidden_until: float, receipt: str) -> list[QueuedMessage]:
        """Up to ``most`` visible messages, the oldest first; they are hidden until the time given."""
        found = self._connection.execute(
            "SELECT id, message_id, body, attributes, sent, received, first_received FROM messages"
            " WHERE queue = ? AND visible <= ? ORDER BY id LIMIT ?",
            (queue, now, most),
        ).fetchall()
        messages = []
        for row, message_id, body, attributes, sent, received, first in found:
            self._connection.execute(
                "UPDATE messages SET visible = ?, received = received + 1, receipt = ?, first_received = ? WHERE id = ?",
                (hidden_until, receipt, now if first is None else first, row),
            )
            first_received = now if first is None else first
            messages.append(
                QueuedMessage(row, message_id, body, json.loads(attributes), sent, received + 1, first_received)
            )
        return messages

    def delete(self, queue: str, row: int) -> bool:
        return self._connection.execute("DELETE FROM messages WHERE queue = ? AND id = ?", (queue, row)).rowcount > 0

    def hide(self, queue: str, row: int, until: float) -> bool:
        changed = self._connection.execute(
            "UPDATE messages SET visible = ? WHERE queue = ? AND id = ?", (until, queue, row)
        )
        return changed.rowcount > 0

    def purge(self, queue: str) -> None:
        self._connection.execute("DELETE FROM messages WHERE queue = ?", (queue,))

    def counts(self, queue: str, now: float) -> tuple[int, int]:
        """How many messages are visible, and how many are received and not deleted yet."""
        row: Any = self._connection.execute(
            "SELECT count(*), coalesce(sum(visible > ?), 0) FROM messages WHERE queue = ?", (now, queue)
        ).fetchone()
        return row[0] - row[1], row[1]
