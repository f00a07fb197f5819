"""
Checks of targets beside their operation, input, role and queue: what they are given fits what they are.

In: an inspection. Out: faults at the target. What the loader finds is not said again: an Arn that is none of an API's
endpoint, a missing RoleArn or GraphQLOperation, an Id that is there twice, a retry policy beyond its limits.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.values import is_opaque

CHECKS = Checks()

_TARGET = "https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html"
_RETRIES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html"
_QUEUES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"

# Services whose resources are targets, by the ARN's third part.
_OTHERS = frozenset(
    (
        *(
            "batch",
            "codebuild",
            "codepipeline",
            "ecs",
            "events",
            "execute-api",
            "firehose",
            "glue",
            "inspector",
            "kinesis",
        ),
        *("lambda", "logs", "redshift", "sagemaker", "sns", "sqs", "ssm", "states"),
    )
)


def _targets(inspection: Inspection) -> Iterator[tuple[Resource, Properties]]:
    for resource in inspection.resources.of_type("AWS::Events::Rule"):
        for target in resource.properties.mappings("Targets"):
            yield resource, target


def _for_apis(inspection: Inspection) -> Iterator[Properties]:
    """The targets that run a GraphQLOperation."""
    for _, target in _targets(inspection):
        if "AppSyncParameters" in target and _service(target) not in _OTHERS:
            yield target


def _service(target: Properties) -> str:
    parts = target.text("Arn").split(":", 5)
    return parts[2] if len(parts) == 6 else ""


@CHECKS.add(
    "E9125",
    "Only the target that is a GraphQL API has AppSyncParameters",
    why="No other target runs a GraphQLOperation: the Arn is not the one that was meant, or the operation does nothing.",
    source=_TARGET,
)
def _of_apis(inspection: Inspection) -> Iterator[Fault]:
    for _, target in _targets(inspection):
        service = _service(target)
        if "AppSyncParameters" in target and service in _OTHERS:
            found = f"target {target.text('Id')!r} has AppSyncParameters, and its Arn is of {service!r}"
            apis = [api.logical_id for api in inspection.application.apis]
            advice = f"Write Arn: !GetAtt {apis[0]}.GraphQLEndpointArn." if len(apis) == 1 else ""
            yield Fault(found, target.place("AppSyncParameters"), "the GraphQLEndpointArn of an API", advice)


@CHECKS.add(
    "W9126",
    "A target for real-time data says for how long its events are worth being delivered",
    why="EventBridge tries for 24 hours by default: what subscribers see as new may be a day old.",
    source=_RETRIES,
)
def _retried(inspection: Inspection) -> Iterator[Fault]:
    for target in _for_apis(inspection):
        policy = target.mapping("RetryPolicy")
        is_known = not is_opaque(policy.values.get("MaximumRetryAttempts"))
        attempts = policy.number("MaximumRetryAttempts", 185, 0, 185)
        if "MaximumEventAgeInSeconds" in policy or attempts < 185 or not is_known:
            continue
        found = f"target {target.text('Id')!r} has no MaximumEventAgeInSeconds"
        place = target.place("RetryPolicy") if "RetryPolicy" in target else target.place()
        yield Fault(found, place, "RetryPolicy: {MaximumEventAgeInSeconds: 300}, or as long as it is worth it")


@CHECKS.add(
    "W9127",
    "Each target of an API has a dead-letter queue",
    why="An event that cannot be delivered is dropped. Only a metric tells, and the event is gone.",
    source=_QUEUES,
)
def _kept(inspection: Inspection) -> Iterator[Fault]:
    queued_buses = {
        resource.properties.text("Name")
        for resource in inspection.resources.of_type("AWS::Events::EventBus")
        if "DeadLetterConfig" in resource.properties
    }
    rules = {rule.logical_id: rule for rule in inspection.application.rules}
    for resource, target in _targets(inspection):
        if "AppSyncParameters" in target and "DeadLetterConfig" not in target and _service(target) not in _OTHERS:
            advice = ""
            if rules[resource.logical_id].bus in queued_buses:
                advice = "The bus's own DeadLetterConfig takes only what cannot be encrypted."
            found = f"target {target.text('Id')!r} has no DeadLetterConfig"
            yield Fault(found, target.place(), "the ARN of a standard queue of the rule's region", advice)
