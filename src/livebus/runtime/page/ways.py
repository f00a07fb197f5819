"""
One event's way as a document: what each rule of its bus says, and what each target made of it, station by station.

In: a record of the history, or what a dry run made. Out: JSON objects. Steps and their words are those of ``livebus.steps``: the
trace, the dry run and the demo say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, parse

from livebus import steps
from livebus.errors import Place
from livebus.event.envelope import Event
from livebus.files import relative
from livebus.flow import CompiledDestination, CompiledFunctionTarget, CompiledRule, CompiledTarget, FunctionAttempt
from livebus.retry_policy import DeadLetter
from livebus.runtime.page import clients
from livebus.runtime.page.records import DEAD, DELIVERED, LOST, RETRYING, Record, Try

MAX_CLIENTS = 200  # of one way, each for those who received and those who did not
_AnyTarget = CompiledTarget | CompiledFunctionTarget | CompiledDestination
UNMATCHED, TRAVELLING, NOBODY, FUNCTION = "unmatched", "travelling", "nobody", "function"
_WORST = (LOST, DEAD, RETRYING, TRAVELLING)


def ways_of(record: Record) -> list[dict[str, Any]]:
    """The ways of a recorded event: a rule that matches has one for each target; those come first."""
    event, lines = record.event, record.lines
    if event is None or lines is None:
        return []
    found: list[dict[str, Any]] = []
    for compiled in lines.compiled_rules(event.bus):
        is_matched = any(compiled is each for each in record.rules)
        targets: Sequence[_AnyTarget | None] = compiled.every_target or (None,)
        for target in targets if is_matched else targets[:1]:
            tries = [
                each
                for each in record.tries
                if each.rule.rule.arn == compiled.rule.arn
                and target is not None
                and each.attempt.target.target.id == target.target.id
            ]
            said = way(event, compiled, target, tries, is_matched=is_matched)
            if isinstance(target, CompiledFunctionTarget):
                said["runs"] = [_run(run) for run in record.runs if run["function"] == target.function.name]
            found.append(said)
    return sorted(found, key=lambda each: not each["matches"])


def way(
    event: Event,
    compiled: CompiledRule,
    target: _AnyTarget | None,
    tries: Sequence[Try],
    *,
    is_matched: bool,
) -> dict[str, Any]:
    """One rule's way to one target, with what the tries made of it."""
    rule = compiled.rule
    conditions = compiled.pattern.conditions(event.envelope)
    reasons = [] if is_matched else compiled.pattern.explain(event.envelope)
    if not is_matched and not reasons:
        reasons = ["the event was replayed to other rules only"]
    said: dict[str, Any] = {
        "rule": rule.name,
        "where": place_of(rule.pattern_place or rule.place),
        "matches": is_matched,
        "conditions": conditions,
        "reasons": reasons,
        "steps": [],
        "attempts": [],
        **described(target),
    }
    if not is_matched:
        return {**said, "state": UNMATCHED, "reached": 0}
    if target is None:
        return {**said, "state": NOBODY, "reached": 0, "note": "the rule has no target that runs here"}
    said |= _transformed(event, target, tries)
    for each in tries:
        said["attempts"].append(_attempt(each))
    last = tries[-1] if tries else None
    if last is None:
        return {**said, "state": TRAVELLING, "reached": 0}
    received, withheld = _audience(tries)
    return {
        **said,
        "state": _state(last, len(received)),
        "reached": sum(len(deliveries) for each in tries for _, deliveries in each.attempt.published.deliveries),
        "received": received[:MAX_CLIENTS],
        "withheld": withheld[:MAX_CLIENTS],
    }


def described(target: _AnyTarget | None) -> dict[str, Any]:
    """A target as the application has it."""
    if target is None:
        return {"target": "", "kind": "none"}
    of = target.target
    transformer = target.transformer
    said: dict[str, Any] = {
        "target": of.id,
        "role": of.role.name if of.role else "",
        "form": transformer.form,
        "template": transformer.text,
        "maximumRetryAttempts": of.retry_policy.maximum_retry_attempts,
        "maximumEventAge": of.retry_policy.maximum_event_age_in_seconds,
        "queue": of.dead_letter.name if of.dead_letter else "",
    }
    if isinstance(target, CompiledFunctionTarget):
        return {**said, "kind": "function", "field": target.function.name, "api": "", "subscriptions": []}
    if isinstance(target, CompiledDestination):
        destination = target.destination
        service = destination.service or "another stack"
        name, note = (
            service,
            "" if destination.is_emulated else f"a target of {service!r} is not emulated: nothing is sent",
        )
        if destination.api is not None:
            name, note = destination.api.name, destination.api.out_of_reach
        elif destination.graphql_api:
            note = "no stack here has this API: events fail"
        return {**said, "kind": "destination", "field": name, "api": "", "subscriptions": [], "note": note}
    fields = root_fields(of.graphql_operation)
    linked = [name for field in fields for name in target.api.schema.links.get(field, ())]
    return {
        **said,
        "kind": "api",
        "api": of.api,
        "field": fields[0] if fields else "",
        "operation": of.graphql_operation,
        "subscriptions": linked,
    }


@lru_cache(maxsize=256)
def root_fields(operation: str) -> tuple[str, ...]:
    """The fields that an operation calls."""
    try:
        document = parse(operation)
    except GraphQLError:
        return ()
    return tuple(
        selection.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for selection in definition.selection_set.selections
        if isinstance(selection, FieldNode)
    )


