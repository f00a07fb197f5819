"""
A message of a dead-letter queue: the event as the rule saw it, and EventBridge's attributes about what went wrong.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from livebus.errors import InvalidEvent, Place
from livebus.event.document import read_entries
from livebus.numerals import END_OF_TIME, whole

Attribute = Mapping[str, Any]
_MOST_MILLISECONDS = int(END_OF_TIME * 1000) - 1
_MOST_RECEIVED = 10**9


@dataclass(frozen=True, slots=True)
class RuleArn:
    """A rule's ARN, read: ``rule/NAME`` on the default bus, ``rule/BUS/NAME`` on another."""

    arn: str
    name: str
    bus: str
    bus_arn: str
    region: str


def read_rule_arn(arn: str) -> RuleArn | None:
    """Read a rule's ARN; None where it is none. Names of partner buses have slashes in them."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "events" or not parts[5].startswith("rule/"):
        return None
    *bus, name = parts[5].split("/")[1:]
    if not name:
        return None
    bus_name = "/".join(bus) or "default"
    return RuleArn(arn, name, bus_name, ":".join([*parts[:5], f"event-bus/{bus_name}"]), parts[3])


@dataclass(frozen=True, slots=True)
class Letter:
    """
    One message. ``attributes`` are SQS's, by name, each with its DataType; ``sent`` is when EventBridge gave up.

    ``receipt`` is the handle by which this reception can be deleted or given back.
    """

    message_id: str
    body: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    sent: datetime | None = None
    received: int = 0
    receipt: str = field(default="", repr=False)

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Letter:
        """From a message as ReceiveMessage gives it. What is no number there counts as not given."""
        system = message.get("Attributes") or {}
        sent = whole(str(system.get("SentTimestamp")), _MOST_MILLISECONDS)
        return cls(
            str(message["MessageId"]),
            str(message.get("Body", "")),
            message.get("MessageAttributes") or {},
            datetime.fromtimestamp(sent / 1000, UTC) if sent is not None else None,
            whole(str(system.get("ApproximateReceiveCount")), _MOST_RECEIVED) or 0,
            str(message["ReceiptHandle"]),
        )

    def text(self, name: str) -> str:
        """An attribute's text; empty where there is none. A message of somebody else's has none of EventBridge's."""
        return str((self.attributes.get(name) or {}).get("StringValue") or "")

    @property
    def error_code(self) -> str:
        return self.text("ERROR_CODE")

    @property
    def target_arn(self) -> str:
        return self.text("TARGET_ARN")

    @property
    def rule(self) -> RuleArn | None:
        return read_rule_arn(self.text("RULE_ARN"))

    def event(self) -> dict[str, Any] | None:
        """The event in the body; None where the body is no JSON object."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

    def entry(self) -> dict[str, Any]:
        """
        The event as an entry for PutEvents, without a bus. Its id is EventBridge's to make: it gets another one.

        The detail is what stands in the body, character for character but for white space. Raises InvalidEvent where
        the body is no event, or one that nobody but AWS may publish.
        """
        file = f"message {self.message_id}"
        found = read_entries(self.body.encode(), file)
        if len(found) != 1:
            raise InvalidEvent(f"the body holds {len(found)} events", Place(file), expected="one event")
        return found[0].entry
