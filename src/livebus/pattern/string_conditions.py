"""
The conditions of event patterns that only a string can meet, and what anything-but makes of them.

In: an operator's argument, as the pattern has it. Out: frozen objects like those of ``conditions``. Each looks at a
string once, however it is made.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from livebus.pattern.conditions import Condition, Constant, Number, Place, argument, operator, quoted


@dataclass(frozen=True, slots=True)
class Prefix(Condition):
    """``{"prefix": "x"}``; an empty prefix is met by any string."""

    text: str

    def meets_string(self, value: str) -> bool:
        return value.startswith(self.text)

    def lookup(self) -> Place | None:
        return "prefix", self.text

    def __str__(self) -> str:
        return operator("prefix", quoted(self.text))


@dataclass(frozen=True, slots=True)
class Suffix(Condition):
    """``{"suffix": "x"}``; an empty suffix is met by any string."""

    text: str

    def meets_string(self, value: str) -> bool:
        return value.endswith(self.text)

    def lookup(self) -> Place | None:
        return "suffix", self.text

    def __str__(self) -> str:
        return operator("suffix", quoted(self.text))


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase(Condition):
    """
    ``{"equals-ignore-case": "x"}``: each character of the pattern stands for its lower and its upper case.

    That is less than Unicode's case folding: sharp s stands for itself and "SS", not for "ss".
    """

    text: str
    cases: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cases", either_case(self.text))

    def meets_string(self, value: str) -> bool:
        return self.cases.fullmatch(value) is not None

    def lookup(self) -> Place | None:
        return ("lower case", self.text.lower()) if self.text.isascii() else None

    def __str__(self) -> str:
        return operator("equals-ignore-case", quoted(self.text))


@dataclass(frozen=True, slots=True)
class PrefixIgnoreCase(Condition):
    """``{"prefix": {"equals-ignore-case": "x"}}``."""

    text: str
    cases: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cases", either_case(self.text))

    def meets_string(self, value: str) -> bool:
        return self.cases.match(value) is not None

    def __str__(self) -> str:
        return operator("prefix", operator("equals-ignore-case", quoted(self.text)))


@dataclass(frozen=True, slots=True)
class SuffixIgnoreCase(Condition):
    """``{"suffix": {"equals-ignore-case": "x"}}``: compared from the end, so that no start has to be guessed."""

    text: str
    cases: re.Pattern[str] = field(init=False, repr=False, compare=False)
    longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cases", either_case(self.text, backwards=True))
        longest = sum(max(len(char.lower()), len(char.upper())) for char in self.text)
        object.__setattr__(self, "longest", longest)

    def meets_string(self, value: str) -> bool:
        end = value[-self.longest :] if self.longest else ""
        return self.cases.match(end[::-1]) is not None

    def __str__(self) -> str:
        return operator("suffix", operator("equals-ignore-case", quoted(self.text)))


@dataclass(frozen=True, slots=True)
class Wildcard(Condition):
    """``{"wildcard": "a*b"}``: ``segments`` are the texts around the stars, escapes resolved; one where none is."""

    text: str
    segments: tuple[str, ...]
    first: str = field(init=False, repr=False, compare=False)
    between: tuple[str, ...] = field(init=False, repr=False, compare=False)
    last: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", self.segments[0])
        object.__setattr__(self, "between", self.segments[1:-1])
        object.__setattr__(self, "last", self.segments[-1])

    def meets_string(self, value: str) -> bool:
        if len(self.segments) == 1:
            return value == self.first
        at = len(self.first)
        end = len(value) - len(self.last)
        if end < at or not value.endswith(self.last) or not value.startswith(self.first):
            return False
        # The leftmost find of each segment leaves the most room for the rest, so nothing is tried twice.
        for segment in self.between:
            at = value.find(segment, at, end)
            if at < 0:
                return False
            at += len(segment)
        return True

    def __str__(self) -> str:
        return operator("wildcard", quoted(self.text))


@dataclass(frozen=True, slots=True)
class AnythingButForm(Condition):
    """
    ``{"anything-but": {"prefix": "x"}}``: a value that meets none of ``others``; other types than strings pass.

    ``form`` is the operator inside: prefix, suffix, equals-ignore-case or wildcard.
    """

    form: str
    listed: bool
    others: tuple[Prefix | Suffix | EqualsIgnoreCase | Wildcard, ...]
    texts: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", tuple(other.text for other in self.others))

    def meets_string(self, value: str) -> bool:
        if self.form == "prefix":
            return not value.startswith(self.texts)
        if self.form == "suffix":
            return not value.endswith(self.texts)
        return not any(other.meets_string(value) for other in self.others)

    def meets_number(self, _value: Number) -> bool:
        return True

    def meets_constant(self, _value: Constant) -> bool:
        return True

    def __str__(self) -> str:
        return operator("anything-but", operator(self.form, argument([*map(quoted, self.texts)], listed=self.listed)))


def either_case(text: str, *, backwards: bool = False) -> re.Pattern[str]:
    """
    Compile the lower and upper case of each character. The two differ in their first (and last) character, so
    matching never goes back.
    """
    steps = []
    for char in reversed(text) if backwards else text:
        cases = sorted({char.lower(), char.upper()})
        steps.append("(?:" + "|".join(re.escape(case[::-1] if backwards else case) for case in cases) + ")")
    return re.compile("".join(steps))
