"""
Event buses, rules, targets, their roles and dead-letter queues, as an Application has them.

Properties follow AWS::Events::EventBus, AWS::Events::Rule, AWS::IAM::Role, AWS::SQS::Queue and AWS::SQS::QueuePolicy.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from livebus.errors import Fault, Place
from livebus.template.application import EventBus, GraphQLApi, Queue, RetryPolicy, Role, Rule, Target
from livebus.template.attributes import bus_name
from livebus.template.resources import Resource, Resources

T = TypeVar("T", Role, Queue)

_AWS_DEFAULT = RetryPolicy()


def read_buses(resources: Resources) -> tuple[EventBus, ...]:
    """The account's default bus, and the template's own."""
    environment = resources.environment
    buses = [EventBus("default", environment.arn("events", "event-bus/default"))]
    for resource in resources.of_type("AWS::Events::EventBus"):
        if resources.required(resource, "Name"):
            name = resources.attributes.ref(resource.logical_id)
            arn = resources.attributes.get(resource.logical_id, "Arn")
            buses.append(EventBus(name, arn, resource.logical_id, resource.place()))
    return tuple(buses)


def read_queues(resources: Resources) -> tuple[Queue, ...]:
    """The queues, each with the statements of the QueuePolicies that name it."""
    statements: dict[str, list[Mapping[str, Any]]] = {}
    for policy in resources.of_type("AWS::SQS::QueuePolicy"):
        if resources.required(policy, "PolicyDocument", "Queues"):
            for url in policy.properties["Queues"]:
                statements.setdefault(url, []).extend(_statements(policy.properties["PolicyDocument"]))
    queues = []
    for resource in resources.of_type("AWS::SQS::Queue"):
        url, arn, name = (
            str(resources.attributes.get(resource.logical_id, member)) for member in ("QueueUrl", "Arn", "QueueName")
        )
        fifo = str(resource.properties.get("FifoQueue", "false")).lower() == "true"
        policies = tuple(statements.get(url, ()))
        queues.append(Queue(name, arn, url, resource.logical_id, fifo, policies, resource.place()))
    return tuple(queues)


def read_roles(resources: Resources) -> tuple[Role, ...]:
    """The roles with their trust and the statements of their inline policies, those of AWS::IAM::Policy included."""
    attached: dict[str, list[Mapping[str, Any]]] = {}
    for kind in ("AWS::IAM::Policy", "AWS::IAM::RolePolicy"):
        for policy in resources.of_type(kind):
            names = policy.properties.get("Roles") or [policy.properties.get("RoleName")]
            for name in names:
                attached.setdefault(str(name), []).extend(_statements(policy.properties.get("PolicyDocument")))
    roles = []
    for resource in resources.of_type("AWS::IAM::Role"):
        if not resources.required(resource, "AssumeRolePolicyDocument"):
            continue
        name = str(resources.attributes.ref(resource.logical_id))
        inline = [
            statement
            for policy in resource.properties.get("Policies") or ()
            for statement in _statements(policy.get("PolicyDocument"))
        ]
        roles.append(
            Role(
                name=name,
                arn=str(resources.attributes.get(resource.logical_id, "Arn")),
                logical_id=resource.logical_id,
                trust=tuple(_statements(resource.properties["AssumeRolePolicyDocument"])),
                statements=(*inline, *attached.get(name, ())),
                place=resource.place(),
            )
        )
    return tuple(roles)


def _statements(document: Any) -> list[Mapping[str, Any]]:
    statement = document.get("Statement") if isinstance(document, Mapping) else None
    found = [statement] if isinstance(statement, Mapping) else statement or []
    return [item for item in found if isinstance(item, Mapping)]


def read_rules(
    resources: Resources,
    buses: Iterable[EventBus],
    apis: Iterable[GraphQLApi],
    roles: Iterable[Role],
    queues: Iterable[Queue],
) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules, and warnings on what they hold that does nothing here."""
    reader = _RuleReader(resources, tuple(buses), tuple(apis), tuple(roles), tuple(queues))
    return tuple(reader.rule(resource) for resource in resources.of_type("AWS::Events::Rule")), reader.warnings


