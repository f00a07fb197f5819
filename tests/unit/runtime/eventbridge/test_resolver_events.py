"""Events that resolvers put: in turns of their own, with their lineage, and so many at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.runtime.eventbridge import resolver_events
from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.eventbridge.resolver_events import ResolverEvents, put_events_answer

ENTRY = {"Source": "s", "DetailType": "t", "Detail": "{}"}
NO_ROOM = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}


def event(name: str) -> Event:
    return Event.restored(f'{{"id":"{name}","detail":{{}}}}'.encode(), "b", "2026-11-29T00:00:00Z")


class Bench:
    """What was accepted, carried and told, in its order."""

    def __init__(self) -> None:
        self.accepted: list[tuple[Any, datetime]] = []
        self.carried: list[tuple[str, int, tuple[str, ...]]] = []
        self.told: list[Any] = []
        self.then: Callable[[Event], object] = lambda _: None
        given: Any = self
        self.events = ResolverEvents(given, lambda: 0.0, self.accept, self.carry)

    def accept(self, entry: Any, now: datetime, add: Callable[[Event], object]) -> dict[str, str]:
        self.accepted.append((entry, now))
        if entry["Source"] == "refused":
            return {"ErrorCode": "NotAuthorizedForSourceException"}
        add(event(str(len(self.accepted))))
        return {"EventId": str(len(self.accepted))}

    def carry(self, of: Event, lineage: Lineage) -> None:
        self.carried.append((of.id, lineage.generation, lineage.rules))
        self.then(of)

    def looping(self, lineage: Lineage, what: str) -> None:
        self.told.append((lineage.rules, what))

    def dropped_at_stop(self, count: int) -> None:
        self.told.append(count)


async def until_carried(bench: Bench) -> None:
    while bench.events._is_carrying:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)


def test_what_a_resolver_puts_is_answered_before_it_is_carried() -> None:
    """With the bus in each entry; what is refused is counted, and not carried."""
    bench = Bench()

    async def run() -> Any:
        put = bench.events.putting(NO_LINEAGE, "Rule")
        answer = put("arn:bus", [ENTRY, {**ENTRY, "Source": "refused"}, {**ENTRY, "EventBusName": "mine"}])
        assert bench.carried == []
        await until_carried(bench)
        return answer

    assert asyncio.run(run()) == {
        "FailedEntryCount": 1,
        "Entries": [{"EventId": "1"}, {"ErrorCode": "NotAuthorizedForSourceException"}, {"EventId": "3"}],
    }
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert bench.accepted == [
        ({**ENTRY, "EventBusName": "arn:bus"}, epoch),
        ({**ENTRY, "Source": "refused", "EventBusName": "arn:bus"}, epoch),
        ({**ENTRY, "EventBusName": "arn:bus"}, epoch),
    ]
    assert bench.carried == [("1", 1, ("Rule",)), ("3", 1, ("Rule",))]


def test_a_lineage_goes_on() -> None:
    """Through the rule that made the request; a mutation that no rule made adds none."""
    bench = Bench()
    grown = NO_LINEAGE.through("First").next()

    async def run() -> None:
        bench.events.putting(grown, "Second")("arn:bus", [ENTRY])
        bench.events.putting(NO_LINEAGE, "")("arn:bus", [ENTRY])
        await until_carried(bench)

    asyncio.run(run())
    assert bench.carried == [("1", 2, ("First", "Second")), ("2", 1, ())]


def test_what_puts_for_a_rule_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For events from outside, of so many rules; each event begins a family of its own all the same."""
    monkeypatch.setattr(resolver_events, "_MOST_RULES", 2)
    events = Bench().events
    first = events.putting(NO_LINEAGE, "A")
    assert events.putting(NO_LINEAGE, "A") is first
    assert events.putting(NO_LINEAGE, "B") is not first
    events.putting(NO_LINEAGE, "C")
    assert events.putting(NO_LINEAGE, "A") is not first


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is refused, as EventBridge does under load, and that is told."""
    monkeypatch.setattr(resolver_events, "MAX_DESCENDANTS", 2)
    bench = Bench()

    async def run() -> Any:
        return bench.events.putting(NO_LINEAGE, "Rule")("arn:bus", [ENTRY] * 3)

    assert asyncio.run(run())["Entries"] == [{"EventId": "1"}, {"EventId": "2"}, NO_ROOM]
    assert bench.told == [(("Rule",), "the runtime holds no more events of resolvers: this one is refused")]


def test_others_have_their_turn_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so long; what is left is carried later, in its order."""
    now = [0.0]
    monkeypatch.setattr(resolver_events, "monotonic", lambda: now[0])
    bench = Bench()
    turns: list[int] = []
    delays: list[float] = []

    def slow(_: Event) -> None:
        now[0] += resolver_events.TURN_SECONDS / 2

    async def run() -> None:
        loop = asyncio.get_running_loop()
        later = loop.call_later

        def call_later(delay: float, *given: Any) -> asyncio.TimerHandle:
            delays.append(delay)
            return later(delay, *given)

        loop.call_later = call_later  # type: ignore[method-assign, assignment]
        bench.then = slow
        bench.events.putting(NO_LINEAGE, "Rule")("arn:bus", [ENTRY] * 5)
        await asyncio.sleep(0)
        turns.append(len(bench.carried))
        await until_carried(bench)

    asyncio.run(run())
    assert (turns, delays) == ([2], [0.001, 0.001])
    assert [each[0] for each in bench.carried] == ["1", "2", "3", "4", "5"]


def test_at_a_stop_those_that_wait_are_dropped() -> None:
    """And counted; where none waits nothing is told."""
    bench = Bench()

    async def run() -> None:
        bench.events.stop()
        bench.events.putting(NO_LINEAGE, "Rule")("arn:bus", [ENTRY] * 2)
        bench.events.stop()
        await until_carried(bench)

    asyncio.run(run())
    assert (bench.told, bench.carried) == ([2], [])


def test_an_answer_counts_what_failed() -> None:
    """As PutEvents does."""
    assert put_events_answer([]) == {"FailedEntryCount": 0, "Entries": []}
