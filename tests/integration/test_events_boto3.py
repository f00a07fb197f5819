"""EventBridge's API with boto3: what PutEvents answers, and what describes buses, rules and targets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.running import RunningRuntime, entry

ENVELOPE = {
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "account": "123456789012",
    "source": "sample.source",
    "time": "2026-01-15T08:30:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "message",
    "detail": {"msg": "hello"},
}


def refusal(call: Any, **request: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    return error["Code"], error["Message"], metadata["HTTPStatusCode"]


@pytest.fixture
def bus(runtime: RunningRuntime) -> str:
    return str(runtime.outputs["EventBusName"])


def test_one_entry_is_accepted_with_an_event_id(runtime: RunningRuntime, bus: str) -> None:
    """PutEvents answers one entry with the id that the event then bears."""
    trace = runtime.trace()
    answer = runtime.client("events").put_events(Entries=[entry("one", bus)])
    assert answer["FailedEntryCount"] == 0
    (accepted,) = answer["Entries"]
    assert trace.next("transformer", accepted["EventId"])["variables"] == {"msg": "one"}


def test_ten_entries_are_answered_in_their_order(runtime: RunningRuntime, bus: str) -> None:
    """Ten entries get ten ids, in the order of the request."""
    trace = runtime.trace()
    ids = runtime.put(*(f"number {number}" for number in range(10)))
    assert len(set(ids)) == 10
    carried = [trace.next("transformer", event_id)["variables"]["msg"] for event_id in ids]
    assert carried == [f"number {number}" for number in range(10)]


REQUIRED = "Parameter {0} is not valid. Reason: {0} is a required argument."


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"Source": None}, "InvalidArgument", REQUIRED.format("Source")),
        ({"Source": ""}, "InvalidArgument", REQUIRED.format("Source")),
        ({"DetailType": None}, "InvalidArgument", REQUIRED.format("DetailType")),
        ({"DetailType": ""}, "InvalidArgument", REQUIRED.format("DetailType")),
        ({"Detail": None}, "InvalidArgument", REQUIRED.format("Detail")),
        ({"Detail": ""}, "InvalidArgument", REQUIRED.format("Detail")),
        ({"Detail": "not JSON"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '["an array"]'}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '"a string"'}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '{"msg": "cut'}, "MalformedDetail", "Detail is malformed."),
        ({"Source": "aws.ec2"}, "NotAuthorizedForSourceException", "Not authorized for the source aws.ec2."),
    ],
)
def test_a_bad_entry_fails_alone(
    runtime: RunningRuntime, bus: str, change: dict[str, str | None], code: str, message: str
) -> None:
    """A bad entry is answered in its place, with HTTP 200, and the entries around it are accepted."""
    bad = {name: value for name, value in {**entry("bad", bus), **change}.items() if value is not None}
    answer = runtime.client("events").put_events(Entries=[entry("before", bus), bad, entry("after", bus)])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1] == {"ErrorCode": code, "ErrorMessage": message}
    assert [sorted(answer["Entries"][place]) for place in (0, 2)] == [["EventId"], ["EventId"]]


def test_no_entries_are_refused_as_a_whole(runtime: RunningRuntime) -> None:
    """An empty request is a ValidationException, as AWS words it."""
    code, message, status = refusal(runtime.client("events", validate=False).put_events, Entries=[])
    assert (code, status) == ("ValidationException", 400)
    assert message == (
        "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_eleven_entries_are_refused_as_a_whole(runtime: RunningRuntime) -> None:
    """Eleven entries are a ValidationException that shows them, and none of them is carried."""
    trace = runtime.trace()
    entries = [{"Source": "s", "DetailType": "d", "Detail": "{}"}] * 11
    code, message, status = refusal(runtime.client("events").put_events, Entries=entries)
    assert (code, status) == ("ValidationException", 400)
    shown = (
        "PutEventsRequestEntry(time=null, source=s, resources=null, detailType=d, detail={}, "
        "eventBusName=null, traceHeader=null)"
    )
    assert message == (
        f"1 validation error detected: Value '[{', '.join([shown] * 11)}]' at 'entries' failed to satisfy constraint: "
        "Member must have length less than or equal to 10"
    )
    (event_id,) = runtime.put("the first that is carried")
    assert trace.next("bus")["event"] == event_id


def test_a_request_of_more_than_a_megabyte_is_refused_as_a_whole(runtime: RunningRuntime, bus: str) -> None:
    """All entries together may have 1,048,576 bytes: one more is refused."""
    fixed = len("sample.source") + len("message") + len('{"msg": ""}')
    largest = 1_048_576 - fixed
    events = runtime.client("events")
    assert events.put_events(Entries=[entry("x" * largest, bus)])["FailedEntryCount"] == 0
    code, message, status = refusal(events.put_events, Entries=[entry("x" * (largest + 1), bus)])
    expected = ("ValidationException", "Total size of the entries in the request is over the limit.", 400)
    assert (code, message, status) == expected


def test_the_bus_may_be_named_by_its_arn(runtime: RunningRuntime) -> None:
    """An EventBusName that is an ARN means the bus of that name."""
    trace = runtime.trace()
    (event_id,) = runtime.put("by ARN", bus=str(runtime.outputs["EventBusArn"]))
    assert trace.next("bus", event_id)["bus"] == runtime.outputs["EventBusName"]


def test_without_a_bus_the_event_goes_to_the_default_bus(runtime: RunningRuntime, bus: str) -> None:
    """An entry without EventBusName reaches the account's default bus, where no rule of the template listens."""
    trace = runtime.trace()
    unnamed = {name: value for name, value in entry("unnamed", bus).items() if name != "EventBusName"}
    (accepted,) = runtime.client("events").put_events(Entries=[unnamed])["Entries"]
    assert trace.next("bus", accepted["EventId"])["bus"] == "default"


