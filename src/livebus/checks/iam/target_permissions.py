"""
Checks of what the roles of targets may do: run the mutations that the operations call, and no more.

In: an inspection. Out: faults with the line of the policy's element that is wrong. What a role gets from policies that
are not in the template is not known here, and nothing is said of it.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphql import GraphQLObjectType

from livebus.access import evaluate
from livebus.checks.check import Checks
from livebus.checks.iam.statements import (
    Obstacle,
    Request,
    allowing,
    item_place,
    obstacles,
    statements_of,
    values_of,
)
from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.errors import Fault, closest
from livebus.template.application import GraphQLApi, Role
from livebus.template.dependencies import references
from livebus.template.document import IN_STACK
from livebus.template.literal_places import here, statement_here
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.values import is_opaque

CHECKS = Checks()

_GRAPHQL = "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-iam-authorization"
_LEAST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
_ACTION = "appsync:GraphQL"
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
_WIDE_POLICIES = ("AdministratorAccess", "AWSAppSyncAdministrator", "AWSAppSyncInvokeFullAccess")
# A field that no schema has: who may run it may run any.
_ANY_FIELD = "anyFieldWhatever0"


@dataclass(frozen=True, slots=True)
class _Invoked:
    """A target with a role of the template, and the mutations that it runs as far as the schema has them."""

    inspected: InspectedTarget
    api: GraphQLApi
    role: Role
    resource: Resource
    fields: tuple[str, ...]

    def request(self, field: str) -> Request:
        return Request(_ACTION, f"{self.api.arn}/types/Mutation/fields/{field}", None, {})


def _invoked(inspection: Inspection) -> Iterator[_Invoked]:
    for inspected in inspection.targets:
        role, api = inspected.target.role, inspected.api
        resource = inspection.resource(role.logical_id) if role else None
        if role is None or api is None or resource is None or not inspected.operation.is_mutation:
            continue
        schema = inspection.schema(api.logical_id)
        mutations = schema.graphql.mutation_type if schema else None
        called = dict.fromkeys(field.name.value for field in inspected.operation.root_fields)
        fields = tuple(field for name in called if (field := _meant(name, mutations)))
        yield _Invoked(inspected, api, role, resource, fields)


def _meant(name: str, mutations: GraphQLObjectType | None) -> str | None:
    """The mutation that a name means: a misspelt one is told elsewhere, and must not hide what is wrong with the role."""
    if mutations is None or name in mutations.fields:
        return name
    return closest(name, mutations.fields) or None


def permissions_of(inspection: Inspection, role: Role, resource: Resource) -> list[Properties]:
    """The statements of the role's own policies and of those of the template that are attached to it."""
    found: list[Properties] = []
    for policy in resource.properties.mappings("Policies"):
        found += statements_of(policy, "PolicyDocument")
    its_own = {id(values) for values in role.statements}
    for attached in inspection.resources.of_type(*_POLICIES):
        for statement in statements_of(attached.properties, "PolicyDocument"):
            made = statement_here(statement.values, inspection.environment)
            if id(statement.values) in its_own or (made != statement.values and made in role.statements):
                found.append(statement)
    return found


def has_unknown_rights(inspection: Inspection, role: Role, resource: Resource) -> bool:
    """Whether the role has policies that are not in the template, or that AWS keeps."""
    written = permissions_of(inspection, role, resource)
    managed = {inspection.resources.ref(policy) for policy in inspection.resources.of_type("AWS::IAM::ManagedPolicy")}
    given = resource.properties.sequence("ManagedPolicyArns")
    return len(role.statements) > len(written) or any(arn not in managed for arn in given)


@CHECKS.add(
    "E9132",
    "The role of each target may run the mutations that its operation calls",
    why="AppSync refuses the mutation as not authorized, and the event reaches nobody.",
    source=_GRAPHQL,
)
def _allowed(inspection: Inspection) -> Iterator[Fault]:
    for invoked in _invoked(inspection):
        statements = permissions_of(inspection, invoked.role, invoked.resource)
        for field in invoked.fields:
            in_the_way = obstacles(statements, invoked.request(field), inspection)
            if in_the_way is None:
                continue
            is_denied = any(obstacle.element == "Effect" for obstacle in in_the_way)
            if not is_denied and has_unknown_rights(inspection, invoked.role, invoked.resource):
                continue
            if not in_the_way:
                found = f"the role {invoked.role.logical_id!r} has no policy that allows {_ACTION}"
                advice = f"Allow it on {_resource_text(invoked, field)}."
                yield Fault(found, invoked.resource.place(), advice=advice)
            for obstacle in in_the_way:
                yield _not_allowed(inspection, invoked, field, obstacle)


