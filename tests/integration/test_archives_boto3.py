"""Archives and replays with boto3: what is kept, what is replayed to whom, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.application import copied
from support.running import RunningRuntime
from support.sockets import run, subscribed
from support.waiting import until

HOUR = timedelta(hours=1)


@pytest.fixture
def events(runtime: RunningRuntime) -> Any:
    return runtime.client("events")


@pytest.fixture
def bus_arn(runtime: RunningRuntime) -> str:
    return str(runtime.outputs["EventBusArn"])


def the_archive(runtime: RunningRuntime) -> dict[str, Any]:
    """The template's own."""
    (listed,) = runtime.client("events").list_archives(NamePrefix="livebus")["Archives"]
    return dict(runtime.client("events").describe_archive(ArchiveName=listed["ArchiveName"]))


def start(runtime: RunningRuntime, name: str, **changes: Any) -> Any:
    now = datetime.now(UTC)
    given = {
        "ReplayName": name,
        "EventSourceArn": the_archive(runtime)["ArchiveArn"],
        "EventStartTime": now - HOUR,
        "EventEndTime": now + HOUR,
        "Destination": {"Arn": runtime.outputs["EventBusArn"]},
    }
    return runtime.client("events").start_replay(**{**given, **changes})


def finished(runtime: RunningRuntime, name: str) -> dict[str, Any]:
    def over() -> dict[str, Any]:
        found = dict(runtime.client("events").describe_replay(ReplayName=name))
        return found if found["State"] in ("COMPLETED", "CANCELLED", "FAILED") else {}

    return until(over, f"the replay {name} over")


def test_the_templates_archive_is_described(start_runtime: Any) -> None:
    """With its pattern, its days, and how much it holds."""
    runtime = start_runtime()
    runtime.put("one", "two")
    found = the_archive(runtime)
    assert json.loads(found["EventPattern"]) == {"source": ["sample.source"]}
    assert (found["State"], found["RetentionDays"], found["EventCount"]) == ("ENABLED", 7, 2)
    assert found["EventSourceArn"] == runtime.outputs["EventBusArn"]
    assert found["SizeBytes"] > 200
    assert found["CreationTime"].tzinfo is not None


def test_a_replay_brings_events_to_subscribers_again(start_runtime: Any, tmp_path: Path) -> None:
    """With id and time as they were and ``replay-name`` beside them; they are not archived once more."""
    runtime = start_runtime()
    ids = runtime.put("one", "two")
    trace = runtime.trace()

    async def replay() -> list[Any]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
            assert start(runtime, "again", Description="a test")["State"] == "STARTING"
            return [await socket.message() for _ in range(2)]

    assert run(replay()) == ["one", "two"]
    assert [trace.next("execution")["event"] for _ in ids] == ids
    found = finished(runtime, "again")
    assert (found["State"], found["Description"], found["ReplayName"]) == ("COMPLETED", "a test", "again")
    assert found["EventLastReplayedTime"] <= found["ReplayStartTime"] <= found["ReplayEndTime"]
    assert the_archive(runtime)["EventCount"] == 2
    (listed,) = runtime.client("events").list_replays(NamePrefix="ag")["Replays"]
    assert "Destination" not in listed
    assert listed["State"] == "COMPLETED"


def test_a_replay_goes_to_the_rules_that_are_named(start_runtime: Any) -> None:
    """FilterArns leaves the others out."""
    runtime = start_runtime()
    (event_id,) = runtime.put("one")
    trace = runtime.trace()
    rule = runtime.outputs["RuleArn"]
    bus_arn = runtime.outputs["EventBusArn"]
    start(runtime, "other", Destination={"Arn": bus_arn, "FilterArns": [f"{rule}x"]})
    assert finished(runtime, "other")["State"] == "COMPLETED"
    assert trace._records.qsize() == 2  # the bus and the pattern; no attempt
    start(runtime, "this", Destination={"Arn": bus_arn, "FilterArns": [rule]})
    assert trace.next("execution")["event"] == event_id
    assert finished(runtime, "this")["Destination"] == {"Arn": bus_arn, "FilterArns": [rule]}


def test_a_pattern_can_leave_replayed_events_out(start_runtime: Any, tmp_path: Path) -> None:
    old = "      EventPattern:\n        source: [!Ref EventSource]\n        detail:"
    new = old.replace("        detail:", "        replay-name: [exists: false]\n        detail:")
    runtime = start_runtime(template=copied(tmp_path / "app", (old, new)))
    runtime.put("one")
    trace = runtime.trace()
    start(runtime, "again")
    assert trace.next("pattern")["matches"] is False
    assert finished(runtime, "again")["State"] == "COMPLETED"


