"""
Checks of the resolvers: each mutation that a rule calls has one, for a field that is there, in code that AppSync takes.

In: an inspection. Out: faults at the resolver in the template, or at the line of its code.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLNonNull
from tree_sitter import Node

from livebus.checks.api.calls import MutationCall, calls, may_have_resolver, resolver_of
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection, SampleAttempt
from livebus.errors import Fault, Place, did_you_mean
from livebus.resolver.code import HANDLERS, read_code
from livebus.resolver.syntax import FUNCTIONS, Syntax
from livebus.template.application import GraphQLApi, PipelineFunction, ResolverConfig
from livebus.template.dependencies import depends_on, references
from livebus.template.resolvers import is_of_another_stack
from livebus.template.resource import Resource

CHECKS = Checks()

_RESOLVER = "AWS::AppSync::Resolver"
_OVERVIEW = "https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html"
_REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-appsync-resolver.html"

MAX_FUNCTIONS = 10


# --- what is inspected ----------------------------------------------------------------------------------------------


def _resolvers(inspection: Inspection, api: GraphQLApi) -> Iterator[Resource]:
    """The resolvers of an API; with those that name no API at all, which is told elsewhere."""
    others = {other.api_id for other in inspection.application.apis if other.logical_id != api.logical_id}
    for resource in inspection.resources.of_type(_RESOLVER):
        given = resource.properties.text("ApiId")
        if given == api.api_id or not (given in others or is_of_another_stack(given)):
            yield resource


def _field_of(resource: Resource) -> tuple[str, str]:
    return resource.properties.text("TypeName"), resource.properties.text("FieldName")


def _misplaced(inspection: Inspection, api: GraphQLApi) -> Iterator[tuple[Resource, Fault]]:
    """The resolvers of an API that are for no field of its schema."""
    schema = inspection.schema(api.logical_id)
    types = schema.graphql.type_map if schema else {}
    for resource in _resolvers(inspection, api) if schema else ():
        type_name, field_name = _field_of(resource)
        if not type_name or not field_name:
            continue
        # AWS's wording when such a resolver is made.
        found = f"No field named {field_name} found on type {type_name}"
        fields = getattr(types.get(type_name), "fields", None)
        if fields is None:
            known = [name for name, named in types.items() if hasattr(named, "fields") and not name.startswith("__")]
            place, expected = resource.place("TypeName"), f"one of the types {', '.join(known[:12])}"
            yield resource, Fault(found, place, expected, did_you_mean(type_name, known))
        elif field_name not in fields:
            place, expected = resource.place("FieldName"), f"a field of {type_name}: {', '.join(list(fields)[:12])}"
            yield resource, Fault(found, place, expected, did_you_mean(field_name, fields))


# --- the field ------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9170",
    "A non-null mutation that a rule calls has a resolver",
    why='Without a resolver it is null: "Cannot return null for non-nullable type" inside an HTTP 200, for each event.',
    source=_OVERVIEW,
)
def _is_resolved(inspection: Inspection) -> Iterator[Fault]:
    return _unresolved(inspection, non_null=True)


@CHECKS.add(
    "W9170",
    "A mutation that a rule calls has a resolver",
    why="Without a resolver it is null: subscribers receive null for each event.",
    source=_OVERVIEW,
)
def _nullable_is_resolved(inspection: Inspection) -> Iterator[Fault]:
    return _unresolved(inspection, non_null=False)


def _unresolved(inspection: Inspection, *, non_null: bool) -> Iterator[Fault]:
    known: dict[tuple[str, str], bool] = {}
    for call in calls(inspection):
        if isinstance(call.field.type, GraphQLNonNull) != non_null:
            continue
        key = (call.api.api.logical_id, call.name)
        if key not in known:  # an operation may call one mutation twelve thousand times
            known[key] = _has_resolver(inspection, call)
        if known[key]:
            continue
        found = f"the mutation {call.name!r} of type {str(call.field.type)!r} has no resolver"
        advice = f"Add an {_RESOLVER} with TypeName: {call.mutation_type} and FieldName: {call.name}."
        yield Fault(found, call.place, f"an {_RESOLVER}", advice)


def _has_resolver(inspection: Inspection, call: MutationCall) -> bool:
    """Whether the mutation has a resolver, or one that is misspelt: that is told where it stands."""
    if may_have_resolver(inspection, call.name):
        own = [_field_of(resource) for resource in _resolvers(inspection, call.api.api)]
        others = [_field_of(resource) for resource in inspection.resources.of_type(_RESOLVER)]
        # A resolver of the same field that is another API's is no use here.
        if (call.mutation_type, call.name) in own or (call.mutation_type, call.name) not in others:
            return True
    misplaced = [_field_of(resource) for resource, _ in _misplaced(inspection, call.api.api)]
    return any(
        did_you_mean(f"{type_name}.{field}", [f"{call.mutation_type}.{call.name}"]) for type_name, field in misplaced
    )


@CHECKS.add(
    "E9171",
    "A resolver is for a field of the schema",
    why="AppSync refuses the resolver, and the stack is rolled back.",
    source=_REFERENCE,
)
def _field_is_there(inspection: Inspection) -> Iterator[Fault]:
    told = {(fault.place.file, fault.place.line) for fault in inspection.reading_faults}
    for api in inspection.application.apis:
        for _, fault in _misplaced(inspection, api):
            if (fault.place.file, fault.place.line) not in told:
                yield fault


# --- the code -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Code:
    """A text of APPSYNC_JS, the name of its file, and where it begins."""

    text: str
    file: str
    place: Place


def _codes(inspection: Inspection) -> Iterator[_Code]:
    """The code of every resolver and function; what could not be read is left out."""
    inline = set()
    for resource in inspection.resources.of_type(_RESOLVER, "AWS::AppSync::FunctionConfiguration"):
        if "Code" in resource.properties:
            place = resource.place("Code")
            inline.add(resource.logical_id)
            # Padded, so that the lines of faults are the template's.
            text = "\n" * ((place.line or 1) - 1) + resource.properties.text("Code")
            yield _Code(text, place.file, place)
    for api in inspection.application.apis:
        parts: list[ResolverConfig | PipelineFunction] = [*api.resolvers]
        parts += [function for config in api.resolvers for function in config.functions]
        for part in parts:
            if part.code and part.logical_id not in inline:
                yield _Code(part.code, part.code_file, Place(part.code_file, 1, 1))


def _code_faults(inspection: Inspection) -> Iterator[Fault]:
    for code in dict.fromkeys(_codes(inspection)):
        for fault in read_code(code.text, code.file)[1]:
            yield fault if fault.place.line is not None else replace(fault, place=code.place)


@CHECKS.add(
    "E9172",
    "AppSync takes the code of resolvers and functions",
    why="AppSync refuses the code, and the stack is rolled back; or the code ends in an error at each event.",
    source=_OVERVIEW,
)
def _code_is_taken(inspection: Inspection) -> Iterator[Fault]:
    return (fault for fault in _code_faults(inspection) if not fault.not_emulated)


@CHECKS.add(
    "I9172",
    "The local runtime can run the code of resolvers and functions",
    why="What is sound on AWS and not emulated cannot be tried before it is deployed.",
    source="docs/fidelity.md",
)
def _code_is_emulated(inspection: Inspection) -> Iterator[Fault]:
    return (fault for fault in _code_faults(inspection) if fault.not_emulated)


# --- the resource ---------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9173",
    f"A pipeline has 1 to {MAX_FUNCTIONS} functions",
    why="AppSync refuses the resolver, and the stack is rolled back.",
    source=_REFERENCE,
)
def _pipeline(inspection: Inspection) -> Iterator[Fault]:
    told = {(each.place.file, each.place.line) for each in inspection.reading_faults if not each.not_emulated}
    for resource in inspection.resources.of_type(_RESOLVER):
        if resource.properties.text("Kind") != "PIPELINE":
            continue
        count = len(resource.properties.mapping("PipelineConfig").sequence("Functions"))
        place = resource.place("PipelineConfig")
        if not 1 <= count <= MAX_FUNCTIONS and (place.file, place.line) not in told:
            found = f"the pipeline of {'.'.join(_field_of(resource))} has {count or 'no'} functions"
            advice = "" if count else "List the FunctionId of each function in PipelineConfig, or write Kind: UNIT."
            yield Fault(found, place, f"1 to {MAX_FUNCTIONS}", advice)


@CHECKS.add(
    "W9173",
    "A resolver is a unit with a data source, or a pipeline of functions",
    why="AppSync heeds one of the two only: the other is never called.",
    source=_REFERENCE,
)
def _kind(inspection: Inspection) -> Iterator[Fault]:
    for resource in inspection.resources.of_type(_RESOLVER):
        is_pipeline = resource.properties.text("Kind", "UNIT") == "PIPELINE"
        unheeded = "DataSourceName" if is_pipeline else "PipelineConfig"
        if unheeded in resource.properties and (is_pipeline or "DataSourceName" in resource.properties):
            kind = "PIPELINE" if is_pipeline else "UNIT"
            other = "UNIT" if is_pipeline else "PIPELINE"
            advice = f"Leave it out, or write Kind: {other}."
            yield Fault(f"{unheeded} stands in a resolver of Kind {kind}", resource.place(unheeded), advice=advice)


@CHECKS.add(
    "W9174",
    "A resolver is made after the schema",
    why='CloudFormation makes both at once. Where the resolver is first, AppSync answers "No field named … found on '
    'type …", and the stack is rolled back.',
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html",
)
def _after_the_schema(inspection: Inspection) -> Iterator[Fault]:
    needs = {
        logical_id: [each.name for each in references(body.get("Properties"))]
        + [name for name in depends_on(body) if isinstance(name, str)]
        for logical_id, body in _bodies(inspection)
    }
    schemas: dict[str, list[str]] = {}
    for schema in inspection.resources.of_type("AWS::AppSync::GraphQLSchema"):
        schemas.setdefault(schema.properties.text("ApiId"), []).append(schema.logical_id)
    for resource in inspection.resources.of_type(_RESOLVER):
        ids = schemas.get(resource.properties.text("ApiId"), [])
        if ids and _reached(resource.logical_id, needs).isdisjoint(ids):
            found = f"resolver {resource.logical_id!r} does not wait for the schema {ids[0]!r}"
            yield Fault(found, resource.place(), f"DependsOn: {ids[0]}", f"Add DependsOn: {ids[0]}.")


def _bodies(inspection: Inspection) -> Iterator[tuple[str, Mapping[str, Any]]]:
    resources = inspection.document.body.get("Resources")
    for logical_id, body in resources.items() if isinstance(resources, Mapping) else ():
        if isinstance(body, Mapping):
            yield logical_id, body


def _reached(logical_id: str, needs: dict[str, list[str]]) -> set[str]:
    """What a resource waits for, directly or by way of others."""
    reached: set[str] = set()
    ahead = [logical_id]
    while ahead:
        for name in needs.get(ahead.pop(), ()):
            if name not in reached:
                reached.add(name)
                ahead.append(name)
    return reached


# --- the result -----------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9175",
    "The handlers of a mutation's resolver return something",
    why="What a handler does not return is not there: the mutation is null, and subscribers receive null or nothing.",
    source=_OVERVIEW,
)
def _handlers_return(inspection: Inspection) -> Iterator[Fault]:
    rehearsed = {(each.rule.logical_id, each.attempt.target.target.id) for each in inspection.attempts}
    read: set[tuple[str, str, tuple[str, ...]]] = set()
    for call in calls(inspection):
        config = resolver_of(call.api, call.mutation_type, call.name)
        # With a sample event it is seen what comes of it.
        if config is None or (call.target.rule.logical_id, call.target.target.id) in rehearsed:
            continue
        # The request handler of a pipeline only goes before its functions.
        parts = [(config.code, config.code_file, ("response",) if config.functions else HANDLERS)]
        parts += [(function.code, function.code_file, HANDLERS) for function in config.functions]
        # One operation may call a mutation twelve thousand times; its code is read once.
        fresh = [part for part in dict.fromkeys(parts) if part not in read]
        read.update(fresh)
        for code, file, handlers in fresh:
            yield from _silent_handlers(code, file, handlers) if read_code(code, file)[0] is not None else ()


def _silent_handlers(code: str, file: str, handlers: tuple[str, ...]) -> Iterator[Fault]:
    syntax = Syntax(code)
    for handler in handlers:
        declaration = syntax.exported_declaration(handler)
        function = declaration.function if declaration is not None else None
        body = function.child_by_field_name("body") if function is not None else None
        if declaration is None or body is None or body.type != "statement_block":
            continue
        if not any(_ends(syntax, node) for node in body.named_children):
            place = Place(file, *syntax.position(declaration.node))
            yield Fault(f"the handler {handler!r} returns nothing", place, "a return", "Add one.")


def _ends(syntax: Syntax, node: Node) -> bool:
    """Whether a statement may end the handler with a value, or with an error that is meant."""
    if node.type == "return_statement":
        return bool(node.named_children)
    if node.type in FUNCTIONS:
        return False
    if node.type == "call_expression" and re.match(r"util\.(error|unauthorized)|runtime\.", syntax.source(node)):
        return True
    return any(_ends(syntax, child) for child in node.named_children)


@CHECKS.add(
    "W9175",
    "The mutation gives a value for the sample events",
    why="AppSync publishes null, or an object of nulls, and no error tells of it.",
    source=_OVERVIEW,
)
def _gives_a_value(inspection: Inspection) -> Iterator[Fault]:
    if inspection.compilation.errors or inspection.reading_faults:
        return  # told as such; what follows from it is not told again
    for rehearsed in inspection.attempts:
        response = rehearsed.attempt.response
        for publication in response.publications if response is not None and not response.errors else ():
            place = _resolver_place(rehearsed, publication.mutation)
            if place is not None and _is_nothing(publication.value):
                what = "is null" if publication.value is None else "has null in each field"
                found = f"the result of {publication.mutation!r} {what} for the sample event {rehearsed.sample.file}"
                yield Fault(found, place, "a value", "Look at what its response handler returns.")


def _resolver_place(rehearsed: SampleAttempt, mutation: str) -> Place | None:
    for config in rehearsed.attempt.target.api.api.resolvers:
        if config.field_name == mutation:
            return config.place
    return None


def _is_nothing(value: object) -> bool:
    if isinstance(value, dict):
        return all(item is None for item in value.values())
    return value is None
