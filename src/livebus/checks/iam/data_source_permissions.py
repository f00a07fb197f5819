"""
Checks of the roles of data sources: AppSync may assume them, and they allow what resolvers ask for. And of Lambda authorizers.

In: an inspection. Out: faults at the element of the policy that is in the way, or at the role. Which actions are asked for is
read from code and templates (:mod:`livebus.checks.requests`); what a role gets from policies that are not in the template is not
known here, and nothing is said of it.
https://docs.aws.amazon.com/appsync/latest/devguide/attaching-a-data-source.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from livebus.access import Principal, evaluate
from livebus.checks.check import Checks
from livebus.checks.iam.statements import Obstacle, Request, obstacles, statements_of
from livebus.checks.iam.target_permissions import has_unknown_rights, permissions_of
from livebus.checks.inspection import Inspection
from livebus.checks.requests.asked import Action, Asked, actions, asked
from livebus.checks.template.outside import is_from_outside
from livebus.errors import Fault
from livebus.template.application import DataSource, ResolverConfig, Role
from livebus.template.functions import function_name
from livebus.template.resource import Resource

CHECKS = Checks()

_ATTACHING = "https://docs.aws.amazon.com/appsync/latest/devguide/attaching-a-data-source.html"
# Statements that are held against actions, over all roles: beyond it nothing more is said.
_MOST_JUDGED = 20_000
_APPSYNC = Principal("Service", "appsync.amazonaws.com")


def _roles(inspection: Inspection) -> Iterator[tuple[DataSource, Role, Resource]]:
    """The data sources that resolvers use and whose role the template makes, each once."""
    seen: set[str] = set()
    for each in inspection.once(asked):
        role = each.source.role
        resource = inspection.resource(role.logical_id) if role is not None else None
        if role is not None and resource is not None and each.source.logical_id not in seen:
            seen.add(each.source.logical_id)
            yield each.source, role, resource


@CHECKS.add(
    "E9135",
    "The role of each data source lets AppSync assume it",
    why="AppSync cannot assume the role: each call of the data source ends in an error.",
    source=_ATTACHING,
)
def _assumed(inspection: Inspection) -> Iterator[Fault]:
    for source, role, resource in _roles(inspection):
        if "AssumeRolePolicyDocument" not in resource.properties:
            continue
        statements = statements_of(resource.properties, "AssumeRolePolicyDocument")
        # Which keys AppSync sends along is not known for every data source: conditions are left in peace.
        found = obstacles(statements, Request("sts:AssumeRole", None, _APPSYNC, {}), inspection)
        if found is None or (found and all(each.element == "Condition" for each in found)):
            continue
        place = next((each.place for each in found if each.element != "Condition"), None)
        told = f"the role {role.logical_id!r} of data source {source.name!r} does not trust {_APPSYNC.name}"
        yield Fault(told, place or resource.place("AssumeRolePolicyDocument"), f"Service: {_APPSYNC.name}")


@CHECKS.add(
    "E9137",
    "The role of each data source allows what the resolvers ask for",
    why="The service refuses the call as not authorized, and the field ends in an error each time.",
    source=_ATTACHING,
)
def _allowed(inspection: Inspection) -> Iterator[Fault]:
    told: set[tuple[str, str, str]] = set()
    left = _MOST_JUDGED
    for each in inspection.once(asked):
        role = each.source.role
        resource = inspection.resource(role.logical_id) if role is not None else None
        if role is None or resource is None:
            continue
        statements = permissions_of(inspection, role, resource)
        for action in actions(inspection, each):
            key = role.logical_id, action.name, action.resource
            if key in told or "{{resolve:" in action.resource or _hangs_on_others(inspection, each.source):
                continue
            told.add(key)
            left -= len(statements) + 1
            if left < 0:
                return
            found = obstacles(statements, Request(action.name, action.resource, None, {}), inspection)
            if found is None or (found and all(obstacle.element == "Condition" for obstacle in found)):
                continue
            is_denied = any(obstacle.element == "Effect" for obstacle in found)
            if not is_denied and (has_unknown_rights(inspection, role, resource) or _has_connectors(inspection)):
                continue
            yield _not_allowed(resource, each, action, found)


def _has_connectors(inspection: Inspection) -> bool:
    """Whether SAM gives roles policies that do not stand in the template as such."""
    resources = inspection.document.body.get("Resources", {}).values()
    return any(
        isinstance(body, Mapping) and (body.get("Type") == "AWS::Serverless::Connector" or "Connectors" in body)
        for body in resources
    )


def _hangs_on_others(inspection: Inspection, source: DataSource) -> bool:
    return bool(source.logical_id) and is_from_outside(inspection, inspection.raw(source.logical_id))


def _not_allowed(role: Resource, each: Asked, action: Action, found: list[Obstacle]) -> Fault:
    part = each.part
    who = f"{part.type_name}.{part.field_name}" if isinstance(part, ResolverConfig) else part.name
    what = f"the role {role.logical_id!r} does not allow {action.name} on {action.resource!r}, which {who} asks for"
    in_the_way = next((obstacle for obstacle in found if obstacle.element != "Condition"), None)
    if in_the_way is None:
        return Fault(what, role.place(), f"a policy that allows {action.name}")
    if in_the_way.element == "Effect":
        return Fault(f"{what}: a statement denies it", in_the_way.place)
    expected = action.name if in_the_way.element == "Action" else action.resource
    advice = f"A query of an index needs the index's ARN: …:table/NAME/index/{action.resource.rpartition('/')[2]}."
    is_index = in_the_way.element == "Resource" and "/index/" in action.resource
    return Fault(
        f"{what}: the {in_the_way.element} is {in_the_way.shown}",
        in_the_way.place,
        expected,
        advice if is_index else "",
    )


@CHECKS.add(
    "E9139",
    "The function of a Lambda authorizer lets AppSync invoke it",
    why="AppSync may not ask the function, and lets nobody in by this mode.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization",
)
def _authorizers(inspection: Inspection) -> Iterator[Fault]:
    functions = {function.name: function for function in inspection.application.functions}
    permissions = inspection.resources.of_type("AWS::Lambda::Permission")
    if any(is_from_outside(inspection, inspection.raw(each.logical_id)) for each in permissions):
        return
    for api in inspection.application.apis:
        for provider in api.providers:
            arn = provider.authorizer_arn or ""
            function = functions.get(function_name(arn)) if arn else None
            if function is None:
                continue
            context = {"aws:SourceArn": api.arn, "aws:SourceAccount": inspection.environment.account}
            action = "lambda:InvokeFunction"
            allowed = evaluate(
                function.policies, action=action, resource=function.arn, principal=_APPSYNC, context=context
            )
            if not allowed.allowed:
                found = f"no AWS::Lambda::Permission lets {_APPSYNC.name} invoke {function.logical_id!r}, an authorizer"
                yield Fault(found, function.place, f"Action: {action}, Principal: {_APPSYNC.name}")
