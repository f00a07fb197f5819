"""
A template under inspection: everything that checks look at, each part there as far as it could be read.

In: the template's document, a reader for the files that it names, sample events. Out: the application, the compiled line,
operations, schemas and transformers, computed once for all checks. What is faulty in one part hides nothing of others:
a part that could not be made is None, and the errors of reading and compiling are kept for the checks that report them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, TypeVar

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, OperationType, validate
from graphql.validation import ASTValidationRule

from livebus.compilation import Compilation, compile_parts
from livebus.data_source.in_memory import Ask, InMemorySources
from livebus.errors import Fault, LivebusError, Place
from livebus.event.envelope import Event
from livebus.execution.operations import parse_document
from livebus.flow import Attempt, CompiledApi
from livebus.operation import Sandbox, Services
from livebus.pattern import EventPattern
from livebus.schema import Schema, types_of
from livebus.template import Environment
from livebus.template.application import Application, GraphQLApi, Rule, Target
from livebus.template.assembly import StackTemplate
from livebus.template.document import Document
from livebus.template.loading import Reading, read_application, read_stacks
from livebus.template.nesting import OpenTemplate
from livebus.template.resolvers import ReadFile
from livebus.template.resource import Resource
from livebus.template.resources import Resources
from livebus.transformer import Transformer, compile_transformer

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Sample:
    """
    A sample event, as it would be on its bus.

    ``expected`` is False for those that are kept to show what does not arrive. ``place`` is the entry's own.
    """

    file: str
    index: int
    event: Event
    place: Place
    expected: bool = True


@dataclass(frozen=True, slots=True)
class TargetOperation:
    """
    A target's GraphQLOperation, parsed. ``definition`` is its one operation; None where there is none, or several.

    ``error`` is the syntax error where it does not parse.
    """

    text: str
    place: Place
    document: DocumentNode | None
    error: GraphQLError | None

    @property
    def definitions(self) -> list[OperationDefinitionNode]:
        nodes = self.document.definitions if self.document else ()
        return [node for node in nodes if isinstance(node, OperationDefinitionNode)]

    @property
    def definition(self) -> OperationDefinitionNode | None:
        found = self.definitions
        return found[0] if len(found) == 1 else None

    @property
    def is_mutation(self) -> bool:
        return self.definition is not None and self.definition.operation is OperationType.MUTATION

    @property
    def root_fields(self) -> list[FieldNode]:
        """The fields that the operation calls, spelled out (fragments at the root are left to validation)."""
        selections = self.definition.selection_set.selections if self.definition else ()
        return [selection for selection in selections if isinstance(selection, FieldNode)]

    def at(self, line: int, column: int) -> Place:
        """The place in the template of a line and column of the operation's text."""
        return self.place.shifted(line, column)


@dataclass(frozen=True, slots=True)
class InspectedTarget:
    """A target with what stands around it. ``api`` is None where the Arn is no API's of this template."""

    rule: Rule
    target: Target
    operation: TargetOperation
    api: GraphQLApi | None
    transformer: Transformer | None
    transformer_error: LivebusError | None


@dataclass(frozen=True, slots=True)
class SampleAttempt:
    """One invocation of one target with one sample, without a network."""

    sample: Sample
    rule: Rule
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Together:
    """
    The templates of several stacks that are deployed beside each other; ``file`` is what the whole is called. ``lacks``: there are
    more of them, which could not be read.
    """

    stacks: Sequence[StackTemplate]
    file: str
    lacks: bool = False


