"""
Variables: the values that came with a request, made into what resolvers see.

In: an operation's variable definitions and the request's variables. Out: coerced values by name, or
:class:`InvalidVariable` with the words and the place that AppSync gives. Like graphql-java, AppSync stops at the
first one that does not fit, names the innermost input field for a value that does not parse, and the variable for a
null that must not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
)
from graphql.utilities import coerce_input_literal, type_from_ast
from graphql.utilities.coerce_input_value import coerce_default_value

from livebus.execution.responses import Location, location
from livebus.schema.scalars import SCALARS, CannotCoerce, Scalar, java_text, java_type

# More levels of input objects and lists than any hand writes. Each costs a call or two, and calls are bounded too, at different
# depths in different Pythons.
MAX_LEVELS = 200


class TooDeep(Exception):
    """A variable whose value is nested more deeply than we bear."""


class InvalidVariable(Exception):
    """A variable whose value does not fit; ``locations`` is where it is declared, or None as AppSync has it."""

    def __init__(self, message: str, locations: list[Location] | None) -> None:
        super().__init__(message)
        self.message = message
        self.locations = locations


@dataclass(frozen=True, slots=True)
class Variable:
    """
    A declared variable; ``default`` is Undefined where the declaration has none. ``scalar`` is its type's, nullable or
    not; None for all other types.
    """

    name: str
    type: GraphQLInputType
    default: Any
    locations: list[Location]
    scalar: Scalar | None

    def value(self, given: Any) -> Any:
        """The coerced value. A null gives way to the default, as graphql-java has it."""
        if given is None and self.default is not Undefined:
            return self.default
        if self.scalar is not None and given is not None:  # as most variables are
            try:
                parsed = self.scalar.parse(given)
            except CannotCoerce:
                parsed = None
            if parsed is not None:
                return parsed
        return self._coerced(self.type, self.name, given, 0)

    def _coerced(self, type_: Any, name: str, value: Any, level: int) -> Any:
        if isinstance(type_, GraphQLNonNull):
            coerced = self._coerced(type_.of_type, name, value, level)
            if coerced is None:
                raise InvalidVariable(
                    f"Variable '{self.name}' has coerced Null value for NonNull type '{type_}'", self.locations
                )
            return coerced
        if value is None:
            return None
        try:
            match type_:
                case GraphQLScalarType():
                    return SCALARS[type_.name].parse(value)
                case GraphQLEnumType():
                    return enum_value(type_, value)
                case GraphQLList():
                    items = value if isinstance(value, list) else [value]
                    below = _below(level)
                    return [self._coerced(type_.of_type, name, item, below) for item in items]
                case GraphQLInputObjectType() if isinstance(value, dict):
                    return self._coerced_object(type_, value, _below(level))
        except CannotCoerce as error:
            reason = str(error)
        else:
            reason = (
                f"Expected type 'Map' but was '{java_type(value)}'. "
                "Variables for input objects must be an instance of type 'Map'."
            )
        raise InvalidVariable(f"Variable '{name}' has an invalid value. {reason}", self.locations)

    def _coerced_object(self, type_: GraphQLInputObjectType, value: Mapping[str, Any], level: int) -> dict[str, Any]:
        fields = type_.fields
        for key in value:
            if key not in fields:
                # The blank before the last quote's end is graphql-java's.
                raise InvalidVariable(
                    f"The variables input contains a field name '{key}' that is not defined "
                    f"for input object type '{type_.name}' ",
                    None,
                )
        coerced: dict[str, Any] = {}
        for key, field in fields.items():
            default = coerce_default_value(field)
            if key in value:
                given = value[key]
                use_default = given is None and default is not Undefined
                coerced[key] = default if use_default else self._coerced(field.type, key, given, level)
            elif default is not Undefined:
                coerced[key] = default
            elif isinstance(field.type, GraphQLNonNull):
                coerced[key] = self._coerced(field.type, key, None, level)
        return coerced


def _below(level: int) -> int:
    """The level of what an object or a list holds; raises TooDeep."""
    if level == MAX_LEVELS:
        raise TooDeep
    return level + 1


def _scalar_of(type_: Any) -> Scalar | None:
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return SCALARS[bare.name] if isinstance(bare, GraphQLScalarType) else None


def enum_value(type_: GraphQLEnumType, value: Any) -> str:
    """The name of an enum's value, as clients send it."""
    if isinstance(value, str) and value in type_.values:
        return value
    raise CannotCoerce(f"Invalid input for Enum '{type_.name}'. No value found for name '{java_text(value)}'")


def declared_variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> tuple[Variable, ...]:
    """The variables that a validated operation declares."""
    variables = []
    for node in operation.variable_definitions or ():
        type_: Any = type_from_ast(schema, node.type)
        default = Undefined if node.default_value is None else coerce_input_literal(node.default_value, type_)
        variables.append(Variable(node.variable.name.value, type_, default, [location(node)], _scalar_of(type_)))
    return tuple(variables)


def coerce_variables(variables: tuple[Variable, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """
    The values of all variables that have one; raises InvalidVariable, and TooDeep.

    A nullable variable that was not given is left out here, and null where it is used.
    """
    coerced: dict[str, Any] = {}
    try:
        for variable in variables:
            if variable.name in given:
                coerced[variable.name] = variable.value(given[variable.name])
            elif variable.default is not Undefined:
                coerced[variable.name] = variable.default
            elif isinstance(variable.type, GraphQLNonNull):
                coerced[variable.name] = variable.value(None)
    except RecursionError:  # a scalar's value that is lists in lists: its words are made before it is refused
        raise TooDeep from None
    return coerced
