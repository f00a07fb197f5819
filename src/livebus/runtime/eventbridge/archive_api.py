"""
EventBridge's calls about archives and replays.

Shapes follow the service model (2015-10-07). Messages are AWS's where answers were recorded; those marked "ours" were
not, and say the same in words of the same kind.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from livebus.errors import InvalidEventPattern
from livebus.numerals import epoch_seconds
from livebus.pattern import EventPattern, service_message
from livebus.runtime.aws_errors import AwsError, validation
from livebus.runtime.eventbridge.archive_store import KeptReplay
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.eventbridge.replays import CANCELLING, RUNNING, STARTING, Replays
from livebus.template.application import Archive, EventBus

T = TypeVar("T")

MAX_ARCHIVES = 100  # ours
MAX_REPLAYS_UNDER_WAY = 10
_ARCHIVE_STATES = ("CREATE_FAILED", "CREATING", "DISABLED", "ENABLED", "UPDATE_FAILED", "UPDATING")
_REPLAY_STATES = ("CANCELLED", "CANCELLING", "COMPLETED", "FAILED", "RUNNING", "STARTING")
_NAME = re.compile(r"[.\-_A-Za-z0-9]+")
_BUS_ARN = re.compile(r"arn:aws[-a-z]*:events:[-a-z0-9]+:[0-9]{12}:event-bus/.+")
_TOO_MANY = "The requested resource exceeds the maximum number allowed."
_MAX_PAGE = 100


class ArchiveApi:
    """``buses`` are those that there are, at any time."""

    def __init__(
        self,
        archives: Archives,
        replays: Replays,
        buses: Callable[[], Iterable[EventBus]],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._archives = archives
        self._store = archives.store
        self._replays = replays
        self._buses = buses
        self._clock = clock

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one of ARCHIVE_ACTIONS. Raises AwsError."""
        return ARCHIVE_ACTIONS[action](self, body)

    # --- archives ---------------------------------------------------------------------------------------------------

    def _create_archive(self, body: Mapping[str, Any]) -> dict[str, Any]:
        name = _name(body, "ArchiveName", 48)
        bus = self._bus(_text(body, "EventSourceArn"))
        archive = Archive(name, ":".join([*bus.arn.split(":")[:5], f"archive/{name}"]), bus.name, bus.arn)
        if self._archives.get(name) is not None:
            raise AwsError("ResourceAlreadyExistsException", f"Archive {name} already exists.")
        if len(self._archives.all()) >= MAX_ARCHIVES:
            raise AwsError("LimitExceededException", _TOO_MANY)
        archive = _changed(archive, body)
        self._archives.put(archive)
        return self._outcome(archive)

    def _update_archive(self, body: Mapping[str, Any]) -> dict[str, Any]:
        archive = _changed(self._changeable(body), body)
        self._archives.put(archive)
        return self._outcome(archive)

    def _delete_archive(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._archives.delete(self._changeable(body))
        return {}

    def _describe_archive(self, body: Mapping[str, Any]) -> dict[str, Any]:
        archive = self._archive(body)
        described = {"ArchiveArn": archive.arn, **self._shown(archive)}
        if archive.description:
            described["Description"] = archive.description
        if archive.event_pattern is not None:
            described["EventPattern"] = archive.event_pattern
        return described

    def _list_archives(self, body: Mapping[str, Any]) -> dict[str, Any]:
        state = _choice(body, "State", _ARCHIVE_STATES)
        source, prefix = body.get("EventSourceArn"), str(body.get("NamePrefix") or "")
        if source is not None:
            self._bus(str(source))
        found = [
            archive
            for archive in self._archives.all()
            if archive.name.startswith(prefix) and source in (None, archive.bus_arn) and state in (None, "ENABLED")
        ]
        page, token = _page(body, found, lambda archive: archive.name)
        return {"Archives": [self._shown(archive) for archive in page], **token}

    def _shown(self, archive: Archive) -> dict[str, Any]:
        self._archives.flush()
        count, size = self._store.count(archive.arn)
        return {
            "ArchiveName": archive.name,
            "EventSourceArn": archive.bus_arn,
            "State": "ENABLED",
            "RetentionDays": archive.retention_days,
            "SizeBytes": size,
            "EventCount": count,
            "CreationTime": self._store.created(archive.arn, self._clock()),
        }

    def _outcome(self, archive: Archive) -> dict[str, Any]:
        created = self._store.created(archive.arn, self._clock())
        return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": created}

    def _archive(self, body: Mapping[str, Any]) -> Archive:
        name = _name(body, "ArchiveName", 48)
        archive = self._archives.get(name)
        if archive is None:
            raise AwsError("ResourceNotFoundException", f"Archive {name} does not exist.")
        return archive

    def _changeable(self, body: Mapping[str, Any]) -> Archive:
        archive = self._archive(body)
        if self._archives.is_of_template(archive.name):
            # AWS would change it until the next deployment; here the template is read again at any time.
            raise AwsError(
                "ValidationException",
                f"Archive {archive.name} is the template's; the local runtime changes it with the template only.",
            )
        return archive

    def _bus(self, arn: str) -> EventBus:
        for bus in self._buses():
            if bus.arn == arn:
                return bus
        raise AwsError("ResourceNotFoundException", f"Event bus {arn.rsplit('event-bus/', 1)[-1]} does not exist.")

    # --- replays ----------------------------------------------------------------------------------------------------

    def _start_replay(self, body: Mapping[str, Any]) -> dict[str, Any]:
        name = _name(body, "ReplayName", 64)
        source = _text(body, "EventSourceArn")
        start, end = _time(body, "EventStartTime"), _time(body, "EventEndTime")
        destination = body.get("Destination")
        if not isinstance(destination, Mapping):
            raise validation([_null("destination")])
        bus_arn = _text(destination, "Arn", "destination.arn")
        if not _BUS_ARN.fullmatch(bus_arn):
            raise _invalid("Destination.Arn", "Must contain an event bus ARN.")
        filters = destination.get("FilterArns") or []
        if not isinstance(filters, list) or not all(isinstance(arn, str) for arn in filters):
            raise AwsError("SerializationException", "FilterArns is not a list of strings.")
        bus = self._bus(bus_arn)
        archive = next((each for each in self._archives.all() if each.arn == source), None)
        if archive is None:
            raise _invalid("EventSourceArn", f"Archive {source.rsplit('/', 1)[-1]} does not exist.")
        if archive.bus_arn != bus.arn:
            raise _invalid("Destination.Arn", "Cross event bus replay is not permitted.")
        if end <= start:
            raise _invalid("EventEndTime", "EventStartTime must be before EventEndTime.")
        if self._store.replay(name) is not None:
            raise AwsError("ResourceAlreadyExistsException", f"Replay {name} already exists.")
        if self._replays.under_way >= MAX_REPLAYS_UNDER_WAY:
            raise AwsError("LimitExceededException", _TOO_MANY)
        self._archives.flush()
        arn = ":".join([*bus.arn.split(":")[:5], f"replay/{name}"])
        now = self._clock()
        replay = KeptReplay(
            name, arn, archive.arn, bus.arn, start, end, now, self._store.newest(), (math.floor(start / 60), 0, 0)
        )
        replay = replace(replay, description=_described(body), filter_arns=tuple(filters))
        self._replays.start(replay)
        return {"ReplayArn": arn, "State": STARTING, "ReplayStartTime": now}

    def _describe_replay(self, body: Mapping[str, Any]) -> dict[str, Any]:
        replay = self._replay(body)
        destination: dict[str, Any] = {"Arn": replay.bus_arn}
        if replay.filter_arns:
            destination["FilterArns"] = list(replay.filter_arns)
        described = {"ReplayArn": replay.arn, "Destination": destination, **_shown_replay(replay)}
        return {**described, "Description": replay.description} if replay.description else described

    def _list_replays(self, body: Mapping[str, Any]) -> dict[str, Any]:
        given = [body.get(member) for member in ("State", "EventSourceArn", "NamePrefix")]
        if sum(each is not None for each in given) > 1:
            raise AwsError(
                "ValidationException",
                "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.",
            )
        state, source, prefix = _choice(body, "State", _REPLAY_STATES), given[1], str(given[2] or "")
        found = [
            replay
            for replay in self._store.replays()
            if replay.name.startswith(prefix) and source in (None, replay.archive_arn) and state in (None, replay.state)
        ]
        page, token = _page(body, found, lambda replay: replay.name)
        return {"Replays": [_shown_replay(replay) for replay in page], **token}

    def _cancel_replay(self, body: Mapping[str, Any]) -> dict[str, Any]:
        replay = self._replay(body)
        if replay.state not in (STARTING, RUNNING):
            # The words are moto's; nobody has recorded AWS's.
            raise AwsError(
                "IllegalStatusException", f"Replay {replay.name} is not in a valid state for this operation."
            )
        self._replays.cancel(replay)
        return {"ReplayArn": replay.arn, "State": CANCELLING}

    def _replay(self, body: Mapping[str, Any]) -> KeptReplay:
        name = _name(body, "ReplayName", 64)
        replay = self._store.replay(name)
        if replay is None:
            raise AwsError("ResourceNotFoundException", f"Replay {name} does not exist.")
        return replay


ARCHIVE_ACTIONS: dict[str, Callable[[ArchiveApi, Mapping[str, Any]], dict[str, Any]]] = {
    "CancelReplay": ArchiveApi._cancel_replay,
    "CreateArchive": ArchiveApi._create_archive,
    "DeleteArchive": ArchiveApi._delete_archive,
    "DescribeArchive": ArchiveApi._describe_archive,
    "DescribeReplay": ArchiveApi._describe_replay,
    "ListArchives": ArchiveApi._list_archives,
    "ListReplays": ArchiveApi._list_replays,
    "StartReplay": ArchiveApi._start_replay,
    "UpdateArchive": ArchiveApi._update_archive,
}


def _shown_replay(replay: KeptReplay) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.archive_arn,
        "State": replay.state,
        "EventStartTime": replay.start,
        "EventEndTime": replay.end,
        "ReplayStartTime": replay.started,
    }
    given = {"StateReason": replay.reason, "EventLastReplayedTime": replay.last, "ReplayEndTime": replay.ended}
    return shown | {name: value for name, value in given.items() if value not in (None, "")}


