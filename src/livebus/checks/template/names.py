"""
Checks of the names that a template gives (9188, 9189): they let a second stack be made, and are as long as their services take.

In: an inspection. Out: faults at the names. The loader finds what is wrong with the names of buses, rules, roles and
queues; cfn-lint looks at those that are written out.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.template.outside import is_from_outside
from livebus.errors import Fault
from livebus.template.dependencies import references
from livebus.template.resource import Resource
from livebus.template.values import is_opaque

CHECKS = Checks()

_NAMES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html"

# The property that names a resource for the whole account and region.
_UNIQUE = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Cognito::UserPoolDomain": "Domain",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}
# The same for every stack of an account and region.
_SHARED = frozenset(("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"))
_NOT_IN_IDS = re.compile("[^A-Za-z0-9]")
_LIMITS = {
    "AWS::CloudWatch::Alarm": (re.compile(r"[^\x00-\x1f]{1,255}"), "1 to 255 characters"),
    "AWS::Events::Archive": (re.compile(r"[.\-_A-Za-z0-9]{1,48}"), "1 to 48 letters, digits, '.', '-' and '_'"),
    "AWS::IAM::ManagedPolicy": (re.compile(r"[\w+=,.@-]{1,128}"), "1 to 128 letters, digits and +=,.@-_"),
    "AWS::Logs::LogGroup": (re.compile(r"[.\-_/#A-Za-z0-9]{1,512}"), "1 to 512 letters, digits and .-_/#"),
    "AWS::SNS::Topic": (re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?"), "1 to 256 letters, digits, '-' and '_'"),
}


def _named(inspection: Inspection) -> Iterator[tuple[Resource, str, Any]]:
    """Each resource that is given a name, with the property, and the name as it stands in the template."""
    for resource in inspection.resources.all():
        member = _UNIQUE.get(resource.type, "")
        properties = inspection.raw(resource.logical_id).get("Properties")
        if isinstance(properties, Mapping) and properties.get(member) is not None:
            yield resource, member, properties[member]


@CHECKS.add(
    "W9188",
    "Names hang on the stack, so that the template can be deployed twice",
    why="A second stack in the same account and region cannot be made: the name is there already.",
    source=_NAMES,
)
def _by_stack(inspection: Inspection) -> Iterator[Fault]:
    rules = {rule.logical_id: rule for rule in inspection.application.rules}
    has_bus = any(bus.logical_id for bus in inspection.application.buses)
    for resource, member, given in _named(inspection):
        names = {each.name for each in references(given)}
        if names - _SHARED or is_from_outside(inspection, given) or _has_choice(given):
            continue
        rule = rules.get(resource.logical_id)
        if rule is not None and (has_bus or rule.bus != "default" or "EventBusName" in resource.properties.values):
            continue  # unique on its bus, which is the stack's own, or was meant to be
        if _is_derived(resource.properties.text(member), resource.place().construct):
            continue  # from the stack's name on: another stack has another
        found = f"{member} of {resource.logical_id!r} is {resource.properties.text(member)!r} in every stack"
        advice = "Leave it out, or begin it with ${AWS::StackName}."
        if resource.type == "AWS::Events::EventBus":
            advice = "Write !Ref AWS::StackName, or begin it with ${AWS::StackName}."
        yield Fault(found, resource.place(member), "a name that differs from stack to stack", advice)


def _is_derived(name: str, construct: str) -> bool:
    """
    Whether AWS CDK made a name of the construct's path: its parts one after the other, and 8 digits of a hash.

    https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
    """
    parts: list[str] = []
    for part in construct.split("/"):
        plain = _NOT_IN_IDS.sub("", part)
        if part not in ("Resource", "Default") and not "".join(parts).endswith(plain):
            parts.append(plain)
    return (
        bool(parts)
        and re.fullmatch(re.escape("".join(parts)) + "[0-9A-Fa-f]{8}", _NOT_IN_IDS.sub("", name)) is not None
    )


def _has_choice(value: Any) -> bool:
    return isinstance(value, Mapping) and any(name in value for name in ("Fn::If", "Fn::FindInMap"))


@CHECKS.add(
    "E9189",
    "Names that are put together are as their services take them",
    why="The service refuses the name, and the deployment rolls back.",
    source=_NAMES,
)
def _within_limits(inspection: Inspection) -> Iterator[Fault]:
    for resource, member, given in _named(inspection):
        limits = _LIMITS.get(resource.type)
        name = resource.properties.text(member)
        if limits and name and not isinstance(given, str) and not is_opaque(name) and not limits[0].fullmatch(name):
            found = f"{member} of {resource.logical_id!r} is {name!r}, of {len(name)} characters"
            yield Fault(found, resource.place(member), limits[1])
