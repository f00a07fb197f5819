"""
When throttling sets in, and what a bucket that has run dry lets in.

In: answers, one after the other. Out: whether so much is throttled at once that it has begun, how many requests per second have
been let in since then, and how many could be before.
"""

from __future__ import annotations

import math

CERTAIN = math.log(100_000)  # so many times as likely as chance: it is asked at each answer, and 7,000 times a second
LEAST_SHARE = 0.02
PAUSE = 5  # times the usual time between two answers


class Onset:
    """
    Page's cumulative sum over the answers of a rate: what is put up with, against half of the requests being throttled.

    ``noise`` is the share that is throttled at any rate. The sum begins anew whenever nothing speaks for an onset, so
    the throttled request that it last rose from nothing with is the first of those for which a bucket was empty: what is
    let in from then on is what the bucket is filled with, however deep it is, and what came before is its depth.
    """

    def __init__(self, noise: float, beyond: float = 0.5) -> None:
        usual = noise + LEAST_SHARE
        much = usual + (1 - usual) * beyond
        self._for = math.log(much / usual)
        self._against = math.log((1 - much) / (1 - usual))
        self._sum = 0.0
        self._began_at = math.inf
        self._earlier = 0.0  # let in before the sum last rose from nothing
        self._first_at = math.inf
        self._last_at = math.inf
        self._counted = self._throttled = 0.0  # since then
        self._pauses, self._paused = 0, 0.0
        self.is_certain = False

    def answered(self, now: float, throttled: float) -> None:
        """An answer; ``throttled`` is the share of its entries that were, from 0 to 1."""
        self._began_at = min(self._began_at, now)
        if self._sum == 0 and throttled == 0 and not self.is_certain:
            self._earlier += 1
            return
        if self._counted == 0:
            self._first_at = self._last_at = now
            self._pauses, self._paused = 0, 0.0
        gap = now - self._last_at
        usual_gap = (self._last_at - self._first_at - self._paused) / max(1, self._counted - 1)
        if self._counted >= 4 and gap > PAUSE * usual_gap:
            self._pauses += 1
            self._paused += gap
        self._last_at = now
        self._counted += 1
        self._throttled += throttled
        if self.is_certain:
            return
        self._sum += throttled * self._for + (1 - throttled) * self._against
        if self._sum <= 0:
            self._earlier += self._counted - self._throttled
            self._sum = self._counted = self._throttled = 0.0
        self.is_certain = self._sum >= CERTAIN

    @property
    def counted(self) -> float:
        return self._counted

    @property
    def throttled(self) -> float:
        return self._throttled

    @property
    def seconds(self) -> float:
        """From the first answer that was throttled since then to the last."""
        return self._last_at - self._first_at if self._counted else 0.0

    @property
    def is_by_quota(self) -> bool:
        """Whether more than half has been throttled since then: that is no chance."""
        return self._throttled > self._counted / 2

    @property
    def let_in(self) -> float:
        """Requests per second since it has set in: one less than counted, since the first may be the last of a token's time."""
        elapsed = self._last_at - self._first_at
        through = max(self._counted - self._throttled - 1, 0.5)
        return through / elapsed if elapsed > 0 else through

    @property
    def let_in_meanwhile(self) -> float:
        """The same without the pauses in which nothing came: a bucket without a burst keeps one of them, and no more."""
        elapsed = self._last_at - self._first_at - self._paused
        through = max(self._counted - self._throttled - 1 - self._pauses, 0.5)
        return through / elapsed if elapsed > 0 else through

    def depth(self, per_second: float) -> float:
        """So many requests could come at once, if so many are let in per second; less than one where it is not known."""
        return self._earlier - per_second * (self._first_at - self._began_at)
