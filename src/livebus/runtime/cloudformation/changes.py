"""
What a change set would do: the resources to add, modify and remove, with what a replacement would replace.

In: the resources that run, and those of a template that is to run. Out: changes in the shape of API_Change.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.runtime.cloudformation.answers import as_deployed
from livebus.template.resource import Resource
from livebus.template.resources import Resources

# The properties whose change makes a new resource: ``createOnlyProperties`` of the types' schemas in the CloudFormation
# registry (2026-10-20).
_CREATE_ONLY: Mapping[str, tuple[str, ...]] = {
    "AWS::AppSync::ApiKey": ("ApiId",),
    "AWS::AppSync::DataSource": ("ApiId", "Name"),
    "AWS::AppSync::FunctionConfiguration": ("ApiId",),
    "AWS::AppSync::Resolver": ("ApiId", "FieldName", "TypeName"),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::Cognito::UserPoolClient": ("GenerateSecret", "UserPoolId"),
    "AWS::Cognito::UserPoolGroup": ("UserPoolId", "GroupName"),
    "AWS::DynamoDB::GlobalTable": ("KeySchema", "LocalSecondaryIndexes", "TableName"),
    "AWS::DynamoDB::Table": ("ImportSourceSpecification", "KeySchema", "TableName"),
    "AWS::Events::Archive": ("ArchiveName", "SourceArn"),
    "AWS::Events::EventBus": ("Name",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "Description", "Path"),
    "AWS::IAM::Role": ("Path", "RoleName"),
    "AWS::IAM::RolePolicy": ("PolicyName", "RoleName"),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName", "Qualifier"),
    "AWS::Lambda::Function": ("FunctionName", "PackageType"),
    "AWS::Lambda::LayerVersion": (
        *("CompatibleArchitectures", "CompatibleRuntimes", "Content", "Description", "LayerName", "LicenseInfo"),
    ),
    "AWS::Lambda::Permission": (
        *("Action", "EventSourceToken", "FunctionName", "Principal", "SourceAccount", "SourceArn"),
    ),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Logs::MetricFilter": ("FilterName", "LogGroupName"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::SQS::Queue": ("FifoQueue", "QueueName"),
}

Change = dict[str, Any]


def resource_changes(before: Resources | None, after: Resources | None) -> list[Change]:
    """The changes from one set of resources to another, in the order of their making; removals last, in reverse."""
    old = {resource.own_id: resource for resource in before.in_order()} if before else {}
    new = {resource.own_id: resource for resource in after.in_order()} if after else {}
    changes = []
    for logical_id, resource in new.items():
        if logical_id not in old:
            changes.append(_change("Add", resource))
        elif scope := changed_members(old[logical_id], resource):
            changes.append(_modification(before, old[logical_id], resource, scope))
    removed = (old[logical_id] for logical_id in reversed(old) if logical_id not in new)
    return [*changes, *(_change("Remove", resource, before) for resource in removed)]


def changed_members(old: Resource, new: Resource) -> list[str]:
    """The properties that differ, by name; ``Type`` alone where the resource is of another type."""
    if old.type != new.type:
        return ["Type"]
    names = dict.fromkeys([*old.properties.values, *new.properties.values])
    return [name for name in names if old.properties.values.get(name) != new.properties.values.get(name)]


def is_replaced(old: Resource, members: list[str]) -> bool:
    """Whether the change of these properties makes a new resource."""
    return members == ["Type"] or any(name in _CREATE_ONLY.get(old.type, ()) for name in members)


def _modification(before: Resources | None, old: Resource, new: Resource, members: list[str]) -> Change:
    replaced = is_replaced(old, members)
    change = _change("Modify", new, before)
    only = _CREATE_ONLY.get(old.type, ())
    details = [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": name,
                "RequiresRecreation": "Always" if name in only else "Never",
            },
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
        for name in members
        if name != "Type"
    ]
    change["ResourceChange"] |= {
        "Replacement": "True" if replaced else "False",
        "Scope": ["Properties"],
        "Details": details,
    }
    return change


def _change(action: str, resource: Resource, made: Resources | None = None) -> Change:
    described: dict[str, Any] = {
        "Action": action,
        "LogicalResourceId": resource.own_id,
        "PhysicalResourceId": made.ref(resource) if made else None,
        "ResourceType": as_deployed(resource.type),
        "Scope": [],
        "Details": [],
    }
    return {"Type": "Resource", "ResourceChange": described}
