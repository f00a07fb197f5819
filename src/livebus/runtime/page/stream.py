"""
Changes as lines of JSON, as long as the page reads them. A page that does not read is cut off; the line never waits for one.

Kinds: ``hello`` (the run, the last change), ``event`` (a summary), ``gap`` (more changed than one flush tells: read the events
again), ``state`` (anything else changed), ``ping``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from livebus.runtime.page.documents import Documents, summary
from livebus.runtime.page.history import History
from livebus.runtime.page.records import Record

FLUSH_SECONDS = 0.05
# After a gap, which the page answers by reading its list anew: as often as an eye can follow a list that is all new each time.
GAP_SECONDS = 0.5
STATE_SECONDS = 0.5
PING_SECONDS = 10.0
MOST_A_FLUSH = 200
# More changes than this are not even looked at, to see how many events they are of.
MOST_UNREAD = 1000
MAX_UNREAD = 1024 * 1024
MAX_STREAMS = 16


class Reader(Protocol):
    """One page: ``unread`` bytes lie in its buffer."""

    @property
    def unread(self) -> int: ...

    async def write(self, lines: bytes) -> None: ...


class Streams:
    """``encode`` makes a line of a document."""

    def __init__(self, history: History, documents: Documents, run: str, encode: Callable[[Any], bytes]) -> None:
        self._history = history
        self._documents = documents
        self._run = run
        self._encode = encode
        self._is_closing = False
        self.count = 0

    def close(self) -> None:
        self._is_closing = True

    async def serve(self, reader: Reader, after: int) -> None:
        """Tell a reader what changes after a number, until it leaves, lags or the runtime stops."""
        if self.count >= MAX_STREAMS:
            await reader.write(self._encode({"kind": "full"}))
            return
        self.count += 1
        try:
            await self._serve(reader, after)
        finally:
            self.count -= 1

    async def _serve(self, reader: Reader, after: int) -> None:
        await reader.write(self._encode({"kind": "hello", "run": self._run, "changed": self._history.changed}))
        if after > self._history.changed:  # of an earlier run
            after = 0
        known: tuple[Any, ...] | None = None
        idle, since_state = 0.0, STATE_SECONDS
        while not self._is_closing and reader.unread <= MAX_UNREAD:
            lines, after = self.flush(after)
            if since_state >= STATE_SECONDS:
                since_state = 0.0
                seen = self._documents.fingerprint()
                if known is not None and seen != known:
                    lines.append({"kind": "state", "counts": self._documents.counts()})
                known = seen
            if not lines and idle >= PING_SECONDS:
                lines = [{"kind": "ping"}]
            if lines:
                idle = 0.0
                await reader.write(b"".join(map(self._encode, lines)))
            pause = GAP_SECONDS if any(line["kind"] == "gap" for line in lines) else FLUSH_SECONDS
            await asyncio.sleep(pause)
            idle += pause
            since_state += pause

    def flush(self, after: int) -> tuple[list[dict[str, Any]], int]:
        """What changed after a number, the oldest change first, and the number to go on with."""
        if self._history.changed - after > MOST_UNREAD:
            return [{"kind": "gap", "changed": self._history.changed}], self._history.changed
        found: list[Record] = []
        for record in self._history.since(after):
            if len(found) >= MOST_A_FLUSH:
                return [{"kind": "gap", "changed": self._history.changed}], self._history.changed
            found.append(record)
        lines = [{"kind": "event", "changed": each.changed, **summary(each)} for each in reversed(found)]
        return lines, self._history.changed
