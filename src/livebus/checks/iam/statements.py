"""
Which element of a policy keeps it from allowing what it is there for.

In: statements with their places, and a request. Out: the elements that are in the way, of the statement that comes
closest. Whether a request is allowed is IAM's logic, and ``access.evaluate`` has it: here each element is put to it by
itself. The account and the region that a template is deployed to are not known: those that it spells out count as ours.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livebus.access import EVENTBRIDGE, Principal, evaluate
from livebus.checks.inspection import Inspection
from livebus.checks.template.outside import is_from_outside, known_arn
from livebus.errors import Fault, Place, closest
from livebus.template import Environment
from livebus.template.application import Rule
from livebus.template.literal_places import here, statement_here
from livebus.template.policies import read_statements
from livebus.template.properties import Properties

SOURCE_KEYS = ("aws:SourceArn", "aws:SourceAccount")
# Keys that EventBridge sends none of, so that a condition on them never holds.
_NEVER_SENT = frozenset(("sts:externalid", "aws:multifactorauthpresent", "aws:userid", "aws:username", "aws:sourceip"))
_EVERYTHING: Mapping[str, Any] = {"Effect": "Allow", "Action": "*"}


@dataclass(frozen=True, slots=True)
class Request:
    """
    What is to be allowed. ``principal`` is None for the policies of a role, ``resource`` for the trust in it.
    """

    action: str
    resource: str | None
    principal: Principal | None
    context: Mapping[str, str]


def by_eventbridge(inspection: Inspection, rule: Rule, action: str, resource: str | None) -> Request:
    """What EventBridge asks for on behalf of a rule. Where the rule's ARN is not known, it is left out."""
    arn = known_arn(inspection, rule)
    context = {
        **({"aws:SourceArn": arn} if arn else {}),
        "aws:SourceAccount": inspection.environment.account,
        "aws:SecureTransport": "true",
        "aws:PrincipalIsAWSService": "true",
    }
    return Request(action, resource, EVENTBRIDGE, context)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """
    An element that is in the way: Principal, Action, Resource or Condition; Effect where a statement denies.

    ``values`` are the element's, ``place`` is where it stands. ``operator`` and ``key`` are those of a condition.
    """

    element: str
    values: tuple[str, ...]
    place: Place
    operator: str = ""
    key: str = ""

    @property
    def shown(self) -> str:
        return " and ".join(map(repr, self.values)) or "nothing"

    @property
    def key_meant(self) -> str:
        """The condition key that a misspelt one may be meant to be, or nothing."""
        known = {key.lower(): key for key in SOURCE_KEYS}
        close = closest(self.key.lower(), known, 0.9)
        return known[close] if close and self.key.lower() != close else ""


def statements_of(owner: Properties, member: str) -> list[Properties]:
    """The sound statements of the policy document in a property, in their order."""
    sound = {id(values) for values in read_statements(owner, member)}
    document = owner.mapping(member)
    is_one = isinstance(document.values.get("Statement"), Mapping)
    found = [document.mapping("Statement")] if is_one else document.mappings("Statement")
    return [statement for statement in found if id(statement.values) in sound]


def obstacles(statements: Sequence[Properties], request: Request, inspection: Inspection) -> list[Obstacle] | None:
    """
    What keeps the statements from allowing the request; empty where no statement allows anything.

    None where they allow it, and where that hangs on conditions that are not known here.
    """
    environment = inspection.environment
    sent = {key.lower() for key in request.context} | _NEVER_SENT
    for statement in statements:
        # A Deny applies where the same statement would allow. One that asks for what is not known here may not.
        if statement.values["Effect"] == "Deny" and sent.issuperset(condition_keys(statement)):
            values = {**statement.values, "Effect": "Allow"}
            if _allows(values, request, environment):
                return [Obstacle("Effect", ("Deny",), statement.place("Effect"))]
    closest: list[Obstacle] | None = None
    for statement in statements:
        if statement.values["Effect"] == "Allow":
            found = [
                each
                for each in _in_the_way(statement, request, environment)
                if not _may_fit(inspection, statement, each)
            ]
            if not found:
                return None
            if closest is None or len(found) < len(closest):
                closest = found
    return closest or []


def _may_fit(inspection: Inspection, statement: Properties, obstacle: Obstacle) -> bool:
    """Whether an element hangs on what is not known before a deploy: an empty text is a value that could not be had."""
    if "" in obstacle.values or any("{{resolve:" in value for value in obstacle.values):
        return True
    _, logical_id, *_ = statement.place().path.split("/")
    return obstacle.element in ("Condition", "Resource") and is_from_outside(inspection, inspection.raw(logical_id))


def allowing(statements: Sequence[Properties], request: Request, environment: Environment) -> list[Properties]:
    """The statements that allow the request."""
    return [
        each for each in statements if each.values["Effect"] == "Allow" and _allows(each.values, request, environment)
    ]


def condition_keys(statement: Properties) -> list[str]:
    """The keys that a statement's conditions ask for, in lower case."""
    conditions = statement.values.get("Condition") or {}
    return [key.lower() for keys in conditions.values() for key in keys]


