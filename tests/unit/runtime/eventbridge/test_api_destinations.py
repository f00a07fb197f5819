"""When events are sent to API destinations: at their pace, not too many at a time, and none is lost at a crash."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.compilation import compile_line
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.api_destinations import CROWDED, MAX_CALLS, ApiDestinations
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.template import Environment, load_application
from livebus.template.api_destination import ApiDestination

FOREIGN = Path(__file__).parents[3] / "foreign" / "api-destination-beside.yaml"
EVENT = {"Source": "sample.source", "DetailType": "d", "Detail": '{"msg": "hello"}', "EventBusName": "livebus"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def buses(journal: DeliveryJournal, clock: Any, new_id: Callable[[], str]) -> EventBuses:
    """Of the application, with its endpoint at a port where nobody listens, and ten requests a second."""
    environment = Environment(mapped_endpoints={"https://hooks.example.com": "http://127.0.0.1:1"})
    text = FOREIGN.read_text("utf-8")
    application = load_application(text, file=FOREIGN.name, read_file=lambda _: "", environment=environment)
    lines = Lines(environment, {"livebus": compile_line(application)})
    trace = Trace(lambda _: None, clock)
    return EventBuses(lines, journal, trace, Clockwork(clock, new_id, lambda: 1.0))


def destination(rate: int = 1) -> ApiDestination:
    return ApiDestination("d", "arn:d", "arn:d", "http://127.0.0.1:1", "http://127.0.0.1:1", "POST", rate, None)


def test_a_moment_of_its_own(clock: Any) -> None:
    """An event that waited for its moment goes when that has come, before others."""
    calls = ApiDestinations(clock)
    first, second = calls.turn(destination(), 0), calls.turn(destination(), 0)
    calls.keep(7, second)

    assert (first, second) == (0.0, 1.0)
    assert (calls.turn(destination(), 8), calls.turn(destination(), 7)) == (2.0, 0.0)


def test_a_rate_that_is_changed(clock: Any) -> None:
    """A deployment's new rate counts at once."""
    calls = ApiDestinations(clock)
    assert [calls.turn(destination(), 0) for _ in range(2)] == [0.0, 1.0]

    assert calls.turn(destination(10), 0) == 0.0


def test_a_crowd(clock: Any) -> None:
    """What finds no place waits until a call has ended, the first one first."""
    calls = ApiDestinations(clock)
    for _ in range(MAX_CALLS):
        calls.begun()
    for row in (5, 6):
        turn = calls.turn(destination(300), row)
        assert turn == CROWDED
        calls.keep(row, turn)

    assert [calls.ended(), calls.ended(), calls.ended()] == [5, 6, 0]


def test_events_are_in_the_journal_while_they_wait(buses: EventBuses, journal: DeliveryJournal, clock: Any) -> None:
    """Those that are sent at this moment too: a crash loses none."""

    async def put() -> list[tuple[float, int]]:
        buses.put_events([EVENT] * 10)
        buses.put_events([EVENT] * 5)
        waiting = journal.due_times()
        buses.close()
        await asyncio.sleep(0)
        await buses.api_destinations.close()
        return waiting

    waiting = asyncio.run(put())
    assert len(waiting) == 15
    assert sorted(round(due - clock.now, 3) for due, _ in waiting) == [0.0] * 10 + [0.1, 0.2, 0.3, 0.4, 0.5]
    retry = journal.retry(waiting[0][1])
    assert retry is not None
    assert (retry.target_id, retry.attempts) == ("Hook", 0)
    assert json.loads(retry.event.text)["detail"] == {"msg": "hello"}


def test_nobody_listens(buses: EventBuses, journal: DeliveryJournal, clock: Any) -> None:
    """The attempt fails, and another one follows."""

    async def put() -> list[tuple[float, int]]:
        buses.put_events([EVENT])
        await asyncio.wait(tuple(buses._under_way))
        buses.close()
        await buses.api_destinations.close()
        return journal.due_times()

    assert [due for due, _ in asyncio.run(put())] == [clock.now + 1.0]
