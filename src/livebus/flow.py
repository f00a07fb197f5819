"""
The event's way: the one place where the order of the stations stands.

In: an Application, compiled once into a :class:`Line`; then events. Out: what became of each event at each station.
The dry run, the local runtime and the tests all go through here; only what they do with the outcome differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.access import FieldAccess
from livebus.caller import Caller
from livebus.event.envelope import Event
from livebus.execution import Executor, GraphQLResponse
from livebus.operation import Asking, Called, GraphQLRequest, Services, driven, recorded
from livebus.pattern import EventPattern, PatternIndex
from livebus.record import record
from livebus.retry_policy import INVALID_JSON, NO_PERMISSIONS, NO_RESOURCE, Failure, http_failure
from livebus.schema import Schema
from livebus.subscription import Deliveries, Subscription, Subscriptions
from livebus.template.application import Application, Destination, Function, GraphQLApi, Rule, Target
from livebus.transformer import NotTransformable, TooLarge, Transformer


@dataclass(frozen=True, slots=True)
class CompiledApi:
    """An API ready to answer: its schema and resolvers compiled, its subscribers registered."""

    api: GraphQLApi
    schema: Schema
    access: FieldAccess
    executor: Executor
    subscriptions: Subscriptions


@dataclass(frozen=True, slots=True)
class CompiledTarget:
    """A target ready to be invoked. ``refusal`` says why its role may not run the mutation; None where it may."""

    target: Target
    transformer: Transformer
    api: CompiledApi
    caller: Caller
    refusal: str | None


@dataclass(frozen=True, slots=True)
class CompiledFunctionTarget:
    """A function ready to be invoked by a rule. ``refusal`` says why the rule may not; None where it may."""

    target: Target
    transformer: Transformer
    function: Function
    refusal: str | None


@dataclass(frozen=True, slots=True)
class CompiledDestination:
    """A target of any other kind. ``refusal`` says why the rule may not send to it; None where it may."""

    target: Target
    transformer: Transformer
    destination: Destination
    refusal: str | None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """
    ``targets`` are AppSync APIs, ``functions`` Lambda functions, ``others`` what leads elsewhere; ``every_target`` has them
    all.
    """

    rule: Rule
    pattern: EventPattern
    targets: tuple[CompiledTarget, ...]
    functions: tuple[CompiledFunctionTarget, ...] = ()
    others: tuple[CompiledDestination, ...] = ()
    every_target: tuple[CompiledTarget | CompiledFunctionTarget | CompiledDestination, ...] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "every_target", self.targets + self.functions + self.others)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of an event: ``reasons`` are the conditions that were not met, none where it matches."""

    rule: Rule
    reasons: tuple[str, ...] = ()

    @property
    def matches(self) -> bool:
        return not self.reasons


@record
class Published:
    """What a request leads to: deliveries for each subscription field, and the subscriptions that it ends."""

    deliveries: tuple[tuple[str, Deliveries], ...] = ()
    ended: tuple[Subscription, ...] = ()


NOTHING_PUBLISHED = Published()