class Inspection:
    """
    One template under inspection, or several that are one application.

    ``resources`` gives every resource by type, evaluated, with places: ``resources.of_type("AWS::SQS::Queue")``.
    ``sandbox`` runs resolvers' code that may never end by itself; without one it runs here. ``open_template`` opens nested templates.
    """

    def __init__(
        self,
        document: Document | Together,
        read_file: ReadFile,
        *,
        environment: Environment | None = None,
        parameters: Mapping[str, str] | None = None,
        samples: Sequence[Sample] = (),
        sandbox: Sandbox | None = None,
        open_template: OpenTemplate | None = None,
    ) -> None:
        self.environment = environment or Environment()
        self.samples = tuple(samples)
        self.read_file = read_file
        self._sandbox = sandbox
        # Who runs functions in dry runs; nobody, unless the user asked for it.
        self.ask: Ask | None = None
        self._samples_for: dict[str, list[Sample]] = {}
        self._once: dict[Callable[[Inspection], Iterable[Any]], tuple[Any, ...]] = {}
        self._errors: dict[tuple[int, str, int], list[GraphQLError]] = {}
        # Whether there are stacks beside it that could not be read: what their rules match nobody knows.
        self.lacks_stacks = isinstance(document, Together) and document.lacks
        given = parameters or {}
        self._reading: Reading = (
            read_stacks(document.stacks, read_file, self.environment, given, open_template, file=document.file)
            if isinstance(document, Together)
            else read_application(document, read_file, self.environment, given, open_template)
        )
        # Of AWS::Serverless::GraphQLApi the resources that it stands for, at their places; with what nested stacks hold.
        self.document = self._reading.resources.whole

    def once(self, find: Callable[[Inspection], Iterable[Found]]) -> tuple[Found, ...]:
        """What a function finds in this inspection: found once for all the checks that ask."""
        if find not in self._once:
            self._once[find] = tuple(find(self))
        return self._once[find]

    def errors_of(
        self, operation: TargetOperation, schema: Schema, rules: Collection[type[ASTValidationRule]]
    ) -> list[GraphQLError]:
        """What rules find in an operation's document: found once for all targets that run the same text."""
        key = id(schema), operation.text, id(rules)
        if key not in self._errors:
            assert operation.document is not None
            self._errors[key] = validate(schema.graphql, operation.document, rules, hide_suggestions=True)
        return self._errors[key]

    # --- what was read ----------------------------------------------------------------------------------------------

    @property
    def application(self) -> Application:
        return self._reading.application

    @property
    def resources(self) -> Resources:
        return self._reading.resources

    @property
    def reading_faults(self) -> tuple[Fault, ...]:
        """What is wrong with the template itself: references, properties, files that are missing."""
        return self._reading.faults

    def resource(self, logical_id: str) -> Resource | None:
        return self.resources.get(logical_id)

    def raw(self, logical_id: str) -> Mapping[str, Any]:
        """A resource as it stands in the template, its functions not evaluated."""
        found: Mapping[str, Any] = self.document.body["Resources"][logical_id]
        return found

    # --- what could be compiled -------------------------------------------------------------------------------------

    @cached_property
    def compilation(self) -> Compilation:
        return compile_parts(self.application)

    def api(self, logical_id: str) -> CompiledApi | None:
        """An API whose schema is sound, compiled."""
        return self.compilation.line.apis.get(logical_id)

    def schema(self, logical_id: str) -> Schema | None:
        """An API's schema; of one that AppSync refuses, its types and fields, as far as they stand."""
        compiled = self.api(logical_id)
        return compiled.schema if compiled else self._refused_schemas.get(logical_id)

    @cached_property
    def _refused_schemas(self) -> Mapping[str, Schema]:
        errors = {id(error): error for error in self.compilation.refused_schemas.values()}
        known = {key: types_of(error.document) for key, error in errors.items() if error.document is not None}
        found = {name: known.get(id(error)) for name, error in self.compilation.refused_schemas.items()}
        return {name: schema for name, schema in found.items() if schema is not None}

    @cached_property
    def targets(self) -> tuple[InspectedTarget, ...]:
        """Every target of every rule of an API."""
        return tuple(self._targets())

    def _targets(self) -> Iterator[InspectedTarget]:
        apis = {api.logical_id: api for api in self.application.apis}
        documents: dict[str, DocumentNode | GraphQLError] = {}
        for rule in self.application.rules:
            for target in rule.targets:
                transformer, refused = None, None
                try:
                    transformer = compile_transformer(target, rule_name=rule.name, rule_arn=rule.arn)
                except LivebusError as error:
                    refused = error
                operation = _operation(target, documents)
                yield InspectedTarget(rule, target, operation, apis.get(target.api), transformer, refused)

    @cached_property
    def patterns(self) -> Mapping[str, EventPattern]:
        """The event patterns that compile, by the rule's logical id; disabled rules have theirs too."""
        found: dict[str, EventPattern] = {}
        for rule in self.application.rules:
            if rule.event_pattern is not None:
                try:
                    found[rule.logical_id] = EventPattern(rule.event_pattern)
                except LivebusError:
                    continue
        return found

    @cached_property
    def attempts(self) -> tuple[SampleAttempt, ...]:
        """What becomes of the samples that are expected to arrive, at every target that can be compiled."""
        line = self.compilation.line
        return tuple(
            SampleAttempt(sample, compiled.rule, line.attempt(sample.event, target, services))
            for sample in self.samples
            if sample.expected
            for services in (self._rehearsal_services(),)
            for compiled in line.rules_for(sample.event)
            for target in compiled.targets
        )

    def sources(self, now: float) -> InMemorySources:
        """Data sources for a dry run: empty tables, and functions where they may be run."""
        return InMemorySources(self.application, now=now, ask=self.ask)

    def _rehearsal_services(self) -> Services:
        numbers = count()
        call = self.sources(_NOON).perform
        return Services(_NOON, lambda: _ID.format(next(numbers)), _put_events, call, sandbox=self._sandbox)

    def samples_for(self, rule: Rule) -> list[Sample]:
        """The sample events on a rule's bus that its pattern matches."""
        found = self._samples_for.get(rule.logical_id)
        if found is None:
            pattern = self.patterns.get(rule.logical_id)
            found = self._samples_for[rule.logical_id] = [
                sample
                for sample in self.samples
                if pattern is not None and self.is_on(sample, rule) and pattern.matches(sample.event.envelope)
            ]
        return found

    @staticmethod
    def is_on(sample: Sample, rule: Rule) -> bool:
        return sample.event.bus == rule.bus


def _operation(target: Target, documents: dict[str, DocumentNode | GraphQLError]) -> TargetOperation:
    """A target's operation; ``documents`` are those that were parsed already, by their text."""
    text = target.graphql_operation
    if text not in documents:
        try:
            documents[text] = parse_document(text)
        except GraphQLError as error:
            documents[text] = error
    found = documents[text]
    if isinstance(found, GraphQLError):
        return TargetOperation(text, target.operation_place, None, found)
    return TargetOperation(text, target.operation_place, found, None)


# Ids and the time are constants, and resolvers that put events are told that the bus took them.
_NOON = 1_768_478_400.0  # 2026-01-15T12:00:00Z: any time will do, and the same one each time is better
_ID = "00000000-0000-4000-8000-{:012}"


def _put_events(_: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": _ID.format(0)} for _ in entries]}
