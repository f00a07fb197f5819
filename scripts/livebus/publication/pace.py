"""
How fast requests may go: the rate that is wanted, and the rate that a throttling service turns out to allow.

In: the time, what was sent, accepted and throttled. Out: when the next request may go.
"""

from __future__ import annotations

import math
from collections import deque

# Timers come late; what was missed in so many seconds is sent after, so that the rate holds.
CATCH_UP_SECONDS = 0.1


class Rate:
    """A token bucket for entries: ``per_second`` of them, no more than 0.1 s' worth (or one batch) at once."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        # Small batches at small rates: an entry is not to wait for nine others that come in seconds.
        self.batch = max(1, min(10, int(per_second * CATCH_UP_SECONDS)))
        self.next = -math.inf  # when the next request may go

    def sent(self, entries: int, now: float) -> None:
        self.next = max(self.next, now - CATCH_UP_SECONDS) + entries / self.per_second


class Quota:
    """
    Finds the number of requests per second that a service allows, from what it throttles.

    Without throttling there is no limit. With it, the limit becomes what was accepted in the last second, a little
    less: a saturated service accepts just its quota. Then it grows again, by 1 % a second, and faster the longer nothing
    is throttled: other publishers come and go. A limit that was found in less than half a second may be far off (a burst
    allowance, a cold start): it is corrected by the share that is throttled, and grows fast.
    """

    CUT = 0.96
    WINDOW_SECONDS = 1.0
    SURE_SECONDS = 0.5
    TOLERATED = 0.98  # accepted of what was sent: now and then one too many is the price of sending all that is allowed
    FLOOR = 1.0

    def __init__(self) -> None:
        self.per_second = math.inf
        self.next = -math.inf  # when the next request may go
        self._buckets: deque[list[float]] = deque()  # [time, accepted requests], one for each 50 ms
        self._began: float | None = None
        self._cut_at = -math.inf
        self._grown_at = 0.0
        self._sure = True
        # Of the requests that were sent after the last cut: what was sent before it says nothing new.
        self._accepted = self._throttled = 0.0

    def sent(self, now: float) -> None:
        """A request goes."""
        if self._began is None:
            self._began = now
        if self.per_second != math.inf:
            self._grow(now)
            self.next = max(self.next, now - CATCH_UP_SECONDS / 4) + 1 / self.per_second

    def accepted(self, now: float, sent_at: float) -> None:
        """A request was accepted."""
        if sent_at >= self._cut_at:
            self._accepted += 1
        buckets = self._buckets
        if buckets and now - buckets[-1][0] < 0.05:
            buckets[-1][1] += 1
            return
        # What is long ago counts less and less: half after half a second.
        self._accepted *= 0.93
        self._throttled *= 0.93
        buckets.append([now, 1])
        while buckets[0][0] < now - self.WINDOW_SECONDS:
            buckets.popleft()

    def throttled(self, now: float, sent_at: float) -> None:
        """A request was throttled, or an entry in it."""
        if sent_at < self._cut_at:
            return
        self._throttled += 1
        share = self._accepted / (self._accepted + self._throttled)
        window = min(self.WINDOW_SECONDS, max(now - (self._began or now), 0.05))
        if self.per_second == math.inf or (window >= self.SURE_SECONDS and share < self.TOLERATED):
            while self._buckets and self._buckets[0][0] < now - window:
                self._buckets.popleft()
            measured = sum(count for _, count in self._buckets) / window
            self._cut(min(self.per_second, measured) * self.CUT, now, sure=window >= self.SURE_SECONDS)
        elif self._throttled >= 3 and share < 0.9:
            self._cut(self.per_second * max(share, 0.3), now, sure=False)

    def _cut(self, per_second: float, now: float, *, sure: bool) -> None:
        self.per_second = max(self.FLOOR, per_second)
        self.next = max(self.next, now + 1 / self.per_second)
        self._sure = sure
        self._cut_at = self._grown_at = self._began = now
        self._buckets.clear()
        self._accepted = self._throttled = 0.0

    def _grow(self, now: float) -> None:
        elapsed = now - self._grown_at
        if elapsed < 0.05:
            return
        quiet = now - self._cut_at
        if self._sure:
            # 1 % a second at first, doubled each two seconds without throttling, 100 % a second at the most.
            growth = min(1.0, 0.01 * 2 ** min(quiet / 2, 10))
        else:
            growth = 2.0
        self.per_second *= 1 + growth * min(elapsed, 0.5)
        self._grown_at = now
