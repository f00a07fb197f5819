"""
A feed for input that lets wait: a pipe, a terminal, another program.

In: an iterator that blocks. Out: what it has given so far. It is read in a thread of its own, no further ahead than
two thousand entries or two megabytes; what is being read must not hold up what is being sent.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from livebus.errors import LivebusError
from livebus.publish.request import Item

AHEAD = 2_000
AHEAD_BYTES = 2_000_000


class StreamFeed:
    """Reads ahead in a thread. The thread is a daemon: one that waits for input does not keep the process."""

    def __init__(self, items: Iterator[Item]) -> None:
        self.ended = False
        self.ready: Callable[[], object] = lambda: None
        self._items = items
        self._read: deque[Item] = deque()
        self._bytes = 0
        self._wanted = False
        self._finished = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def take(self, count: int) -> Sequence[Item]:
        """Up to ``count`` entries that have been read. Raises what reading raised."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
            self._thread.start()
        with self._changed:
            taken = [self._read.popleft() for _ in range(min(count, len(self._read)))]
            self._bytes -= sum(item[1].size for item in taken)
            self._wanted = len(taken) < count
            is_over = self._finished and not self._read
            error = self._error if is_over else None
            self.ended = is_over and (error is None or not taken)
            self._changed.notify()
        if error is None:
            return taken
        if taken:
            # What was read before it goes first, and whoever takes is to come again for the error.
            self.ready()
            return taken
        raise error if isinstance(error, LivebusError) else RuntimeError("reading failed") from error

    def left(self) -> Sequence[Item]:
        """What was read and not taken."""
        with self._changed:
            return tuple(self._read)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                with self._changed:
                    self._read.append(item)
                    self._bytes += item[1].size
                    wake = self._wanted
                    self._wanted = False
                    while len(self._read) >= AHEAD or self._bytes >= AHEAD_BYTES:
                        self._changed.wait()
                if wake:
                    self.ready()
        except BaseException as raised:  # noqa: BLE001 - whatever it is, it is raised where it is taken
            error = raised
        with self._changed:
            self._error, self._finished = error, True
        self.ready()
