"""
The event's way: the one place where the order of the stations stands.

In: an Application, compiled once into a :class:`Line`; then events. Out: what became of each event at each station.
The dry run, the local runtime and the tests all go through here; only what they do with the outcome differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, Visitor, visit
from graphql.language import FieldNode

from livebus.access import FieldAccess, destination_admits, function_admits, role_may_invoke
from livebus.caller import AWS_IAM, Caller
from livebus.delivery import INVALID_JSON, NO_PERMISSIONS, Failure, http_failure
from livebus.errors import (
    Fault,
    InvalidEventPattern,
    InvalidSchema,
    InvalidTemplate,
    LivebusError,
    Place,
    bounded_suggestions,
)
from livebus.event.envelope import Event
from livebus.execution import Executor, GraphQLResponse
from livebus.execution.operations import parse_document
from livebus.operation import Asking, Called, GraphQLRequest, Resolver, Services, driven, recorded
from livebus.pattern import EventPattern, PatternIndex
from livebus.resolver import NotEmulatedResolver, compile_resolver
from livebus.schema import Schema, parse_schema
from livebus.subscription import Deliveries, Subscription, Subscriptions, SubscriptionSettings
from livebus.template.application import Application, Destination, Function, GraphQLApi, Rule, Target
from livebus.transformer import NotTransformable, TooLarge, Transformer, compile_transformer


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
    """``targets`` are AppSync APIs, ``functions`` Lambda functions, ``others`` what leads elsewhere."""

    rule: Rule
    pattern: EventPattern
    targets: tuple[CompiledTarget, ...]
    functions: tuple[CompiledFunctionTarget, ...] = ()
    others: tuple[CompiledDestination, ...] = ()

    @property
    def every_target(self) -> tuple[CompiledTarget | CompiledFunctionTarget | CompiledDestination, ...]:
        return self.targets + self.functions + self.others


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of an event: ``reasons`` are the conditions that were not met, none where it matches."""

    rule: Rule
    reasons: tuple[str, ...] = ()

    @property
    def matches(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Published:
    """What a request leads to: deliveries for each subscription field, and the subscriptions that it ends."""

    deliveries: tuple[tuple[str, Deliveries], ...] = ()
    ended: tuple[Subscription, ...] = ()


NOTHING_PUBLISHED = Published()


@dataclass(frozen=True, slots=True)
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
class _Bus:
    """The enabled rules of one bus, and the index that finds those that match."""

    rules: tuple[CompiledRule, ...]
    index: PatternIndex


@dataclass(frozen=True, slots=True)
class Line:
    """
    An application whose stations are compiled.

    ``apis`` are by logical id. ``warnings`` tell of what AWS accepts and what then cannot work.
    """

    application: Application
    apis: Mapping[str, CompiledApi]
    warnings: tuple[str, ...]
    _buses: Mapping[str, _Bus] = field(repr=False)

    def has_bus(self, name: str) -> bool:
        return name in self._buses

    def compiled_rules(self, bus: str) -> tuple[CompiledRule, ...]:
        found = self._buses.get(bus)
        return found.rules if found else ()

    def rules_for(self, event: Event) -> list[CompiledRule]:
        """The rules that match an event, in the template's order."""
        bus = self._buses.get(event.bus)
        return [bus.rules[index] for index in bus.index.matching(event.envelope)] if bus else []

    def verdicts(self, event: Event) -> list[Verdict]:
        """What every rule of the event's bus says of it, with the reasons. For people: slower than rules_for."""
        return [
            Verdict(compiled.rule, tuple(compiled.pattern.explain(event.envelope)))
            for compiled in self.compiled_rules(event.bus)
        ]

    @staticmethod
    def attempt(event: Event, target: CompiledTarget, services: Services) -> Attempt:
        """Invoke a target with an event; ``services.call`` performs what resolvers ask for."""
        return driven(Line.attempting(event, target, services), services.call)

    @staticmethod
    def attempting(event: Event, target: CompiledTarget, services: Services) -> Asking[Attempt]:
        """
        Invoke a target with an event: transformer, access, execution, subscription.

        Yields the calls of data sources that the mutation's resolvers ask for.
        """
        try:
            variables = target.transformer.apply(event)
        except TooLarge as error:
            return Attempt(target, failure=http_failure(413, str(error)))
        except NotTransformable as error:
            return Attempt(target, failure=Failure(INVALID_JSON, str(error), retryable=False))
        if target.refusal is not None:
            return Attempt(target, variables, failure=Failure(NO_PERMISSIONS, target.refusal, retryable=False))
        request = GraphQLRequest(target.target.graphql_operation, variables)
        executor = target.api.executor
        asking = executor.executing(request, target.caller, services)
        calls: list[Called] = []
        response = yield from (recorded(asking, calls) if executor.asks else asking)
        if response.status != 200:
            failure = http_failure(response.status, _first_message(response))
            return Attempt(target, variables, response, failure=failure, calls=tuple(calls))
        return Attempt(target, variables, response, publish(target.api, response), calls=tuple(calls))

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
        return FunctionAttempt(target, payload)


def publish(api: CompiledApi, response: GraphQLResponse) -> Published:
    """Hand what a request published to the subscribers of each linked field, and find those that it ends."""
    deliveries = tuple(
        (subscription_field, api.subscriptions.publish(subscription_field, publication))
        for publication in response.publications
        for subscription_field in api.schema.links.get(publication.mutation, ())
    )
    if not response.invalidations:
        return Published(deliveries)
    ended = [found for each in response.invalidations for found in api.subscriptions.invalidate(each)]
    return Published(deliveries, tuple(dict.fromkeys(ended)))


def _first_message(response: GraphQLResponse) -> str:
    return str(response.errors[0].get("message")) if response.errors else f"HTTP status {response.status}"


# --- compiling ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compilation:
    """
    A line as far as it could be compiled, and what stations refused. Parts that were refused are left out of it.

    ``refused_schemas`` are the errors of schemas by the logical ids of their APIs.
    """

    line: Line
    errors: tuple[LivebusError, ...]
    refused_schemas: Mapping[str, InvalidSchema] = field(default_factory=dict)

    @property
    def faults(self) -> list[Fault]:
        """What all stations refused, and what they merely cannot run here."""
        return [fault for error in self.errors for fault in error.faults]

    @property
    def refusals(self) -> list[Fault]:
        """The faults for which AWS refuses the application."""
        return [fault for fault in self.faults if not fault.not_emulated]


def compile_line(
    application: Application,
    *,
    subscriptions: Mapping[str, Subscriptions] | None = None,
    settings: SubscriptionSettings | None = None,
) -> Line:
    """
    Compile every station of an application.

    ``subscriptions`` are registries to go on with, by the API's logical id (a reload keeps its subscribers); new ones
    have these ``settings``. Raises InvalidTemplate with the faults of all stations.
    """
    compilation = compile_parts(application, subscriptions=subscriptions, settings=settings)
    if compilation.refusals:
        raise InvalidTemplate(faults=compilation.refusals)
    return compilation.line


def compile_parts(
    application: Application,
    *,
    subscriptions: Mapping[str, Subscriptions] | None = None,
    settings: SubscriptionSettings | None = None,
) -> Compilation:
    """Compile what can be compiled; what one station refuses hides nothing of the others."""
    compiler = _Compiler(application, subscriptions or {}, settings)
    with bounded_suggestions():
        line = compiler.line()
    return Compilation(line, tuple(compiler.errors), compiler.refused_schemas)


def _field_names(document: DocumentNode) -> frozenset[str]:
    """The names of all fields that a document asks for, in fragments too."""

    class Collector(Visitor):
        def enter_field(self, node: FieldNode, *_args: Any) -> None:
            names.add(node.name.value)

    names: set[str] = set()
    visit(document, Collector())
    return frozenset(names)


class _Compiler:
    def __init__(
        self,
        application: Application,
        subscriptions: Mapping[str, Subscriptions],
        settings: SubscriptionSettings | None,
    ) -> None:
        self._settings = settings
        self._application = application
        self._subscriptions = subscriptions
        self.errors: list[LivebusError] = []
        self.warnings: list[str] = []
        self.refused_schemas: dict[str, InvalidSchema] = {}
        self._schemas: dict[tuple[str, Place], Schema | InvalidSchema] = {}

    def line(self) -> Line:
        apis = {api.logical_id: compiled for api in self._application.apis if (compiled := self._api(api))}
        names = [*(bus.name for bus in self._application.buses), *self._application.outside_buses]
        buses = {name: self._bus(name, apis) for name in names}
        return Line(self._application, apis, (*self._application.warnings, *self.warnings), buses)

    def _api(self, api: GraphQLApi) -> CompiledApi | None:
        resolvers: dict[tuple[str, str], Resolver] = {}
        for config in api.resolvers:
            try:
                key = (config.type_name, config.field_name)
                resolvers[key] = compile_resolver(config, environment_variables=api.environment_variables)
            except LivebusError as error:
                self.errors.append(error)
                if all(fault.not_emulated for fault in error.faults):
                    resolvers[config.type_name, config.field_name] = NotEmulatedResolver(error)
                    self.warnings += map(str, error.faults)
        schema = self._schema(api)
        if schema is None:
            return None
        self.warnings += map(str, schema.warnings)
        self._check_fields(api, schema)
        access = FieldAccess(schema.auth_directives, api)
        executor = Executor(
            schema,
            resolvers,
            allows=access.allows,
            introspection=api.introspection,
            query_depth_limit=api.query_depth_limit,
            resolver_count_limit=api.resolver_count_limit,
        )
        registry = self._subscriptions.get(api.logical_id)
        if registry is None:  # an empty one is a registry too
            registry = Subscriptions(schema.links, settings=self._settings)
        return CompiledApi(api, schema, access, executor, registry)

    def _schema(self, api: GraphQLApi) -> Schema | None:
        """An API's schema, read once for all that have the same; None where it is refused."""
        key = api.schema, api.schema_place
        if key not in self._schemas:
            try:
                self._schemas[key] = parse_schema(api.schema, api.schema_place)
            except InvalidSchema as error:
                self._schemas[key] = error
                self.errors.append(error)
        found = self._schemas[key]
        if isinstance(found, InvalidSchema):
            self.refused_schemas[api.logical_id] = found
            return None
        return found

    def _check_fields(self, api: GraphQLApi, schema: Schema) -> None:
        for config in api.resolvers:
            kind = schema.graphql.get_type(config.type_name)
            if config.field_name not in getattr(kind, "fields", {}):
                # AWS's wording when a resolver is made for a field that the schema has not.
                found = f"No field named {config.field_name} found on type {config.type_name}"
                expected = f"a field of the schema at {api.schema_place}"
                self.errors.append(InvalidTemplate(found, config.place, expected=expected))

    def _bus(self, name: str, apis: Mapping[str, CompiledApi]) -> _Bus:
        rules = []
        for rule in self._application.rules:
            if rule.bus == name and rule.enabled and rule.event_pattern is not None:
                targets, functions = tuple(self._targets(rule, apis)), tuple(self._functions(rule))
                others = tuple(self._destinations(rule))
                try:
                    pattern = EventPattern(rule.event_pattern)
                except InvalidEventPattern as error:
                    # The pattern's own lines mean nothing where it is written as an object: the rule's do.
                    refused = InvalidEventPattern(
                        error.reason, line=error.line, column=error.column, place=rule.pattern_place
                    )
                    self.errors.append(refused)
                    continue
                rules.append(CompiledRule(rule, pattern, targets, functions, others))
        return _Bus(tuple(rules), PatternIndex([str(compiled.rule.event_pattern) for compiled in rules]))

    def _targets(self, rule: Rule, apis: Mapping[str, CompiledApi]) -> Iterable[CompiledTarget]:
        for target in rule.targets:
            try:
                transformer = compile_transformer(target, rule_name=rule.name, rule_arn=rule.arn)
            except LivebusError as error:
                self.errors.append(error)
                continue
            api = apis.get(target.api)
            if api is not None:
                yield self._target(rule, target, transformer, api)

    def _functions(self, rule: Rule) -> Iterable[CompiledFunctionTarget]:
        functions = {function.logical_id: function for function in self._application.functions}
        for target in rule.function_targets:
            try:
                transformer = compile_transformer(target, rule_name=rule.name, rule_arn=rule.arn)
            except LivebusError as error:
                self.errors.append(error)
                continue
            function, account = functions[target.function], self._application.account
            refusal = function_admits(function, target.role, rule_arn=rule.arn, account=account)
            if refusal:
                self.warnings.append(f"{target.place}: {refusal}")
            yield CompiledFunctionTarget(target, transformer, function, refusal)

    def _destinations(self, rule: Rule) -> Iterable[CompiledDestination]:
        for target in rule.other_targets:
            try:
                transformer = compile_transformer(target, rule_name=rule.name, rule_arn=rule.arn)
            except LivebusError as error:
                self.errors.append(error)
                continue
            if target.destination is not None:
                refusal = destination_admits(
                    target.destination, target, rule_arn=rule.arn, account=self._application.account
                )
                if refusal:
                    self.warnings.append(f"{target.place}: {refusal}")
                yield CompiledDestination(target, transformer, target.destination, refusal)

    def _target(self, rule: Rule, target: Target, transformer: Transformer, api: CompiledApi) -> CompiledTarget:
        account = self._application.account
        mutation_type = api.schema.graphql.mutation_type
        called, named = self._called_fields(target)
        # The target runs this one document: what it does not name, its role is not asked about.
        refusals = {
            name: role_may_invoke(target.role, rule_arn=rule.arn, account=account, api_arn=api.api.arn, field=name)
            for name in (mutation_type.fields if mutation_type else ())
            if name in named
        }
        denied = [refusals[name] for name in called if refusals.get(name) is not None]
        refusal = denied[0] if called and len(denied) == len(called) else None
        if refusal:
            self.warnings.append(f"{target.place}: {refusal}")
        allowed = frozenset(f"Mutation.{name}" for name, reason in refusals.items() if reason is None)
        return CompiledTarget(target, transformer, api, self._caller(target, allowed), refusal)

    def _called_fields(self, target: Target) -> tuple[Sequence[str], frozenset[str]]:
        """
        The root fields of the target's operation, and all names of fields in its text.

        A fault in it is a warning: AWS takes it, and each event fails.
        """
        try:
            document = parse_document(target.graphql_operation)
        except GraphQLError as error:
            line, column = error.locations[0] if error.locations else (1, 1)
            place = target.operation_place.shifted(line, column)
            self.warnings.append(f"{place}: the GraphQLOperation does not parse: {error.message}")
            return (), frozenset()
        called = [
            selection.name.value
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
            for selection in definition.selection_set.selections
            if isinstance(selection, FieldNode)
        ]
        return called, _field_names(document)

    def _caller(self, target: Target, allowed: frozenset[str]) -> Caller:
        """EventBridge as resolvers see it. AWS does not document the session's name; ours says who calls."""
        role = target.role.name if target.role else ""
        account = self._application.account
        identity = {
            "accountId": account,
            "cognitoIdentityPoolId": None,
            "cognitoIdentityId": None,
            "sourceIp": ["127.0.0.1"],
            "username": f"{role}:events",
            "userArn": f"arn:aws:sts::{account}:assumed-role/{role}/events",
            "cognitoIdentityAuthType": None,
            "cognitoIdentityAuthProvider": None,
        }
        return Caller(AWS_IAM, identity, allowed_fields=allowed)
