"""
Event buses, rules and their targets, as an Application has them.

Properties follow AWS::Events::EventBus and AWS::Events::Rule.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from livebus.errors import Place, closest
from livebus.template.api_destination import ApiDestination
from livebus.template.application import (
    Destination,
    EventBus,
    Function,
    GraphQLApi,
    Queue,
    RetryPolicy,
    Role,
    Rule,
    Target,
)
from livebus.template.connections import target_parameters
from livebus.template.event_patterns import written_pattern
from livebus.template.imports import is_elsewhere
from livebus.template.literal_places import of_account
from livebus.template.properties import Properties, shown
from livebus.template.resource import Resource
from livebus.template.resources import Resources
from livebus.template.return_values import bus_name
from livebus.template.roles import warn_of_unknown_rights
from livebus.template.values import is_opaque

T = TypeVar("T", Role, Queue)

_AWS_DEFAULT = RetryPolicy()
_STATES = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_BUS_NAME = re.compile(r"(?!default$)[.\-_A-Za-z0-9]{1,256}")
_DIGITS = re.compile(r"[0-9]+")
# What PutRule takes for a bus. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
_BUS_OF_RULE = re.compile(r"(arn:aws[\w-]*:events:[^:]*:[^:]*:event-bus/)?[/.\-_A-Za-z0-9]+")
_V2_BUS = "event-busv2/"
_MAX_TARGETS = 5
_ENDPOINT = "endpoints/graphql-api/"
_MEANT = "Write !GetAtt, the API's logical id, and .GraphQLEndpointArn behind it."
# The services whose resources may be targets. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
_SERVICES = frozenset(
    (
        *("appsync", "batch", "codebuild", "codepipeline", "ec2", "ecs", "events", "execute-api", "firehose", "glue"),
        *("imagebuilder", "inspector", "kinesis", "lambda", "logs", "redshift", "redshift-serverless", "sagemaker"),
        *("sns", "sqs", "ssm", "ssm-incidents", "states"),
    )
)
# The service and the beginning of the resource in the ARNs of what a target names.
_OF_KIND = {"role": ("iam", "role/"), "queue": ("sqs", "")}


def read_buses(resources: Resources) -> tuple[EventBus, ...]:
    """The account's default bus, and the template's own."""
    buses = {"default": EventBus("default", resources.environment.arn("events", "event-bus/default"))}
    for resource in resources.of_type("AWS::Events::EventBus"):
        resource.required("Name")
        expected = "1 to 256 letters, digits, '.', '-' and '_', and not default"
        resource.properties.matching("Name", _BUS_NAME, expected)
        name = resources.ref(resource)
        if name in buses and name != "default":
            resource.properties.fault(f"Event bus {name} already exists.", "Name")
        arn = resources.attribute(resource, "Arn")
        buses.setdefault(name, EventBus(name, arn, resource.logical_id, resource.place()))
    return tuple(buses.values())


def read_rules(
    resources: Resources,
    buses: Iterable[EventBus],
    apis: Iterable[GraphQLApi],
    roles: Iterable[Role],
    queues: Iterable[Queue],
    *,
    functions: Iterable[Function] = (),
    api_destinations: Iterable[ApiDestination] = (),
) -> tuple[Rule, ...]:
    reader = _RuleReader(resources, tuple(buses), tuple(apis), tuple(roles), tuple(queues), functions=tuple(functions))
    reader.api_destinations = {destination.arn: destination for destination in api_destinations}
    return tuple(reader.rule(resource) for resource in resources.of_type("AWS::Events::Rule"))


class _RuleReader:
    def __init__(
        self,
        resources: Resources,
        buses: tuple[EventBus, ...],
        apis: tuple[GraphQLApi, ...],
        roles: tuple[Role, ...],
        queues: tuple[Queue, ...],
        *,
        functions: tuple[Function, ...],
    ) -> None:
        self._resources = resources
        self._buses = {bus.name: bus.arn for bus in buses}
        outside = resources.environment.buses or {}
        self._buses.update({name: arn for name, arn in outside.items() if name not in self._buses})
        self._apis = {api.endpoint_arn: api for api in apis}
        self._functions = {function.arn: function for function in functions}
        # What is written for the endpoint's ARN by mistake.
        self._meant = {
            each: api
            for api in apis
            for each in (api.arn, api.graphql_url, api.realtime_url, api.api_id, api.logical_id)
        }
        self._roles = {role.arn: role for role in roles}
        self._queues = {queue.arn: queue for queue in queues}
        self._log_groups = {resources.ref(group) for group in resources.of_type("AWS::Logs::LogGroup")}
        self._rule_arns: set[str] = set()
        self.api_destinations: Mapping[str, ApiDestination] = {}

    def rule(self, resource: Resource) -> Rule:
        properties = resource.properties
        bus, bus_refused = self._bus(resource)
        properties.matching("Name", _NAME, "1 to 64 letters, digits, '.', '-' and '_'")
        arn = self._resources.attribute(resource, "Arn")
        if arn in self._rule_arns:
            properties.fault(f"another rule of the bus {bus!r} has the same name", "Name")
        self._rule_arns.add(arn)
        if "ScheduleExpression" in properties:
            if bus != "default":
                found = "ScheduleExpression is supported only on the default event bus."
                properties.fault(found, "ScheduleExpression")
            place = properties.place("ScheduleExpression")
            self._resources.warn(place, f"the schedule of rule {resource.logical_id!r} never fires here")
        elif "EventPattern" not in properties.values:
            properties.fault(
                "Parameter(s) EventPattern or ScheduleExpression must be specified.", advice="Write an EventPattern."
            )
        targets = self._targets(resource)
        return Rule(
            name=self._resources.attribute(resource, "RuleName"),
            arn=arn,
            bus=bus,
            event_pattern=pattern_text(properties),
            logical_id=resource.logical_id,
            enabled=properties.text("State", "ENABLED", choices=_STATES) != "DISABLED",
            targets=tuple(target for target in targets if target.api),
            function_targets=tuple(target for target in targets if target.function),
            other_targets=tuple(target for target in targets if target.destination),
            pattern_place=resource.place("EventPattern"),
            place=resource.place(),
            bus_refused=bus_refused,
            written_pattern=written_pattern(resource),
        )

    def _bus(self, resource: Resource) -> tuple[str, bool]:
        """The bus that a rule is on, and whether AWS refuses the rule for it."""
        given = resource.properties.text("EventBusName")
        bus = bus_name(given)
        if given and not is_opaque(given) and not _BUS_OF_RULE.fullmatch(given):
            found = f"rule {resource.logical_id!r} is on the bus {given!r}, which takes no rules"
            advice = "A V2 bus has subscribers, which cannot target AppSync." if f":{_V2_BUS}" in given else ""
            expected = "the name or the ARN of an AWS::Events::EventBus"
            resource.properties.fault(found, "EventBusName", expected=expected, advice=advice)
            return bus, True
        # An ARN that is spelt out is of the account that everything else is in here.
        is_another = given.startswith("arn:") and of_account(given, self._resources.environment) != self._buses.get(bus)
        # Without a name the bus is one that could not be read, which is told where it was read.
        if given and not is_elsewhere(given) and (bus not in self._buses or is_another):
            raw = self._resources.raw(resource.logical_id)["Properties"]["EventBusName"]
            # A bus of another account or region has a name of its own, as have orders-1 and orders-2.
            may_be_misspelt = isinstance(raw, str) and (not given.startswith("arn:") or self._is_of_own_place(given))
            own = [name for name in self._buses if name != bus and _DIGITS.findall(name) == _DIGITS.findall(bus)]
            close = closest(bus, own, 0.9) if may_be_misspelt else ""
            found = f"rule {resource.logical_id!r} is on the bus {given!r}, which is not there"
            if close:
                resource.properties.fault(found, "EventBusName", advice=f"Did you mean {close!r}?")
                return bus, True
            advice = "Buses of other stacks are not emulated."
            resource.properties.not_emulated(found, "EventBusName", advice=advice)
        return bus, False

    def _is_of_own_place(self, arn: str) -> bool:
        """Whether an ARN is of the account and the region that everything else is in here."""
        environment = self._resources.environment
        return arn.split(":", 5)[3:5] == [environment.region, environment.account]

    def _targets(self, resource: Resource) -> tuple[Target, ...]:
        targets: dict[str, Target] = {}
        items = list(resource.properties.mappings("Targets"))
        if len(items) > _MAX_TARGETS:
            found = f"rule {resource.logical_id!r} has {len(items)} targets"
            resource.properties.fault(found, "Targets", expected=f"at most {_MAX_TARGETS}")
        ids: set[str] = set()
        for item in items:
            target = self._target(resource, item)
            if target.id in ids:
                item.fault(
                    f"rule {resource.logical_id!r} has another target {target.id!r}", "Id", expected="each Id once"
                )
            ids.add(target.id)
            if target.api or target.function or target.destination:
                targets.setdefault(target.id, target)
        return tuple(targets.values())

    def _target(self, resource: Resource, item: Properties) -> Target:
        """A target as it stands; with what is wrong told, and ``api`` empty where it cannot be invoked."""
        complete = item.required("Id", "Arn", what=f"a target of rule {resource.logical_id!r}")
        name = item.matching("Id", _NAME, "1 to 64 letters, digits, '.', '-' and '_'")
        arn = item.text("Arn")
        function = self._function(arn)
        destination = self._destination(item, name, arn) if complete and arn and function is None else None
        is_other = destination is not None or function is not None or _is_of_another_service(arn)
        api = self._api(item, name, arn) if complete and arn and not is_other else None
        parameters = item.mapping("AppSyncParameters")
        operation = parameters.text("GraphQLOperation")
        if (api is not None or _is_endpoint(arn)) and parameters.required(
            "GraphQLOperation", what=f"target {name!r}, in AppSyncParameters,"
        ):
            given = parameters.values["GraphQLOperation"]
            if isinstance(given, str) and not given.strip():
                parameters.fault(
                    "the GraphQLOperation is empty", "GraphQLOperation", advice="Name the mutation to run."
                )
        if (api is not None or _is_endpoint(arn)) and "RoleArn" not in item.values:
            advice = "EventBridge runs a GraphQL mutation with a role's rights only."
            item.fault(f"target {name!r} has no RoleArn", advice=advice)
        role = self._known(self._roles, item, "RoleArn", "role", _foreign_role)
        if role is not None and (api is not None or (destination is not None and destination.graphql_api)):
            warn_of_unknown_rights(self._resources, role)
        retry = item.mapping("RetryPolicy")
        return Target(
            id=name,
            arn=arn,
            api=api.logical_id if api else "",
            graphql_operation=operation,
            operation_place=item.place("AppSyncParameters", "GraphQLOperation"),
            role=role,
            input=item.text_or_none("Input"),
            input_path=item.text_or_none("InputPath"),
            input_transformer=_input_transformer(item),
            input_place=_input_place(item),
            retry_policy=RetryPolicy(
                retry.number("MaximumRetryAttempts", _AWS_DEFAULT.maximum_retry_attempts, 0, 185),
                retry.number("MaximumEventAgeInSeconds", _AWS_DEFAULT.maximum_event_age_in_seconds, 60, 86_400),
            ),
            dead_letter=self._known(self._queues, item.mapping("DeadLetterConfig"), "Arn", "queue", _foreign_queue),
            place=item.place(),
            function=function.logical_id if function else "",
            destination=destination,
        )

    def _destination(self, item: Properties, name: str, arn: str) -> Destination | None:
        """What is neither an API nor a function of the template; None where it is an API's, or is meant to be one."""
        parts = arn.split(":", 5)
        if len(parts) != 6 and is_opaque(arn):
            # What it is of is told by what is sent with it, if at all.
            service = "appsync" if "AppSyncParameters" in item.values else ""
            advice = "Only targets whose ARN stands in this template are emulated."
            item.not_emulated(f"the Arn of target {name!r} is {shown(arn)}", "Arn", advice=advice)
            return Destination(service)
        if len(parts) != 6 or (parts[2] == "appsync" and (arn in self._apis or not _is_endpoint(arn))):
            return None
        if is_opaque(arn):
            return Destination(parts[2])
        if parts[2] not in _SERVICES:
            item.fault(f"{parts[2]} is not a supported service for a target.", "Arn", advice=_MEANT)
            return None
        if parts[2] == "events" and not parts[5].startswith(("event-bus/", _V2_BUS, "api-destination/", "target/")):
            found = f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
            item.fault(found, "Arn", advice="A rule can be no target: name the bus that it is on.")
            return None
        if arn in self.api_destinations:
            parameters = target_parameters(item.mapping("HttpParameters"))
            return Destination(parts[2], api=self.api_destinations[arn], parameters=parameters)
        destination = self._here(parts[2], of_account(arn, self._resources.environment), parts[5])
        if destination.is_emulated:
            return destination
        advice = f"Only GraphQL APIs and functions of this template can be targets here. Targets of {parts[2]!r} are not emulated."
        if parts[2] == "lambda":
            advice = "Functions of other stacks are not emulated: write !GetAtt, a function's logical id, and .Arn behind it."
        elif parts[2] == "appsync":
            advice = (
                "Only GraphQL APIs of this template can be targets here. APIs of other stacks are not emulated, but by a local runtime "
                "that both are deployed into."
            )
        found = f"the Arn of target {name!r} is {shown(arn)}"
        item.not_emulated(found, "Arn", expected="the GraphQLEndpointArn of an API", advice=advice)
        return destination

    def _here(self, service: str, arn: str, resource: str) -> Destination:
        if service == "sqs" and arn in self._queues:
            return Destination(service, queue=self._queues[arn])
        if service == "events" and resource.startswith("event-bus/") and self._buses.get(bus_name(arn)) == arn:
            return Destination(service, event_bus=bus_name(arn))
        environment = self._resources.environment
        if environment.knows_others and arn.startswith(environment.arn("appsync", _ENDPOINT)):
            return Destination(service, graphql_api=arn)
        group = resource.removeprefix("log-group:").removesuffix(":*")
        if service == "logs" and group in self._log_groups:
            return Destination(service, log_group=group)
        return Destination(service)

    def _function(self, arn: str) -> Function | None:
        """The function that an ARN names, with the name of an alias or the number of a version behind it or without."""
        return self._functions.get(arn) or self._functions.get(arn.rpartition(":")[0])

    def _api(self, item: Properties, name: str, arn: str) -> GraphQLApi | None:
        if arn in self._apis:
            return self._apis[arn]
        meant = self._meant.get(arn)
        if meant is not None:
            kind = "API's own ARN" if arn == meant.arn else "API's URL" if "://" in arn else "API's id"
            advice = f"Write !GetAtt {meant.logical_id}.GraphQLEndpointArn: the {kind} is not the endpoint's."
        else:
            advice = "Write !GetAtt, the API's logical id, and .GraphQLEndpointArn behind it."
        found = f"the Arn of target {name!r} is {shown(arn)}"
        item.fault(found, "Arn", expected="the GraphQLEndpointArn of an API", advice=advice)
        # What else is wrong with a target of that API is told at the same time.
        return meant

    def _known(
        self, known: Mapping[str, T], item: Properties, member: str, kind: str, foreign: Callable[[str], T]
    ) -> T | None:
        arn = item.text_or_none(member)
        if arn is not None and is_opaque(arn):
            return foreign(arn)  # which one it is, is only known where it is deployed
        if arn and arn not in known:
            arn = of_account(arn, self._resources.environment)  # spelt out, of the one account of all
        if arn and arn in self._resources.environment.elsewhere:
            return foreign(arn)  # whoever runs the stacks looks at the one that is there
        if arn and arn not in known:
            service, resource = _OF_KIND[kind]
            parts = arn.split(":", 5)
            is_arn = len(parts) == 6 and parts[2] == service and parts[5].startswith(resource)
            found = f"{kind} {shown(arn)} is not in the template"
            if is_arn:
                item.not_emulated(found, member, advice=f"A {kind} of another stack is not emulated.")
                return foreign(arn)
            item.fault(found, member, advice=f"Write !GetAtt and the {kind}'s logical id, with .Arn behind it.")
        return known.get(arn) if arn is not None else None


