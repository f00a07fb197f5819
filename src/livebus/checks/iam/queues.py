"""
Checks of dead-letter queues: EventBridge may put the events of the rule into them, and they stay there long enough.

In: an inspection. Out: faults at the queue, at its policy's element, or at the target. Queues that are not in the
template are judged by their ARN alone, and that only where the template spells it out.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.access import EVENTBRIDGE
from livebus.checks.check import Checks
from livebus.checks.iam.statements import (
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
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, Place
from livebus.template.application import Rule
from livebus.template.properties import Properties
from livebus.template.resource import Resource

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
    queues = {
        inspection.resources.attribute(queue, "Arn"): queue for queue in inspection.resources.of_type("AWS::SQS::Queue")
    }
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
    for kept in _kept(inspection):
        if kept.queue.properties.flag("FifoQueue"):
            found = f"the dead-letter queue {kept.queue.logical_id!r} is a FIFO queue"
            yield Fault(found, kept.queue.place("FifoQueue"), "a standard queue")
    own = {kept.arn for kept in _kept(inspection)}
    for rule, letter in _dead_letters(inspection):
        arn = letter.text("Arn")
        parts = arn.split(":")
        if arn in own or len(parts) != 6 or parts[2] != "sqs":
            continue
        if arn.endswith(".fifo"):
            found = f"the dead-letter queue of rule {rule.logical_id!r} is a FIFO queue: {arn!r}"
            yield Fault(found, letter.place("Arn"), "a standard queue")
        elif _is_elsewhere(inspection, rule, parts[3], parts[4]):
            found = f"the dead-letter queue of rule {rule.logical_id!r} is in {parts[3]!r}: {arn!r}"
            expected = f"a queue of the rule's region, here {inspection.environment.region!r}"
            yield Fault(found, letter.place("Arn"), expected, "Write ${AWS::Region} for the region.")


def _is_elsewhere(inspection: Inspection, rule: Rule, region: str, account: str) -> bool:
    """
    Whether an ARN is of another region than the rule. Where it spells out the account too it may be of the region that
    the template is made for, and where a parameter gives it of any.
    """
    here = inspection.environment
    spelt_out = any(f":sqs:{region}:" in text for text in _texts(inspection.raw(rule.logical_id)))
    return spelt_out and region != here.region and account == here.account


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


@CHECKS.add(
    "E9181",
    "The policy of each dead-letter queue lets EventBridge send the rule's events to it",
    why="EventBridge drops the events that it cannot deliver. The role of the target has no part in it.",
    source=_QUEUES,
)
def _admitted(inspection: Inspection) -> Iterator[Fault]:
    for kept in _kept(inspection):
        request = _sends(inspection, kept)
        statements = _policies(inspection, kept.queue)
        in_the_way = obstacles(statements, request, inspection)
        if in_the_way == []:
            yield _no_policy(inspection, kept)
        for obstacle in in_the_way or ():
            yield _not_admitted(inspection, kept, obstacle)


def _sends(inspection: Inspection, kept: _Kept) -> Request:
    return by_eventbridge(inspection, kept.rule, _ACTION, kept.arn)


def _policies(inspection: Inspection, queue: Resource) -> list[Properties]:
    """The statements of the policies that name the queue by its URL."""
    url = inspection.resources.ref(queue)
    found: list[Properties] = []
    for policy in inspection.resources.of_type("AWS::SQS::QueuePolicy"):
        if url in policy.properties.texts("Queues"):
            found += statements_of(policy.properties, "PolicyDocument")
    for policy in inspection.resources.of_type("AWS::SQS::QueueInlinePolicy"):
        if url == policy.properties.text("Queue"):
            found += statements_of(policy.properties, "PolicyDocument")
    return found


def _no_policy(inspection: Inspection, kept: _Kept) -> Fault:
    name = kept.queue.logical_id
    for policy in inspection.resources.of_type("AWS::SQS::QueuePolicy"):
        for number, given in enumerate(policy.properties.texts("Queues")):
            if given in (kept.arn, kept.arn.rpartition(":")[2]):
                found = f"the policy {policy.logical_id!r} names the queue by {given!r}, and Queues takes URLs"
                return Fault(found, policy.place("Queues", number), f"!Ref {name}")
    found = f"no policy lets EventBridge send to the dead-letter queue {name!r}"
    expected = f"an AWS::SQS::QueuePolicy that allows {_ACTION} to {EVENTBRIDGE.name}"
    return Fault(found, kept.queue.place(), expected)


def _not_admitted(inspection: Inspection, kept: _Kept, obstacle: Obstacle) -> Fault:
    name, rule = kept.queue.logical_id, kept.rule
    if obstacle.element == "Principal":
        found = f"the policy of the queue {name!r} is for {obstacle.shown}"
        return Fault(found, obstacle.place, f"Service: {EVENTBRIDGE.name}", principal_advice(obstacle))
    if obstacle.element == "Action":
        found = f"the policy of the queue {name!r} allows EventBridge {obstacle.shown}, which is not to send"
        return Fault(found, obstacle.place, _ACTION)
    if obstacle.element == "Resource":
        found = f"the policy of the queue {name!r} has the Resource {obstacle.shown}, which is not that queue"
        return Fault(found, obstacle.place, f"!GetAtt {name}.Arn")
    if obstacle.element == "Effect":
        return Fault(f"the policy of the queue {name!r} denies EventBridge to send to it", obstacle.place)
    so = f"its events do not get into the queue {name!r}"
    return wrong_condition(rule, obstacle, inspection.environment, so)


@CHECKS.add(
    "E9182",
    "The key of each encrypted dead-letter queue may be used by EventBridge",
    why="EventBridge cannot encrypt what it sends to the queue, and drops it.",
    source=_KEYS,
)
def _encrypted(inspection: Inspection) -> Iterator[Fault]:
    for kept in _kept(inspection):
        given = kept.queue.properties.text("KmsMasterKeyId")
        place = kept.queue.place("KmsMasterKeyId")
        name = kept.queue.logical_id
        if given.endswith("alias/aws/sqs"):
            found = f"the queue {name!r} has AWS's own key {given!r}, whose policy does not let EventBridge use it"
            advice = "Write SqsManagedSseEnabled: true, or a key of your own."
            yield Fault(found, place, advice=advice)
            continue
        for key in _keys(inspection, given):
            statements = statements_of(key.properties, "KeyPolicy")
            for action in _KEY_ACTIONS:
                arn = inspection.resources.attribute(key, "Arn")
                request = by_eventbridge(inspection, kept.rule, action, arn)
                if obstacles(statements, request, inspection) is not None:
                    found = f"the policy of the key {key.logical_id!r} does not allow {EVENTBRIDGE.name} {action}"
                    expected = f"a statement that allows it {' and '.join(_KEY_ACTIONS)}"
                    yield Fault(found, key.place("KeyPolicy"), f"{expected}, for the queue {name!r}")
                    break


def _keys(inspection: Inspection, given: str) -> list[Resource]:
    """The key of this template that a KmsMasterKeyId names, by its id, its ARN or an alias."""
    resources = inspection.resources
    if not given:
        return []
    for alias in resources.of_type("AWS::KMS::Alias"):
        if given in (alias.properties.text("AliasName"), resources.ref(alias)):
            given = alias.properties.text("TargetKeyId")
            break
    return [
        key
        for key in resources.of_type("AWS::KMS::Key")
        if given in (resources.ref(key), resources.attribute(key, "Arn"), resources.attribute(key, "KeyId"))
    ]


@CHECKS.add(
    "W9183",
    "Dead-letter queues keep events for four days at the least",
    why="What failed on a Friday evening is gone before anybody looks at it.",
    source=_RETENTION,
)
def _long_enough(inspection: Inspection) -> Iterator[Fault]:
    for kept in _kept(inspection):
        seconds = kept.queue.properties.number("MessageRetentionPeriod", _FOUR_DAYS, 0, 10**9)
        if seconds < _FOUR_DAYS:
            found = f"the dead-letter queue {kept.queue.logical_id!r} keeps events for {seconds} seconds"
            expected = f"at least {_FOUR_DAYS}, which is four days; 1209600 is the most"
            yield Fault(found, kept.queue.place("MessageRetentionPeriod"), expected)


@CHECKS.add(
    "W9184",
    "The policy of each dead-letter queue admits rules of this account only",
    why="A rule of any account could fill the queue.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
)
def _for_own_rules(inspection: Inspection) -> Iterator[Fault]:
    for kept in _kept(inspection):
        for statement in allowing(_policies(inspection, kept.queue), _sends(inspection, kept), inspection.environment):
            if not condition_keys(statement):
                trusted = values_of(statement.values.get("Principal"))
                whom = "EventBridge, whichever rule it acts for" if EVENTBRIDGE.name in trusted else "everyone"
                found = f"the queue {kept.queue.logical_id!r} admits {whom}"
                expected = f"a Condition on {' or '.join(SOURCE_KEYS)}"
                advice = f"Write ArnEquals aws:SourceArn: !GetAtt {kept.rule.logical_id}.Arn."
                yield Fault(found, statement.place("Principal"), expected, advice)
