"""Reading ahead of what is sent, in a thread: how far, what wakes the sender, and what reading raises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from livebus.aws.publish import stream_feed
from livebus.aws.publish.stream_feed import StreamFeed
from livebus.errors import InvalidEvent, LivebusError
from livebus.event.stream import StreamedEntry
from livebus.publish.request import Item
from support.waiting import SECONDS, until


def item(number: int, size: int = 10) -> Item:
    return number, StreamedEntry(b"{}", size, "f", number, 1)


def items(count: int) -> Iterator[Item]:
    yield from map(item, range(count))


def taken(feed: StreamFeed, count: int, most: int = 100) -> list[int]:
    """The numbers of what is taken until there are so many, or the end."""
    found: list[int] = []

    def enough() -> bool:
        found.extend(each[0] for each in feed.take(most))
        return len(found) >= count or feed.ended

    until(enough, f"{count} entries")
    return found


def test_entries_come_in_their_order() -> None:
    """As many at once as are asked for; at the end there are none left."""
    feed = StreamFeed(items(5))
    assert taken(feed, 5, most=2) == [0, 1, 2, 3, 4]
    until(lambda: not feed.take(1) and feed.ended, "the end")
    assert list(feed.left()) == []


def test_nothing_is_read_before_something_is_taken() -> None:
    """A stream belongs to whoever sends."""
    begun = threading.Event()

    def given() -> Iterator[Item]:
        begun.set()
        yield item(0)

    feed = StreamFeed(given())
    assert (begun.is_set(), feed.ended) == (False, False)
    assert taken(feed, 1) == [0]


@pytest.mark.parametrize(("ahead", "ahead_bytes", "read"), [(3, 10**9, 3), (100, 30, 3), (100, 25, 3), (100, 31, 4)])
def test_it_reads_so_far_ahead(ahead: int, ahead_bytes: int, read: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries, or bytes; what is taken makes room, and what is left can be had."""
    monkeypatch.setattr(stream_feed, "AHEAD", ahead)
    monkeypatch.setattr(stream_feed, "AHEAD_BYTES", ahead_bytes)
    given: list[int] = []

    def counted() -> Iterator[Item]:
        for number in range(10):
            given.append(number)
            yield item(number)

    feed = StreamFeed(counted())
    assert list(feed.take(0)) == []
    until(lambda: len(feed.left()) == read, "what is read ahead")
    assert [each[0] for each in feed.left()] == given == list(range(read))
    assert [each[0] for each in feed.take(2)] == [0, 1]
    until(lambda: len(feed.left()) == read, "the next ones")
    assert [each[0] for each in feed.left()] == list(range(2, read + 2))


def test_who_wants_more_is_woken_once() -> None:
    """By the first entry that comes afterwards, and by the end; who has enough is not."""
    woken: list[int] = []
    gates = [threading.Semaphore(0)]

    def given() -> Iterator[Item]:
        for number in range(3):
            gates[0].acquire(timeout=SECONDS)
            yield item(number)
        gates[0].acquire(timeout=SECONDS)

    feed = StreamFeed(given())
    feed.ready = lambda: woken.append(len(feed.left()))
    assert list(feed.take(2)) == []
    gates[0].release(2)
    until(lambda: len(feed.left()) == 2, "two entries")
    assert woken in ([1], [2])
    assert [each[0] for each in feed.take(1)] == [0]  # had all that it wanted
    gates[0].release()
    until(lambda: len(feed.left()) == 2, "the third")
    assert len(woken) == 1
    gates[0].release()
    until(lambda: len(woken) == 2, "the end")
    assert [each[0] for each in feed.take(5)] == [1, 2]
    assert feed.ended


@pytest.mark.parametrize(
    ("raised", "told", "message"),
    [
        (lambda: InvalidEvent("no event"), InvalidEvent, "no event"),
        (lambda: ZeroDivisionError("oops"), RuntimeError, "reading failed"),
    ],
)
def test_what_reading_raises_comes_after_what_was_read(
    raised: Callable[[], Exception], told: type[Exception], message: str
) -> None:
    """Where it is taken: a fault of the input as it is, a bug with what it was."""

    def given() -> Iterator[Item]:
        yield item(0)
        raise raised()

    feed = StreamFeed(given())
    assert taken(feed, 1) == [0]
    with pytest.raises(told, match=message) as error:
        until(lambda: feed.take(1) and False, "the error")
    assert feed.ended
    if not isinstance(error.value, LivebusError):
        assert isinstance(error.value.__cause__, ZeroDivisionError)


def test_what_reading_raised_before_anything_was_taken_is_not_lost() -> None:
    """
    The last entries that were read and the error are there at once: the entries come first, the feed has not ended with them,
    and whoever takes is woken to come again.
    """
    woken: list[int] = []

    def given() -> Iterator[Item]:
        yield from items(3)
        raise InvalidEvent("no event")

    feed = StreamFeed(given())
    assert feed.take(0) == []  # begins to read
    until(lambda: feed._finished, "the end of what is read")
    feed.ready = lambda: woken.append(1)
    assert [each[0] for each in feed.take(10)] == [0, 1, 2]
    assert (feed.ended, woken) == (False, [1])
    with pytest.raises(InvalidEvent, match="no event"):
        feed.take(10)
    assert feed.ended
