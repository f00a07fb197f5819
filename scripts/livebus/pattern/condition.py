"""
The operators of event patterns: one condition each, which says whether one value of an event meets it.

In: the operator's argument, as the pattern has it. Out: frozen objects, compared by what they ask for. A value is a
string, a number as :func:`~livebus.pattern.number.number_of` gives it, or true, false, null.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from livebus.pattern.address import address_of
from livebus.pattern.number import NumberText

Number = int | float | NumberText


@dataclass(frozen=True, slots=True)
class Condition:
    """
    What one element of a pattern's array asks for. By default nothing meets it; each operator says what does.
    """

    def meets_string(self, value: str) -> bool:
        return False

    def meets_number(self, value: Number) -> bool:
        return False

    def meets_literal(self, value: bool | None) -> bool:
        return False

    def __str__(self) -> str:
        """The condition as a pattern writes it."""
        raise AssertionError("each operator writes itself")


@dataclass(frozen=True, slots=True)
class Exactly(Condition):
    """``"x"`` or ``{"exactly": "x"}``: the same string, character by character."""

    text: str

    def meets_string(self, value: str) -> bool:
        return value == self.text

    def __str__(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True, slots=True)
class SameAddress(Condition):
    """A plain string that is an IP address: any spelling of that address meets it."""

    text: str
    address: bytes

    def meets_string(self, value: str) -> bool:
        return address_of(value) == self.address

    def __str__(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True, slots=True)
class InBlock(Condition):
    """``{"cidr": "10.0.0.0/24"}``: an address from ``low`` to ``high``, of the same family."""

    text: str
    low: bytes
    high: bytes

    def meets_string(self, value: str) -> bool:
        address = address_of(value)
        return address is not None and len(address) == len(self.low) and self.low <= address <= self.high

    def __str__(self) -> str:
        return operator("cidr", quoted(self.text))


@dataclass(frozen=True, slots=True)
class SameNumber(Condition):
    """A plain number: equal in value, or in text where the value cannot be compared."""

    text: str
    number: float | NumberText

    def meets_number(self, value: Number) -> bool:
        return value == self.number

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Numeric(Condition):
    """``{"numeric": [">", 0, "<=", 5]}``: a number between two bounds; ``=`` has both bounds in one."""

    text: str
    low: float
    low_open: bool
    high: float
    high_open: bool

    def meets_number(self, value: Number) -> bool:
        if isinstance(value, NumberText):
            return False
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)

    def __str__(self) -> str:
        return operator("numeric", self.text)


@dataclass(frozen=True, slots=True)
class Literal(Condition):
    """``true``, ``false`` or ``null``. A Python bool is never taken for a number here."""

    value: bool | None

    def meets_literal(self, value: bool | None) -> bool:
        return value is self.value

    def __str__(self) -> str:
        return "null" if self.value is None else str(self.value).lower()


@dataclass(frozen=True, slots=True)
class Prefix(Condition):
    """``{"prefix": "x"}``; an empty prefix is met by any string."""

    text: str

    def meets_string(self, value: str) -> bool:
        return value.startswith(self.text)

    def __str__(self) -> str:
        return operator("prefix", quoted(self.text))


@dataclass(frozen=True, slots=True)
class Suffix(Condition):
    """``{"suffix": "x"}``; an empty suffix is met by any string."""

    text: str

    def meets_string(self, value: str) -> bool:
        return value.endswith(self.text)

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
    """``{"wildcard": "a*b"}``: ``segments`` are the texts between the stars, escapes resolved; two at least, or one."""

    text: str
    segments: tuple[str, ...]

    def meets_string(self, value: str) -> bool:
        first, *between = self.segments
        if not between:
            return value == first
        last = between.pop()
        end = len(value) - len(last)
        if end < len(first) or not value.startswith(first) or not value.endswith(last):
            return False
        # The leftmost find of each segment leaves the most room for the rest, so nothing is tried twice.
        at = len(first)
        for segment in between:
            at = value.find(segment, at, end)
            if at < 0:
                return False
            at += len(segment)
        return True

    def __str__(self) -> str:
        return operator("wildcard", quoted(self.text))


@dataclass(frozen=True, slots=True)
class Exists(Condition):
    """``{"exists": true}``: any value at all, null too. Objects and empty arrays are no values."""

    def meets_string(self, value: str) -> bool:
        return True

    def meets_number(self, value: Number) -> bool:
        return True

    def meets_literal(self, value: bool | None) -> bool:
        return True

    def __str__(self) -> str:
        return operator("exists", "true")


@dataclass(frozen=True, slots=True)
class Absent(Condition):
    """``{"exists": false}``: no value meets it; the matcher asks for the field's absence instead."""

    def __str__(self) -> str:
        return operator("exists", "false")


@dataclass(frozen=True, slots=True)
class AnythingBut(Condition):
    """
    ``{"anything-but": …}``: a value that meets none of ``others``; values of other types pass.

    ``form`` is the operator inside it ("prefix", …) or "" for plain strings or numbers, ``listed`` whether the pattern
    has them in a list.
    """

    form: str
    listed: bool
    others: tuple[Condition, ...]

    def meets_string(self, value: str) -> bool:
        return not any(other.meets_string(value) for other in self.others)

    def meets_number(self, value: Number) -> bool:
        return not any(other.meets_number(value) for other in self.others)

    def meets_literal(self, value: bool | None) -> bool:
        return True

    def __str__(self) -> str:
        texts = [other.text if isinstance(other, SameNumber) else quoted(_argument(other)) for other in self.others]
        argument = f"[{','.join(texts)}]" if self.listed else texts[0]
        return operator("anything-but", operator(self.form, argument) if self.form else argument)


def either_case(text: str, *, backwards: bool = False) -> re.Pattern[str]:
    """
    Compile the lower and upper case of each character. The two differ in their first (and last) character, so
    matching never goes back.
    """
    steps = []
    for char in reversed(text) if backwards else text:
        cases = sorted({char.lower(), char.upper()})
        steps.append("(?:" + "|".join(re.escape(case[::-1] if backwards else case) for case in cases) + ")")
    return re.compile("".join(steps), re.DOTALL)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def operator(name: str, argument: str) -> str:
    return f'{{"{name}":{argument}}}'


def _argument(condition: Condition) -> str:
    if isinstance(condition, Exactly | Prefix | Suffix | EqualsIgnoreCase | Wildcard):
        return condition.text
    raise AssertionError(f"anything-but has no {type(condition).__name__}")
