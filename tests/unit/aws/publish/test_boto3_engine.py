"""PutEvents with boto3, in threads: who sends, what is waited for, and what a Ctrl-C leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from livebus.aws.publish import boto3_engine
from livebus.aws.publish.boto3_engine import Boto3Engine, bus_exists, put_events
from livebus.errors import Unreachable
from livebus.publish.answer import PutEventsAnswer, Result

ENDPOINT = "http://127.0.0.1:1"
ACCEPTED = PutEventsAnswer(None, [Result("e-1")])
# Longer than anything here takes: only who waits for ever waits for so long.
LONG = 20.0


class Client:
    """A client whose PutEvents is a function of the entries."""

    def __init__(self, answer: Callable[[list[Any]], Mapping[str, Any]]) -> None:
        self.named: list[dict[str, Any]] = []
        self._answer = answer

    def put_events(self, **request: Any) -> Mapping[str, Any]:
        self.named.append(request)
        return self._answer(request["Entries"])

    def describe_event_bus(self, **request: Any) -> Mapping[str, Any]:
        self.named.append(request)
        return self._answer([])


def accepting(entries: list[Any]) -> Mapping[str, Any]:
    return {"Entries": [{"EventId": "e-1"}] * len(entries)}


def raising(error: BaseException) -> Callable[[list[Any]], Mapping[str, Any]]:
    def answer(_: list[Any]) -> Mapping[str, Any]:
        raise error

    return answer


def client_error(code: str, status: Any = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "told"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")


class Given:
    """A request of one entry; one that was sent long ago is late."""

    def __init__(self, name: str, *, is_late: bool = False) -> None:
        self.name = name
        self.sent_at = float("-inf") if is_late else float("inf")


class Publication:
    """
    Gives its requests as soon as they may be, ``together`` of them at once; what becomes of each is kept, by its name.

    ``ticks`` are called one after the other, each time that the books are kept.
    """

    def __init__(self, *requests: Given, together: int = 1, ticks: tuple[Callable[[], object], ...] = ()) -> None:
        self.dispatch = self.feed = self
        self.ready: Callable[[], object] = lambda: None
        self.answers: list[tuple[str, PutEventsAnswer]] = []
        self.stopped: list[str] = []
        self.begun = 0
        self._waiting, self._together, self._ticks = list(requests), together, list(ticks)
        self._in_flight = 0

    @property
    def done(self) -> bool:
        return not self._in_flight and (not self._waiting or bool(self.stopped))

    def begin(self, now: float) -> None:
        self.begun += 1

    def stop(self, why: str) -> None:
        self.stopped.append(why)

    def beat(self, now: float) -> None:
        if self._ticks:
            self._ticks.pop(0)()

    def next_request(self, now: float) -> Any:
        if not self._waiting or self._in_flight >= self._together or self.stopped:
            return None
        self._in_flight += 1
        return self._waiting.pop(0)

    def deadline(self) -> float:
        return float("inf")

    def body(self, request: Given) -> bytes:
        return b'{"Entries":[{"Source":"%s"}]}' % request.name.encode()

    def answered(self, request: Given, answer: PutEventsAnswer, now: float) -> None:
        self.answers.append((request.name, answer))
        self._in_flight -= 1


def run(publication: Publication, answer: Callable[[list[Any]], Mapping[str, Any]]) -> Client:
    given: Any = publication
    client = Client(answer)
    Boto3Engine(client).run(given)
    return client


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that were started to send."""
    names: list[str] = []

    class Thread(threading.Thread):
        def start(self) -> None:
            names.append(self.name)
            super().start()

    monkeypatch.setattr(boto3_engine.threading, "Thread", Thread)
    return names


def interrupted() -> None:
    raise KeyboardInterrupt


