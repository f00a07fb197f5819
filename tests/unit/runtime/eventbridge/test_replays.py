"""Replays: what is carried, how far one has come, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.runtime.eventbridge.archive_store import ArchivedMinute, ArchiveFault, ArchiveStore, KeptEvent, KeptReplay
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.eventbridge.replays import Replays, replayed

TEXT = b'{"id":"%d","region":"us-east-1","resources":[],"detail":{"a": 1}}'
REPLAY = KeptReplay("again", "arn/again", "arn/mine", "arn:aws:events:::event-bus/shop", 600, 720, 1.0, 9, (10, 0, 0))


class Run:
    """Replays over a store, with what they carried and told. ``fails`` is raised by the event of that id."""

    def __init__(self, store: ArchiveStore, clock: Any) -> None:
        self.store, self.clock = store, clock
        self.carried: list[tuple[str, str, frozenset[str]]] = []
        self.told: list[str] = []
        self.fails: dict[str, Exception] = {}
        archives = Archives(store, clock=clock, tell=self.told.append)
        self.replays = Replays(archives, self._carry, clock=clock, tell=self.told.append)

    def _carry(self, event: Event, only: frozenset[str]) -> None:
        number = str(event.envelope["id"])
        if number in self.fails:
            raise self.fails.pop(number)
        self.carried.append((number, event.bus, only))

    def keep(self, *minutes: tuple[int, int]) -> None:
        """So many events in each of these minutes, counted from 0."""
        number = 0
        for minute, count in minutes:
            page = ArchivedMinute("arn/mine", minute, 0.0)
            for _ in range(count):
                page.times.append(minute * 60.0)
                page.texts.append(TEXT % number)
                number += 1
            self.store.add([page])

    def start(self, replay: KeptReplay = REPLAY) -> KeptReplay:
        """The replay as it is when it is over."""

        async def started() -> None:
            self.replays.start(replay)
            assert self.replays.under_way == 1
            await self._over()

        asyncio.run(started())
        found = self.store.replay(replay.name)
        assert found is not None
        return found

    def resume(self) -> int:
        async def resumed() -> int:
            count = self.replays.resume()
            await self._over()
            return count

        return asyncio.run(resumed())

    async def _over(self) -> None:
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        await asyncio.sleep(0)
        assert self.replays.under_way == 0


@pytest.fixture
def run(tmp_path: Path, clock: Any) -> Iterator[Run]:
    store = ArchiveStore(tmp_path / "archive.sqlite")
    yield Run(store, clock)
    store.close()


def test_all_events_of_its_time_are_carried_in_order(run: Run) -> None:
    """However many turns that takes: to the bus, and to the rules that are named, or to all."""
    run.keep((10, 45), (11, 1), (12, 1))
    over = run.start()

    assert run.carried == [(str(number), "shop", frozenset()) for number in range(46)]
    assert over == replace(REPLAY, state="COMPLETED", ended=run.clock.now, last=660.0, position=over.position)
    run.carried.clear()
    run.start(replace(REPLAY, name="rule", filter_arns=("arn/rule",), end=600.5))
    assert run.carried == [(str(number), "shop", frozenset({"arn/rule"})) for number in range(45)]


def test_an_archive_without_events_is_replayed_at_once(run: Run) -> None:
    """Nothing was replayed last, and it is complete."""
    assert run.start() == replace(REPLAY, state="COMPLETED", ended=run.clock.now)


def test_a_later_runtime_goes_on_where_a_replay_was(run: Run) -> None:
    """One that was to end is over, one that is over stays as it is."""
    run.keep((10, 30))
    run.store.put_replay(replace(REPLAY, state="RUNNING", position=(10, 1, 20), last=600.0))
    run.store.put_replay(replace(REPLAY, name="begun"))
    run.store.put_replay(replace(REPLAY, name="ending", state="CANCELLING"))
    run.store.put_replay(done := replace(REPLAY, name="done", state="FAILED", reason="r"))

    assert run.resume() == 2
    assert sorted(int(number) for number, *_ in run.carried) == sorted([*range(20, 30), *range(30)])
    assert {each.name: (each.state, each.ended) for each in run.store.replays()} == {
        "again": ("COMPLETED", run.clock.now),
        "begun": ("COMPLETED", run.clock.now),
        "ending": ("CANCELLED", run.clock.now),
        "done": ("FAILED", None),
    }
    assert run.store.replay("done") == done


def test_what_closes_a_runtime_stops_replays_where_they_are(run: Run) -> None:
    """Nothing more is carried; the replay is not over."""
    run.keep((10, 30))

    async def closed() -> None:
        run.replays.start(REPLAY)
        await run.replays.close()

    asyncio.run(closed())
    assert run.carried == []
    assert run.store.replay("again") == REPLAY


def test_a_file_that_fails_ends_the_replay(run: Run) -> None:
    """It is told, and written down with the reason."""
    run.keep((10, 3))
    run.fails = {"1": ArchiveFault("the disk is full")}
    over = run.start()

    assert (over.state, over.reason, over.ended) == ("FAILED", "the disk is full", run.clock.now)
    assert run.told == ["the replay again has failed: the disk is full"]


def test_a_file_that_cannot_say_so_either_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the replay is left as it was."""
    run.keep((10, 3))
    run.fails = {"0": ArchiveFault("the disk is full")}

    def fail(replay: KeptReplay, **changes: Any) -> KeptReplay:
        raise ArchiveFault("and it still is")

    monkeypatch.setattr(run.store, "change_replay", fail)
    run.start()
    assert run.told == [
        "the replay again has failed: the disk is full",
        "the replay again cannot be written down as failed: and it still is",
    ]


def test_a_bug_of_ours_ends_the_replay(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """The log has it whole; the replay names its kind."""
    run.keep((10, 3))
    run.fails = {"2": KeyError("secret")}
    with caplog.at_level(logging.ERROR, logger="livebus"):
        over = run.start()

    assert (over.state, over.reason) == ("FAILED", "KeyError in the local runtime; its log has more")
    assert [(record.name, record.getMessage()) for record in caplog.records] == [("livebus", "unexpected error")]


def test_a_replayed_event_is_as_it_was_but_for_its_name() -> None:
    """``replay-name`` stands behind the region; the detail stays character for character where the text is ours."""
    event = replayed(KeptEvent(0.0, TEXT % 7), "shop", "again", "2026-01-15T08:30:00Z")
    assert event.text == (b'{"id":"7","region":"us-east-1","replay-name":"again","resources":[],"detail":{"a": 1}}')
    assert (event.bus, event.ingestion_time) == ("shop", "2026-01-15T08:30:00Z")
    other = replayed(KeptEvent(0.0, b'{"id":"7", "region":"r", "detail":{"a": 1}}'), "shop", "again", "")
    assert other.text == b'{"id":"7","region":"r","replay-name":"again","detail":{"a":1}}'
