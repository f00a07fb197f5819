"""
How fast requests may go: the rate that is wanted, and the rate that a throttling service turns out to allow.

In: the time, what was sent, accepted and throttled. Out: when the next request may go.
"""

from __future__ import annotations

import math

# Timers come late, and a process waits for its core; what was missed in so many seconds is sent after.
CATCH_UP_SECONDS = 1.0
# At a small rate requests are small: an entry is not to wait longer for others.
TOGETHER_SECONDS = 0.1
# A service's own bucket is not known to be deeper than this.
LATE_SECONDS = 0.025


class Rate:
    """A token bucket for entries: ``per_second`` of them, on the whole; what was held up for up to 1 s is made up for."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self.batch = max(1, min(10, int(per_second * TOGETHER_SECONDS)))
        self.next = -math.inf  # when the next request may go

    def sent(self, entries: int, now: float) -> None:
        begun = self.next if self.next > -math.inf else now
        self.next = max(begun, now - CATCH_UP_SECONDS) + entries / self.per_second

    def begin(self, now: float) -> None:
        """The first answer came: what was held up while the connection was made is not made up for."""
        self.next = max(self.next, now)


class Quota:
    """
    Finds the number of requests per second that a service allows, from what it throttles.

    Each round of half a second is judged by the share of it that was throttled. Little of it lets the limit grow, slowly
    at first (a quota is adjustable, and other publishers come and go); without any throttling there is none. More makes
    the limit what was accepted, a little less: a saturated service accepts just its quota. Where a lower limit does not
    lessen the share, it is none of a quota's doing: so much is put up with from then on, and the limit grows again.
    """

    CUT = 0.96
    ROUND_SECONDS = 0.5
    ROUND_REQUESTS = 50  # a round has so many at the least, or takes four times as long
    TOLERATED = 0.02  # now and then one too many is the price of sending all that is allowed
    MUCH = 0.15
    IN_VAIN = 4  # so many lower limits have not lessened a share that is much
    FLOOR = 1.0

    def __init__(self) -> None:
        self.per_second = math.inf
        self.next = -math.inf  # when the next request may go
        self._round_at = math.inf  # when it began
        # Of this round: answers, and what became of the requests that were sent in it; others say nothing new.
        self._came = self._accepted = self._throttled = 0
        self._growth = 1.0
        self._noise = 0.0
        self._in_vain = 0
        self._before = 0.0  # the share that made the limit smaller in the round before, or 0

    def sent(self, now: float) -> None:
        """A request goes."""
        self._round_at = min(self._round_at, now)
        if self.per_second != math.inf:
            self.next = max(self.next, now - LATE_SECONDS) + 1 / self.per_second

    def accepted(self, now: float, sent_at: float) -> None:
        """A request was accepted."""
        self._came += 1
        self._accepted += sent_at >= self._round_at
        self._end_of_round(now)

    def throttled(self, now: float, sent_at: float) -> None:
        """A request was throttled, or an entry in it."""
        self._throttled += sent_at >= self._round_at
        self._end_of_round(now)

    def _end_of_round(self, now: float) -> None:
        elapsed = now - self._round_at
        counted = self._accepted + self._throttled
        if elapsed >= self.ROUND_SECONDS:
            ended = counted >= self.ROUND_REQUESTS or elapsed >= 4 * self.ROUND_SECONDS
        else:  # what is far too fast is told by few requests
            ended = elapsed >= 0.1 and self._throttled >= 10 and self._throttled > counted * self.MUCH
        if ended:
            self._judge(
                self._throttled / max(counted, 1), self._came / elapsed, now, sure=elapsed >= self.ROUND_SECONDS
            )

    def _judge(self, share: float, through: float, now: float, *, sure: bool) -> None:
        """A round has ended: so much of it was throttled, so many requests per second were accepted."""
        self._noise *= 0.98
        if share <= self._noise + self.TOLERATED:
            self._before = 0.0
            self._limit(self.per_second * (1 + self._growth), now)
            self._growth = max(self._growth, min(0.05, self._growth * 2))  # from 1 % a round to 5 %
            self._in_vain = 0
            return
        self._in_vain = self._in_vain + 1 if share > self._before * 0.6 > 0 else 0
        self._before = share
        if self._in_vain >= (1 if share <= self.MUCH else self.IN_VAIN):
            self._noise, self._before, self._growth = share, 0.0, 1.0
            self._limit(self.per_second, now)
        else:
            self._growth = 0.01 if sure else 0.1
            limit = min(self.per_second, through) * self.CUT
            self._limit(limit if self.per_second == math.inf else max(limit, self.per_second * 0.5), now)

    def _limit(self, per_second: float, now: float) -> None:
        self.per_second = max(self.FLOOR, per_second)
        self.next = max(self.next, now + 1 / self.per_second) if self.next == -math.inf else self.next
        self._round_at = now
        self._came = self._accepted = self._throttled = 0
