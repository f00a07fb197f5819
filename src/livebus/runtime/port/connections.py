"""
How many connections stand at once: as many as the process may have files open, less some for the rest of the runtime.

Beyond that, a new connection takes the place of the one that has waited longest for its client: half of a request, or
none, holds nobody else off. Where all are being answered, or are WebSockets, the new one is closed.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import suppress

# For databases, files, the trace, a sandbox's pipes, keys that are fetched.
_KEPT_FILES = 64
# More than any test of a developer has; each costs memory.
_MOST_FILES = 65_536
_FEWEST = 16
# Between two lines that tell of the bound.
_QUIET_SECONDS = 10.0


def raise_limit() -> tuple[int, str]:
    """
    Let the process open as many files as it may: the limit now, and what people should know of it (empty: nothing).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a limit of its own below the hard one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    limit = _MOST_FILES if soft == resource.RLIM_INFINITY else soft
    low = "" if limit >= 1024 else f"only {limit} files may be open (ulimit -n): {most_connections(limit)} connections"
    return limit, low


def most_connections(limit: int) -> int:
    """How many connections a process may have that may have ``limit`` files open."""
    return max(_FEWEST, limit - _KEPT_FILES)


class Seat:
    """
    One connection's place. It ``waits`` for its client (and may have to go), ``works``, or is gone once it ``leaves``.

    ``abort`` ends the connection at once.
    """

    __slots__ = ("_connections", "abort")

    def __init__(self, connections: Connections, abort: Callable[[], object]) -> None:
        self._connections = connections
        self.abort = abort

    def waits(self) -> None:
        self._connections.move(self, waiting=True)

    def works(self) -> None:
        self._connections.move(self, waiting=False)

    def leaves(self) -> None:
        self._connections.remove(self)


class Connections:
    """Gives each connection a place, ``most`` at once. ``tell`` prints a line for people, ``clock`` is in seconds."""

    def __init__(self, most: int, *, tell: Callable[[str], object], clock: Callable[[], float]) -> None:
        self.most = most
        self._tell = tell
        self._clock = clock
        self._quiet_until = 0.0
        # In the order in which they began to wait.
        self._waiting: dict[Seat, None] = {}
        self._working: set[Seat] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._working)

    def enter(self, abort: Callable[[], object]) -> Seat | None:
        """A place for a new connection; None where there is none."""
        if len(self) >= self.most:
            longest = next(iter(self._waiting), None)
            self._say(closes="the one that waited longest for its client" if longest else "the new one")
            if longest is None:
                return None
            del self._waiting[longest]
            longest.abort()
        place = Seat(self, abort)
        self._waiting[place] = None
        return place

    def move(self, place: Seat, *, waiting: bool) -> None:
        if waiting and place in self._working:
            self._working.remove(place)
            self._waiting[place] = None
        elif not waiting and place in self._waiting:
            del self._waiting[place]
            self._working.add(place)

    def remove(self, place: Seat) -> None:
        self._waiting.pop(place, None)
        self._working.discard(place)

    def _say(self, *, closes: str) -> None:
        now = self._clock()
        if now < self._quiet_until:
            return
        self._quiet_until = now + _QUIET_SECONDS
        self._tell(
            f"{self.most} connections are open, as many as may be (ulimit -n): for each more, {closes} is closed"
        )
