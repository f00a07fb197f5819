"""The event buses: what PutEvents carries, and the decisions about what fails, with a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.flow import Line
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge import event_buses, pending_retries
from livebus.runtime.eventbridge.attempts import Attempts
from livebus.runtime.eventbridge.event_buses import EventBuses, Faults
from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.resolver_events import ResolverEvents
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal, PendingRetry
from livebus.template import Environment

TARGET = frozenset({"AppSync"})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


class Bench:
    """Event buses of a line, what they said, and what they traced."""

    def __init__(
        self, line: Line, journal: DeliveryJournal, clock: Any, new_id: Callable[[], str], **options: Any
    ) -> None:
        self.lines: list[str] = []
        self.records: list[dict[str, Any]] = []
        self.clock = clock
        self.journal = journal
        trace = Trace(self.lines.append, clock)
        trace.listeners.append(self.records.append)
        lines = Lines(Environment(), {"livebus": line})
        self.buses = EventBuses(lines, journal, trace, Clockwork(clock, new_id, lambda: 1.0), **options)
        self.queue = line.application.queues[0].arn

    def put(self, message: Any = "hello", **change: Any) -> dict[str, Any]:
        detail = json.dumps({"msg": message})
        entry = {"Source": "sample.source", "DetailType": "d", "Detail": detail, "EventBusName": "livebus", **change}
        return self.buses.put_events([entry])

    def stations(self) -> list[str]:
        return [record["station"] for record in self.records]

    def run_due(self) -> None:
        self.buses.run_due()

    def dead_letters(self) -> list[Any]:
        return self.journal.receive(self.queue, 10, now=self.clock.now, hidden_until=self.clock.now, receipt="r")


@pytest.fixture
def bench(line: Line, journal: DeliveryJournal, clock: Any, new_id: Any) -> Callable[..., Bench]:
    def make(of: Line = line, **options: Any) -> Bench:
        return Bench(of, journal, clock, new_id, **options)

    return make


def looped(test: Callable[[], None]) -> None:
    """Run something that sets timers: there has to be a loop, though none of its timers is waited for."""

    async def called() -> None:
        test()

    asyncio.run(called())


def test_an_event_passes_every_station(bench: Callable[..., Bench]) -> None:
    """A matching event is transformed, executed and published before PutEvents is answered."""
    here = bench()
    assert here.put() == {"FailedEntryCount": 0, "Entries": [{"EventId": "id-1"}]}
    assert here.stations() == ["bus", "pattern", "transformer", "execution", "subscription"]
    assert here.records[3]["data"] == {"publishMsgFromEB": "hello"}
    assert here.lines == []


def test_a_refused_entry_is_answered_and_told(bench: Callable[..., Bench]) -> None:
    """The answer has AWS's code; the line for people says whose entry it was."""
    here = bench()
    answer = here.put(Detail="nothing")
    assert answer == {
        "FailedEntryCount": 1,
        "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}],
    }
    assert here.lines == ["refused an entry from 'sample.source': MalformedDetail: Detail is malformed."]


def test_an_unknown_bus_is_told_with_those_that_are_there(bench: Callable[..., Bench]) -> None:
    """The event is accepted and gone, and the line names the buses that exist."""
    here = bench()
    assert here.put(EventBusName="livebuz")["FailedEntryCount"] == 0
    (line,) = here.lines
    assert "there is no event bus 'livebuz' (there are: default, livebus)" in line


def test_attempts_are_repeated_until_one_works(bench: Callable[..., Bench]) -> None:
    """After each failure the event waits as long as the policy says; the one that works ends it."""
    here = bench(faults=Faults(TARGET))

    def check() -> None:
        here.put()
        ((first_due, row),) = here.journal.due_times()
        assert first_due == here.clock.now + 1.0
        here.clock.now = first_due
        here.run_due()
        assert here.journal.due_times() == [(first_due + 2.0, row)]
        here.buses.faults.failing_targets = frozenset()
        here.clock.now += 2.0
        here.run_due()
        assert here.journal.due_times() == []

    looped(check)
    assert [record["attempt"] for record in here.records if record["station"] == "execution"] == [2]
    assert here.dead_letters() == []


def test_nothing_is_tried_before_its_time(bench: Callable[..., Bench]) -> None:
    """A timer that fires early changes nothing."""
    here = bench(faults=Faults(TARGET))

    def check() -> None:
        here.put()
        before = here.journal.due_times()
        here.clock.now += 0.5
        here.run_due()
        assert here.journal.due_times() == before

    looped(check)


