"""
Dead letters on the page: shown without being disturbed, sent to the bus or to their own target, purged.

By the code of ``livebus redrive``: groups are its summary, a letter's entry and its mutation are its own; a letter is deleted only
after its event was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from livebus.errors import LivebusError
from livebus.event.envelope import Event
from livebus.redrive.letter import Letter
from livebus.redrive.mutation import target_of
from livebus.redrive.selection import Selection
from livebus.redrive.summary import Summary
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.kept.journal import QueuedMessage
from livebus.runtime.page import ways
from livebus.runtime.page.parts import Parts
from livebus.template.application import Queue

MAX_LETTERS = 1000  # that are looked at, of one queue
_SHOWN = 50  # of one group
_GONE = "it lies in the queue no longer"


class Letters:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._on_their_way: set[int] = set()

    def groups(self) -> list[dict[str, Any]]:
        """Letters of all dead-letter queues in groups of one error, rule and target, each with its first letters."""
        found = []
        for queue in self._queues():
            summary, letters = Summary(), [letter for _, letter in self._letters(queue)]
            for letter in letters:
                summary.add(letter)
            for group in summary.groups:
                shown = [
                    _shown(each)
                    for each in letters
                    if _key(each) == (group.error_code, group.rule_arn, group.target_arn)
                ]
                target = self._target_id(group.rule_arn, group.target_arn)
                found.append({**group.as_json(), "queue": queue.name, "target": target, "letters": shown[:_SHOWN]})
        return found

    async def redrive(self, queue: str, ids: Sequence[str], to: str) -> dict[str, Any]:
        """Send letters on their way again, to the ``bus`` or to their ``target``; what became of each."""
        of = self._queue(queue)
        wanted = Selection(ids=frozenset(ids))
        outcomes = []
        for row, letter in self._letters(of):
            if ids and not wanted.takes(letter):
                continue
            if row in self._on_their_way:  # of another click: twice asked for is not twice delivered
                outcomes.append({"id": letter.message_id, "accepted": False, "message": "it is on its way already"})
                continue
            if not self._parts.journal.is_visible(of.arn, row, self._parts.clock()):
                outcomes.append(
                    {"id": letter.message_id, "accepted": False, "message": _GONE}
                )  # by somebody else, meanwhile
                continue
            self._on_their_way.add(row)
            try:
                event_id = self._to_bus(letter) if to == "bus" else await self._to_target(letter)
                self._parts.journal.delete(of.arn, row)
            except (LivebusError, AwsError) as error:
                message = error.message if isinstance(error, AwsError) else str(error)
                outcomes.append({"id": letter.message_id, "accepted": False, "message": message})
                continue
            finally:
                self._on_their_way.discard(row)
            outcomes.append({"id": letter.message_id, "accepted": True, "eventId": event_id})
        return {"outcomes": outcomes}

    def purge(self, queue: str, ids: Sequence[str]) -> dict[str, Any]:
        """Delete letters for good; those that are on their way are left to what becomes of them."""
        of = self._queue(queue)
        wanted = Selection(ids=frozenset(ids))
        found = self._letters(of)
        rows = [row for row, letter in found if row not in self._on_their_way and (not ids or wanted.takes(letter))]
        return {"purged": sum(self._parts.journal.delete(of.arn, row) for row in rows)}

    def _to_bus(self, letter: Letter) -> str:
        rule = letter.rule
        if rule is None:
            raise LivebusError("the message has no RULE_ARN")
        if not self._parts.buses.lines.has_bus(rule.bus):
            raise LivebusError(f"the event bus {rule.bus!r} does not exist: the event would be dropped")
        entry = {**letter.entry(), "EventBusName": rule.bus}
        answer: Mapping[str, Any] = self._parts.events.call("PutEvents", {"Entries": [entry]})  # type: ignore[assignment]
        first = answer["Entries"][0]
        if "EventId" not in first:
            raise LivebusError(f"{first.get('ErrorCode')}: {first.get('ErrorMessage')}")
        return str(first["EventId"])

    async def _to_target(self, letter: Letter) -> str:
        rule, envelope = letter.rule, letter.event()
        if rule is None or envelope is None:
            raise LivebusError("the message is no event of a rule")
        buses = self._parts.buses
        compiled = next((each for each in buses.lines.compiled_rules(rule.bus) if each.rule.arn == rule.arn), None)
        if compiled is None:
            raise LivebusError(f"there is no rule {rule.name!r} any more", advice="Redrive to the bus.")
        of = target_of(letter, compiled.rule.targets)
        target = next((each for each in compiled.targets if each.target.id == of.id), None)
        if target is None:
            raise LivebusError(f"the target {of.id!r} could not be compiled")
        event = Event(envelope, rule.bus, str(envelope.get("time", "")))
        attempt = await buses.redeliver(event, compiled, target)
        if attempt.failure is not None:
            raise LivebusError(f"{attempt.failure.code}: {attempt.failure.message}")
        if attempt.response is not None and attempt.response.errors:
            raise LivebusError(f"the mutation fails: {attempt.response.errors[0].get('message')}")
        return event.id

    def _target_id(self, rule_arn: str, target_arn: str) -> str:
        """The Id of a rule's target by its ARN; the ARN's end where the rule has it no more."""
        for rule in self._parts.buses.lines.rules:
            if rule.arn == rule_arn:
                for target in (*rule.targets, *rule.function_targets):
                    if target.arn == target_arn:
                        return target.id
        return target_arn.rsplit("/", 1)[-1]

    # --- queues -----------------------------------------------------------------------------------------------------

    def _queues(self) -> list[Queue]:
        return [queue for each in self._parts.served.applications().values() for queue in each.letter_queues]

    def _queue(self, name: str) -> Queue:
        for queue in self._queues():
            if queue.name == name:
                return queue
        raise LivebusError(f"there is no queue {name!r}")

    def _letters(self, queue: Queue) -> list[tuple[int, Letter]]:
        """The letters that nobody has received and hidden, the oldest first."""
        messages = self._parts.journal.peek(queue.arn, MAX_LETTERS, self._parts.clock())
        return [(message.row, _letter(message)) for message in messages]


def _letter(message: QueuedMessage) -> Letter:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
    sent = datetime.fromtimestamp(message.sent, UTC)
    return Letter(message.message_id, message.body, attributes, sent, message.received)


def _key(letter: Letter) -> tuple[str, str, str]:
    return letter.error_code, letter.text("RULE_ARN"), letter.target_arn


def _shown(letter: Letter) -> dict[str, Any]:
    event = letter.event() or {}
    detail = event.get("detail")
    return {
        "id": letter.message_id,
        "eventId": event.get("id"),
        "detailType": str(event.get("detail-type") or ""),
        "preview": ways.preview(detail) if isinstance(detail, dict) else "",
        "rule": letter.rule.name if letter.rule else "",
        "bus": letter.rule.bus if letter.rule else "",
        "target": letter.target_arn.rsplit("/", 1)[-1],
        "retries": letter.text("RETRY_ATTEMPTS"),
        "condition": letter.text("EXHAUSTED_RETRY_CONDITION"),
        "sent": letter.sent.timestamp() if letter.sent else None,
    }