def test_only_events_of_the_time_are_replayed(start_runtime: Any) -> None:
    """By the time in the event, which the publisher may have set."""
    runtime = start_runtime()
    client, bus = runtime.client("events"), runtime.outputs["EventBusName"]
    hour = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
    entries = [
        {
            "Source": "sample.source",
            "DetailType": "d",
            "Detail": json.dumps({"msg": str(minute)}),
            "EventBusName": bus,
            "Time": hour + timedelta(minutes=minute),
        }
        for minute in (5, 3, 1, 4)
    ]
    client.put_events(Entries=entries)
    trace = runtime.trace()
    start(runtime, "some", EventStartTime=hour + 3 * HOUR / 60, EventEndTime=hour + 5 * HOUR / 60)
    assert [trace.next("transformer")["variables"]["msg"] for _ in range(2)] == ["3", "4"]
    found = finished(runtime, "some")
    assert found["EventLastReplayedTime"] == hour + timedelta(minutes=4)


def test_a_replay_that_fails_at_its_target_goes_to_the_dead_letter_queue(start_runtime: Any) -> None:
    """A replayed event is retried and dead-lettered like any other."""
    runtime = start_runtime(time_scale=100_000.0)
    runtime.put("one")
    runtime.runtime.buses.faults.failing_targets = frozenset({"AppSync"})
    start(runtime, "again")
    url = runtime.outputs["DeadLetterQueueUrl"]
    (message,) = (
        until(lambda: runtime.client("sqs").receive_message(QueueUrl=url).get("Messages"), "a dead letter") or ()
    )
    assert json.loads(message["Body"])["replay-name"] == "again"


def test_a_cancelled_replay_ends(start_runtime: Any) -> None:
    """CANCELLING at once, CANCELLED a turn later; one that is over cannot be cancelled."""
    runtime = start_runtime()
    for _ in range(30):
        runtime.put(*map(str, range(10)))
    events = runtime.client("events")

    def started_and_cancelled() -> Any:
        # In one turn of the loop, so that the replay cannot be through before.
        api = runtime.runtime.wiring.events
        arn = the_arn
        now = datetime.now(UTC).timestamp()
        times = {"EventStartTime": now - 3600, "EventEndTime": now + 3600}
        api.call(
            "StartReplay",
            {"ReplayName": "long", "EventSourceArn": arn, "Destination": {"Arn": bus}, **times},
        )
        return api.call("CancelReplay", {"ReplayName": "long"})

    the_arn, bus = the_archive(runtime)["ArchiveArn"], runtime.outputs["EventBusArn"]
    assert runtime.call(started_and_cancelled)["State"] == "CANCELLING"
    assert finished(runtime, "long")["State"] == "CANCELLED"
    with pytest.raises(events.exceptions.IllegalStatusException):
        events.cancel_replay(ReplayName="long")


def test_a_replay_goes_on_after_a_restart(start_runtime: Any, tmp_path: Path) -> None:
    """What was archived, and a replay that was under way, outlive the runtime: no event is left out."""
    first = start_runtime()
    for number in range(10):
        first.put(*(f"{number}{digit}" for digit in range(10)))
    arn, bus = the_archive(first)["ArchiveArn"], first.outputs["EventBusArn"]

    def began() -> None:
        now = datetime.now(UTC).timestamp()
        times = {"EventStartTime": now - 3600, "EventEndTime": now + 3600}
        first.runtime.wiring.events.call(
            "StartReplay", {"ReplayName": "long", "EventSourceArn": arn, "Destination": {"Arn": bus}, **times}
        )
        first.runtime.wiring.replays._tasks["long"].cancel()

    first.call(began)
    first.stop()
    file = tmp_path / "trace.jsonl"
    second = start_runtime(state=first.settings.state, trace=file)
    assert "1 replay from before goes on" in second.told
    assert finished(second, "long")["State"] == "COMPLETED"
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({record["event"] for record in records if record["station"] == "execution"}) == 100


def test_archives_are_made_changed_and_deleted(runtime: RunningRuntime, events: Any, bus_arn: str) -> None:
    """By calls, beside the template's; events are kept from then on."""
    made = events.create_archive(ArchiveName="mine", EventSourceArn=bus_arn, EventPattern='{"source": ["other"]}')
    assert (made["State"], made["ArchiveArn"].split(":")[5]) == ("ENABLED", "archive/mine")
    entry = {"Source": "other", "DetailType": "d", "Detail": "{}", "EventBusName": runtime.outputs["EventBusName"]}
    events.put_events(Entries=[entry])
    found = events.describe_archive(ArchiveName="mine")
    assert (found["EventCount"], found["RetentionDays"], "Description" in found) == (1, 0, False)
    events.update_archive(ArchiveName="mine", Description="of mine", RetentionDays=1, EventPattern='{"source": ["x"]}')
    events.put_events(Entries=[entry])
    found = events.describe_archive(ArchiveName="mine")
    assert (found["EventCount"], found["RetentionDays"], found["Description"]) == (1, 1, "of mine")
    names = [archive["ArchiveName"] for archive in events.list_archives(EventSourceArn=bus_arn)["Archives"]]
    assert len(names) == 2
    first = events.list_archives(Limit=1)
    rest = events.list_archives(NextToken=first["NextToken"])
    assert [archive["ArchiveName"] for page in (first, rest) for archive in page["Archives"]] == names
    assert events.list_archives(State="DISABLED")["Archives"] == []
    events.delete_archive(ArchiveName="mine")
    assert events.list_archives(NamePrefix="mine")["Archives"] == []


