"""Repetition, limits, shuffling, and what is done already."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from livebus.errors import LivebusError
from livebus.event.stream import StreamedEntry
from livebus.publish.acknowledged import Acknowledged
from livebus.publish.order import Order, ordered, shuffled


def read(count: int) -> Iterator[StreamedEntry]:
    return (StreamedEntry(b"{}", 1, "e", index, index + 1) for index in range(count))


def order(count: int, given: Order, seed: int | None = None, done: Acknowledged | None = None) -> list[tuple[int, int]]:
    random = None if seed is None else Random(seed)
    return [(number, entry.index) for number, entry in ordered(lambda: read(count), given, random=random, done=done)]


def test_entries_are_numbered_as_they_come() -> None:
    """Over all repetitions, up to the limit."""
    assert order(2, Order()) == [(0, 0), (1, 1)]
    assert order(2, Order(repeat=3, limit=5)) == [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0)]


def test_what_is_done_is_left_out_and_keeps_its_number() -> None:
    """So that a run can be resumed."""
    assert order(5, Order(), done=Acknowledged([(0, 1), (3, 3)])) == [(2, 2), (4, 4)]


def test_a_seed_gives_the_same_order_each_time() -> None:
    """All entries, each once, and not in their order."""
    first, again, other = (order(100, Order(repeat=2), seed) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(index for _, index in first) == sorted([*range(100)] * 2)
    assert [index for _, index in first] != [*range(100)] * 2


def test_a_stream_is_shuffled_within_a_window() -> None:
    """Without end, and without holding it all."""
    entries = shuffled(read(1000), Random(1), window=10)
    indices = [entry.index for entry in entries]
    assert sorted(indices) == list(range(1000))
    assert all(index - at < 10 for at, index in enumerate(indices))


def test_a_journal_of_another_input_is_refused() -> None:
    """With both counts, counted from one; one that has just what the input holds is taken."""
    with pytest.raises(LivebusError) as told:
        order(3, Order(), done=Acknowledged([(0, 1), (4, 4)]))
    assert str(told.value) == (
        "the journal says that event 5 is done, and the input has 3: it is of another input. Nothing in it can be relied on. "
        "Remove it to publish all of the input."
    )
    assert order(3, Order(), done=Acknowledged([(0, 2)])) == []