def values_of(value: Any) -> tuple[str, ...]:
    """An element's values: one or several; of a Principal those of all kinds."""
    if isinstance(value, Mapping):
        return tuple(each for names in value.values() for each in values_of(names))
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return () if value is None else (str(value),)


def item_place(statement: Properties, member: str, number: int) -> Place:
    """Where one value of an element stands, which may be a list or a single value."""
    value = statement.values.get(member)
    path: tuple[str | int, ...] = (member,)
    if isinstance(value, Mapping) and len(value) == 1:
        kind, value = next(iter(value.items()))
        path = (member, kind)
    return statement.place(*path, number) if isinstance(value, list) else statement.place(*path)


def _in_the_way(statement: Properties, request: Request, environment: Environment) -> Iterator[Obstacle]:
    values = statement.values
    for name in ("Principal", "Action", "Resource"):
        if (name == "Principal" and request.principal is None) or (name == "Resource" and request.resource is None):
            continue
        member = name if name in values else f"Not{name}"
        probe = {"Principal": "*", **_EVERYTHING, "Resource": "*"}
        del probe[name]
        if member in values:
            probe[member] = values[member]
        if not _allows(probe, request, environment):
            found = values_of(values.get(member))
            place = item_place(statement, member, 0) if len(found) == 1 else statement.place(member)
            yield Obstacle(name, found, place)
    for operator, conditions in (values.get("Condition") or {}).items():
        for key, expected in conditions.items():
            condition = {operator: {key: expected}}
            probe = {"Principal": "*", **_EVERYTHING, "Resource": "*", "Condition": condition}
            if _allows(probe, request, environment):
                continue
            place = statement.place("Condition", operator, key)
            obstacle = Obstacle("Condition", values_of(expected), place, operator, key)
            if _is_known(obstacle, request, environment):
                yield obstacle


def _is_known(obstacle: Obstacle, request: Request, environment: Environment) -> bool:
    """Whether a condition that does not hold here holds for no request of EventBridge's."""
    sent = {key.lower(): key for key in request.context}
    key = obstacle.key.lower()
    if key in _NEVER_SENT or obstacle.key_meant:
        return True
    # An operator that is known says yes to one value or its opposite; one that is not known never says yes.
    probe = {**_EVERYTHING, "Condition": {f"{obstacle.operator.removesuffix('IfExists')}IfExists": {"no:key": "x"}}}
    return key in sent and _allows(probe, Request(request.action, None, None, {}), environment)


def _allows(values: Mapping[str, Any], request: Request, environment: Environment) -> bool:
    return evaluate(
        [statement_here(values, environment)],
        action=request.action,
        resource=request.resource,
        principal=request.principal,
        context=request.context,
    ).allowed


def wrong_condition(rule: Rule, obstacle: Obstacle, environment: Environment, so: str) -> Fault:
    """A condition that EventBridge never meets when it acts for a rule. ``so`` says what cannot be done then."""
    key, name = obstacle.key, rule.logical_id
    if obstacle.key_meant:
        found = f"the condition key {key!r} is none that EventBridge sends; {so}"
        return Fault(found, obstacle.place, advice=f"Did you mean {obstacle.key_meant!r}?")
    if key.lower() == "aws:sourceaccount":
        found = f"{key} is {obstacle.shown}, which is not the account of rule {name!r}; {so}"
        return Fault(found, obstacle.place, "!Ref AWS::AccountId")
    if key.lower() == "aws:sourcearn":
        found = f"{key} is {obstacle.shown}, which is not rule {name!r}; {so}"
        expected = f"an ARN that ends in {rule.arn.split(':', 5)[5]!r}"
        return Fault(found, obstacle.place, expected, _source_arn_advice(rule, obstacle, environment))
    return Fault(f"EventBridge never meets {obstacle.operator} {key} {obstacle.shown}; {so}", obstacle.place)


def _source_arn_advice(rule: Rule, obstacle: Obstacle, environment: Environment) -> str:
    wanted = rule.arn.split(":", 5)
    is_custom = rule.bus != "default"
    for value in obstacle.values:
        parts = here(value, environment).split(":", 5)
        if len(parts) != 6:
            return "It is no ARN."
        if parts[5] == wanted[5] and parts[3:5] == [wanted[4], wanted[3]]:
            return "The region comes before the account."
        if "*" in value and not obstacle.operator.startswith(("Arn", "StringLike")):
            return f"{obstacle.operator} takes * for a character: write ArnLike."
        if parts[5].startswith("event-bus/"):
            return "EventBridge sends the rule's ARN, not the bus's."
        if is_custom and parts[5].count("/") == 1:
            return "The ARN of a rule on a bus of its own is rule/BUS/RULE."
        if not is_custom and parts[5].count("/") == 2:
            return "The ARN of a rule on the default bus is rule/RULE, without a bus."
    return ""


def principal_advice(obstacle: Obstacle) -> str:
    """What to write where a statement is for another principal than EventBridge."""
    if EVENTBRIDGE.name in obstacle.values:
        return "It is a service: write it under Service."
    close = closest(EVENTBRIDGE.name, obstacle.values, 0.8)
    return f"Did you mean {EVENTBRIDGE.name!r}?" if close else ""