def test_retries_end_in_the_queue(bench: Callable[..., Bench]) -> None:
    """Past the template's 300 seconds the event lies in the queue, with the number of retries that were made."""
    here = bench(faults=Faults(TARGET))

    def check() -> None:
        here.put("gone")
        while due := here.journal.due_times():
            here.clock.now = due[0][0]
            here.run_due()

    looped(check)
    (message,) = here.dead_letters()
    assert json.loads(message.body)["detail"] == {"msg": "gone"}
    # 1 + 2 + 4 + … + 128 are 255 seconds; the last retry comes when 300 are over.
    assert message.attributes["RETRY_ATTEMPTS"] == "9"
    assert message.attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"


def test_time_scale_changes_the_waiting_and_not_the_number_of_retries(bench: Callable[..., Bench]) -> None:
    """With a scale of 60 the same retries are made in a sixtieth of the time."""
    here = bench(faults=Faults(TARGET), time_scale=60.0)
    began = here.clock.now

    def check() -> None:
        here.put()
        while due := here.journal.due_times():
            here.clock.now = due[0][0]
            here.run_due()

    looped(check)
    (message,) = here.dead_letters()
    assert message.attributes["RETRY_ATTEMPTS"] == "9"
    assert round(here.clock.now - began, 3) == 5.0


def test_without_a_queue_the_event_is_lost_and_told(bench: Callable[..., Bench], line_without_queue: Line) -> None:
    """The line says why there is no dead letter."""
    here = bench(line_without_queue, faults=Faults(TARGET))

    def check() -> None:
        here.put()
        here.clock.now += 400
        here.run_due()

    looped(check)
    assert here.lines[-1].endswith("and no dead letter: the target has no dead-letter queue")
    assert here.records[-1]["lost"] == "the target has no dead-letter queue"