def _not_allowed(inspection: Inspection, invoked: _Invoked, field: str, obstacle: Obstacle) -> Fault:
    name = invoked.role.logical_id
    if obstacle.element == "Action":
        found = f"the role {name!r} may do {obstacle.shown}, which runs no mutation"
        advice = "It is the one action that runs queries, mutations and subscriptions; their names are in the Resource."
        return Fault(found, obstacle.place, _ACTION, advice)
    if obstacle.element == "Effect":
        return Fault(f"the role {name!r} is denied the mutation {field!r}", obstacle.place, f"no Deny of {_ACTION}")
    if obstacle.element == "Condition":
        found = f"{obstacle.operator} {obstacle.key} {obstacle.shown} never holds, and the role {name!r} may do nothing"
        return Fault(found, obstacle.place)
    found = f"the role {name!r} may not run the mutation {field!r}: the Resource is {obstacle.shown}"
    advice = _resource_advice(inspection, invoked, field, obstacle)
    return Fault(found, obstacle.place, _resource_text(invoked, field), advice)


def _resource_text(invoked: _Invoked, field: str) -> str:
    """As the role's own template can write it: an API of another stack it knows by what that stack gives it."""
    path = f"/types/Mutation/fields/{field}"
    stack, _, name = invoked.api.logical_id.rpartition(IN_STACK)
    if stack == invoked.resource.logical_id.rpartition(IN_STACK)[0]:
        return f'!Sub "${{{name}.Arn}}{path}"'
    return f"the ARN of {invoked.api.logical_id!r}, as its stack gives it to this one, with {path} behind it"


def _resource_advice(inspection: Inspection, invoked: _Invoked, field: str, obstacle: Obstacle) -> str:
    """What is wrong with the resource of a permission, by its first value that tells."""
    own = invoked.api.arn
    others = {api.arn: api.logical_id for api in inspection.application.apis if api.arn != own}
    for value in obstacle.values:
        arn = here(value, inspection.environment)
        api, _, path = arn.partition("/types/")
        if ":endpoints/graphql-api/" in arn:
            return "Permissions speak of the API's ARN (apis/<id>), the target of the endpoint's."
        if arn.startswith(("http:", "https:")):
            return "A permission names an ARN, not a URL."
        if api in others:
            return f"It is the API {others[api]!r}; the target's is {invoked.api.logical_id!r}."
        if arn in (own, f"{own}/"):
            return "That is the API itself; mutations are fields of it."
        if api != own:
            continue
        type_name, _, field_name = path.partition("/fields/")
        if not field_name:
            return "The path of a field is types/TYPE/fields/FIELD."
        if type_name != "Mutation":
            return f"The operation calls a field of Mutation, not of {type_name!r}."
        close = closest(field_name, [field])
        return f"Did you mean {field!r}?" if close else f"The operation calls {field!r}."
    return ""


@CHECKS.add(
    "W9133",
    "The role of each target is allowed the mutations that it runs, and not all there are",
    why="Whoever can point a rule or a target at the role could run every mutation, or do everything else it allows.",
    source=_LEAST,
)
def _narrow(inspection: Inspection) -> Iterator[Fault]:
    for invoked in _invoked(inspection):
        statements = permissions_of(inspection, invoked.role, invoked.resource)
        for number, arn in enumerate(invoked.resource.properties.sequence("ManagedPolicyArns")):
            if str(arn).partition(":iam::aws:policy/")[2] in _WIDE_POLICIES:
                found = f"the role {invoked.role.logical_id!r} has AWS's {str(arn).rpartition('/')[2]}"
                place = invoked.resource.place("ManagedPolicyArns", number)
                yield Fault(found, place, "a policy of its own", "It allows far more than one mutation.")
        for field in invoked.fields:
            for statement in allowing(statements, invoked.request(field), inspection.environment):
                yield from _too_wide(inspection, invoked, field, statement)


