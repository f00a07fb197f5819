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
from dataclasses import dataclass, replace
from typing import Any

from livebus.checks.check import Finding
from livebus.errors import Fault, LivebusError, Place, did_you_mean
from livebus.template.document import IN_STACK, Document, Path

_SAY_WHY = "Say why it is to be ignored."
_FORM = re.compile("[EWI][0-9]{1,4}")
# What is to be checked may be all that is an error.
_FORM_BEGUN = re.compile("[EWI][0-9]{0,4}")
_OURS = re.compile("[EWI]9[12]")
_EXPECTED = "an id such as W9101, or its beginning"
# A flag with something else than a colon between an id and a reason.
_APART = re.compile(r"([EWI][0-9]{1,4})\s*[=,;\s]\s*(\S.*)")

Foreign = Callable[[], Collection[str]]


def _nobody_knows() -> Collection[str]:
    """No ids: then those that are not ours may be anybody's."""
    return ()


@dataclass(frozen=True, slots=True)
class Suppression:
    """
    One thing that is ignored: findings whose id begins with ``id``. ``origin`` says where that was asked for.

    ``resource`` narrows it to the findings of one resource; None means the whole template. ``stack``: the nested stack, as
    ``STACK:``, whose template asks for it, and whose findings it is about; of the outermost template it is empty.
    """

    id: str
    reason: str
    origin: str
    resource: str | None = None
    stack: str = ""


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
    check_id, colon, reason = text.partition(":")
    if not colon and (found := _APART.fullmatch(text)):
        advice = f'Write --ignore "{found[1]}:{found[2]}".'
        raise LivebusError(f"{text!r} has no colon", Place("--ignore"), expected="ID:REASON", advice=advice)
    try:
        return from_pair(check_id, reason, "--ignore", known, foreign)
    except LivebusError as error:
        raise LivebusError(faults=[_with_form(fault, check_id.strip()) for fault in error.faults]) from None


def _with_form(fault: Fault, check_id: str) -> Fault:
    """A missing reason's fault with what to write in a shell."""
    if fault.advice != _SAY_WHY:
        return fault
    shown = check_id if _FORM.fullmatch(check_id) else "W9101"
    return replace(fault, expected="ID:REASON", advice=f'{_SAY_WHY[:-1]}: --ignore "{shown}:another team\'s".')


def from_template(
    document: Document, known: Collection[str], foreign: Foreign = _nobody_knows
) -> tuple[list[Suppression], list[Fault]]:
    """Those of a template's Metadata, and what is wrong with them."""
    found: list[Suppression] = []
    faults: list[Fault] = []
    for stack, part in _parts(document):
        more, wrong = _asked(stack, part, known, foreign)
        found += more
        faults += wrong
    return found, faults


def _parts(document: Document, stack: str = "") -> Iterator[tuple[str, Document]]:
    """A document, and those of the stacks that it nests, with what their logical ids begin with."""
    yield stack, document
    for name, part in document.parts.items():
        yield from _parts(part, f"{stack}{name}{IN_STACK}")


def _asked(
    stack: str, document: Document, known: Collection[str], foreign: Foreign
) -> tuple[list[Suppression], list[Fault]]:
    found: list[Suppression] = []
    faults: list[Fault] = []
    for resource, path, body in _holders(document.body):
        if resource is not None and IN_STACK in resource and document.parts:
            continue  # of a part, which is asked by itself
        for index, item in enumerate(_items(body)):
            place = document.place((*path, "Ignore", index))
            given = item if isinstance(item, Mapping) else {}
            check_id, reason = given.get("Id"), given.get("Reason")
            wrong = list(_faults(check_id, reason, place, known, foreign))
            faults += wrong
            if not wrong:
                name = stack + resource if resource is not None else None
                found.append(Suppression(str(check_id), str(reason).strip(), str(place), name, stack))
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
        yield Fault(f"{check_id!r} is ignored without a reason", place, "a reason", _SAY_WHY)


def part(
    findings: Iterable[Finding], suppressions: Collection[Suppression], document: Document | None
) -> tuple[list[Finding], list[Suppressed]]:
    """The findings that stand, and those that are ignored. ``document`` tells which resource a finding belongs to."""
    kept: list[Finding] = []
    ignored: list[Suppressed] = []
    narrow = any(each.resource or each.stack for each in suppressions)
    owners = Owners(document) if document is not None and narrow else None
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
    if suppression.resource is None:
        return not suppression.stack or (
            owners is not None and owners.stack_of(finding.fault.place) == suppression.stack
        )
    return owners is not None and owners.of(finding.fault.place) == suppression.resource


class Owners:
    """Tells which resource a place belongs to: by its path, by its line, or as the one that names the file."""

    def __init__(self, document: Document) -> None:
        self._stacks = [(stack, _Lines(part)) for stack, part in _parts(document)]

    def of(self, place: Place) -> str | None:
        for stack, lines in self._stacks:
            if lines.file == place.file:
                found = lines.at(place)
                return stack + found if found is not None else None
        return next(
            (
                stack + name
                for stack, lines in self._stacks
                for name in lines.own
                if _names(lines.own[name], place.file)
            ),
            None,
        )

    def stack_of(self, place: Place) -> str:
        """The nested stack that a place belongs to, as ``STACK:``; empty where it is the outermost template's."""
        named = next((stack for stack, lines in self._stacks if lines.file == place.file), None)
        if named is not None:
            return named
        owner = self.of(place) or ""
        return owner[: owner.rfind(IN_STACK) + 1]


class _Lines:
    """The resources of one template, and the lines on which they begin."""

    def __init__(self, document: Document) -> None:
        self.file = document.file
        resources = document.body.get("Resources")
        self.own: Mapping[str, Any] = {
            name: body
            for name, body in (resources.items() if isinstance(resources, Mapping) else ())
            if not (document.parts and IN_STACK in name)
        }
        starts: list[tuple[int, str | None]] = [
            (line, str(path[1]) if len(path) > 1 else None)
            for path, (line, _) in document.places.items()
            if len(path) == 1 or (len(path) == 2 and path[0] == "Resources")
        ]
        self._starts = sorted(starts, key=lambda start: start[0])

    def at(self, place: Place) -> str | None:
        """The resource that holds a place of this file."""
        steps = place.path.split("/")
        if steps[0] == "Resources" and len(steps) > 1:
            return steps[1]
        index = bisect_right([line for line, _ in self._starts], place.line or 0) - 1
        return self._starts[index][1] if index >= 0 else None


def _names(value: Any, text: str) -> bool:
    """Whether a text stands somewhere in a resource."""
    if isinstance(value, Mapping):
        return any(_names(each, text) for each in value.values())
    if isinstance(value, list):
        return any(_names(each, text) for each in value)
    return bool(text) and value == text
