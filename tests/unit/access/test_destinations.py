"""Whether EventBridge may send to a queue or another bus that is a target."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access import destination_admits
from livebus.template.application import Destination, Queue, Role, Target

RULE = "arn:aws:events:us-east-1:123456789012:rule/r"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/b"
OPEN = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}


def role(action: str) -> Role:
    return Role("r", "arn", "Role", (TRUST,), ({"Effect": "Allow", "Action": action, "Resource": "*"},))


def queue(*policies: dict[str, Any]) -> Destination:
    return Destination("sqs", queue=Queue("q", QUEUE, "", "Q", policies=policies))


@pytest.mark.parametrize(
    ("destination", "arn", "by", "expected"),
    [
        (queue(OPEN), QUEUE, None, None),
        (queue(), QUEUE, None, "The queue 'q' has no QueuePolicy"),
        (queue(), QUEUE, role("sqs:SendMessage"), None),
        (queue(OPEN), QUEUE, role("sqs:Receive*"), "The role 'r' does not allow sqs:SendMessage"),
        (Destination("events", event_bus="b"), BUS, role("events:PutEvents"), None),
        (Destination("events", event_bus="b"), BUS, role("events:Put"), "The role 'r' does not allow events:PutEvents"),
        (Destination("events", event_bus="b"), BUS, Role("r", "arn", "Role"), "The role 'r' does not let"),
        (Destination("events", event_bus="b"), BUS, None, None),
        (Destination("sns"), "arn:aws:sns:us-east-1:123456789012:t", None, None),
    ],
)
def test_who_is_admitted(destination: Destination, arn: str, by: Role | None, expected: str | None) -> None:
    """A role decides where there is one, else the queue's own policy."""
    target = Target("T", arn, "", "", role=by, destination=destination)
    refusal = destination_admits(destination, target, rule_arn=RULE, account="123456789012")

    assert refusal is expected if expected is None else str(refusal).startswith(expected)
