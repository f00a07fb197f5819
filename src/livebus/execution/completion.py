"""
Completion: a resolver's value, made to fit its field's type, with AppSync's words where it does not.

In: a type. Out: a function that completes a value of it inside a run. A null where none may be takes the nearest
nullable field above with it; AppSync reports it once, at the innermost place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)

from livebus.execution.planned import NULL_PARENT, Complete, Completing, PlannedField, TypedObject
from livebus.execution.responses import Path, path_text
from livebus.schema.scalars import SCALARS, CannotCoerce, java_text


def completer(type_: Any) -> Complete:
    """What completes a value of this type; never None for a non-null type, but NULL_PARENT."""
    if isinstance(type_, GraphQLNonNull):
        inner = _inner(type_.of_type)
        # A list has no name; graphql-java prints it as 'null'.
        name = getattr(type_.of_type, "name", "null")

        def complete_non_null(run: Completing, field: PlannedField, value: Any, path: Path) -> Any:
            if value is not None:
                completed = inner(run, field, value, path)
                if completed is not None:
                    return completed
            run.fail(
                path,
                f"Cannot return null for non-nullable type: '{name}' within parent '{field.parent}' "
                f"({path_text(path)})",
            )
            return NULL_PARENT

        return complete_non_null
    nullable = _inner(type_)

    def complete_nullable(run: Completing, field: PlannedField, value: Any, path: Path) -> Any:
        if value is None:
            return None
        completed = nullable(run, field, value, path)
        return None if completed is NULL_PARENT else completed

    return complete_nullable


def _inner(type_: Any) -> Complete:
    """What completes a value that is not None, for a type without its ``!``."""
    match type_:
        case GraphQLScalarType():
            return _leaf(SCALARS[type_.name].serialize)
        case GraphQLEnumType():
            return _leaf(_enum(type_))
        case GraphQLList():
            return _list(completer(type_.of_type))
        case GraphQLObjectType():
            return _object(type_.name)
        case _:
            return _abstract(type_.name)


def _leaf(serialize: Callable[[Any], Any]) -> Complete:
    def complete(run: Completing, field: PlannedField, value: Any, path: Path) -> Any:
        try:
            return serialize(value)
        except CannotCoerce as error:
            run.fail(path, f"Can't serialize value ({path_text(path)}) : {error}")
            return None

    return complete


def _enum(type_: GraphQLEnumType) -> Callable[[Any], Any]:
    names = frozenset(type_.values)

    def serialize(value: Any) -> Any:
        if isinstance(value, str) and value in names:
            return value
        raise CannotCoerce(f"Invalid input for Enum '{type_.name}'. Unknown value '{java_text(value)}'")

    return serialize


def _list(complete_item: Complete) -> Complete:
    def complete(run: Completing, field: PlannedField, value: Any, path: Path) -> Any:
        if not isinstance(value, (list, tuple)):
            run.fail(path, f"Can't resolve value ({path_text(path)}) : type mismatch error, expected type LIST")
            return None
        items = [complete_item(run, field, item, (path, index)) for index, item in enumerate(value)]
        return NULL_PARENT if NULL_PARENT in items else items

    return complete


def _object(type_name: str) -> Complete:
    def complete(run: Completing, field: PlannedField, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            run.fail(path, f"Can't resolve value ({path_text(path)}) : type mismatch error, expected type OBJECT")
            return None
        return run.fields(field.selections[type_name], value, path)

    return complete


def _abstract(type_name: str) -> Complete:
    def complete(run: Completing, field: PlannedField, value: Any, path: Path) -> Any:
        name = value.get("__typename") if isinstance(value, dict) else None
        fields = field.selections.get(name) if isinstance(name, str) else None
        if fields is None:
            reason = (
                f"Could not determine the exact type of '{type_name}'"
                if name is None
                else f"Runtime Object type '{java_text(name)}' is not a possible type for '{type_name}'."
            )
            run.fail(
                path,
                f"Can't resolve '{path_text(path)}'. Abstract type '{type_name}' must resolve to an Object type "
                f"at runtime for field '{field.parent}.{field.name}'. {reason}",
            )
            return None
        completed = run.fields(fields, value, path)
        return NULL_PARENT if completed is NULL_PARENT else TypedObject(str(name), completed)

    return complete
