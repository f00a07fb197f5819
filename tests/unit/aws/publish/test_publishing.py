"""A publication from entries to its summary: what is counted, in which order the books are written, what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from livebus.aws.publish.publishing import Ledger, Summary, publish
from livebus.errors import LivebusError
from livebus.event.stream import StreamedEntry
from livebus.publish.acknowledged import Acknowledged
from livebus.publish.answer import ALL_ACCEPTED, NO_ANSWER, PutEventsAnswer, Result, failed
from livebus.publish.dispatch import Limits
from livebus.publish.request import Addressing, Item, Request
from livebus.publish.sending import Sending
from livebus.publish.tally import Tally

REFUSED = Result("", "MalformedDetail", "no")


def item(number: int) -> Item:
    return number, StreamedEntry(b'{"Source":"s"}', 10, "f", number, 1)


class Log:
    """The books, and who is told: all in one list, in the order in which it happens."""

    def __init__(self, *, wants_ids: bool = True) -> None:
        self.did: list[Any] = []
        self.wants_ids = wants_ids
        self.done = Acknowledged()

    # of the file of failed entries
    def sync(self) -> None:
        self.did.append("sync")

    def add(self, *given: Any) -> None:
        self.did.append(("failed entry", given[0][0]) if isinstance(given[0], tuple) else ("done", *given))

    # of the journal
    def write(self, now: float) -> None:
        self.did.append(("write", now))

    # of who is told
    def accepted(self, item: Item, result: Result) -> None:
        self.did.append(("accepted", item[0], result.event_id))

    def failed(self, item: Item, result: Result) -> None:
        self.did.append(("told", item[0], result.error_code))

    def progress(self, tally: Tally, now: float) -> None:
        self.did.append(("progress", tally.accepted, now))


def ledger(log: Log, *, journal: bool = True) -> Ledger:
    given: Any = log
    return Ledger(given, given, given if journal else None)


def test_what_is_accepted_is_counted_and_booked() -> None:
    """As ranges; ids are told where they are wanted and known."""
    log = Log()
    book = ledger(log)
    book.accepted([item(3), item(4), item(5)], [Result(f"id-{number}") for number in (3, 4, 5)], 0.25)
    book.accepted([item(9), item(7)], None, 0.25)
    assert log.did == [
        ("done", 3, 5),
        ("accepted", 3, "id-3"),
        ("accepted", 4, "id-4"),
        ("accepted", 5, "id-5"),
        ("done", 9, 9),
        ("done", 7, 7),
    ]
    assert (book.tally.accepted, book.tally.latencies.count, book.tally.latencies.total) == (5, 2, 0.5)
    quiet = Log(wants_ids=False)
    ledger(quiet).accepted([item(0)], [Result("id-0")], 0.25)
    assert quiet.did == [("done", 0, 0)]
    assert (ledger(quiet).wants_ids, ledger(log).wants_ids) == (False, True)


def test_what_failed_is_done_once_it_is_on_the_disk() -> None:
    """First the file of failed entries, then that they are done; not at each beat."""
    log = Log()
    book = ledger(log)
    book.failed(item(2), REFUSED)
    book.failed(item(3), REFUSED)
    assert log.did == [
        ("failed entry", 2),
        ("told", 2, "MalformedDetail"),
        ("failed entry", 3),
        ("told", 3, "MalformedDetail"),
    ]
    log.did.clear()
    book.write(1e9)
    assert log.did == ["sync", ("done", 2, 3), ("write", 1e9), ("progress", 0, 1e9)]
    log.did.clear()
    book.failed(item(4), REFUSED)
    book.write(0.0)
    assert log.did == [("failed entry", 4), ("told", 4, "MalformedDetail"), ("write", 0.0), ("progress", 0, 0.0)]
    book.retried(3, "ThrottlingException")
    book.retried(2, "ThrottlingException")
    assert (book.tally.rejected, book.tally.retried) == ({"MalformedDetail": 3}, {"ThrottlingException": 5})


def test_without_a_journal_it_is_known_what_is_done() -> None:
    """So that one can be begun late."""
    log = Log()
    book = ledger(log, journal=False)
    book.accepted([item(0), item(1)], None, 0.1)
    book.accepted([item(4)], None, 0.1)
    book.write(1.0)
    assert list(book.done.ranges()) == [(0, 1), (4, 4)]
    assert log.did == [("progress", 3, 1.0)]


class Engine:
    """Makes requests at once; ``answer`` says what becomes of each, by its number."""

    def __init__(
        self, answer: Callable[[int], PutEventsAnswer] = lambda _: ALL_ACCEPTED, interrupt_at: int = -1
    ) -> None:
        self.bodies: list[bytes] = []
        self._answer, self._interrupt_at = answer, interrupt_at

    def run(self, publication: Sending) -> None:
        now = 0.0
        publication.dispatch.begin(now)
        while not publication.done:
            now = max(now + 0.001, min(publication.deadline(), now + 1.0))
            request = publication.next_request(now)
            if request is None:
                continue
            if len(self.bodies) == self._interrupt_at:
                publication.dispatch.stop("interrupted")
                publication.answered(request, failed(NO_ANSWER, "interrupted"), now)
                raise KeyboardInterrupt
            self.bodies.append(publication.body(request))
            publication.answered(request, self._answer(len(self.bodies) - 1), now)
            publication.beat(now)


def published(count: int, engine: Engine, **options: Any) -> tuple[Summary, Log]:
    log = Log(wants_ids=False)
    items = (item(number) for number in range(count))
    return publish(items, engine, Addressing("b"), Limits(**options.pop("limits", {})), ledger(log), **options), log


@pytest.mark.parametrize("waits", [False, True])
def test_all_is_sent(waits: bool) -> None:
    """Ten in a request; who wants to know is told of each request before it goes."""
    told: list[int] = []
    engine = Engine()

    def sending(request: Request) -> None:
        told.append(len(request.items))

    summary, log = published(25, engine, waits=waits, sending=sending)
    assert (summary.complete, summary.tally.accepted, list(summary.left)) == (True, 25, [])
    assert (sum(told), len(engine.bodies)) == (25, len(told))
    assert engine.bodies[0].startswith(b'{"Entries":[{"EventBusName":"b","Source":"s"}')
    assert log.did[-1] == ("progress", 25, float("inf"))
    assert summary.seconds >= 0


def test_a_ctrl_c_leaves_what_was_read() -> None:
    """And says that it was one."""
    summary, _ = published(25, Engine(interrupt_at=1))
    assert (summary.interrupted, summary.complete, summary.tally.accepted) == (True, False, 10)
    assert [each[0] for each, _ in summary.left] == list(range(10, 20))


def test_what_cannot_be_read_is_its_error() -> None:
    """What was read before is sent or left."""

    def given() -> Any:
        yield item(0)
        raise LivebusError("no event")

    log = Log(wants_ids=False)
    summary = publish(given(), Engine(), Addressing("b"), Limits(), ledger(log))
    assert (str(summary.error), summary.complete) == ("no event", False)


def test_what_no_request_can_mend_ends_it() -> None:
    """Refused credentials are told as they came."""
    summary, _ = published(25, Engine(lambda _: failed("ExpiredTokenException", "expired")))
    assert (summary.hopeless, summary.complete) == (Result("", "ExpiredTokenException", "expired"), False)


@pytest.mark.parametrize(
    ("changed", "complete"),
    [
        ({}, True),
        ({"left": [(item(0), REFUSED)]}, False),
        ({"interrupted": True}, False),
        ({"out_of_time": True}, False),
        ({"hopeless": REFUSED}, False),
        ({"error": LivebusError("x")}, False),
    ],
)
def test_what_a_whole_run_is(changed: dict[str, Any], complete: bool) -> None:
    """Every entry was accepted, or is in the file of failed ones."""
    left: Sequence[tuple[Item, Result]] = ()
    assert Summary(Tally(), 1.0, left, False, False, None, None)._replace(**changed).complete is complete
