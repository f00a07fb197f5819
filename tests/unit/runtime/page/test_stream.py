"""What a page is told as it changes, and how much of it at the most: one that does not read is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from livebus.event.envelope import Event
from livebus.runtime.page import stream
from livebus.runtime.page.history import History
from livebus.runtime.page.stream import MAX_STREAMS, MAX_UNREAD, MOST_A_FLUSH, MOST_UNREAD, Streams
from support.waiting import SECONDS


class Documents:
    """``letters`` is what a fingerprint differs by."""

    letters = 0

    def fingerprint(self) -> tuple[int]:
        return (self.letters,)

    def counts(self) -> dict[str, int]:
        return {"letters": self.letters}


class Reader:
    """Takes what is written, and says that ``unread`` bytes of it lie there; ``heard`` sees each line."""

    def __init__(self, heard: Callable[[dict[str, Any]], object] = lambda line: None, unread: int = 0) -> None:
        self.unread = unread
        self.lines: list[dict[str, Any]] = []
        self._heard = heard

    async def write(self, lines: bytes) -> None:
        for line in map(orjson.loads, lines.splitlines()):
            self.lines.append(line)
            self._heard(line)


def publish(history: History, count: int) -> None:
    for number in range(len(history), len(history) + count):
        envelope = {"id": str(number), "source": "s", "detail-type": "t", "detail": {}}
        history.matched(Event(envelope, "bus", "2026-01-01T00:00:00Z", "{}"), "lines", [])  # type: ignore[arg-type]


@pytest.fixture
def history(clock: Any) -> History:
    return History(clock)


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
def streams(history: History, documents: Documents, monkeypatch: pytest.MonkeyPatch) -> Streams:
    monkeypatch.setattr(stream, "FLUSH_SECONDS", 0.001)
    monkeypatch.setattr(stream, "STATE_SECONDS", 0.001)
    return Streams(history, documents, "run", lambda line: orjson.dumps(line) + b"\n")  # type: ignore[arg-type]


def test_it_says_hello_and_then_what_changed(streams: Streams, history: History, documents: Documents) -> None:
    """Events after the number that the page knows, the oldest first; and that the state is another one."""
    publish(history, 3)
    history.read()

    def heard(line: dict[str, Any]) -> None:
        if line["kind"] == "event" and line["id"] == "2":
            documents.letters += 1
        if line["kind"] == "state":
            streams.close()

    reader = Reader(heard)
    asyncio.run(streams.serve(reader, 1))
    told = [(line["kind"], line.get("id"), line.get("counts")) for line in reader.lines]
    assert told == [
        ("hello", None, None),
        ("event", "1", None),
        ("event", "2", None),
        ("state", None, {"letters": 1}),
    ]


def test_more_than_a_flush_is_a_gap(streams: Streams, history: History) -> None:
    """A storm is told as one line, from which the page reads the events again; nothing piles up."""
    publish(history, MOST_A_FLUSH)
    lines, after = streams.flush(0)
    assert (len(lines), after) == (MOST_A_FLUSH, MOST_A_FLUSH)
    publish(history, MOST_A_FLUSH + 1)
    assert streams.flush(after) == ([{"kind": "gap", "changed": 2 * MOST_A_FLUSH + 1}], 2 * MOST_A_FLUSH + 1)


def test_a_storm_is_not_even_read(streams: Streams, history: History) -> None:
    """Of more changes than a page could be told nothing becomes a record; once it is calm, each change is told again."""
    publish(history, MOST_UNREAD + 1)
    lines, after = streams.flush(0)
    assert (lines, after) == ([{"kind": "gap", "changed": MOST_UNREAD + 1}], MOST_UNREAD + 1)
    assert history.in_storm
    publish(history, 1)
    lines, after = streams.flush(after)
    assert [(line["kind"], line["id"], line["changed"]) for line in lines] == [("event", str(after - 1), after)]
    assert not history.in_storm


def test_who_does_not_read_is_cut_off(streams: Streams, history: History) -> None:
    """With more than MAX_UNREAD bytes unread nothing more is written, and its place is free."""
    publish(history, 5)
    reader = Reader(unread=MAX_UNREAD + 1)
    asyncio.run(asyncio.wait_for(streams.serve(reader, 0), SECONDS))
    assert ([line["kind"] for line in reader.lines], streams.count) == (["hello"], 0)


def test_there_are_so_many_and_no_more(streams: Streams) -> None:
    """Another one is told that it is one too many; those that are there stay."""

    async def check() -> list[list[str]]:
        readers = [Reader() for _ in range(MAX_STREAMS)]
        running = [asyncio.ensure_future(streams.serve(reader, 0)) for reader in readers]
        await asyncio.sleep(0)
        late = Reader()
        await streams.serve(late, 0)
        streams.close()
        await asyncio.gather(*running)
        return [[line["kind"] for line in reader.lines] for reader in (readers[0], late)]

    assert asyncio.run(check()) == [["hello"], ["full"]]


def test_a_page_of_another_start_gets_everything(streams: Streams, history: History) -> None:
    """A number that this start has not reached is of another one."""
    publish(history, 1)
    reader = Reader(lambda line: streams.close() if line["kind"] == "event" else None)
    asyncio.run(streams.serve(reader, 99))
    assert [line["kind"] for line in reader.lines] == ["hello", "event"]
