"""
What many sub-rules ask of one field, laid out so that a value finds its sub-rules without trying each.

In: the conditions, each with the set of sub-rules that have it. Out: a :class:`Leaf`. A set of sub-rules is an int
with one bit for each. Plain values are looked up, prefixes by their lengths, numeric bounds by bisection; only
wildcards and what anything-but excludes are tried one by one, and only for sub-rules that are still in question.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from livebus.pattern.address import address_of
from livebus.pattern.condition import (
    Absent,
    AnythingBut,
    Condition,
    EqualsIgnoreCase,
    Exactly,
    Exists,
    InBlock,
    Literal,
    Number,
    Numeric,
    Prefix,
    SameAddress,
    SameNumber,
    Suffix,
)
from livebus.pattern.number import EXACT_INTEGERS, NumberText, number_of

Asked = list[tuple[Condition, int]]


class Leaf:
    """
    What the sub-rules ask of one field. ``free`` are those that ask nothing, ``asked`` the others, ``absent`` those
    that may go without the field: because they ask nothing, or ask for its absence.
    """

    __slots__ = (
        "_addresses",
        "_any_value",
        "_blocks",
        "_booleans",
        "_bounds",
        "_by_address",
        "_in_bounds",
        "_lower_case",
        "_null",
        "_number_texts",
        "_numbers",
        "_other_number_texts",
        "_prefix_lengths",
        "_prefixes",
        "_strings",
        "_suffix_lengths",
        "_suffixes",
        "_tests",
        "absent",
        "asked",
        "free",
        "where",
    )

    def __init__(self, everyone: int, conditions: dict[Condition, int], where: int) -> None:
        self.where = where  # this field's bit among all fields, which stand in alphabetical order
        self.asked = _union(conditions.values())
        self.free = everyone & ~self.asked
        self.absent = self.free
        self._any_value = self.free
        self._booleans = [0, 0]
        self._null = 0
        self._strings: dict[str, int] = {}
        self._lower_case: dict[str, int] = {}
        self._prefixes: dict[str, int] = {}
        self._suffixes: dict[str, int] = {}
        self._addresses: dict[bytes, int] = {}
        self._numbers: dict[Number, int] = {}
        self._number_texts: dict[str, int] = {}
        self._other_number_texts = 0
        blocks: list[tuple[int, bytes, bytes]] = []
        tests: list[tuple[int, Callable[[str], bool]]] = []
        compared: Asked = []
        for condition, members in conditions.items():
            match condition:
                case Absent():
                    self.absent |= members
                case Exists():
                    self._any_value |= members
                case Exactly(text):
                    _add(self._strings, text, members)
                case Prefix(text):
                    _add(self._prefixes, text, members)
                case Suffix(text):
                    _add(self._suffixes, text, members)
                case EqualsIgnoreCase(text) if text.isascii():
                    _add(self._lower_case, text.lower(), members)
                case SameAddress(_, address):
                    _add(self._addresses, address, members)
                case InBlock(_, low, high):
                    blocks.append((members, low, high))
                case SameNumber(_, NumberText(text)):
                    _add(self._number_texts, text, members)
                case SameNumber(_, number):
                    _add(self._numbers, number, members)
                case Numeric():
                    compared.append((condition, members))
                case Literal(None):
                    self._null |= members
                case Literal(value):
                    self._booleans[bool(value)] |= members
                case AnythingBut():
                    self._null |= members
                    self._booleans = [others | members for others in self._booleans]
                    self._other_number_texts |= members
                    compared.append((condition, members))
                    tests.append((members, condition.meets_string))
                case _:
                    tests.append((members, condition.meets_string))
        self._prefix_lengths = _lengths(self._prefixes)
        self._suffix_lengths = _lengths(self._suffixes)
        self._blocks = tuple(blocks)
        self._by_address = bool(blocks or self._addresses)
        self._tests = tuple(tests)
        self._bounds, self._in_bounds = _intervals(compared)

    def met_by(self, value: object, alive: int) -> int:
        """The sub-rules that a value satisfies, or that ask nothing; of those not ``alive`` some may be missing."""
        if type(value) is str:
            return self._met_by_string(value, alive)
        if value is None:
            return self._any_value | self._null
        if value is True or value is False:
            return self._any_value | self._booleans[value]
        if type(value) is int and -EXACT_INTEGERS < value < EXACT_INTEGERS:
            number: Number = value
        elif isinstance(value, int | float):
            number = number_of(value)
        elif isinstance(value, NumberText):
            number = value
        else:
            raise TypeError(f"{type(value).__name__} is no value of a JSON document")
        if isinstance(number, NumberText):
            return self._any_value | self._other_number_texts | self._number_texts.get(number.text, 0)
        met = self._any_value | self._numbers.get(number, 0)
        if self._in_bounds:
            # Even places are between two bounds, odd ones on a bound.
            at = bisect_left(self._bounds, number)
            on = at < len(self._bounds) and self._bounds[at] == number
            met |= self._in_bounds[2 * at + on]
        return met

    def _met_by_string(self, value: str, alive: int) -> int:
        met = self._any_value | self._strings.get(value, 0)
        if self._lower_case and value.isascii():
            met |= self._lower_case.get(value.lower(), 0)
        for length in self._prefix_lengths:
            met |= self._prefixes.get(value[:length], 0)
        for length in self._suffix_lengths:
            met |= self._suffixes.get(value[-length:] if length else "", 0)
        wanted = alive & ~met
        if not wanted:
            return met
        if self._by_address:
            address = address_of(value)
            if address is not None:
                met |= self._addresses.get(address, 0)
                for members, low, high in self._blocks:
                    if low <= address <= high and len(address) == len(low):
                        met |= members
        for members, test in self._tests:
            if members & wanted and test(value):
                met |= members
        return met


def _union(sets: Iterable[int]) -> int:
    union = 0
    for members in sets:
        union |= members
    return union


def _add[Key](table: dict[Key, int], key: Key, members: int) -> None:
    table[key] = table.get(key, 0) | members


def _lengths(table: dict[str, int]) -> tuple[int, ...]:
    return tuple(sorted({len(text) for text in table}))


def _intervals(compared: Asked) -> tuple[list[float], tuple[int, ...]]:
    """
    Cut the numbers at all bounds: the bounds, and who is met below the first, on it, between it and the next, …
    """
    bounds: set[float] = set()
    for condition, _ in compared:
        bounds |= set(condition.bounds())
    cuts = sorted(bounds)
    between = [_between(low, high) for low, high in zip([-inf, *cuts], [*cuts, inf], strict=True)]
    return cuts, ()