def _changed(archive: Archive, body: Mapping[str, Any]) -> Archive:
    """An archive with what a request says about its pattern, retention and description; the rest as it was."""
    changes: dict[str, Any] = {}
    if "Description" in body:
        changes["description"] = _described(body)
    if body.get("RetentionDays") is not None:
        days = body["RetentionDays"]
        if not isinstance(days, int) or isinstance(days, bool):
            raise AwsError("SerializationException", "RetentionDays is not a number.")
        if days < 0:
            wanted = "Member must have value greater than or equal to 0"
            raise validation([f"Value '{days}' at 'retentionDays' failed to satisfy constraint: {wanted}"])
        changes["retention_days"] = days
    if body.get("EventPattern") is not None:
        pattern = str(body["EventPattern"])
        try:
            EventPattern(pattern)
        except InvalidEventPattern as error:
            raise AwsError("InvalidEventPatternException", service_message(pattern, error)) from None
        changes["event_pattern"] = pattern
    return replace(archive, **changes)


def _described(body: Mapping[str, Any]) -> str:
    text = str(body.get("Description") or "")
    if len(text) > 512:
        raise validation([_too_long(text, "description", 512)])
    return text


def _name(body: Mapping[str, Any], member: str, longest: int) -> str:
    name, shown = _text(body, member), f"{member[0].lower()}{member[1:]}"
    violations = []
    if len(name) > longest:
        violations.append(_too_long(name, shown, longest))
    if not name:
        violations.append(
            f"Value '' at '{shown}' failed to satisfy constraint: Member must have length greater than or equal to 1"
        )
    if not _NAME.fullmatch(name):
        violations.append(
            f"Value '{name}' at '{shown}' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
        )
    if violations:
        raise validation(violations)
    return name


