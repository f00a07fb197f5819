"""
What many sub-rules ask of one field, laid out so that a value finds its sub-rules without trying each.

In: the conditions, each with the set of sub-rules that have it. Out: a :class:`Leaf`. A set of sub-rules is an int
with one bit for each. Plain values are looked up, prefixes by their lengths, numeric bounds by bisection; only
wildcards and what anything-but excludes are tried one by one, and only for sub-rules that are still in question.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from math import inf

from livebus.pattern.address import address_of
from livebus.pattern.conditions import TABLES, Condition, Constant, InBlock, Numeric
from livebus.pattern.number import EXACT_INTEGERS, NumberText, number_of

Table = dict[Hashable, int]
CONSTANTS: tuple[Constant, ...] = (True, False, None)


class Leaf:
    """
    What the sub-rules ask of one field. ``free`` are those that ask nothing, ``asked`` the others, ``absent`` those
    that may go without the field: because they ask nothing, or ask for its absence.
    """

    __slots__ = (
        "_addresses",
        "_any_value",
        "_blocks",
        "_bounds",
        "_by_bounds",
        "_constants",
        "_lower_case",
        "_number_texts",
        "_numbers",
        "_other_number_texts",
        "_prefix_lengths",
        "_prefixes",
        "_suffix_lengths",
        "_suffixes",
        "_tests",
        "absent",
        "any_string",
        "asked",
        "free",
        "strings",
        "where",
    )

    def __init__(self, everyone: int, conditions: dict[Condition, int], where: int) -> None:
        self.where = where  # this field's bit among all fields, which stand in alphabetical order
        self.asked = _union(conditions.values())
        self.free = everyone & ~self.asked
        tables: dict[str, Table] = {name: {} for name in TABLES}
        blocks: list[tuple[int, InBlock]] = []
        others: list[tuple[int, Condition]] = []
        for condition, members in conditions.items():
            place = condition.lookup()
            if place is not None:
                _add(tables[place[0]], place[1], members)
            elif isinstance(condition, InBlock):
                blocks.append((members, condition))
            else:
                others.append((members, condition))
                for constant in CONSTANTS:
                    if condition.meets_constant(constant):
                        _add(tables["constant"], constant, members)
        self.absent = self.free | tables["absent"].get(None, 0)
        self._any_value = self.free | tables["any"].get(None, 0)
        # ``{"prefix": ""}`` is how patterns ask for any string.
        self.any_string = self._any_value | tables["prefix"].pop("", 0) | tables["suffix"].pop("", 0)
        self._constants = tables["constant"]
        self.strings = tables["string"]
        self._lower_case = tables["lower case"]
        self._prefixes, self._prefix_lengths = tables["prefix"], _lengths(tables["prefix"])
        self._suffixes, self._suffix_lengths = tables["suffix"], _lengths(tables["suffix"])
        self._addresses = tables["address"]
        self._blocks = tuple(blocks)
        self._numbers = tables["number"]
        self._number_texts = tables["number text"]
        no_number = NumberText("")
        self._other_number_texts = _union(members for members, other in others if other.meets_number(no_number))
        self._bounds, self._by_bounds = _intervals(others)
        self._tests: tuple[tuple[int, Callable[[str], bool]], ...] = tuple(
            (members, other.meets_string) for members, other in others if not isinstance(other, Numeric)
        )

    def met_by(self, value: object, alive: int) -> int:
        """The sub-rules that a value satisfies, or that ask nothing; of those not ``alive`` some may be missing."""
        if type(value) is str:
            met = self.any_string | self.strings.get(value, 0)
            return met | self.met_by_string(value, alive & ~met) if alive & ~met else met
        if value is None or value is True or value is False:
            return self._any_value | self._constants.get(value, 0)
        if type(value) is int and -EXACT_INTEGERS < value < EXACT_INTEGERS:
            return self._met_by_number(value)
        number = number_of(value) if isinstance(value, int | float) else value
        if isinstance(number, NumberText):
            return self._any_value | self._other_number_texts | self._number_texts.get(number.text, 0)
        if isinstance(number, int | float):
            return self._met_by_number(number)
        raise TypeError(f"{type(value).__name__} is no value of a JSON document")

    def _met_by_number(self, number: float) -> int:
        met = self._any_value | self._numbers.get(number, 0)
        if self._by_bounds:
            # Odd places are for the bounds themselves, even ones for what lies between two.
            at = bisect_left(self._bounds, number)
            on = at < len(self._bounds) and self._bounds[at] == number
            met |= self._by_bounds[2 * at + on]
        return met

    def met_by_string(self, value: str, wanted: int) -> int:
        """Those that a string satisfies by what it is like."""
        met = 0
        if self._lower_case and value.isascii():
            met |= self._lower_case.get(value.lower(), 0)
        for length in self._prefix_lengths:
            met |= self._prefixes.get(value[:length], 0)
        for length in self._suffix_lengths:
            met |= self._suffixes.get(value[-length:], 0)
        wanted &= ~met
        if wanted:
            if self._addresses or self._blocks:
                met |= self._met_by_address(value)
            for members, test in self._tests:
                if members & wanted and test(value):
                    met |= members
        return met

    def _met_by_address(self, text: str) -> int:
        address = address_of(text)
        if address is None:
            return 0
        met = self._addresses.get(address, 0)
        for members, block in self._blocks:
            if block.holds(address):
                met |= members
        return met


def _union(sets: Iterable[int]) -> int:
    union = 0
    for members in sets:
        union |= members
    return union


def _add(table: Table, key: Hashable, members: int) -> None:
    table[key] = table.get(key, 0) | members


def _lengths(table: Table) -> tuple[int, ...]:
    return tuple(sorted({len(str(text)) for text in table}))


def _intervals(others: list[tuple[int, Condition]]) -> tuple[list[float], tuple[int, ...]]:
    """
    Cut the line of numbers at all bounds: the bounds, and who is met below the first, on it, above it, on the next …
    """
    compared = [
        (members, condition) for members, condition in others if condition.meets_number(0) or condition.bounds()
    ]
    bounds = sorted({bound for _, condition in compared for bound in condition.bounds()})
    samples: list[float] = [-inf]
    for place, low in enumerate(bounds):
        high = bounds[place + 1] if place + 1 < len(bounds) else inf
        samples += [low, low / 2 + high / 2]
    met = (_union(members for members, condition in compared if condition.meets_number(sample)) for sample in samples)
    return bounds, tuple(met) if compared else ()
