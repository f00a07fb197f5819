"""Which events an archive keeps."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from livebus.errors import Place
from livebus.event.envelope import Event
from livebus.event.put_events import accept
from livebus.runtime.eventbridge.archive_store import ArchiveStore, KeptEvent
from livebus.runtime.eventbridge.archives import MAX_BUFFERED_EVENTS, Archives
from livebus.runtime.eventbridge.replays import replayed
from livebus.template.application import Archive

DAY = 86_400


def archive(name: str = "n", pattern: str | None = '{"source": ["s"]}', bus: str = "b", **options: Any) -> Archive:
    return Archive(name, f"arn/{name}", bus, f"arn/event-bus/{bus}", pattern, **options)


def event(source: str = "s", bus: str = "b", detail: str = "{}", number: int = 0) -> Event:
    made = accept(
        {"Source": source, "DetailType": "d", "Detail": detail},
        bus=bus,
        event_id=f"id-{number}",
        now=datetime.fromtimestamp(1_800_000_000, UTC),
        account="123456789012",
        region="us-east-1",
    )
    assert isinstance(made, Event)
    return made


class Kept:
    """Archives over a store, what they told, and a way to run them on a loop."""

    def __init__(self, store: ArchiveStore, clock: Callable[[], float]) -> None:
        self.told: list[str] = []
        self.store = store
        self.archives = Archives(store, clock=clock, tell=self.told.append, max_bytes=2000)

    def offer(self, *events: Event) -> None:
        async def offered() -> None:
            for each in events:
                self.archives.offer(each)
            self.archives.flush()

        asyncio.run(offered())

    def count(self, name: str = "n") -> int:
        return self.store.count(f"arn/{name}")[0]


@pytest.fixture
def kept(tmp_path: Path, clock: Any) -> Iterator[Kept]:
    store = ArchiveStore(tmp_path / "archive.sqlite")
    yield Kept(store, clock)
    store.close()


def test_what_the_pattern_matches_is_kept(kept: Kept) -> None:
    """On the archive's own bus; without a pattern every event is."""
    kept.archives.use([archive(), archive("all", None), archive("elsewhere", None, "c")])
    kept.offer(event(), event("other"), event(bus="d"))
    assert [kept.count(name) for name in ("n", "all", "elsewhere")] == [1, 2, 0]


def test_replayed_events_are_not_kept_again(kept: Kept) -> None:
    kept.archives.use([archive("all", None)])
    kept.offer(replayed(KeptEvent(0.0, event().text), "b", "again", "2026-01-15T08:30:00Z"))
    assert kept.count("all") == 0