@record
class Attempt:
    """
    One invocation of one target: how far the event came, and what came of it.

    ``failure`` is None where AppSync answered 200; GraphQL errors inside such an answer are in ``response``. ``calls`` are
    those of data sources, in their order.
    """

    target: CompiledTarget
    variables: Mapping[str, Any] | None = None
    response: GraphQLResponse | None = None
    published: Published = NOTHING_PUBLISHED
    failure: Failure | None = None
    calls: tuple[Called, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionAttempt:
    """
    One try to hand an event to a function, or to a destination: ``payload`` is the JSON text that it gets, None where none
    came about.

    ``failure`` is None where it is taken; what a function makes of it comes later, and is Lambda's affair. ``unsent`` says
    why nothing was sent, where AWS would send it and the local runtime has nothing to send it to: no failure of the
    event's. ``calls`` has the request to an API destination. The other members are those of an :class:`Attempt`, empty.
    """

    target: CompiledFunctionTarget | CompiledDestination
    payload: bytes | None = None
    failure: Failure | None = None
    unsent: str = ""
    variables: None = None
    response: None = None
    published: Published = NOTHING_PUBLISHED
    calls: tuple[Called, ...] = ()


@dataclass(frozen=True, slots=True)
class Bus:
    """The enabled rules of one bus, and the index that finds those that match."""

    rules: tuple[CompiledRule, ...]
    index: PatternIndex


@dataclass(frozen=True, slots=True)
class Line:
    """
    An application whose stations are compiled.

    ``apis`` are by logical id, ``buses`` by name. ``warnings`` tell of what AWS accepts and what then cannot work.
    """

    application: Application
    apis: Mapping[str, CompiledApi]
    warnings: tuple[str, ...]
    buses: Mapping[str, Bus] = field(repr=False)

    def has_bus(self, name: str) -> bool:
        return name in self.buses

    def compiled_rules(self, bus: str) -> tuple[CompiledRule, ...]:
        found = self.buses.get(bus)
        return found.rules if found else ()

    def rules_for(self, event: Event) -> list[CompiledRule]:
        """The rules that match an event, in the template's order."""
        bus = self.buses.get(event.bus)
        return [*map(bus.rules.__getitem__, bus.index.matching(event.envelope))] if bus else []

    def verdicts(self, event: Event) -> list[Verdict]:
        """What every rule of the event's bus says of it, with the reasons. For people: slower than rules_for."""
        return [
            Verdict(compiled.rule, tuple(compiled.pattern.explain(event.envelope)))
            for compiled in self.compiled_rules(event.bus)
        ]

    @staticmethod
    def attempt(event: Event, target: CompiledTarget, services: Services) -> Attempt:
        """Invoke a target with an event; ``services.call`` performs what resolvers ask for."""
        if not target.api.executor.asks:
            return Line.attempt_at_once(event, target, services)
        return driven(Line.attempting(event, target, services), services.call)

    @staticmethod
    def attempt_at_once(event: Event, target: CompiledTarget, services: Services) -> Attempt:
        """
        Invoke a target with an event: transformer, access, execution, subscription.

        For an API whose resolvers ask for no calls of data sources, as most of those that events go to.
        """
        request = _request(event, target)
        if isinstance(request, Attempt):
            return request
        return _attempted(target, request, target.api.executor.execute_at_once(request, target.caller, services))

    @staticmethod
    def attempting(event: Event, target: CompiledTarget, services: Services) -> Asking[Attempt]:
        """The same for every API: yields the calls of data sources that the mutation's resolvers ask for."""
        request = _request(event, target)
        if isinstance(request, Attempt):
            return request
        calls: list[Called] = []
        response = yield from recorded(target.api.executor.executing(request, target.caller, services), calls)
        return _attempted(target, request, response, tuple(calls))

    @staticmethod
    def hand_over(event: Event, target: CompiledFunctionTarget | CompiledDestination) -> FunctionAttempt:
        """
        Make what a function or a destination gets of an event: transformer, access. Whoever runs functions, or has the
        queues, takes it from there.
        """
        try:
            payload = target.transformer.payload(event)
        except NotTransformable as error:
            return FunctionAttempt(target, failure=Failure(INVALID_JSON, str(error), retryable=False))
        if target.refusal is not None:
            return FunctionAttempt(target, payload, Failure(NO_PERMISSIONS, target.refusal, retryable=False))
        if isinstance(target, CompiledDestination) and target.destination.unsent:
            return FunctionAttempt(target, payload, unsent=target.destination.unsent)
        if isinstance(target, CompiledDestination) and target.destination.graphql_api:
            # An API that a stack has is put in place of this (livebus.linking).
            gone = f"There is no GraphQL API with the endpoint {target.destination.graphql_api}."
            return FunctionAttempt(target, payload, Failure(NO_RESOURCE, gone, retryable=False))
        return FunctionAttempt(target, payload)


def _request(event: Event, target: CompiledTarget) -> GraphQLRequest | Attempt:
    """The request that a target makes of an event; or the attempt that came to its end before."""
    try:
        variables = target.transformer.apply(event)
    except TooLarge as large:
        return Attempt(target, failure=http_failure(413, str(large)))
    except NotTransformable as unfit:
        return Attempt(target, failure=Failure(INVALID_JSON, str(unfit), retryable=False))
    if target.refusal is not None:
        return Attempt(target, variables, failure=Failure(NO_PERMISSIONS, target.refusal, retryable=False))
    return GraphQLRequest(target.target.graphql_operation, variables)


def _attempted(
    target: CompiledTarget, request: GraphQLRequest, response: GraphQLResponse, calls: tuple[Called, ...] = ()
) -> Attempt:
    """What came of a request that AppSync has answered."""
    if response.status != 200:
        failure = http_failure(response.status, _first_message(response))
        return Attempt(target, request.variables, response, failure=failure, calls=calls)
    return Attempt(target, request.variables, response, publish(target.api, response), None, calls)


def publish(api: CompiledApi, response: GraphQLResponse) -> Published:
    """Hand what a request published to the subscribers of each linked field, and find those that it ends."""
    deliveries: list[tuple[str, Deliveries]] = []
    for publication in response.publications:
        for name in api.schema.links.get(publication.mutation, ()):
            deliveries.append((name, api.subscriptions.publish(name, publication)))  # noqa: PERF401 - on every event's way
    if not response.invalidations:
        return Published(tuple(deliveries))
    ended = [found for each in response.invalidations for found in api.subscriptions.invalidate(each)]
    return Published(tuple(deliveries), tuple(dict.fromkeys(ended)))


def _first_message(response: GraphQLResponse) -> str:
    return str(response.errors[0].get("message")) if response.errors else f"HTTP status {response.status}"
