"""
Sample events read as events on the buses of an application: what is sound, what PutEvents refuses, what can't be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from livebus.checks.inspection import Sample
from livebus.errors import Fault, InvalidTemplate, LivebusError, Place
from livebus.event.document import FileEntry, read_entries
from livebus.event.envelope import Event
from livebus.event.put_events import Refused, accept
from livebus.pattern import EventPattern
from livebus.template.application import Application
from livebus.template.return_values import bus_name


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """A sample that no bus takes: what PutEvents answers."""

    file: str
    index: int
    place: Place
    refused: Refused
    expected: bool


@dataclass(frozen=True, slots=True)
class Samples:
    """What was read of event files: samples in their order, what PutEvents refuses, and faults of whole files."""

    samples: tuple[Sample, ...] = ()
    refused: tuple[RefusedEntry, ...] = ()
    faults: tuple[Fault, ...] = ()


class SampleReader:
    """Reads event files as events on the buses of an application. Ids count up, so that each run gives the same."""

    def __init__(self, application: Application, now: datetime) -> None:
        self._application = application
        self._now = now
        self._count = 0
        self._buses = _candidates(application)
        self._patterns = _patterns(application, self._buses) if len(self._buses) > 1 else []
        self._samples: list[Sample] = []
        self._refused: list[RefusedEntry] = []
        self._faults: list[Fault] = []

    def read(self, content: Callable[[], bytes], file: str, *, expected: bool = True) -> None:
        """
        Read one file by what yields its content, or raises LivebusError; ``file`` is its name for people.

        ``expected`` is False for events that must not arrive.
        """
        try:
            entries = read_entries(content(), file)
        except LivebusError as error:
            self._faults += error.faults
        else:
            self.add(entries, file, expected=expected)

    def add(self, entries: Sequence[FileEntry], file: str, *, expected: bool = True) -> None:
        for found in entries:
            event = self.event(found.entry)
            if isinstance(event, Refused):
                self._refused.append(RefusedEntry(file, found.index, found.place, event, expected))
            else:
                self._samples.append(Sample(file, found.index, event, found.place, expected))

    @property
    def result(self) -> Samples:
        return Samples(tuple(self._samples), tuple(self._refused), tuple(self._faults))

    def event(self, entry: Mapping[str, Any]) -> Event | Refused:
        """One PutEvents entry as an event on its bus, or what PutEvents answers."""
        self._count += 1
        named = entry.get("EventBusName")
        application = self._application
        event = accept(
            entry,
            bus=bus_name(named) if named else self._buses[0],
            event_id=f"00000000-0000-4000-8000-{self._count:012x}",
            now=self._now,
            account=application.account,
            region=application.region,
        )
        if named is None and isinstance(event, Event):
            # Nobody says which bus it goes to: the first one that has a rule for it.
            event.bus = next((bus for bus, each in self._patterns if each.matches(event.envelope)), event.bus)
        return event


def _candidates(application: Application) -> list[str]:
    """
    The buses that an event may be meant for that names none.

    The one of the stack's Output, where livebus publish sends it; else those with rules; else any.
    """
    known = [bus.name for bus in application.buses]
    output = bus_name(application.outputs.get("EventBusName") or "-")
    if output in known:
        return [output]
    own = [name for name in known if name != "default"]  # the default bus is in every account, and in known
    with_rules = (rule.bus for rule in application.rules if not rule.bus_refused)
    return list(dict.fromkeys(with_rules)) or own or ["default"]


def _patterns(application: Application, buses: Sequence[str]) -> list[tuple[str, EventPattern]]:
    return list(_compiled(application, buses))


def _compiled(application: Application, buses: Sequence[str]) -> Iterator[tuple[str, EventPattern]]:
    for rule in application.rules:
        if rule.bus in buses and rule.enabled and rule.event_pattern is not None:
            try:
                yield rule.bus, EventPattern(rule.event_pattern)
            except InvalidTemplate:
                continue  # the checks tell of it
