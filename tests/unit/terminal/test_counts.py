"""Counts in words."""

from __future__ import annotations

from livebus.terminal.counts import counted, noun


def test_one_is_one_and_all_others_are_many() -> None:
    """Zero, too; a plural that is no s is given."""
    assert [counted(count, "event") for count in (0, 1, 2)] == ["0 events", "1 event", "2 events"]
    assert [counted(count, "entry", "entries") for count in (1, 3)] == ["1 entry", "3 entries"]
    assert [noun(count, "is", "are") for count in (1, 0)] == ["is", "are"]
