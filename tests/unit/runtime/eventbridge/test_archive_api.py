"""EventBridge's calls about archives and replays, without a network: what they answer, and what they refuse in which words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.eventbridge import archive_api
from livebus.runtime.eventbridge.archive_api import ARCHIVE_ACTIONS, ArchiveApi
from livebus.runtime.eventbridge.archive_store import ArchivedMinute, ArchiveStore
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.eventbridge.replays import Replays
from livebus.template.application import Archive, EventBus

PREFIX = "arn:aws:events:us-east-1:123456789012"
BUS, OTHER = f"{PREFIX}:event-bus/livebus", f"{PREFIX}:event-bus/other"
CREATE = {"ArchiveName": "mine", "EventSourceArn": BUS}
REPLAY = {
    "ReplayName": "again",
    "EventSourceArn": f"{PREFIX}:archive/mine",
    "EventStartTime": 600,
    "EventEndTime": 700.5,
    "Destination": {"Arn": BUS},
}
MISSING = "Value null at '{}' failed to satisfy constraint: Member must not be null"


async def others() -> None:
    """Whatever else runs on the loop comes to its end."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


class Api:
    """The calls over a store of their own, and the events that replays carried."""

    def __init__(self, store: ArchiveStore, clock: Any) -> None:
        self.store, self.clock = store, clock
        self.carried: list[tuple[str, frozenset[str]]] = []
        self.archives = Archives(store, clock=clock, tell=lambda _: None)
        self.replays = Replays(self.archives, self._carry, clock=clock, tell=lambda _: None)
        buses = [EventBus("livebus", BUS), EventBus("other", OTHER)]
        self.api = ArchiveApi(self.archives, self.replays, lambda: buses, clock=clock)

    def _carry(self, event: Event, only: frozenset[str]) -> None:
        self.carried.append((str(event.envelope["id"]), only))

    def call(self, action: str, **body: Any) -> dict[str, Any]:
        return self.api.call(action, body)

    def refusal(self, action: str, **body: Any) -> tuple[str, str]:
        with pytest.raises(AwsError) as refused:
            self.api.call(action, body)
        return refused.value.error_type, refused.value.message.removeprefix("1 validation error detected: ")

    def replayed(self, **body: Any) -> dict[str, Any]:
        """StartReplay's answer, once the replay is over."""

        async def started() -> dict[str, Any]:
            answer = self.api.call("StartReplay", {**REPLAY, **body})
            await others()
            return answer

        return asyncio.run(started())


@pytest.fixture
def api(tmp_path: Path, clock: Any) -> Iterator[Api]:
    store = ArchiveStore(tmp_path / "archive.sqlite")
    yield Api(store, clock)
    store.close()


def test_an_archive_is_made_changed_and_deleted(api: Api) -> None:
    """Each call answers with what there is then; what a change does not name stays as it was."""
    made = api.clock.now
    outcome = {"ArchiveArn": f"{PREFIX}:archive/mine", "State": "ENABLED", "CreationTime": made}
    shown = {
        "ArchiveName": "mine",
        "EventSourceArn": BUS,
        "State": "ENABLED",
        "RetentionDays": 0,
        "SizeBytes": 0,
        "EventCount": 0,
        "CreationTime": made,
    }

    assert api.call("CreateArchive", **CREATE) == outcome
    assert api.call("DescribeArchive", ArchiveName="mine") == {"ArchiveArn": outcome["ArchiveArn"], **shown}

    api.clock.now += 60
    pattern = '{"source": ["s"]}'
    changes = {"Description": "of mine", "EventPattern": pattern, "RetentionDays": 7}
    assert api.call("UpdateArchive", ArchiveName="mine", **changes) == outcome
    api.store.add([ArchivedMinute(outcome["ArchiveArn"], 10, 0.0, texts=[b"four"])])
    api.call("UpdateArchive", ArchiveName="mine", RetentionDays=8)
    described = api.call("DescribeArchive", ArchiveName="mine")
    now = {**shown, "RetentionDays": 8, "SizeBytes": 4}
    assert {**described, "EventCount": 0} == {
        "ArchiveArn": outcome["ArchiveArn"],
        **now,
        "Description": "of mine",
        "EventPattern": pattern,
    }
    api.call("UpdateArchive", ArchiveName="mine", Description=None, RetentionDays=None, EventPattern=None)
    assert api.call("DescribeArchive", ArchiveName="mine") == {
        name: value for name, value in described.items() if name != "Description"
    }

    assert api.call("DeleteArchive", ArchiveName="mine") == {}
    assert api.call("ListArchives") == {"Archives": []}


