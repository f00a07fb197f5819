"""
What is ignored, and why: by a flag, by .livebus.toml, or in the template's Metadata.

In: ``ID:reason`` texts, pairs, a template's Document. Out: :class:`Suppression` objects, and findings parted by them. Without a
reason nothing is ignored: whoever comes next has to know whether it still holds.

In a template, for all of it or for one resource::

    Metadata:
      Livebus:
        Ignore:
          - Id: W9101
            Reason: The queue is another team's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.checks.check import Finding
from livebus.errors import Fault, LivebusError, Place, did_you_mean
from livebus.template.document import Document, Path

_FORM = re.compile("[EWI][0-9]{1,4}")
# What is to be checked may be all that is an error.
_FORM_BEGUN = re.compile("[EWI][0-9]{0,4}")
_OURS = re.compile("[EWI]9[12]")
_EXPECTED = "an id such as W9101, or its beginning"

Foreign = Callable[[], Collection[str]]


def _nobody_knows() -> Collection[str]:
    """No ids: then those that are not ours may be anybody's."""
    return ()


@dataclass(frozen=True, slots=True)
class Suppression:
    """
    One thing that is ignored: findings whose id begins with ``id``. ``origin`` says where that was asked for.

    ``resource`` narrows it to the findings of one resource; None means the whole template.
    """

    id: str
    reason: str
    origin: str
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is ignored, and because of what."""

    finding: Finding
    suppression: Suppression


def from_pair(
    check_id: str, reason: str, origin: str, known: Collection[str], foreign: Foreign = _nobody_knows
) -> Suppression:
    """
    A suppression for the whole template. Raises LivebusError for an id that no check has, or an empty reason.

    ``known`` are the ids of our checks; ``foreign`` is asked for those of others where it is none of ours.
    """
    faults = list(_faults(check_id, reason, Place(origin), known, foreign))
    if faults:
        raise LivebusError(faults=faults)
    return Suppression(check_id.strip(), reason.strip(), origin)


def from_flag(text: str, known: Collection[str], foreign: Foreign = _nobody_knows) -> Suppression:
    """``ID:reason``, as --ignore takes it. Raises LivebusError."""
    check_id, _, reason = text.partition(":")
    return from_pair(check_id, reason, "--ignore", known, foreign)


def from_template(
    document: Document, known: Collection[str], foreign: Foreign = _nobody_knows
) -> tuple[list[Suppression], list[Fault]]:
    """Those of a template's Metadata, and what is wrong with them."""
    found: list[Suppression] = []
    faults: list[Fault] = []
    for resource, path, body in _holders(document.body):
        for index, item in enumerate(_items(body)):
            place = document.place((*path, "Ignore", index))
            given = item if isinstance(item, Mapping) else {}
            check_id, reason = given.get("Id"), given.get("Reason")
            wrong = list(_faults(check_id, reason, place, known, foreign))
            faults += wrong
            if not wrong:
                found.append(Suppression(str(check_id), str(reason).strip(), str(place), resource))
    return found, faults


def _holders(body: Mapping[str, Any]) -> Iterator[tuple[str | None, Path, Mapping[str, Any]]]:
    """What stands under Metadata/Livebus, of the template and of each resource."""
    resources = body.get("Resources")
    holders: list[tuple[str | None, Path, Any]] = [(None, (), body)]
    if isinstance(resources, Mapping):
        holders += [(name, ("Resources", name), resource) for name, resource in resources.items()]
    for name, path, holder in holders:
        metadata = holder.get("Metadata") if isinstance(holder, Mapping) else None
        livebus = metadata.get("Livebus") if isinstance(metadata, Mapping) else None
        if isinstance(livebus, Mapping):
            yield name, (*path, "Metadata", "Livebus"), livebus


def _items(body: Mapping[str, Any]) -> list[Any]:
    given = body.get("Ignore", [])
    return given if isinstance(given, list) else [given]


def no_such_check(
    check_id: str, place: Place, known: Collection[str], foreign: Foreign = _nobody_knows
) -> Fault | None:
    """What is wrong with an id, or the beginning of ids: no check's begins so."""
    wanted = check_id.strip()
    others: Collection[str] = ()
    if _FORM_BEGUN.fullmatch(wanted):
        if any(each.startswith(wanted) for each in known):
            return None
        others = foreign()
        if any(each.startswith(wanted) for each in others) or not (others or _OURS.match(wanted)):
            return None
    return Fault(f"there is no check {check_id!r}", place, advice=did_you_mean(wanted.upper(), [*known, *others]))


def _faults(
    check_id: object, reason: object, place: Place, known: Collection[str], foreign: Foreign
) -> Iterator[Fault]:
    if not isinstance(check_id, str) or not _FORM.fullmatch(check_id.strip()):
        yield Fault(f"{check_id!r} is not the id of a check", place, _EXPECTED)
    else:
        fault = no_such_check(check_id, place, known, foreign)
        if fault is not None:
            yield fault
    if not isinstance(reason, str) or not reason.strip():
        yield Fault(f"{check_id!r} is ignored without a reason", place, "a reason", "Say why it is to be ignored.")


def part(
    findings: Iterable[Finding], suppressions: Collection[Suppression], document: Document | None
) -> tuple[list[Finding], list[Suppressed]]:
    """The findings that stand, and those that are ignored. ``document`` tells which resource a finding belongs to."""
    kept: list[Finding] = []
    ignored: list[Suppressed] = []
    owners = Owners(document) if document is not None and any(each.resource for each in suppressions) else None
    for finding in findings:
        by = next((each for each in suppressions if _covers(each, finding, owners)), None)
        if by is None:
            kept.append(finding)
        else:
            ignored.append(Suppressed(finding, by))
    return kept, ignored


def _covers(suppression: Suppression, finding: Finding, owners: Owners | None) -> bool:
    if not finding.check.id.startswith(suppression.id):
        return False
    return suppression.resource is None or (
        owners is not None and owners.of(finding.fault.place) == suppression.resource
    )


class Owners:
    """Tells which resource a place belongs to: by its path, by its line, or as the one that names the file."""

    def __init__(self, document: Document) -> None:
        self._document = document
        resources = document.body.get("Resources")
        self._resources: Mapping[str, Any] = resources if isinstance(resources, Mapping) else {}
        starts: list[tuple[int, str | None]] = [
            (line, str(path[1]) if len(path) > 1 else None)
            for path, (line, _) in document.places.items()
            if len(path) == 1 or (len(path) == 2 and path[0] == "Resources")
        ]
        self._starts = sorted(starts, key=lambda start: start[0])

    def of(self, place: Place) -> str | None:
        if place.file == self._document.file:
            steps = place.path.split("/")
            if steps[0] == "Resources" and len(steps) > 1:
                return steps[1]
            index = bisect_right([line for line, _ in self._starts], place.line or 0) - 1
            return self._starts[index][1] if index >= 0 else None
        return next((name for name, body in self._resources.items() if _names(body, place.file)), None)


def _names(value: Any, text: str) -> bool:
    """Whether a text stands somewhere in a resource."""
    if isinstance(value, Mapping):
        return any(_names(each, text) for each in value.values())
    if isinstance(value, list):
        return any(_names(each, text) for each in value)
    return bool(text) and value == text
