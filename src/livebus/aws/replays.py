"""
Replays of a bus's archive: start, look, wait, cancel.

In: an EventBridge client and the bus. Out: replays as EventBridge describes them.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from livebus.aws.refusal import told_as_faults
from livebus.errors import LivebusError, did_you_mean

OVER = ("COMPLETED", "CANCELLED", "FAILED")
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay; ``last`` is the time of the last event that was replayed. Times are aware."""

    name: str
    state: str
    archive: str
    start: datetime | None
    end: datetime | None
    last: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    rules: tuple[str, ...] = ()

    @classmethod
    def from_description(cls, given: Mapping[str, Any]) -> Replay:
        """From DescribeReplay or ListReplays, which leaves the rules out."""
        return cls(
            str(given["ReplayName"]),
            str(given["State"]),
            str(given.get("EventSourceArn", "")).rsplit("/", 1)[-1],
            given.get("EventStartTime"),
            given.get("EventEndTime"),
            given.get("EventLastReplayedTime"),
            given.get("ReplayStartTime"),
            given.get("ReplayEndTime"),
            str(given.get("StateReason") or ""),
            tuple((given.get("Destination") or {}).get("FilterArns") or ()),
        )

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def progress(self) -> float:
        """How much of its time is behind it, from 0 to 1; it may end before, with the last event of that time."""
        if self.state == "COMPLETED":
            return 1.0
        if self.last is None or self.start is None or self.end is None or self.end <= self.start:
            return 0.0
        return max(0.0, min(1.0, (self.last - self.start) / (self.end - self.start)))

    def as_json(self) -> dict[str, Any]:
        times = {
            "eventStartTime": self.start,
            "eventEndTime": self.end,
            "eventLastReplayedTime": self.last,
            "replayStartTime": self.started,
            "replayEndTime": self.ended,
        }
        shown: dict[str, Any] = {"name": self.name, "state": self.state, "archive": self.archive}
        shown |= {name: moment.isoformat() for name, moment in times.items() if moment is not None}
        return shown | ({"reason": self.reason} if self.reason else {}) | ({"rules": self.rules} if self.rules else {})


class ReplayClient:
    """Of one bus, by its name or ARN; every call raises Unreachable for what EventBridge refuses."""

    def __init__(self, client: Any, bus: str) -> None:
        self._client = client
        self._bus = bus

    def start(
        self, name: str, start: datetime, end: datetime, *, rules: Sequence[str] = (), archive: str = ""
    ) -> Replay:
        """
        Start a replay to the bus, or to some of its rules only.

        Raises LivebusError where the bus has no archive, or several of which none is named, or not such a rule: events
        that are replayed to a rule that is not there are seen by none.
        """
        with told_as_faults(f"look at the event bus {self._bus!r}"):
            described = self._client.describe_event_bus(Name=self._bus)
        bus_arn = str(described["Arn"])
        destination: dict[str, Any] = {"Arn": bus_arn}
        if rules:
            destination["FilterArns"] = [self._rule_arn(rule, str(described["Name"])) for rule in rules]
        source = self._archive_arn(bus_arn, archive)
        with told_as_faults("start the replay"):
            self._client.start_replay(
                ReplayName=name,
                EventSourceArn=source,
                EventStartTime=start,
                EventEndTime=end,
                Destination=destination,
            )
        return self.get(name)

    def _rule_arn(self, rule: str, bus: str) -> str:
        if rule.startswith("arn:"):
            return rule
        with told_as_faults(f"look at the rule {rule!r}"):
            return str(self._client.describe_rule(Name=rule, EventBusName=bus)["Arn"])

    def _archive_arn(self, bus_arn: str, wanted: str) -> str:
        with told_as_faults("list the archives"):
            found = list(_all(self._client.list_archives, "Archives", EventSourceArn=bus_arn))
        names = [str(archive["ArchiveName"]) for archive in found]
        bus = bus_arn.rsplit("event-bus/", 1)[-1]
        if wanted and wanted not in names:
            shown = ", ".join(names) or "none"
            raise LivebusError(
                f"the bus {bus!r} has no archive {wanted!r}",
                expected=f"one of {shown}",
                advice=did_you_mean(wanted, names),
            )
        if not names:
            raise LivebusError(f"the bus {bus!r} has no archive", advice="Add an AWS::Events::Archive to the template.")
        if not wanted and len(names) > 1:
            raise LivebusError(
                f"the bus {bus!r} has several archives",
                expected=f"one to choose of {', '.join(names)}",
                advice="Name it with --archive.",
            )
        with told_as_faults("look at the archive"):
            return str(self._client.describe_archive(ArchiveName=wanted or names[0])["ArchiveArn"])

    def get(self, name: str) -> Replay:
        with told_as_faults(f"look at the replay {name!r}"):
            return Replay.from_description(self._client.describe_replay(ReplayName=name))

    def all(self) -> list[Replay]:
        """All replays of the account and region, the newest first."""
        with told_as_faults("list the replays"):
            found = [Replay.from_description(each) for each in _all(self._client.list_replays, "Replays")]
        return sorted(found, key=lambda replay: replay.started.timestamp() if replay.started else 0.0, reverse=True)

    def cancel(self, name: str) -> None:
        with told_as_faults(f"cancel the replay {name!r}"):
            self._client.cancel_replay(ReplayName=name)

    def wait(self, name: str, seen: Callable[[Replay], object], pause: Callable[[], object]) -> Replay:
        """Look again and again until a replay is over; ``seen`` hears of each look."""
        while True:
            replay = self.get(name)
            seen(replay)
            if replay.is_over:
                return replay
            pause()


def _all(call: Callable[..., Mapping[str, Any]], member: str, **request: Any) -> Iterator[Mapping[str, Any]]:
    """The items of all pages."""
    token: dict[str, Any] = {}
    while True:
        answer = call(Limit=_PAGE, **request, **token)
        yield from answer.get(member) or ()
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}
