"""
The conditions of event patterns: each says whether one value of an event meets it.

In: an operator's argument, as the pattern has it. Out: frozen objects, compared by what they ask for. A value is a
string, a number as :func:`~livebus.pattern.number.number_of` gives it, or true, false, null. Here are the plain values
and the operators for all types; those for strings only are in ``string_conditions``.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import isinf

from livebus.pattern.address import address_of
from livebus.pattern.number import NumberText

Number = int | float | NumberText
Constant = bool | None  # true, false, null

# Where a leaf looks conditions up; each table has keys of its own kind.
TABLES = ("absent", "address", "any", "constant", "lower case", "number", "number text", "prefix", "string", "suffix")
Place = tuple[str, Hashable]


@dataclass(frozen=True, slots=True)
class Condition:
    """
    What one element of a pattern's array asks for. By default nothing meets it; each operator says what does.
    """

    def meets_string(self, _value: str) -> bool:
        return False

    def meets_number(self, _value: Number) -> bool:
        return False

    def meets_constant(self, _value: Constant) -> bool:
        return False

    def bounds(self) -> tuple[float, ...]:
        """The numbers at which the answer to :meth:`meets_number` changes."""
        return ()

    def lookup(self) -> Place | None:
        """The table and key under which a value finds the condition; None where it has to be tried."""
        return None

    def __str__(self) -> str:
        """The condition as a pattern writes it."""
        raise AssertionError("each operator writes itself")


@dataclass(frozen=True, slots=True)
class Exactly(Condition):
    """``"x"`` or ``{"exactly": "x"}``: the same string, character by character."""

    text: str

    def meets_string(self, value: str) -> bool:
        return value == self.text

    def lookup(self) -> Place | None:
        return "string", self.text

    def __str__(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True, slots=True)
class SameAddress(Condition):
    """A plain string that is an IP address: any spelling of that address meets it."""

    text: str
    address: bytes

    def meets_string(self, value: str) -> bool:
        return address_of(value) == self.address

    def lookup(self) -> Place | None:
        return "address", self.address

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
        return address is not None and self.holds(address)

    def holds(self, address: bytes) -> bool:
        return len(address) == len(self.low) and self.low <= address <= self.high

    def __str__(self) -> str:
        return operator("cidr", quoted(self.text))


@dataclass(frozen=True, slots=True)
class SameNumber(Condition):
    """A plain number: equal in value, or in text where the value cannot be compared."""

    text: str
    number: float | NumberText

    def meets_number(self, value: Number) -> bool:
        return value == self.number

    def lookup(self) -> Place | None:
        return ("number text", self.number.text) if isinstance(self.number, NumberText) else ("number", self.number)

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

    def bounds(self) -> tuple[float, ...]:
        return tuple(bound for bound in (self.low, self.high) if not isinf(bound))

    def __str__(self) -> str:
        return operator("numeric", self.text)


@dataclass(frozen=True, slots=True)
class Literal(Condition):
    """``true``, ``false`` or ``null``. A Python bool is never taken for a number here."""

    value: Constant

    def meets_constant(self, value: Constant) -> bool:
        return value is self.value

    def lookup(self) -> Place | None:
        return "constant", self.value

    def __str__(self) -> str:
        return "null" if self.value is None else str(self.value).lower()


@dataclass(frozen=True, slots=True)
class Exists(Condition):
    """``{"exists": true}``: any value at all, null too. Objects and empty arrays are no values."""

    def meets_string(self, _value: str) -> bool:
        return True

    def meets_number(self, _value: Number) -> bool:
        return True

    def meets_constant(self, _value: Constant) -> bool:
        return True

    def lookup(self) -> Place | None:
        return "any", None

    def __str__(self) -> str:
        return operator("exists", "true")


@dataclass(frozen=True, slots=True)
class Absent(Condition):
    """``{"exists": false}``: no value meets it; the matcher asks for the field's absence instead."""

    def lookup(self) -> Place | None:
        return "absent", None

    def __str__(self) -> str:
        return operator("exists", "false")


@dataclass(frozen=True, slots=True)
class AnythingBut(Condition):
    """
    ``{"anything-but": ["x", "y"]}``: a value other than these strings, or these numbers; other types pass.

    ``listed`` tells whether the pattern has them in a list; ``numbers`` is the text of each number.
    """

    listed: bool
    strings: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    excluded: frozenset[str | float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "excluded", frozenset(self.strings) | {float(text) for text in self.numbers})

    def meets_string(self, value: str) -> bool:
        return value not in self.excluded

    def meets_number(self, value: Number) -> bool:
        return value not in self.excluded

    def meets_constant(self, _value: Constant) -> bool:
        return True

    def bounds(self) -> tuple[float, ...]:
        return tuple(map(float, self.numbers))

    def __str__(self) -> str:
        return operator("anything-but", argument([*map(quoted, self.strings), *self.numbers], listed=self.listed))


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def operator(name: str, argument: str) -> str:
    return f'{{"{name}":{argument}}}'


def argument(texts: list[str], *, listed: bool) -> str:
    return f"[{','.join(texts)}]" if listed else texts[0]
