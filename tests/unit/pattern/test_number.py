"""When two numbers are one."""

from __future__ import annotations

import pytest

from livebus.pattern import EventPattern
from livebus.pattern.number import NumberText, comparable, number_of


@pytest.mark.parametrize("text", ["1", "1.0", "10e-1", "1E0", "0.1e1", "100e-2"])
def test_spellings_of_one_value_are_one_number(text: str) -> None:
    """Digits, point and exponent do not matter."""
    assert comparable(text) == 1.0


@pytest.mark.parametrize("text", ["0", "-0", "0.00", "0e5", "-0.0E-7"])
def test_zero_has_no_sign(text: str) -> None:
    """All zeros are one."""
    assert comparable(text) == 0.0


@pytest.mark.parametrize(
    "text",
    ["9007199254740993", "1e309", "-1e309", "1e-400", "0.1000000000000000055511151231257827", "5e-324"],
)
def test_what_no_double_holds_cannot_be_compared(text: str) -> None:
    """Too many digits, overflow and underflow leave only the text."""
    assert comparable(text) is None


@pytest.mark.parametrize("text", ["4.9e-324", "1.7976931348623157e308", "1e23", "0.1", "9007199254740994"])
def test_shortest_forms_can_be_compared(text: str) -> None:
    """The shortest decimal of a double is that double, in Java's writing of it."""
    assert comparable(text) == float(text)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        (2**53, 2.0**53),
        (2**53 + 1, NumberText(str(2**53 + 1))),
        (10**23, 1e23),
        (0.1, 0.1),
        (float("inf"), NumberText("inf")),
    ],
)
def test_parsed_numbers_are_exact_where_a_double_is(value: float, number: float | NumberText) -> None:
    """A parsed int beyond 2^53 is compared only if a double has its digits."""
    assert number == number_of(value)


def test_an_int_of_any_length_is_taken() -> None:
    """A number of ten thousand digits is neither an error nor equal to another."""
    assert number_of(10**10_000) != number_of(10**10_000 + 1)


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ('{"a":[9007199254740993]}', '{"a":9007199254740993}', True),
        ('{"a":[9007199254740993]}', '{"a":9007199254740992}', False),
        ('{"a":[9007199254740993]}', '{"a":9007199254740993.0}', False),
        ('{"a":[{"anything-but":5}]}', '{"a":9007199254740993}', True),
        ('{"a":[{"numeric":[">",0]}]}', '{"a":9007199254740993}', False),
        ('{"a":[{"numeric":[">",0]}]}', '{"a":true}', False),
        ('{"a":[1]}', '{"a":true}', False),
        ('{"a":[true]}', '{"a":1}', False),
        ('{"a":[1]}', '{"a":"1"}', False),
        ('{"a":[300]}', '{"a":3.0e2}', True),
    ],
)
def test_numbers_in_patterns_and_events(pattern: str, event: str, expected: bool) -> None:
    """By value where both can be compared, by text where neither can, and never across types."""
    assert expected == EventPattern(pattern).matches_json(event)
