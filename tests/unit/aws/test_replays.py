"""Replays by an EventBridge client: which archive, which rules, how far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from livebus.aws.replays import Replay, ReplayClient
from livebus.errors import LivebusError, Unreachable

BUS_ARN = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
START = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class FakeEvents:
    """One bus, its archives, one rule; a replay whose states follow one after the other."""

    def __init__(self, *archives: str, states: tuple[str, ...] = ("RUNNING", "COMPLETED")) -> None:
        self._archives = archives
        self._states = list(states)
        self.started: Mapping[str, Any] = {}

    def describe_event_bus(self, Name: str) -> Mapping[str, Any]:  # noqa: N803 - boto3's own names
        return {"Name": "orders", "Arn": BUS_ARN}

    def describe_rule(self, Name: str, EventBusName: str) -> Mapping[str, Any]:  # noqa: N803
        if (Name, EventBusName) != ("toApp", "orders"):
            error = {"Error": {"Code": "ResourceNotFoundException", "Message": f"Rule {Name} does not exist."}}
            raise ClientError(error, "DescribeRule")
        return {"Arn": f"{BUS_ARN}/rule"}

    def list_archives(self, Limit: int, EventSourceArn: str, NextToken: str = "0") -> Mapping[str, Any]:  # noqa: N803
        """One archive a page."""
        index = int(NextToken)
        page = {"Archives": [{"ArchiveName": name} for name in self._archives[index : index + 1]]}
        return {**page, "NextToken": str(index + 1)} if index + 1 < len(self._archives) else page

    def describe_archive(self, ArchiveName: str) -> Mapping[str, Any]:  # noqa: N803
        return {"ArchiveArn": f"arn:archive/{ArchiveName}"}

    def start_replay(self, **request: Any) -> Mapping[str, Any]:
        self.started = request
        return {}

    def describe_replay(self, ReplayName: str) -> Mapping[str, Any]:  # noqa: N803
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return {"ReplayName": ReplayName, "State": state, "EventSourceArn": "arn:archive/a"}


def start(events: FakeEvents, **options: Any) -> Replay:
    return ReplayClient(events, "orders").start("r", START, START + HOUR, **options)


def test_a_replay_goes_to_its_own_bus() -> None:
    events = FakeEvents("a")
    assert start(events).name == "r"
    assert events.started == {
        "ReplayName": "r",
        "EventSourceArn": "arn:archive/a",
        "EventStartTime": START,
        "EventEndTime": START + HOUR,
        "Destination": {"Arn": BUS_ARN},
    }


def test_rules_are_asked_for_by_name() -> None:
    """An ARN is taken as it is; a rule that is not there would see nothing."""
    events = FakeEvents("a")
    start(events, rules=["toApp", "arn:x"])
    assert events.started["Destination"]["FilterArns"] == [f"{BUS_ARN}/rule", "arn:x"]
    with pytest.raises(Unreachable, match="cannot look at the rule 'toAp': ResourceNotFoundException"):
        start(events, rules=["toAp"])


@pytest.mark.parametrize(
    ("archives", "wanted", "message"),
    [
        ((), "", "the bus 'orders' has no archive. Add an AWS::Events::Archive to the template."),
        (
            ("a", "b"),
            "",
            "the bus 'orders' has several archives; expected one to choose of a, b. Name it with --archive.",
        ),
        (
            ("orders-1", "b"),
            "orders-2",
            "has no archive 'orders-2'; expected one of orders-1, b. Did you mean 'orders-1'?",
        ),
    ],
)
def test_which_archive_has_to_be_clear(archives: tuple[str, ...], wanted: str, message: str) -> None:
    with pytest.raises(LivebusError) as refused:
        start(FakeEvents(*archives), archive=wanted)
    assert message in str(refused.value)


def test_one_of_several_archives_can_be_named() -> None:
    events = FakeEvents("a", "b")
    start(events, archive="b")
    assert events.started["EventSourceArn"] == "arn:archive/b"


def test_waiting_ends_with_the_replay() -> None:
    """Each look is seen; between two there is a pause."""
    seen: list[str] = []
    pauses: list[int] = []
    events = FakeEvents("a", states=("STARTING", "RUNNING", "FAILED"))
    replay = ReplayClient(events, "").wait("r", lambda look: seen.append(look.state), lambda: pauses.append(1))
    assert (replay.state, seen, len(pauses)) == ("FAILED", ["STARTING", "RUNNING", "FAILED"], 2)


@pytest.mark.parametrize(
    ("state", "minutes", "progress"),
    [("STARTING", None, 0.0), ("RUNNING", 15, 0.25), ("RUNNING", 90, 1.0), ("COMPLETED", 15, 1.0)],
)
def test_progress_is_that_of_the_time(state: str, minutes: int | None, progress: float) -> None:
    last = None if minutes is None else START + timedelta(minutes=minutes)
    assert Replay("r", state, "a", START, START + HOUR, last).progress == progress
