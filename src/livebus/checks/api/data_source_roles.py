"""
Checks of the roles that AppSync calls data sources with: it may assume them, and they allow what resolvers ask for.

In: an inspection. Out: faults at the role in the template. Roles whose rights are not all in the template (policies that AWS or
others keep), or hang on conditions, are left in peace.
https://docs.aws.amazon.com/appsync/latest/devguide/attaching-a-data-source.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from livebus.access import evaluate
from livebus.access.policy import Principal
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.template.outside import is_from_outside
from livebus.errors import Fault
from livebus.template.application import DataSource, GraphQLApi, PipelineFunction, ResolverConfig, Role

CHECKS = Checks()

_APPSYNC = Principal("Service", "appsync.amazonaws.com")
# What IAM calls the operations of a request; TransactWriteItems needs what its items do.
_ACTIONS = {
    "GetItem": "GetItem",
    "PutItem": "PutItem",
    "UpdateItem": "UpdateItem",
    "DeleteItem": "DeleteItem",
    "Query": "Query",
    "Scan": "Scan",
    "BatchGetItem": "BatchGetItem",
    "BatchPutItem": "BatchWriteItem",
    "BatchDeleteItem": "BatchWriteItem",
    "TransactGetItems": "GetItem",
}
# The helpers of @aws-appsync/utils/dynamodb, by what they make.
_HELPERS = {
    "get": "GetItem",
    "put": "PutItem",
    "update": "UpdateItem",
    "remove": "DeleteItem",
    "query": "Query",
    "scan": "Scan",
    "batchGet": "BatchGetItem",
    "batchPut": "BatchWriteItem",
    "batchDelete": "BatchWriteItem",
    "transactGet": "GetItem",
}
_OPERATION = re.compile(r"""\boperation["']?\s*:\s*["'](\w{1,20})["']""")
_IMPORT = re.compile(
    r"""^import\s+(?:\*\s+as\s+(?P<all>\w+)|\{(?P<names>[^}]{0,1000})\})\s+from\s+["']@aws-appsync/utils/dynamodb["']""",
    re.MULTILINE,
)

_Part = ResolverConfig | PipelineFunction


@CHECKS.add(
    "W9149",
    "The role of a data source is AppSync's, and allows what its resolvers ask for",
    why="AppSync cannot call the data source: the field ends in an error each time, and nothing is published.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/attaching-a-data-source.html",
)
def _allows(inspection: Inspection) -> Iterator[Fault]:
    for api, source, parts in _used(inspection):
        role = source.role
        if role is None or not _is_known(inspection, role):
            continue
        if not _is_trusted(inspection, api, role):
            found = f"the role {role.logical_id!r} of data source {source.name!r} does not let AppSync assume it"
            yield Fault(found, role.place, f"a Principal of Service: {_APPSYNC.name}")
        for action, resource in _needed(inspection, source, parts):
            if not evaluate(role.statements, action=action, resource=resource, context={}).allowed:
                found = f"the role {role.logical_id!r} of data source {source.name!r} does not allow {action}"
                yield Fault(found, role.place, advice=f"Allow it on {resource!r}: a resolver asks for it.")


def _used(inspection: Inspection) -> Iterator[tuple[GraphQLApi, DataSource, list[_Part]]]:
    """Each data source that resolvers have, with what of them asks it."""
    for api in inspection.application.apis:
        found: dict[str, tuple[DataSource, list[_Part]]] = {}
        for config in api.resolvers:
            for part in config.parts:
                source = part.data_source
                if source is not None:
                    found.setdefault(source.logical_id, (source, []))[1].append(part)
        for source, parts in found.values():
            yield api, source, parts


def _is_known(inspection: Inspection, role: Role) -> bool:
    """Whether all that a role may do stands in the template, without conditions."""
    resource = inspection.resource(role.logical_id)
    if resource is None or "PermissionsBoundary" in resource.properties:
        return False
    policies = inspection.resources.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
    managed = {inspection.resources.ref(policy) for policy in policies if policy.type.endswith("ManagedPolicy")}
    if any(arn not in managed for arn in resource.properties.sequence("ManagedPolicyArns")):
        return False
    if any(statement.get("Condition") for statement in role.statements):
        return False
    bodies = inspection.resources.document.body.get("Resources")
    if isinstance(bodies, dict) and any(
        isinstance(body, dict) and (body.get("Type") == "AWS::Serverless::Connector" or "Connectors" in body)
        for body in bodies.values()
    ):
        return False  # SAM's connectors add policies
    return not any(is_from_outside(inspection, inspection.raw(each.logical_id)) for each in (resource, *policies))


def _is_trusted(inspection: Inspection, api: GraphQLApi, role: Role) -> bool:
    if any(statement.get("Condition") for statement in role.trust):
        return True  # on what AppSync tells of itself, which AWS documents in part
    context = {"aws:SourceArn": api.arn, "aws:SourceAccount": inspection.environment.account}
    return evaluate(role.trust, action="sts:AssumeRole", resource=None, principal=_APPSYNC, context=context).allowed


def _needed(inspection: Inspection, source: DataSource, parts: list[_Part]) -> Iterator[tuple[str, str]]:
    """The actions that a data source's resolvers need, each with the resource that it is for."""
    if source.type == "AMAZON_EVENTBRIDGE" and source.event_bus_arn:
        yield "events:PutEvents", source.event_bus_arn
    elif source.type == "AWS_LAMBDA" and source.function_arn:
        yield "lambda:InvokeFunction", source.function_arn
    elif source.type == "AMAZON_DYNAMODB" and source.table is not None and not source.table.versioned:
        environment = inspection.environment
        arn = f"arn:{environment.partition}:dynamodb:{source.table.region}:{environment.account}:table/{source.table.name}"
        for action in dict.fromkeys(action for part in parts for action in _asked(part)):
            yield f"dynamodb:{action}", arn


def _asked(part: _Part) -> Iterator[str]:
    """The actions of the operations that stand in a part's code or templates."""
    texts = [part.code, *(text.text for text in (part.templates.texts if part.templates is not None else ()))]
    for text in texts:
        for found in _OPERATION.finditer(text):
            if found[1] in _ACTIONS:
                yield _ACTIONS[found[1]]
        for given in _IMPORT.finditer(text):
            yield from _helped(text, given)


def _helped(text: str, given: re.Match[str]) -> Iterator[str]:
    """The actions of the helpers that code calls."""
    names = {given["all"] + f".{name}": action for name, action in _HELPERS.items()} if given["all"] else {}
    for each in (given["names"] or "").split(","):
        name, _, other = each.strip().partition(" as ")
        if name.strip() in _HELPERS:
            names[(other or name).strip()] = _HELPERS[name.strip()]
    for name, action in names.items():
        if re.search(rf"(?<![\w.$]){re.escape(name)}\s*(?:<|\()", text):
            yield action
