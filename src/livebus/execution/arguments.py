"""
Arguments: a field's argument literals, compiled once into what yields their values for a request's variables.

In: a field's definition and its node in the document. Out: :class:`Arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.utilities import coerce_input_literal
from graphql.utilities.coerce_input_value import coerce_default_value

Value = Callable[[Mapping[str, Any]], Any]


class Arguments:
    """
    A field's arguments: those in the document, and the schema's defaults for the others.

    ``given`` are the names that stand in the document. A variable without a value counts as null, as AppSync has it.
    """

    __slots__ = ("_constant", "_values", "given")

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        self.given = tuple(nodes)
        self._constant: dict[str, Any] = {}
        self._values: list[tuple[str, Value]] = []
        for name, argument in definition.args.items():
            if name not in nodes:
                default = coerce_default_value(argument)
                if default is not Undefined and default is not None:
                    self._constant[name] = default
            elif is_constant(nodes[name]):
                self._constant[name] = coerce_input_literal(nodes[name], argument.type)
            else:
                self._values.append((name, compile_value(nodes[name], argument.type)))

    def values(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values by name; not to be changed, as constant ones are shared between requests."""
        if not self._values:
            return self._constant
        values = self._constant.copy()
        for name, value in self._values:
            values[name] = value(variables)
        return values


def is_constant(node: ValueNode) -> bool:
    """Whether a literal is free of variables."""
    match node:
        case VariableNode():
            return False
        case ListValueNode():
            return all(map(is_constant, node.values))
        case ObjectValueNode():
            return all(is_constant(field.value) for field in node.fields)
        case _:
            return True


def compile_value(node: ValueNode, type_: Any) -> Value:
    """What yields a literal's value for given variables. The literal has been validated against its type."""
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda variables: variables.get(name)
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if is_constant(node):
        constant = coerce_input_literal(node, type_)
        return lambda _variables: constant
    match node, type_:
        case ListValueNode(), GraphQLList():
            items = [compile_value(item, type_.of_type) for item in node.values]
            return lambda variables: [item(variables) for item in items]
        case _, GraphQLList():
            only = compile_value(node, type_.of_type)
            return lambda variables: [only(variables)]
        case ObjectValueNode(), GraphQLInputObjectType():
            return _compile_object(node, type_)
        case _:
            # A variable inside a literal of a scalar: validation has refused it.
            raise AssertionError(f"a variable inside a literal of {type_}")


def _compile_object(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Value:
    nodes = {field.name.value: field.value for field in node.fields}
    defaults = {
        name: default
        for name, field in type_.fields.items()
        if (default := coerce_default_value(field)) is not Undefined
    }
    parts = [
        (name, nodes[name], compile_value(nodes[name], field.type))
        for name, field in type_.fields.items()
        if name in nodes
    ]

    def value(variables: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: default for name, default in defaults.items() if name not in nodes}
        for name, part, part_value in parts:
            if isinstance(part, VariableNode) and part.name.value not in variables:
                # A variable without a value inside an object is as good as a field left out.
                if name in defaults:
                    values[name] = defaults[name]
                continue
            item = part_value(variables)
            if item is None and name in defaults and not isinstance(part, NullValueNode):
                item = defaults[name]
            values[name] = item
        return values

    return value
