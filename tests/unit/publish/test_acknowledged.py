"""The numbers that are done, held against a plain set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livebus.publish.acknowledged import Acknowledged, ranges_of

RANGES = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 12)).map(lambda each: (each[0], sum(each))), max_size=40)


@given(RANGES)
def test_it_holds_what_a_set_holds(ranges: list[tuple[int, int]]) -> None:
    """Whatever the order, overlaps and repetitions; the ranges never touch each other, the watermark is the first gap."""
    done = Acknowledged()
    expected: set[int] = set()
    for first, last in ranges:
        done.add(first, last)
        expected |= set(range(first, last + 1))
        assert expected == {number for number in range(120) if number in done}
        found = list(done.ranges())
        assert found == list(ranges_of(sorted(expected)))
        assert len(done) == len(expected)
        assert done.watermark == next(number for number in range(200) if number not in expected)
    assert expected == {number for number in range(120) if number in Acknowledged(done.ranges())}


def test_numbers_that_follow_each_other_are_one_range() -> None:
    """In the order in which they come."""
    assert list(ranges_of([0, 1, 2, 7, 5, 6, 9])) == [(0, 2), (7, 7), (5, 6), (9, 9)]
    assert list(ranges_of([])) == []
