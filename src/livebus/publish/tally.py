"""
Counts, reasons and latencies of a publication, for its summary.

In: outcomes. Out: numbers.
"""

from __future__ import annotations

from collections import Counter

from livebus.publish.latencies import Latencies


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
