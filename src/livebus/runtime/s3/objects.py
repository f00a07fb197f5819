"""
The objects of S3 buckets: what `sam deploy` uploads. One SQLite file, bounded, so that artefacts outlive a restart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from livebus.errors import LivebusError
from livebus.runtime.kept.sqlite_file import SqliteFile

# Of 4096 bytes: 1 GiB.
_MAX_PAGES = 262_144

_TABLES = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, made REAL NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, type TEXT NOT NULL, modified REAL NOT NULL,
    size INTEGER NOT NULL, metadata TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
"""


class NoRoom(LivebusError):
    """The file cannot be written: the disk is full, or the bound of all objects is reached."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object; ``etag`` is the MD5 of its body in hex, ``modified`` epoch seconds, ``metadata`` JSON text."""

    key: str
    etag: str
    content_type: str
    modified: float
    size: int
    metadata: str


class S3Objects:
    """Opens (and makes) the file. Used from one thread; each call is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(
            path,
            _TABLES,
            what="buckets' file",
            pragmas={"max_page_count": _MAX_PAGES},
            fault=NoRoom,
            advice="Move it away to start with empty buckets.",
        )
        self._run = self._file.run

    def close(self) -> None:
        self._file.close()

    # --- buckets ----------------------------------------------------------------------------------------------------

    def buckets(self) -> list[tuple[str, float]]:
        """Every bucket's name, and when it was made."""
        return self._run("SELECT name, made FROM buckets ORDER BY name").fetchall()

    def has_bucket(self, bucket: str) -> bool:
        return self._run("SELECT 1 FROM buckets WHERE name = ?", (bucket,)).fetchone() is not None

    def make_bucket(self, bucket: str, now: float) -> bool:
        """Whether it is new."""
        return self._run("INSERT OR IGNORE INTO buckets VALUES (?, ?)", (bucket, now)).rowcount > 0

    def is_empty(self, bucket: str) -> bool:
        return self._run("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (bucket,)).fetchone() is None

    def remove_bucket(self, bucket: str) -> None:
        self._run("DELETE FROM buckets WHERE name = ?", (bucket,))

    # --- objects ----------------------------------------------------------------------------------------------------

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str, metadata: str, now: float) -> str:
        """Keep an object, in place of one of that key. Its etag."""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        values = (bucket, key, etag, content_type, now, len(body), metadata, body)
        self._run("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return etag

    def find(self, bucket: str, key: str) -> StoredObject | None:
        found = self._run(
            "SELECT key, etag, type, modified, size, metadata FROM objects WHERE bucket = ? AND key = ?", (bucket, key)
        ).fetchone()
        return None if found is None else StoredObject(*found)

    def body(self, bucket: str, key: str) -> bytes | None:
        found = self._run("SELECT body FROM objects WHERE bucket = ? AND key = ?", (bucket, key)).fetchone()
        return None if found is None else bytes(found[0])

    def remove(self, bucket: str, key: str) -> None:
        self._run("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket, key))

    def listed(self, bucket: str, prefix: str, after: str, most: int) -> list[StoredObject]:
        """Up to ``most`` objects whose keys begin with a prefix and come after another key, in the order of their keys."""
        found = self._run(
            "SELECT key, etag, type, modified, size, metadata FROM objects"
            " WHERE bucket = ? AND key > ? AND substr(key, 1, ?) = ? ORDER BY key LIMIT ?",
            (bucket, after, len(prefix), prefix, most),
        ).fetchall()
        return [StoredObject(*row) for row in found]
