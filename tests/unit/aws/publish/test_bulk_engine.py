"""The bulk engine: which connections are kept, what is taken for an answer, and what a Ctrl-C leaves."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest

from livebus.aws.direct.reach import Address, Reach
from livebus.aws.publish import bulk_engine
from livebus.aws.publish.bulk_engine import BulkEngine
from livebus.aws.publish.publishing import Ledger, Summary, publish
from livebus.event.stream import StreamedEntry
from livebus.publish.answer import NO_ANSWER, Result
from livebus.publish.dispatch import Limits
from livebus.publish.request import Addressing, Item
from livebus.publish.signer import Credentials


class Books:
    """Nobody is told, and nothing is written; what failed is kept."""

    def __init__(self, *, wants_ids: bool = False) -> None:
        self.wants_ids = wants_ids
        self.ids: list[str] = []
        self.errors: list[tuple[int, str, str]] = []

    def add(self, *given: Any) -> None: ...

    def sync(self) -> None: ...

    def accepted(self, item: Item, result: Result) -> None:
        self.ids.append(result.event_id)

    def failed(self, item: Item, result: Result) -> None:
        self.errors.append((item[0], result.error_code, result.error_message))

    def progress(self, *given: Any) -> None: ...


def item(number: int) -> Item:
    return number, StreamedEntry(b'{"Source":"s"}', 10, "f", number, 1)


def test_a_ctrl_c_while_connections_are_made_loses_no_entry() -> None:
    """The other side takes the connection and never speaks TLS; at the second Ctrl-C each entry is left, none is gone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        address = Address(True, "127.0.0.1", port, "/", f"127.0.0.1:{port}", f"https://127.0.0.1:{port}")
        reach = Reach(address, "eu-west-1", lambda: Credentials("k", "s", ""))
        accepted: list[socket.socket] = []

        def interrupt_twice() -> None:
            # Once it has said the first words of TLS, its signal handler is there.
            accepted.append(server.accept()[0])
            accepted[0].recv(1)
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
                stopped.wait(0.3)

        stopped = threading.Event()
        interrupting = threading.Thread(target=interrupt_twice)
        interrupting.start()
        books: Any = Books()
        summary = publish(
            map(item, range(5)), BulkEngine(reach), Addressing(), Limits(concurrency=1), Ledger(books, books, None)
        )
        interrupting.join()
        for each in accepted:
            each.close()
    assert summary.interrupted
    assert [(left[0], result.error_code) for left, result in summary.left] == [(n, NO_ANSWER) for n in range(5)]


def reach_of(port: int) -> Reach:
    url = f"http://127.0.0.1:{port}"
    return Reach(
        Address(False, "127.0.0.1", port, "/", f"127.0.0.1:{port}", url), "eu-west-1", lambda: Credentials("k", "s", "")
    )


def accepting(request: bytes, close: str = "keep-alive") -> bytes:
    """All entries of a request, with ids; whether the connection is kept says a header."""
    entries = json.loads(request.partition(b"\r\n\r\n")[2])["Entries"]
    body = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}] * len(entries)}, separators=(",", ":"))
    return f"HTTP/1.1 200 OK\r\nConnection: {close}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


class Served:
    """What a server got: the requests of each of its connections."""

    def __init__(self) -> None:
        self.connections: list[int] = []


@contextmanager
def served(answer: Callable[[bytes], bytes], *, ends: bool = False) -> Iterator[tuple[int, Served]]:
    """A server that answers each request on its port; ``ends`` closes the connection behind an answer."""
    got = Served()

    def serve(connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):
            received = b""
            while piece := connection.recv(65_536):
                received += piece
                head, found, body = received.partition(b"\r\n\r\n")
                if found and len(body) >= int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
                    got.connections[number] += 1
                    connection.sendall(answer(received))
                    received = b""
                    if ends:
                        return

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                got.connections.append(0)
                threading.Thread(target=serve, args=(connection, len(got.connections) - 1), daemon=True).start()

    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=listen, daemon=True).start()
    with listening:
        yield listening.getsockname()[1], got


