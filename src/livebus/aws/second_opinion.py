"""
What AWS itself says of patterns and resolvers, beside what we say: EventBridge's TestEventPattern, AppSync's EvaluateCode.

In: a template under inspection with its sample events, and boto3 clients. Out: an :class:`Opinion`: where AWS says otherwise, and
what could not be asked. Nothing is deployed or changed; events, patterns and code are sent to AWS.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
https://docs.aws.amazon.com/appsync/latest/APIReference/API_EvaluateCode.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import exceptions
from graphql import FieldNode, VariableNode, value_from_ast_untyped

from livebus.aws.refusal import code_and_message, unreachable
from livebus.caller import AWS_IAM
from livebus.checks.check import Finding
from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.errors import Fault, LivebusError
from livebus.operation import Resolution, Services
from livebus.rehearsal.audience import caller_of
from livebus.resolver import compile_resolver
from livebus.template.application import GraphQLApi, ResolverConfig
from livebus.transformer import NotTransformable
from livebus.validate.findings import AWS_AGREES

_RUNTIME = {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}
_INVALID_PATTERN = "InvalidEventPatternException"
MAX_CONTEXT = 28_000

Client = Callable[[str], Any]


@dataclass(slots=True)
class Opinion:
    """What AWS said: ``findings`` where it says otherwise, ``faults`` for what could not be asked, and counts."""

    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    patterns: int = 0
    handlers: int = 0

    def differs(self, fault: Fault) -> None:
        self.findings.append(Finding(AWS_AGREES, fault))

    def __str__(self) -> str:
        return f"{self.patterns} pairs of pattern and event, {self.handlers} resolver handlers"


def second_opinion(inspection: Inspection, client: Client, services: Services) -> Opinion:
    """Ask for every rule and sample, and for every resolver that a target reaches."""
    opinion = Opinion()
    for ask in (_ask_eventbridge, _ask_appsync):
        try:
            ask(inspection, client, services, opinion)
        except LivebusError as error:
            opinion.faults += error.faults
    return opinion


# --- EventBridge ----------------------------------------------------------------------------------------------------


def _ask_eventbridge(inspection: Inspection, client: Client, services: Services, opinion: Opinion) -> None:
    events = client("events")
    for rule in inspection.application.rules:
        if rule.event_pattern is None:
            continue
        ours = inspection.patterns.get(rule.logical_id)
        for sample in (each for each in inspection.samples if inspection.is_on(each, rule)):
            opinion.patterns += 1
            try:
                answer = events.test_event_pattern(EventPattern=rule.event_pattern, Event=sample.event.text.decode())
            except exceptions.ClientError as error:
                code, words = code_and_message(error)
                if code != _INVALID_PATTERN:
                    raise unreachable(error, "ask EventBridge to test a pattern") from None
                if ours is not None:
                    opinion.differs(Fault(f"EventBridge refuses the pattern: {words}", rule.pattern_place))
                break
            except exceptions.BotoCoreError as error:
                raise unreachable(error, "ask EventBridge to test a pattern") from None
            if ours is None:
                opinion.differs(Fault("EventBridge takes the pattern, which we refuse", rule.pattern_place))
                break
            theirs = bool(answer["Result"])
            if theirs != ours.matches(sample.event.envelope):
                found = (
                    f"EventBridge says that rule {rule.name!r} {'matches' if theirs else 'does not match'} this event"
                )
                opinion.differs(
                    Fault(found, sample.place, "what we say", "Please report it: docs/fidelity.md is wrong.")
                )


# --- AppSync --------------------------------------------------------------------------------------------------------


def _ask_appsync(inspection: Inspection, client: Client, services: Services, opinion: Opinion) -> None:
    """Each resolver is asked with the arguments that the first event gives it that reaches it."""
    asked: set[int] = set()
    for inspected in inspection.targets:
        for config, arguments in _calls(inspection, inspected):
            if id(config) in asked:
                continue
            asked.add(id(config))
            api = inspected.api
            assert api is not None, "a resolver is an API's"
            _compare(config, api, arguments, _Asking(client("appsync"), opinion), services)


def _calls(inspection: Inspection, inspected: InspectedTarget) -> Iterator[tuple[ResolverConfig, Mapping[str, Any]]]:
    """The resolvers that a target's operation calls, with their arguments."""
    api, schema = inspected.api, inspection.schema(inspected.target.api)
    if api is None or schema is None or inspected.transformer is None or schema.graphql.mutation_type is None:
        return
    resolvers = {config.field_name: config for config in api.resolvers if config.type_name == "Mutation"}
    for sample in inspection.samples_for(inspected.rule):
        try:
            variables = inspected.transformer.apply(sample.event)
        except NotTransformable:
            continue
        for node in inspected.operation.root_fields:
            definition = schema.graphql.mutation_type.fields.get(node.name.value)
            config = resolvers.get(node.name.value)
            if definition is not None and config is not None:
                yield config, _arguments(node, variables)


