"""
What would become of an event, and what another pattern or template would make of those that passed.

By the stations that carry events for real; nobody who is subscribed hears anything, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from livebus.errors import InvalidEventPattern, LivebusError
from livebus.event.document import read_entries
from livebus.event.envelope import Event
from livebus.event.put_events import Refused, accept, entry_bytes
from livebus.flow import Attempt, CompiledRule, Line, Published
from livebus.pattern import EventPattern
from livebus.rehearsal.stage import RehearsedTarget, Stage
from livebus.runtime.page import ways
from livebus.runtime.page.documents import Documents
from livebus.runtime.page.example import example
from livebus.runtime.page.parts import Parts
from livebus.runtime.page.records import DELIVERED, Try
from livebus.template.application import Target
from livebus.template.return_values import bus_name
from livebus.transformer import NotTransformable, compile_transformer

MAX_TRIED = 1000
_LONGEST_RESULT = 400


class Trial:
    def __init__(self, parts: Parts, documents: Documents) -> None:
        self._parts = parts
        self._documents = documents
        self._stages: dict[str, tuple[Line, Stage]] = {}

    def entry(self, text: str) -> dict[str, Any]:
        """A PutEvents entry from any text that ``publish`` takes. Raises LivebusError where it is not one event."""
        found = read_entries(text.encode(), "the event")
        if len(found) != 1:
            raise LivebusError(f"the text holds {len(found)} events", expected="one event")
        entry = dict(found[0].entry)
        entry.setdefault("EventBusName", self.bus_for(entry))
        return entry

    def examples(self) -> dict[str, dict[str, Any]]:
        """For the first rule that one can be made for: an event that it matches, by the rule's name."""
        lines = self._parts.buses.lines
        for rule in (each.rule for bus in lines.buses for each in lines.compiled_rules(bus.name)):
            made = example(rule.event_pattern or "", self._event)
            if made is not None:
                return {rule.name: made}
        return {}

    def bus_for(self, entry: Mapping[str, Any]) -> str:
        """The bus of an entry that names none: the first one with a rule that matches, else the first with rules."""
        lines = self._parts.buses.lines
        buses = [bus.name for bus in lines.buses if lines.compiled_rules(bus.name)]
        for name in buses:
            event = self._event({**entry, "EventBusName": name})
            if isinstance(event, Event) and lines.rules_for(event):
                return name
        return buses[0] if buses else "default"

    def dry_run(self, text: str) -> dict[str, Any]:
        """An event's ways as they would be. Raises LivebusError where the text is no event."""
        entry = self.entry(text)
        event = self._event(entry)
        said: dict[str, Any] = {"entry": entry, "bus": bus_name(entry.get("EventBusName")), "size": entry_bytes(entry)}
        if isinstance(event, Refused):
            return {**said, "refused": {"code": event.code, "message": event.message}, "ways": [], "envelope": entry}
        lines = self._parts.buses.lines
        stop = "" if lines.has_bus(event.bus) else "no such event bus"
        found = [way for line in lines.of.values() for way in self._ways(line, event)]
        found.sort(key=lambda each: not each["matches"])
        return {**said, "envelope": event.envelope, "stop": stop, "ways": found}

    def _event(self, entry: Mapping[str, Any]) -> Event | Refused:
        lines = self._parts.buses.lines
        now = datetime.fromtimestamp(self._parts.clock(), UTC)
        bus = bus_name(entry.get("EventBusName"))
        event_id = "00000000-0000-4000-8000-000000000000"
        return accept(entry, bus=bus, event_id=event_id, now=now, account=lines.account, region=lines.region)

    def _stage(self, line: Line) -> Stage:
        name = line.application.stack_name
        known = self._stages.get(name)
        if known is None or known[0] is not line:
            known = self._stages[name] = (line, Stage(line, self._parts.services))
        return known[1]

    def _ways(self, line: Line, event: Event) -> list[dict[str, Any]]:
        rules = line.compiled_rules(event.bus)
        if not rules:
            return []
        rehearsal = self._stage(line).rehearse(event, self._parts.services)
        made = {id(each.target): each for each in rehearsal.invocations}
        found = []
        for compiled in rules:
            is_matched = any(compiled.rule is rule for rule in rehearsal.matched)
            targets = compiled.every_target or (None,)
            for target in targets if is_matched else targets[:1]:
                invocation = made.get(id(target.target)) if target is not None else None
                attempt = invocation.attempt if invocation is not None else None
                tries = [self._try(line, compiled, attempt)] if is_matched and attempt is not None else []
                way = ways.way(event, compiled, target, tries, is_matched=is_matched)
                found.append(way | _rehearsed(way, invocation))
        return found

    def _try(self, line: Line, compiled: CompiledRule, attempt: Attempt) -> Try:
        """The attempt, with those who are really subscribed as who would receive it."""
        api = line.apis.get(attempt.target.target.api)
        if api is not None and attempt.response is not None and attempt.failure is None:
            deliveries = tuple(
                (field, api.subscriptions.publish(field, publication))
                for publication in attempt.response.publications
                for field in api.schema.links.get(publication.mutation, ())
            )
            attempt = replace(attempt, target=replace(attempt.target, api=api), published=Published(deliveries))
        kind = DELIVERED if attempt.failure is None else "failed"
        return Try(self._parts.clock(), kind, compiled, attempt, 0, None, None)

    # --- over what passed -------------------------------------------------------------------------------------------

    def pattern(self, rule_arn: str, text: str) -> dict[str, Any]:
        """Another pattern over the recorded events of a rule's bus. Raises LivebusError where AWS refuses it."""
        compiled = self._rule(rule_arn)
        try:
            pattern = EventPattern(text)
        except InvalidEventPattern as error:
            return {"fault": {"message": error.reason, "line": error.line, "column": error.column}}
        rows = []
        for record, event in self._documents.recorded(MAX_TRIED):
            if event.bus != compiled.rule.bus:
                continue
            now, before = pattern.matches(event.envelope), compiled.pattern.matches(event.envelope)
            reasons = [] if now else pattern.explain(event.envelope)
            rows.append(
                {**_row(record.id, record.at, event), "now": now, "before": before, "words": "; ".join(reasons)[:300]}
            )
        return {"rows": rows}

    def template(self, rule_arn: str, target_id: str, text: str) -> dict[str, Any]:
        """Another input template over the recorded events that the rule matches."""
        compiled = self._rule(rule_arn)
        target = self._target(compiled, target_id)
        given: Target = target.target
        paths = (given.input_transformer or {}).get("InputPathsMap") or {}
        changed = replace(
            given, input=None, input_path=None, input_transformer={"InputPathsMap": paths, "InputTemplate": text}
        )
        try:
            transformer = compile_transformer(changed, rule_name=compiled.rule.name, rule_arn=compiled.rule.arn)
        except LivebusError as error:
            fault = error.faults[0]
            return {"fault": {"message": str(fault.found), "line": None, "column": None}}
        rows = []
        for record, event in self._documents.recorded(MAX_TRIED):
            if event.bus != compiled.rule.bus or not compiled.pattern.matches(event.envelope):
                continue
            result, before = _applied(transformer, event), _applied(target.transformer, event)
            rows.append(
                {
                    **_row(record.id, record.at, event),
                    "now": result[0],
                    "before": before[0],
                    "words": result[1][:_LONGEST_RESULT],
                    "differs": result != before,
                }
            )
        return {"rows": rows}

    def _rule(self, arn: str) -> CompiledRule:
        lines = self._parts.buses.lines
        for bus in lines.buses:
            for compiled in lines.compiled_rules(bus.name):
                if compiled.rule.arn == arn:
                    return compiled
        raise LivebusError(f"no rule {arn!r} is at work", expected="the ARN of a rule that is enabled")

    @staticmethod
    def _target(compiled: CompiledRule, target_id: str) -> Any:
        for target in compiled.every_target:
            if target.target.id == target_id:
                return target
        raise LivebusError(f"the rule {compiled.rule.name!r} has no target {target_id!r}")


