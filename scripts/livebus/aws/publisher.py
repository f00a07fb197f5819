"""
Sends entries with PutEvents, and sends again those that failed for a reason that may pass.

In: entries as :mod:`livebus.event_file` gives them, and an EventBridge client. Out: one :class:`Result` per entry.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from livebus.aws.batches import next_batch
from livebus.aws.refusal import HOPELESS, code_and_message, unreachable
from livebus.errors import Unreachable
from livebus.event import entry_bytes

MAX_ATTEMPTS = 5
BASE_SECONDS = 0.1
CAP_SECONDS = 20.0

# The API reference names the first two as retryable for an entry, and InternalException for a request; the others are
# what the services' front doors answer under load.
_RETRYABLE = frozenset(
    {
        "ThrottlingException",
        "InternalFailure",
        "InternalException",
        "Throttling",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
_UNKNOWN_BUS = "ResourceNotFoundException"

Entry = Mapping[str, Any]


class EventsClient(Protocol):
    """As much of boto3's EventBridge client as is used here."""

    def put_events(self, **request: Any) -> Mapping[str, Any]: ...

    def describe_event_bus(self, **request: Any) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one entry: an ``event_id``, or an error's code and message."""

    event_id: str = ""
    error_code: str = ""
    error_message: str = ""


class _NoAnswer(Unreachable):
    """A request went out, and the connection failed for the last time."""


class Publisher(Protocol):
    """Sends entries somehow. Yields each entry's index and final result, as soon as it is known, in any order."""

    def send(self, entries: Sequence[Entry]) -> Iterator[tuple[int, Result]]: ...


class Boto3Publisher:
    """
    Sends entries with boto3, one request after the other.

    Waits with full jitter before it sends anything again: a random time up to 0.1 s × 2^attempt, 20 s at the most.
    Sending is at least once: when a connection breaks after a request was sent, it goes out again although the bus
    may have taken it, and PutEvents does not recognise duplicates.
    """

    def __init__(
        self,
        client: EventsClient,
        *,
        max_attempts: int = MAX_ATTEMPTS,
        sleep: Callable[[float], object] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._client = client
        self._max_attempts = max_attempts
        self._sleep = sleep
        self._uniform = uniform

    def send(self, entries: Sequence[Entry]) -> Iterator[tuple[int, Result]]:
        """
        Send all entries; failed ones join the next request.

        Raises Unreachable where no later request can do better (credentials, an endpoint that does not answer):
        entries without a result were not accepted. Where a request has no answer, because of the connection or of
        Ctrl-C, its entries get the result "NoAnswer" or "Interrupted" before the exception goes on: the bus may have
        taken them.
        """
        sizes = [entry_bytes(entry) for entry in entries]
        attempts = [0] * len(entries)
        pending = deque(range(len(entries)))
        while pending:
            batch = next_batch(pending, sizes)
            try:
                results = self._request([entries[index] for index in batch], attempts[batch[0]] + 1)
            except (KeyboardInterrupt, _NoAnswer) as stop:
                code = "NoAnswer" if isinstance(stop, _NoAnswer) else "Interrupted"
                unknown = Result(error_code=code, error_message="it may have been accepted")
                yield from ((index, unknown) for index in batch)
                raise
            again = []
            for index, result in zip(batch, results, strict=True):
                attempts[index] += 1
                if result.error_code in _RETRYABLE and attempts[index] < self._max_attempts:
                    again.append(index)
                else:
                    yield index, result
            if again:
                pending.extendleft(reversed(again))
                self._sleep(self._pause(max(attempts[index] for index in again)))

    def _request(self, entries: list[Entry], attempt: int) -> list[Result]:
        """Make one request; an error of the whole request becomes the result of each of its entries."""
        try:
            answer = self._client.put_events(Entries=entries)
        except ClientError as error:
            code, message = code_and_message(error)
            if code in HOPELESS:
                raise unreachable(error, "publish") from None
            if code not in _RETRYABLE and _is_server_side(error):
                code, message = "InternalFailure", f"{code}: {message}"
            return [Result(error_code=code, error_message=message)] * len(entries)
        except (HTTPClientError, NoConnectionError) as error:
            if attempt >= self._max_attempts:
                raise _NoAnswer(faults=unreachable(error, "publish").faults) from None
            return [Result(error_code="InternalFailure", error_message=str(error))] * len(entries)
        except BotoCoreError as error:
            raise unreachable(error, "publish") from None
        items = answer.get("Entries") or ()
        if len(items) != len(entries):
            raise Unreachable(
                f"cannot publish: {len(items)} results came back for {len(entries)} entries",
                advice="See that the endpoint is EventBridge's.",
            )
        return [_result(item) for item in items]

    def _pause(self, attempt: int) -> float:
        return self._uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2**attempt))


def publish(entries: Sequence[Entry], client: EventsClient, **options: Any) -> list[Result]:
    """Send all entries with boto3 and return their results in the same order; options as of Boto3Publisher."""
    results = dict(Boto3Publisher(client, **options).send(entries))
    return [results[index] for index in range(len(entries))]


def bus_exists(client: EventsClient, bus: str) -> bool | None:
    """
    Ask whether a bus (name or ARN) is there; None where the answer is not for us to know.

    PutEvents takes events for a bus that does not exist, answers with event ids, and drops them. Raises Unreachable
    where no request can succeed.
    """
    try:
        client.describe_event_bus(Name=bus)
    except ClientError as error:
        code, _ = code_and_message(error)
        if code == _UNKNOWN_BUS:
            return False
        if code in HOPELESS and code not in ("AccessDenied", "AccessDeniedException"):
            raise unreachable(error, "publish") from None
        return None
    except BotoCoreError as error:
        raise unreachable(error, "publish") from None
    return True


def _result(item: Mapping[str, Any]) -> Result:
    event_id = item.get("EventId") or ""
    return Result(event_id, "" if event_id else item.get("ErrorCode") or "NoEventId", item.get("ErrorMessage") or "")


def _is_server_side(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return isinstance(status, int) and (status >= 500 or status == 429)
