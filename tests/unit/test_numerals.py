"""Numbers in text from outside: digits, within a bound, or none at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livebus.numerals import END_OF_TIME, decimal, epoch_seconds, hexadecimal, whole

NO_NUMBERS = [
    "",
    " ",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "1_0",
    "0x1",
    "\u0661",
    "\u00b2",
    "nan",
    "inf",
    "1" * 5_000,
    "\ud800",
]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(text: str) -> None:
    """Signs, blanks, underscores, prefixes, other scripts' digits, and more digits than any number here has."""
    assert (whole(text, 10**9), hexadecimal(text, 10**9), decimal(text, 1e9)) == (None, None, None)


@given(number=st.integers(0, 10**9))
def test_digits_are_their_number(number: int) -> None:
    """In base ten and sixteen, in either case."""
    assert whole(str(number), 10**9) == number
    assert hexadecimal(f"{number:x}", 10**9) == hexadecimal(f"{number:X}", 10**9) == number


def test_bounds_belong_to_the_numbers() -> None:
    """The most and the least that may be are taken, one more and one less are not."""
    assert (whole("10", 10), whole("11", 10), whole("1", 10, least=1), whole("0", 10, least=1)) == (10, None, 1, None)
    assert (hexadecimal("a", 10), hexadecimal("b", 10)) == (10, None)
    assert (decimal("0.5", 0.5), decimal("0.51", 0.5), decimal(".5", 1), decimal("5.", 5), decimal("1e-3", 1)) == (
        0.5,
        None,
        0.5,
        5.0,
        0.001,
    )


def test_so_many_digits_are_a_number() -> None:
    """Zeros in front are digits too: no text is read for longer than that."""
    assert (whole("1".rjust(24, "0"), 1), whole("1".rjust(25, "0"), 1)) == (1, None)
    assert (hexadecimal("1".rjust(24, "0"), 1), hexadecimal("1".rjust(25, "0"), 1)) == (1, None)
    assert (decimal("1".rjust(48, "0"), 1), decimal("1".rjust(49, "0"), 1)) == (1.0, None)


@pytest.mark.parametrize("value", [True, None, "1", [], -1, -0.1, END_OF_TIME, 10**400, float("inf"), float("nan")])
def test_what_is_no_time(value: object) -> None:
    """A JSON value that no clock shows."""
    assert epoch_seconds(value) is None


def test_times() -> None:
    """From 1970 to the last moment of 9999."""
    assert (epoch_seconds(0), epoch_seconds(1.5), epoch_seconds(253_402_300_799)) == (0.0, 1.5, 253_402_300_799.0)
