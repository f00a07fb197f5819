"""
Checks of who may assume the roles of targets: EventBridge, for rules of this account.

In: an inspection. Out: faults with the line of the policy's element that is wrong. Roles that are not in the template are
not known here, and nothing is said of them.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from livebus.access import EVENTBRIDGE
from livebus.checks.check import Checks
from livebus.checks.iam.statements import (
    SOURCE_KEYS,
    Obstacle,
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
from livebus.errors import Fault
from livebus.template.application import Rule
from livebus.template.resource import Resource

CHECKS = Checks()

# The role that CDK's aws-events-targets make where none is given.
_MADE_FOR_TARGETS = "/EventsRole/Resource"
_MADE_WITHOUT_A_PATH = re.compile("[A-Za-z0-9]*EventsRole[0-9A-F]{8}")

_ROLES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html"
_CONFUSED = "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html"


@CHECKS.add(
    "E9130",
    "The role of each target lets EventBridge assume it for the target's rule",
    why="EventBridge cannot assume the role. Each event goes to the dead-letter queue at once, without another try.",
    source=_ROLES,
)
def _assumed(inspection: Inspection) -> Iterator[Fault]:
    for rule, role in _roles(inspection):
        statements = statements_of(role.properties, "AssumeRolePolicyDocument")
        request = by_eventbridge(inspection, rule, "sts:AssumeRole", None)
        in_the_way = obstacles(statements, request, inspection)
        if in_the_way == [] and "AssumeRolePolicyDocument" in role.properties:
            place = role.place("AssumeRolePolicyDocument")
            yield Fault(f"the role {role.logical_id!r} trusts nobody", place, f"a statement for {EVENTBRIDGE.name}")
        for obstacle in in_the_way or ():
            yield _not_assumed(inspection, rule, role, obstacle)


def _roles(inspection: Inspection) -> Iterator[tuple[Rule, Resource]]:
    """Each rule with the roles of this template that its targets have, whatever the targets are."""
    resources = inspection.resources
    rules = {rule.logical_id: rule for rule in inspection.application.rules}
    roles = {resources.attribute(role, "Arn"): role for role in resources.of_type("AWS::IAM::Role")}
    for resource in resources.of_type("AWS::Events::Rule"):
        for target in resource.properties.mappings("Targets"):
            if role := roles.get(target.text("RoleArn")):
                yield rules[resource.logical_id], role


def _not_assumed(inspection: Inspection, rule: Rule, role: Resource, obstacle: Obstacle) -> Fault:
    name = role.logical_id
    if obstacle.element == "Principal":
        found = f"the role {name!r} of rule {rule.logical_id!r} trusts {obstacle.shown}"
        return Fault(found, obstacle.place, f"Service: {EVENTBRIDGE.name}", principal_advice(obstacle))
    if obstacle.element == "Action":
        found = f"the role {name!r} allows EventBridge {obstacle.shown}, which is not to assume it"
        return Fault(found, obstacle.place, "sts:AssumeRole")
    if obstacle.element == "Effect":
        return Fault(f"the role {name!r} denies EventBridge to assume it for rule {rule.logical_id!r}", obstacle.place)
    return wrong_condition(rule, obstacle, inspection.environment, f"the role {name!r} cannot be assumed for it")


@CHECKS.add(
    "W9131",
    "The role of each target is EventBridge's for rules of this account only",
    why="Anyone who may make rules in another account could have EventBridge use the role: the confused deputy.",
    source=_CONFUSED,
)
def _deputy(inspection: Inspection) -> Iterator[Fault]:
    for rule, role in _roles(inspection):
        construct = role.place().construct
        if construct.endswith(_MADE_FOR_TARGETS) or (not construct and _MADE_WITHOUT_A_PATH.fullmatch(role.logical_id)):
            continue  # nobody wrote it, and CDK has no way to give it a condition
        statements = statements_of(role.properties, "AssumeRolePolicyDocument")
        request = by_eventbridge(inspection, rule, "sts:AssumeRole", None)
        for statement in allowing(statements, request, inspection.environment):
            if not condition_keys(statement):
                trusted = values_of(statement.values.get("Principal"))
                whom = "EventBridge, whichever rule it acts for" if EVENTBRIDGE.name in trusted else "everyone"
                found = f"the role {role.logical_id!r} trusts {whom}"
                expected = f"a Condition on {' or '.join(SOURCE_KEYS)}"
                advice = "Write ArnEquals aws:SourceArn and the rule's ARN, built with !Sub from the rule's name."
                yield Fault(found, statement.place("Principal"), expected, advice)