NO_BUS = "Event bus none does not exist."
CREATE = {"ArchiveName": "new"}


@pytest.mark.parametrize(
    ("operation", "request_", "code", "message"),
    [
        ("describe_archive", {"ArchiveName": "none"}, "ResourceNotFoundException", "Archive none does not exist."),
        ("delete_archive", {"ArchiveName": "none"}, "ResourceNotFoundException", "Archive none does not exist."),
        ("update_archive", {"ArchiveName": "none"}, "ResourceNotFoundException", "Archive none does not exist."),
        ("create_archive", {**CREATE, "EventSourceArn": "BUS/none"}, "ResourceNotFoundException", NO_BUS),
        (
            "create_archive",
            {"ArchiveName": "OWN", "EventSourceArn": "BUS"},
            "ResourceAlreadyExistsException",
            "Archive OWN already exists.",
        ),
        (
            "create_archive",
            {**CREATE, "EventSourceArn": "BUS", "EventPattern": '{"source": "x"}'},
            "InvalidEventPatternException",
            'Event pattern is not valid. Reason: "source" must be an object or an array',
        ),
        (
            "create_archive",
            {"ArchiveName": "a b" + "x" * 50, "EventSourceArn": "BUS"},
            "ValidationException",
            "2 validation errors detected: Value 'a b",
        ),
        ("list_archives", {"EventSourceArn": "BUS/none"}, "ResourceNotFoundException", NO_BUS),
        ("describe_replay", {"ReplayName": "none"}, "ResourceNotFoundException", "Replay none does not exist."),
        ("cancel_replay", {"ReplayName": "none"}, "ResourceNotFoundException", "Replay none does not exist."),
        (
            "list_replays",
            {"NamePrefix": "a", "State": "FAILED"},
            "ValidationException",
            "At most one filter is allowed for ListReplays.",
        ),
        (
            "list_replays",
            {"State": "DONE"},
            "ValidationException",
            "1 validation error detected: Value 'DONE' at 'state' failed to satisfy constraint: Member must satisfy enum",
        ),
        ("delete_archive", {"ArchiveName": "OWN"}, "ValidationException", "Archive OWN is the template's"),
    ],
)
def test_refusals_have_awss_types_and_words(
    runtime: RunningRuntime, operation: str, request_: dict[str, Any], code: str, message: str
) -> None:
    bus_arn = str(runtime.outputs["EventBusArn"])
    own = the_archive(runtime)["ArchiveName"]

    def filled(text: str) -> str:
        return text.replace("BUS/none", f"{bus_arn.rsplit('/', 1)[0]}/none").replace("BUS", bus_arn).replace("OWN", own)

    request_ = {name: filled(value) for name, value in request_.items()}
    client = runtime.client("events", validate=False)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**request_)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"].startswith(filled(message))


DEFAULT_BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"Destination": {"Arn": "arn:aws:sqs:us-east-1:123456789012:queue"}},
            "ValidationException",
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"Destination": {"Arn": DEFAULT_BUS}},
            "ValidationException",
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
        ),
        (
            {"Destination": {"Arn": DEFAULT_BUS.replace("default", "none")}},
            "ResourceNotFoundException",
            NO_BUS,
        ),
        (
            {"EventSourceArn": "arn:aws:events:us-east-1:123456789012:archive/none"},
            "ValidationException",
            "Parameter EventSourceArn is not valid. Reason: Archive none does not exist.",
        ),
        (
            {"EventEndTime": datetime(2020, 1, 1, tzinfo=UTC)},
            "ValidationException",
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ),
    ],
)
def test_a_replay_that_cannot_be_is_refused(
    runtime: RunningRuntime, changes: dict[str, Any], code: str, message: str
) -> None:
    """In the words that AWS was recorded to use."""
    with pytest.raises(ClientError) as refused:
        start(runtime, "never", **changes)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def test_a_name_is_taken_once(runtime: RunningRuntime) -> None:
    start(runtime, "once")
    finished(runtime, "once")
    with pytest.raises(ClientError) as refused:
        start(runtime, "once")
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ResourceAlreadyExistsException", "Replay once already exists.")