def _applied(transformer: Any, event: Event) -> tuple[bool, str]:
    try:
        return True, orjson.dumps(transformer.apply(event)).decode()
    except NotTransformable as error:
        return False, str(error)


def _row(event_id: str, at: float, event: Event) -> dict[str, Any]:
    detail = event.envelope["detail"]
    return {"id": event_id, "at": at, "detailType": event.envelope["detail-type"], "preview": ways.preview(detail)}


def _rehearsed(way: Mapping[str, Any], invocation: RehearsedTarget | None) -> dict[str, Any]:
    """What the default subscribers would receive; and what kept an event that was not carried."""
    if not way["matches"] or invocation is None:
        note = "the dry run runs no functions" if way.get("kind") == "function" else ""
        return {"note": note} if way["matches"] else {}
    if invocation.attempt is None:
        return {"state": "failed", "note": invocation.reason}
    return {
        "receptions": [
            {
                "field": each.field,
                "arrives": each.arrives,
                "conditional": each.conditional,
                "reason": each.reason,
                "query": each.subscriber.query if each.subscriber else "",
                "unselected": list(each.unselected),
                "payload": each.payload.decode("utf-8", "replace") if each.payload is not None else None,
            }
            for each in invocation.receptions
        ],
        "connected": len(way.get("received", ())) + len(way.get("withheld", ())),
    }
