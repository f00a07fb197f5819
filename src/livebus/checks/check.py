"""
What a check is: an id, what it demands, why that matters on AWS, where AWS says so, and a function that finds breaches.

In: an :class:`~livebus.checks.inspection.Inspection`. Out: faults, each with its place. Checks are plain functions; the
decorator only puts their description beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from livebus.checks.inspection import Inspection
from livebus.errors import Fault

Severity = Literal["error", "warning", "info"]
_SEVERITIES: dict[str, Severity] = {"E": "error", "W": "warning", "I": "info"}

Find = Callable[[Inspection], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Check:
    """
    One check. ``id`` is E, W or I (error, warning, information) and a number from 9100, which cfn-lint leaves to others.

    ``summary`` says what holds where the check is kept, ``why`` what happens on AWS where it is not, ``source`` is the
    page that says so. An error is what cannot work; a warning what is likely wrong, or unwise.
    """

    id: str
    summary: str
    why: str
    source: str
    find: Find

    @property
    def severity(self) -> Severity:
        return _SEVERITIES[self.id[0]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of a check."""

    check: Check
    fault: Fault


class Checks:
    """The checks of one concern, collected by its decorator in the order in which they stand in the file."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks)

    def add(self, check_id: str, summary: str, *, why: str, source: str) -> Callable[[Find], Find]:
        def register(find: Find) -> Find:
            self._checks.append(Check(check_id, summary, why, source, find))
            return find

        return register