def _too_long(text: str, shown: str, longest: int) -> str:
    return f"Value '{text}' at '{shown}' failed to satisfy constraint: Member must have length less than or equal to {longest}"


def _text(body: Mapping[str, Any], member: str, shown: str = "") -> str:
    value = body.get(member)
    if value is None:
        raise validation([_null(shown or f"{member[0].lower()}{member[1:]}")])
    return str(value)


def _null(shown: str) -> str:
    return f"Value null at '{shown}' failed to satisfy constraint: Member must not be null"


def _time(body: Mapping[str, Any], member: str) -> float:
    """A timestamp as JSON has it: epoch seconds, or ISO-8601 text from some clients."""
    value = body.get(member)
    if value is None:
        raise validation([_null(f"{member[0].lower()}{member[1:]}")])
    if not isinstance(value, str):
        moment_given = epoch_seconds(value)
        if moment_given is None:
            raise AwsError("SerializationException", f"{member} is not a timestamp.")
        return moment_given
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise AwsError("SerializationException", f"{member} is not a timestamp.") from None


def _choice(body: Mapping[str, Any], member: str, choices: Sequence[str]) -> str | None:
    value = body.get(member)
    if value is not None and value not in choices:
        wanted = f"Member must satisfy enum value set: [{', '.join(choices)}]"
        raise validation([f"Value '{value}' at '{member.lower()}' failed to satisfy constraint: {wanted}"])
    return value


def _page(body: Mapping[str, Any], found: list[T], name_of: Callable[[T], str]) -> tuple[list[T], dict[str, str]]:
    """One page of a list that is sorted by name; the token is the last name of the page before."""
    limit = body.get("Limit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= _MAX_PAGE):
        raise validation(
            [
                f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and {_MAX_PAGE}"
            ]
        )
    after = body.get("NextToken")
    rest = [each for each in found if after is None or name_of(each) > str(after)]
    page = rest[: limit or _MAX_PAGE]
    return page, {"NextToken": name_of(page[-1])} if len(rest) > len(page) else {}


def _invalid(parameter: str, reason: str) -> AwsError:
    return AwsError("ValidationException", f"Parameter {parameter} is not valid. Reason: {reason}")
