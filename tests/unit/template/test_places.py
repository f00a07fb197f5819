"""Places of what transforms move."""

from __future__ import annotations

import pytest

from livebus.template import places
from livebus.template.places import Places

PLACES = {("A",): (1, 1), ("A", "b"): (2, 3), ("A", "b", 0, "c"): (3, 5), ("A", "bc"): (4, 3), ("D",): (5, 1)}


def test_what_is_below_is_moved_as_well() -> None:
    """However deep, also where a step between has no place; what only begins alike is not."""
    moved = Places(PLACES)
    moved.move(("A", "b"), ("E", "f"))
    assert moved == {**PLACES, ("E", "f"): (2, 3), ("E", "f", 0, "c"): (3, 5)}


def test_what_was_moved_can_be_moved_again() -> None:
    """And what was there before it is written over."""
    moved = Places(PLACES)
    moved.move(("A", "b"), ("E",))
    moved.move(("E", 0), ("D",))
    moved.move(("E",), ("A",))
    assert moved == {
        **PLACES,
        ("E",): (2, 3),
        ("E", 0, "c"): (3, 5),
        ("D", "c"): (3, 5),
        ("A",): (2, 3),
        ("A", 0, "c"): (3, 5),
    }


def test_what_is_moved_below_itself_is_moved_once() -> None:
    """As a wrapper is put around a member."""
    moved = Places(PLACES)
    moved.move(("A", "b"), ("A", "b", "x"))
    assert moved == {**PLACES, ("A", "b", "x"): (2, 3), ("A", "b", "x", 0, "c"): (3, 5)}


def test_what_is_nowhere_is_not_moved() -> None:
    """A member that a transform made has no place of its own."""
    moved = Places(PLACES)
    moved.move(("Z",), ("Y",))
    moved.move((), ("Y",))
    assert {path for path in moved if path[:1] == ("Y",)} == {("Y", *path) for path in PLACES}


def test_places_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond them a member is moved with its own place, which counts for what is below."""
    monkeypatch.setattr(places, "MAX_PLACES", 6)
    moved = Places(PLACES)
    moved.move(("A",), ("E",))
    assert moved == {**PLACES, ("E",): (1, 1)}
