"""
What the plan, the completions and the run of an operation share: planned fields, and how a value is completed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from livebus.caller import Caller
from livebus.execution.arguments import Arguments
from livebus.execution.responses import Location, Path
from livebus.operation import Resolver

Complete: TypeAlias = Callable[["Completing", "PlannedField", Any, Path], Any]


class Completing(Protocol):
    """What a completion asks of the run it is in."""

    def fail(self, path: Path, message: str) -> None:
        """Report a value that does not fit its type."""

    def fields(self, fields: tuple[PlannedField, ...], source: Any, parent: Path | None) -> Any:
        """The fields of an object, resolved and completed."""


# What a completion returns instead of None when the null must take the parent with it. The error stands already.
NULL_PARENT: Any = object()


class TypedObject(dict[str, Any]):
    """A completed object of an interface or a union: its type, which the response may not show, is remembered."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str, members: dict[str, Any]) -> None:
        super().__init__(members)
        self.type_name = type_name


@dataclass(slots=True, eq=False)
class PlannedField:
    """
    One field of a response.

    ``selections`` holds the fields below it by the name of the object's type. ``plain`` says that the value can be
    published as the response shows it: no aliases below, and no types that only a ``__typename`` would tell.
    ``introspect`` yields the value of ``__schema`` and ``__type`` from the request's variables. ``admitted`` is the caller
    who was last found to be allowed to see the field: a rule's target is the same one for each event.
    """

    key: str
    name: str
    parent: str
    named_type: str
    locations: list[Location]
    arguments: Arguments
    complete: Complete
    nullable: bool = True
    resolver: Resolver | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    selections: Mapping[str, tuple[PlannedField, ...]] = field(default_factory=dict)
    plain: bool = True
    abstract: bool = False
    too_deep: bool = False
    introspect: Callable[[Mapping[str, Any]], Any] | None = None
    admitted: Caller | None = None