def _arguments(node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a field as its resolver gets them, but for defaults of the schema."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    return {
        name: value_from_ast_untyped(value, dict(variables))
        for name, value in given.items()
        if not isinstance(value, VariableNode) or value.name.value in variables
    }


def _compare(
    config: ResolverConfig, api: GraphQLApi, arguments: Mapping[str, Any], asking: _Asking, services: Services
) -> None:
    if config.templates is not None:
        return  # EvaluateCode is for code
    sources = [config.data_source, *(each.data_source for each in config.functions)]
    if any(source is not None and source.type != "NONE" for source in sources):
        return  # what a data source answers is not for EvaluateCode to say
    context: dict[str, Any] = {
        "arguments": dict(arguments),
        "identity": caller_of(AWS_IAM).identity,
        "source": None,
        "request": {"headers": {}, "domainName": None},
        "info": {"fieldName": config.field_name, "parentTypeName": config.type_name, "variables": {}},
    }
    try:
        ours = compile_resolver(config, environment_variables=api.environment_variables).run(context, services)
        assert isinstance(ours, Resolution), "a source of type NONE is not called"
        refusal = ours.error.message if ours.error is not None else ""
    except LivebusError as error:
        ours, refusal = None, error.faults[0].found
    if len(json.dumps(context)) > MAX_CONTEXT:
        return
    name = f"{config.type_name}.{config.field_name}"
    try:
        theirs = asking.resolve(config, context)
    except _CodeRefused as refused:
        if not refusal:
            asking.opinion.differs(Fault(f"AppSync says of the resolver of {name}: {refused}", config.place))
        return
    if refusal:
        asking.opinion.differs(Fault(f"AppSync runs the resolver of {name}, of which we say: {refusal}", config.place))
    elif ours is not None and theirs != ours.value:
        found = f"the resolver of {name} gives {theirs!r} in AppSync, and {ours.value!r} here"
        asking.opinion.differs(Fault(found, config.place, advice="Please report it: docs/fidelity.md is wrong."))


class _CodeRefused(Exception):
    """What EvaluateCode says of code that it cannot run, or that raises an error."""


class _Asking:
    """Runs a resolver's handlers one by one on AWS, with data sources of type NONE in between."""

    def __init__(self, client: Any, opinion: Opinion) -> None:
        self._client = client
        self.opinion = opinion

    def resolve(self, config: ResolverConfig, context: Mapping[str, Any]) -> Any:
        state: dict[str, Any] = {**context, "stash": {}}
        asked = self._evaluate(config.code, "request", state)
        if not config.functions:
            return self._evaluate(config.code, "response", state, result=_payload(asked))
        before = asked
        for function in config.functions:
            state["prev"] = {"result": before}
            asked = self._evaluate(function.code, "request", state)
            before = self._evaluate(function.code, "response", state, result=_payload(asked))
        state["prev"] = {"result": before}
        return self._evaluate(config.code, "response", state, result=before)

    def _evaluate(self, code: str, function: str, state: dict[str, Any], **result: Any) -> Any:
        """One handler's answer; what it leaves in the stash is there for the next."""
        self.opinion.handlers += 1
        context = json.dumps({**state, **result})
        try:
            answer = self._client.evaluate_code(runtime=_RUNTIME, code=code, function=function, context=context)
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            raise unreachable(error, "ask AppSync to evaluate code") from None
        refused = answer.get("error")
        if refused:
            codes = "; ".join(str(each.get("value")) for each in refused.get("codeErrors") or ())
            raise _CodeRefused(f"{refused.get('message')}{f' ({codes})' if codes else ''}")
        if answer.get("stash"):
            state["stash"] = json.loads(answer["stash"])
        text = answer.get("evaluationResult")
        return json.loads(text) if text else None


def _payload(request: Any) -> Any:
    """What a data source of type NONE answers."""
    return request.get("payload") if isinstance(request, dict) else None
