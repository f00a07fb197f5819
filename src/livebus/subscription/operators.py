"""
The operators of enhanced filters: which values each accepts, and the test that it makes of one.

In: the value of a filter. Out: a test of a field's value. Values of different types are never equal and never in order:
a number is not compared with a string.
https://docs.aws.amazon.com/appsync/latest/devguide/extensions.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from livebus.subscription.equality import value_key

Test = Callable[[Any], bool]


def _equal_to(expected: Any) -> Test:
    key = value_key(expected)
    return lambda value: value_key(value) == key


def _one_of(expected: Sequence[Any]) -> Test:
    keys = frozenset(map(value_key, expected))
    return lambda value: value_key(value) in keys


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any], Test]:
    def make(bound: Any) -> Test:
        same_type = _is_string if isinstance(bound, str) else _is_number
        return lambda value: same_type(value) and compare(value, bound)

    return make


def _between(bounds: Sequence[Any]) -> Test:
    # AWS does not document whether the bounds belong to the range; we include them, as DynamoDB does.
    low, high = bounds
    same_type = _is_string if isinstance(low, str) else _is_number
    return lambda value: same_type(value) and low <= value <= high


def _begins_with(prefix: str) -> Test:
    return lambda value: isinstance(value, str) and value.startswith(prefix)


def _containing(expected: Any) -> Test:
    """A test for a string that holds a substring, or a list that holds an element."""
    key = value_key(expected)

    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(value_key(element) == key for element in value)
        return isinstance(value, str) and isinstance(expected, str) and expected in value

    return test


def _containing_any(expected: Sequence[Any]) -> Test:
    tests = tuple(map(_containing, expected))
    return lambda value: any(test(value) for test in tests)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_ordered(value: Any) -> bool:
    return _is_string(value) or _is_number(value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _is_list(value: Any) -> bool:
    # An empty list is refused: seen on AWS for containsAny.
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_scalar, value))


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and (all(map(_is_string, value)) or all(map(_is_number, value)))
    )


_SCALAR = "a string, a number or a boolean"
_ORDERED = "a string or a number"
_LIST = "a list of strings or numbers that is not empty"
# Per operator: whether it accepts a value, what it accepts in words, and the test that it makes of the value.
OPERATORS: dict[str, tuple[Test, str, Callable[[Any], Test]]] = {
    "eq": (_is_scalar, _SCALAR, _equal_to),
    "ne": (_is_scalar, _SCALAR, _equal_to),
    "le": (_is_ordered, _ORDERED, _ordered(lambda value, bound: bool(value <= bound))),
    "lt": (_is_ordered, _ORDERED, _ordered(lambda value, bound: bool(value < bound))),
    "ge": (_is_ordered, _ORDERED, _ordered(lambda value, bound: bool(value >= bound))),
    "gt": (_is_ordered, _ORDERED, _ordered(lambda value, bound: bool(value > bound))),
    "contains": (_is_ordered, _ORDERED, _containing),
    "notContains": (_is_ordered, _ORDERED, _containing),
    "beginsWith": (_is_string, "a string", _begins_with),
    "in": (_is_list, _LIST, _one_of),
    "notIn": (_is_list, _LIST, _one_of),
    "between": (_is_range, "a list of two numbers or of two strings", _between),
    "containsAny": (_is_list, _LIST, _containing_any),
}
# The test is made as for the opposite, and its outcome turned round.
NEGATED = frozenset({"ne", "notIn", "notContains"})
