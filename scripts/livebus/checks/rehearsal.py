"""
Sample events, taken through the line without a network: what became of each at each target.

In: an inspection. Out: :class:`Rehearsed` attempts, made once for all checks. Ids and the time are constants, and
resolvers that put events are told that the bus took them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from livebus.checks.inspection import Inspection, Sample
from livebus.flow import Attempt
from livebus.operation import Services
from livebus.template.application import Rule

_NOON = 1_768_478_400.0  # 2026-01-15T12:00:00Z: any time will do, and the same one each time is better


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One invocation of one target with one sample."""

    sample: Sample
    rule: Rule
    attempt: Attempt


_done: WeakKeyDictionary[Inspection, tuple[Rehearsed, ...]] = WeakKeyDictionary()


def rehearse(inspection: Inspection) -> tuple[Rehearsed, ...]:
    """What becomes of the samples that are expected to arrive, at every target that can be compiled."""
    found = _done.get(inspection)
    if found is None:
        line, services = inspection.compilation.line, _services()
        found = tuple(
            Rehearsed(sample, compiled.rule, line.attempt(sample.event, target, services))
            for sample in inspection.samples
            if sample.expected
            for compiled in line.rules_for(sample.event)
            for target in compiled.targets
        )
        _done[inspection] = found
    return found


def _services() -> Services:
    numbers = count()
    return Services(_NOON, lambda: f"00000000-0000-4000-8000-{next(numbers):012}", _put_events)


def _put_events(_: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "00000000-0000-4000-8000-000000000000"} for _ in entries]}
