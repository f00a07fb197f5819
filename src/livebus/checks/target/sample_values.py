"""
Checks of the values that sample events bring to the variables: what is there, and whether it is of the variable's type.

In: an inspection with samples. Out: faults. What no sample has, or has in the right type, is the template's fault and
told at the path; what only some have is told at the sample.
https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import get_named_type, get_nullable_type, is_input_object_type, is_leaf_type, is_list_type

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection, Sample
from livebus.checks.target.slots import ENVELOPE, Slot, Text
from livebus.checks.target.supplied import Leaf, Misfit, Supply, filled, meet, supplies
from livebus.errors import Fault, Place, closest
from livebus.transformer import NotTransformable
from livebus.transformer.json_path import MISSING, WILDCARD, steps_of

CHECKS = Checks()

_LINE = re.compile(r"\(line (\d+), column \d+\)")

_TRANSFORM = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"
_SCALARS = "https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html"


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What one sample gives to one slot or variable that it does not fit."""

    sample: Sample
    misfit: Misfit


@CHECKS.add(
    "E9117",
    "The input makes JSON of each sample event",
    why="EventBridge delivers nothing where a value between quotes breaks the JSON, or where the input is no object.",
    source=_TRANSFORM,
)
def _is_transformed(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        samples = _samples(inspection, supply)
        refused: dict[int, str] = {}
        for sample in samples:
            try:
                supply.transformer.apply(sample.event)
            except NotTransformable as error:
                refused[id(sample)] = error.reason
        if not refused or _is_told(supply):
            continue
        place = supply.place()
        line = _LINE.search(next(iter(refused.values())))
        at_fault = place.shifted(int(line[1])) if line else place
        for sample, where in _blamed(at_fault, samples, [each for each in samples if id(each) in refused]):
            reason = refused[id(sample)].replace(f" ({place})", f" ({place.file}:{at_fault.line})")
            yield Fault(f"{_of(sample)} is not delivered: {reason}", where)


def _is_told(supply: Supply) -> bool:
    """Whether every event fails, which is told without samples."""
    if supply.transformer.form == "InputPath":
        return Slot("", supply.transformer.text, quoted=False, line=1).kind not in (None, "object")
    return any(
        slot.quoted and (slot.kind in ("object", "array") or is_input_object_type(get_named_type(leaf.type)))
        for leaf in supply.leaves()
        for slot in leaf.slots
    )


@CHECKS.add(
    "E9118",
    "The values of sample events fit the variables",
    why="AppSync refuses the variables inside an HTTP 200: nothing is retried, nobody receives anything.",
    source=_SCALARS,
)
def _values_fit(inspection: Inspection) -> Iterator[Fault]:
    return _misfits(inspection, hard=True)


@CHECKS.add(
    "W9113",
    "Values for String variables are strings in the sample events",
    why="GraphQL documents String as text. Numbers and booleans reach apps as text at best, and may be refused.",
    source=_SCALARS,
)
def _strings_are_strings(inspection: Inspection) -> Iterator[Fault]:
    return _misfits(inspection, hard=False)


@CHECKS.add(
    "W9114",
    "Each path finds something in the sample events",
    why="A path that finds nothing gives an empty text, and apps get it as though it had been sent.",
    source=_TRANSFORM,
)
def _paths_find_something(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        samples = _samples(inspection, supply)
        told: set[Slot] = set()
        for leaf in supply.leaves():
            for slot in leaf.slots:
                if slot in told or not samples or not _found_by_none(slot, samples) or _fails_empty(leaf):
                    continue
                told.add(slot)
                yield Fault(_nothing_at(slot, samples), supply.place_of_path(slot), advice=_similar(slot, samples[0]))


# --- misfits --------------------------------------------------------------------------------------------------------


def _misfits(inspection: Inspection, *, hard: bool) -> Iterator[Fault]:
    for supply in supplies(inspection):
        samples = _samples(inspection, supply)
        if supply.members is None:
            yield from _misfits_of_whole(supply, samples, hard=hard)
            continue
        for leaf in supply.leaves():
            if isinstance(leaf.value, Text):
                yield from _misfits_of_text(supply, leaf, samples, hard=hard)
                continue
            if leaf.value.path is None or _is_told_by_kind(leaf, leaf.value):
                continue  # what is the same in each event is told without samples
            slot = leaf.value
            if _found_by_none(slot, samples):
                if hard and samples and _fails_empty(leaf):
                    found = f"{_nothing_at(slot, samples)}, and '${leaf.way}' of type {leaf.type} takes none"
                    yield Fault(found, supply.place_of_path(slot), advice=_similar(slot, samples[0]))
                continue
            arrivals = [
                _Arrival(sample, misfit)
                for sample in samples
                for misfit in _of_severity(
                    meet(leaf.variable, leaf.way, leaf.type, filled(leaf, sample.event.envelope)), hard
                )
            ]
            place = supply.place_of_path(slot)
            yield from _told(supply, arrivals, samples, place, f" at {slot.path}")


def _is_told_by_kind(leaf: Leaf, slot: Slot) -> bool:
    """Whether what is the same in each event has been told without samples: its kind, or a text for a number or a day."""
    if slot.kind == "string":
        numeric = ("AWSTimestamp", "Boolean", "Float", "Int")
        return leaf.named_type in numeric or (slot.path == "$.time" and leaf.named_type in ("AWSDate", "AWSTime"))
    if slot.kind == "array":
        return not is_list_type(get_nullable_type(leaf.type))
    return slot.kind == "object" and is_leaf_type(get_named_type(leaf.type))


def _misfits_of_text(supply: Supply, leaf: Leaf, samples: list[Sample], *, hard: bool) -> Iterator[Fault]:
    """Misfits of what stands between quotes: the text that each sample makes of it."""
    arrivals = []
    for sample in samples:
        try:
            value = supply.transformer.apply(sample.event).get(leaf.variable)
        except NotTransformable:
            continue
        met = _of_severity(meet(leaf.variable, leaf.variable, supply.types[leaf.variable], value), hard)
        arrivals += [_Arrival(sample, misfit) for misfit in met if misfit.way == leaf.way]
    yield from _told(supply, arrivals, samples, supply.place_in_template(leaf.slots[0]), "")


def _misfits_of_whole(supply: Supply, samples: list[Sample], *, hard: bool) -> Iterator[Fault]:
    """Misfits where the members of the input depend on the event."""
    arrivals: dict[str, list[_Arrival]] = {}
    for sample in samples:
        try:
            values = supply.transformer.apply(sample.event)
        except NotTransformable:
            continue
        for name, type_ in supply.types.items():
            if name in values:
                met = _of_severity(meet(name, name, type_, values[name]), hard)
            elif hard and name in supply.required:
                met = [Misfit(name, name, "it has no value")]
            else:
                continue
            arrivals.setdefault(name, []).extend(_Arrival(sample, misfit) for misfit in met)
    for each in arrivals.values():
        yield from _told(supply, each, samples, supply.place(), "")


def _of_severity(met: Iterable[Leaf | Misfit], hard: bool) -> list[Misfit]:  # noqa: FBT001  # one of two kinds
    return [each for each in met if isinstance(each, Misfit) and each.hard == hard]


def _told(supply: Supply, arrivals: list[_Arrival], samples: list[Sample], place: Place, where: str) -> Iterator[Fault]:
    for sample, at in _blamed(place, samples, [each.sample for each in arrivals]):
        for arrival in arrivals:
            if arrival.sample is sample:
                misfit = arrival.misfit
                found = f"{_of(sample)} does not fit '${misfit.way}' of {supply.owner}{where}: {misfit.reason}"
                yield Fault(found, at, str(supply.types[misfit.variable]) if misfit.way == misfit.variable else "")


def _blamed(place: Place, samples: list[Sample], failing: Iterable[Sample]) -> list[tuple[Sample, Place]]:
    """The template, with the first sample as an example, where all fail; else each sample that does."""
    failed = list({id(sample): sample for sample in failing}.values())
    if failed and len(failed) == len(samples):
        return [(failed[0], place)]
    return [(sample, sample.place) for sample in failed]


# --- paths ----------------------------------------------------------------------------------------------------------


def _samples(inspection: Inspection, supply: Supply) -> list[Sample]:
    """The samples that reach a target."""
    return [sample for sample in inspection.samples_for(supply.inspected.rule) if sample.expected]


def _found_by_none(slot: Slot, samples: list[Sample]) -> bool:
    """Whether a path finds nothing in any sample. Those that find nothing in any event at all are told elsewhere."""
    if slot.path is None:
        return False
    steps = steps_of(slot.path)
    if isinstance(steps, str) or not steps or steps[0] not in ENVELOPE or WILDCARD in steps:
        return False
    if steps[0] not in ("detail", "resources", "replay-name"):
        return False
    return all(slot.find(sample.event.envelope) is MISSING for sample in samples)


def _fails_empty(leaf: Leaf) -> bool:
    """Whether the empty text that stands for nothing is refused."""
    if not isinstance(leaf.value, Slot):
        return False
    return any(each.hard for each in meet(leaf.variable, leaf.way, leaf.type, "") if isinstance(each, Misfit))


def _nothing_at(slot: Slot, samples: list[Sample]) -> str:
    which = _of(samples[0]) if len(samples) == 1 else f"none of the {len(samples)} sample events that the rule matches"
    verb = "has nothing" if len(samples) == 1 else "has anything"
    return f"{which} {verb} at {slot.path!r} ({slot})"


def _similar(slot: Slot, sample: Sample) -> str:
    """A path of a sample that may have been meant."""
    paths = {path.rpartition(".")[2].lower(): path for path in _paths(sample.event.envelope.get("detail"), "$.detail")}
    close = closest(str(slot.path).rpartition(".")[2].lower(), paths)
    return f"Did you mean {paths[close]!r}?" if close else "Mend the path, or give the sample such a member."


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield f"{path}.{name}"
            yield from _paths(item, f"{path}.{name}")


def _of(sample: Sample) -> str:
    return f"the sample event {sample.file}[{sample.index}]" if sample.index else f"the sample event {sample.file}"
