"""
PutEvents with boto3, in threads: whatever boto3 can be configured to, this engine does.

In: a publication and a boto3 client. Out: its requests made. One thread decides, the others send and wait.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from livebus.aws.advice import told_of_bus
from livebus.aws.deadline import CALL_SECONDS, within
from livebus.aws.refusal import code_and_message, unreachable
from livebus.publish.answer import (
    NO_ANSWER,
    NOT_SENT,
    PutEventsAnswer,
    failed,
    from_entries,
    passing,
)
from livebus.publish.request import Request
from livebus.publish.sending import Sending

# More threads do not send more: each request costs a millisecond of Python, and one of them runs at a time.
MOST_THREADS = 32
GRACE_SECONDS = 5.0
# A whole request; botocore's own limits are for each piece of an answer.
REQUEST_SECONDS = 60.0


class EventsClient(Protocol):
    """As much of boto3's EventBridge client as is used here."""

    def put_events(self, **request: Any) -> Mapping[str, Any]: ...

    def describe_event_bus(self, **request: Any) -> Mapping[str, Any]: ...


class Boto3Engine:
    """Sends a publication's requests with a client that makes no attempts of its own."""

    def __init__(self, client: EventsClient) -> None:
        self._client = client

    def run(self, publication: Sending) -> None:
        """Send until it is done. Raises KeyboardInterrupt after a Ctrl-C, when what was in flight is answered."""
        run = _Run(self._client, publication)
        try:
            run.until_done()
        finally:
            run.end()


class _Run:
    def __init__(self, client: EventsClient, publication: Sending) -> None:
        self._client = client
        self._publication = publication
        self._requests: queue.SimpleQueue[tuple[Request, bytes] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Request, PutEventsAnswer] | None] = queue.SimpleQueue()
        self._threads = 0
        self._stuck = 0  # threads that still wait for an answer which nobody waits for any more
        self._in_flight: dict[int, Request] = {}

    def until_done(self) -> None:
        publication = self._publication
        publication.feed.ready = lambda: self._answers.put(None)
        publication.dispatch.begin(time.monotonic())
        interrupted_at = 0.0
        while not publication.done:
            try:
                if interrupted_at and time.monotonic() > interrupted_at + GRACE_SECONDS:
                    self._abandon()
                    break
                self._step()
            except KeyboardInterrupt:
                publication.dispatch.stop("interrupted")
                if interrupted_at:
                    self._abandon()
                interrupted_at = interrupted_at or time.monotonic()
        if interrupted_at:
            raise KeyboardInterrupt

    def end(self) -> None:
        self._publication.feed.ready = lambda: None
        for _ in range(self._threads):
            self._requests.put(None)

    def _step(self) -> None:
        """Send all that may go, then take what has come, or wait for it."""
        publication = self._publication
        now = time.monotonic()
        publication.beat(now)
        self._give_up_waiting(now)
        while (request := publication.next_request(now)) is not None:
            self._in_flight[id(request)] = request
            if self._threads - self._stuck < len(self._in_flight):
                self._threads += 1
                # A thread that waits for an answer for ever does not keep the process.
                threading.Thread(target=self._send, name=f"put-events-{self._threads}", daemon=True).start()
            self._requests.put((request, publication.body(request)))
        if publication.done:
            return
        wait = max(0.0, min(0.05, publication.deadline() - now))
        try:
            came = self._answers.get(timeout=wait)
        except queue.Empty:
            return
        if came is not None:
            self._take(*came)

    def _take(self, request: Request, answer: PutEventsAnswer) -> None:
        if self._in_flight.pop(id(request), None) is not None:
            self._publication.answered(request, answer, time.monotonic())
        else:
            self._stuck -= 1

    def _give_up_waiting(self, now: float) -> None:
        """Take requests that are too long on their way for unanswered; their threads end when botocore does."""
        late = [each for each in self._in_flight.values() if now - each.sent_at > REQUEST_SECONDS]
        for request in late:
            self._take(request, failed(NO_ANSWER, f"no whole answer in {REQUEST_SECONDS:.0f} s"))
            self._stuck += 1

    def _abandon(self) -> None:
        for request in tuple(self._in_flight.values()):
            self._take(request, failed(NO_ANSWER, "interrupted; it may have been accepted"))

    def _send(self) -> None:
        while (work := self._requests.get()) is not None:
            request, body = work
            try:
                answer = put_events(self._client, orjson.loads(body)["Entries"])
            except Exception as error:  # noqa: BLE001 - a bug, or a plug-in of botocore's: no entry may hang on it
                answer = failed(NOT_SENT, f"{type(error).__name__}: {error}")
            self._answers.put((request, answer))


def put_events(client: EventsClient, entries: list[dict[str, Any]]) -> PutEventsAnswer:
    """Make one request with boto3; whatever it raises becomes an answer."""
    try:
        answer = client.put_events(Entries=entries)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return PutEventsAnswer(passing(*code_and_message(error), status if isinstance(status, int) else 0))
    except (HTTPClientError, NoConnectionError) as error:
        return failed(NO_ANSWER, str(error).rstrip("."))
    except BotoCoreError as error:
        return failed(NOT_SENT, str(unreachable(error, "publish")).removeprefix("cannot publish: "))
    items = answer.get("Entries") or ()
    if len(items) != len(entries):
        # botocore takes an answer whose connection broke in its head for an empty one.
        return failed(NO_ANSWER, f"{len(items)} results came back for {len(entries)} entries")
    return from_entries(items)


def bus_exists(client: EventsClient, bus: str) -> bool | None:
    """
    Ask whether a bus (name or ARN) is there; None where the answer is not for us to know.

    PutEvents takes events for a bus that does not exist, answers with event ids, and drops them. Raises Unreachable
    where no request can succeed.
    """
    try:
        within(CALL_SECONDS, lambda: client.describe_event_bus(Name=bus), "publish")
    except ClientError as error:
        return told_of_bus(*code_and_message(error))
    except BotoCoreError as error:
        raise unreachable(error, "publish") from None
    return True
