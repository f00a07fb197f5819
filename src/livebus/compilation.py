"""
Compiles an application: each station of the event's way, once, into a :class:`~livebus.flow.Line`.

In: an Application. Out: the line, or what stations refused. Parts that are refused hide nothing of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, Visitor, visit
from graphql.language import FieldNode

from livebus.access import FieldAccess, destination_admits, function_admits, role_may_invoke
from livebus.caller import AWS_IAM, Caller
from livebus.errors import (
    Fault,
    InvalidEventPattern,
    InvalidSchema,
    InvalidTemplate,
    LivebusError,
    Place,
    bounded_suggestions,
)
from livebus.execution import Executor
from livebus.execution.operations import parse_document
from livebus.flow import (
    Bus,
    CompiledApi,
    CompiledDestination,
    CompiledFunctionTarget,
    CompiledRule,
    CompiledTarget,
    Line,
)
from livebus.operation import Resolver
from livebus.pattern import EventPattern, PatternIndex
from livebus.resolver import NotEmulatedResolver, compile_resolver
from livebus.schema import Schema, parse_schema
from livebus.subscription import Subscriptions, SubscriptionSettings
from livebus.template.application import Application, GraphQLApi, Rule, Target
from livebus.transformer import Transformer, compile_transformer


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

    def _bus(self, name: str, apis: Mapping[str, CompiledApi]) -> Bus:
        rules = []
        for rule in self._application.rules:
            if rule.bus == name and rule.enabled and rule.event_pattern is not None:
                targets, functions = tuple(self._targets(rule, apis)), tuple(self._functions(rule))
                others = tuple(self._destinations(rule))
                try:
                    pattern = EventPattern(rule.event_pattern)
                except InvalidEventPattern as error:
                    self.errors.append(rule.pattern_refused(error))
                    continue
                rules.append(CompiledRule(rule, pattern, targets, functions, others))
        return Bus(tuple(rules), PatternIndex([str(compiled.rule.event_pattern) for compiled in rules]))

    def _targets(self, rule: Rule, apis: Mapping[str, CompiledApi]) -> Iterable[CompiledTarget]:
        for target in rule.targets:
            try:
                transformer = compile_transformer(target, rule_name=rule.name, rule_arn=rule.arn)
            except LivebusError as error:
                self.errors.append(error)
                continue
            api = apis.get(target.api)
            if api is not None:
                made, warnings = compile_target(rule, target, transformer, api, self._application.account)
                self.warnings += warnings
                yield made

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


def compile_target(
    rule: Rule, target: Target, transformer: Transformer, api: CompiledApi, account: str
) -> tuple[CompiledTarget, list[str]]:
    """A rule's target with the API that it leads to, and warnings of what AWS takes and what then cannot work."""
    warnings: list[str] = []
    mutation_type = api.schema.graphql.mutation_type
    called, named = _called_fields(target, warnings)
    # The target runs this one document: what it does not name, its role is not asked about.
    refusals = {
        name: role_may_invoke(target.role, rule_arn=rule.arn, account=account, api_arn=api.api.arn, field=name)
        for name in (mutation_type.fields if mutation_type else ())
        if name in named
    }
    denied = [refusals[name] for name in called if refusals.get(name) is not None]
    refusal = denied[0] if called and len(denied) == len(called) else None
    if refusal:
        warnings.append(f"{target.place}: {refusal}")
    allowed = frozenset(f"Mutation.{name}" for name, reason in refusals.items() if reason is None)
    return CompiledTarget(target, transformer, api, _caller(target, allowed, account), refusal), warnings


def _called_fields(target: Target, warnings: list[str]) -> tuple[Sequence[str], frozenset[str]]:
    """
    The root fields of the target's operation, and all names of fields in its text.

    A fault in it is a warning: AWS takes it, and each event fails.
    """
    try:
        document = parse_document(target.graphql_operation)
    except GraphQLError as error:
        line, column = error.locations[0] if error.locations else (1, 1)
        place = target.operation_place.shifted(line, column)
        warnings.append(f"{place}: the GraphQLOperation does not parse: {error.message}")
        return (), frozenset()
    called = [
        selection.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for selection in definition.selection_set.selections
        if isinstance(selection, FieldNode)
    ]
    return called, _field_names(document)


def _caller(target: Target, allowed: frozenset[str], account: str) -> Caller:
    """EventBridge as resolvers see it. AWS does not document the session's name; ours says who calls."""
    role = target.role.name if target.role else ""
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
