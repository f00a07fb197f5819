"""
What a target's input hands to the variables of its operation, and what of it does not fit.

In: a target with a sound operation and input. Out: a :class:`Supply`, with the place of each part in the template, and
the misfits between a value and a variable's type, in the words of the execution's own coercion.
https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    is_input_type,
)
from graphql.type import is_required_input_field
from graphql.utilities import type_from_ast

from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.checks.target.slots import Slot, Text, members_of
from livebus.checks.target.violations import operations_with_variables
from livebus.errors import Place, closest
from livebus.execution.variables import enum_value
from livebus.schema import Schema
from livebus.schema.scalars import SCALARS, CannotCoerce, java_text
from livebus.template.properties import Properties, text_of
from livebus.transformer import Transformer
from livebus.transformer.json_path import MISSING
from livebus.transformer.target_input import kind_of


@dataclass(frozen=True, slots=True)
class Leaf:
    """A slot or a text with slots, and what it is for: ``way`` leads from the variable to it (``order.items[0]``)."""

    variable: str
    way: str
    type: GraphQLInputType
    value: Slot | Text

    @property
    def slots(self) -> tuple[Slot, ...]:
        return (self.value,) if isinstance(self.value, Slot) else self.value.slots

    @property
    def named_type(self) -> str:
        """The name of the type without list and non-null."""
        return str(get_named_type(self.type).name)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that does not fit its type. One that is not ``hard`` gets through, though not as it is."""

    variable: str
    way: str
    reason: str
    hard: bool = True


@dataclass(frozen=True, slots=True)
class Supply:
    """
    The input of one target. ``types`` are those of the variables, ``required`` the names that need a value.

    ``members`` are the variables that each event gives, None where they depend on the event.
    """

    inspected: InspectedTarget
    schema: Schema
    transformer: Transformer
    types: Mapping[str, GraphQLInputType]
    required: tuple[str, ...]
    members: Mapping[str, Any] | None
    _properties: Properties | None

    @property
    def owner(self) -> str:
        return f"target {self.inspected.target.id!r}"

    def leaves(self) -> Iterator[Leaf]:
        """The slots that variables are fed from."""
        for found in self._met():
            if isinstance(found, Leaf):
                yield found

    def misfits(self) -> Iterator[Misfit]:
        """What never fits, whatever the event."""
        for found in self._met():
            if isinstance(found, Misfit):
                yield found

    def _met(self) -> Iterator[Leaf | Misfit]:
        for name, value in (self.members or {}).items():
            if name in self.types:
                yield from meet(name, name, self.types[name], value)

    # --- places -----------------------------------------------------------------------------------------------------

    def place(self) -> Place:
        """The input as a whole."""
        target = self.inspected.target
        return target.input_place if self.transformer.form != "event" else target.place

    def place_of(self, name: str) -> Place:
        """A member of the outermost object."""
        text = self.transformer.text or ""
        offset = text.find(f'"{name}"')
        return self.place().shifted(text.count("\n", 0, offset) + 1) if offset > 0 else self.place()

    def place_in_template(self, slot: Slot) -> Place:
        return self.place().shifted(slot.line) if slot.name else self.place()

    def place_of_path(self, slot: Slot) -> Place:
        """Where the path of a slot stands: in InputPathsMap, or the input itself."""
        return paths_map_place(self._properties, slot.name) or self.place_in_template(slot)


def supplies(inspection: Inspection) -> tuple[Supply, ...]:
    """The targets whose operation has sound variables and whose input PutTargets takes and EventBridge can deliver."""
    return inspection.once(_supplies)


def _supplies(inspection: Inspection) -> Iterator[Supply]:
    for inspected, schema in operations_with_variables(inspection):
        transformer, definition = inspected.transformer, inspected.operation.definition
        if transformer is None or transformer.never is not None or definition is None:
            continue
        types: dict[str, GraphQLInputType] = {}
        required = []
        for node in definition.variable_definitions or ():
            type_: Any = type_from_ast(schema.graphql, node.type)
            if is_input_type(type_):
                name = node.variable.name.value
                types[name] = type_
                if isinstance(type_, GraphQLNonNull) and node.default_value is None:
                    required.append(name)
        members = members_of(transformer)
        properties = target_properties(inspection, inspected)
        yield Supply(inspected, schema, transformer, types, tuple(required), members, properties)