def published(port: int, count: int, *, concurrency: int = 1, wants_ids: bool = False) -> tuple[Summary, Books]:
    """So many entries, one attempt for each."""
    books = Books(wants_ids=wants_ids)
    given: Any = books
    limits = Limits(max_attempts=1, concurrency=concurrency)
    ledger = Ledger(given, given, None)
    return publish(map(item, range(count)), BulkEngine(reach_of(port)), Addressing(), limits, ledger), books


def test_a_connection_is_kept_from_one_request_to_the_next() -> None:
    """One at a time needs one; the event ids are read where somebody wants them."""
    with served(accepting) as (port, got):
        summary, books = published(port, 25, wants_ids=True)
    assert (summary.tally.accepted, summary.left, summary.complete) == (25, [], True)
    assert (got.connections, books.ids) == ([3], ["e-1"] * 25)


@pytest.mark.parametrize("ends", [False, True])
def test_a_connection_that_ends_behind_its_answer_is_not_used_again(ends: bool) -> None:
    """It says so in a header, whether it then ends or not."""
    with served(lambda request: accepting(request, "close"), ends=ends) as (port, got):
        summary, _ = published(port, 25)
    assert (summary.tally.accepted, got.connections) == (25, [1, 1, 1])


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    """All that came before counts."""

    def answer(request: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\n\r\n" + accepting(request).partition(b"\r\n\r\n")[2]

    with served(answer, ends=True) as (port, got):
        summary, _ = published(port, 15)
    assert (summary.tally.accepted, got.connections) == (15, [1, 1])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not an HTTP/1.1 answer: b'SSH-2.0-OpenSSH_9.6'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n.", "the connection was closed in the middle of an answer"),
        (b"", "closed by the other side"),
    ],
)
def test_what_is_no_answer_leaves_the_entries_of_its_request(answer: bytes, reason: str) -> None:
    """Nobody knows whether they were accepted; what was not sent yet is not sent to nobody."""
    with served(lambda _: answer, ends=True) as (port, got):
        summary, books = published(port, 11)
    told = f'Connection was lost before the answer of the endpoint URL: "http://127.0.0.1:{port}/" ({reason})'
    unknown = Result("", NO_ANSWER, told)
    assert [(left[0], result.error_code) for left, result in summary.left] == [
        *[(number, NO_ANSWER) for number in range(10)],
        (10, "NotSent"),
    ]
    assert (summary.left[0][1], summary.hopeless) == (unknown, unknown)
    assert (summary.tally.accepted, books.errors, got.connections) == (0, [], [1])


