"""What becomes of events whose target fails: retries, the dead-letter queue, the journal, and a disk that is full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livebus.flow import Line
from livebus.runtime.kept.journal import DeliveryJournal
from support.application import copied
from support.running import RunningRuntime, Trace
from support.sockets import run, subscribed
from support.waiting import until

FAILING = frozenset({"AppSync"})
# An hour passes in less than half a second.
FAST = 10_000.0
# An age that no event comes to at that pace, however slow the machine is.
PATIENT = ("MaximumEventAgeInSeconds: 300", "MaximumEventAgeInSeconds: 86400")


def dead_letters(runtime: RunningRuntime) -> list[dict[str, Any]]:
    answer = runtime.client("sqs").receive_message(
        QueueUrl=runtime.outputs["DeadLetterQueueUrl"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        VisibilityTimeout=0,
    )
    return list(answer.get("Messages", []))


def texts(message: dict[str, Any]) -> dict[str, str]:
    assert {attribute["DataType"] for attribute in message["MessageAttributes"].values()} == {"String"}
    return {name: attribute["StringValue"] for name, attribute in message["MessageAttributes"].items()}


def gave_up(trace: Trace, event_id: str) -> dict[str, Any]:
    """The record of the queue, after those of the retries."""
    while "retryIn" in (record := trace.next("delivery", event_id)):
        pass
    return record


def test_an_event_whose_retries_run_out_goes_to_the_queue(tmp_path: Path, start_runtime: Any) -> None:
    """After the retries that the policy allows, the original event lies in the queue with AWS's attributes."""
    template = copied(tmp_path / "app", ("MaximumRetryAttempts: 185", "MaximumRetryAttempts: 3"), PATIENT)
    runtime = start_runtime(template=template, failing_targets=FAILING, time_scale=FAST)
    trace = runtime.trace()
    (event_id,) = runtime.put("größer 🚌")
    assert [trace.next("failure", event_id)["code"] for _ in range(4)] == ["ERROR_FROM_TARGET"] * 4
    assert gave_up(trace, event_id)["code"] == "ERROR_FROM_TARGET"
    (message,) = dead_letters(runtime)
    assert texts(message) == {
        "RULE_ARN": runtime.outputs["RuleArn"],
        "TARGET_ARN": runtime.outputs["GraphQLEndpointArn"],
        "ERROR_CODE": "ERROR_FROM_TARGET",
        "ERROR_MESSAGE": "switched on with --fail-target",
        "RETRY_ATTEMPTS": "3",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }
    event = json.loads(message["Body"])
    assert (event["id"], event["detail"]) == (event_id, {"msg": "größer 🚌"})
    runtime.wait_for_line(f"event {event_id} went to the dead-letter queue")


