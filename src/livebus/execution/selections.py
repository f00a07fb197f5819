"""
Selections: which fields of a document count, with fragments spread out and @skip and @include decided.

In: a validated document and the variables of its conditions. Out: fields by response key, and the paths that
resolvers see as ``ctx.info.selectionSetList``.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    is_abstract_type,
    print_ast,
    visit,
)

# More than any hand writes, and what fragments that spread each other twice reach in a few lines.
MAX_FIELDS = 10_000
# The object types for which a field counts; None where no fragment narrows them.
Conditions = frozenset[str] | None


class TooManyFields(Exception):
    """A document that selects more than we bear: its fragments spread out to too many fields, say."""

    def __init__(self, message: str = "The query selects too many fields.") -> None:
        super().__init__(message)


class Selections:
    """A document's selections under one set of decisions about @skip and @include."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema = schema
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._variables = variables
        self._count = 0

    def fields_of(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """The fields that count for objects of a type, by response key, in the order of the response."""
        fields: dict[str, list[FieldNode]] = {}
        for conditions, node in self.spread(selection_sets):
            if conditions is None or type_.name in conditions:
                fields.setdefault(response_key(node), []).append(node)
        return fields

    def paths(self, selection_sets: Iterable[SelectionSetNode]) -> list[str]:
        """``selectionSetList``: ``["id", "author", "author/name"]``, with aliases, whatever type a fragment asks for."""
        paths: dict[str, None] = {}
        self._add_paths("", selection_sets, paths)
        return list(paths)

    def _add_paths(self, prefix: str, selection_sets: Iterable[SelectionSetNode], paths: dict[str, None]) -> None:
        nested: dict[str, list[SelectionSetNode]] = {}
        for _, node in self.spread(selection_sets):
            sets = nested.setdefault(response_key(node), [])
            if node.selection_set is not None:
                sets.append(node.selection_set)
        for key, sets in nested.items():
            paths[prefix + key] = None
            if sets:
                self._add_paths(f"{prefix}{key}/", sets, paths)

    def spread(self, selection_sets: Iterable[SelectionSetNode]) -> Iterator[tuple[Conditions, FieldNode]]:
        """All fields of selection sets, each with the object types for which it counts."""
        visited: set[tuple[str, Conditions]] = set()
        for selection_set in selection_sets:
            yield from self._spread(selection_set.selections, None, visited)

    def _spread(
        self, selections: Iterable[SelectionNode], outer: Conditions, visited: set[tuple[str, Conditions]]
    ) -> Iterator[tuple[Conditions, FieldNode]]:
        for node in selections:
            if not self._included(node):
                continue
            match node:
                case FieldNode():
                    self._count += 1
                    if self._count > MAX_FIELDS:
                        raise TooManyFields
                    yield outer, node
                case InlineFragmentNode():
                    inner = outer
                    if node.type_condition is not None:
                        inner = self._narrowed(outer, node.type_condition.name.value)
                    yield from self._spread(node.selection_set.selections, inner, visited)
                case FragmentSpreadNode():
                    fragment = self.fragments[node.name.value]
                    inner = self._narrowed(outer, fragment.type_condition.name.value)
                    if (node.name.value, inner) not in visited:
                        visited.add((node.name.value, inner))
                        yield from self._spread(fragment.selection_set.selections, inner, visited)

    def _narrowed(self, outer: Conditions, type_name: str) -> frozenset[str]:
        type_ = self.schema.type_map[type_name]
        if is_abstract_type(type_):
            names = frozenset(possible.name for possible in self.schema.get_possible_types(type_))
        else:
            names = frozenset((type_name,))
        return names if outer is None else outer & names

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value == "skip" and self._holds(directive):
                return False
            if directive.name.value == "include" and not self._holds(directive):
                return False
        return True

    def _holds(self, directive: DirectiveNode) -> bool:
        for argument in directive.arguments or ():
            match argument.value:
                case BooleanValueNode(value=value):
                    return value
                case VariableNode(name=name):
                    return self._variables.get(name.value) is True
        return False


def response_key(node: FieldNode) -> str:
    return node.alias.value if node.alias is not None else node.name.value


def selection_text(selection_sets: list[SelectionSetNode]) -> str:
    """``selectionSetGraphQL``: the selection as it stands in the document, fragments left as they are."""
    if not selection_sets:
        return ""
    selections = tuple(node for selection_set in selection_sets for node in selection_set.selections)
    return print_ast(SelectionSetNode(selections=selections))


def condition_variables(document: DocumentNode) -> tuple[str, ...]:
    """The names of the variables that decide about a @skip or an @include anywhere in the document."""

    class Collector(Visitor):
        def enter_directive(self, node: DirectiveNode, *_args: Any) -> None:
            if node.name.value in ("skip", "include"):
                for argument in node.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        names.setdefault(argument.value.name.value)

    names: dict[str, None] = {}
    visit(document, Collector())
    return tuple(names)
