"""
The numbers of the entries that are done: all below a watermark, and ranges beyond it.

In: numbers as they are done, in any order. Out: whether a number is done, and the fewest ranges that say it all. What is
beyond the watermark stays small: it is what was overtaken, and no more is in flight than a publication's limits allow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]
"""First and last number, both done."""


class Acknowledged:
    """A set of numbers from 0 that is nearly without gaps."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self.watermark = 0  # all numbers below are done
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """All numbers from ``first`` to ``last`` are done; they may have been before."""
        if first <= self.watermark:
            self.watermark = max(self.watermark, last + 1)
            while self._firsts and self._firsts[0] <= self.watermark:
                self.watermark = max(self.watermark, self._lasts[0] + 1)
                del self._firsts[0], self._lasts[0]
            return
        low = bisect_right(self._firsts, first)
        if low and self._lasts[low - 1] >= first - 1:
            low -= 1
            first = self._firsts[low]
        high = bisect_right(self._firsts, last + 1)
        if high > low:
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    @property
    def last(self) -> int:
        """The highest number that is done; -1 where none is."""
        return self._lasts[-1] if self._lasts else self.watermark - 1

    def __contains__(self, number: int) -> bool:
        if number < self.watermark:
            return True
        at = bisect_right(self._firsts, number)
        return at > 0 and self._lasts[at - 1] >= number

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges())

    def ranges(self) -> Iterator[Range]:
        """The ranges, ascending, none touching the next."""
        if self.watermark:
            yield 0, self.watermark - 1
        yield from zip(self._firsts, self._lasts, strict=True)


def ranges_of(numbers: Iterable[int]) -> Iterator[Range]:
    """Numbers that mostly follow each other, as ranges."""
    first = last = -2
    for number in numbers:
        if number == last + 1:
            last = number
            continue
        if last >= 0:
            yield first, last
        first = last = number
    if last >= 0:
        yield first, last