def test_where_nobody_listens_the_entries_are_left() -> None:
    """After so many attempts as are wanted."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        summary, _ = published(port, 1)
    told = Result("", NO_ANSWER, f'Could not connect to the endpoint URL: "http://127.0.0.1:{port}/"')
    assert [(left[0], result) for left, result in summary.left] == [(0, told)]
    assert (summary.hopeless, summary.interrupted) == (told, False)


class Clocks:
    """The time, and how much of it the process has computed: moved by hand."""

    def __init__(self) -> None:
        self.now, self.computed = 1_000.0, 3.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.computed


class Connection:
    """One on which a request is on its way since ``sent_at``, or none."""

    def __init__(self, sent_at: float | None) -> None:
        self.request: Any = None if sent_at is None else self
        self.sent_at = sent_at
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


class Heart:
    """As much of a publication, of its dispatch and of a loop as a beat asks."""

    def __init__(self) -> None:
        self.dispatch = self.window = self.feed = self
        self.busy = 0.0
        self.beats: list[float] = []
        self.is_done = self.done = False
        self.results: list[None] = []
        self.later: list[Any] = []

    def beat(self, now: float) -> None:
        self.beats.append(now)

    def call_later(self, *given: Any) -> None:
        self.later.append(given)


class Done:
    """A future."""

    def __init__(self) -> None:
        self.times = 0

    def done(self) -> bool:
        return bool(self.times)

    def set_result(self, _: None) -> None:
        self.times += 1


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Heart, Clocks]:
    """A run of the engine between two beats."""
    clocks, heart = Clocks(), Heart()
    monkeypatch.setattr(bulk_engine, "time", clocks)
    given: Any = heart
    run: Any = bulk_engine._Run(reach_of(1), None, given)
    run._loop, run._done = heart, Done()
    return run, heart, clocks


def test_how_busy_the_process_is_told_with_the_beats(beating: tuple[Any, Heart, Clocks]) -> None:
    """The share of the time since it was last measured, which is 50 ms ago or longer."""
    run, heart, clocks = beating
    clocks.now, clocks.computed = 1_000.25, 3.125
    run._beat()
    first = heart.busy
    clocks.now, clocks.computed = 1_000.28125, 3.15
    run._beat()
    between = heart.busy
    clocks.now, clocks.computed = 1_000.5, 3.1875
    run._beat()
    assert (first, between, heart.busy) == (0.5, 0.5, 0.25)
    assert heart.beats == [1_000.25, 1_000.28125, 1_000.5]
    assert heart.later == [(0.01, run._beat)] * 3


@pytest.mark.parametrize(
    ("evenly", "due", "timer", "slept"),
    [
        (True, 1_000.01, 0.0085, 0.00144),
        (True, 1_000.001, 0.0, 0.00094),
        (True, 999.9, 0.0, None),
        (False, 1_000.01, 0.01, None),
        (False, 1_000.0001, 0.0005, None),
    ],
)
def test_where_requests_have_to_go_evenly_the_rest_of_a_timer_is_slept(
    beating: tuple[Any, Heart, Clocks], evenly: bool, due: float, timer: float, slept: float | None
) -> None:
    """A loop's timers are of a millisecond: they come earlier then. Else nothing else waits."""
    run, heart, clocks = beating
    run._dispatch = SimpleNamespace(quota=SimpleNamespace(evenly=evenly))
    run._pump = lambda: None
    run._ask_again(due)
    ((seconds, callback),) = heart.later
    assert seconds == pytest.approx(timer)
    clocks.now += seconds
    callback()
    assert clocks.slept == ([pytest.approx(slept)] if slept else [])


def test_a_timer_that_comes_late_is_not_waited_for(beating: tuple[Any, Heart, Clocks]) -> None:
    """Nor one of which most is left: it was set when requests did not have to go evenly."""
    run, heart, clocks = beating
    quota = SimpleNamespace(evenly=True)
    run._dispatch = SimpleNamespace(quota=quota)
    run._pump = lambda: None
    run._ask_again(1_000.01)
    clocks.now = 1_000.011
    heart.later.pop()[1]()
    run._ask_again(1_000.05)
    heart.later.pop()[1]()
    assert clocks.slept == []


def test_the_last_beat_ends_the_run(beating: tuple[Any, Heart, Clocks]) -> None:
    """Nothing beats after it."""
    run, heart, _ = beating
    heart.done = True
    run._beat()
    run._beat()
    assert (run._done.times, len(heart.later)) == (1, 1)


def test_a_request_that_is_too_long_on_its_way_is_given_up(beating: tuple[Any, Heart, Clocks]) -> None:
    """Looked for once a second; a connection on which nothing is on its way stays."""
    run, _, clocks = beating
    late, early, idle = connections = [
        Connection(999.0 - bulk_engine.READ_SECONDS),
        Connection(1_000.0),
        Connection(None),
    ]
    run._connections = set(connections)
    run._beat()
    clocks.now = 1_000.5
    run._beat()
    assert [each.is_aborted for each in connections] == [True, False, False]
    late.is_aborted = False
    clocks.now = 1_000.75
    run._beat()
    assert [late.is_aborted, early.is_aborted, idle.is_aborted] == [False, False, False]
    clocks.now = 1_001.0
    run._beat()
    assert [late.is_aborted, early.is_aborted, idle.is_aborted] == [True, False, False]
