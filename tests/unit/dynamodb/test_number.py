"""Numbers of 38 digits: their text, their sums, and bytes that sort as they do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livebus.dynamodb import number
from livebus.dynamodb.errors import DynamoDBError

DIGITS = st.text("0123456789", min_size=1, max_size=38)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """The texts of numbers that DynamoDB takes, in any spelling."""
    digits, exponent = draw(DIGITS), draw(st.integers(-128, 86))
    point = draw(st.integers(0, len(digits)))
    written = f"{digits[:point]}.{digits[point:]}" if draw(st.booleans()) else digits
    exponent = max(exponent, -128 + len(digits))
    return f"{draw(st.sampled_from(['', '-', '+']))}{written}e{exponent}"


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("0", "0"),
        ("-0.00", "0"),
        ("007", "7"),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+1e3", "1000"),
        ("-5.25E-3", "-0.00525"),
        ("1E-130", f"0.{'0' * 129}1"),
        ("9.9e125", f"99{'0' * 124}"),
        ("9" * 38, "9" * 38),
    ],
)
def test_there_is_one_text_for_each_number(given_text: str, expected: str) -> None:
    """Without an exponent, and without zeros that say nothing."""
    assert number.canonical(given_text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be converted to a numeric value"),
        ("1,5", "cannot be converted to a numeric value: 1,5"),
        ("١", "cannot be converted"),
        ("NaN", "cannot be converted"),
        ("1" * 39, "more than 38 significant digits"),
        ("1e126", "Number overflow"),
        ("-1e999999999", "Number overflow"),
        ("1e-131", "Number underflow"),
        ("1e9999999999", "cannot be converted"),
        ("0" * 100_000, "cannot be converted"),
    ],
)
def test_other_texts_are_refused(text: str, words: str) -> None:
    """In DynamoDB's words."""
    with pytest.raises(DynamoDBError, match=words):
        number.canonical(text)


@given(numbers())
def test_the_text_is_the_number(text: str) -> None:
    """Nothing of it is lost, and the text of a text is itself."""
    written = number.canonical(text)
    assert Decimal(written) == Decimal(text)
    assert number.canonical(written) == written


@given(numbers(), numbers())
def test_key_bytes_sort_as_numbers_do(first: str, second: str) -> None:
    """For any two numbers of either sign and any size."""
    one, two = number.canonical(first), number.canonical(second)
    bytes_one, bytes_two = number.key_bytes(one), number.key_bytes(two)
    assert (bytes_one < bytes_two) == (Decimal(one) < Decimal(two))
    assert (bytes_one == bytes_two) == (one == two)


def test_neighbours_at_the_bounds_sort() -> None:
    """The least and the greatest of both signs, and zero between them."""
    texts = ["-9.9e125", "-1e125", "-1.1", "-1", "-1e-130", "0", "1e-130", "1", "1.1", "1e125", "9.9e125"]
    keys = [number.key_bytes(number.canonical(text)) for text in texts]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@given(st.integers(-(10**37), 10**37), st.integers(-(10**37), 10**37))
def test_sums_are_exact(first: int, second: int) -> None:
    """As Python's whole numbers have them."""
    assert number.add(str(first), str(second)) == str(first + second)
    assert number.subtract(str(first), str(second)) == str(first - second)


def test_a_sum_of_too_many_digits_is_refused() -> None:
    """It is not rounded."""
    with pytest.raises(DynamoDBError, match="more than 38 significant digits"):
        number.add("1e50", "1")


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("0", 1),
        ("7", 2),
        ("42", 2),
        ("1.5", 2),
        ("123", 3),
        ("-7", 3),
        ("1200", 2),
        ("0.0012", 2),
        ("-0.125", 4),
        ("10.01", 3),
    ],
)
def test_what_a_number_counts(text: str, bytes_: int) -> None:
    """A byte for two digits, one for the number, one for a minus; zeros at its ends and the point count nothing."""
    assert number.size(text) == bytes_
