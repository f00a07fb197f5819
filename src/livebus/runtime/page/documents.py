"""
The page's documents: what runs, what passed, who listens. JSON objects out; nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from livebus.errors import LivebusError, Place
from livebus.event.envelope import Event
from livebus.files import relative
from livebus.flow import CompiledRule
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.faults.injection import KINDS
from livebus.runtime.page import clients, operations, ways
from livebus.runtime.page.history import MAX_EVENTS
from livebus.runtime.page.parts import Parts
from livebus.runtime.page.records import Record
from livebus.template.application import Application

MAX_SUMMARIES = 500
MAX_RETRIES = 200
MAX_ITEMS = 100
MAX_LINES = 200
_LONGEST_TEXT = 2000  # what the filter of the list looks in
_AGENTS_OF_OURS = {"this page": "this page"}


class Documents:
    """``run`` is an id of this start: a page that sees another one begins anew."""

    def __init__(self, parts: Parts, run: str) -> None:
        self._parts = parts
        self._run = run
        self._started = parts.clock()

    # --- what runs --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        parts = self._parts
        return {
            "run": self._run,
            "changed": parts.history.changed,
            "change": self._change(),
            "runtime": {
                "endpoint": parts.environment.endpoint,
                "region": parts.environment.region,
                "started": self._started,
                "timeScale": parts.time_scale,
                "kept": MAX_EVENTS,
                "forgotten": parts.history.forgotten,
            },
            "application": self._application(),
            "faults": parts.faults.state(),
            "faultKinds": KINDS,
            "counts": self.counts(),
        }

    def _change(self) -> dict[str, Any] | None:
        change = self._parts.served.change
        if change is None:
            return None
        return {
            "number": change.number,
            "at": change.at,
            "stack": change.stack,
            "kind": change.kind,
            "count": len(change.faults),
            "first": str(change.faults[0]) if change.faults else "",
        }

    def counts(self) -> dict[str, int]:
        parts = self._parts
        now = parts.clock()
        queues = [queue for each in parts.served.applications().values() for queue in each.letter_queues]
        letters = sum(sum(parts.journal.counts(queue.arn, now)) for queue in queues)
        retries = len(parts.journal.due_times())
        events = len(parts.history)
        return {"events": events, "clients": clients.count(parts), "letters": letters, "retries": retries}

    def fingerprint(self) -> tuple[Any, ...]:
        """Differs where the state does, events aside: cheap enough to be asked for twice a second."""
        parts = self._parts
        change = parts.served.change
        faults = orjson.dumps(parts.faults.state())
        counts = self.counts()
        of_failed = counts["letters"], counts["retries"], parts.replays.changed
        return change and change.number, faults, counts["clients"], of_failed

    def _replays(self) -> list[dict[str, Any]]:
        """All that ListReplays lists, the oldest first; nothing where there is no archive."""
        found: list[dict[str, Any]] = []
        token: dict[str, Any] = {}
        while True:
            try:
                listed: Any = self._parts.events.call("ListReplays", token)
            except (AwsError, LivebusError):
                return []
            found += listed["Replays"]
            if not listed.get("NextToken"):
                return sorted(found, key=lambda each: each["ReplayStartTime"])
            token = {"NextToken": listed["NextToken"]}

    def _application(self) -> dict[str, Any]:
        parts = self._parts
        applications = parts.served.applications()
        each = list(applications.values())
        now = parts.clock()
        template = parts.template
        return {
            "template": relative(template) if template is not None else "",
            "stacks": list(applications),
            "buses": [bus.name for bus in parts.buses.lines.buses],
            "rules": [rule for bus in parts.buses.lines.buses for rule in self._rules(bus.name)],
            "apis": [self._api(stack, one) for stack, one in applications.items()],
            "pools": [self._pool(pool) for one in each for pool in one.user_pools],
            "queues": [
                {"name": queue.name, "count": sum(parts.journal.counts(queue.arn, now)), "where": _where(queue.place)}
                for one in each
                for queue in one.queues
            ],
            "archives": [archive.name for one in each for archive in one.archives],
            "tables": [table.name for one in each for table in one.tables],
            "functions": [function.name for one in each for function in one.functions],
            "logGroups": self._log_groups(),
            "outputs": {stack: dict(one.outputs) for stack, one in applications.items()},
        }

    def _rules(self, bus: str) -> Iterable[dict[str, Any]]:
        for compiled in self._parts.buses.lines.compiled_rules(bus):
            for target in compiled.every_target or (None,):
                yield self._rule(compiled) | ways.described(target)

    @staticmethod
    def _rule(compiled: CompiledRule) -> dict[str, Any]:
        rule = compiled.rule
        return {
            "rule": rule.name,
            "arn": rule.arn,
            "bus": rule.bus,
            "pattern": rule.event_pattern,
            "where": _where(rule.pattern_place or rule.place),
        }

    def _api(self, stack: str, application: Application) -> dict[str, Any]:
        line = self._parts.served.line(stack)
        found = []
        for api in application.apis:
            compiled = line.apis.get(api.logical_id) if line else None
            schema = compiled.schema if compiled else None
            subscription = schema.graphql.subscription_type if schema else None
            fields = {
                name: {
                    "type": str(field.type),
                    "arguments": {argument: str(one.type) for argument, one in field.args.items()},
                    "selection": ways_selection(compiled, name) if compiled else "",
                }
                for name, field in (subscription.fields.items() if subscription else ())
            }
            found.append(
                {
                    "name": api.logical_id,
                    "url": api.graphql_url,
                    "realtimeUrl": api.realtime_url,
                    "modes": [provider.mode for provider in api.providers],
                    "pools": [provider.user_pool_id for provider in api.providers if provider.user_pool_id],
                    "keys": list(api.api_keys),
                    "subscriptions": fields,
                    "operations": operations.fields(schema.graphql) if schema else {},
                }
            )
        return {"stack": stack, "apis": found}

    def _pool(self, pool: Any) -> dict[str, Any]:
        try:
            answer = self._parts.cognito.call("ListUsers", {"UserPoolId": pool.user_pool_id})
        except AwsError:
            answer = {}
        users = [user["Username"] for user in answer.get("Users", ())]
        return {"id": pool.user_pool_id, "name": pool.logical_id, "users": users}

    # --- what passed ------------------------------------------------------------------------------------------------

    def events(self, before: int | None = None, limit: int = MAX_SUMMARIES) -> dict[str, Any]:
        records = self._parts.history.newest(min(limit, MAX_SUMMARIES), before)
        return {"run": self._run, "changed": self._parts.history.changed, "events": [summary(each) for each in records]}

    def event(self, event_id: str) -> dict[str, Any] | None:
        """One event whole; None where it is not kept (any more)."""
        record = self._parts.history.get(event_id)
        if record is None:
            return None
        said = summary(record)
        if record.refused is not None:
            return {
                **said,
                "envelope": dict(record.entry),
                "refused": {"code": record.refused.code, "message": record.refused.message},
                "ways": [],
            }
        return {
            **said,
            "envelope": record.event.envelope if record.event else {},
            "stop": record.stop,
            "ways": ways.ways_of(record),
        }

    def recorded(self, most: int) -> list[tuple[Record, Event]]:
        """Events to try something with, the newest first."""
        return [(each, each.event) for each in self._parts.history.newest(most) if each.event is not None]

    # --- who listens, what waits, what is kept ----------------------------------------------------------------------

    def clients(self) -> dict[str, Any]:
        return {"clients": clients.connected(self._parts)}

    def retries(self) -> list[dict[str, Any]]:
        """Events that wait for another try, the next ones first."""
        parts = self._parts
        found = []
        for _, row in parts.journal.due_times()[:MAX_RETRIES]:
            retry = parts.journal.retry(row)
            if retry is None:
                continue
            record = parts.history.get(retry.event.id)
            last = record.tries[-1].attempt.failure if record is not None and record.tries else None
            envelope = retry.event.envelope
            found.append(
                {
                    "row": row,
                    "id": retry.event.id,
                    "detailType": envelope["detail-type"],
                    "preview": ways.preview(envelope["detail"]),
                    "rule": retry.rule_arn.rsplit("/", 1)[-1],
                    "target": retry.target_id,
                    "attempts": retry.attempts,
                    "due": retry.due,
                    "cause": last.code if last else "",
                    "message": last.message if last else "",
                }
            )
        return found

    def archives(self) -> list[dict[str, Any]]:
        try:
            listed: Any = self._parts.events.call("ListArchives", {})
        except (AwsError, LivebusError):
            return []
        latest = {each["EventSourceArn"]: each for each in self._replays()}
        found = []
        for archive in listed.get("Archives", ()):
            described: Any = self._parts.events.call("DescribeArchive", {"ArchiveName": archive["ArchiveName"]})
            arn = described["ArchiveArn"]
            replay = latest.get(arn)
            bus = archive["EventSourceArn"].rsplit("event-bus/", 1)[-1]
            rules = {each.rule.name: each.rule.arn for each in self._parts.buses.lines.compiled_rules(bus)}
            found.append(
                {
                    "name": archive["ArchiveName"],
                    "arn": arn,
                    "bus": bus,
                    "busArn": archive["EventSourceArn"],
                    "events": archive["EventCount"],
                    "bytes": archive["SizeBytes"],
                    "days": archive["RetentionDays"],
                    "rules": rules,
                    "replay": f"{replay['ReplayName']}: {replay['State']}" if replay else "",
                }
            )
        return found

    def _log_groups(self) -> list[str]:
        answer: Any = self._parts.logs.call("DescribeLogGroups", {})
        return [group["logGroupName"] for group in answer["logGroups"]]

    def log(self, name: str) -> dict[str, Any]:
        """The last lines of a log group: a function's, an API's, or one that is a target. Raises AwsError."""
        answer: Any = self._parts.logs.call("FilterLogEvents", {"logGroupName": name})
        return {"lines": [each["message"] for each in answer["events"][-MAX_LINES:]]}

    def calls(self) -> dict[str, Any]:
        """The last calls of data sources that clients' requests made, the newest first."""
        return {
            "calls": [
                {
                    "at": call.at,
                    "api": call.api,
                    "requestId": call.request_id,
                    "source": call.source,
                    "type": call.type,
                    "request": call.request,
                    "result": call.result,
                    "errorType": call.error[0],
                    "errorMessage": call.error[1],
                    "ms": call.ms,
                }
                for call in self._parts.history.calls()
            ]
        }

    async def table(self, name: str) -> dict[str, Any]:
        """The first items of a table. Raises AwsError."""
        answer = self._parts.tables.call("Scan", {"TableName": name, "Limit": MAX_ITEMS})
        if not isinstance(answer, dict):  # at another endpoint
            answer = await answer
        return {"items": answer.get("Items", []), "more": "LastEvaluatedKey" in answer}

    def findings(self) -> dict[str, Any]:
        """What ``livebus validate`` says of the template on disk. Slow: to be asked for in a thread."""
        if self._parts.template is None:
            return {"findings": [], "events": [], "note": "what is deployed has no template on disk to validate"}
        from livebus.validate.project import Project
        from livebus.validate.report import as_json
        from livebus.validate.validation import Options, Validation

        environment = self._parts.environment
        options = Options(
            datetime.fromtimestamp(self._parts.clock(), UTC),
            parameters=self._parts.parameters,
            stack_name=environment.stack_name,
            region=environment.region,
        )
        try:
            report: Mapping[str, Any] = as_json(
                Validation(Project.of(self._parts.application or self._parts.template), options).run()
            )
        except LivebusError as error:
            return {"findings": [], "note": "; ".join(map(str, error.faults))}
        return {"findings": list(report["findings"]), "note": ""}


