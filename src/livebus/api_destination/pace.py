"""
How fast requests to one API destination follow one another: InvocationRateLimitPerSecond.

A second's requests may come at once; then each has a moment of its own. There is no clock here: times are arguments.
"""

from __future__ import annotations


class Pace:
    """``rate`` is a number of requests a second."""

    __slots__ = ("_gap", "_next", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._gap = 1.0 / rate
        self._next = 0.0

    def wait(self, now: float) -> float:
        """The seconds until the moment of the next request, which is taken by that; 0 where it may go at once."""
        moment = max(self._next, now)
        self._next = moment + self._gap
        return max(0.0, moment - now - (1.0 - self._gap))
