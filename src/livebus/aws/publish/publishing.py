"""
One publication from entries to the bus: what is sent, booked, and left for another run.

In: entries with their numbers, an engine, and the books. Out: a :class:`Summary`. The order in which things are written
is what keeps every entry: first the file of failed entries, then the journal that says that they are done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from livebus.errors import LivebusError
from livebus.publish.acknowledged import Acknowledged, ranges_of
from livebus.publish.answer import Result
from livebus.publish.dispatch import Dispatch, Limits
from livebus.publish.request import Addressing, Item, Request
from livebus.publish.sending import DirectFeed, Feed, Sending
from livebus.publish.tally import Tally

if TYPE_CHECKING:
    from livebus.aws.publish.failed_entries import FailedEntries
    from livebus.aws.publish.journal import PublishJournal


class Engine(Protocol):
    """Makes the requests of a publication. Raises KeyboardInterrupt after a Ctrl-C, with the publication stopped."""

    def run(self, publication: Sending) -> None: ...


class Told(Protocol):
    """Is told what happens, to show it."""

    @property
    def wants_ids(self) -> bool:
        """Whether the ids of accepted events are of use: to have them costs reading each answer."""

    def accepted(self, item: Item, result: Result) -> None:
        """One accepted event, while ids are wanted."""

    def failed(self, item: Item, result: Result) -> None:
        """One event for which no further attempt is made."""

    def progress(self, tally: Tally, now: float) -> None:
        """Called a hundred times a second."""


class Summary(NamedTuple):
    """
    What became of all.

    ``left`` are the entries that were read and neither accepted nor failed, with what is known of each. ``error`` and
    ``hopeless`` say what ended it early, ``interrupted`` that the user did, ``out_of_time`` that the time was over.
    """

    tally: Tally
    seconds: float
    left: Sequence[tuple[Item, Result]]
    interrupted: bool
    out_of_time: bool
    hopeless: Result | None
    error: LivebusError | None

    @property
    def complete(self) -> bool:
        """Whether every entry was accepted or is in the file of failed ones."""
        return not (self.left or self.interrupted or self.out_of_time or self.hopeless or self.error)


class Ledger:
    """Books the outcomes: counts, journal, file of failed entries. ``done`` are the numbers of what is booked."""

    # Each visit of the file of failed entries waits for the disk.
    SYNC_SECONDS = 0.2

    def __init__(self, told: Told, failed: FailedEntries, journal: PublishJournal | None) -> None:
        self.tally = Tally()
        self.done = journal.done if journal is not None else Acknowledged()
        self._told = told
        self._failed = failed
        self._journal = journal
        self._failed_sequences: list[int] = []
        self._synced_at = 0.0

    @property
    def wants_ids(self) -> bool:
        return self._told.wants_ids

    def accepted(self, items: Sequence[Item], results: Sequence[Result] | None, latency: float) -> None:
        self.tally.accepted += len(items)
        self.tally.latencies.add(latency)
        self._book([item[0] for item in items])
        if results is not None and self._told.wants_ids:
            for item, result in zip(items, results, strict=True):
                self._told.accepted(item, result)

    def failed(self, item: Item, result: Result) -> None:
        self.tally.rejected[result.error_code] += 1
        self._failed.add(item, result)
        self._failed_sequences.append(item[0])
        self._told.failed(item, result)

    def retried(self, count: int, code: str) -> None:
        self.tally.retried[code] += count

    def write(self, now: float) -> None:
        """Bring the books to the disk: first what has failed, then that it is done. Raises LivebusError."""
        if self._failed_sequences and now - self._synced_at >= self.SYNC_SECONDS:
            self._failed.sync()
            self._synced_at = time.monotonic()
            sequences, self._failed_sequences = self._failed_sequences, []
            self._book(sequences)
        if self._journal is not None:
            self._journal.write(now)
        self._told.progress(self.tally, now)

    def _book(self, sequences: Sequence[int]) -> None:
        add = self.done.add if self._journal is None else self._journal.add
        first, last = sequences[0], sequences[-1]
        if last - first == len(sequences) - 1 and sequences == [*range(first, last + 1)]:  # nearly always
            add(first, last)
            return
        for first, last in ranges_of(sequences):
            add(first, last)


def publish(
    items: Iterator[Item],
    engine: Engine,
    addressing: Addressing,
    limits: Limits,
    ledger: Ledger,
    *,
    waits: bool = False,
    sending: Callable[[Request], object] | None = None,
) -> Summary:
    """
    Send all entries, and return what became of them.

    ``waits`` says that reading may have to wait: a stream. ``sending`` is told of each request just before it goes.
    """
    dispatch = Dispatch(limits, ledger, uniform=random.uniform)
    feed: Feed
    if waits:
        from livebus.aws.publish.stream_feed import StreamFeed

        feed = StreamFeed(items)
    else:
        feed = DirectFeed(items)
    publication = Sending(feed, dispatch, addressing, ids=ledger.wants_ids)
    publication.sending = sending

    def tick(now: float) -> None:
        ledger.write(now)
        publication.ids = ledger.wants_ids

    publication.tick = tick
    interrupted = False
    began = time.monotonic()
    try:
        engine.run(publication)
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.monotonic() - began
    left = list(dispatch.left())
    left += [(item, Result("", "NotSent", "the verb ended before it was accepted")) for item in feed.left()]
    publication.beat(float("inf"))
    hopeless, error = dispatch.hopeless, publication.error
    return Summary(ledger.tally, seconds, left, interrupted, dispatch.out_of_time, hopeless, error)
