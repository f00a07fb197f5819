"""
Data: what an expression says. As parsed, names may be aliases (``#n``) and values are placeholders (``:v``); bound to a
request's names and values, both are what they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Path:
    """The way to an attribute: its name, then names of map members and numbers of list elements."""

    steps: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in self.steps)}]"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value by its name, colon included."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value itself, normalised."""

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """The function ``size`` of a path."""

    of: Path | Placeholder | Literal


Operand = Path | Placeholder | Literal | Size


@dataclass(frozen=True, slots=True)
class Comparison:
    comparator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """Both bounds belong to it."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """attribute_exists, attribute_not_exists, attribute_type, begins_with, contains."""

    name: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Condition, ...]


Condition = Comparison | Between | In | Function | Not | And | Or


@dataclass(frozen=True, slots=True)
class IfNotExists:
    path: Path
    otherwise: UpdateOperand


@dataclass(frozen=True, slots=True)
class ListAppend:
    first: UpdateOperand
    second: UpdateOperand


UpdateOperand = Path | Placeholder | Literal | IfNotExists | ListAppend


@dataclass(frozen=True, slots=True)
class Sum:
    """``sign`` is + or -."""

    sign: str
    left: UpdateOperand
    right: UpdateOperand


@dataclass(frozen=True, slots=True)
class Set:
    path: Path
    value: UpdateOperand | Sum


@dataclass(frozen=True, slots=True)
class Remove:
    path: Path


@dataclass(frozen=True, slots=True)
class Add:
    path: Path
    value: Placeholder | Literal


@dataclass(frozen=True, slots=True)
class Delete:
    """Takes elements out of a set."""

    path: Path
    value: Placeholder | Literal


Action = Set | Remove | Add | Delete
Update = tuple[Action, ...]