def test_an_unknown_bus_accepts_and_drops_the_event(runtime: RunningRuntime) -> None:
    """PutEvents to a bus that is not there succeeds, as on AWS; the trace says that the event was dropped."""
    trace = runtime.trace()
    (event_id,) = runtime.put("lost", bus="livebuz")
    assert trace.next("bus", event_id)["dropped"] == "no such event bus"


def test_the_envelope_has_awss_members(runtime: RunningRuntime, bus: str) -> None:
    """Time (cut to seconds) and Resources reach the event; what is left out gets AWS's defaults."""
    trace = runtime.trace()
    moment = datetime(2026, 1, 15, 8, 30, 0, 999_000, tzinfo=UTC)
    given = {**entry("x", bus), "Time": moment, "Resources": ["arn:one"], "Source": "elsewhere"}
    (accepted,) = runtime.client("events").put_events(Entries=[given])["Entries"]
    record = trace.next("bus", accepted["EventId"])
    assert (record["source"], record["detailType"]) == ("elsewhere", "message")
    reasons = trace.next("pattern", accepted["EventId"])["reasons"]
    assert len(reasons) == 1
    assert "elsewhere" in reasons[0]


def test_describe_event_bus(runtime: RunningRuntime, bus: str) -> None:
    """DescribeEventBus knows the template's bus and the default bus, and no other."""
    events = runtime.client("events")
    described = events.describe_event_bus(Name=bus)
    assert (described["Name"], described["Arn"]) == (bus, runtime.outputs["EventBusArn"])
    assert events.describe_event_bus()["Name"] == "default"
    expected = ("ResourceNotFoundException", "Event bus other does not exist.", 400)
    assert refusal(events.describe_event_bus, Name="other") == expected


def test_list_and_describe_rules(runtime: RunningRuntime, bus: str) -> None:
    """ListRules and DescribeRule show the template's rule with its pattern."""
    events = runtime.client("events")
    (rule,) = events.list_rules(EventBusName=bus)["Rules"]
    assert (rule["Name"], rule["Arn"]) == ("publishMsgFromEB", runtime.outputs["RuleArn"])
    assert json.loads(rule["EventPattern"]) == {"source": ["sample.source"], "detail": {"msg": [{"prefix": ""}]}}
    described = events.describe_rule(Name="publishMsgFromEB", EventBusName=bus)
    assert {name: described[name] for name in rule} == rule
    assert events.list_rules()["Rules"] == []
    expected = ("ResourceNotFoundException", f"Rule other does not exist on EventBus {bus}.", 400)
    assert refusal(events.describe_rule, Name="other", EventBusName=bus) == expected
    assert refusal(events.list_rules, EventBusName="none")[:2] == (
        "ResourceNotFoundException",
        "Event bus none does not exist.",
    )


def test_list_targets_by_rule(runtime: RunningRuntime, bus: str) -> None:
    """ListTargetsByRule shows the target as the template has it."""
    (target,) = runtime.client("events").list_targets_by_rule(Rule="publishMsgFromEB", EventBusName=bus)["Targets"]
    assert target["Id"] == "AppSync"
    assert target["Arn"] == runtime.outputs["GraphQLEndpointArn"]
    assert target["InputTransformer"] == {"InputPathsMap": {"msg": "$.detail.msg"}, "InputTemplate": '{"msg": <msg>}'}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 300}
    assert target["DeadLetterConfig"]["Arn"].startswith("arn:aws:sqs:us-east-1:")
    assert "publishMsgFromEB(msg: $msg)" in target["AppSyncParameters"]["GraphQLOperation"]


@pytest.mark.parametrize(("pattern", "result"), [({"source": ["sample.source"]}, True), ({"source": ["other"]}, False)])
def test_test_event_pattern(runtime: RunningRuntime, pattern: Any, result: bool) -> None:
    """TestEventPattern answers whether an event matches."""
    answer = runtime.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(ENVELOPE))
    assert answer["Result"] is result


def test_an_invalid_pattern_is_refused_in_awss_words(runtime: RunningRuntime) -> None:
    """TestEventPattern says what is wrong with a pattern, and where."""
    code, message, status = refusal(
        runtime.client("events").test_event_pattern,
        EventPattern='{"source": [{"EXISTS": true}]}',
        Event=json.dumps(ENVELOPE),
    )
    assert (code, status) == ("InvalidEventPatternException", 400)
    assert message.splitlines()[0] == "Event pattern is not valid. Reason: Unrecognized match type EXISTS"


@pytest.mark.parametrize("event", ["no JSON", "[]", json.dumps({"source": "sample.source"})])
def test_an_event_that_is_none_is_refused(runtime: RunningRuntime, event: str) -> None:
    """TestEventPattern wants the whole envelope."""
    code, message, _ = refusal(
        runtime.client("events").test_event_pattern, EventPattern='{"source": ["a"]}', Event=event
    )
    assert (code, message) == ("ValidationException", "Parameter Event is not valid.")
