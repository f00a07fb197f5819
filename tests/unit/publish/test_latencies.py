"""Durations in buckets: what is exact, what is right within two percent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livebus.publish.latencies import Latencies


def latencies(*seconds: float) -> Latencies:
    made = Latencies()
    for each in seconds:
        made.add(each)
    return made


def test_without_durations_everything_is_nothing() -> None:
    """No mean, no percentile."""
    none = latencies()
    assert (none.count, none.mean, none.most, none.percentile(50), none.counts([1.0])) == (0, 0.0, 0.0, 0.0, [0])


def test_what_is_exact() -> None:
    """Count, total, mean, the least and the most: no percentile is beyond them."""
    some = latencies(0.5, 0.25, 1.0)
    assert (some.count, some.total, some.least, some.most) == (3, 1.75, 0.25, 1.0)
    assert some.mean == pytest.approx(0.583333, abs=1e-6)
    assert some.percentile(100) == 1.0
    one = latencies(0.02)
    assert [one.percentile(percent) for percent in (0.1, 50, 99.99)] == [0.02] * 3


@given(st.lists(st.floats(1e-5, 1e4), min_size=1, max_size=50), st.sampled_from([1, 10, 50, 90, 99, 100]))
def test_percentiles_are_right_within_two_percent(durations: list[float], percent: int) -> None:
    """Of the duration that so many percent are no longer than."""
    expected = sorted(durations)[max(1, -(-len(durations) * percent // 100)) - 1]
    assert latencies(*durations).percentile(percent) == pytest.approx(expected, rel=0.0201)


def test_the_shortest_and_the_longest_have_buckets() -> None:
    """Less than a microsecond, none at all, more than 300 hours."""
    some = latencies(0.0, 1e-7, 1e-6, 1e9)
    assert (some.count, some.least, some.most) == (4, 0.0, 1e9)
    assert [some.percentile(percent) for percent in (1, 75)] == [1e-6, 1e-6]
    assert some.percentile(100) > 3600 * 298
    assert some.counts([1.0, 1e10]) == [3, 1]


def test_counts_between_edges() -> None:
    """Below the first, between two, and all that is left in the last."""
    some = latencies(0.001, 0.002, 0.0021, 0.5, 3.0)
    assert some.counts([0.0015, 0.01, 1.0, 2.0]) == [1, 2, 1, 1]
    assert some.counts([0.0001]) == [5]
