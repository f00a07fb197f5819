"""
Reads the members of a resource's properties by type: what is of another type is a fault with its place.

In: an object with its functions evaluated. Out: texts, numbers, truth values, lists and objects; where a member is not
what it should be, a fault and the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.errors import Fault, Place, closest, did_you_mean
from livebus.template.document import Document, Path
from livebus.template.values import UNKNOWN, is_opaque, possible

_DIGITS = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Where the objects of one template stand, and where faults go.

    ``origin`` gives the path that an evaluated object or list is from; None where it is not from the template's text.
    """

    document: Document
    origin: Callable[[Any], Path | None]
    faults: list[Fault]


def shown(value: Any) -> str:
    """A value as messages have it: short ones as they are, others by their kind."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return repr(value) if not isinstance(value, str) or len(value) <= 80 else f"{value[:80]!r}…"


class Properties:
    """
    An object of the template.

    A member that is null, or whose function failed, has its fault already, and is read as though it were not there.
    """

    __slots__ = ("_path", "_scope", "values")

    def __init__(self, values: Mapping[str, Any], path: Path, scope: Scope) -> None:
        self.values = values
        self._path = scope.origin(values) or path
        self._scope = scope

    def __contains__(self, name: str) -> bool:
        return not _is_told(self.values.get(name))

    def place(self, *path: str | int) -> Place:
        """Where a member stands, or the object itself."""
        value: Any = self.values
        below = self._path
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                value = None
            below = self._scope.origin(value) or (*below, step)
        return self._scope.document.place(below)

    def fault(self, found: str, *path: str | int, expected: str = "", advice: str = "") -> None:
        self._scope.faults.append(Fault(found, self.place(*path), expected, advice))

    def not_emulated(self, found: str, *path: str | int, expected: str = "", advice: str = "") -> Fault:
        """Tell of what AWS takes and the local runtime has not; what has been told."""
        fault = Fault(found, self.place(*path), expected, advice, not_emulated=True)
        self._scope.faults.append(fault)
        return fault

    def required(self, *names: str, what: str) -> bool:
        """Whether all these members are there; a fault for each that is not, with what it may have been meant by."""
        missing = [name for name in names if name not in self.values]
        others = [name for name in self.values if name not in names]  # what is required as well is meant as it is
        for name in missing:
            close = closest(name, others)
            advice = f"Is {close!r} meant to be {name!r}?" if close else ""
            self.fault(f"{what} has no {name}", advice=advice)
        return not missing

    # --- by type ----------------------------------------------------------------------------------------------------

    def text(self, name: str, default: str = "", *, choices: Collection[str] = ()) -> str:
        """A text, with ``choices`` one of these; the default where there is none, or another."""
        text = self.text_or_none(name)
        if text is None:
            return default
        if choices and is_opaque(text):
            return default
        if choices and text not in choices:
            if any(each in choices for each in possible(self.values[name])):
                return default
            expected = f"one of {', '.join(choices)}"
            self.fault(f"{name} is {shown(text)}", name, expected=expected, advice=did_you_mean(text, choices))
            return default
        return text

    def text_or_none(self, name: str) -> str | None:
        """A text; CloudFormation makes texts of numbers and truth values. None where there is none."""
        if name not in self:
            return None
        text = text_of(self.values[name])
        if text is None:
            self._not(name, "a text")
        return text

    def matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        """A text that has to match the whole of a pattern."""
        text = self.text_or_none(name)
        if text is not None and not is_opaque(text) and not any(map(pattern.fullmatch, self._possible_texts(name))):
            self.fault(f"{name} is {shown(text)}", name, expected=expected)
        return text or ""

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number; texts of digits are taken as CloudFormation takes them (a parameter's value is a text)."""
        if name not in self:
            return default
        value = self.values[name]
        if is_opaque(value):
            return default
        for each in possible(value):
            number = _whole(each)
            if number is not None and least <= number <= most:
                return number
        self._not(name, f"a number from {least} to {most}")
        return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false, as a text too."""
        if name not in self:
            return default
        if is_opaque(self.values[name]):
            return default
        for text in self._possible_texts(name):
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
        self._not(name, "true or false")
        return default

    def _possible_texts(self, name: str) -> list[str]:
        return [text_of(each) or "" for each in possible(self.values[name])]

    def mapping(self, name: str) -> Properties:
        """An object; empty where there is none."""
        value = self.values.get(name)
        if isinstance(value, Mapping):
            return self.below(name)
        if name in self:
            self._not(name, "an object")
        return Properties({}, (*self._path, name), self._scope)

    def mappings(self, name: str) -> Iterator[Properties]:
        """A list of objects; those that are none are told and left out."""
        for index, item in enumerate(self.sequence(name)):
            if isinstance(item, Mapping):
                yield self.below(name, index)
            elif not _is_told(item):
                self.fault(f"{name} holds {shown(item)}", name, index, expected="objects")

    def below(self, *path: str | int) -> Properties:
        """The object at a path where there is one."""
        value: Any = self.values
        below = self._path
        for step in path:
            value = value[step]
            below = self._scope.origin(value) or (*below, step)
        return Properties(value, below, self._scope)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; items that are none are told and left out."""
        texts = []
        for index, item in enumerate(self.sequence(name)):
            text = text_of(item)
            if _is_told(item):
                continue
            if text is not None:
                texts.append(text)
            else:
                self.fault(f"{name} holds {shown(item)}", name, index, expected="texts")
        return tuple(texts)

    def map_of_texts(self, name: str) -> dict[str, str]:
        """An object whose values are texts; others are told and left out."""
        members = self.mapping(name)
        texts = {key: members.text_or_none(key) for key in members.values}
        return {key: text for key, text in texts.items() if text is not None}

    def sequence(self, name: str) -> list[Any]:
        """A list; empty where there is none."""
        value = self.values.get(name)
        if name not in self:
            return []
        if not isinstance(value, list):
            self._not(name, "a list")
            return []
        return value

    def _not(self, name: str, expected: str) -> None:
        self.fault(f"{name} is {shown(self.values[name])}", name, expected=expected)


def _whole(value: Any) -> int | None:
    """A whole number, as a text of digits too; None for all else."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_told(value: Any) -> bool:
    return value is None or value is UNKNOWN


def text_of(value: Any) -> str | None:
    """A scalar as CloudFormation makes a text of it; None for lists, objects and null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None
