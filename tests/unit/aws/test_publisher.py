"""Publishing with a client that answers from a script: batches, what is sent again, and what is final."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from livebus.aws.publisher import BASE_SECONDS, CAP_SECONDS, Boto3Publisher, Result, bus_exists, publish
from livebus.errors import Unreachable

Answer = Mapping[str, str] | BaseException
THROTTLED = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}


class FakeBus:
    """
    An EventBridge client in memory. ``answer(source, attempt)`` is what becomes of one entry: an error, or {} for
    "accepted"; an exception is that of the whole request.
    """

    def __init__(self, answer: Callable[[str, int], Answer] = lambda source, attempt: {}) -> None:
        self.requests: list[list[str]] = []
        self._answer = answer

    def put_events(self, **request: Any) -> Mapping[str, Any]:
        sources = [entry["Source"] for entry in request["Entries"]]
        self.requests.append(sources)
        items = []
        for source in sources:
            answer = self._answer(source, sum(source in sent for sent in self.requests))
            if isinstance(answer, BaseException):
                raise answer
            items.append(answer or {"EventId": f"id-{source}"})
        return {"FailedEntryCount": sum("ErrorCode" in item for item in items), "Entries": items}

    def describe_event_bus(self, **request: Any) -> Mapping[str, Any]:
        answer = self._answer(request["Name"], 1)
        if isinstance(answer, BaseException):
            raise answer
        return {"Name": request["Name"]}


def entries(count: int, size: int = 2) -> list[dict[str, str]]:
    return [{"Source": str(index), "DetailType": "", "Detail": "x" * size} for index in range(count)]


def client_error(code: str, message: str = "told", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")


def sent(bus: FakeBus, count: int, **options: Any) -> list[Result]:
    return publish(entries(count), bus, sleep=lambda seconds: None, **options)


def accepted(count: int) -> list[Result]:
    return [Result(f"id-{index}") for index in range(count)]


def test_entries_go_in_batches_of_ten() -> None:
    """23 entries take three requests, in order, and every result is at its entry's place."""
    bus = FakeBus()
    assert accepted(23) == sent(bus, 23)
    assert [[str(i) for i in range(10)], [str(i) for i in range(10, 20)], ["20", "21", "22"]] == bus.requests


def test_a_batch_stays_below_a_million_bytes() -> None:
    """Large entries go in smaller batches."""
    bus = FakeBus()
    publish(entries(5, size=400_000), bus)
    assert bus.requests == [["0", "1"], ["2", "3"], ["4"]]


def test_nothing_to_send_sends_nothing() -> None:
    """No entries, no request."""
    bus = FakeBus()
    assert sent(bus, 0) == []
    assert bus.requests == []


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "InternalException"])
def test_only_the_failed_entries_are_sent_again_with_the_next_ones(code: str) -> None:
    """An entry that fails for a passing reason joins the next request; its neighbours do not go twice."""
    bus = FakeBus(lambda source, attempt: {"ErrorCode": code} if source in ("3", "7") and attempt == 1 else {})
    assert accepted(12) == sent(bus, 12)
    assert [[str(i) for i in range(10)], ["3", "7", "10", "11"]] == bus.requests


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument", "NotAuthorizedForSourceException", "Unheard"])
def test_other_errors_are_final(code: str) -> None:
    """What cannot be different at the next attempt is reported, and not sent again."""
    bus = FakeBus(lambda source, attempt: {"ErrorCode": code, "ErrorMessage": "no"} if source == "1" else {})
    assert [Result("id-0"), Result("", code, "no"), Result("id-2")] == sent(bus, 3)
    assert bus.requests == [["0", "1", "2"]]


def test_attempts_end() -> None:
    """An entry that is throttled for ever ends with that error after the given number of attempts."""
    bus = FakeBus(lambda source, attempt: THROTTLED if source == "0" else {})
    assert [Result("", "ThrottlingException", "Rate exceeded"), Result("id-1")] == sent(bus, 2, max_attempts=3)
    assert bus.requests == [["0", "1"], ["0"], ["0"]]


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("InternalException", status=500),
        client_error("SomethingNew", status=503),
        EndpointConnectionError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
    ids=["throttled", "internal", "503", "no connection", "time-out"],
)
def test_a_failed_request_is_made_again(error: Exception) -> None:
    """Throttling of the whole request, errors on AWS's side and connection faults pass."""
    bus = FakeBus(lambda source, attempt: error if attempt == 1 else {})
    assert accepted(2) == sent(bus, 2)
    assert bus.requests == [["0", "1"]] * 2


