"""Whether EventBridge may send to a queue or another bus that is a target."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access import destination_admits
from livebus.template.api_destination import ApiDestination
from livebus.template.application import Destination, Queue, Role, Target

RULE = "arn:aws:events:us-east-1:123456789012:rule/r"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/b"
OPEN = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}


# An API destination's ARN ends in a suffix that AWS makes up; policies may leave it out.
HOOK = "arn:aws:events:us-east-1:123456789012:api-destination/hook"
SUFFIXED = f"{HOOK}/8a3d2b1c"
LAMBDAS = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def role(action: str, resource: str = "*", trust: dict[str, Any] = TRUST) -> Role:
    return Role("r", "arn", "Role", (trust,), ({"Effect": "Allow", "Action": action, "Resource": resource},))


def hook() -> Destination:
    made = ApiDestination("hook", SUFFIXED, HOOK, "http://127.0.0.1:1/", "http://127.0.0.1:1/", "POST", 300, None)
    return Destination("events", api=made)


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
        (Destination("events", event_bus="b"), BUS, role("events:*", trust=LAMBDAS), "The role 'r' does not let"),
        (hook(), SUFFIXED, None, "The target 'T' has no role"),
        (hook(), SUFFIXED, role("events:InvokeApiDestination", SUFFIXED), None),
        (hook(), SUFFIXED, role("events:InvokeApiDestination", HOOK), None),
        (
            hook(),
            SUFFIXED,
            role("events:InvokeApiDestination", f"{HOOK}2"),
            "The role 'r' does not allow events:Invoke",
        ),
        (hook(), SUFFIXED, role("events:PutEvents"), "The role 'r' does not allow events:InvokeApiDestination"),
        (Destination("sns"), "arn:aws:sns:us-east-1:123456789012:t", None, None),
    ],
)
def test_who_is_admitted(destination: Destination, arn: str, by: Role | None, expected: str | None) -> None:
    """A role decides where there is one, else the queue's own policy."""
    target = Target("T", arn, "", "", role=by, destination=destination)
    refusal = destination_admits(destination, target, rule_arn=RULE, account="123456789012")

    assert refusal is expected if expected is None else str(refusal).startswith(expected)


def only_for(**condition: str) -> dict[str, Any]:
    return {**TRUST, "Condition": {"StringEquals": {f"aws:{name}": value for name, value in condition.items()}}}


@pytest.mark.parametrize(
    ("trust", "admitted"),
    [
        (only_for(SourceArn=RULE, SourceAccount="123456789012"), True),
        (only_for(SourceArn=f"{RULE}2"), False),
        (only_for(SourceAccount="210987654321"), False),
    ],
)
@pytest.mark.parametrize(
    ("destination", "arn", "action"),
    [
        (queue(), QUEUE, "sqs:SendMessage"),
        (Destination("events", event_bus="b"), BUS, "events:PutEvents"),
        (hook(), SUFFIXED, "events:InvokeApiDestination"),
    ],
    ids=["queue", "bus", "API destination"],
)
def test_a_role_may_be_for_one_rule_or_account(
    destination: Destination, arn: str, action: str, trust: dict[str, Any], admitted: bool
) -> None:
    """EventBridge assumes the role for the rule of the account that it is asked about, whatever the destination is."""
    target = Target("T", arn, "", "", role=role(action, trust=trust), destination=destination)
    refusal = destination_admits(destination, target, rule_arn=RULE, account="123456789012")

    assert (refusal is None) == admitted
    if not admitted:
        assert str(refusal).startswith("The role 'r' does not let events.amazonaws.com assume it: ")
