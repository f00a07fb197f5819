"""Faults as clients meet them, and as they lead to retries and dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from livebus.aws.publish.publisher import publish
from livebus.cli import faults
from livebus.runtime.faults.injection import read_injections
from support.running import RunningRuntime, entry
from support.sockets import run, subscribed
from support.waiting import until


@pytest.fixture
def broken(runtime: RunningRuntime) -> Iterator[Any]:
    """Switches faults on in the shared runtime; all are off at the end."""

    def inject(*texts: str) -> RunningRuntime:
        runtime.call(lambda: runtime.runtime.buses.faults.inject(read_injections(texts)))
        return runtime

    yield inject
    inject()


def put(runtime: RunningRuntime, count: int = 1) -> Any:
    bus = str(runtime.outputs["EventBusName"])
    return runtime.client("events").put_events(Entries=[entry(str(number), bus) for number in range(count)])


@pytest.mark.parametrize(
    ("fault", "status", "code", "message"),
    [
        ("throttle", 400, "ThrottlingException", "Rate exceeded"),
        ("error", 500, "InternalFailure", "The request processing has failed (--fault error)."),
        ("unavailable", 503, "ServiceUnavailable", "The request has failed (--fault unavailable)."),
    ],
)
def test_a_request_is_refused_as_a_whole(broken: Any, fault: str, status: int, code: str, message: str) -> None:
    """No event of it is taken; other calls are answered as ever."""
    runtime = broken(fault)
    trace = runtime.trace()
    with pytest.raises(ClientError) as refused:
        put(runtime)
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], error["Code"], error["Message"]) == (status, code, message)
    assert trace._records.empty()
    assert runtime.client("events").describe_event_bus(Name=runtime.outputs["EventBusName"])["Name"] == "livebus"


@pytest.mark.parametrize(("fault", "taken"), [("reset", False), ("reset-after", True)])
def test_a_connection_is_reset_before_or_after_the_events_are_taken(broken: Any, fault: str, taken: bool) -> None:
    """The client cannot tell which."""
    runtime = broken(fault)
    trace = runtime.trace()
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        put(runtime)
    assert trace._records.empty() != taken


def test_entries_fail_inside_a_200(broken: Any) -> None:
    """The others are taken, each answer in its place."""
    runtime = broken("partial=0.5,seed=1")
    answer = put(runtime, 10)
    failed = [item.get("ErrorCode") for item in answer["Entries"]]
    assert 0 < answer["FailedEntryCount"] < 10
    assert failed.count("ThrottlingException") == answer["FailedEntryCount"]
    assert all(("EventId" in item) != ("ErrorCode" in item) for item in answer["Entries"])
    broken("partial=1")
    assert put(runtime, 2)["FailedEntryCount"] == 2


def test_slow_answers_come(broken: Any) -> None:
    assert put(broken("slow=1,seconds=0.01"))["FailedEntryCount"] == 0


def test_a_publisher_gets_everything_through(broken: Any) -> None:
    """Throttled, broken, cut off and in parts: every entry is accepted in the end."""
    runtime = broken("throttle=0.2,seed=1", "error=0.1,seed=2", "reset=0.1,seed=3", "partial=0.2,seed=4")
    bus = str(runtime.outputs["EventBusName"])
    entries = [entry(str(number), bus) for number in range(100)]
    results = publish(entries, runtime.client("events"), max_attempts=50)
    assert len([result for result in results if result.event_id]) == 100


@pytest.mark.parametrize(
    ("fault", "code", "retries"),
    [
        ("target-throttle", "THROTTLING", True),
        ("target-error", "ERROR_FROM_TARGET", True),
        ("target-timeout", "TIMEOUT", True),
        ("target-denied", "NO_PERMISSIONS", False),
    ],
)
def test_what_appsync_answers_leads_to_the_queue(start_runtime: Any, fault: str, code: str, retries: bool) -> None:
    """After retries, or at once."""
    runtime = start_runtime(time_scale=100_000.0, faults=read_injections([fault]))
    put(runtime)
    client, url = runtime.client("sqs"), runtime.outputs["DeadLetterQueueUrl"]
    asked = {"QueueUrl": url, "MessageAttributeNames": ["All"]}
    (message,) = until(lambda: client.receive_message(**asked).get("Messages"), "a dead letter") or ()
    texts = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert texts["ERROR_CODE"] == code
    assert f"(--fault {fault})" in texts["ERROR_MESSAGE"]
    assert (int(texts["RETRY_ATTEMPTS"]) > 0) == retries


def test_a_lost_answer_brings_an_event_twice(start_runtime: Any) -> None:
    """The mutation ran, EventBridge does not know: at least once means sometimes twice."""
    # With this seed the first attempt is hit and the second is not.
    runtime = start_runtime(time_scale=100.0, faults=read_injections(["target-lost-answer=0.5,seed=3"]))

    async def twice() -> list[Any]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
            put(runtime)
            return [await socket.message() for _ in range(2)]

    assert run(twice()) == ["0", "0"]


def test_faults_are_switched_while_it_runs(
    start_runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """By scripts/faults.py: on, shown, refused, off."""
    runtime = start_runtime(state=tmp_path / ".livebus")
    monkeypatch.chdir(tmp_path)

    def switch(*arguments: str) -> int:
        return faults.main(["--local", *arguments], project=tmp_path)

    assert switch("--fault", "throttle", "--fail-target", "AppSync", "--latency", "0.5") == 0
    lines = ["--fail-target AppSync", "--latency 0.5", "--fault throttle=1"]
    assert capsys.readouterr().out.splitlines() == lines
    with pytest.raises(ClientError):
        put(runtime)
    assert switch("--fail-target", "AppSnc") == 2
    assert "Did you mean 'AppSync'?" in capsys.readouterr().err
    assert switch("--json") == 0
    state = {"failTargets": ["AppSync"], "latency": 0.5, "faults": ["throttle=1"]}
    assert json.loads(capsys.readouterr().out) == state
    assert switch("--clear") == 0
    assert put(runtime)["FailedEntryCount"] == 0
    assert switch() == 0
    assert "no faults are switched on (http://127.0.0.1:" in capsys.readouterr().err
    assert "faults: none" in runtime.told