def test_archives_are_listed_by_name_bus_and_page(api: Api) -> None:
    """In the order of their names; a page's token leads to what comes after it, and the last page has none."""
    for name, bus in (("b", BUS), ("ab", OTHER), ("a", BUS), ("c", BUS)):
        api.call("CreateArchive", ArchiveName=name, EventSourceArn=bus)

    def names(**body: Any) -> list[str]:
        return [each["ArchiveName"] for each in api.call("ListArchives", **body)["Archives"]]

    assert names() == ["a", "ab", "b", "c"]
    assert names(NamePrefix="a") == ["a", "ab"]
    assert names(EventSourceArn=BUS) == ["a", "b", "c"]
    assert (names(State="ENABLED"), names(State="DISABLED")) == (["a", "ab", "b", "c"], [])
    first = api.call("ListArchives", Limit=2)
    assert ([each["ArchiveName"] for each in first["Archives"]], first["NextToken"]) == (["a", "ab"], "ab")
    assert names(Limit=2, NextToken="ab") == ["b", "c"]
    assert "NextToken" not in api.call("ListArchives", Limit=2, NextToken="ab")
    assert "NextToken" not in api.call("ListArchives", Limit=4)


def test_a_list_has_a_hundred_at_most(api: Api) -> None:
    """And no more archives are made than fill one."""
    for number in range(100):
        api.call("CreateArchive", ArchiveName=f"a{number:03}", EventSourceArn=BUS)

    assert len(api.call("ListArchives")["Archives"]) == 100
    assert api.refusal("CreateArchive", **CREATE) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )


def test_an_archive_of_the_template_is_the_templates(api: Api) -> None:
    """It is shown, and neither changed nor deleted."""
    api.archives.use([Archive("own", f"{PREFIX}:archive/own", "livebus", BUS, description="d")])
    refused = (
        "ValidationException",
        "Archive own is the template's; the local runtime changes it with the template only.",
    )

    assert api.call("DescribeArchive", ArchiveName="own")["Description"] == "d"
    assert api.refusal("UpdateArchive", ArchiveName="own") == refused
    assert api.refusal("DeleteArchive", ArchiveName="own") == refused
    assert api.refusal("CreateArchive", ArchiveName="own", EventSourceArn=BUS) == (
        "ResourceAlreadyExistsException",
        "Archive own already exists.",
    )


NAME = "failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
LONG = "failed to satisfy constraint: Member must have length less than or equal to"