def target_properties(inspection: Inspection, inspected: InspectedTarget) -> Properties | None:
    """A target as it stands in the template."""
    resource = inspection.resource(inspected.rule.logical_id)
    for index, item in enumerate(resource.properties.sequence("Targets") if resource else ()):
        if resource and isinstance(item, Mapping) and text_of(item.get("Id")) == inspected.target.id:
            return resource.properties.below("Targets", index)
    return None


def paths_map_place(properties: Properties | None, name: str) -> Place | None:
    """The place of a name in a target's InputPathsMap."""
    if properties is None or "InputTransformer" not in properties:
        return None
    transformer = properties.mapping("InputTransformer")
    if "InputPathsMap" not in transformer or name not in transformer.mapping("InputPathsMap"):
        return None
    return transformer.place("InputPathsMap", name)


# --- values and types -----------------------------------------------------------------------------------------------


def meet(variable: str, way: str, type_: Any, value: Any) -> Iterator[Leaf | Misfit]:
    """Every misfit in a value, and every slot of it with the type that it is for."""
    if isinstance(value, Slot | Text):
        yield Leaf(variable, way, type_, value)
    elif isinstance(type_, GraphQLNonNull):
        if value is None:
            yield Misfit(variable, way, f"null does not fit {type_}")
        else:
            yield from meet(variable, way, type_.of_type, value)
    elif value is None:
        return
    elif isinstance(type_, GraphQLList):
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from meet(variable, f"{way}[{index}]", type_.of_type, item)
        else:
            yield from meet(variable, way, type_.of_type, value)
    elif isinstance(type_, GraphQLInputObjectType):
        yield from _meet_object(variable, way, type_, value)
    elif _holds_slots(value):
        yield Misfit(variable, way, f"{kind_in_words(value)} does not fit {type_}")
    else:
        yield from _meet_leaf(variable, way, type_, value)


def _meet_object(variable: str, way: str, type_: GraphQLInputObjectType, value: Any) -> Iterator[Leaf | Misfit]:
    if not isinstance(value, dict):
        yield Misfit(variable, way, f"{kind_in_words(value)} does not fit the input type {type_}")
        return
    misspelt: list[str] = []
    for name, item in value.items():
        if name in type_.fields:
            yield from meet(variable, f"{way}.{name}", type_.fields[name].type, item)
        else:
            close = closest(name, [each for each in type_.fields if each not in value])
            misspelt.append(close)
            meant = f" (did you mean {close!r}?)" if close else ""
            yield Misfit(variable, f"{way}.{name}", f"the input type {type_} has no field {name!r}{meant}")
    for name, field in type_.fields.items():
        if name not in value and name not in misspelt and is_required_input_field(field):
            yield Misfit(variable, way, f"the input type {type_} needs the field {name!r}")


def _meet_leaf(variable: str, way: str, type_: Any, value: Any) -> Iterator[Misfit]:
    """A value that is no slot, and a scalar or an enum."""
    try:
        if isinstance(type_, GraphQLEnumType):
            enum_value(type_, value)
        elif isinstance(type_, GraphQLScalarType) and type_.name in SCALARS:
            SCALARS[type_.name].parse(value)
    except CannotCoerce as error:
        yield Misfit(variable, way, f"{kind_in_words(value)} does not fit {type_}: {error}")
        return
    if getattr(type_, "name", "") == "String" and not isinstance(value, str):
        shown = java_text(value)
        text = shown if len(shown) <= 60 else f"{shown[:60]}…"
        yield Misfit(variable, way, f"{kind_in_words(value)} becomes the text {text!r} as a String", hard=False)


def _holds_slots(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_slots, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Slot | Text)


def kind_in_words(value: Any) -> str:
    """A JSON value's kind, with a short value itself."""
    return kind_of(value) if not _holds_slots(value) else "an object" if isinstance(value, dict) else "an array"


def filled(leaf: Leaf, envelope: Mapping[str, Any]) -> Any:
    """What an event makes of a leaf that is one slot: recorded on AWS, a path that finds nothing gives an empty text."""
    assert isinstance(leaf.value, Slot)
    found = leaf.value.find(envelope)
    return "" if found is MISSING else found
