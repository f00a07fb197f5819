"""When events are sent to API destinations: at their pace, not too many at a time, and none is lost at a crash."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.api_destination.token import Token, token_request
from livebus.compilation import compile_line
from livebus.event.envelope import Event
from livebus.retry_policy import Failure
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge import event_buses, pending_retries
from livebus.runtime.eventbridge.api_destinations import CROWDED, MAX_CALLS, ApiDestinations
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault, PendingRetry
from livebus.runtime.outgoing import NoAnswer, Received, TooLate
from livebus.template import Environment, load_application
from livebus.template.api_destination import ApiDestination, ClientCredentials

FOREIGN = Path(__file__).parents[3] / "foreign" / "api-destination-beside.yaml"
EVENT = {"Source": "sample.source", "DetailType": "d", "Detail": '{"msg": "hello"}', "EventBusName": "livebus"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def told() -> list[str]:
    """What the runtime says."""
    return []


@pytest.fixture
def buses(journal: DeliveryJournal, clock: Any, new_id: Callable[[], str], told: list[str]) -> EventBuses:
    """Of the application, with its endpoint at a port where nobody listens, and ten requests a second."""
    environment = Environment(mapped_endpoints={"https://hooks.example.com": "http://127.0.0.1:1"})
    text = FOREIGN.read_text("utf-8")
    application = load_application(text, file=FOREIGN.name, read_file=lambda _: "", environment=environment)
    lines = Lines(environment, {"livebus": compile_line(application)})
    trace = Trace(told.append, clock)
    return EventBuses(lines, journal, trace, Clockwork(clock, new_id, lambda: 1.0))


def destination(rate: int = 1) -> ApiDestination:
    return ApiDestination("d", "arn:d", "arn:d", "http://127.0.0.1:1", "http://127.0.0.1:1", "POST", rate, None)


def test_a_moment_of_its_own(clock: Any) -> None:
    """An event that waited for its moment goes when that has come, before others."""
    calls = ApiDestinations(clock)
    first, second = calls.turn(destination(), 0), calls.turn(destination(), 0)
    calls.keep(7, second)

    assert (first, second) == (0.0, 1.0)
    assert (calls.turn(destination(), 8), calls.turn(destination(), 7)) == (2.0, 0.0)


def test_a_rate_that_is_changed(clock: Any) -> None:
    """A deployment's new rate counts at once."""
    calls = ApiDestinations(clock)
    assert [calls.turn(destination(), 0) for _ in range(2)] == [0.0, 1.0]

    assert calls.turn(destination(10), 0) == 0.0


def test_a_crowd(clock: Any) -> None:
    """What finds no place waits until a call has ended, the first one first."""
    calls = ApiDestinations(clock)
    for _ in range(MAX_CALLS):
        calls.begun()
    for row in (5, 6):
        turn = calls.turn(destination(300), row)
        assert turn == CROWDED
        calls.keep(row, turn)

    assert [calls.ended(), calls.ended(), calls.ended()] == [5, 6, 0]


def test_events_are_in_the_journal_while_they_wait(buses: EventBuses, journal: DeliveryJournal, clock: Any) -> None:
    """Those that are sent at this moment too: a crash loses none."""

    async def put() -> list[tuple[float, int]]:
        buses.put_events([EVENT] * 10)
        buses.put_events([EVENT] * 5)
        waiting = journal.due_times()
        buses.close()
        await asyncio.sleep(0)
        await buses.api_destinations.close()
        return waiting

    waiting = asyncio.run(put())
    assert len(waiting) == 15
    assert sorted(round(due - clock.now, 3) for due, _ in waiting) == [0.0] * 10 + [0.1, 0.2, 0.3, 0.4, 0.5]
    retry = journal.retry(waiting[0][1])
    assert retry is not None
    assert (retry.target_id, retry.attempts) == ("Hook", 0)
    assert json.loads(retry.event.text)["detail"] == {"msg": "hello"}


def test_nobody_listens(buses: EventBuses, journal: DeliveryJournal, clock: Any) -> None:
    """The attempt fails, and another one follows."""

    async def put() -> list[tuple[float, int]]:
        buses.put_events([EVENT])
        await asyncio.wait(tuple(buses._under_way))
        buses.close()
        await buses.api_destinations.close()
        return journal.due_times()

    assert [due for due, _ in asyncio.run(put())] == [clock.now + 1.0]


def test_a_place_that_is_not_taken_goes_to_the_next(clock: Any) -> None:
    """Where an event that was called up makes no call, the one behind it is called up in its place."""
    calls = ApiDestinations(clock)
    for _ in range(MAX_CALLS):
        calls.begun()
    for row in (5, 6, 7):
        calls.keep(row, calls.turn(destination(300), row))

    assert calls.ended() == 5
    assert calls.passed_on(5) == 6
    calls.begun(6)
    assert [calls.passed_on(5), calls.passed_on(6)] == [0, 0]
    assert calls.ended() == 7


