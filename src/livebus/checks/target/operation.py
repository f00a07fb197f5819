"""
Checks of the GraphQLOperation of each target: one mutation, that the API's schema has, called as the schema wants it.

In: an inspection. Out: faults with lines of the operation's own text. The rules are the execution's, so that what
passes here is what the runtime runs. EventBridge takes any text; AppSync answers each event with an error in an HTTP 200.
https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    SelectionSetNode,
    Visitor,
    visit,
)

from livebus.checks.check import Checks
from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.checks.target.violations import start_of, valid_operations, violations_of
from livebus.errors import Fault, closest

CHECKS = Checks()

_TARGET = "https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html"
_CALLS = "https://docs.aws.amazon.com/appsync/latest/devguide/graphql-overview.html"
_REAL_TIME = "https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html"
_IN_200 = "AppSync answers each event with this error inside an HTTP 200: nothing is retried, nobody receives anything."

_ARGUMENTS = {"UnknownArgument", "MissingFieldArgument", "DuplicateArgumentNames", "WrongType"}
_VARIABLES = {
    "UndefinedVariable",
    "UnusedVariable",
    "VariableTypeMismatch",
    "UnknownType",
    "NonInputTypeOnVariable",
    "DuplicateVariableName",
    "BadValueForDefaultArg",
}
_SELECTIONS = {"FieldUndefined", "SubSelectionRequired", "SubSelectionNotAllowed", "FieldsConflict"}


@CHECKS.add(
    "E9101",
    "The operation is GraphQL",
    why="EventBridge takes any text. AppSync answers HTTP 400 to each event, which is not retried.",
    source=_TARGET,
)
def _parses(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        error = inspected.operation.error
        if error is not None and inspected.operation.text.strip():
            line, column = error.locations[0] if error.locations else (1, 1)
            found = f"the operation of target {inspected.target.id!r} does not parse: {error.message}"
            yield Fault(found, inspected.operation.at(line, column), advice=_syntax_advice(error.message))


def _syntax_advice(message: str) -> str:
    unknown = re.search(r"Unexpected Name '(\w+)'", message)
    if unknown and closest(unknown[1].lower(), ["mutation"]):
        return "Did you mean 'mutation'?"
    if "<EOF>" in message:
        return "A bracket is not closed."
    if "Unexpected '}'" in message or "Unexpected ')'" in message:
        return "A bracket is closed that was not opened, or nothing stands in it."
    return ""


@CHECKS.add(
    "E9102",
    "The operation is one mutation",
    why="EventBridge sends no operationName and no subscription; only mutations through AppSync reach subscribers.",
    source=_TARGET,
)
def _is_one_mutation(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        operation = inspected.operation
        if operation.document is None:
            continue
        owner = f"the GraphQLOperation of target {inspected.target.id!r}"
        definitions = operation.definitions
        if not definitions:
            place = operation.at(*start_of(operation.document.definitions[0]))
            yield Fault(f"{owner} holds no operation", place, "one mutation")
        elif len(definitions) > 1:
            names = ", ".join(node.name.value if node.name else "(without a name)" for node in definitions)
            found = f"{owner} holds {len(definitions)} operations: {names}"
            advice = "Keep one; for another mutation add a target of its own."
            yield Fault(found, operation.at(*start_of(definitions[1])), "one mutation", advice)
        elif not operation.is_mutation:
            kind = definitions[0].operation.value
            advice = f"Write 'mutation' for {kind!r}: subscriptions are fed by mutations only."
            yield Fault(f"{owner} is a {kind}", operation.at(*start_of(definitions[0])), "a mutation", advice)


@CHECKS.add("E9103", "The operation calls mutations that the API's schema has", why=_IN_200, source=_CALLS)
def _mutations_exist(inspection: Inspection) -> Iterator[Fault]:
    for violation in violations_of(inspection):
        if violation.at_root:
            yield violation.fault()
        elif violation.kind == "" and "not configured" in violation.text:
            yield violation.fault(advice="Add 'type Mutation' to the schema, with the field that the operation calls.")


@CHECKS.add("E9104", "Each field gets the arguments that it takes", why=_IN_200, source=_CALLS)
def _arguments_fit(inspection: Inspection) -> Iterator[Fault]:
    return _faults_of(_ARGUMENTS, inspection)


@CHECKS.add("E9105", "Each variable is declared, used and of the type of its argument", why=_IN_200, source=_CALLS)
def _variables_fit(inspection: Inspection) -> Iterator[Fault]:
    return _faults_of(_VARIABLES, inspection)


@CHECKS.add("E9106", "The operation selects fields that the mutation's type has", why=_IN_200, source=_CALLS)
def _selections_fit(inspection: Inspection) -> Iterator[Fault]:
    return _faults_of(_SELECTIONS, inspection)


@CHECKS.add("E9107", "Fragments and directives in the operation are what GraphQL takes", why=_IN_200, source=_CALLS)
def _rest_is_valid(inspection: Inspection) -> Iterator[Fault]:
    for violation in violations_of(inspection):
        known = violation.kind in _ARGUMENTS | _VARIABLES | _SELECTIONS
        if not known and not (violation.kind == "" and "not configured" in violation.text):
            yield violation.fault()


@CHECKS.add(
    "E9108",
    "The operation is no deeper than the API's QueryDepthLimit",
    why="AppSync refuses to run fields below the limit: each event ends in an error inside an HTTP 200.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-appsync-graphqlapi.html",
)
def _not_too_deep(inspection: Inspection) -> Iterator[Fault]:
    for inspected, _ in valid_operations(inspection):
        assert inspected.api is not None
        definition, limit = inspected.operation.definition, inspected.api.query_depth_limit
        if definition is None or not limit:
            continue
        fragments = _fragments(inspected)
        depth, field = _deepest(definition.selection_set, fragments)
        if depth > limit and field is not None:
            found = f"the operation of target {inspected.target.id!r} is {depth} levels deep"
            expected = f"at most {limit}, the QueryDepthLimit of {inspected.api.logical_id!r}"
            advice = f"Set QueryDepthLimit to {depth} or more, or select less."
            yield Fault(found, inspected.operation.at(*start_of(field)), expected, advice)


@CHECKS.add(
    "W9101",
    "The operation calls one mutation",
    why="Each event runs all of them, is billed for each, and may get half of its way: one can fail while others succeed.",
    source=_TARGET,
)
def _one_root_field(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        fields = inspected.operation.root_fields if inspected.operation.is_mutation else []
        if len({_response_key(field) for field in fields}) > 1:
            names = ", ".join(field.name.value for field in fields)
            found = f"the operation of target {inspected.target.id!r} calls {len(fields)} mutations: {names}"
            advice = "Give each mutation a target of its own: it is then retried and dead-lettered by itself."
            yield Fault(found, inspected.operation.at(*start_of(fields[1])), "one mutation", advice)


@CHECKS.add(
    "W9102",
    "The operation uses no aliases",
    why="Subscribers get the fields of the mutation's result by name. AWS does not document what becomes of an alias.",
    source=_REAL_TIME,
)
def _no_aliases(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        if not inspected.operation.is_mutation or inspected.operation.document is None:
            continue
        for field in _fields(inspected.operation.document):
            if field.alias is not None and field.alias.value != field.name.value:
                found = f"the alias {field.alias.value!r} stands for the field {field.name.value!r}"
                advice = f"Write {field.name.value!r} without the alias."
                yield Fault(found, inspected.operation.at(*start_of(field)), advice=advice)


def _faults_of(kinds: Collection[str], inspection: Inspection) -> Iterator[Fault]:
    for violation in violations_of(inspection):
        if violation.kind in kinds and not violation.at_root:
            yield violation.fault()


# --- nodes ----------------------------------------------------------------------------------------------------------


def _response_key(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value


def _fields(document: Node) -> list[FieldNode]:
    """All fields in a document, in its order."""
    found: list[FieldNode] = []

    class Finder(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            found.append(node)

    visit(document, Finder())
    return found


def _fragments(inspected: InspectedTarget) -> dict[str, FragmentDefinitionNode]:
    nodes = inspected.operation.document.definitions if inspected.operation.document else ()
    return {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}


def _deepest(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[int, FieldNode | None]:
    """How many levels of fields lie in a selection, and a field of the lowest."""
    deepest: tuple[int, FieldNode | None] = (0, None)
    for node in selections.selections:
        below: SelectionSetNode | None = getattr(node, "selection_set", None)
        if isinstance(node, FragmentSpreadNode):
            below = fragments[node.name.value].selection_set
        depth, lowest = _deepest(below, fragments) if below is not None else (0, None)
        if isinstance(node, FieldNode):
            depth, lowest = depth + 1, lowest or node
        if depth > deepest[0]:
            deepest = depth, lowest
    return deepest
