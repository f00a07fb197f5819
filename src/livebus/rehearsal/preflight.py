"""
Which rules of a template an event would match, before it is published: for many events, one after the other.

In: a project's template, read and compiled once, and entries as ``event.stream`` gives them. Out: the names of the rules,
counts, and why what matches none does not. EventBridge tells nobody of such events. It is ``livebus validate``'s own reading of
the template and of entries, and the local runtime's matching.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from livebus.checks.inspection import Inspection
from livebus.errors import Fault, LivebusError, Place, did_you_mean
from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.event.stream import StreamedEntry
from livebus.operation import Services
from livebus.publish.unforeseen import Places, Unforeseen, blanked, differing
from livebus.rehearsal.samples import SampleReader
from livebus.rehearsal.stage import Rehearsal, Stage, unknown_pattern
from livebus.template.return_values import bus_name

# Reasons cost more than verdicts: so many events are explained, the others are counted.
MOST_EXPLAINED = 1000
_REASONS_SHOWN = 3
# What AWS sets in an event, otherwise: what differs then is not known before.
_OTHER_ID = "ffffffff-ffff-4fff-bfff-ffffffffffff"
_OTHER_ACCOUNT = "999999999999"
_OTHER_REGION = "xx-other-1"
_LATER = timedelta(days=401, hours=1, minutes=1, seconds=1)
_MOST_KINDS = 100


@dataclass(slots=True)
class Miss:
    """A reason why events match no rule: the place of the first of them, and how many there are."""

    reason: str
    place: Place
    events: int = 0


class Preflight:
    """
    The rules of one template. ``bus`` is where an entry goes that names no event bus; None means the bus of the stack's
    Outputs, as in ``livebus validate``. ``now`` is the time that events are put at. Events that go ``elsewhere`` get the account and
    the region of where they go, which nobody knows here.
    """

    def __init__(
        self, inspection: Inspection, *, now: datetime, bus: str | None = None, elsewhere: bool = False
    ) -> None:
        self.matched: Counter[str] = Counter()
        self.events = 0
        self.unmatched = 0
        # Where a part of the template cannot be read, a rule may be missing here that is there on AWS.
        self.faults = inspection.reading_faults
        self.sources = inspection.sources
        self._line = inspection.compilation.line
        self._reader = SampleReader(inspection.application, now)
        self._later = SampleReader(inspection.application, now + _LATER)
        self._bus = bus_name(bus) if bus else None
        self._elsewhere = {"account": _OTHER_ACCOUNT, "region": _OTHER_REGION} if elsewhere else {}
        self._misses: dict[str, Miss] = {}

    def look(self, entry: StreamedEntry) -> list[str]:
        """
        The names of the rules that match; empty where none does, which is noted unless a rule's pattern is only known where it is
        deployed.
        """
        event = self.event(entry)
        self.events += 1
        if isinstance(event, Refused):
            self._note(entry, f"is refused: {event.code}: {event.message}")
            return []
        names = [rule.rule.name for rule in self._line.rules_for(event)]
        self.matched.update(names)
        if not names and not unknown_pattern(event, self._line.application.rules):
            if self.unmatched < MOST_EXPLAINED:
                self._note(entry, self._reason(event))
            self.unmatched += 1
        return names

    def event(self, entry: StreamedEntry) -> Event | Refused:
        """The event that PutEvents would make of an entry."""
        return self._reader.event(self._parsed(entry))

    def otherwise(self, entry: StreamedEntry) -> Event | Refused:
        """The same event with another id, put at another time; and with another account and region, where those are not known."""
        event = self._later.event(self._parsed(entry))
        if isinstance(event, Refused):
            return event
        envelope = {**event.envelope, "id": _OTHER_ID, **self._elsewhere}
        return Event(envelope, event.bus, event.ingestion_time, event.detail_text)

    def _parsed(self, entry: StreamedEntry) -> dict[str, Any]:
        parsed: dict[str, Any] = orjson.loads(entry.text)
        if self._bus is not None:
            parsed.setdefault("EventBusName", self._bus)
        return parsed

    def findings(self) -> list[Fault]:
        """What is to be told of events that match no rule: each reason once, with the first event that has it."""
        return [
            Fault(f"the event {miss.reason}{_and_more(miss.events - 1)}", miss.place)
            for miss in sorted(self._misses.values(), key=lambda miss: -miss.events)
        ]

    def _note(self, entry: StreamedEntry, reason: str) -> None:
        miss = self._misses.setdefault(reason, Miss(reason, Place(entry.file, entry.line)))
        miss.events += 1

    def _reason(self, event: Event) -> str:
        """Why no rule matches: what the nearest rule says, the one with the fewest conditions that are not met."""
        if not self._line.has_bus(event.bus):
            advice = did_you_mean(event.bus, [bus.name for bus in self._line.application.buses])
            return f"is for the bus {event.bus!r}, which the template has not{f'. {advice}' if advice else ''}"
        verdicts = self._line.verdicts(event)
        if not verdicts:
            return f"is for the bus {event.bus!r}, on which no rule is enabled"
        nearest = min(verdicts, key=lambda verdict: len(verdict.reasons))
        told = "; ".join(nearest.reasons[:_REASONS_SHOWN])
        more = len(nearest.reasons) - _REASONS_SHOWN
        place = nearest.rule.pattern_place
        which = f"rule {nearest.rule.name!r} ({place.file}:{place.line})"
        said = f"{told}; and {more} more" if more > 0 else told
        return f"matches no rule; {'the nearest ' if len(verdicts) > 1 else ''}{which} says: {said}"


@dataclass(frozen=True, slots=True)
class Listener:
    """
    Who listens to a subscription ``field``, and with which ``query``. ``api`` is the logical id of its API, ``outputs`` the names
    of the Outputs that hold a URL of it.
    """

    field: str
    query: str
    api: str
    outputs: tuple[str, ...] = ()


class Expectation:
    """
    What the default subscribers of a template receive of events: see ``audience``. Costs a run of the mutation each.

    Its data sources are those of ``livebus validate``: for each event tables that are empty, and functions that nobody runs.
    ``silence`` says why the first event that leads to no message does not; empty while there is none.
    """

    def __init__(self, preflight: Preflight, services: Services) -> None:
        self.silence = ""
        self._preflight = preflight
        self._stage = Stage(preflight._line, services)
        self._services = services
        # By the rules that an event matches: what of each message is not known before, as the first such event had it.
        self._unforeseen: dict[tuple[str, ...], list[Places]] = {}

    def listener(self, wanted: str = "") -> Listener:
        """
        Who hears what the rules' mutations publish: the default subscriber of the field that is ``wanted``, or of the only one.

        Raises LivebusError where there is no such field, or where several could be meant.
        """
        application = self._preflight._line.application
        found = {
            subscriber.field: Listener(
                subscriber.field,
                subscriber.query,
                logical_id,
                tuple(
                    name
                    for name, value in application.outputs.items()
                    for api in application.apis
                    if api.logical_id == logical_id and value in (api.graphql_url, api.realtime_url)
                ),
            )
            for logical_id, audience in self._stage.audiences.items()
            for subscriber in audience.default_subscribers
            if not subscriber.required
        }
        if wanted in found:
            return found[wanted]
        if not wanted and len(found) == 1:
            return next(iter(found.values()))
        if not found:
            raise LivebusError(faults=[_unheard(self._stage)])
        names = ", ".join(sorted(found))
        if wanted:
            raise LivebusError(
                f"no mutation feeds a subscription {wanted!r} that goes without arguments",
                Place("--field"),
                expected=f"one of {names}",
                advice=did_you_mean(wanted, found),
            )
        raise LivebusError(
            f"there are {len(found)} subscriptions that mutations feed", expected=f"--field with one of {names}"
        )

    def received(self, entry: StreamedEntry, field: str) -> list[Any]:
        """
        The ``data`` of each message on a subscription field that the event leads to, as far as subscribers get it all.

        What AWS sets in an event (its id, the time that PutEvents was called), and times and ids that resolvers make, are made up
        here. Where they come through, :class:`~livebus.publish.unforeseen.Unforeseen` stands for them: found with a second run for
        the first of the events that the same rules match. So with the account and the region of events that go elsewhere.
        """
        event = self._preflight.event(entry)
        if isinstance(event, Refused):
            self.silence = self.silence or f"the event is refused: {event.code}: {event.message}"
            return []
        rehearsal = self._rehearsed(event, self._services)
        received = list(_received(rehearsal, field))
        if not received:
            # What a function or another server answers is its own: any message is the right one.
            unproven = [each for each in rehearsal.invocations if each.unproven and field in self._stage.fed_by(each)]
            if unproven:
                return [{field: Unforeseen.VALUE}] * len(unproven)
        if not received and not self.silence:
            self.silence = _silence(rehearsal, field)
        places = self._places(entry, field, rehearsal, received) if received else []
        if len(places) != len(received):
            return received
        return [blanked(data, each) for data, each in zip(received, places, strict=True)]

    def _rehearsed(self, event: Event, services: Services) -> Rehearsal:
        sources = self._preflight.sources(services.now)
        return self._stage.rehearse(event, replace(services, call=sources.perform))

    def _places(self, entry: StreamedEntry, field: str, rehearsal: Rehearsal, received: list[Any]) -> list[Places]:
        """What of each message is not known before."""
        matched = (field, *(rule.logical_id for rule in rehearsal.matched))
        if (known := self._unforeseen.get(matched)) is not None:
            return known
        other = self._preflight.otherwise(entry)
        if isinstance(other, Refused):
            return []
        now = self._services.now + _LATER.total_seconds()
        again = self._rehearsed(other, replace(self._services, now=now, new_id=lambda: _OTHER_ID))
        places = [differing(*pair) for pair in zip(received, _received(again, field), strict=False)]
        if len(self._unforeseen) < _MOST_KINDS:
            self._unforeseen[matched] = places
        return places


def _received(rehearsal: Rehearsal, field: str) -> Iterator[Mapping[str, Any]]:
    for invocation in rehearsal.invocations:
        for reception in invocation.receptions:
            # The listener gives no arguments: what a dry run finds out with some goes to somebody else.
            if reception.field == field and reception.payload is not None and not reception.arguments:
                yield orjson.loads(reception.payload)["data"]


def _unheard(stage: Stage) -> Fault:
    """Why there is no subscription that goes without arguments."""
    demanding = {
        subscriber.field: subscriber.required
        for audience in stage.audiences.values()
        for subscriber in audience.default_subscribers
    }
    if not demanding:
        return Fault(
            "no subscription that a mutation feeds may be subscribed to", advice="`livebus validate` says why."
        )
    told = "; ".join(f"{field} demands {', '.join(map(repr, names))}" for field, names in sorted(demanding.items()))
    return Fault(
        f"no subscription that a mutation feeds goes without arguments: {told}",
        advice="Listen with `livebus subscribe --filter NAME=VALUE` in another shell, and publish without --wait.",
    )


def _silence(rehearsal: Rehearsal, field: str) -> str:
    """Why an event leads to no message on a field, as the dry run knows it."""
    known = rehearsal.unproven or next((each.unproven for each in rehearsal.invocations if each.unproven), "")
    if known:
        return f"what comes of the event is not known before: {known}"
    told = rehearsal.reasons
    if not told and any(each.field == field for invocation in rehearsal.invocations for each in invocation.receptions):
        return f"the subscription's filter keeps it from whoever gives {field!r} no arguments"
    return told[0] if told else f"the event goes to other subscriptions than {field!r}"


def _and_more(count: int) -> str:
    return f" ({count} more such)" if count else ""
