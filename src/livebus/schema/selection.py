"""
The selection of everything: all fields below a field that may be read and that need no arguments.

In: graphql-core's schema, and who may read what. Out: the text of a selection set, within bounds: schemas may be
recursive, and wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

MAX_DEPTH = 8
MAX_FIELDS = 500
# Fields looked at: types that only lead to each other have many ways and no end.
MAX_LOOKS = 20_000


def _everything(type_name: str, field: str) -> bool:
    """Whoever asks may read all there is, or finds out."""
    del type_name, field
    return True


class Selection:
    """Writes one selection; ``readable`` tells whether a field of an object type may be read."""

    def __init__(self, schema: GraphQLSchema, readable: Callable[[str, str], bool] = _everything) -> None:
        self._schema = schema
        self._may_read = readable
        self._left = MAX_FIELDS
        self._looks = MAX_LOOKS

    def of(self, field: GraphQLField) -> str | None:
        """The selection below a field, empty for scalars; None where there is nothing to select."""
        return self._below(get_named_type(field.type), ())

    def _below(self, kind: GraphQLNamedType, way: tuple[str, ...]) -> str | None:
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return ""
        if kind.name in way or len(way) >= MAX_DEPTH:
            return None
        way = (*way, kind.name)
        # Members of one response must agree on what a name means: the first word counts.
        taken: dict[str, str] = {}
        parts = list(self._fields(kind, way, taken)) if not isinstance(kind, GraphQLUnionType) else []
        if not isinstance(kind, GraphQLObjectType):
            for possible in self._schema.get_possible_types(kind):
                fields = list(self._fields(possible, way, taken, known=tuple(getattr(kind, "fields", ()))))
                if fields:
                    parts.append(f"... on {possible.name} {{ {' '.join(fields)} }}")
        return f" {{ {' '.join(parts)} }}" if parts else None

    def _fields(
        self,
        kind: GraphQLObjectType | GraphQLInterfaceType,
        way: tuple[str, ...],
        taken: dict[str, str],
        known: tuple[str, ...] = (),
    ) -> Iterator[str]:
        for name, field in kind.fields.items():
            self._looks -= 1
            if self._looks <= 0:
                return
            if name in known or taken.setdefault(name, str(field.type)) != str(field.type):
                continue
            if self._left <= 0 or any(map(is_required_argument, field.args.values())) or not self._readable(kind, name):
                continue
            below = self._below(get_named_type(field.type), way)
            if below is not None:
                self._left -= 1
                yield f"{name}{below}"

    def _readable(self, kind: GraphQLObjectType | GraphQLInterfaceType, field: str) -> bool:
        kinds = [kind] if isinstance(kind, GraphQLObjectType) else self._schema.get_possible_types(kind)
        return all(self._may_read(each.name, field) for each in kinds)
