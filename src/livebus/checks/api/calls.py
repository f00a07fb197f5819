"""
What rules call: each mutation field of each target's operation, with its field in the schema and what is selected of it.

In: an inspection. Out: :class:`MutationCall` objects for the checks of directives, subscriptions and resolvers. Targets whose
operation does not fit the schema have none: the checks of operations tell why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from graphql.validation import (
    FieldsOnCorrectTypeRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NoFragmentCyclesRule,
    NoUnusedFragmentsRule,
    PossibleFragmentSpreadsRule,
    ScalarLeafsRule,
)

from livebus.caller import Caller, Mode
from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.errors import Place
from livebus.flow import CompiledApi
from livebus.template.application import GraphQLApi, ResolverConfig

# The rules without which a selection cannot be read; others, on arguments and variables, take nothing from it.
_OF_SELECTIONS = (
    FieldsOnCorrectTypeRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NoFragmentCyclesRule,
    NoUnusedFragmentsRule,
    PossibleFragmentSpreadsRule,
    ScalarLeafsRule,
)


@dataclass(frozen=True, slots=True)
class SelectedField:
    """A selected field: its node in the operation, and what is selected of its type."""

    node: FieldNode
    below: Selection


# Selected fields by the object type that they are selected on and by their own names.
Selection = Mapping[str, Mapping[str, SelectedField]]


@dataclass(frozen=True, slots=True)
class MutationCall:
    """One mutation field that a target calls. ``node`` is the field in the operation, ``field`` that in the schema."""

    target: InspectedTarget
    api: CompiledApi
    node: FieldNode
    field: GraphQLField
    selection: Selection

    @property
    def name(self) -> str:
        return self.node.name.value

    @property
    def mutation_type(self) -> str:
        """The name of the schema's mutation type."""
        mutation_type = self.api.schema.graphql.mutation_type
        return mutation_type.name if mutation_type else "Mutation"

    @property
    def returned(self) -> GraphQLNamedType:
        """The type that the mutation returns, without lists and exclamation marks."""
        return get_named_type(self.field.type)

    @property
    def place(self) -> Place:
        """Where the field stands in the operation."""
        return self.place_of(self.node)

    def place_of(self, node: Node) -> Place:
        """Where a node of the operation stands in the template."""
        token = node.loc.start_token if node.loc else None
        return self.target.operation.at(token.line, token.column) if token else self.target.operation.place

    def subscriptions(self) -> Iterator[tuple[str, GraphQLField]]:
        """The subscription fields that this mutation feeds."""
        root = self.api.schema.graphql.subscription_type
        for name in self.api.schema.links.get(self.name, ()):
            if root is not None and name in root.fields:
                yield name, root.fields[name]


def calls(inspection: Inspection) -> tuple[MutationCall, ...]:
    """Every call of a mutation field, in the order of the template."""
    return inspection.once(_calls)


def _calls(inspection: Inspection) -> Iterator[MutationCall]:
    for target in inspection.targets:
        api = inspection.api(target.api.logical_id) if target.api else None
        document = target.operation.document
        if api is None or document is None or not target.operation.is_mutation:
            continue
        schema = api.schema.graphql
        if schema.mutation_type is None or inspection.errors_of(target.operation, api.schema, _OF_SELECTIONS):
            continue
        fragments = _fragments(document)
        for node in target.operation.root_fields:
            field = schema.mutation_type.fields.get(node.name.value)
            if field is not None:
                below = _selection(schema, get_named_type(field.type), [node.selection_set], fragments)
                yield MutationCall(target, api, node, field, below)


def modes_are_read(inspection: Inspection, api: GraphQLApi) -> bool:
    """Whether nothing is wrong with how an API names its modes: else what is not among them may be meant to be."""
    properties = f"Resources/{api.logical_id}/Properties"
    auth = (f"{properties}/AuthenticationType", f"{properties}/AdditionalAuthenticationProviders")
    return not any(
        fault.place.path.startswith(auth) or (fault.place.path == properties and "AuthenticationType" in fault.found)
        for fault in inspection.reading_faults
        if not fault.not_emulated
    )


