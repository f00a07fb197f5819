"""What becomes of asynchronous invocations: success, another try, too old, throttled, given up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions import asynchronous
from livebus.runtime.functions.asynchronous import Asynchronous
from livebus.runtime.functions.outcome import Outcome
from livebus.template.application import AsynchronousInvocation, Function
from support.functions import function

FAILED = Outcome("r", 200, b'{"errorType": "E", "errorMessage": "no"}', "Unhandled")
DONE = Outcome("r", 200, b'"done"')
THROTTLED = AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
GONE = AwsError("ResourceNotFoundException", "Function not found: f", 404)


class Run:
    """An invocation that ends in these ways, one after the other; and what was sent and told."""

    def __init__(self, *ways: Outcome | AwsError, refuses: str = "", seconds: float = 0.0, **config: Any) -> None:
        self.ways = list(ways)
        self.now = 1_000_000.0
        self.seconds = seconds
        self.refuses = refuses
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.told: list[str] = []
        self.attempts = 0
        self.made: Function = replace(function("app.h"), asynchronous=AsynchronousInvocation(**config))

    async def carry_out(self, name: str, request_id: str, payload: bytes, event_id: str) -> Outcome:
        assert (name, request_id, payload, event_id) == ("fn", "r", b'{"a": 1}', "event")
        self.attempts += 1
        self.now += self.seconds
        way = self.ways.pop(0)
        if isinstance(way, AwsError):
            raise way
        return way

    def send(self, arn: str, body: str, attributes: Mapping[str, str]) -> str:
        self.sent.append((arn, body, dict(attributes)))
        return self.refuses

    def to_its_end(self) -> Run:
        async def run() -> None:
            invocations = Asynchronous(
                self.carry_out, self.send, clock=lambda: self.now, tell=self.told.append, time_scale=1e6
            )
            invocations.accept(self.made, "r", b'{"a": 1}', "event")
            await asyncio.gather(*invocations._tasks)

        asyncio.run(run())
        assert self.ways == []
        return self


def test_success_needs_one_try_and_tells_who_wants_it() -> None:
    """A destination gets the record, nobody else anything."""
    assert Run(DONE).to_its_end().sent == []
    run = Run(DONE, on_success="arn:s", on_failure="arn:f", dead_letter="arn:d").to_its_end()
    ((arn, body, attributes),) = run.sent
    record = json.loads(body)
    assert (arn, attributes, record.pop("timestamp")) == ("arn:s", {}, "1970-01-12T13:46:40.000Z")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": "r",
            "functionArn": f"{run.made.arn}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": "done",
    }


def test_it_may_succeed_at_the_last_try() -> None:
    """Twice more, by default."""
    run = Run(FAILED, FAILED, DONE, dead_letter="arn:d").to_its_end()
    assert (run.attempts, run.sent, run.told) == (3, [], [])


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_the_number_of_retries_is_the_functions(retries: int) -> None:
    """MaximumRetryAttempts; without anybody to be told the event is lost aloud."""
    run = Run(*[FAILED] * (retries + 1), maximum_retry_attempts=retries).to_its_end()
    end = "the event is lost: there is neither a dead-letter queue nor a destination"
    assert run.told == [f"function fn: event r is given up after {retries + 1} attempts: no; {end}"]


def test_an_event_that_grew_too_old() -> None:
    """MaximumEventAgeInSeconds ends it before its tries do; waiting that is shortened counts in full."""
    run = Run(FAILED, FAILED, seconds=1.0, maximum_event_age_in_seconds=120, on_failure="arn:f").to_its_end()
    ((_, body, _),) = run.sent
    assert json.loads(body)["requestContext"]["condition"] == "EventAgeExceeded"


def test_throttling_costs_no_try() -> None:
    """It is waited for a place."""
    run = Run(THROTTLED, THROTTLED, FAILED, FAILED, DONE).to_its_end()
    assert (run.attempts, run.told) == (5, [])


def test_what_cannot_be_invoked_is_given_up_at_once() -> None:
    """A function that is gone."""
    run = Run(GONE, dead_letter="arn:d").to_its_end()
    why = "ResourceNotFoundException: Function not found: f"
    assert run.sent == [("arn:d", '{"a": 1}', {"RequestID": "r", "ErrorCode": "200", "ErrorMessage": why})]


def test_a_queue_that_takes_nothing_is_told() -> None:
    """The event is not called kept."""
    run = Run(
        FAILED, maximum_retry_attempts=0, dead_letter="arn:d", on_failure="arn:f", refuses="no such queue"
    ).to_its_end()
    assert run.told == [
        "function fn: the destination arn:f is not told: no such queue",
        "function fn: event r is given up after 1 attempts: no; its dead-letter queue takes nothing: no such queue",
    ]


def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond them Lambda throttles; closing lets go of all, and counts them."""
    monkeypatch.setattr(asynchronous, "MAX_PENDING", 2)

    async def check() -> None:
        async def never(*_: Any) -> Outcome:
            await asyncio.Event().wait()
            raise AssertionError

        waiting = Asynchronous(never, lambda *_: "", clock=lambda: 0.0, tell=print, time_scale=1.0)
        for _ in range(2):
            waiting.accept(function("app.h"), "r", b"1")
        with pytest.raises(AwsError) as refused:
            waiting.accept(function("app.h"), "r", b"1")
        assert refused.value.status == 429
        assert await waiting.close() == 2

    asyncio.run(check())
