"""
Checks of dead-letter queues: EventBridge may put the events of the rule into them, and they stay there long enough.

In: an inspection. Out: faults at the queue, at its policy's element, or at the target. Queues that are not in the
template are judged by their ARN alone, and that only where the template spells it out.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.statements import (
    SOURCE_KEYS,
    Obstacle,
    Request,
    allowing,
    by_eventbridge,
    condition_keys,
    obstacles,
    principal_advice,
    statements_of,
    values_of,
    wrong_condition,
)
from livebus.access import EVENTBRIDGE
from livebus.errors import Fault, Place
from livebus.template.application import Rule
from livebus.template.properties import Properties
from livebus.template.resources import Resource

CHECKS = Checks()

_QUEUES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_KEYS = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
    "#compatibility-with-aws-services"
)
_RETENTION = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
    "#understanding-message-retention-periods"
)
_ACTION = "sqs:SendMessage"
_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
_FOUR_DAYS = 345_600


@dataclass(frozen=True, slots=True)
class _Kept:
    """A rule's target with a dead-letter queue of this template. ``place`` is that of the queue's ARN in the target."""

    rule: Rule
    queue: Resource
    arn: str
    place: Place


def _kept(inspection: Inspection) -> Iterator[_Kept]:
    queues = {inspection.resources.attribute(queue, "Arn"): queue for queue in inspection.resources.of_type("AWS::SQS::Queue")}
    for rule, letter in _dead_letters(inspection):
        arn = letter.text("Arn")
        if arn in queues:
            yield _Kept(rule, queues[arn], arn, letter.place("Arn"))


def _dead_letters(inspection: Inspection) -> Iterator[tuple[Rule, Properties]]:
    rules = {rule.logical_id: rule for rule in inspection.application.rules}
    for resource in inspection.resources.of_type("AWS::Events::Rule"):
        for target in resource.properties.mappings("Targets"):
            yield rules[resource.logical_id], target.mapping("DeadLetterConfig")


@CHECKS.add(
    "E9180",
    "Dead-letter queues are standard queues in the region of the rule",
    why="EventBridge refuses the target, or drops the events that it cannot deliver.",
    source=_QUEUES,
)
def _standard(inspection: Inspection) -> Iterator[Fault]:
    own = {kept.arn for kept in _kept(inspection)}
    for kept in _kept(inspection):
        if kept.queue.properties.text("FifoQueue") == "true":
            found = f"the dead-letter queue {kept.queue.logical_id!r} is a FIFO queue"
            yield Fault(found, kept.queue.place("FifoQueue"), "a standard queue")
    spelt = _spelt_out(inspection)
    for rule, letter in _dead_letters(inspection):
        arn = letter.text("Arn")
        parts = arn.split(":")
        if arn in own or len(parts) != 6 or parts[2] != "sqs":
            continue
        if arn.endswith(".fifo"):
            found = f"the dead-letter queue of rule {rule.logical_id!r} is a FIFO queue: {arn!r}"
            yield Fault(found, letter.place("Arn"), "a standard queue")
        elif arn in spelt and parts[3] != inspection.environment.region:
            found = f"the dead-letter queue of rule {rule.logical_id!r} is in {parts[3]!r}"
            expected = f"a queue of the rule's region, here {inspection.environment.region!r}"
            yield Fault(found, letter.place("Arn"), expected, "Write ${AWS::Region} for the region.")