class _RuleReader:
    def __init__(
        self,
        resources: Resources,
        buses: tuple[EventBus, ...],
        apis: tuple[GraphQLApi, ...],
        roles: tuple[Role, ...],
        queues: tuple[Queue, ...],
    ) -> None:
        self._resources = resources
        self._buses = {bus.name for bus in buses}
        self._apis = {api.endpoint_arn: api for api in apis}
        self._api_arns = {api.arn: api for api in apis}
        self._roles = {role.arn: role for role in roles}
        self._queues = {queue.arn: queue for queue in queues}
        self.warnings: list[str] = []

    def rule(self, resource: Resource) -> Rule:
        properties, attributes = resource.properties, self._resources.attributes
        bus = bus_name(properties.get("EventBusName"))
        if bus not in self._buses:
            close = difflib.get_close_matches(bus, self._buses, n=1)
            meant = f"Did you mean {close[0]!r}?" if close else "Declare it in the template: the rule would wait for ever."
            self._fault(f"rule {resource.logical_id!r} is on the bus {bus!r}, which is not there", resource, meant, "EventBusName")
        pattern = properties.get("EventPattern")
        if pattern is None and "ScheduleExpression" not in properties:
            self._fault(
                "Parameter(s) EventPattern or ScheduleExpression must be specified.", resource, "Write an EventPattern."
            )
        if "ScheduleExpression" in properties:
            self.warnings.append(f"{resource.place()}: the schedule of rule {resource.logical_id!r} never fires here")
        targets = properties.get("Targets")
        state = properties.get("State", "ENABLED")
        return Rule(
            name=str(attributes.get(resource.logical_id, "RuleName")),
            arn=str(attributes.get(resource.logical_id, "Arn")),
            bus=bus,
            event_pattern=pattern if isinstance(pattern, str | None) else json.dumps(pattern, ensure_ascii=False),
            logical_id=resource.logical_id,
            enabled=state != "DISABLED",
            targets=tuple(
                target
                for index, item in enumerate(targets if isinstance(targets, list) else ())
                if (target := self._target(resource, index, item))
            ),
            pattern_place=resource.place("EventPattern"),
            place=resource.place(),
        )

    def _target(self, resource: Resource, index: int, item: Mapping[str, Any]) -> Target | None:
        at = ("Targets", index)
        missing = [member for member in ("Id", "Arn") if not item.get(member)]
        if missing:
            self._fault(f"a target of rule {resource.logical_id!r} has no {' and no '.join(missing)}", resource, "", *at)
            return None
        api = self._api(resource, at, str(item["Arn"]))
        if api is None:
            return None
        parameters = item.get("AppSyncParameters")
        operation = parameters.get("GraphQLOperation") if isinstance(parameters, Mapping) else None
        if not isinstance(operation, str) or not operation.strip():
            self._fault(f"target {item['Id']!r} has no AppSyncParameters.GraphQLOperation", resource, "Name the mutation to run.", *at)
            return None
        if not item.get("RoleArn"):
            advice = "EventBridge runs a GraphQL mutation with a role's rights only."
            self._fault(f"target {item['Id']!r} has no RoleArn", resource, advice, *at)
        retry = item.get("RetryPolicy") or {}
        dead_letter_arn = (item.get("DeadLetterConfig") or {}).get("Arn")
        inputs = [name for name in ("Input", "InputPath", "InputTransformer") if name in item]
        return Target(
            id=str(item["Id"]),
            arn=str(item["Arn"]),
            api=api.logical_id,
            graphql_operation=operation,
            operation_place=resource.place(*at, "AppSyncParameters", "GraphQLOperation"),
            role=self._known(self._roles, item.get("RoleArn"), "role", resource, *at, "RoleArn"),
            input=item.get("Input"),
            input_path=item.get("InputPath"),
            input_transformer=item.get("InputTransformer"),
            input_place=self._input_place(resource, at, inputs),
            retry_policy=RetryPolicy(
                int(retry.get("MaximumRetryAttempts", _AWS_DEFAULT.maximum_retry_attempts)),
                int(retry.get("MaximumEventAgeInSeconds", _AWS_DEFAULT.maximum_event_age_in_seconds)),
            ),
            dead_letter=self._known(self._queues, dead_letter_arn, "queue", resource, *at, "DeadLetterConfig", "Arn"),
            place=resource.place(*at),
        )

    def _api(self, resource: Resource, at: tuple[str, int], arn: str) -> GraphQLApi | None:
        if arn in self._apis:
            return self._apis[arn]
        found = f"the target's Arn is {arn!r}"
        if arn in self._api_arns:
            logical_id = self._api_arns[arn].logical_id
            advice = f"Write !GetAtt {logical_id}.GraphQLEndpointArn: the API's own ARN is not the endpoint's."
            self._fault(found, resource, advice, *at, "Arn")
        else:
            advice = "Only GraphQL APIs of this template can be targets here; other targets are not emulated."
            self._fault(found, resource, advice, *at, "Arn")
        return None

    def _known(self, known: Mapping[str, T], arn: Any, kind: str, resource: Resource, *at: str | int) -> T | None:
        if arn is None:
            return None
        if arn not in known:
            self._fault(f"{kind} {arn!r} is not in the template", resource, "", *at)
        return known.get(arn)

    @staticmethod
    def _input_place(resource: Resource, at: tuple[str, int], inputs: list[str]) -> Place:
        if inputs == ["InputTransformer"]:
            return resource.place(*at, "InputTransformer", "InputTemplate")
        return resource.place(*at, inputs[0]) if inputs else resource.place(*at)

    def _fault(self, found: str, resource: Resource, advice: str, *path: str | int) -> None:
        self._resources.faults.append(Fault(found, resource.place(*path), advice=advice))