def test_a_crowd_whose_first_target_is_gone(buses: EventBuses, journal: DeliveryJournal) -> None:
    """An event of a target that a deployment took away does not keep those behind it waiting for ever."""
    clock_now = buses._clock

    async def put() -> list[str]:
        for _ in range(MAX_CALLS):
            buses.api_destinations.begun()
        buses.put_events([EVENT] * 3)
        rows = [row for _, row in journal.due_times()]
        journal._run("UPDATE retries SET target_id = 'Gone' WHERE id IN (?, ?)", (rows[0], rows[1]))
        assert len(buses._retries) == 3
        for _ in range(MAX_CALLS - 1):
            assert buses.api_destinations._crowd
            buses.api_destinations._under_way -= 1
        buses._retries.release(buses.api_destinations.ended())
        buses.run_due()
        while not buses._under_way and buses._retries._waiting and buses._retries._waiting[0][0] <= clock_now():
            buses.run_due()
        await asyncio.wait(tuple(buses._under_way), timeout=5)
        buses.close()
        await buses.api_destinations.close()
        return [kept.target_id for _, row in journal.due_times() if (kept := journal.retry(row)) is not None]

    assert asyncio.run(put()) == ["Hook"]
    assert not buses.api_destinations._crowd


def test_a_row_that_is_given_to_another_event(clock: Any) -> None:
    """An event in a row that was another's has no moment yet."""
    calls = ApiDestinations(clock)
    calls.turn(destination(), 0)
    calls.keep(7, calls.turn(destination(), 0))
    calls.forget(7)

    assert calls.turn(destination(), 7) == 2.0


def test_one_failure_to_get_a_token_is_that_of_all_who_wait(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who wait for a token do not ask one after the other, five seconds each; whoever comes later asks anew."""
    asked: list[str] = []
    failure = Failure("SDK_CLIENT_ERROR", "no answer", retryable=True)

    async def no_token(_: ApiDestinations, authorization: ClientCredentials) -> Failure:
        asked.append(authorization.endpoint)
        await asyncio.sleep(0)
        return failure

    monkeypatch.setattr(ApiDestinations, "_new_token", no_token)
    calls, credentials = ApiDestinations(clock), ClientCredentials("http://a", "http://a", "POST", "id", "secret")

    async def run() -> list[Any]:
        together = await asyncio.gather(*(calls._token(credentials) for _ in range(10)))
        return [*together, await calls._token(credentials)]

    assert asyncio.run(run()) == [failure] * 11
    assert asked == ["http://a"] * 2


class Answers:
    """Instead of the network: gives these answers, one after the other, and remembers what was asked."""

    def __init__(self, *answers: Received | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def request(self, method: str, url: str, **members: Any) -> Received:
        self.asked.append((method, url, members))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing is open."""


WHO = "the authorization endpoint"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Received(200, {}, (), b'{"access_token": "t"}'), Token("Bearer t", math.inf)),
        (Received(200, {}, (), b'{"access_token": "t", "expires_in": 90}'), Token("Bearer t", 1_800_000_030.0)),
        (
            Received(200, {}, (), b"{}"),
            Failure("ERROR_FROM_TARGET", f"{WHO} gave no answer: {WHO} gave no access token", retryable=True),
        ),
        (
            Received(503, {"Retry-After": "7"}, (), b""),
            Failure("ERROR_FROM_TARGET", f"{WHO} answered with HTTP status 503", True, 7.0),
        ),
        (TooLate(), Failure("TIMEOUT", f"{WHO} did not answer within 5 seconds", retryable=True)),
        (NoAnswer("refused"), Failure("ERROR_FROM_TARGET", f"{WHO} gave no answer: refused", retryable=True)),
    ],
)
def test_what_a_request_for_a_token_comes_to(
    clock: Any, answer: Received | Exception, expected: Token | Failure
) -> None:
    """A token, or why there is none, in the authorization endpoint's name; the request is the connection's."""
    calls, answers = ApiDestinations(clock), Answers(answer)
    calls._http = answers  # type: ignore[assignment]
    credentials = ClientCredentials("https://a", "http://127.0.0.1:1/a", "POST", "id", "secret")

    assert asyncio.run(calls._token(credentials)) == expected
    url, headers, body = token_request(credentials)
    members = {"headers": headers, "body": body, "seconds": 5.0, "most_bytes": 64 * 1024}
    assert answers.asked == [("POST", url, members)]


