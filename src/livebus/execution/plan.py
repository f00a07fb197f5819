"""
The plan of an operation: what does not change from one request with the same document to the next.

In: a validated operation, the schema, the resolvers, the decisions about @skip and @include. Out: a tree of
:class:`PlannedField`, each with its arguments, its resolver, the constant part of ``ctx.info``, and what completes
its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

from livebus.execution.arguments import Arguments
from livebus.execution.completion import completer
from livebus.execution.planned import PlannedField
from livebus.execution.responses import location
from livebus.execution.selections import Selections, TooManyFields, selection_text
from livebus.operation import Resolver

# AppSync's deepest settable query depth. AWS does not document what holds where none is set; we stop at it, too, so
# that no query can go deeper than Python's stack.
MAX_DEPTH = 75
# In one operation, aliases counted. Tools ask once; each is a walk through the whole schema.
MAX_INTROSPECTIONS = 10
_NOTHING: dict[str, Any] = {}


class Planner:
    """Plans the fields of one operation under one set of decisions; raises TooManyFields where they are too many."""

    def __init__(
        self,
        selections: Selections,
        operation: OperationDefinitionNode,
        resolvers: Mapping[tuple[str, str], Resolver],
        depth_limit: int,
    ) -> None:
        self.selections = selections
        self.schema = selections.schema
        self._operation = operation
        self._resolvers = resolvers
        self._introspections = 0
        self._depth_limit = min(depth_limit or MAX_DEPTH, MAX_DEPTH)

    def root(self) -> tuple[PlannedField, ...]:
        """The fields of the operation itself."""
        root_type = self.schema.get_root_type(self._operation.operation)
        assert root_type is not None
        return self._fields(root_type, [self._operation.selection_set], 1)

    def _fields(
        self, type_: GraphQLObjectType, selection_sets: list[SelectionSetNode], depth: int
    ) -> tuple[PlannedField, ...]:
        grouped = self.selections.fields_of(type_, selection_sets)
        return tuple(self._field(type_, key, nodes, depth) for key, nodes in grouped.items())

    def _field(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode], depth: int) -> PlannedField:
        name = nodes[0].name.value
        definition = self.schema.get_field(type_, name)
        assert definition is not None
        selection_sets = [node.selection_set for node in nodes if node.selection_set is not None]
        named_type = get_named_type(definition.type)
        planned = PlannedField(
            key=key,
            name=name,
            parent=type_.name,
            named_type=named_type.name,
            locations=[location(nodes[0])],
            arguments=Arguments(definition, nodes[0]),
            complete=completer(definition.type),
            nullable=not isinstance(definition.type, GraphQLNonNull),
            resolver=self._resolvers.get((type_.name, name)),
            abstract=is_abstract_type(named_type),
            too_deep=depth > self._depth_limit,
        )
        if name in ("__schema", "__type"):
            self._introspections += 1
            if self._introspections > MAX_INTROSPECTIONS:
                raise TooManyFields(f"The query asks for __schema and __type more than {MAX_INTROSPECTIONS} times.")
            planned.introspect = self._introspection(key, nodes)
        elif not planned.too_deep:
            planned.selections = self._below(named_type, selection_sets, depth + 1)
            planned.plain = not planned.abstract and all(
                below.plain and below.key == below.name for fields in planned.selections.values() for below in fields
            )
        if planned.resolver is not None:
            planned.info = {
                "fieldName": name,
                "parentTypeName": type_.name,
                "selectionSetList": self.selections.paths(selection_sets),
                "selectionSetGraphQL": selection_text(selection_sets),
            }
        return planned

    def _below(
        self, type_: Any, selection_sets: list[SelectionSetNode], depth: int
    ) -> Mapping[str, tuple[PlannedField, ...]]:
        if is_object_type(type_):
            return {type_.name: self._fields(type_, selection_sets, depth)}
        if is_abstract_type(type_):
            return {
                possible.name: self._fields(possible, selection_sets, depth)
                for possible in self.schema.get_possible_types(type_)
            }
        return _NOTHING

    def _introspection(self, key: str, nodes: list[FieldNode]) -> Callable[[Mapping[str, Any]], Any]:
        """What answers ``__schema`` or ``__type``: graphql-core, given this one field of the operation."""
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            name=self._operation.name,
            variable_definitions=self._operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=tuple(nodes)),
        )
        document = DocumentNode(definitions=(operation, *self.selections.fragments.values()))

        def introspect(variables: Mapping[str, Any]) -> Any:
            data = execute_sync(self.schema, document, variable_values=dict(variables)).data
            return None if data is None else data[key]

        return introspect
