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

    ``most`` is its limit. A round ends when each place in the window was used a few times; it is judged by the requests
    that were answered per second.
    """

    GAIN = 1.15  # twice the window has to bring so much more
    ROUND_SECONDS = 0.08
    PROBE_ROUNDS = 20  # after so many rounds without growth, try again

    def __init__(self, most: int = MOST, *, fixed: bool = False) -> None:
        self.most = most
        self.size = most if fixed else min(FIRST, most)
        self._fixed = fixed or self.size == most
        self._answered = 0
        self._full = False
        self._round_at: float | None = None
        self._before = (0, 0.0)  # the window before this one, and what it brought
        self._settled = 0
        self.latency = 0.0  # of a request, smoothed

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
        elapsed = now - self._round_at
        if elapsed >= self.ROUND_SECONDS and self._answered >= 2 * self.size:
            self._judge(self._answered / elapsed)
            self._round_at, self._answered, self._full = now, 0, False

    def needed(self, per_second: float) -> float:
        """The requests in flight that a rate needs (Little's law), half as many again for what is uneven."""
        if per_second == math.inf or not self.latency:
            return math.inf
        return max(4, math.ceil(1.5 * per_second * self.latency))

    def _judge(self, through: float) -> None:
        """One round brought so many requests per second through."""
        size_before, before = self._before
        if not self._full:
            return  # something else was the limit: the round says nothing about the window
        if self._settled:
            self._settled -= 1
            if self._settled == 0:
                self._before = (self.size, through)
                self.size = min(self.most, self.size * 2)
            return
        if through >= before * self.GAIN:
            self._before = (self.size, through)
            self.size = min(self.most, self.size * 2)
            return
        self.size = max(min(FIRST, self.most), size_before)
        self._settled = self.PROBE_ROUNDS