def test_requests_go_with_the_entries_of_their_bodies(started: list[str]) -> None:
    """One thread is enough for one after the other."""
    publication = Publication(Given("a"), Given("b"), Given("c"))
    client = run(publication, accepting)
    assert client.named == [{"Entries": [{"Source": name}]} for name in "abc"]
    assert publication.answers == [(name, ACCEPTED) for name in "abc"]
    assert (started, publication.begun, publication.stopped) == (["put-events-1"], 1, [])


def test_what_goes_together_has_a_thread_each(started: list[str]) -> None:
    """Both are on their way before either is answered."""
    both = threading.Barrier(2, timeout=LONG)

    def answer(entries: list[Any]) -> Mapping[str, Any]:
        both.wait()
        return accepting(entries)

    publication = Publication(*map(Given, "abcd"), together=2)
    run(publication, answer)
    assert sorted(publication.answers) == [(name, ACCEPTED) for name in "abcd"]
    assert started == ["put-events-1", "put-events-2"]


def test_no_thread_is_left_when_all_is_done(started: list[str]) -> None:
    """Each is told to end."""
    before = set(threading.enumerate())
    run(Publication(Given("a")), accepting)
    for thread in set(threading.enumerate()) - before:
        thread.join(LONG)
    assert set(threading.enumerate()) <= before
    assert started == ["put-events-1"]


def test_a_request_that_is_too_long_on_its_way_is_not_waited_for(started: list[str]) -> None:
    """
    Its thread waits on, another one takes its place, and its answer is nobody's any more; then there are two threads for
    two requests.
    """
    asked, late, two = threading.Event(), threading.Event(), threading.Barrier(2, timeout=LONG)

    def answer(entries: list[Any]) -> Mapping[str, Any]:
        name = entries[0]["Source"]
        if name == "late":
            assert asked.wait(LONG)
            late.set()
        elif name == "next":
            asked.set()
            assert late.wait(LONG)
        else:
            two.wait()
        return accepting(entries)

    class Waiting(Publication):
        def next_request(self, now: float) -> Any:
            if len(self.answers) == 2:
                # The late answer is there by now, and is taken before more is asked for.
                self._together = 2 if len(given) == 2 else 0
            return super().next_request(now)

    given: list[str] = []
    publication = Waiting(Given("late", is_late=True), Given("next"), Given("c"), Given("d"))
    engine = boto3_engine._Run(Client(answer), publication)  # type: ignore[arg-type]
    take = engine._take

    def taking(request: Any, answer: PutEventsAnswer) -> None:
        if answer.error is None and request.name in ("late", "next"):
            given.append(request.name)
        take(request, answer)

    engine._take = taking  # type: ignore[method-assign]
    engine.until_done()
    engine.end()
    no_answer = PutEventsAnswer(Result("", "NoAnswer", "no whole answer in 60 s"))
    assert publication.answers[:2] == [("late", no_answer), ("next", ACCEPTED)]
    assert sorted(publication.answers[2:]) == [("c", ACCEPTED), ("d", ACCEPTED)]
    assert started == ["put-events-1", "put-events-2"]


def test_what_is_in_flight_is_waited_for_after_a_ctrl_c() -> None:
    """Nothing more is sent, and what comes within the time of grace counts."""
    answered = threading.Event()

    def answer(entries: list[Any]) -> Mapping[str, Any]:
        assert answered.wait(LONG)
        return accepting(entries)

    publication = Publication(Given("a"), Given("b"), ticks=(lambda: None, interrupted, answered.set))
    with pytest.raises(KeyboardInterrupt):
        run(publication, answer)
    assert (publication.answers, publication.stopped) == ([("a", ACCEPTED)], ["interrupted"])