def resolver_of(api: CompiledApi, type_name: str, field_name: str) -> ResolverConfig | None:
    """The resolver of a field; None where it has none, or one that could not be read."""
    resolvers = api.api.resolvers
    return next((each for each in resolvers if (each.type_name, each.field_name) == (type_name, field_name)), None)


def may_have_resolver(inspection: Inspection, field_name: str) -> bool:
    """Whether some resource of the template names a field of this name, or names none: also one that is not made."""
    named = inspection.once(_fields_with_resolvers)
    return field_name in named or None in named


def _fields_with_resolvers(inspection: Inspection) -> Iterator[str | None]:
    """The fields that resources name; None stands for a resolver that names none."""
    for body in inspection.document.body["Resources"].values():
        properties = body.get("Properties") if isinstance(body, dict) else None
        if isinstance(properties, dict) and isinstance(properties.get("FieldName"), str):
            yield properties["FieldName"]
    fields = [each.properties for each in inspection.resources.of_type("AWS::AppSync::Resolver")]
    if any(not each.text("FieldName") or not each.text("TypeName") for each in fields):
        yield None


def schema_place(api: CompiledApi, node: Any) -> Place:
    """Where a definition of an API's schema has its name, or another node begins; the schema itself without a node."""
    place, at = api.api.schema_place, getattr(node, "name", node)
    if at is None or at.loc is None:
        return place
    return place.shifted(at.loc.start_token.line, at.loc.start_token.column)


def open_to(api: CompiledApi, type_name: str, field_name: str) -> tuple[Mode, ...]:
    """Those of an API's modes that may use a field, be it for some of their groups only."""
    directives = api.schema.auth_directives.values()
    groups = frozenset(group for found in directives for each in found for group in each.groups or ())
    modes = dict.fromkeys(provider.mode for provider in api.api.providers)
    return tuple(mode for mode in modes if api.access.allows(Caller(mode, groups=groups), type_name, field_name))


def selected_fields(selection: Selection) -> Iterator[tuple[str, str, SelectedField]]:
    """Every field of a selection, however deep: the object type, the field's name, and where it is selected."""
    for type_name, fields in selection.items():
        for field_name, selected in fields.items():
            yield type_name, field_name, selected
            yield from selected_fields(selected.below)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _selection(
    schema: GraphQLSchema,
    parent: GraphQLNamedType,
    sets: Sequence[SelectionSetNode | None],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> dict[str, dict[str, SelectedField]]:
    selection: dict[str, dict[str, SelectedField]] = {}
    for object_type in _object_types(schema, parent):
        nodes: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            for node in _fields(schema, object_type, selection_set, fragments):
                if node.name.value in object_type.fields:
                    nodes.setdefault(node.name.value, []).append(node)
        selection[object_type.name] = {
            name: SelectedField(
                found[0],
                _selection(
                    schema,
                    get_named_type(object_type.fields[name].type),
                    [node.selection_set for node in found],
                    fragments,
                ),
            )
            for name, found in nodes.items()
        }
    return selection


def _object_types(schema: GraphQLSchema, named: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
    if isinstance(named, GraphQLObjectType):
        return [named]
    return list(schema.get_possible_types(named)) if is_abstract_type(named) else []


def _fields(
    schema: GraphQLSchema,
    object_type: GraphQLObjectType,
    selection_set: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Iterator[FieldNode]:
    """The fields of a selection set that count for an object type, those of fragments included."""
    for node in selection_set.selections if selection_set else ():
        if isinstance(node, FieldNode):
            yield node
            continue
        if isinstance(node, InlineFragmentNode):
            condition, inner = node.type_condition, node.selection_set
        elif isinstance(node, FragmentSpreadNode):
            fragment = fragments[node.name.value]
            condition, inner = fragment.type_condition, fragment.selection_set
        else:
            continue
        named = schema.get_type(condition.name.value) if condition else object_type
        if named is not None and object_type in _object_types(schema, named):
            yield from _fields(schema, object_type, inner, fragments)
