"""
What is wrong with a target's operation, by its schema: each error with the node in question and what stands around it.

In: an inspection. Out: violations, as faults in the template's own lines. The rules are the execution's, so that what
passes here is what the runtime runs.
https://docs.aws.amazon.com/appsync/latest/devguide/graphql-overview.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    Node,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    is_input_type,
    print_ast,
    visit,
)

from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.errors import Fault, Place, closest, did_you_mean
from livebus.execution.rules import RULES
from livebus.schema import Schema

_NAMES_SHOWN = 12
_EXPECTED_TYPE = re.compile(r"expected type '(.+)'$")


@dataclass(frozen=True, slots=True)
class Violation:
    """One error of validation: graphql-java's kind and text, the node in question, and what stands around it."""

    inspected: InspectedTarget
    schema: Schema
    kind: str
    text: str
    node: Node | None
    around: Mapping[int, _Around]

    @property
    def at_root(self) -> bool:
        """Whether this is a field of the Mutation type that is not there."""
        around = self.around.get(id(self.node))
        mutation = self.schema.graphql.mutation_type
        return self.kind == "FieldUndefined" and around is not None and around.parent is mutation

    @property
    def name(self) -> str:
        node: Any = self.node
        if self.kind == "NonInputTypeOnVariable":
            node = next((each for each in self._declarations if _is_around(each, node)), node)
        if isinstance(node, VariableDefinitionNode):
            return str(node.variable.name.value)
        named = getattr(node, "name", None)
        return str(named.value) if named is not None else ""

    def fault(self, advice: str = "") -> Fault:
        found, expected, own_advice = self._words()
        return Fault(
            f"{found}, in the operation of target {self.inspected.target.id!r}",
            self._place(),
            expected,
            advice or own_advice,
        )

    def _place(self) -> Place:
        node = self.node
        if self.kind == "VariableTypeMismatch":
            node = self._declaration(self.name) or node
        return self.inspected.operation.at(*start_of(node))

    @property
    def _declarations(self) -> Sequence[VariableDefinitionNode]:
        definition = self.inspected.operation.definition
        return (definition.variable_definitions or ()) if definition else ()

    def _declaration(self, name: str) -> VariableDefinitionNode | None:
        return next((node for node in self._declarations if node.variable.name.value == name), None)

    def _declared_type(self, name: str) -> str:
        declaration = self._declaration(name)
        return print_ast(declaration.type) if declaration else ""

    def _words(self) -> tuple[str, str, str]:
        """What was found, what was expected, what to do. The schema's own names stand in the last two."""
        around, name = self.around.get(id(self.node), _Around()), self.name
        match self.kind:
            case "FieldUndefined":
                fields = getattr(around.parent, "fields", {})
                what = "mutation" if self.at_root else f"field of {around.parent}"
                return f"there is no {what} {name!r}", _listed(fields), did_you_mean(name, fields)
            case "UnknownArgument" if around.field is not None:
                arguments = around.field.args
                found = f"the field {around.name!r} takes no argument {name!r}"
                return found, _listed(arguments) or "no arguments", did_you_mean(name, arguments)
            case "MissingFieldArgument" if around.field is not None:
                argument = self.text.rpartition(" ")[2]
                type_ = around.field.args[argument].type
                found = f"the field {name!r} is called without its argument {argument!r}"
                advice = f"Declare ${argument}: {type_} and pass it: {name}({argument}: ${argument})."
                return found, f"{argument!r} of type {type_}", advice
            case "SubSelectionRequired" if around.field is not None:
                fields = getattr(get_named_type(around.field.type), "fields", {})
                found = f"the field {name!r} of type {around.field.type} has no selection"
                selection = f"{name} {{ {' '.join(list(fields)[:3])} }}"
                advice = f"Write {selection}: subscribers get what is selected here, and no more."
                return found, _listed(fields), advice
            case "SubSelectionNotAllowed" if around.field is not None:
                found = f"the field {name!r} of type {around.field.type} has a selection"
                return found, "none", "A value that is no object has no fields to select."
            case _:
                return self._words_of_variables()

    def _words_of_variables(self) -> tuple[str, str, str]:
        name = self.name
        match self.kind:
            case "UndefinedVariable":
                declared = [node.variable.name.value for node in self._declarations]
                advice = did_you_mean(name, declared, prefix="$") or f"Declare ${name} behind the operation's name."
                return f"the variable '${name}' is not declared", _listed([f"${each}" for each in declared]), advice
            case "UnusedVariable":
                return f"the variable '${name}' is declared and not used", "", "Pass it as an argument, or remove it."
            case "VariableTypeMismatch":
                return self._mismatch(name)
            case "NonInputTypeOnVariable":
                found = f"the variable '${name}' is declared as {self._declared_type(name)!r}, a type of results"
                return found, "a scalar, an enum or an input type", ""
            case "UnknownType":
                types = [key for key, type_ in self.schema.graphql.type_map.items() if is_input_type(type_)]
                return f"there is no type {name!r}", "", did_you_mean(name, [key for key in types if key[:2] != "__"])
            case _:
                return self.text, "", ""

    def _mismatch(self, name: str) -> tuple[str, str, str]:
        expected = _EXPECTED_TYPE.search(self.text)
        wanted = expected[1] if expected else ""
        advice = f"Declare ${name}: {wanted}." if wanted else ""
        return f"the variable '${name}' is declared as {self._declared_type(name)!r}", wanted, advice


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a node: the type that a field is looked for in, the field that an argument belongs to."""

    parent: Any = None
    field: GraphQLField | None = None
    name: str = ""


class _Surroundings(Visitor):
    """Notes for each field and argument of a document what stands around it in the schema."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self._names: list[str] = []
        self.found: dict[int, _Around] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._names.append(node.name.value)
        self.found[id(node)] = _Around(self._types.get_parent_type(), self._types.get_field_def(), node.name.value)

    def leave_field(self, *_: Any) -> None:
        self._names.pop()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        name = self._names[-1] if self._names else ""
        self.found[id(node)] = _Around(self._types.get_parent_type(), self._types.get_field_def(), name)