def _foreign_role(arn: str) -> Role:
    """A role that only its ARN is known of: nothing says that it may not do what it is there for."""
    everything = {"Effect": "Allow", "Action": "*"}
    trust = {**everything, "Principal": "*"}
    return Role(arn.rpartition("/")[2], arn, "", (trust,), ({**everything, "Resource": "*"},))


def _foreign_queue(arn: str) -> Queue:
    """A queue that only its ARN is known of."""
    statement = {"Effect": "Allow", "Action": "*", "Principal": "*", "Resource": "*"}
    name = arn.rpartition(":")[2]
    return Queue(name, arn, "", "", name.endswith(".fifo"), (statement,))


def _is_of_another_service(arn: str) -> bool:
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[2] != "appsync"


def _is_endpoint(arn: str) -> bool:
    """Whether an ARN is that of the endpoint of some GraphQL API."""
    return f":{_ENDPOINT}" in arn


def pattern_text(properties: Properties) -> str | None:
    """An EventPattern as JSON text: a text as it stands, an object with its numbers and characters as they are."""
    pattern = properties.values.get("EventPattern")
    if pattern is None or isinstance(pattern, str):
        return pattern
    return json.dumps(pattern, ensure_ascii=False)


def _input_transformer(item: Properties) -> dict[str, Any] | None:
    if "InputTransformer" not in item:
        return None
    transformer = item.mapping("InputTransformer")
    if not transformer.required("InputTemplate", what="InputTransformer"):
        return None
    template = transformer.text_or_none("InputTemplate")
    if template is None:
        return None
    members: dict[str, Any] = {"InputTemplate": template}
    if "InputPathsMap" in transformer:
        members["InputPathsMap"] = transformer.map_of_texts("InputPathsMap")
    return members


def _input_place(item: Properties) -> Place:
    inputs = [name for name in ("Input", "InputPath", "InputTransformer") if name in item]
    if inputs == ["InputTransformer"]:
        return item.place("InputTransformer", "InputTemplate")
    return item.place(*inputs[:1])
