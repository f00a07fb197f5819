"""Between a reader and the dispatch: how much is read at once, what ends it, and whose books are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from livebus.errors import InvalidEvent, LivebusError
from livebus.event.stream import StreamedEntry
from livebus.publish.request import Addressing, Item, Request
from livebus.publish.sending import DirectFeed, Sending


def item(number: int, size: int = 10) -> Item:
    return number, StreamedEntry(b'{"Source":"s"}', size, "f", number, 1)


def numbers(items: Sequence[Item]) -> list[int]:
    return [each[0] for each in items]


def test_what_is_there_is_read_as_it_is_asked_for() -> None:
    """As many as are wanted; fewer mean the end."""
    feed = DirectFeed(map(item, range(5)))
    assert (numbers(feed.take(3)), feed.ended) == ([0, 1, 2], False)
    assert (numbers(feed.take(2)), feed.ended) == ([3, 4], False)
    assert (numbers(feed.take(2)), feed.ended) == ([], True)
    feed.ready()


def test_large_entries_are_read_in_smaller_numbers() -> None:
    """No more than a million bytes at once, by the size of the last one; one at least."""
    feed = DirectFeed(item(number, 400_000) for number in range(10))
    assert numbers(feed.take(3)) == [0, 1, 2]
    assert numbers(feed.take(3)) == [3, 4]
    huge = DirectFeed(item(number, 3_000_000) for number in range(10))
    assert [len(huge.take(5)) for _ in range(2)] == [5, 1]
    empty = DirectFeed(item(number, 0) for number in range(10))
    assert [len(empty.take(5)) for _ in range(2)] == [5, 5]


class Dispatch:
    """As much of a dispatch as is asked, with what it was told."""

    def __init__(self, *, room: int = 2, wants_more: bool = True) -> None:
        self.room, self.wants_more, self.done = room, wants_more, False
        self.told: list[Any] = []

    def add(self, items: Sequence[Item], now: float) -> None:
        self.told.append(("add", numbers(items), now))

    def end(self) -> None:
        self.told.append("end")

    def stop(self, why: str) -> None:
        self.told.append(("stop", why))
        self.done = True

    def next_request(self, now: float) -> Any:
        return ("request", now)

    def answered(self, *given: Any) -> None:
        self.told.append(given)

    def deadline(self) -> float:
        return 7.0


def sending(dispatch: Dispatch, items: Iterator[Item], addressing: Addressing | None = None) -> Sending:
    given: Any = dispatch
    return Sending(DirectFeed(items), given, addressing or Addressing(), ids=True)


def test_requests_are_filled_while_there_is_room() -> None:
    """And the dispatch is told when nothing more comes."""
    dispatch = Dispatch()
    publication = sending(dispatch, map(item, range(3)))
    assert publication.next_request(1.0) == ("request", 1.0)
    publication.next_request(2.0)
    assert dispatch.told == [("add", [0, 1], 1.0), ("add", [2], 2.0), "end"]
    assert (publication.deadline(), publication.done, publication.ids) == (7.0, False, True)


@pytest.mark.parametrize("dispatch", [Dispatch(wants_more=False), Dispatch(room=0)])
def test_nothing_is_read_where_nothing_is_wanted(dispatch: Dispatch) -> None:
    """Or there is no room for it."""
    assert sending(dispatch, map(item, range(3))).next_request(1.0) == ("request", 1.0)
    assert dispatch.told == []


def test_an_empty_feed_ends_it() -> None:
    """Without an entry."""
    dispatch = Dispatch()
    sending(dispatch, iter(())).next_request(1.0)
    assert dispatch.told == ["end"]


def test_what_cannot_be_read_ends_it() -> None:
    """What was read before is sent; the first error counts."""

    def given() -> Iterator[Item]:
        yield item(0)
        yield item(1)
        raise InvalidEvent("no event")

    dispatch = Dispatch()
    publication = sending(dispatch, given())
    publication.next_request(1.0)
    publication.next_request(2.0)
    assert dispatch.told == [("add", [0, 1], 1.0), ("stop", "no event")]
    assert isinstance(publication.error, InvalidEvent)
    publication.fail(LivebusError("another"))
    assert (str(publication.error), publication.done) == ("no event", True)


def test_what_was_read_together_with_what_cannot_be_is_left() -> None:
    """It is neither sent nor forgotten."""

    def given() -> Iterator[Item]:
        yield from map(item, range(5))
        raise InvalidEvent("no event")

    dispatch = Dispatch(room=3)
    publication = sending(dispatch, given())
    publication.next_request(1.0)
    assert numbers(publication.feed.left()) == []
    publication.next_request(2.0)
    assert dispatch.told == [("add", [0, 1, 2], 1.0), ("stop", "no event")]
    assert numbers(publication.feed.left()) == [3, 4]


def test_books_that_cannot_be_kept_end_it() -> None:
    """Nothing is sent that nobody notes."""

    def full(now: float) -> None:
        raise LivebusError(f"the disk is full at {now:g}")

    dispatch = Dispatch()
    publication = sending(dispatch, iter(()))
    publication.beat(1.0)
    assert dispatch.told == []
    publication.tick = full
    publication.beat(2.0)
    assert (dispatch.told, str(publication.error)) == ([("stop", "the disk is full at 2")], "the disk is full at 2")


def test_a_request_is_told_before_its_body_goes() -> None:
    """With its bus in it; answers go to the dispatch."""
    told: list[Request] = []
    dispatch = Dispatch()
    publication = sending(dispatch, iter(()), Addressing("orders"))
    request = Request([item(0)], {}, 10, 0.0, 0)
    assert publication.body(request) == b'{"Entries":[{"EventBusName":"orders","Source":"s"}]}'
    publication.sending = told.append
    publication.body(request)
    assert told == [request]
    answer: Any = "answer"
    publication.answered(request, answer, 3.0)
    assert dispatch.told == [(request, "answer", 3.0)]
