"""
How many requests are in flight: as many as pay.

By Little's law, requests in flight = requests per second × latency. Neither factor is known beforehand, so the window
grows while more in flight bring more through, and goes back where they only wait longer. Where the rate is limited, the
law itself says how many are enough.
"""

from __future__ import annotations

import math

FIRST = 32
MOST = 512


class Window:
    """
    The number of requests in flight that is worth while, found in rounds.

    ``most`` is its limit. A round is judged by the requests that were answered per second, and by how long they took: the
    window doubles while that brings more through, or while requests take hardly longer than at best. ``latency`` is that
    of a request, smoothed, in seconds; ``busy`` is the share of the time that the process computes, told by the engine.
    """

    GAIN = 1.15  # twice the window has to bring so much more through
    LONGER = 1.6  # requests that take less than so many times the least are not waiting for each other
    BUSY = 0.9  # a process that has no time left cannot send more, whatever is in flight
    ROUND_SECONDS = 0.08
    CHANCES = 2  # rounds that a larger window has to show what it brings
    PROBE_ROUNDS = 10  # after so many rounds at a size that seems right, try again

    def __init__(self, most: int = MOST, *, fixed: bool = False) -> None:
        self.most = most
        self.size = most if fixed else min(FIRST, most)
        self.latency = 0.0
        self.busy = 0.0
        self._fixed = fixed or self.size == most
        self._answered = 0
        self._waited = 0.0
        self._full = False
        self._round_at: float | None = None
        self._least = math.inf
        self._before = (self.size, 0.0)  # the window before this one, and what it brought through
        self._chances = self.CHANCES
        self._settled = 0

    def is_full(self, in_flight: int) -> bool:
        """Whether no more requests may go; also notes that the window was what held them up."""
        if in_flight < self.size:
            return False
        self._full = True
        return True

    def answered(self, latency: float, now: float) -> None:
        """A request was answered after so many seconds."""
        self.latency = latency if not self.latency else self.latency + (latency - self.latency) / 16
        if self._fixed:
            return
        if self._round_at is None:
            self._round_at = now
        self._answered += 1
        self._waited += latency
        elapsed = now - self._round_at
        if elapsed >= self.ROUND_SECONDS and self._answered >= 2 * self.size:
            # Else something else was the limit: the round says nothing about the window.
            if self._full and self.busy < self.BUSY:
                self._judge(self._answered / elapsed, self._waited / self._answered)
            self._round_at, self._answered, self._waited, self._full = now, 0, 0.0, False

    def needed(self, per_second: float) -> float:
        """The requests in flight that a rate needs (Little's law), half as many again for what is uneven."""
        if per_second == math.inf or not self.latency:
            return math.inf
        return max(4, math.ceil(1.5 * per_second * self.latency))

    def _judge(self, through: float, latency: float) -> None:
        """One round brought so many requests per second through, each of which took so long."""
        self._least = min(self._least, latency)
        size_before, before = self._before
        if self._settled:
            self._settled -= 1
            if self._settled == 0:
                self._grow(through)
        elif through >= before * self.GAIN or latency < self._least * self.LONGER:
            self._grow(through)
        else:
            self._chances -= 1
            if self._chances == 0:
                self.size = size_before
                self._settled = self.PROBE_ROUNDS

    def _grow(self, through: float) -> None:
        self._before = (self.size, through)
        self._chances = self.CHANCES
        self.size = min(self.most, self.size * 2)
