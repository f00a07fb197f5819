"""Entries into requests."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.aws.batches import MAX_BATCH_BYTES, batches


def test_an_entry_above_the_limit_goes_alone() -> None:
    """AWS has the last word on one entry between its two readings of 1 MB."""
    assert list(batches([10, MAX_BATCH_BYTES + 5, 10, 10])) == [[0], [1], [2, 3]]


def test_a_batch_may_be_exactly_full() -> None:
    """The limit itself is allowed."""
    assert list(batches([MAX_BATCH_BYTES - 1, 1, 1])) == [[0, 1], [2]]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1_048_576), max_size=50))
def test_every_entry_goes_once_and_in_order_within_the_limits(sizes: list[int]) -> None:
    """Whatever the sizes: nothing is lost, repeated or reordered, and no batch could take its follower too."""
    made = list(batches(sizes))
    assert list(range(len(sizes))) == [index for batch in made for index in batch]
    assert all(len(batch) == 1 or sum(sizes[i] for i in batch) <= MAX_BATCH_BYTES for batch in made)
    assert all(1 <= len(batch) <= 10 for batch in made)
    for batch, follower in pairwise(made):
        assert len(batch) == 10 or sum(sizes[i] for i in batch) + sizes[follower[0]] > MAX_BATCH_BYTES