def test_a_request_that_is_refused_fails_its_entries_only() -> None:
    """A validation error is the result of each entry of that request; later requests go on."""
    bus = FakeBus(lambda source, attempt: client_error("ValidationException", "too big") if source == "3" else {})
    results = sent(bus, 12)
    assert [Result("", "ValidationException", "too big")] * 10 + [Result("id-10"), Result("id-11")] == results


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException"])
def test_refused_credentials_end_it(code: str) -> None:
    """Where no later request can do better, none is made."""
    bus = FakeBus(lambda source, attempt: client_error(code))
    with pytest.raises(Unreachable, match=f"cannot publish: {code}: told"):
        sent(bus, 30)
    assert len(bus.requests) == 1


def test_a_dead_endpoint_ends_it_after_the_attempts() -> None:
    """Connection faults are tried again, and not for every batch; what had no answer is said to be uncertain."""
    bus = FakeBus(lambda source, attempt: EndpointConnectionError(endpoint_url="http://x"))
    told: list[tuple[int, Result]] = []
    with pytest.raises(Unreachable, match="cannot publish: Could not connect to the endpoint URL"):
        told.extend(Boto3Publisher(bus, max_attempts=3, sleep=lambda seconds: None).send(entries(30)))
    assert len(bus.requests) == 3
    assert [(index, Result("", "NoAnswer", "it may have been accepted")) for index in range(10)] == told


def test_results_before_the_end_are_known() -> None:
    """What was accepted before a fatal error has been told by then."""
    bus = FakeBus(lambda source, attempt: NoCredentialsError() if source == "10" else {})
    told: list[tuple[int, Result]] = []
    with pytest.raises(Unreachable, match=r"Unable to locate credentials. Run `aws configure`"):
        told.extend(Boto3Publisher(bus).send(entries(12)))
    assert list(enumerate(accepted(10))) == told


def test_ctrl_c_during_a_request_tells_which_entries_are_uncertain() -> None:
    """The entries on their way get a result that says so; then the interrupt goes on."""
    bus = FakeBus(lambda source, attempt: KeyboardInterrupt() if source == "10" else {})
    told: list[tuple[int, Result]] = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(Boto3Publisher(bus).send(entries(12)))
    assert [result.error_code for _, result in told[9:]] == ["", "Interrupted", "Interrupted"]
    assert list(range(12)) == [index for index, _ in told]


def test_an_answer_that_is_not_put_events_is_told() -> None:
    """An endpoint that answers something else is a fault of the endpoint, not a crash."""

    class Other(FakeBus):
        def put_events(self, **request: Any) -> Mapping[str, Any]:
            return {}

    with pytest.raises(Unreachable, match="0 results came back for 2 entries"):
        sent(Other(), 2)


def test_pauses_have_full_jitter_and_a_cap() -> None:
    """The n-th pause is anything from nothing to 0.1 s × 2^n, and at the most 20 s."""
    ranges: list[Sequence[float]] = []
    pauses: list[float] = []

    def uniform(low: float, high: float) -> float:
        ranges.append((low, high))
        return high / 2

    bus = FakeBus(lambda source, attempt: THROTTLED)
    publish(entries(1), bus, max_attempts=10, sleep=pauses.append, uniform=uniform)
    assert [(0, min(CAP_SECONDS, BASE_SECONDS * 2**n)) for n in range(1, 10)] == ranges
    assert [high / 2 for _, high in ranges] == pauses


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, True),
        (client_error("ResourceNotFoundException", "Event bus x does not exist."), False),
        (client_error("AccessDeniedException"), None),
        (client_error("ThrottlingException"), None),
        (client_error("InternalException", status=500), None),
    ],
)
def test_a_bus_exists_or_not_or_it_is_not_for_us_to_know(answer: Answer, expected: bool | None) -> None:
    """Only "does not exist" means that it does not exist."""
    assert expected is bus_exists(FakeBus(lambda name, attempt: answer), "x")


@pytest.mark.parametrize("error", [client_error("ExpiredTokenException"), EndpointConnectionError(endpoint_url="x")])
def test_a_bus_that_cannot_be_asked_for_ends_it(error: Exception) -> None:
    """Bad credentials and a dead endpoint are told before anything is sent."""
    with pytest.raises(Unreachable):
        bus_exists(FakeBus(lambda name, attempt: error), "x")