@pytest.mark.parametrize(
    ("answer", "failure", "outcome"),
    [
        (Received(204, {}, (), b""), None, ({"statusCode": 204}, None)),
        (
            Received(429, {"Retry-After": "3"}, (), b""),
            Failure("THROTTLING", "the endpoint answered with HTTP status 429", True, 3.0),
            ({"statusCode": 429}, None),
        ),
        (
            TooLate(),
            Failure("TIMEOUT", "the endpoint did not answer within 5 seconds", retryable=True),
            (None, {"type": "TIMEOUT", "message": "the endpoint did not answer within 5 seconds"}),
        ),
        (
            NoAnswer("refused"),
            Failure("ERROR_FROM_TARGET", "the endpoint gave no answer: refused", retryable=True),
            (None, {"type": "ERROR_FROM_TARGET", "message": "the endpoint gave no answer: refused"}),
        ),
    ],
)
def test_an_attempt_tells_its_request_and_what_came_of_it(
    buses: EventBuses, answer: Received | Exception, failure: Failure | None, outcome: tuple[Any, Any]
) -> None:
    """For the trace: the call, its answer's status or the reason that there is none, and how long that took."""
    answers = Answers(answer)
    buses.api_destinations._http = answers  # type: ignore[assignment]
    [rule] = buses.lines.compiled_rules("livebus")
    [target] = [each for each in rule.every_target if event_buses.is_api_destination(each)]

    attempt = asyncio.run(buses.redeliver(accepted(), rule, target))

    assert attempt.failure == failure
    [called] = attempt.calls  # type: ignore[union-attr]
    [(method, url, members)] = answers.asked
    told = {"name": called.call.source.name, **called.call.request}
    assert {name: told[name] for name in ("name", "method", "url")} == {
        "name": target.destination.api.name,
        "method": "POST",
        "url": "http://127.0.0.1:1/messages/hello?from=bus",
    }
    # What the connection adds is sent, and told to nobody.
    assert (method, url) == ("POST", "http://127.0.0.1:1/messages/hello?from=bus&tenant=hidden-tenant")
    assert (members["seconds"], members["most_bytes"], members["body"]) == (5.0, 0, b'{"text":"hello"}')
    assert (called.answer.result, called.answer.error) == outcome
    assert isinstance(called.answer.milliseconds, float)


def test_what_is_in_no_journal_is_not_said_to_wait(
    buses: EventBuses, journal: DeliveryJournal, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that could not be written down is sent all the same; if it is under way at the end, it is told as lost."""

    def full(_: PendingRetry) -> int:
        raise JournalFault("the disk is full")

    monkeypatch.setattr(journal, "add_retry", full)

    async def put() -> int:
        buses.put_events([EVENT])
        return buses.close()

    assert asyncio.run(put()) == 0
    assert told == [
        "the disk is full; an event that is under way is in no journal: it is lost if the runtime ends before its attempt",
        "1 event is lost: under way at the stop, and in no journal",
    ]


def test_without_room_and_without_a_journal(
    buses: EventBuses, journal: DeliveryJournal, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that may have to wait, and for which there is no room anywhere, are not begun beyond the bound."""
    monkeypatch.setattr(event_buses, "MAX_UNDER_WAY", 0)
    monkeypatch.setattr(pending_retries, "MAX_PENDING_RETRIES", 0)

    async def put() -> int:
        buses.put_events([EVENT])
        return len(buses._under_way)

    assert asyncio.run(put()) == 0
    assert journal.counts(buses.lines.rules[0].other_targets[0].dead_letter.arn, 0.0) == (1, 0)  # type: ignore[union-attr]


def test_a_redelivery_keeps_the_pace(buses: EventBuses, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is redriven waits for its moment among all others, and takes that of the next one; with nothing before it goes at once."""
    waited: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 3))
        await real(0)

    [rule] = buses.lines.compiled_rules("livebus")
    [target] = [each for each in rule.every_target if event_buses.is_api_destination(each)]
    api = target.destination.api
    event = accepted()

    async def redeliver() -> Any:
        monkeypatch.setattr(asyncio, "sleep", sleep)
        attempts = [await buses.redeliver(event, rule, target)]
        for _ in range(9):
            buses.api_destinations.turn(api, 0)
        attempts.append(await buses.redeliver(event, rule, target))
        monkeypatch.setattr(asyncio, "sleep", real)
        await buses.api_destinations.close()
        return attempts

    attempts = asyncio.run(redeliver())

    assert [each for each in waited if each in (0.0, 0.1)] == [0.0, 0.1]
    assert buses.api_destinations.turn(api, 0) == pytest.approx(0.2, abs=1e-4)
    assert [each.failure.code for each in attempts] == ["ERROR_FROM_TARGET"] * 2
    assert buses.api_destinations._under_way == 0


def test_a_redelivery_finds_a_crowd(buses: EventBuses) -> None:
    """Nothing is sent while all places are taken: its letter stays in the queue."""
    [rule] = buses.lines.compiled_rules("livebus")
    [target] = [each for each in rule.every_target if event_buses.is_api_destination(each)]
    for _ in range(MAX_CALLS):
        buses.api_destinations.begun()

    attempt = asyncio.run(buses.redeliver(accepted(), rule, target))

    assert attempt.failure is not None
    assert attempt.failure.code == "RESOURCE_LIMIT_EXCEEDED"
    assert "are under way" in attempt.failure.message


def accepted() -> Event:
    envelope = {
        "version": "0",
        "id": "e-1",
        "detail-type": "d",
        "source": "sample.source",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"msg": "hello"},
    }
    return Event(envelope, "livebus", "2026-01-01T00:00:00Z")
