"""
How far beside the likely quota requests go, to learn something.

In: the time, whether too much is throttled, and what is taken for chance. Out: a part of the rate, above it or below.
"""

from __future__ import annotations

import math

FIRST = 0.4  # requests per second, times the root of the rate: smaller publishers take larger steps and catch up
MOST = 0.1
LITTLE = 0.02  # less than that throttled at random needs no proof
BELOW = 0.1
FAR_BELOW = 0.4
DOUBT = 0.08  # beyond what is proven
SECONDS = 0.3  # of a step
LATENCIES = 2.0  # that a step takes longer
REQUESTS = 100  # that say enough: a step below need not take longer


class Probing:
    """
    Steps above the quota that double while nothing speaks against them, and steps below it where chance is believed in.

    What is throttled at random shows below a quota only. So each climb begins there; far below it, where more is taken for
    chance than has been seen at so low a rate.
    """

    def __init__(self) -> None:
        self.beside = 0.0
        self._since = -math.inf
        self._proven = 0.0

    def go_on(self, now: float, rate: float, at_random: float, latency: float) -> None:
        """Take the next step, if it is time; ``rate`` in requests per second, ``latency`` in seconds."""
        seconds = min(SECONDS, REQUESTS / rate) if self.beside < 0 else SECONDS
        if self._since >= now - seconds - LATENCIES * latency:
            return
        self._note(at_random)
        self._since = now
        if self.beside >= MOST and at_random > LITTLE:
            self._go_below(at_random)
        else:
            self.beside = min(MOST, max(2 * self.beside, FIRST / math.sqrt(rate)))

    def too_much(self, now: float, at_random: float) -> None:
        """More is throttled than chance explains."""
        if self.beside >= 0 or now - self._since >= SECONDS:  # else what is sent below has hardly been answered
            self._note(at_random)
            self._since = now
        self._go_below(at_random)

    def _note(self, at_random: float) -> None:
        if self.beside == -FAR_BELOW:
            self._proven = at_random

    def _go_below(self, at_random: float) -> None:
        if at_random <= LITTLE:
            self.beside = 0.0
        else:
            self.beside = -FAR_BELOW if at_random > self._proven + DOUBT else -BELOW
