"""
Amazon EventBridge's API as the local runtime serves it: PutEvents, TestEventPattern, and the calls that describe.

Shapes and messages follow the service model (2015-10-07) and answers recorded from AWS.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from livebus.errors import InvalidEventPattern
from livebus.event.put_events import MAX_ENTRIES, MAX_REQUEST_BYTES, entry_bytes, is_timestamp
from livebus.pattern import EventPattern, service_message
from livebus.runtime.aws_errors import AwsError, validation
from livebus.runtime.eventbridge.archive_api import ARCHIVE_ACTIONS, ArchiveApi
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.template.application import Rule, Target
from livebus.template.return_values import bus_name

_ENTRY_TEXTS = ("Source", "DetailType", "Detail", "EventBusName", "TraceHeader")
_PLAIN_MEMBERS = frozenset(("Source", "DetailType", "Detail", "EventBusName"))
# TestEventPattern refuses an event that lacks any of these.
_ENVELOPE = ("id", "account", "source", "time", "region", "resources", "detail-type")


class EventsApi:
    """``archives`` answers the calls about archives and replays."""

    def __init__(self, buses: EventBuses, archives: ArchiveApi | None = None) -> None:
        self._buses = buses
        self._archives = archives

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """The answer to one call. Raises AwsError, also for the actions that are not emulated."""
        handler = _ACTIONS.get(action)
        if handler is None and self._archives is not None and action in ARCHIVE_ACTIONS:
            return self._archives.call(action, body)
        if handler is None:
            raise AwsError("UnknownOperationException", f"events:{action} is not emulated by the local runtime.")
        return handler(self, body)

    def _put_events(self, body: Mapping[str, Any]) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        entries = body.get("Entries")
        if not isinstance(entries, list):
            raise validation(["Value null at 'entries' failed to satisfy constraint: Member must not be null"])
        if body.get("EndpointId") is not None:
            raise AwsError(
                "ValidationException", "Global endpoints (EndpointId) are not emulated by the local runtime."
            )
        if not 1 <= len(entries) <= MAX_ENTRIES:
            bound = f"less than or equal to {MAX_ENTRIES}" if entries else "greater than or equal to 1"
            shown = ", ".join(_shown(entry) for entry in entries)
            raise validation(
                [f"Value '[{shown}]' at 'entries' failed to satisfy constraint: Member must have length {bound}"]
            )
        size = 0
        for entry in entries:
            found = _bytes_of_texts(entry)
            if found < 0:
                _check_types(entry)
                found = entry_bytes(entry)
            size += found
        if size > MAX_REQUEST_BYTES:
            raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
        failing = self._buses.faults.failing_entries(len(entries))
        if not failing:
            return self._buses.put_events_in_turns(entries)
        taken = self._buses.put_events_in_turns([each for index, each in enumerate(entries) if index not in failing])
        if isinstance(taken, dict):
            return _with_failed(taken, failing, len(entries))
        return _with_failed_later(taken, failing, len(entries))

    def _test_event_pattern(self, body: Mapping[str, Any]) -> dict[str, Any]:
        given = str(body.get("EventPattern", ""))
        try:
            pattern = EventPattern(given)
        except InvalidEventPattern as error:
            raise AwsError("InvalidEventPatternException", service_message(given, error)) from None
        text = str(body.get("Event", ""))
        try:
            event = json.loads(text)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or any(member not in event for member in _ENVELOPE):
            raise AwsError("ValidationException", "Parameter Event is not valid.")
        return {"Result": pattern.matches_json(text)}

    # --- describing -------------------------------------------------------------------------------------------------

    def _describe_event_bus(self, body: Mapping[str, Any]) -> dict[str, Any]:
        name = bus_name(_text(body, "Name"))
        for bus in self._buses.lines.buses:
            if bus.name == name:
                return {"Name": bus.name, "Arn": bus.arn}
        raise _no_bus(name)

    def _list_event_buses(self, body: Mapping[str, Any]) -> dict[str, Any]:
        prefix = str(body.get("NamePrefix") or "")
        buses = self._buses.lines.buses
        return {"EventBuses": [{"Name": bus.name, "Arn": bus.arn} for bus in buses if bus.name.startswith(prefix)]}

    def _list_rules(self, body: Mapping[str, Any]) -> dict[str, Any]:
        bus, prefix = self._known_bus(body), str(body.get("NamePrefix") or "")
        return {"Rules": [_rule(rule) for rule in self._rules(bus) if rule.name.startswith(prefix)]}

    def _describe_rule(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return _rule(self._rule(body, _required(body, "Name")))

    def _list_targets_by_rule(self, body: Mapping[str, Any]) -> dict[str, Any]:
        rule = self._rule(body, _required(body, "Rule"))
        return {"Targets": [_target(target) for target in (*rule.targets, *rule.function_targets, *rule.other_targets)]}

    def _known_bus(self, body: Mapping[str, Any]) -> str:
        name = bus_name(_text(body, "EventBusName"))
        if not self._buses.lines.has_bus(name):
            raise _no_bus(name)
        return name

    def _rules(self, bus: str) -> list[Rule]:
        return [rule for rule in self._buses.lines.rules if rule.bus == bus]

    def _rule(self, body: Mapping[str, Any], name: str) -> Rule:
        bus = self._known_bus(body)
        for rule in self._rules(bus):
            if rule.name == name:
                return rule
        raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}.")


_ACTIONS: dict[str, Callable[[EventsApi, Mapping[str, Any]], dict[str, Any] | Awaitable[dict[str, Any]]]] = {
    "DescribeEventBus": EventsApi._describe_event_bus,
    "DescribeRule": EventsApi._describe_rule,
    "ListEventBuses": EventsApi._list_event_buses,
    "ListRules": EventsApi._list_rules,
    "ListTargetsByRule": EventsApi._list_targets_by_rule,
    "PutEvents": EventsApi._put_events,
    "TestEventPattern": EventsApi._test_event_pattern,
}


def _with_failed(taken: Mapping[str, Any], failing: frozenset[int], count: int) -> dict[str, Any]:
    """The answer to a request some of whose entries fail on purpose (``--fault partial``), and the others are taken."""
    answers = iter(taken["Entries"])
    throttled = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
    answered = [throttled if index in failing else next(answers) for index in range(count)]
    return {"FailedEntryCount": taken["FailedEntryCount"] + len(failing), "Entries": answered}


async def _with_failed_later(taken: Awaitable[dict[str, Any]], failing: frozenset[int], count: int) -> dict[str, Any]:
    return _with_failed(await taken, failing, count)


def _text(body: Mapping[str, Any], member: str) -> str | None:
    """A member that is a text where it is there."""
    value = body.get(member)
    if value is not None and not isinstance(value, str):
        raise AwsError("SerializationException", f"{member} is not a string.")
    return value


def _required(body: Mapping[str, Any], member: str) -> str:
    value = body.get(member)
    if value is None:
        raise validation([f"Value null at '{member.lower()}' failed to satisfy constraint: Member must not be null"])
    return str(value)


def _bytes_of_texts(entry: Any) -> int:
    """The size of an entry that has ASCII texts and nothing else, as most have; -1 for any other, right or wrong."""
    if type(entry) is not dict or not entry.keys() <= _PLAIN_MEMBERS:
        return -1
    try:
        texts = "".join(entry.values())
    except TypeError:
        return -1
    return len(texts) - len(entry.get("EventBusName", "")) if texts.isascii() else -1


def _check_types(entry: Any) -> None:
    """Refuse an entry whose members are of other types than the service model has; the wording is ours."""
    if not isinstance(entry, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected.")
    for member in _ENTRY_TEXTS:
        text = entry.get(member)
        if text is not None and type(text) is not str:
            raise AwsError("SerializationException", f"{member} is not a string.")
    if not is_timestamp(entry.get("Time")):
        raise AwsError("SerializationException", "Time is not a timestamp.")
    resources = entry.get("Resources")
    if resources and not (isinstance(resources, list) and all(isinstance(item, str) for item in resources)):
        raise AwsError("SerializationException", "Resources is not a list of strings.")


def _rule(rule: Rule) -> dict[str, Any]:
    described = {
        "Name": rule.name,
        "Arn": rule.arn,
        "State": "ENABLED" if rule.enabled else "DISABLED",
        "EventBusName": rule.bus,
    }
    return described if rule.event_pattern is None else {**described, "EventPattern": rule.event_pattern}


def _target(target: Target) -> dict[str, Any]:
    described: dict[str, Any] = {
        "Id": target.id,
        "Arn": target.arn,
        "RetryPolicy": {
            "MaximumRetryAttempts": target.retry_policy.maximum_retry_attempts,
            "MaximumEventAgeInSeconds": target.retry_policy.maximum_event_age_in_seconds,
        },
    }
    if target.graphql_operation:
        described["AppSyncParameters"] = {"GraphQLOperation": target.graphql_operation}
    if target.role is not None:
        described["RoleArn"] = target.role.arn
    if target.dead_letter is not None:
        described["DeadLetterConfig"] = {"Arn": target.dead_letter.arn}
    given = {"Input": target.input, "InputPath": target.input_path, "InputTransformer": target.input_transformer}
    return {**described, **{name: value for name, value in given.items() if value is not None}}


def _shown(entry: Any) -> str:
    """An entry as AWS writes it into its messages."""
    if not isinstance(entry, Mapping):
        return str(entry)
    names = {
        "time": "Time",
        "source": "Source",
        "resources": "Resources",
        "detailType": "DetailType",
        "detail": "Detail",
        "eventBusName": "EventBusName",
        "traceHeader": "TraceHeader",
    }
    members = ", ".join(f"{shown}={entry.get(name) or 'null'}" for shown, name in names.items())
    return f"PutEventsRequestEntry({members})"


def _no_bus(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
