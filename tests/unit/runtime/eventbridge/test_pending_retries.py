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


def test_a_timer_waits_for_the_first_that_is_due(journal: DeliveryJournal, clock: Any) -> None:
    """One timer at a time: another is set only where the first one's time is another."""
    timers: list[tuple[float, bool]] = []
    retries = Retries(journal, clock, lambda _: None, lambda: room[0])
    room = [True]

    async def run() -> None:
        loop = asyncio.get_running_loop()
        handles: list[asyncio.TimerHandle] = []
        later = loop.call_later

        def call_later(delay: float, *given: Any) -> asyncio.TimerHandle:
            handles.append(later(delay, *given))
            timers.append((delay, handles[-1].cancelled()))
            return handles[-1]

        loop.call_later = call_later  # type: ignore[method-assign, assignment]
        for seconds in (30.0, 60.0, 10.0):
            retries.wait(waiting(clock.now + seconds), NO_LINEAGE)
        room[0] = False
        retries.set_timer()
        retries.set_timer()
        room[0] = True
        retries.set_timer()
        clock.now += 20.0
        retries.hurry(1)
        cancelled = [each.cancelled() for each in handles]
        assert retries.close() == 3
        assert cancelled == [True, True, True, False]
        assert handles[-1].cancelled()

    asyncio.run(run())
    assert [delay for delay, _ in timers] == [30.0, 10.0, 10.0, 0.0]


def test_there_are_only_so_many(journal: DeliveryJournal, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one has no row, and goes to the dead-letter queue; one that has a row waits on."""
    monkeypatch.setattr("livebus.runtime.eventbridge.pending_retries.MAX_PENDING_RETRIES", 2)
    retries = Retries(journal, clock, lambda _: None, lambda: True)

    def run() -> tuple[list[int], int]:
        rows = [retries.wait(waiting(clock.now + 1), NO_LINEAGE, is_timed=timed) for timed in (True, False, True)]
        again = PendingRetry(waiting(0).event, "arn:rule", "Target", 2, 0.0, clock.now + 5, rows[0])
        return rows, retries.wait(again, NO_LINEAGE)

    rows, again = in_loop(run)
    assert (rows[2], again) == (0, rows[0])
    assert 0 not in rows[:2]


def test_what_cannot_be_written_down_does_not_wait(journal: DeliveryJournal, clock: Any) -> None:
    """It would be lost with the next crash."""
    retries = Retries(journal, clock, lambda _: None, lambda: True)
    journal.close()
    assert in_loop(lambda: retries.wait(waiting(clock.now), NO_LINEAGE)) == 0
    assert len(retries) == 0


def test_an_attempt_that_breaks_ends_no_others_wait(journal: DeliveryJournal, clock: Any) -> None:
    """What is due behind it has a timer."""
    tried: list[int] = []
    both = asyncio.Event()

    def run_row(row: int) -> None:
        tried.append(row)
        if len(tried) == 1:
            raise ValueError("a bug")
        both.set()

    retries = Retries(journal, clock, run_row, lambda: True)

    async def run() -> None:
        for _ in range(2):
            retries.wait(waiting(clock.now), NO_LINEAGE)
        with pytest.raises(ValueError, match="a bug"):
            retries.run_due()
        await both.wait()

    asyncio.run(run())
    assert tried == [row for _, row in sorted(journal.due_times())]
