"""Records: equal and hashable by their members, with slots, and replaceable; the type checker keeps them from changing."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

from livebus.record import record


@record
class Point:
    x: int
    y: int = 0
    names: tuple[str, ...] = field(default=())


def test_a_record_is_its_members() -> None:
    """Two with the same members are one key of a set; another member makes another record."""
    assert {Point(1), Point(1, 0), Point(2)} == {Point(1), Point(2)}
    assert replace(Point(1), y=5) == Point(1, 5)
    assert repr(Point(1)) == "Point(x=1, y=0, names=())"


def test_a_record_has_no_room_for_other_members() -> None:
    """A name that it has not is refused, as a frozen dataclass with slots would."""
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]
