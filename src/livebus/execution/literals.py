"""
Literals: why a value in a document does not fit its argument, in the words of graphql-java.

In: the literal and its type. Out: what stands after "Validation error of type WrongType: ".
"""

from __future__ import annotations

from typing import Any, TypeAlias

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.type import is_required_input_field
from graphql.utilities import coerce_input_literal

# The way to the fault, the literal to show (None: the argument's own), the reason.
Fault: TypeAlias = tuple[str, ValueNode | None, str]


def wrong_type(node: ArgumentNode, type_: Any) -> str:
    """``argument 'input.limit' with value 'StringValue{value='x'}' is not a valid 'Int'``, or "" where it fits."""
    fault = _fault(node.value, type_)
    if fault is None:
        return ""
    path, value, reason = fault
    return f"argument '{node.name.value}{path}' with value '{java_literal(value or node.value)}' {reason}"


def _fault(node: ValueNode, type_: Any) -> Fault | None:
    """
    The first fault in a literal.

    graphql-java shows the innermost literal where it does not parse, and the argument's otherwise.
    """
    if isinstance(type_, GraphQLNonNull):
        if isinstance(node, NullValueNode):
            return "", node, "must not be null"
        return _fault(node, type_.of_type)
    match node, type_:
        case ((VariableNode() | NullValueNode()), _):
            return None
        case ListValueNode(), GraphQLList():
            return _list_fault(node, type_)
        case _, GraphQLList():
            return _fault(node, type_.of_type)
        case ObjectValueNode(), GraphQLInputObjectType():
            return _object_fault(node, type_)
        case _, GraphQLInputObjectType():
            return "", None, "must be an object type"
        case _:
            if coerce_input_literal(node, type_) is Undefined:
                return "", node, f"is not a valid '{type_.name}'"
            return None


def _list_fault(node: ListValueNode, type_: Any) -> Fault | None:
    for index, item in enumerate(node.values):
        if fault := _fault(item, type_.of_type):
            return f"[{index}]{fault[0]}", fault[1], fault[2]
    return None


def _object_fault(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Fault | None:
    given = {field.name.value for field in node.fields}
    missing = [name for name, field in type_.fields.items() if is_required_input_field(field) and name not in given]
    if missing:
        return "", None, f"is missing required fields '[{', '.join(missing)}]'"
    for field in node.fields:
        name = field.name.value
        if name not in type_.fields:
            return "", None, f"contains a field not in '{type_.name}': '{name}'"
        if fault := _fault(field.value, type_.fields[name].type):
            return f".{name}{fault[0]}", fault[1], fault[2]
    return None


def java_literal(node: ValueNode) -> str:
    """A literal as graphql-java prints it: ``ObjectValue{objectFields=[ObjectField{name='a', value=…}]}``."""
    match node:
        case StringValueNode(value=value):
            return f"StringValue{{value='{value}'}}"
        case IntValueNode(value=value):
            return f"IntValue{{value={value}}}"
        case FloatValueNode(value=value):
            return f"FloatValue{{value={value}}}"
        case BooleanValueNode(value=flag):
            return f"BooleanValue{{value={'true' if flag else 'false'}}}"
        case EnumValueNode(value=value):
            return f"EnumValue{{name='{value}'}}"
        case VariableNode(name=name):
            return f"VariableReference{{name='{name.value}'}}"
        case ListValueNode(values=values):
            return f"ArrayValue{{values=[{', '.join(map(java_literal, values))}]}}"
        case ObjectValueNode(fields=fields):
            members = ", ".join(
                f"ObjectField{{name='{field.name.value}', value={java_literal(field.value)}}}" for field in fields
            )
            return f"ObjectValue{{objectFields=[{members}]}}"
        case _:
            return "NullValue{}"