def test_more_than_so_many_retries_go_to_the_queue_at_once(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is bounded: one more is dead-lettered with RESOURCE_LIMIT_EXCEEDED."""
    monkeypatch.setattr(pending_retries, "MAX_PENDING_RETRIES", 2)
    here = bench(faults=Faults(TARGET))

    def check() -> None:
        for number in range(3):
            here.put(str(number))

    looped(check)
    assert len(here.journal.due_times()) == 2
    (message,) = here.dead_letters()
    assert json.loads(message.body)["detail"] == {"msg": "2"}
    assert message.attributes["ERROR_CODE"] == "RESOURCE_LIMIT_EXCEEDED"


def test_what_waited_is_resumed(bench: Callable[..., Bench]) -> None:
    """Buses on a journal in which events wait take them up, and say how many."""
    first = bench(faults=Faults(TARGET))

    def put_thirty() -> None:
        for number in range(30):
            first.put(str(number))

    looped(put_thirty)
    second = bench()

    def check() -> None:
        assert second.buses.resume() == 30
        second.clock.now += 60
        second.run_due()
        # A few at a time: others want their turn in between.
        assert second.stations().count("execution") == 20
        second.run_due()
        assert second.stations().count("execution") == 30

    looped(check)
    assert second.journal.due_times() == []


def test_a_target_that_is_gone_is_told(bench: Callable[..., Bench], line: Line) -> None:
    """An event that waited for a target which the template has no more is dropped, and said so."""
    here = bench(faults=Faults(TARGET))

    def check() -> None:
        here.put()
        here.buses.lines = Lines(Environment())
        here.clock.now += 60
        here.run_due()

    looped(check)
    assert "waited for target 'AppSync'" in here.lines[-1]
    assert here.journal.due_times() == []


def test_closing_leaves_what_waits_in_the_journal(bench: Callable[..., Bench]) -> None:
    """``close`` says how many events wait, and touches none of them."""
    here = bench(faults=Faults(TARGET))

    def check() -> None:
        here.put()
        assert here.buses.close() == 1

    looped(check)
    assert len(here.journal.due_times()) == 1


def test_all_that_was_under_way_ends_in_one_turn(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    """Room that comes at once, as after one time-out for all, is seen: what waits for it does not wait for ever."""
    monkeypatch.setattr(event_buses, "MAX_UNDER_WAY", 2)
    tested = bench()
    buses = tested.buses

    async def run() -> bool:
        together = asyncio.Event()
        for _ in range(2):
            task = asyncio.create_task(together.wait())
            buses._under_way.add(task)  # type: ignore[arg-type]
            task.add_done_callback(buses._over)  # type: ignore[arg-type]
        event = Event.restored(b'{"id":"1","detail":{}}', "livebus", "2026-11-29T00:00:00Z")
        buses._retries.wait(PendingRetry(event, "arn:rule", "Target", 1, 0.0, 0.0), NO_LINEAGE)
        had_timer = buses._retries._timer is not None
        together.set()
        for _ in range(5):
            await asyncio.sleep(0)
        return had_timer

    assert asyncio.run(run()) is False
    assert tested.journal.due_times() == []


def test_a_bug_on_the_way_of_one_target(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever kind the target is of, the event goes to the queue, and the answer is that it was taken."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    tested = bench()
    monkeypatch.setattr(Attempts, "_hand_over", broken)
    monkeypatch.setattr("livebus.runtime.eventbridge.attempts.CompiledTarget", type("Other", (), {}))
    looped(tested.put)

    assert [each.attributes["ERROR_CODE"] for each in tested.dead_letters()] == ["INTERNAL_ERROR"]


def test_events_of_resolvers_behind_one_that_fails(clock: Any) -> None:
    """A bug that ends the way of one event leaves those behind it, and those that come later, on theirs."""
    carried: list[str] = []

    def carry(event: Event, _: Lineage) -> None:
        carried.append(event.id)
        if event.id == "1":
            raise ZeroDivisionError

    events = ResolverEvents(Trace(lambda _: None, clock), clock, lambda *_: {}, carry)

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for number in "12":
            events._add(
                NO_LINEAGE, Event.restored(f'{{"id":"{number}","detail":{{}}}}'.encode(), "b", "2026-11-29T00:00:00Z")
            )
        for _ in range(1000):
            if not events._is_carrying:
                break
            await asyncio.sleep(0.001)
        events._add(NO_LINEAGE, Event.restored(b'{"id":"3","detail":{}}', "b", "2026-11-29T00:00:00Z"))
        await asyncio.sleep(0)

    asyncio.run(run())
    assert carried == ["1", "2", "3"]


def sample(detail: str, **change: Any) -> dict[str, Any]:
    return {"Source": "sample.source", "DetailType": "d", "Detail": detail, "EventBusName": "livebus", **change}


def test_a_request_that_takes_long_lets_others_in_between(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entries are carried in their order all the same, and its answer has all of them; one within its time is answered at once."""
    here = bench()
    entries = [sample('{"msg": "a"}'), sample("no JSON"), sample('{"msg": "b"}')]
    refused = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    at_once = here.buses.put_events_in_turns(entries)
    assert at_once == {"FailedEntryCount": 1, "Entries": [{"EventId": "id-1"}, refused, {"EventId": "id-3"}]}

    monkeypatch.setattr(event_buses, "TURN_SECONDS", -1.0)
    here.records.clear()

    async def put() -> tuple[list[str], Any]:
        rest = here.buses.put_events_in_turns(entries)
        carried = here.stations()
        assert isinstance(rest, Awaitable)
        return carried, await rest

    carried, answer = asyncio.run(put())
    assert carried == ["bus", "pattern", "transformer", "execution", "subscription"]
    assert answer == {"FailedEntryCount": 1, "Entries": [{"EventId": "id-4"}, refused, {"EventId": "id-6"}]}
    assert [record["data"]["publishMsgFromEB"] for record in here.records if record["station"] == "execution"] == [
        "a",
        "b",
    ]


def test_a_runtime_that_stops_takes_no_more_of_a_request(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was carried is answered with its id, the rest as a failure of the service's that a client tries again."""
    here = bench()
    monkeypatch.setattr(event_buses, "TURN_SECONDS", -1.0)

    async def put() -> Any:
        rest = here.buses.put_events_in_turns([sample('{"msg": "a"}')] * 3)
        here.buses.stop()
        assert isinstance(rest, Awaitable)
        return await rest

    answer = asyncio.run(put())
    assert (answer["FailedEntryCount"], answer["Entries"][0]) == (2, {"EventId": "id-1"})
    assert [each["ErrorCode"] for each in answer["Entries"][1:]] == ["InternalFailure"] * 2
    assert here.stations().count("bus") == 1


def test_a_redelivery_is_one_attempt(bench: Callable[..., Bench]) -> None:
    """At its target alone: it is published and traced if it works, and nothing follows if not."""
    here = bench(faults=Faults(TARGET))
    [rule] = here.buses.lines.compiled_rules("livebus")
    [target] = rule.every_target
    event = Event(
        {"version": "0", "id": "e", "detail-type": "d", "source": "s", "account": "1", "time": "2026-01-01T00:00:00Z",
         "region": "r", "resources": [], "detail": {"msg": "again"}},
        "livebus", "2026-01-01T00:00:00Z",
    )  # fmt: skip

    async def redelivered() -> list[Any]:
        failed = await here.buses.redeliver(event, rule, target)
        here.buses.faults.failing_targets = frozenset()
        return [failed, await here.buses.redeliver(event, rule, target)]

    failed, worked = asyncio.run(redelivered())
    assert failed.failure is not None
    assert (worked.failure, here.journal.due_times(), here.dead_letters()) == (None, [], [])
    assert here.stations() == ["transformer", "execution", "subscription"]
    assert here.records[1]["data"] == {"publishMsgFromEB": "again"}