@pytest.mark.parametrize(
    ("action", "body", "error_type", "message"),
    [
        ("CreateArchive", {}, "ValidationException", MISSING.format("archiveName")),
        ("CreateArchive", {"ArchiveName": "a"}, "ValidationException", MISSING.format("eventSourceArn")),
        (
            "CreateArchive",
            {"ArchiveName": "a", "EventSourceArn": f"{PREFIX}:event-bus/none"},
            "ResourceNotFoundException",
            "Event bus none does not exist.",
        ),
        (
            "CreateArchive",
            {**CREATE, "ArchiveName": "a b"},
            "ValidationException",
            f"Value 'a b' at 'archiveName' {NAME}",
        ),
        (
            "CreateArchive",
            {**CREATE, "ArchiveName": "x" * 49},
            "ValidationException",
            f"Value '{'x' * 49}' at 'archiveName' {LONG} 48",
        ),
        (
            "CreateArchive",
            {**CREATE, "ArchiveName": ""},
            "ValidationException",
            (
                "2 validation errors detected: Value '' at 'archiveName' failed to satisfy constraint: Member must have length "
                f"greater than or equal to 1; Value '' at 'archiveName' {NAME}"
            ),
        ),
        (
            "CreateArchive",
            {**CREATE, "Description": "x" * 513},
            "ValidationException",
            f"Value '{'x' * 513}' at 'description' {LONG} 512",
        ),
        (
            "CreateArchive",
            {**CREATE, "RetentionDays": -1},
            "ValidationException",
            "Value '-1' at 'retentionDays' failed to satisfy constraint: Member must have value greater than or equal to 0",
        ),
        (
            "CreateArchive",
            {**CREATE, "RetentionDays": True},
            "SerializationException",
            "RetentionDays is not a number.",
        ),
        ("CreateArchive", {**CREATE, "RetentionDays": "1"}, "SerializationException", "RetentionDays is not a number."),
        (
            "CreateArchive",
            {**CREATE, "EventPattern": '{"source": "x"}'},
            "InvalidEventPatternException",
            (
                'Event pattern is not valid. Reason: "source" must be an object or an array\n at [Source: (String)"{"source": "x"}"; '
                "line: 1, column: 13]"
            ),
        ),
        ("DescribeArchive", {"ArchiveName": "a"}, "ResourceNotFoundException", "Archive a does not exist."),
        (
            "ListArchives",
            {"EventSourceArn": f"{PREFIX}:event-bus/none"},
            "ResourceNotFoundException",
            "Event bus none does not exist.",
        ),
        (
            "ListArchives",
            {"State": "GONE"},
            "ValidationException",
            (
                "Value 'GONE' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [CREATE_FAILED, "
                "CREATING, DISABLED, ENABLED, UPDATE_FAILED, UPDATING]"
            ),
        ),
        *(
            (
                "ListArchives",
                {"Limit": limit},
                "ValidationException",
                f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100",
            )
            for limit in (0, 101, "1", True)
        ),
        ("DescribeReplay", {"ReplayName": "a"}, "ResourceNotFoundException", "Replay a does not exist."),
        ("DescribeReplay", {}, "ValidationException", MISSING.format("replayName")),
        (
            "DescribeReplay",
            {"ReplayName": "x" * 65},
            "ValidationException",
            f"Value '{'x' * 65}' at 'replayName' {LONG} 64",
        ),
        (
            "ListReplays",
            {"State": "FAILED", "NamePrefix": "a"},
            "ValidationException",
            "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.",
        ),
        (
            "ListReplays",
            {"State": "DONE"},
            "ValidationException",
            (
                "Value 'DONE' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [CANCELLED, "
                "CANCELLING, COMPLETED, FAILED, RUNNING, STARTING]"
            ),
        ),
    ],
)
def test_what_is_refused(api: Api, action: str, body: dict[str, Any], error_type: str, message: str) -> None:
    """With the type and the words that AWS has for it, or with such."""
    assert api.refusal(action, **body) == (error_type, message)
    assert api.archives.all() == []


@pytest.mark.parametrize(
    ("changes", "error_type", "message"),
    [
        ({"EventStartTime": None}, "ValidationException", MISSING.format("eventStartTime")),
        ({"EventEndTime": None}, "ValidationException", MISSING.format("eventEndTime")),
        ({"EventStartTime": True}, "SerializationException", "EventStartTime is not a timestamp."),
        ({"EventEndTime": "tomorrow"}, "SerializationException", "EventEndTime is not a timestamp."),
        ({"Destination": None}, "ValidationException", MISSING.format("destination")),
        ({"Destination": {}}, "ValidationException", MISSING.format("destination.arn")),
        (
            {"Destination": {"Arn": f"{PREFIX}:rule/livebus"}},
            "ValidationException",
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"Destination": {"Arn": OTHER}},
            "ValidationException",
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
        ),
        (
            {"Destination": {"Arn": BUS, "FilterArns": ["a", 1]}},
            "SerializationException",
            "FilterArns is not a list of strings.",
        ),
        (
            {"EventSourceArn": f"{PREFIX}:archive/none"},
            "ValidationException",
            "Parameter EventSourceArn is not valid. Reason: Archive none does not exist.",
        ),
        (
            {"EventEndTime": 600},
            "ValidationException",
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ),
        ({"Description": "x" * 513}, "ValidationException", f"Value '{'x' * 513}' at 'description' {LONG} 512"),
    ],
)
def test_a_replay_that_cannot_be(api: Api, changes: dict[str, Any], error_type: str, message: str) -> None:
    """Nothing is begun."""
    api.call("CreateArchive", **CREATE)

    assert api.refusal("StartReplay", **{**REPLAY, **changes}) == (error_type, message)
    assert api.call("ListReplays") == {"Replays": []}


