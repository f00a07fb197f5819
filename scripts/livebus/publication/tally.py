"""
Counts, reasons and latencies of a publication, for its summary.

In: outcomes. Out: numbers. Latencies are kept in buckets 7 % wide, whatever their number.
"""

from __future__ import annotations

import math
from collections import Counter

_STEP = math.log(1.07)


class Latencies:
    """Percentiles of times in seconds, each at most 7 % above the true one."""

    def __init__(self) -> None:
        self.count = 0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        self.count += 1
        self._buckets[math.ceil(math.log(seconds) / _STEP) if seconds > 1e-6 else -1_000] += 1

    def percentile(self, percent: float) -> float:
        """The time that so many percent stay below; 0 where nothing was measured."""
        wanted = max(1, math.ceil(self.count * percent / 100))
        for bucket in sorted(self._buckets):
            wanted -= self._buckets[bucket]
            if wanted <= 0:
                return math.exp(bucket * _STEP)
        return 0.0


class Tally:
    """What became of the entries so far."""

    def __init__(self) -> None:
        self.accepted = 0
        self.rejected: Counter[str] = Counter()  # entries, by error code
        self.retried: Counter[str] = Counter()  # attempts, by error code
        self.unreadable = 0
        self.latencies = Latencies()

    @property
    def failed(self) -> int:
        return self.rejected.total()