def violations_of(inspection: Inspection) -> tuple[Violation, ...]:
    """The errors of the operations that are one mutation, of APIs whose schema is sound."""
    return inspection.once(_violations)


def _mutations(inspection: Inspection) -> Iterator[tuple[InspectedTarget, Schema, Sequence[GraphQLError]]]:
    """The targets whose operation is one mutation, of APIs whose schema is sound, with the operation's errors."""
    for inspected in inspection.targets:
        schema, operation = inspection.schema(inspected.target.api), inspected.operation
        if schema is not None and operation.document is not None and operation.is_mutation:
            yield inspected, schema, inspection.errors_of(operation, schema, RULES)


def _violations(inspection: Inspection) -> Iterator[Violation]:
    for inspected, schema, errors in _mutations(inspection):
        document = inspected.operation.document
        if not errors or document is None:
            continue
        types = TypeInfo(schema.graphql)
        surroundings = _Surroundings(types)
        visit(document, TypeInfoVisitor(types, surroundings))
        found = [_violation(inspected, schema, error, surroundings.found) for error in errors]
        yield from _without_consequences(found)


def valid_operations(inspection: Inspection) -> Iterator[tuple[InspectedTarget, Schema]]:
    """The targets whose operations AppSync takes: one mutation each, without errors."""
    for inspected, schema, errors in _mutations(inspection):
        if not errors:
            yield inspected, schema


# What is wrong with fields says nothing of the variables: they are declared, and can be given values.
_OF_FIELDS = frozenset({"FieldUndefined", "SubSelectionRequired", "SubSelectionNotAllowed"})


def operations_with_variables(inspection: Inspection) -> Iterator[tuple[InspectedTarget, Schema]]:
    """The targets whose operation is one mutation with nothing wrong but in its fields: its variables stand."""
    for inspected, schema, errors in _mutations(inspection):
        if all((error.extensions or {}).get("kind") in _OF_FIELDS for error in errors):
            yield inspected, schema


def _violation(
    inspected: InspectedTarget, schema: Schema, error: GraphQLError, around: Mapping[int, _Around]
) -> Violation:
    kind = str((error.extensions or {}).get("kind", ""))
    node = error.nodes[0] if error.nodes else None
    if kind == "UnknownType" and inspected.operation.definition is not None and node is not None:
        declared = inspected.operation.definition.variable_definitions or ()
        if not any(_is_around(each, node) for each in declared):
            kind = "UnknownFragmentType"
    return Violation(inspected, schema, kind, error.message, node, around)


def _without_consequences(violations: list[Violation]) -> Iterator[Violation]:
    """Each mistake once: a misspelt argument is missing, too; a misspelt variable leaves one unused."""
    no_inputs = {each.name for each in violations if each.kind == "NonInputTypeOnVariable"}
    unknown_arguments = [each.name for each in violations if each.kind == "UnknownArgument"]
    undefined = [each.name for each in violations if each.kind == "UndefinedVariable"]
    for violation in violations:
        if violation.kind == "MissingFieldArgument":
            misspelt, name = unknown_arguments, violation.text.rpartition(" ")[2]
        elif violation.kind == "UnusedVariable":
            misspelt, name = undefined, violation.name
        else:
            misspelt, name = [], ""
        if violation.kind == "VariableTypeMismatch" and violation.name in no_inputs:
            continue
        if not closest(name, misspelt):
            yield violation


def start_of(node: Node | None) -> tuple[int, int]:
    """Line and column, from 1, of a node in the operation's text."""
    if node is None or node.loc is None:
        return 1, 1
    return node.loc.start_token.line, node.loc.start_token.column


def _is_around(outer: Node, inner: Node) -> bool:
    return outer.loc is not None and inner.loc is not None and outer.loc.start <= inner.loc.start < outer.loc.end


def _listed(names: Iterable[str]) -> str:
    """Some names as what was expected; nothing where there is none."""
    known = list(names)
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return f"one of {', '.join(known[:_NAMES_SHOWN])}{more}" if known else ""
