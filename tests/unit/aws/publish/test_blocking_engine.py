"""The small engine: one request after the other, and what a Ctrl-C leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.aws.direct.http_connection import NoAnswer
from livebus.aws.direct.reach import Address, Reach
from livebus.aws.publish import blocking_engine
from livebus.aws.publish.blocking_engine import BlockingEngine
from livebus.publish.answer import ALL_ACCEPTED, PutEventsAnswer, Result
from livebus.publish.http_response import Response
from livebus.publish.signer import Credentials

REACH = Reach(
    Address(False, "127.0.0.1", 1, "/", "127.0.0.1:1", "http://127.0.0.1:1"),
    "eu-west-1",
    lambda: Credentials("k", "s", ""),
)


class Connection:
    """Answers, or fails, as ``answer`` says."""

    def __init__(self, answer: Callable[[], Response]) -> None:
        self.sent: list[bytes] = []
        self.is_closed = False
        self._answer = answer

    def request(self, data: bytes) -> Response:
        self.sent.append(data)
        return self._answer()

    def close(self) -> None:
        self.is_closed = True


class Given:
    """A request of one entry."""

    items = ((0, None),)


class Publication:
    """So many requests; what becomes of each is kept, with what else is done."""

    def __init__(self, count: int, *, ids: bool = False, deadline: float = 0.0) -> None:
        self.ids = ids
        self.dispatch = self
        self.answers: list[PutEventsAnswer] = []
        self.did: list[Any] = []
        self._left, self._deadline = count, deadline
        self._pauses = 1

    @property
    def done(self) -> bool:
        return not self._left

    def begin(self, now: float) -> None:
        self.did.append(("begin", now))

    def stop(self, why: str) -> None:
        self.did.append(("stop", why))
        self._left = 0

    def next_request(self, now: float) -> Any:
        if self._deadline and self._pauses:
            self._pauses -= 1
            return None
        return Given()

    def deadline(self) -> float:
        return self._deadline

    def body(self, request: Any) -> bytes:
        return b'{"Entries":[]}'

    def answered(self, request: Any, answer: PutEventsAnswer, now: float) -> None:
        self.answers.append(answer)
        self._left = max(0, self._left - 1)

    def beat(self, now: float) -> None:
        self.did.append(("beat", now))


class Clock:
    """A clock that goes on where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_800_000_000.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(blocking_engine, "time", made)
    return made


ACCEPTED = Response(200, b'{"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}', True)


def run(publication: Publication, answer: Callable[[], Response]) -> Connection:
    connection: Any = Connection(answer)
    given: Any = publication
    BlockingEngine(REACH, connection).run(given)
    return connection  # type: ignore[no-any-return]


def test_requests_are_made_one_after_the_other(clock: Clock) -> None:
    """Signed, with the body behind the head; the books are kept after each, the connection is closed at the end."""
    publication = Publication(2)
    connection = run(publication, lambda: ACCEPTED)
    assert publication.answers == [ALL_ACCEPTED] * 2
    assert publication.did == [("begin", 100.0), ("beat", 100.0), ("beat", 100.0)]
    assert (connection.is_closed, clock.slept) == (True, [])
    head, _, body = connection.sent[0].partition(b"\r\n\r\n")
    assert body == b'{"Entries":[]}'
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert b"Credential=k/20270115/eu-west-1/events/aws4_request" in head


def test_ids_are_read_where_they_are_wanted(clock: Clock) -> None:
    """One result for each entry."""
    publication = Publication(1, ids=True)
    run(publication, lambda: ACCEPTED)
    assert publication.answers == [PutEventsAnswer(None, [Result("e-1")])]


def test_an_answer_that_does_not_come_is_one(clock: Clock) -> None:
    """The entries may have been accepted: they are sent again, or told."""

    def lost() -> Response:
        raise NoAnswer("the connection was lost", sent=True)

    publication = Publication(1)
    run(publication, lost)
    assert publication.answers == [PutEventsAnswer(Result("", "NoAnswer", "the connection was lost"))]


@pytest.mark.parametrize(("deadline", "slept"), [(100.25, 0.25), (200.0, 1.0), (99.0, 0.0)])
def test_it_waits_until_something_may_go(deadline: float, slept: float, clock: Clock) -> None:
    """A second at a time, at the most."""
    run(Publication(1, deadline=deadline), lambda: ACCEPTED)
    assert clock.slept == [slept]


def test_a_ctrl_c_books_what_it_interrupted(clock: Clock) -> None:
    """As unanswered: it may have been accepted. Nothing more is sent, and the connection is closed."""

    def interrupted() -> Response:
        raise KeyboardInterrupt

    publication = Publication(3)
    connection = Connection(interrupted)
    given: Any = publication
    reached: Any = connection
    with pytest.raises(KeyboardInterrupt):
        BlockingEngine(REACH, reached).run(given)
    assert publication.answers == [PutEventsAnswer(Result("", "NoAnswer", "interrupted; it may have been accepted"))]
    assert ("stop", "interrupted") in publication.did
    assert (len(connection.sent), connection.is_closed) == (1, True)
