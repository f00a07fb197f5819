"""
Between a reader of entries and their dispatch: takes as many as there is room for.

In: an iterator of entries with their numbers, and requests for more. Out: short runs of entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from livebus.errors import LivebusError
from livebus.publish.answer import PutEventsAnswer
from livebus.publish.dispatch import Dispatch
from livebus.publish.request import Addressing, Item, Request


class Feed(Protocol):
    """
    Gives entries without waiting for them.

    ``ended`` says that no more will come. ``ready`` is called, from any thread, when something is there again after
    ``take`` gave nothing.
    """

    ended: bool
    ready: Callable[[], object]

    def take(self, count: int) -> Sequence[Item]: ...

    def left(self) -> Sequence[Item]:
        """What was read and not taken."""


class DirectFeed:
    """Reads when it is asked: for what is always there, such as a regular file."""

    TOGETHER = 1_000_000  # bytes that are taken at once, going by the size of the last ones

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._each = 1
        self._left: Sequence[Item] = ()
        self.ended = False
        self.ready: Callable[[], object] = lambda: None

    def take(self, count: int) -> Sequence[Item]:
        """Up to ``count`` entries; fewer where they are large, or at the end. Raises what reading raised."""
        wanted = max(1, min(count, self.TOGETHER // self._each))
        taken: list[Item] = []
        try:
            taken.extend(islice(self._items, wanted))
        except BaseException:
            self._left = taken
            raise
        self.ended = len(taken) < wanted
        if taken:
            self._each = max(1, taken[-1][1].size)
        return taken

    def left(self) -> Sequence[Item]:
        """What was read together with what could not be."""
        return self._left


def _nothing(now: float) -> None:
    """No books are kept."""
    del now


class Sending:
    """
    A feed and its dispatch, as an engine sees them: requests with their bodies, and answers.

    An engine sends what ``next_request`` gives, hands each answer to ``answered``, and asks again after each answer, when
    ``feed.ready`` is called, and at ``deadline``; until ``done``. It calls ``beat`` every few milliseconds, which keeps the
    books (``tick``). ``ids`` says that the event ids are wanted. What ends it early is its ``error``.
    """

    BEAT_SECONDS = 0.01

    def __init__(self, feed: Feed, dispatch: Dispatch, addressing: Addressing, *, ids: bool) -> None:
        self.feed = feed
        self.dispatch = dispatch
        self.ids = ids
        self.sending: Callable[[Request], object] | None = None
        self.tick: Callable[[float], object] = _nothing
        self.error: LivebusError | None = None
        self._body = addressing.body

    def next_request(self, now: float) -> Request | None:
        """The next request, or None where nothing may go now."""
        dispatch = self.dispatch
        if dispatch.wants_more:
            self._fill(now)
        return dispatch.next_request(now)

    def body(self, request: Request) -> bytes:
        """The body of a request, which goes now."""
        if self.sending is not None:
            self.sending(request)
        return self._body(request.items)

    def answered(self, request: Request, answer: PutEventsAnswer, now: float) -> None:
        """Take an answer."""
        self.dispatch.answered(request, answer, now)

    def beat(self, now: float) -> None:
        """Keep the books."""
        try:
            self.tick(now)
        except LivebusError as error:
            self.fail(error)

    def fail(self, error: LivebusError) -> None:
        """End it with this error."""
        self.error = self.error or error
        self.dispatch.stop(str(error))

    def deadline(self) -> float:
        """When ``next_request`` is to be asked again, if nothing happens before."""
        return self.dispatch.deadline()

    @property
    def done(self) -> bool:
        """Whether all is through, or it was stopped."""
        return self.dispatch.done

    def _fill(self, now: float) -> None:
        dispatch, feed = self.dispatch, self.feed
        if room := dispatch.room:
            try:
                items = feed.take(room)
            except LivebusError as error:
                self.fail(error)
                return
            if items:
                dispatch.add(items, now)
            if feed.ended:
                dispatch.end()
