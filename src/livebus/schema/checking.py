"""
graphql-core's checks of a schema, within bounds.

In: a parsed schema. Out: its errors, so many of them as people read, and a fault where checking would take too long.
AppSync documents no bound but the 1 MB of the text; ours are far beyond what a schema of that size needs.
https://docs.aws.amazon.com/general/latest/gr/appsync.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    ParallelVisitor,
    UnionTypeDefinitionNode,
    visit,
)
from graphql.type.validate import SchemaValidationContext
from graphql.validation.specified_rules import specified_sdl_rules
from graphql.validation.validation_context import SDLValidationContext

from livebus.schema.document import Reading

# Comparisons of names for suggestions: a second's worth.
_COMPARED_NAMES = 50_000
# Each interface of a type is compared with the type field by field, and its own interfaces one by one.
_MAX_COMPARISONS = 100_000
# A circle is followed once for each of its members.
_MAX_INPUTS = 2_000


class _Enough(Exception):
    """So many errors that more of them help nobody."""


def sdl_errors(document: DocumentNode, most: int) -> list[GraphQLError]:
    """What GraphQL's rules for schemas find, up to one more than ``most``."""
    context = _Context(document, most)
    rules = [rule(context) for rule in specified_sdl_rules]
    with suppress(_Enough):
        visit(document, ParallelVisitor(rules))
    return context.errors


class _Context(SDLValidationContext):
    def __init__(self, document: DocumentNode, most: int) -> None:
        self.errors: list[GraphQLError] = []
        self._most = most
        super().__init__(document, None, self._add)

    @property
    def hide_suggestions(self) -> bool:
        """Each suggestion looks at every name, so that there is none from some number on."""
        return len(self.errors) * len(self.document.definitions) > _COMPARED_NAMES

    def _add(self, error: GraphQLError) -> None:
        self.errors.append(error)
        if len(self.errors) > self._most:
            raise _Enough


def type_errors(schema: GraphQLSchema, most: int) -> list[GraphQLError]:
    """What GraphQL's rules for types find, up to one more than ``most``; the schema keeps it, as it keeps all of it."""
    context = _TypeContext(schema, most)
    with suppress(_Enough):
        context.validate_root_types()
        context.validate_directives()
        context.validate_types()
    schema._validation_errors = context.errors
    return context.errors


class _TypeContext(SchemaValidationContext):
    def __init__(self, schema: GraphQLSchema, most: int) -> None:
        super().__init__(schema)
        self._most = most

    def report_error(self, message: str, nodes: Node | Collection[Node | None] | None = None) -> None:
        super().report_error(message, nodes)
        if len(self.errors) > self._most:
            raise _Enough


def check_bounds(reading: Reading, document: DocumentNode) -> None:
    """
    Tell what would keep graphql-core from an end: names twice in a list, and interfaces without number.
    """
    for node in document.definitions:
        for what, names in _lists(node):
            for name, first in _twice(names):
                reading.fault(f"{what} {name!r} is there twice", first, advice="Remove one of the two.")
    inputs = sum(isinstance(node, InputObjectTypeDefinitionNode) for node in document.definitions)
    if inputs > _MAX_INPUTS:
        reading.fault(
            f"looking for circles among {inputs:,} input types is not emulated",
            expected=f"{_MAX_INPUTS:,} input types at most",
        )
    comparisons = _comparisons(document)
    if comparisons > _MAX_COMPARISONS:
        reading.fault(
            f"comparing the schema's types with their interfaces takes {comparisons:,} steps, which is not emulated",
            expected=f"{_MAX_COMPARISONS:,} steps at most",
            advice="Implement fewer interfaces.",
        )


def _lists(node: Node) -> Iterator[tuple[str, Iterable[NamedTypeNode]]]:
    if isinstance(node, UnionTypeDefinitionNode):
        yield f"the union {node.name.value!r}: the type", node.types or ()
    elif isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        yield f"the type {node.name.value!r}: the interface", node.interfaces or ()


def _twice(nodes: Iterable[NamedTypeNode]) -> Iterator[tuple[str, NamedTypeNode]]:
    """Each name that is there more than once, with the node of its second place."""
    seen: Counter[str] = Counter()
    for node in nodes:
        seen[node.name.value] += 1
        if seen[node.name.value] == 2:
            yield node.name.value, node


def _comparisons(document: DocumentNode) -> int:
    interfaces = {
        node.name.value: len(node.interfaces or ()) + _fields(node)
        for node in document.definitions
        if isinstance(node, InterfaceTypeDefinitionNode)
    }
    return sum(
        interfaces.get(interface.name.value, 0)
        for node in document.definitions
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
        for interface in node.interfaces or ()
    )


def _fields(node: Any) -> int:
    return sum(1 + len(field.arguments or ()) for field in node.fields or ())