def test_what_waits_is_written_by_itself(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment later, without anybody asking."""
    kept.archives.use([archive()])
    written = asyncio.Event()
    add = kept.store.add
    monkeypatch.setattr(kept.store, "add", lambda pages: (add(pages), written.set()))

    async def offered() -> None:
        kept.archives.offer(event())
        assert kept.count() == 0
        async with asyncio.timeout(20):
            await written.wait()

    asyncio.run(offered())
    assert kept.count() == 1


@pytest.mark.parametrize(("detail", "most"), [("{}", MAX_BUFFERED_EVENTS), (f'"{"x" * 900_000}"', 5)])
def test_the_buffer_is_bounded(kept: Kept, detail: str, most: int) -> None:
    """By count and by size: what is more is written at once."""
    kept.archives._max_bytes = 10**9
    kept.archives.use([archive()])

    async def offered() -> int:
        for number in range(most):
            kept.archives.offer(event(detail=f'{{"x": {detail}}}', number=number))
        return kept.count()

    assert asyncio.run(offered()) == most


def test_a_size_is_not_exceeded_and_that_is_told_once(kept: Kept) -> None:
    kept.archives.use([archive()])
    for number in range(40):
        kept.offer(event(number=number))
    assert kept.store.size <= 2000
    assert kept.count() > 5
    (line,) = kept.told
    assert "the oldest events are removed from now on" in line


def test_how_much_may_be_kept_is_told_in_mebibytes(kept: Kept) -> None:
    kept.archives._max_bytes = 3 * 1024 * 1024
    kept.archives.use([archive()])
    for number in range(4):
        kept.offer(event(detail=f'{{"x": "{"x" * 1_000_000}"}}', number=number))
    assert kept.told == [
        "the archives hold 3 MiB, which is all that they may: the oldest events are removed from now on"
    ]
    assert kept.count() == 2


def test_events_are_kept_under_their_own_times(kept: Kept, clock: Any) -> None:
    """In seconds and in minutes; one whose time cannot be read is of the moment in which it came."""
    times = ["2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z", "2027-01-15T08:00:59Z", "2027-01-15T08:01:00Z", "never"]
    kept.archives.use([archive()])
    clock.now += 3600.5
    first = event()
    kept.offer(*(Event({**first.envelope, "time": time}, "b", "") for time in times))

    pages = kept.store._run("SELECT minute, times FROM pages ORDER BY minute").fetchall()
    assert [(minute, list(array("d", ats))) for minute, ats in pages] == [
        (30_000_000, [1_800_000_000.0, 1_800_000_000.0, 1_800_000_059.0]),
        (30_000_001, [1_800_000_060.0]),
        (30_000_060, [1_800_003_600.5]),
    ]


def test_retention_ends_after_its_days(kept: Kept, clock: Any) -> None:
    """0 days are for ever."""
    kept.archives.use([archive(retention_days=2), archive("ever", None)])
    kept.offer(event())
    clock.now += 2 * DAY
    kept.archives.tick()
    assert (kept.count(), kept.count("ever")) == (1, 1)
    clock.now += 61
    kept.archives.tick()
    assert (kept.count(), kept.count("ever")) == (0, 1)


def test_a_template_without_the_archive_keeps_what_is_there(kept: Kept) -> None:
    """It is shown no more, and takes up where it was once the template has it again."""
    kept.archives.use([archive()])
    kept.offer(event())
    kept.archives.use([])
    assert kept.archives.all() == []
    kept.offer(event())
    kept.archives.use([archive()])
    assert kept.count() == 1


def test_a_pattern_that_aws_refuses_is_told_and_keeps_nothing(kept: Kept) -> None:
    """The others go on."""
    kept.archives.use([archive("bad", '{"source": "s"}', place=Place("t.yaml", 3)), archive()])
    kept.offer(event())
    assert (kept.count("bad"), kept.count()) == (0, 1)
    assert kept.told == ['warning: t.yaml:3: the archive bad keeps nothing: "source" must be an object or an array']


def test_a_full_disk_is_told_and_ends_nothing(kept: Kept, clock: Any) -> None:
    """Once a minute at the most, with the number of events that are missing."""
    kept.archives.use([archive()])
    kept.store._file._connection.execute("PRAGMA max_page_count = 10")
    large = event(detail=f'{{"x": "{"x" * 100_000}"}}')
    kept.offer(large, large)
    kept.offer(large)
    clock.now += 61
    kept.offer(large)
    assert [line.rsplit("; ")[-1] for line in kept.told] == ["2 events are not in it", "1 event is not in it"]


def test_a_replayed_event_is_the_event_with_a_name_more() -> None:
    """``replay-name`` stands before the resources, as recorded; the detail is byte for byte what it was."""
    original = event(detail='{ "n": 1.50, "text": "größer" }')
    again = replayed(KeptEvent(0.0, original.text), "b", "again", "2026-01-15T08:30:00Z")
    assert list(again.envelope) == [
        *("version", "id", "detail-type", "source", "account", "time", "region", "replay-name", "resources", "detail")
    ]
    assert again.envelope == {**original.envelope, "replay-name": "again"}
    assert b'"detail":{ "n": 1.50, "text": "gr\xc3\xb6\xc3\x9fer" }}' in again.text
    assert orjson.loads(again.text) == again.envelope


def test_nothing_is_looked_at_where_there_is_no_archive(kept: Kept) -> None:
    """An event of a bus without an archive costs a look-up: neither its envelope nor its text is touched."""
    kept.archives.use([archive(bus="other")])
    plain = event()
    plain.envelope = None  # type: ignore[assignment]
    kept.archives.offer(plain)
    assert plain._text is None