def test_a_replay_from_its_start_to_its_end(api: Api) -> None:
    """It carries the events of its time to the rules that it names; what is told of it is what was asked, and how far it came."""
    api.call("CreateArchive", **CREATE)
    page = ArchivedMinute(f"{PREFIX}:archive/mine", 10, 0.0)
    for number, at in enumerate((600.0, 640.5, 659.0)):
        page.times.append(at)
        page.texts.append(b'{"id":"%d","region":"us-east-1","detail":{}}' % number)
    api.store.add([page])
    rule = f"{PREFIX}:rule/livebus/publish"
    arn, began = f"{PREFIX}:replay/again", api.clock.now

    answer = api.replayed(
        Destination={"Arn": BUS, "FilterArns": [rule]},
        Description="once more",
        EventStartTime="1970-01-01T00:10:10",
        EventEndTime="1970-01-01T00:10:59Z",
    )

    assert answer == {"ReplayArn": arn, "State": "STARTING", "ReplayStartTime": began}
    assert api.carried == [("1", frozenset({rule}))]
    shown = {
        "ReplayName": "again",
        "EventSourceArn": f"{PREFIX}:archive/mine",
        "State": "COMPLETED",
        "EventStartTime": 610.0,
        "EventEndTime": 659.0,
        "ReplayStartTime": began,
        "EventLastReplayedTime": 640.5,
        "ReplayEndTime": began,
    }
    assert api.call("DescribeReplay", ReplayName="again") == {
        "ReplayArn": arn,
        "Destination": {"Arn": BUS, "FilterArns": [rule]},
        "Description": "once more",
        **shown,
    }
    assert api.call("ListReplays") == {"Replays": [shown]}
    assert api.refusal("StartReplay", **REPLAY) == ("ResourceAlreadyExistsException", "Replay again already exists.")
    assert api.refusal("CancelReplay", ReplayName="again") == (
        "IllegalStatusException",
        "Replay again is not in a valid state for this operation.",
    )


def test_replays_are_listed_by_one_filter(api: Api) -> None:
    """Name, archive or state; page by page."""
    api.call("CreateArchive", **CREATE)
    api.call("CreateArchive", ArchiveName="b", EventSourceArn=BUS)
    for name, archive in (("b1", "b"), ("a2", "mine"), ("a1", "mine")):
        api.replayed(ReplayName=name, EventSourceArn=f"{PREFIX}:archive/{archive}")

    def names(**body: Any) -> list[str]:
        return [each["ReplayName"] for each in api.call("ListReplays", **body)["Replays"]]

    assert names() == ["a1", "a2", "b1"]
    assert names(NamePrefix="a") == ["a1", "a2"]
    assert names(EventSourceArn=f"{PREFIX}:archive/b") == ["b1"]
    assert (names(State="COMPLETED"), names(State="FAILED")) == (["a1", "a2", "b1"], [])
    assert api.call("ListReplays", Limit=1, NextToken="a1")["NextToken"] == "a2"
    assert "Description" not in api.call("DescribeReplay", ReplayName="b1")
    assert api.call("DescribeReplay", ReplayName="b1")["Destination"] == {"Arn": BUS}


def test_a_replay_is_cancelled_in_its_own_turn(api: Api) -> None:
    """CancelReplay is answered at once; the replay is then over without an event."""
    api.call("CreateArchive", **CREATE)
    api.store.add([ArchivedMinute(f"{PREFIX}:archive/mine", 10, 0.0)])

    async def cancelled() -> dict[str, Any]:
        api.call("StartReplay", **REPLAY)
        answer = api.call("CancelReplay", ReplayName="again")
        await others()
        return answer

    assert asyncio.run(cancelled()) == {"ReplayArn": f"{PREFIX}:replay/again", "State": "CANCELLING"}
    assert api.call("DescribeReplay", ReplayName="again")["State"] == "CANCELLED"


def test_replays_at_once_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused, until one of them is over."""
    monkeypatch.setattr(archive_api, "MAX_REPLAYS_UNDER_WAY", 2)
    api.call("CreateArchive", **CREATE)

    async def started() -> tuple[str, str]:
        for name in ("a", "b"):
            api.call("StartReplay", **{**REPLAY, "ReplayName": name})
        refused = api.refusal("StartReplay", **REPLAY)
        await others()
        return refused

    assert asyncio.run(started()) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    assert api.replayed()["State"] == "STARTING"


def test_the_actions() -> None:
    """Each call of EventBridge's about archives and replays."""
    assert sorted(ARCHIVE_ACTIONS) == [
        *("CancelReplay", "CreateArchive", "DeleteArchive", "DescribeArchive", "DescribeReplay", "ListArchives"),
        *("ListReplays", "StartReplay", "UpdateArchive"),
    ]
