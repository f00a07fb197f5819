"""
The templates of tests/vectors/checks: what checks find in each is what its first lines say, and nothing else.

The comments at a template's head::

    # expect: E9105 line 24: part of the message       a finding in the template
    # expect: E9190 events/order.json line 3: part     a finding in another file
    # events: order.json message.json                  sample events of the folder events/, which are to arrive
    # undelivered: other.json                          sample events that are kept to show what does not arrive
    # why: what would happen on AWS                    for readers

A sound template expects nothing but notes. JSON has no comments: such templates are sound ones, without events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from livebus.checks.check import Finding
from livebus.checks.every import EVERY_CHECK
from livebus.checks.inspection import Inspection, Sample
from livebus.checks.running import run_checks
from livebus.errors import NOWHERE, LivebusError
from livebus.event.document import read_entries
from livebus.event.envelope import Event
from livebus.event.put_events import accept
from livebus.template.document import read_document
from livebus.template.environment import Environment

PROJECT = Path(__file__).parents[3]
FOLDER = PROJECT / "tests" / "vectors" / "checks"
TEMPLATES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".yaml", ".json"))
CAUGHT = [name for name in TEMPLATES if not name.startswith("sound")]
SOUND = [name for name in TEMPLATES if name.startswith("sound")]

_HEADER = re.compile(r"# (expect|events|undelivered): *(.+)")
_EXPECTED = re.compile(r"([EWI]\d{4}) (?:(\S+) )?line (\d+): (.+)")
# tests/unit/checks/events/test_sizes.py has it.
TOO_LARGE_FOR_A_FILE = {"W9195"}
_NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding that a template's head announces: ``part`` is a part of its message."""

    id: str
    file: str
    line: int
    part: str


@dataclass(frozen=True, slots=True)
class Head:
    expected: tuple[Expected, ...]
    events: tuple[str, ...]
    undelivered: tuple[str, ...]


NOTHING: tuple[list[str], list[Expected]] = ([], [])


def head_of(name: str, text: str) -> Head:
    expected: list[Expected] = []
    events: dict[str, list[str]] = {"events": [], "undelivered": []}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if found := _HEADER.fullmatch(line.rstrip()):
            if found[1] == "expect":
                parts = _EXPECTED.fullmatch(found[2])
                assert parts, f"{name}: cannot read {line!r}"
                expected.append(Expected(parts[1], parts[2] or name, int(parts[3]), parts[4]))
            else:
                events[found[1]] += found[2].split()
    return Head(tuple(expected), tuple(events["events"]), tuple(events["undelivered"]))


def samples_of(files: Iterable[str], folder: Path, inspection: Inspection, *, expected: bool) -> list[Sample]:
    """The samples in files below a folder. Those that name no bus are put on the template's own, if it has one."""
    application = inspection.application
    bus = next((bus.name for bus in application.buses if bus.logical_id), "default")
    samples = []
    for file in files:
        for read in read_entries((folder / file).read_bytes(), file):
            event = accept(
                read.entry,
                bus=str(read.entry.get("EventBusName", bus)).rpartition("/")[2],
                event_id=f"00000000-0000-4000-8000-{read.index:012}",
                now=_NOW,
                account=application.account,
                region=application.region,
            )
            assert isinstance(event, Event), f"{file}: {event}"
            samples.append(Sample(file, read.index, event, read.place, expected))
    return samples


def inspected(
    template: Path, *, events: Iterable[str] = (), undelivered: Iterable[str] = (), text: str | None = None
) -> Inspection:
    """A template of the project under inspection, with the sample events of these files beside it."""
    document = read_document(template.read_text(encoding="utf-8") if text is None else text, template.name)

    def read_file(name: str) -> str:
        try:
            return (template.parent / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise LivebusError(f"{name!r} is not there") from None

    bare = Inspection(document, read_file, environment=Environment())
    samples = samples_of(events, template.parent, bare, expected=True)
    samples += samples_of(undelivered, template.parent, bare, expected=False)
    return Inspection(document, read_file, environment=Environment(), samples=samples) if samples else bare


@cache
def findings_of(name: str) -> tuple[Finding, ...]:
    template = FOLDER / name
    head = head_of(name, template.read_text(encoding="utf-8"))
    events = [f"events/{file}" for file in head.events]
    undelivered = [f"events/{file}" for file in head.undelivered]
    return tuple(run_checks(EVERY_CHECK, inspected(template, events=events, undelivered=undelivered)))


def message_of(finding: Finding) -> str:
    return str(replace(finding.fault, place=NOWHERE))


def shown(finding: Finding) -> str:
    place = finding.fault.place
    return f"{finding.check.id} {place.file} line {place.line}: {message_of(finding)}"


def is_expected(finding: Finding, expected: Expected) -> bool:
    place = finding.fault.place
    where = (finding.check.id, place.file, place.line)
    return where == (expected.id, expected.file, expected.line) and expected.part in message_of(finding)


@pytest.mark.parametrize("name", CAUGHT)
def test_a_faulty_template_is_told_what_is_wrong_with_it(name: str) -> None:
    """Each mistake is found under its id, at its line, in the words that the template's head quotes; nothing else is."""
    expected = list(head_of(name, (FOLDER / name).read_text(encoding="utf-8")).expected)
    assert expected, "the template's head expects nothing"
    findings = findings_of(name)

    unexpected = [shown(finding) for finding in findings if not any(is_expected(finding, each) for each in expected)]
    missed = [each for each in expected if not any(is_expected(finding, each) for finding in findings)]

    assert (unexpected, missed) == NOTHING, "\n".join(map(shown, findings))


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_template_is_told_nothing(name: str) -> None:
    """Nothing is found in a template that works, but for the notes that its head announces."""
    expected = head_of(name, (FOLDER / name).read_text(encoding="utf-8")).expected
    assert all(each.id.startswith("I") for each in expected)

    findings = findings_of(name)

    unexpected = [shown(finding) for finding in findings if not any(is_expected(finding, each) for each in expected)]
    missed = [each for each in expected if not any(is_expected(finding, each) for finding in findings)]
    assert (unexpected, missed) == NOTHING


def test_the_projects_own_template_is_sound() -> None:
    """Nothing is found in the application itself, without sample events."""
    findings = run_checks(EVERY_CHECK, inspected(PROJECT / "template.yaml"))

    assert list(map(shown, findings)) == []


def test_the_projects_own_events_arrive() -> None:
    """No check warns of the application's sample events; what is large is noted."""
    folder = PROJECT / "events"
    events = sorted(f"events/{path.name}" for path in folder.iterdir() if path.suffix in (".json", ".ndjson"))
    undelivered = sorted(f"events/undelivered/{path.name}" for path in (folder / "undelivered").iterdir())

    findings = run_checks(EVERY_CHECK, inspected(PROJECT / "template.yaml", events=events, undelivered=undelivered))

    assert [shown(finding) for finding in findings if finding.check.severity != "info"] == []


def test_check_ids_are_used_once() -> None:
    """No two checks share an id."""
    ids = [check.id for check in EVERY_CHECK]

    assert sorted(set(ids)) == sorted(ids)


def test_every_check_is_kept_by_a_template() -> None:
    """For each check there is a template that it catches, but for those that it takes a megabyte to break."""
    caught = {each.id for name in TEMPLATES for each in head_of(name, (FOLDER / name).read_text("utf-8")).expected}

    assert set() == {check.id for check in EVERY_CHECK} - caught - TOO_LARGE_FOR_A_FILE