def _transformed(event: Event, target: _AnyTarget, tries: Sequence[Try]) -> dict[str, Any]:
    """The variables and what they make: what the first try made, where it came so far."""
    made = next((each.attempt for each in tries if each.attempt.variables is not None), None)
    said: dict[str, Any] = {"variables": steps.variables(target.transformer, event)}
    if made is not None:
        return {**said, "input": made.variables}
    try:
        return {**said, "input": target.transformer.apply(event)}
    except Exception as error:  # noqa: BLE001 - whatever it is, is what the station says
        return {**said, "input": None, "inputFault": str(error)}


def _attempt(each: Try) -> dict[str, Any]:
    """One try, by the steps that the trace tells."""
    rule = each.rule.rule.name
    told = [*steps.attempted(rule, each.attempt), *steps.published(rule, each.attempt)]
    target = each.attempt.target.target.id
    where = {"station": "delivery", "rule": rule, "target": target}
    if each.kind == RETRYING:
        told.append({**where, "retryIn": round(float(each.more), 3)})
    elif each.kind in (DEAD, LOST):
        letter: DeadLetter = each.more[0]
        which = {"deadLetterQueue": each.more[1]} if each.kind == DEAD else {"lost": each.more[1]}
        told.append({**where, **which, "code": letter.error_code, "message": letter.error_message})
    logs = list(each.attempt.response.logs) if each.attempt.response is not None else []
    return {
        "number": each.attempts + 1,
        "at": each.at,
        "ms": None if each.ms is None else round(each.ms, 3),
        "kind": each.kind,
        "steps": [step | {"words": steps.words(step)} for step in told if step["station"] != "transformer"],
        "logs": logs,
    }


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    """A function's run, with the lines of its log."""
    return {**run, "words": steps.words(run)}


def _audience(tries: Sequence[Try]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Who received what was published, and who did not though they were subscribed, or subscribed later."""
    received = [one for each in tries for one in steps.received(each.attempt, clients.described)]
    last = tries[-1]
    withheld = steps.withheld(last.attempt, clients.described)
    reached = {id(subscription) for each in tries for subscription in _reached(each)}
    told = []
    for one in withheld:
        since = one["client"]["since"]
        told.append(one | {"why": "subscribed later"} if since is not None and since > last.at else one)
    told += [one for one in _later(last, reached) if one not in told]
    return received, told


def _reached(each: Try) -> Iterable[Any]:
    for _, deliveries in each.attempt.published.deliveries:
        for subscription, _ in deliveries:
            yield subscription


def _later(last: Try, reached: set[int]) -> list[dict[str, Any]]:
    """Those who would have received it, had they been there."""
    attempt = last.attempt
    if attempt.response is None or isinstance(attempt, FunctionAttempt):
        return []
    api = attempt.target.api
    told: list[dict[str, Any]] = []
    for publication in attempt.response.publications:
        for field in api.schema.links.get(publication.mutation, ()):
            for subscription, _ in api.subscriptions.publish(field, publication):
                client = clients.described(subscription)
                if id(subscription) not in reached and (client["since"] or 0) > last.at:
                    told.append({"client": client, "field": field, "why": "subscribed later"})
    return told


def _state(last: Try, received: int) -> str:
    if last.kind != DELIVERED:
        return last.kind
    if isinstance(last.attempt, FunctionAttempt):
        return FUNCTION
    return DELIVERED if received else NOBODY


def outcome(record: Record) -> dict[str, Any]:
    """What became of an event in a word or two: the worst of its targets, and how many subscribers it reached."""
    if record.refused is not None:
        return {"kind": "refused", "words": "refused", "reached": 0}
    reached = sum(len(each) for one in record.tries for _, each in one.attempt.published.deliveries)
    last: dict[tuple[str, str], Try] = {}
    for one in record.tries:
        last[one.rule.rule.arn, one.attempt.target.target.id] = one
    due = sum(len(rule.every_target) for rule in record.rules)
    kinds = {one.kind for one in last.values()} | ({TRAVELLING} if len(last) < due else set())
    if record.stop:
        return {"kind": LOST if record.tries else UNMATCHED, "words": record.stop, "reached": reached}
    worst = next((kind for kind in _WORST if kind in kinds), "")
    if worst:
        count = max((one.attempts for one in last.values() if one.kind == worst), default=0)
        words = {DEAD: "dead letter", LOST: "lost", RETRYING: f"retry {count + 1}", TRAVELLING: "on its way"}[worst]
        return {"kind": worst, "words": words, "reached": reached}
    if reached:
        return {"kind": DELIVERED, "words": f"delivered {reached}", "reached": reached}
    if not record.rules and record.lines is not None:
        return {"kind": UNMATCHED, "words": "no match", "reached": 0}
    if any(isinstance(one.attempt, FunctionAttempt) for one in last.values()):
        return {"kind": DELIVERED, "words": "to a function", "reached": 0}
    return {"kind": NOBODY, "words": "reached nobody", "reached": 0}


def place_of(place: Place) -> str:
    """A place's file, line and column, as an editor takes them."""
    return str(replace(place, path="", file=relative(Path(place.file)) if place.file else ""))


def preview(detail: Mapping[str, Any]) -> str:
    """A few values of a detail, to tell it from others."""
    found: list[str] = []
    stack: list[Any] = [detail]
    looked_at = 0
    while stack and len(found) < 4 and looked_at < 50:
        value = stack.pop(0)
        looked_at += 1
        if isinstance(value, dict):
            stack = [*list(value.values())[:8], *stack] if value is detail else [*stack, *list(value.values())[:4]]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found.append(str(value)[:90])
    return "  ·  ".join(found)
