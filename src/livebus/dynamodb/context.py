"""
What the operations have in common: the store, the clock, names and ids, and what a call consumed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from livebus.dynamodb import parameters
from livebus.dynamodb.errors import constraint, no_table
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.table import Index, Table

if TYPE_CHECKING:
    from livebus.dynamodb.store import Store  # what has no need of it should not load SQLite

Answer = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_LONGEST_NAME = 1024
_READ_UNIT, _WRITE_UNIT = 4096, 1024
NONE, TOTAL, INDEXES = "NONE", "TOTAL", "INDEXES"


@dataclass(frozen=True, slots=True)
class Context:
    """``clock`` gives epoch seconds."""

    store: Store
    clock: Callable[[], float]
    region: str
    account: str
    partition: str

    def table(self, request: Request, missing: str = "") -> Table:
        """The table that a request names. ``missing`` ends the message where it is not there."""
        return self.table_named(parameters.text(request, "TableName"), missing)

    def table_named(self, given: str, missing: str = "") -> Table:
        name = table_name(given)
        table = self.store.table(name)
        if table is None:
            raise no_table(missing.format(name))
        return table

    def table_arn(self, name: str) -> str:
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/{name}"


def table_name(given: str) -> str:
    """The name of a table from its name or its ARN. Raises DynamoDBError."""
    name = given.rsplit(":table/", 1)[-1] if given.startswith("arn:") else given
    if not _NAME.fullmatch(name):
        raise constraint(
            "tableName", given[:_LONGEST_NAME], "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )
    if len(name) > _LONGEST_NAME:
        raise constraint("tableName", given[:100], f"Member must have length less than or equal to {_LONGEST_NAME}")
    return name


# --- capacity -------------------------------------------------------------------------------------------------------


def read_units(size: int, *, consistent: bool) -> float:
    return max(1, math.ceil(size / _READ_UNIT)) * (1.0 if consistent else 0.5)


def write_units(*sizes: int) -> float:
    """Units of a write: by the larger of the item before and the item after."""
    return float(max(1, math.ceil(max(sizes) / _WRITE_UNIT)))


@dataclass(slots=True)
class Consumed:
    """
    What a call used up, by table. ``wanted`` is the request's ReturnConsumedCapacity.

    Writes count for the table; what they cost in indexes AWS knows and we do not tell.
    """

    wanted: str
    units: dict[str, float]
    index: tuple[str, bool] | None = None

    @classmethod
    def of(cls, request: Request) -> Consumed:
        return cls(parameters.choice(request, "ReturnConsumedCapacity", (INDEXES, TOTAL, NONE), NONE), {})

    def add(self, table: Table, units: float, index: Index | None = None) -> None:
        if self.wanted == NONE:
            return
        self.units[table.name] = self.units.get(table.name, 0.0) + units
        if index is not None:
            self.index = (index.name, index.is_global)

    def into(self, answer: Answer, *, several: bool = False) -> Answer:
        """The answer with ConsumedCapacity where the request wants it; a list for calls of several tables."""
        if self.wanted != NONE:
            described = [self._described(name, units) for name, units in self.units.items()]
            if several:
                answer["ConsumedCapacity"] = described
            elif described:
                answer["ConsumedCapacity"] = described[0]
        return answer

    def _described(self, name: str, units: float) -> Mapping[str, Any]:
        told: dict[str, Any] = {"TableName": name, "CapacityUnits": units}
        if self.wanted == INDEXES:
            told["Table"] = {"CapacityUnits": 0.0 if self.index else units}
            if self.index:
                index, is_global = self.index
                member = "GlobalSecondaryIndexes" if is_global else "LocalSecondaryIndexes"
                told[member] = {index: {"CapacityUnits": units}}
        return told
