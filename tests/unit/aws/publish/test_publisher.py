"""Publishing a few entries with a client that answers from a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from livebus.aws.publish.boto3_engine import bus_exists
from livebus.aws.publish.publisher import publish
from livebus.errors import Unreachable
from livebus.publish import dispatch
from livebus.publish.answer import Result

Answer = Mapping[str, str] | BaseException


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "BASE_SECONDS", 0.0)
    monkeypatch.setattr(dispatch, "GRID_SECONDS", 0.001)


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


def entries(count: int) -> list[dict[str, str]]:
    return [{"Source": str(index), "DetailType": "x", "Detail": "{}"} for index in range(count)]


def client_error(code: str, message: str = "told", status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")


def test_entries_go_one_request_after_the_other() -> None:
    """In their order, and every result is at its entry's place."""
    bus = FakeBus()
    assert [Result(f"id-{index}") for index in range(23)] == publish(entries(23), bus)
    assert [[str(i) for i in range(10)], [str(i) for i in range(10, 20)], ["20", "21", "22"]] == bus.requests


def test_a_refused_entry_is_told_at_its_place() -> None:
    """Its neighbours are accepted."""
    bus = FakeBus(
        lambda source, attempt: {"ErrorCode": "MalformedDetail", "ErrorMessage": "no"} if source == "1" else {}
    )
    assert [Result("id-0"), Result("", "MalformedDetail", "no"), Result("id-2")] == publish(entries(3), bus)


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("InternalException", status=500),
        client_error("SomethingNew", status=503),
        client_error("SomethingNew", status=429),
        EndpointConnectionError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
    ids=["throttled", "internal", "503", "429", "no connection", "time-out"],
)
def test_a_failed_request_is_made_again(error: Exception) -> None:
    """Throttling of the whole request, errors on AWS's side and connection faults pass."""
    bus = FakeBus(lambda source, attempt: error if attempt == 1 else {})
    assert [Result("id-0"), Result("id-1")] == publish(entries(2), bus)
    assert bus.requests == [["0", "1"]] * 2


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "AccessDeniedException"])
def test_refused_credentials_end_it(code: str) -> None:
    """Where no later request can do better, none is made."""
    bus = FakeBus(lambda source, attempt: client_error(code))
    with pytest.raises(Unreachable, match=f"cannot publish: {code}: told"):
        publish(entries(30), bus)
    assert len(bus.requests) == 1


def test_no_credentials_end_it() -> None:
    """botocore's words and the next step, once."""
    with pytest.raises(Unreachable, match=r"^cannot publish: Unable to locate credentials. Run `aws configure`"):
        publish(entries(1), FakeBus(lambda source, attempt: NoCredentialsError()))


def test_a_dead_endpoint_ends_it_after_the_attempts() -> None:
    """Connection faults are tried again, and not for every batch."""
    bus = FakeBus(lambda source, attempt: EndpointConnectionError(endpoint_url="http://x"))
    with pytest.raises(Unreachable, match="cannot publish: Could not connect to the endpoint URL"):
        publish(entries(10), bus, max_attempts=3)
    assert len(bus.requests) == 3


def test_a_bug_of_the_client_is_told() -> None:
    """Nothing hangs on an exception that nobody expects."""
    with pytest.raises(Unreachable, match="cannot publish: KeyError: 'oops'"):
        publish(entries(1), FakeBus(lambda source, attempt: KeyError("oops")))


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
