"""
IAM roles with what they trust and what they may do, and the queues with their policies.

Properties follow AWS::IAM::Role, Policy, RolePolicy and ManagedPolicy, AWS::SQS::Queue and QueuePolicy.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from livebus.template.application import Queue, Role
from livebus.template.literal_places import statements_here
from livebus.template.policies import read_statements
from livebus.template.resource import Resource
from livebus.template.resources import Resources

_Statements = list[Mapping[str, Any]]

_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")

# AWS's own policies that let a role run a mutation, by the end of their ARNs, with the actions they allow on "*".
_AWS_POLICIES = {
    "AdministratorAccess": "*",
    "AWSAppSyncAdministrator": "appsync:*",
    "AWSAppSyncInvokeFullAccess": "appsync:GraphQL",
}


def read_roles(resources: Resources) -> tuple[Role, ...]:
    """The roles with their trust and the statements of all policies that are theirs."""
    attached, managed = _attached_policies(resources)
    roles = []
    for resource in resources.of_type("AWS::IAM::Role"):
        properties = resource.properties
        resource.required("AssumeRolePolicyDocument")
        properties.matching("RoleName", _ROLE_NAME, "1 to 64 letters, digits and +=,.@-_")
        name = resources.ref(resource)
        statements: _Statements = []
        for policy in properties.mappings("Policies"):
            policy.required("PolicyName", "PolicyDocument", what=f"a policy of {resource}")
            statements += read_statements(policy, "PolicyDocument")
        statements += attached.get(name, [])
        for arn in properties.texts("ManagedPolicyArns"):
            statements += managed[arn] if arn in managed else _aws_policy(arn)
        trust = statements_here(read_statements(properties, "AssumeRolePolicyDocument"), resources.environment)
        statements = statements_here(statements, resources.environment)
        arn = resources.attribute(resource, "Arn")
        roles.append(Role(name, arn, resource.logical_id, tuple(trust), tuple(statements), resource.place()))
    return tuple(roles)


def _attached_policies(resources: Resources) -> tuple[dict[str, _Statements], dict[str, _Statements]]:
    """The statements of policies that are resources of their own: by the roles' names, and by the policies' ARNs."""
    attached: dict[str, _Statements] = {}
    managed: dict[str, _Statements] = {}
    for policy in resources.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
        properties = policy.properties
        statements = read_statements(properties, "PolicyDocument")
        names = [*properties.texts("Roles")]
        if policy.type == "AWS::IAM::RolePolicy":
            policy.required("RoleName")
            names = [properties.text("RoleName")]
        if policy.type == "AWS::IAM::ManagedPolicy":
            managed[resources.ref(policy)] = statements
        for name in names:
            attached.setdefault(name, []).extend(statements)
    return attached, managed


def _aws_policy(arn: str) -> _Statements:
    action = _AWS_POLICIES.get(arn.rsplit("/", 1)[-1]) if ":iam::aws:policy/" in arn else None
    return [{"Effect": "Allow", "Action": action, "Resource": "*"}] if action else []


def warn_of_unknown_rights(resources: Resources, role: Role) -> None:
    """Tell what a target's role has that is not evaluated here: policies of other stacks, a boundary."""
    resource = resources.get(role.logical_id)
    if resource is None:
        return
    known = {resources.ref(policy) for policy in resources.of_type("AWS::IAM::ManagedPolicy")}
    for arn in resource.properties.texts("ManagedPolicyArns"):
        if arn not in known and not _aws_policy(arn):
            place = resource.place("ManagedPolicyArns")
            resources.warn(place, f"what {arn!r} allows is not known here, and does not count")
    if "PermissionsBoundary" in resource.properties:
        resources.warn(resource.place("PermissionsBoundary"), "a permissions boundary is not evaluated here")


def read_queues(resources: Resources) -> tuple[Queue, ...]:
    """The queues, each with the statements of the QueuePolicies that name it."""
    statements: dict[str, _Statements] = {}
    for policy in resources.of_type("AWS::SQS::QueuePolicy"):
        if policy.required("PolicyDocument", "Queues"):
            found = statements_here(read_statements(policy.properties, "PolicyDocument"), resources.environment)
            for url in policy.properties.texts("Queues"):
                statements.setdefault(url, []).extend(found)
    queues = [_queue(resources, resource, statements) for resource in resources.of_type("AWS::SQS::Queue")]
    urls = {queue.url for queue in queues}
    for policy in resources.of_type("AWS::SQS::QueuePolicy"):
        for index, url in enumerate(policy.properties.texts("Queues")):
            if url not in urls:
                place = policy.place("Queues", index)
                resources.warn(
                    place, f"{url!r} is not the URL of a queue of this template; write !Ref and its logical id"
                )
    return tuple(queues)


def _queue(resources: Resources, resource: Resource, statements: Mapping[str, _Statements]) -> Queue:
    properties = resource.properties
    expected = "1 to 80 letters, digits, '-' and '_', with .fifo at the end of a FIFO queue's"
    given = properties.matching("QueueName", _QUEUE_NAME, expected)
    fifo = properties.flag("FifoQueue")
    if given and fifo != given.endswith(".fifo"):
        properties.fault(f"QueueName is {given!r} and FifoQueue is {str(fifo).lower()}", "QueueName", expected=expected)
    url, arn, name = (resources.attribute(resource, member) for member in ("QueueUrl", "Arn", "QueueName"))
    return Queue(name, arn, url, resource.logical_id, fifo, tuple(statements.get(url, ())), resource.place())
