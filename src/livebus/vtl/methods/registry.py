"""
The table of Java methods that templates may call on values, and of nothing beside it.

No attribute of Python is reachable: what is not in the table is not there.

A method is found by the value's type, its name and the kinds of its arguments, as Java finds it; where none fits, the
reference has no value and is printed as it stands. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livebus.vtl.budget import Budget
from livebus.vtl.java_pattern import InvalidPattern
from livebus.vtl.values import Entry, equals, is_number, text_of

VOID = ""
"""What a method without a result prints."""

Method = Callable[..., Any]  # takes the budget, the value and the arguments


class NoSuchMethod(Exception):
    """No method of this name takes these arguments."""


class JavaError(Exception):
    """What a Java method would have thrown: ``java_type`` is the exception's class, ``str()`` its message."""

    def __init__(self, java_type: str, message: str) -> None:
        self.java_type = java_type
        super().__init__(message)


KINDS: dict[str, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": is_number,
    "text": lambda value: value is None or isinstance(value, str),
    "list": lambda value: value is None or isinstance(value, list),
    "map": lambda value: value is None or isinstance(value, dict),
    "bool": lambda value: isinstance(value, bool),
}
"""Kinds of arguments: what each takes. Null fits where Java has an object."""
_NOT_NULL = ("text", "list", "map")
_TABLE: dict[tuple[str, str, int], list[tuple[tuple[str, ...], Method]]] = {}


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    return {str: "text", list: "list", dict: "map", Entry: "entry"}.get(type(value), "")


def method(owner: str, name: str, *kinds: str) -> Callable[[Method], Method]:
    def add(method: Method) -> Method:
        _TABLE.setdefault((owner, name, len(kinds)), []).append((kinds, method))
        return method

    return add


def call(value: Any, name: str, arguments: list[Any], budget: Budget) -> Any:
    """The result of a method. Raises NoSuchMethod and JavaError."""
    for owner in (_type_of(value), "any"):
        for kinds, method in _TABLE.get((owner, name, len(arguments)), ()):
            if all(KINDS[kind](argument) for kind, argument in zip(kinds, arguments, strict=True)):
                if any(argument is None and kind in _NOT_NULL for kind, argument in zip(kinds, arguments, strict=True)):
                    raise JavaError("java.lang.NullPointerException", "null")
                if isinstance(value, str):
                    budget.each(value)
                try:
                    return method(budget, value, *arguments)
                except InvalidPattern as invalid:
                    raise JavaError("java.util.regex.PatternSyntaxException", str(invalid)) from None
    raise NoSuchMethod(name)


def pure(body: Method) -> Method:
    """A method that costs nothing to speak of: it is given no budget."""

    def without(budget: Budget, *given: Any) -> Any:
        return body(*given)

    return without


Row = tuple[str, tuple[str, ...], Method]


def add_all(owner: str, rows: list[Row]) -> None:
    """Adds the methods of one type: name, kinds of arguments, method."""
    for name, kinds, body in rows:
        method(owner, name, *kinds)(body)


# --- of every value -------------------------------------------------------------------------------------------------


@method("any", "toString")
def _to_string(budget: Budget, value: Any) -> str:
    return text_of(value, budget)


@method("any", "equals", "any")
def _equals(budget: Budget, value: Any, other: Any) -> bool:
    # Java's numbers of two classes are never equal; which class a number has is not known here.
    return equals(value, other, budget) and isinstance(value, float) == isinstance(other, float)
