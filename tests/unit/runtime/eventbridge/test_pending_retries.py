"""Events that wait for another attempt, in a journal and for a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.eventbridge.pending_retries import Retries
from livebus.runtime.kept.journal import DeliveryJournal, PendingRetry


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def waiting(due: float) -> PendingRetry:
    event = Event.restored(b'{"id":"1","detail":{}}', "livebus", "2026-11-29T00:00:00Z")
    return PendingRetry(event, "arn:rule", "Target", 1, 0.0, due)


def in_loop(run: Callable[[], Any]) -> Any:
    """What a function gives inside an event loop, which is gone before a timer of it can go off."""

    async def call() -> Any:
        return run()

    return asyncio.run(call())


def test_what_is_due_first_is_tried_first(journal: DeliveryJournal, clock: Any) -> None:
    """In the order of their times, whatever the order in which they came; what is not due waits on."""
    tried: list[int] = []
    retries = Retries(journal, clock, tried.append, lambda: True)

    def run() -> None:
        for seconds in (2.0, 1.0, 60.0):
            assert retries.wait(waiting(clock.now + seconds), NO_LINEAGE)
        clock.now += 2.0
        retries.run_due()

    in_loop(run)
    rows = [row for _, row in sorted(journal.due_times())]
    assert tried == rows[:2]
    assert len(retries) == 1


def test_without_room_nothing_is_tried(journal: DeliveryJournal, clock: Any) -> None:
    """What is due waits until whoever makes room says so."""
    tried: list[int] = []
    room = [False]
    retries = Retries(journal, clock, tried.append, lambda: room[0])

    def run() -> list[int]:
        retries.wait(waiting(clock.now), NO_LINEAGE)
        retries.run_due()
        before = list(tried)
        room[0] = True
        retries.run_due()
        return before

    assert in_loop(run) == []
    assert len(tried) == 1


def test_a_few_at_a_time(journal: DeliveryJournal, clock: Any) -> None:
    """One turn tries twenty, and leaves the others for the next: requests want to be answered in between."""
    tried: list[int] = []
    retries = Retries(journal, clock, tried.append, lambda: True)

    def run() -> tuple[int, int]:
        for _ in range(25):
            retries.wait(waiting(clock.now), NO_LINEAGE)
        retries.run_due()
        return len(tried), len(retries)

    assert in_loop(run) == (20, 5)


def test_hurry_moves_one_to_the_front(journal: DeliveryJournal, clock: Any) -> None:
    """It is tried at once, and not again when its time would have come."""
    tried: list[int] = []
    retries = Retries(journal, clock, tried.append, lambda: True)

    def run() -> tuple[bool, bool]:
        retries.wait(waiting(clock.now + 10), NO_LINEAGE)
        retries.wait(waiting(clock.now + 20), NO_LINEAGE)
        later = max(journal.due_times())[1]
        answers = retries.hurry(later), retries.hurry(999)
        retries.run_due()
        assert tried == [later]
        return answers

    assert in_loop(run) == (True, False)
    assert len(retries) == 1


def test_another_start_takes_them_up(journal: DeliveryJournal, clock: Any) -> None:
    """What the journal holds, whoever wrote it."""
    first, second = (Retries(journal, clock, lambda _: None, lambda: True) for _ in range(2))

    def run() -> tuple[int, int]:
        first.wait(waiting(clock.now + 10), NO_LINEAGE)
        return first.close(), second.resume()

    assert in_loop(run) == (1, 1)


def test_a_lineage_waits_with_its_event(journal: DeliveryJournal, clock: Any) -> None:
    """And is given once; an event from outside has none."""
    retries = Retries(journal, clock, lambda _: None, lambda: True)
    lineage = Lineage().through("Rule").next()

    def run() -> list[Lineage]:
        retries.wait(waiting(clock.now), lineage)
        row = journal.due_times()[0][1]
        return [retries.take_lineage(row), retries.take_lineage(row)]

    assert in_loop(run) == [lineage, NO_LINEAGE]


def test_what_waits_for_no_time_is_hurried_by_itself(journal: DeliveryJournal, clock: Any) -> None:
    """It is said to wait, is tried once when it is released, and is counted once."""
    tried: list[int] = []
    retries = Retries(journal, clock, tried.append, lambda: True)

    def run() -> tuple[bool, int, bool]:
        row = retries.wait(waiting(clock.now), NO_LINEAGE, is_timed=False)
        hurried, counted = retries.hurry(row), len(retries)
        retries.release(row)
        retries.run_due()
        return hurried, counted, retries.hurry(row)

    assert in_loop(run) == (True, 1, False)
    assert len(tried) == 1
    assert len(retries) == 0