def test_an_event_that_grows_too_old_goes_to_the_queue(start_runtime: Any) -> None:
    """The template's limit of 300 seconds ends the retries; ``time_scale`` shortens them."""
    runtime = start_runtime(failing_targets=FAILING, time_scale=FAST)
    trace = runtime.trace()
    (event_id,) = runtime.put("old")
    gave_up(trace, event_id)
    (message,) = dead_letters(runtime)
    assert texts(message)["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert 0 < int(texts(message)["RETRY_ATTEMPTS"]) < 185


def test_what_waits_is_delivered_by_the_next_runtime(start_runtime: Any, tmp_path: Path) -> None:
    """Events that wait for another try outlive the runtime: the next one, whose target works, delivers them."""
    first = start_runtime(failing_targets=FAILING)
    trace = first.trace()
    sent = first.put("one", "two")
    assert [trace.next("delivery", event_id)["rule"] for event_id in sent] == ["publishMsgFromEB"] * 2
    first.stop()
    assert "2 events wait for another try; the next start goes on with them" in first.told

    # A file, because the events may be due before a listener can be added.
    file = tmp_path / "trace.jsonl"
    second = start_runtime(state=first.settings.state, trace=file)
    assert "2 events from before wait for another try" in second.told

    def delivered() -> list[dict[str, Any]]:
        records = [json.loads(line) for line in file.read_text().splitlines()]
        return [record for record in records if record["station"] == "execution"]

    until(lambda: len(delivered()) == 2, "two deliveries")
    assert {record["event"] for record in delivered()} == set(sent)
    assert [record["attempt"] for record in delivered()] == [1, 1]
    second.stop()
    assert not [line for line in second.told if "wait for another try; the next" in line]


def test_dead_letters_outlive_the_runtime(start_runtime: Any) -> None:
    """A message in the queue is there again after a restart, with its count of receipts."""
    first = start_runtime(failing_targets=FAILING, time_scale=FAST)
    trace = first.trace()
    (event_id,) = first.put("kept")
    gave_up(trace, event_id)
    assert len(dead_letters(first)) == 1
    first.stop()
    second = start_runtime(state=first.settings.state)
    (message,) = dead_letters(second)
    assert json.loads(message["Body"])["id"] == event_id


def test_strict_dead_letters_what_appsync_answered_with_an_error(tmp_path: Path, start_runtime: Any) -> None:
    """GraphQL errors inside a 200 count as delivered; with ``strict`` the event goes to the queue, without a retry."""
    template = copied(tmp_path / "app", ("'{\"msg\": <msg>}'", "'{\"message\": <msg>}'"))
    lenient = start_runtime(template=template)
    trace = lenient.trace()
    (event_id,) = lenient.put("never")
    errors = trace.next("execution", event_id)["errors"]
    assert "Variable 'msg' has coerced Null value for NonNull type 'String!'" in errors[0]["message"]
    lenient.wait_for_line("It counts as delivered")
    assert dead_letters(lenient) == []
    lenient.stop()
    strict = start_runtime(template=template, strict=True, state=lenient.settings.state)
    (event_id,) = strict.put("never")
    (message,) = dead_letters(strict)
    assert texts(message)["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in texts(message)
    assert texts(message)["ERROR_MESSAGE"] == errors[0]["message"]


NO_QUEUE = ("          DeadLetterConfig:\n            Arn: !GetAtt DeadLetterQueue.Arn\n", "")
NO_POLICY = ("            Action: sqs:SendMessage\n", "            Action: sqs:ReceiveMessage\n")


@pytest.mark.parametrize(("change", "why"), [(NO_QUEUE, "no dead-letter queue"), (NO_POLICY, "policy")])
def test_an_event_without_a_way_into_a_queue_is_lost_and_said_so(
    tmp_path: Path, start_runtime: Any, change: tuple[str, str], why: str
) -> None:
    """Without a queue, or with one that EventBridge may not write to, the event is gone: the trace says why."""
    template = copied(tmp_path / "app", ("MaximumRetryAttempts: 185", "MaximumRetryAttempts: 0"), change)
    runtime = start_runtime(template=template, failing_targets=FAILING)
    trace = runtime.trace()
    (event_id,) = runtime.put("lost")
    assert why in trace.next("delivery", event_id)["lost"]
    assert why in runtime.wait_for_line(f"event {event_id} is lost")
    assert dead_letters(runtime) == []


def test_a_role_that_may_not_run_the_mutation_is_not_retried(tmp_path: Path, start_runtime: Any) -> None:
    """Missing permissions go to the queue at once, and the start warns of them."""
    template = copied(tmp_path / "app", ("types/Mutation/fields/publishMsgFromEB", "types/Mutation/fields/another"))
    runtime = start_runtime(template=template)
    runtime.wait_for_line("warning: ")
    (event_id,) = runtime.put("denied")
    (message,) = dead_letters(runtime)
    assert (texts(message)["ERROR_CODE"], texts(message)["RETRY_ATTEMPTS"]) == ("NO_PERMISSIONS", "0")
    assert json.loads(message["Body"])["id"] == event_id


def fill_the_disk(journal: DeliveryJournal) -> None:
    """Let the journal grow no more, as on a full disk."""
    pages = journal._file._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._file._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_loses_no_answer_and_is_said(start_runtime: Any) -> None:
    """Where neither a retry nor a dead letter can be written, PutEvents still answers and the loss is told."""
    runtime = start_runtime(failing_targets=FAILING)
    runtime.call(lambda: fill_the_disk(runtime.runtime.wiring.journal))
    trace = runtime.trace()
    sent = runtime.put(*["x" * 50_000] * 5)
    losses = [trace.next("delivery", event_id).get("lost") for event_id in sent]
    assert losses[-1] is not None
    assert "the journal cannot be used: database or disk is full" in str(losses[-1])
    assert "database or disk is full" in runtime.wait_for_line("is lost: RESOURCE_LIMIT_EXCEEDED")
    runtime.runtime.buses.faults.failing_targets = frozenset()
    (event_id,) = runtime.put("delivered all the same")
    assert trace.next("execution", event_id)["errors"] == []


def test_a_full_disk_is_an_internal_failure_to_sqs(start_runtime: Any) -> None:
    """SendMessage to a journal that is full fails as AWS's own failures do."""
    runtime = start_runtime()
    runtime.call(lambda: fill_the_disk(runtime.runtime.wiring.journal))
    sqs = runtime.client("sqs")
    with pytest.raises(sqs.exceptions.ClientError) as failed:
        sqs.send_message(QueueUrl=runtime.outputs["DeadLetterQueueUrl"], MessageBody="x" * 200_000)
    assert failed.value.response["Error"]["Code"] == "InternalFailure"
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_latency_delays_and_delivers(start_runtime: Any) -> None:
    """With a latency each event waits before its first attempt, and then arrives."""
    runtime = start_runtime(latency=0.05)

    async def check() -> Any:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
            runtime.put("later")
            return await socket.message()

    assert run(check()) == "later"


def test_a_bug_of_ours_ends_one_event_only(
    start_runtime: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception in a station dead-letters the event, is logged, and leaves PutEvents its answer."""
    runtime = start_runtime()
    at_once = Line.attempt_at_once

    def broken(event: Any, target: Any, services: Any) -> Any:
        if event.envelope["detail"]["msg"] == "break":
            raise ZeroDivisionError
        return at_once(event, target, services)

    monkeypatch.setattr(Line, "attempt_at_once", staticmethod(broken))
    trace = runtime.trace()
    (_, after) = runtime.put("break", "whole")
    assert trace.next("execution", after)["errors"] == []
    (message,) = dead_letters(runtime)
    assert texts(message)["ERROR_CODE"] == "INTERNAL_ERROR"
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]
