"""
What one can ask of an API to begin with: an operation for a field of its schema, and a value for each variable of an operation.

In: graphql-core's schema; the name of a field, or the text of an operation. Out: texts, and JSON values of the types that are declared:
those that must be given first, then those that may be left out. Nothing is run.
https://spec.graphql.org/October2021/#sec-Language.Variables
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    is_required_argument,
    is_required_input_field,
    parse,
    print_ast,
    value_from_ast_untyped,
)
from graphql.utilities import type_from_ast

from livebus.errors import LivebusError, Place
from livebus.execution.operations import parse_document
from livebus.new.field import EventField
from livebus.schema.selection import Selection

# Fields of one type that are offered: an app has tens, and a schema holds 20,000.
MOST_FIELDS = 500
MAX_DEPTH = 6
MAX_VALUES = 500


def fields(schema: GraphQLSchema) -> dict[str, list[str]]:
    """The names of what can be asked over HTTP, by ``query`` and ``mutation``."""
    return {kind: list(islice(of.fields, MOST_FIELDS)) if of else [] for kind, of in _roots(schema).items()}


def operation(schema: GraphQLSchema, kind: str, field: str) -> str:
    """
    The operation that asks for a field with all its arguments as variables, and for all that can be selected below it.

    Raises LivebusError where the schema has no such field, or none that can be selected.
    """
    root = _roots(schema).get(kind)
    definition = root.fields.get(field) if root else None
    if definition is None:
        raise LivebusError(f"the schema has no {kind} {field!r}")
    selection = Selection(schema).of(definition)
    if selection is None:
        raise LivebusError(f"{field} has no field that can be selected without arguments")
    args = sorted(definition.args.items(), key=lambda each: not is_required_argument(each[1]))
    declared = ", ".join(f"${name}: {argument.type}" for name, argument in args)
    passed = ", ".join(f"{name}: ${name}" for name, _ in args)
    name = f"{field[:1].upper()}{field[1:]}"
    head, given = (f"{kind} {name}({declared})", f"({passed})") if args else (f"{kind} {name}", "")
    return print_ast(parse(f"{head} {{ {field}{given}{selection} }}"))


def values(schema: GraphQLSchema, text: str) -> dict[str, Any]:
    """
    A value for each variable that the first operation of a document declares: its default, or one of its type.

    Variables of a type that the schema does not have are left out: running the operation tells. Raises LivebusError at line and column
    where the text is no document.
    """
    try:
        document = parse_document(text)
    except GraphQLError as error:
        at = error.locations[0] if error.locations else None
        raise LivebusError(error.message, Place(line=at and at.line, column=at and at.column)) from None
    except RecursionError:
        raise LivebusError("the operation is nested too deeply") from None
    found = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    definitions = next((node.variable_definitions or () for node in found), ())
    made = _Values()
    return {
        node.variable.name.value: _default(node) if node.default_value else made.of(kind, node.variable.name.value)
        for node in sorted(definitions, key=_may_be_left_out)
        if (kind := type_from_ast(schema, node.type)) is not None
    }


def _roots(schema: GraphQLSchema) -> Mapping[str, GraphQLObjectType | None]:
    return {"query": schema.query_type, "mutation": schema.mutation_type}


def _may_be_left_out(node: VariableDefinitionNode) -> bool:
    return node.type.kind != "non_null_type" or node.default_value is not None


def _default(node: VariableDefinitionNode) -> Any:
    return value_from_ast_untyped(node.default_value) if node.default_value else None


class _Values:
    """Values of one document, so many at most: input types may be wide, and lead to each other."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def of(self, kind: Any, name: str, way: tuple[str, ...] = ()) -> Any:
        """``name`` is the variable or the field that has the value; ``way`` the input types around it."""
        self._left -= 1
        if self._left < 0:
            return None
        if isinstance(kind, GraphQLNonNull):
            return self.of(kind.of_type, name, way)
        if isinstance(kind, GraphQLList):
            return [self.of(kind.of_type, name, way)]
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values), None)
        if isinstance(kind, GraphQLInputObjectType):
            return self._members(kind, (*way, kind.name))
        return EventField(name, kind.name, kind.name).sample

    def _members(self, kind: GraphQLInputObjectType, way: tuple[str, ...]) -> dict[str, Any]:
        members = sorted(kind.fields.items(), key=lambda each: not is_required_input_field(each[1]))
        return {
            name: self.of(field.type, name, way)
            for name, field in members
            if is_required_input_field(field) or (self._left > 0 and self._fits(field.type, way))
        }

    @staticmethod
    def _fits(kind: Any, way: tuple[str, ...]) -> bool:
        """Whether what may be left out is in: no type within itself, and not without end."""
        while isinstance(kind, GraphQLNonNull | GraphQLList):
            kind = kind.of_type
        return kind.name not in way and len(way) < MAX_DEPTH