def _too_wide(inspection: Inspection, invoked: _Invoked, field: str, statement: Properties) -> Iterator[Fault]:
    name, expected = invoked.role.logical_id, _resource_text(invoked, field)
    for number, action in enumerate(values_of(statement.values.get("Action"))):
        if action in ("*", "appsync:*"):
            found = f"the role {name!r} may do {action!r}"
            yield Fault(found, item_place(statement, "Action", number), _ACTION, "It needs one action only.")
    for member in ("NotAction", "NotResource"):
        if member in statement:
            yield Fault(f"the role {name!r} may do all but what {member} names", statement.place(member), expected)
    for number, resource in enumerate(values_of(statement.values.get("Resource"))):
        reach = _reach(inspection, invoked, here(resource, inspection.environment))
        if reach:
            found = f"the role {name!r} may run {reach}: {resource!r}"
            yield Fault(found, item_place(statement, "Resource", number), expected)


def _reach(inspection: Inspection, invoked: _Invoked, resource: str) -> str:
    """What a resource covers beyond the mutations that are run with the role; nothing where it does not."""
    if _covers(resource, f"{invoked.api.arn}/types/Query/fields/{_ANY_FIELD}"):
        return "every field of the API"
    if not _covers(resource, f"{invoked.api.arn}/types/Mutation/fields/{_ANY_FIELD}"):
        return ""
    schema = inspection.schema(invoked.api.logical_id)
    mutations = set(schema.graphql.mutation_type.fields) if schema and schema.graphql.mutation_type else {_ANY_FIELD}
    run = {field for other in _invoked(inspection) if other.role.arn == invoked.role.arn for field in other.fields}
    return "" if mutations <= run else "every mutation of the API"


def _covers(resource: str, arn: str) -> bool:
    statement = {"Effect": "Allow", "Action": "*", "Resource": resource}
    return evaluate([statement], action=_ACTION, resource=arn, context={}).allowed


@CHECKS.add(
    "W9134",
    "The role of each target is allowed nothing that the target does not need",
    why="A right that nothing uses is one that somebody may use, and often a sign that another was meant.",
    source=_LEAST,
)
def _needed(inspection: Inspection) -> Iterator[Fault]:
    by_role: dict[str, list[_Invoked]] = {}
    for invoked in _invoked(inspection):
        by_role.setdefault(invoked.role.logical_id, []).append(invoked)
    for name, uses in by_role.items():
        if inspection.once(_referred_to).count(name) != len(uses):
            continue
        statements = permissions_of(inspection, uses[0].role, uses[0].resource)
        requests = [invoked.request(field) for invoked in uses for field in invoked.fields]
        # Where a mutation is not known, or may not be run, what the role is for is not known either.
        if all(invoked.fields for invoked in uses) and all(
            obstacles(statements, request, inspection) is None for request in requests
        ):
            for statement in statements:
                if statement.values["Effect"] == "Allow":
                    yield from _not_needed(inspection, name, requests, statement)


def _referred_to(inspection: Inspection) -> Iterator[str]:
    """What resources refer to, as many times as they do; the policies that are attached to a role do not count."""
    for resource in inspection.resources.all():
        if resource.type not in _POLICIES:
            yield from (each.name for each in references(inspection.raw(resource.logical_id).get("Properties")))


def _not_needed(
    inspection: Inspection, name: str, requests: Sequence[Request], statement: Properties
) -> Iterator[Fault]:
    runs = False
    for number, action in enumerate(values_of(statement.values.get("Action"))):
        if evaluate([{"Effect": "Allow", "Action": action}], action=_ACTION, resource=None, context={}).allowed:
            runs = True
            continue
        advice = ""
        if action.lower().startswith("sqs:"):
            advice = "EventBridge writes to a dead-letter queue by the queue's own policy, not with the target's role."
        found = f"the role {name!r} may do {action!r}, which its targets do not need"
        yield Fault(found, item_place(statement, "Action", number), _ACTION, advice)
    for number, resource in enumerate(values_of(statement.values.get("Resource")) if runs else ()):
        reach = here(resource, inspection.environment)
        if (
            resource
            and not is_opaque(resource)
            and not any(_covers(reach, str(request.resource)) for request in requests)
        ):
            found = f"the role {name!r} may run {resource!r}, which none of its targets does"
            yield Fault(found, item_place(statement, "Resource", number))