def ways_selection(compiled: Any, field: str) -> str:
    """What a default subscriber of a field asks for, to begin with."""
    from livebus.rehearsal.audience import default_subscriber

    found = default_subscriber(compiled, field)
    return found.query if found is not None else ""


def summary(record: Record) -> dict[str, Any]:
    """A row of the list."""
    event = record.event
    if event is None:
        entry = record.entry
        envelope: Mapping[str, Any] = {"source": entry.get("Source"), "detail-type": entry.get("DetailType")}
        text, bus = str(entry.get("Detail") or ""), str(entry.get("EventBusName") or "default")
        shown = record.refused.code if record.refused else ""
    else:
        envelope, bus = event.envelope, event.bus
        text = event.detail_text if event.detail_text is not None else event.text.decode("utf-8", "replace")
        shown = ways.preview(envelope["detail"])
    return {
        "id": record.id,
        "seq": record.seq,
        "at": record.at,
        "bus": bus,
        "source": str(envelope.get("source") or ""),
        "detailType": str(envelope.get("detail-type") or ""),
        "preview": shown,
        "text": text[:_LONGEST_TEXT],
        "size": record.size,
        "via": via(record),
        "outcome": ways.outcome(record),
        "rules": [each.rule.name for each in record.rules],
    }


def via(record: Record) -> str:
    """By whom an event was sent."""
    replay = record.event.envelope.get("replay-name") if record.event is not None else None
    if replay:
        return f"replay {replay}"
    return _AGENTS_OF_OURS.get(record.sender) or (
        clients.agent(record.sender) if record.sender else "before this start"
    )


def _where(place: Place) -> str:
    return ways.place_of(place)
