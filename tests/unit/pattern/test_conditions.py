"""What one element of a pattern's array asks for, of each kind of value, and how a pattern writes it."""

from __future__ import annotations

import pytest

from livebus.pattern.address import address_of
from livebus.pattern.conditions import (
    Absent,
    AnythingBut,
    Condition,
    Exactly,
    Exists,
    InBlock,
    Literal,
    Numeric,
    SameAddress,
    SameNumber,
)

LOW, HIGH = address_of("10.0.0.0"), address_of("10.0.0.255")
assert LOW is not None
assert HIGH is not None
STRINGS = ("a", "é", "9.255.255.255", "10.0.0.0", "10.0.0.255", "10.0.1.0")
NUMBERS = (0, 1.0, 5, 5.5)
CONSTANTS = (True, False, None)


@pytest.mark.parametrize(
    ("condition", "met", "place", "written"),
    [
        (Exactly("a"), ["a"], ("string", "a"), '"a"'),
        (Exactly("é"), ["é"], ("string", "é"), '"é"'),
        (SameAddress("10.0.0.0", LOW), ["10.0.0.0"], ("address", LOW), '"10.0.0.0"'),
        (InBlock("10.0.0.0/24", LOW, HIGH), ["10.0.0.0", "10.0.0.255"], None, '{"cidr":"10.0.0.0/24"}'),
        (SameNumber("5", 5.0), [5], ("number", 5.0), "5"),
        (Numeric('[">",0,"<=",5]', 0, True, 5, False), [1.0, 5], None, '{"numeric":[">",0,"<=",5]}'),
        (Numeric('[">=",0,"<",5]', 0, False, 5, True), [0, 1.0], None, '{"numeric":[">=",0,"<",5]}'),
        (Literal(True), [True], ("constant", True), "true"),
        (Literal(False), [False], ("constant", False), "false"),
        (Literal(None), [None], ("constant", None), "null"),
        (Exists(), [*STRINGS, *NUMBERS, *CONSTANTS], ("any", None), '{"exists":true}'),
        (Absent(), [], ("absent", None), '{"exists":false}'),
        (
            AnythingBut(True, ("a", "é")),
            [*STRINGS[2:], *NUMBERS, *CONSTANTS],
            None,
            '{"anything-but":["a","é"]}',
        ),
        (AnythingBut(False, (), ("5",)), [*STRINGS, 0, 1.0, 5.5, *CONSTANTS], None, '{"anything-but":5}'),
    ],
    ids=str,
)
def test_each_condition(condition: Condition, met: list[object], place: object, written: str) -> None:
    """The values that meet it, the table that it is found in, and its own text."""
    found: list[object] = [value for value in STRINGS if condition.meets_string(value)]
    found += [value for value in NUMBERS if condition.meets_number(value)]
    found += [value for value in CONSTANTS if condition.meets_constant(value)]
    assert (found, condition.lookup(), str(condition)) == (met, place, written)


@pytest.mark.parametrize(
    ("condition", "bounds"),
    [
        (Exactly("a"), ()),
        (Numeric("", 0, True, 5, False), (0, 5)),
        (Numeric("", float("-inf"), True, 5, False), (5,)),
        (AnythingBut(True, (), ("5", "7.5")), (5.0, 7.5)),
    ],
)
def test_the_numbers_at_which_an_answer_changes(condition: Condition, bounds: tuple[float, ...]) -> None:
    """Those without an end are none."""
    assert condition.bounds() == bounds
