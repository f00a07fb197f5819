"""
Values that CloudFormation's functions take and yield, beside those of JSON: nothing, and what could not be had.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any, Self


class NoValue:
    """What ``!Ref AWS::NoValue`` stands for: the property that holds it is not there."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = NoValue()


class Unknown(str):
    """The empty text that stands for a value that could not be had; why is told already."""

    __slots__ = ()


UNKNOWN = Unknown()


class Assumed(str):
    """
    One of the values that a parameter without a value may have. ``others`` are the rest of them: what is wrong with this one
    may be right with another.
    """

    __slots__ = ("others",)

    others: tuple[str, ...]

    def __new__(cls, value: str, others: Iterable[str] = ()) -> Self:
        made = super().__new__(cls, value)
        made.others = tuple(others)
        return made


def possible(value: Any) -> tuple[Any, ...]:
    """What a value may be: itself, and for one that is assumed all that are allowed."""
    return (value, *value.others) if isinstance(value, Assumed) else (value,)


_REPR = reprlib.Repr()
_REPR.maxlevel, _REPR.maxdict, _REPR.maxlist, _REPR.maxstring, _REPR.maxother = 8, 16, 16, 200, 200


def in_message(value: Any) -> str:
    """A value as messages have it: short ones whole, of others the beginning and the end."""
    return _REPR.repr(value)


def are_texts(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, list | dict) for item in value)


def written(value: Any) -> str:
    """A value as CloudFormation writes it into a text: booleans in lower case, AWS::NoValue and null as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or value is NO_VALUE else str(value)


def is_opaque(value: Any) -> bool:
    """
    Whether a text holds what is only known where it is deployed: a dynamic reference, or a parameter that has no value.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    return isinstance(value, str) and "{{resolve:" in value
