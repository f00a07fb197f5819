"""
Records that are made for every event: frozen for the type checker, plain while the program runs.

A frozen dataclass sets each member through ``object.__setattr__``, which costs several times what a plain one does, and an event
passes a dozen of them. mypy refuses to change a record all the same; what is never to change has no other guard here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """As ``dataclass(frozen=True, slots=True)``, hashable by its members; but nothing stops a change at run time."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
