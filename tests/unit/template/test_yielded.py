"""What a template's functions yield is counted before it is made."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.yielded import TooMuch, Yielded


@pytest.mark.parametrize(
    ("value", "size"), [("abc", 3), (["abc", 1], 19), ({"ab": "c"}, 11), ([["a"] * 2] * 2, 16 + 2 * 18), (7, 0)]
)
def test_a_value_counts_as_often_as_it_is_in_it(value: Any, size: int) -> None:
    yielded = Yielded(size)
    yielded.spend_for(value)
    assert yielded.left == 0


def test_once_overdrawn_it_stays_so() -> None:
    yielded = Yielded(2)
    with pytest.raises(TooMuch):
        yielded.spend(3)
    with pytest.raises(TooMuch):
        yielded.spend(0)


def test_counting_ends_where_nothing_is_left() -> None:
    """A list of lists of lists that are one and the same is not walked to its end."""
    value: Any = ["x"]
    for _ in range(60):
        value = [value, value]
    with pytest.raises(TooMuch):
        Yielded(10_000).spend_for(value)
