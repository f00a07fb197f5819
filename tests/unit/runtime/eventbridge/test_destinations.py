"""Targets that are no GraphQL APIs: delivered where the runtime has such a thing, shown where it has not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.compilation import compile_line
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.attempts import Neighbours
from livebus.runtime.eventbridge.event_buses import EventBuses, Faults
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.template import Environment, load_application

FOREIGN = Path(__file__).parents[3] / "foreign"
EVENT = {"Source": "sample.source", "DetailType": "d", "Detail": '{"msg": "hello"}', "EventBusName": "livebus"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


class Bench:
    """Event buses of an application of tests/foreign, with what they traced and logged."""

    def __init__(
        self, name: str, journal: DeliveryJournal, clock: Any, new_id: Callable[[], str], **options: Any
    ) -> None:
        text = (FOREIGN / name).read_text("utf-8")
        self.application = load_application(text, file=name, read_file=lambda _: "", environment=Environment())
        self.records: list[dict[str, Any]] = []
        self.logged: list[tuple[str, str]] = []
        trace = Trace(lambda _: None, clock)
        trace.listeners.append(self.records.append)
        lines = Lines(Environment(), {"livebus": compile_line(self.application)})
        self.buses = EventBuses(
            lines,
            journal,
            trace,
            Clockwork(clock, new_id, lambda: 1.0),
            neighbours=Neighbours(log_line=lambda group, line: self.logged.append((group, line))),
            **options,
        )

    def put(self) -> None:
        async def turn() -> None:
            assert self.buses.put_events([EVENT])["FailedEntryCount"] == 0
            await asyncio.sleep(0)

        asyncio.run(turn())

    def of(self, station: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["station"] == station]


@pytest.fixture
def bench(journal: DeliveryJournal, clock: Any, new_id: Callable[[], str]) -> Callable[..., Bench]:
    return lambda name, **options: Bench(name, journal, clock, new_id, **options)


def test_a_queue_and_a_log_group_get_the_event(
    bench: Callable[..., Bench], journal: DeliveryJournal, clock: Any
) -> None:
    """Beside the API, which runs the mutation all the same."""
    here = bench("queue-and-log-beside.yaml")
    here.put()

    queue = next(queue.arn for queue in here.application.queues if queue.logical_id == "Orders")
    (message,) = journal.receive(queue, 10, now=clock.now, hidden_until=clock.now, receipt="r")
    ((group, line),) = here.logged
    assert json.loads(message.body)["detail"] == json.loads(line)["detail"] == {"msg": "hello"}
    assert group == "/aws/events/livebus"
    assert [record["data"] for record in here.of("execution")] == [{"publish": "hello"}]
    assert here.of("failure") == []


def test_another_bus_gets_the_event(bench: Callable[..., Bench]) -> None:
    """As it is, in a turn of its own; no rule of that bus matches it here."""
    here = bench("another-bus.yaml")
    here.put()

    assert [record["bus"] for record in here.of("bus")] == ["livebus", "livebus-second"]
    assert here.of("failure") == []


def test_what_is_not_emulated_is_shown(bench: Callable[..., Bench]) -> None:
    """The trace has what would have been sent, and says that nothing was; nothing is retried or dead-lettered."""
    here = bench("targets-of-other-services.yaml")
    here.put()

    assert [(record["target"], record["reason"]) for record in here.of("target")] == [
        ("Steps", "a target of 'states' is not emulated by the local runtime: nothing is sent"),
        ("Topic", "a target of 'sns' is not emulated by the local runtime: nothing is sent"),
        ("Stream", "a target of 'kinesis' is not emulated by the local runtime: nothing is sent"),
    ]
    shown = [record for record in here.of("transformer") if "payload" in record]
    assert [json.loads(record["payload"])["detail"] for record in shown] == [{"msg": "hello"}] * 3
    assert (here.of("failure"), here.of("delivery")) == ([], [])
    assert [record["data"] for record in here.of("execution")] == [{"publish": "hello"}]


def test_a_queue_that_does_not_let_eventbridge_in(bench: Callable[..., Bench]) -> None:
    """The event for it is lost, as it has no dead-letter queue; the API's is not."""
    here = bench("queue-without-policy.yaml")
    here.put()

    assert [(record["target"], record["code"]) for record in here.of("failure")] == [("Queue", "NO_PERMISSIONS")]
    assert [record["data"] for record in here.of("execution")] == [{"publish": "hello"}]


def test_a_target_that_fails_is_tried_again(bench: Callable[..., Bench], journal: DeliveryJournal, clock: Any) -> None:
    """By the target's retry policy, as AppSync's is."""
    here = bench("queue-and-log-beside.yaml", faults=Faults(frozenset({"Queue"})))
    here.put()

    assert [due for due, _ in journal.due_times()] == [clock.now + 1.0]
