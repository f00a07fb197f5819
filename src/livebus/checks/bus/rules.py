"""
Checks of rules and their event patterns: EventBridge takes them, they can match, and something comes of it.

In: an inspection. Out: faults, in a pattern that is an object with the member's own line. What the loader finds is not
said again: names, states, schedules, a pattern that is not there.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, InvalidEventPattern, closest
from livebus.pattern.quota import (
    ACCEPTED_COMPLEXITY,
    DEFAULT_LENGTH,
    MAX_FIELDS,
    MAX_LENGTH,
    REFUSED_COMPLEXITY,
    complexity,
)
from livebus.pattern.rule import PatternRule as ReadPattern
from livebus.pattern.rule import read
from livebus.template.document import Path
from livebus.template.event_patterns import OPERATORS, WrittenPattern, written_patterns

CHECKS = Checks()

_PATTERNS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"
_OPERATORS_PAGE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
_QUOTAS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_BEST = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-patterns-best-practices.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html"
_RULES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html"

_TEXTS = ("version", "id", "detail-type", "source", "account", "time", "region", "replay-name")
_ENVELOPE = (*_TEXTS, "resources", "detail")
_MAX_RULES_WITH_WILDCARDS = 30
_MAX_RULES = 300


# --- what EventBridge takes -----------------------------------------------------------------------------------------


@CHECKS.add(
    "E9120",
    "EventBridge takes the event pattern of each rule and archive",
    why="PutRule answers InvalidEventPatternException, and the deployment rolls back.",
    source=_OPERATORS_PAGE,
)
def _valid(inspection: Inspection) -> Iterator[Fault]:
    for pattern in written_patterns(inspection.resources):
        try:
            found = read(pattern.text)
        except InvalidEventPattern as refused:
            yield from pattern.refused(refused).faults
            continue
        if len(pattern.text) > MAX_LENGTH:
            message = f"the pattern has {len(pattern.text):,} characters"
            yield Fault(message, pattern.place(), f"{MAX_LENGTH:,} at most", "Split the rule.")
            continue
        for field, number in _complexities(found):
            if number >= REFUSED_COMPLEXITY:
                message = f"Rule is too complex: the wildcards of {field} have a complexity of {number}"
                yield Fault(message, pattern.place(*field.split(".")), advice="Use fewer * in each value.")
    yield from _wildcards(inspection)


def _complexities(pattern: ReadPattern) -> Iterator[tuple[str, int]]:
    """How complex the wildcards of each field are."""
    seen = set()
    for sub_rule in pattern.sub_rules:
        for path, field in sub_rule.items():
            if (path, field) not in seen:
                seen.add((path, field))
                yield path, complexity(field.conditions)


def _wildcards(inspection: Inspection) -> Iterator[Fault]:
    """The rules of a bus that are one too many with a wildcard; this quota cannot be raised."""
    buses = {rule.logical_id: rule.bus for rule in inspection.application.rules}
    count: dict[str, int] = {}
    for pattern in written_patterns(inspection.resources):
        bus = buses.get(pattern.resource.logical_id)
        if bus is not None and _has_key(pattern.value, "wildcard"):
            count[bus] = count.get(bus, 0) + 1
            if count[bus] == _MAX_RULES_WITH_WILDCARDS + 1:
                found = f"the bus {bus!r} has more than {_MAX_RULES_WITH_WILDCARDS} rules with a wildcard"
                yield Fault(found, pattern.place(), advice="Use prefix or suffix where they do as well.")


def _has_key(value: Any, name: str) -> bool:
    if isinstance(value, Mapping):
        return name in value or any(_has_key(item, name) for item in value.values())
    return isinstance(value, list) and any(_has_key(item, name) for item in value)


@CHECKS.add(
    "W9120",
    "Patterns and rules keep within the quotas that every account has",
    why="EventBridge refuses the rule in an account whose quota was not raised, and the deployment rolls back.",
    source=_QUOTAS,
)
def _within_quotas(inspection: Inspection) -> Iterator[Fault]:
    for pattern in written_patterns(inspection.resources):
        try:
            found = read(pattern.text)
        except InvalidEventPattern:
            continue
        if len(pattern.text) > MAX_LENGTH:
            continue  # told already, by its length
        compact = pattern.text if pattern.is_text else json.dumps(pattern.value, separators=(",", ":"))
        if len(compact) > DEFAULT_LENGTH:
            expected = f"{DEFAULT_LENGTH:,} at most, or {MAX_LENGTH:,} where the quota was raised"
            yield Fault(f"the pattern has {len(compact):,} characters", pattern.place(), expected, "Split the rule.")
        most = max(map(len, found.sub_rules))
        if most > MAX_FIELDS:
            yield Fault(f"the pattern asks for {most} fields at once", pattern.place(), f"{MAX_FIELDS} at most")
        for field, number in _complexities(found):
            if ACCEPTED_COMPLEXITY < number < REFUSED_COMPLEXITY:
                message = f"the wildcards of {field} have a complexity of {number}"
                expected = f"{ACCEPTED_COMPLEXITY} at most to be sure: AWS refuses {REFUSED_COMPLEXITY}"
                yield Fault(message, pattern.place(*field.split(".")), expected, "Use fewer * in each value.")
    count: dict[str, int] = {}
    for rule in inspection.application.rules:
        count[rule.bus] = count.get(rule.bus, 0) + 1
        if count[rule.bus] == _MAX_RULES + 1:
            yield Fault(f"the bus {rule.bus!r} has more than {_MAX_RULES} rules", rule.place)


# --- what can match -------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9121",
    "Every part of a pattern is one that some event can meet",
    why="EventBridge takes the pattern, and no event ever matches it: nothing is delivered, and nothing says so.",
    source=_EVENTS,
)
def _can_match(inspection: Inspection) -> Iterator[Fault]:
    for pattern in written_patterns(inspection.resources):
        try:
            found = read(pattern.text)
        except InvalidEventPattern:
            continue
        if found.or_as_field:
            message = "$or is not used as an operator, so EventBridge takes it for a field of that name"
            yield Fault(message, pattern.place("$or"), "an array of two or more objects with fields in them")
        else:
            yield from _in_envelope(pattern, pattern.value, ())


def _in_envelope(pattern: WrittenPattern, members: Any, path: Path) -> Iterator[Fault]:
    """What no envelope of an event has, at the level of its own members."""
    for name, value in members.items() if isinstance(members, Mapping) else ():
        below = (*path, name)
        if name == "$or" and isinstance(value, list):
            for index, member in enumerate(value):
                yield from _in_envelope(pattern, member, (*below, index))
        elif isinstance(value, list) and {"exists": False} in value:
            continue  # met by what is not there
        elif name.partition(".")[0] not in _ENVELOPE:
            expected = f"one of {', '.join(_ENVELOPE)}"
            yield Fault(f"no event has {name!r}", pattern.place(*below), expected, _member_meant(name))
        elif fault := _never_met(pattern, name, value, below):
            yield fault


def _never_met(pattern: WrittenPattern, name: str, value: Any, path: Path) -> Fault | None:
    """What keeps a member of the envelope from ever being as the pattern has it."""
    if name == "detail" and isinstance(value, list):
        return Fault("detail is an object in every event; a list of values never matches it", pattern.place(*path))
    if name not in (*_TEXTS, "resources"):
        return None
    kind = "a list of texts" if name == "resources" else "a text"
    if isinstance(value, Mapping):
        advice = f"Write the values, or the operators, in a list: {name}: […]."
        return Fault(f"{name} is {kind} in every event, and no object", pattern.place(*path), advice=advice)
    if all(map(_is_no_text, value)):
        found = f"{name} is {kind} in every event, and {json.dumps(value[0])} is none"
        return Fault(found, pattern.place(*path, 0), advice="Put it in quotes.")
    if name == "version" and all(isinstance(item, str) and item != "0" for item in value):
        return Fault(f'version is "0" in every event, and never {value[0]!r}', pattern.place(*path, 0))
    return None


def _member_meant(name: str) -> str:
    """The member of the envelope that a name may be meant to be."""
    bare = {member.replace("-", ""): member for member in _ENVELOPE}
    plain = re.sub("[^a-z]", "", name.lower())
    close = closest(plain, bare, 0.75)
    return f"Did you mean {bare[close]!r}?" if close else "What your own events hold is below detail."


def _is_no_text(condition: Any) -> bool:
    """Whether a condition is met by no text: numbers, truth values, null, and numeric."""
    if isinstance(condition, Mapping):
        return list(condition) == ["numeric"]
    return not isinstance(condition, str)


@CHECKS.add(
    "W9121",
    "Operators stand in lists",
    why="An operator that is a key of an object is the name of a field, and hardly any event has a field of that name.",
    source=_OPERATORS_PAGE,
)
def _operators_in_lists(inspection: Inspection) -> Iterator[Fault]:
    for pattern in written_patterns(inspection.resources):
        yield from _operators_as_fields(pattern, pattern.value, ())


def _operators_as_fields(pattern: WrittenPattern, value: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        return
    for name, item in value.items():
        below = (*path, name)
        # A field of an event may be called so; as the only one of an object below detail it is hardly one.
        if name in OPERATORS and len(value) == 1 and len(path) > 1 and isinstance(item, list):
            found = f"{name!r} is the name of a field here"
            yield Fault(found, pattern.place(*below), f"[{name}: …] as the value of {path[-1]}")
        yield from _operators_as_fields(pattern, item, below)


@CHECKS.add(
    "W9122",
    "The rule of an API takes in what its operation is for, and not every event",
    why="Every event that is ever put onto the bus is handed to the API: it costs, and subscribers see what is not meant.",
    source=_BEST,
)
def _narrow(inspection: Inspection) -> Iterator[Fault]:
    patterns = {each.resource.logical_id: each for each in written_patterns(inspection.resources)}
    for rule in inspection.application.rules:
        pattern = patterns.get(rule.logical_id)
        compiled = inspection.patterns.get(rule.logical_id)
        if not rule.targets or pattern is None or compiled is None or "anything-but" in pattern.text:
            continue
        if compiled.matches(_event_of_nothing(inspection, pattern.value)):
            found = f"the pattern of rule {rule.logical_id!r} matches every event of the bus {rule.bus!r}"
            yield Fault(found, pattern.place(), "a source, a detail-type, or fields of detail")


def _event_of_nothing(inspection: Inspection, pattern: Any) -> dict[str, Any]:
    """An event with no more in it than every event has, of the account and region that the pattern asks for."""
    event: dict[str, Any] = {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": "a detail type that nobody uses",
        "source": "a.source.that.nobody.uses",
        "account": inspection.environment.account,
        "time": "2026-01-15T08:30:00Z",
        "region": inspection.environment.region,
        "resources": [],
        "detail": {},
    }
    for name in ("account", "region"):
        asked = pattern.get(name) if isinstance(pattern, Mapping) else None
        if isinstance(asked, list) and isinstance(asked[0], str):
            event[name] = str(asked[0])
    return event


# --- what comes of it -----------------------------------------------------------------------------------------------


@CHECKS.add(
    "W9123",
    "Each rule is on, and has a target",
    why="Events match the rule and go nowhere.",
    source=_RULES,
)
def _at_work(inspection: Inspection) -> Iterator[Fault]:
    for resource in inspection.resources.of_type("AWS::Events::Rule"):
        raw = inspection.raw(resource.logical_id).get("Properties")
        properties = raw if isinstance(raw, Mapping) else {}
        if properties.get("State") == "DISABLED" and not _is_missed(inspection, resource.logical_id):
            found = f"the rule {resource.logical_id!r} is DISABLED"
            yield Fault(found, resource.place("State"), "ENABLED", "A parameter can switch it where it is meant.")
        if not properties.get("Targets"):
            yield Fault(f"the rule {resource.logical_id!r} has no Targets", resource.place())


def _is_missed(inspection: Inspection, logical_id: str) -> bool:
    """Whether a sample event waits for just this rule: the check of the samples tells it then."""
    others = [rule for rule in inspection.application.rules if rule.enabled]
    matched = {id(sample) for other in others for sample in inspection.samples_for(other)}
    return any(
        sample.expected and id(sample) not in matched
        for rule in inspection.application.rules
        if rule.logical_id == logical_id
        for sample in inspection.samples_for(rule)
    )
