"""Numbers in templates: whole ones as Java's, doubles, and decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from livebus.vtl.arithmetic import calculated, compared, same, truth
from livebus.vtl.budget import Budget


@pytest.mark.parametrize(
    ("left", "right", "results"),
    [
        (7, 2, [9, 5, 14, 3, 1]),
        (-7, 2, [-5, -9, -14, -3, -1]),
        (7, -2, [5, 9, -14, -3, 1]),
        (-7, -2, [-9, -5, 14, 3, -1]),
        (7.5, 2, [9.5, 5.5, 15.0, 3.75, 1.5]),
        (-7, 2.0, [-5.0, -9.0, -14.0, -3.5, -1.0]),
        (Decimal("7.5"), 2, [Decimal("9.5"), Decimal("5.5"), Decimal("15.0"), Decimal("3.75"), Decimal("1.5")]),
        (2, Decimal("-0.5"), [Decimal("1.5"), Decimal("2.5"), Decimal("-1.0"), Decimal(-4), Decimal("0.0")]),
        (Decimal("0.1"), 0.2, [Decimal("0.3"), Decimal("-0.1"), Decimal("0.02"), Decimal("0.5"), Decimal("0.1")]),
        (1, 0, [1, 1, 0, None, None]),
        (1.5, 0, [1.5, 1.5, 0.0, None, None]),
        (Decimal(1), 0, [Decimal(1), Decimal(1), Decimal(0), None, None]),
        ("1", 2, [None] * 5),
        (1, None, [None] * 5),
        (True, 1, [None] * 5),
    ],
)
def test_results(left: Any, right: Any, results: list[Any]) -> None:
    """Whole numbers are divided as Java divides them; with a decimal it is a decimal, else a double; by 0 nothing comes."""
    found = [calculated(operator, left, right) for operator in "+-*/%"]

    assert found == results
    assert list(map(type, found)) == list(map(type, results))


@pytest.mark.parametrize(
    ("left", "right", "results"),
    [
        (1, 2, [True, False, True, False]),
        (2, 1.0, [False, True, False, True]),
        (Decimal("1.0"), 1, [False, False, True, True]),
        ("1", 2, [False] * 4),
    ],
)
def test_comparisons(left: Any, right: Any, results: list[bool]) -> None:
    """By what they are worth, and of numbers only."""
    assert [compared(operator, left, right) for operator in ("<", ">", "<=", ">=")] == results


def test_truth() -> None:
    """Null and false are false, and nothing else is."""
    assert [truth(value) for value in (None, False, True, 0, "", [], {})] == [False, False, *[True] * 5]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, Decimal("1.0"), True),
        (1, 2, False),
        (1, "1", True),
        ("1.0", 1, False),
        (True, "true", True),
        ("a", "a", True),
        ([1, "a"], [1.0, "a"], True),
        ({"a": 1}, {"a": 2}, False),
        (None, None, True),
        (None, False, False),
        ("null", None, False),
    ],
)
def test_what_is_the_same(left: Any, right: Any, expected: bool) -> None:
    """Numbers by what they are worth, values of one kind by theirs, others by their texts; null is null's alone."""
    assert same(left, right, Budget()) is expected