@pytest.mark.parametrize(("grace", "ticks"), [(LONG, (interrupted, interrupted)), (-1.0, (interrupted,))])
def test_what_does_not_come_after_a_ctrl_c_is_given_up(
    grace: float, ticks: tuple[Callable[[], object], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a second one, and when the time of grace is over: whether it was accepted is not known."""
    monkeypatch.setattr(boto3_engine, "GRACE_SECONDS", grace)
    never = threading.Event()

    def answer(entries: list[Any]) -> Mapping[str, Any]:
        never.wait(LONG)
        return {}

    publication = Publication(Given("a"), ticks=(lambda: None, *ticks))
    with pytest.raises(KeyboardInterrupt):
        run(publication, answer)
    never.set()
    unknown = PutEventsAnswer(Result("", "NoAnswer", "interrupted; it may have been accepted"))
    assert publication.answers == [("a", unknown)]


def test_whatever_a_thread_raises_is_the_answer() -> None:
    """No entry hangs on a bug, nor on a plug-in of botocore's; the thread lives on."""
    first = [True]

    def answer(entries: list[Any]) -> Mapping[str, Any]:
        if first.pop() if first else False:
            raise ValueError("a plug-in")
        return accepting(entries)

    publication = Publication(Given("a"), Given("b"))
    run(publication, answer)
    broken = PutEventsAnswer(Result("", "CannotSend", "ValueError: a plug-in"))
    assert publication.answers == [("a", broken), ("b", ACCEPTED)]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (client_error("ThrottlingException"), "ThrottlingException", "told"),
        (client_error("Odd", 503), "InternalFailure", "Odd: told"),
        (client_error("Odd", 429), "ThrottlingException", "Odd: told"),
        (client_error("Odd", "none"), "Odd", "told"),
        (ClientError({"Error": {"Code": "Odd", "Message": "told"}}, "PutEvents"), "Odd", "told"),
        (
            EndpointConnectionError(endpoint_url=ENDPOINT),
            "NoAnswer",
            f'Could not connect to the endpoint URL: "{ENDPOINT}"',
        ),
        (ReadTimeoutError(endpoint_url=ENDPOINT), "NoAnswer", f'Read timeout on endpoint URL: "{ENDPOINT}"'),
        (
            NoCredentialsError(),
            "CannotSend",
            "Unable to locate credentials. Run `aws configure` or pass --profile; --local needs none.",
        ),
    ],
)
def test_what_botocore_raises_is_an_answer(error: Exception, code: str, message: str) -> None:
    """With a code that says whether another attempt can help, and without "cannot publish" in front."""
    assert put_events(Client(raising(error)), [{}]) == PutEventsAnswer(Result("", code, message))


@pytest.mark.parametrize("answer", [{}, {"Entries": None}, {"Entries": [{"EventId": "e-1"}]}])
def test_an_answer_that_is_not_whole_is_none(answer: Mapping[str, Any]) -> None:
    """botocore takes an answer whose connection broke in its head for an empty one."""
    count = len(answer.get("Entries") or ())
    expected = PutEventsAnswer(Result("", "NoAnswer", f"{count} results came back for 2 entries"))
    assert put_events(Client(lambda _: answer), [{}, {}]) == expected


def test_a_bus_is_asked_for_by_its_name() -> None:
    """And is there where an answer comes."""
    client = Client(accepting)
    assert bus_exists(client, "orders") is True
    assert client.named == [{"Name": "orders"}]


def test_where_nobody_can_be_asked_nothing_can_be_published() -> None:
    """It is told as what was to be done, with the next step."""
    with pytest.raises(Unreachable) as told:
        bus_exists(Client(raising(NoCredentialsError())), "orders")
    assert str(told.value).startswith("cannot publish: Unable to locate credentials")


def test_a_bus_that_takes_too_long_to_say_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole call has a limit: botocore's are for each piece of an answer."""
    monkeypatch.setattr(boto3_engine, "CALL_SECONDS", 0.01)
    never = threading.Event()

    def answer(_: list[Any]) -> Mapping[str, Any]:
        never.wait(LONG)
        return {}

    with pytest.raises(Unreachable, match=r"^cannot publish: no whole answer in 0\.01 s$"):
        bus_exists(Client(answer), "orders")
    never.set()
