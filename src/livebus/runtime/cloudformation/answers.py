"""
What CloudFormation tells of stacks, change sets and templates, in the shapes of its API's data types.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from livebus.runtime.cloudformation.stack import ChangeSet, Stack, StackEvent, StackResource, at
from livebus.template.parameters import NO_ECHO_SHOWN, is_no_echo
from livebus.template.properties import text_of

_NAMED = {
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
}
_IAM = frozenset(
    {*_NAMED, "AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::InstanceProfile", "AWS::IAM::AccessKey"}
)


def stack(of: Stack, body: Mapping[str, Any] | None) -> dict[str, Any]:
    """A stack; ``body`` is its template, None where it has none yet."""
    given = of.template.parameters if of.template else {}
    return {
        "StackId": of.stack_id,
        "StackName": of.name,
        "Description": of.description or None,
        "Parameters": _parameters(body or {}, given),
        "CreationTime": at(of.created),
        "LastUpdatedTime": at(of.updated),
        "DeletionTime": at(of.deleted),
        "RollbackConfiguration": {},
        "StackStatus": of.status,
        "StackStatusReason": of.reason or None,
        "DisableRollback": False,
        "NotificationARNs": [],
        "Capabilities": list(of.capabilities),
        "Outputs": [_output(of, name, value) for name, value in of.outputs.items()],
        "Tags": tags(of.tags),
        "EnableTerminationProtection": of.termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "ParentId": of.parent_id or None,
        "RootId": of.root_id or None,
    }


def summary(of: Stack) -> dict[str, Any]:
    return {
        "StackId": of.stack_id,
        "StackName": of.name,
        "TemplateDescription": of.description or None,
        "CreationTime": at(of.created),
        "LastUpdatedTime": at(of.updated),
        "DeletionTime": at(of.deleted),
        "StackStatus": of.status,
        "StackStatusReason": of.reason or None,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "ParentId": of.parent_id or None,
        "RootId": of.root_id or None,
    }


def _output(of: Stack, name: str, value: str) -> dict[str, Any]:
    members = of.output_members.get(name, {})
    described = {member: members.get(member) or None for member in ("Description", "ExportName")}
    return {"OutputKey": name, "OutputValue": value, **described}


def _parameters(body: Mapping[str, Any], given: Mapping[str, str]) -> list[dict[str, Any]]:
    told = []
    for name, declared in declared_parameters(body).items():
        value = given.get(name, text_of(declared.get("Default")) or "")
        told.append({"ParameterKey": name, "ParameterValue": NO_ECHO_SHOWN if is_no_echo(declared) else value})
    return told


def declared_parameters(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """A template's Parameters, as far as they are objects."""
    parameters = body.get("Parameters")
    items = parameters.items() if isinstance(parameters, Mapping) else ()
    return {name: declared for name, declared in items if isinstance(declared, Mapping)}


def as_deployed(kind: str) -> str:
    """A resource's type as CloudFormation has it: SAM's transform makes a nested stack of its application."""
    return "AWS::CloudFormation::Stack" if kind == "AWS::Serverless::Application" else kind


def event(of: Stack, told: StackEvent) -> dict[str, Any]:
    return {
        "StackId": of.stack_id,
        "EventId": told.event_id,
        "StackName": of.name,
        "LogicalResourceId": told.logical_id,
        "PhysicalResourceId": told.physical_id,
        "ResourceType": as_deployed(told.type),
        "Timestamp": at(told.time),
        "ResourceStatus": told.status,
        "ResourceStatusReason": told.reason or None,
    }


def resource(of: Stack, found: StackResource, time_member: str) -> dict[str, Any]:
    """A resource of a stack; the time is called ``LastUpdatedTimestamp`` or ``Timestamp``, as the action has it."""
    return {
        "StackName": of.name,
        "StackId": of.stack_id,
        "LogicalResourceId": found.logical_id,
        "PhysicalResourceId": found.physical_id,
        "ResourceType": as_deployed(found.type),
        time_member: at(found.updated),
        "ResourceStatus": found.status,
        "ResourceStatusReason": found.reason or None,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def change_set_summary(of: Stack, found: ChangeSet) -> dict[str, Any]:
    return {
        "StackId": of.stack_id,
        "StackName": of.name,
        "ChangeSetId": found.change_set_id,
        "ChangeSetName": found.name,
        "ExecutionStatus": found.execution,
        "Status": found.status,
        "StatusReason": found.reason or None,
        "CreationTime": at(found.created),
        "Description": found.description or None,
    }


def change_set(of: Stack, found: ChangeSet) -> dict[str, Any]:
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in found.deployment.parameters.items()]
    return {
        **change_set_summary(of, found),
        "Parameters": given,
        "NotificationARNs": [],
        "Capabilities": list(found.capabilities),
        "Tags": tags(found.tags),
        "Changes": list(found.changes),
        "IncludeNestedStacks": False,
        "OnStackFailure": found.on_failure or None,
    }


def tags(of: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in of.items()]


def template_summary(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a template asks for: parameters, capabilities, types."""
    needed = capabilities(body)
    transforms = body.get("Transform")
    return {
        "Parameters": [_declared(name, declared) for name, declared in declared_parameters(body).items()],
        "Description": text_of(body.get("Description")),
        "Capabilities": needed,
        "CapabilitiesReason": _reason(body) if needed else None,
        "ResourceTypes": sorted({kind for kind, _ in _resources(body)}),
        "Version": text_of(body.get("AWSTemplateFormatVersion")),
        "DeclaredTransforms": transforms if isinstance(transforms, list) else [transforms] if transforms else [],
    }


def _declared(name: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    allowed = declared.get("AllowedValues")
    values = (
        [text_of(value) for value in allowed]
        if isinstance(allowed, Sequence) and not isinstance(allowed, str)
        else None
    )
    return {
        "ParameterKey": name,
        "DefaultValue": text_of(declared.get("Default")),
        "ParameterType": text_of(declared.get("Type")),
        "NoEcho": is_no_echo(declared),
        "Description": text_of(declared.get("Description")),
        "ParameterConstraints": {"AllowedValues": values},
    }


def capabilities(body: Mapping[str, Any]) -> list[str]:
    """The capabilities that a template needs to be acknowledged."""
    named = any(_NAMED[kind] in properties for kind, properties in _resources(body) if kind in _NAMED)
    has_iam = any(kind in _IAM for kind, _ in _resources(body))
    return ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if has_iam else []


def _reason(body: Mapping[str, Any]) -> str:
    kinds = sorted({kind for kind, _ in _resources(body) if kind in _IAM})
    return f"The following resource(s) require capabilities: [{', '.join(kinds)}]"


def _resources(body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    resources = body.get("Resources")
    found = []
    for each in resources.values() if isinstance(resources, Mapping) else ():
        properties = each.get("Properties") if isinstance(each, Mapping) else None
        if isinstance(each, Mapping):
            found.append((str(each.get("Type")), properties if isinstance(properties, Mapping) else {}))
    return found
