"""
Checks of the subscriptions that a rule's mutation feeds: what is published reaches subscribers, whole, and filters match.

In: an inspection. Out: faults at the operation that selects too little, or at the subscription field in the schema.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
)

from livebus.caller import AWS_IAM, Mode
from livebus.checks.api.calls import (
    MutationCall,
    Selection,
    calls,
    may_have_resolver,
    open_to,
    resolver_of,
    schema_place,
)
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, Place, did_you_mean, listed
from livebus.template.application import ResolverConfig

CHECKS = Checks()

_REAL_TIME = "https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html"
_ENHANCED = "https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-enhanced-filtering.html"

MAX_ARGUMENTS = 5
_FILTER_FIELD = re.compile(r"""\bfieldName["']?\s*:\s*(["'`])([\w.]+)\1""")
_NUMBERS = frozenset(("Int", "Float", "AWSTimestamp"))


# --- what is inspected ----------------------------------------------------------------------------------------------


def _fed(inspection: Inspection) -> Iterator[tuple[MutationCall, str, GraphQLField]]:
    """Each call with each subscription field that it feeds."""
    for call in calls(inspection):
        for name, field in call.subscriptions():
            yield call, name, field


def _subscription_resolver(call: MutationCall, name: str) -> ResolverConfig | None:
    root = call.api.schema.graphql.subscription_type
    return resolver_of(call.api, root.name, name) if root else None


def _code(config: ResolverConfig | None) -> list[tuple[str, str]]:
    """The code texts of a resolver and of its functions, each with its file."""
    if config is None:
        return []
    return [(config.code, config.code_file), *((each.code, each.code_file) for each in config.functions)]


def _filters_by_arguments(inspection: Inspection, call: MutationCall, name: str) -> bool:
    """Whether a subscription's arguments are the filter: an enhanced filter takes their place."""
    config = _subscription_resolver(call, name)
    if config is None:
        return not may_have_resolver(inspection, name)
    texts = [code for code, _ in _code(config)]
    templates = [part.templates for part in config.parts if part.templates is not None]
    texts += [each.text for part in templates for each in part.texts]
    return not any("setSubscriptionFilter" in text for text in texts)


def _returned_fields(call: MutationCall) -> dict[str, GraphQLField]:
    """The fields of the type that the mutation returns; none for scalars and enums."""
    return dict(getattr(call.returned, "fields", {}))


def _selected_names(call: MutationCall) -> set[str]:
    """The fields that the operation selects directly below the mutation, of any type that it may return."""
    return {name for fields in call.selection.values() for name in fields}


# --- the link -------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "W9160",
    "A mutation that a rule calls feeds a subscription",
    why="AppSync publishes to the fields that name the mutation in @aws_subscribe. Without one the events reach nobody.",
    source=_REAL_TIME,
)
def _feeds(inspection: Inspection) -> Iterator[Fault]:
    for call in calls(inspection):
        if call.api.schema.links.get(call.name) or _does_something(call):
            continue
        root = call.api.schema.graphql.subscription_type
        alike = [
            name for name, field in (root.fields.items() if root else ()) if get_named_type(field.type) is call.returned
        ]
        directive = f'@aws_subscribe(mutations: ["{call.name}"])'
        advice = f"Write {directive} behind a field of type Subscription that returns {call.returned.name}."
        if alike:
            advice = f"Write {directive} behind {alike[0]!r}."
        yield Fault(f"no subscription names the mutation {call.name!r}", call.place, directive, advice)


def _does_something(call: MutationCall) -> bool:
    """Whether the mutation's resolver calls a data source: then nobody may be meant to hear of it."""
    config = resolver_of(call.api, call.mutation_type, call.name)
    sources = [config.data_source, *(each.data_source for each in config.functions)] if config else []
    return any(source is not None and source.type != "NONE" for source in sources)


@CHECKS.add(
    "W9162",
    "A subscription is fed by a mutation",
    why="Only mutations that the field names in @aws_subscribe reach those who subscribe to it.",
    source=_REAL_TIME,
)
def _is_fed(inspection: Inspection) -> Iterator[Fault]:
    apis = {call.api.api.logical_id: call.api for call in calls(inspection)}
    unfed = {call.api.api.logical_id for call in calls(inspection) if not call.api.schema.links.get(call.name)}
    for logical_id, api in apis.items():
        root = api.schema.graphql.subscription_type
        for name, field in root.fields.items() if root and logical_id not in unfed else ():
            if name not in api.schema.subscription_mutations:
                advice = "Add @aws_subscribe(mutations: [...]) with the mutations that it is to hear of."
                yield Fault(f"no mutation feeds {name!r}", schema_place(api, field.ast_node), "@aws_subscribe", advice)


@CHECKS.add(
    "W9161",
    "A subscription may be null",
    why="AppSync answers the start of a subscription with null, and a null where none may be is an error to clients.",
    source=_REAL_TIME,
)
def _may_be_null(inspection: Inspection) -> Iterator[Fault]:
    for call, name, field in _fed(inspection):
        if isinstance(field.type, GraphQLNonNull):
            place = schema_place(call.api, field.ast_node)
            advice = f"Write {get_nullable_type(field.type)}, without the last '!'."
            yield Fault(f"{name!r} is of type {str(field.type)!r}", place, "a nullable type", advice)


# --- filters by argument --------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9162",
    f"A subscription has at most {MAX_ARGUMENTS} arguments",
    why="AppSync filters by five arguments at the most.",
    source=_REAL_TIME,
)
def _few_arguments(inspection: Inspection) -> Iterator[Fault]:
    for call, name, field in _fed(inspection):
        if len(field.args) > MAX_ARGUMENTS and _filters_by_arguments(inspection, call, name):
            place = schema_place(call.api, field.ast_node)
            advice = "Filter by others with an enhanced filter, in the subscription's resolver."
            yield Fault(f"{name!r} has {len(field.args)} arguments", place, f"at most {MAX_ARGUMENTS}", advice)


@CHECKS.add(
    "E9163",
    "The arguments of a subscription are fields of what is published",
    why="An argument is compared with the published field of its name. Without such a field nothing ever matches.",
    source=_REAL_TIME,
)
def _arguments_are_fields(inspection: Inspection) -> Iterator[Fault]:
    for call, name, argument, definition in _compared_arguments(inspection):
        fields = _returned_fields(call)
        if argument not in fields:
            found = f"{name!r} has the argument {argument!r}, and {call.returned.name} has no such field"
            expected = f"one of {listed(fields)}" if fields else "no arguments"
            advice = did_you_mean(argument, fields) or f"Nothing that is published matches {argument!r}."
            yield Fault(found, schema_place(call.api, definition.ast_node), expected, advice)


@CHECKS.add(
    "E9164",
    "The arguments of a subscription are of the types of their fields",
    why="AppSync compares for equality: a text never equals a number, a list never a value.",
    source=_REAL_TIME,
)
def _arguments_are_alike(inspection: Inspection) -> Iterator[Fault]:
    for call, name, argument, definition in _compared_arguments(inspection):
        published = _returned_fields(call).get(argument)
        if published is not None and _kind(definition.type) != _kind(published.type):
            found = f"the argument {argument!r} of {name!r} is of type {str(definition.type)!r}"
            expected = str(get_nullable_type(published.type))
            advice = f"{call.returned.name}.{argument} is of type {str(published.type)!r}."
            yield Fault(found, schema_place(call.api, definition.ast_node), expected, advice)


def _compared_arguments(inspection: Inspection) -> Iterator[tuple[MutationCall, str, str, GraphQLArgument]]:
    """The arguments that are compared with what is published: the call, the subscription, the argument's name and itself."""
    for call, name, field in _fed(inspection):
        if _filters_by_arguments(inspection, call, name):
            for argument, definition in field.args.items():
                yield call, name, argument, definition


def _kind(type_: GraphQLInputType | GraphQLOutputType) -> str:
    """What values of a type compare as: texts, numbers, truth values, objects, or lists of such."""
    nullable = get_nullable_type(type_)
    if isinstance(nullable, GraphQLList):
        return f"list of {_kind(nullable.of_type)}"
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        return "text"
    if not isinstance(named, GraphQLScalarType):
        return "object"
    return "number" if named.name in _NUMBERS else named.name if named.name in ("Boolean", "AWSJSON") else "text"


@CHECKS.add(
    "E9165",
    "The operation selects the fields that subscribers filter by",
    why="A field that is not selected is null to the filter: nobody who gives that argument ever receives anything.",
    source=_REAL_TIME,
)
def _filtered_is_selected(inspection: Inspection) -> Iterator[Fault]:
    for call in calls(inspection):
        for argument, names in _unselected_arguments(inspection, call).items():
            found = f"the operation does not select {argument!r}, by which subscribers of {_listed(names)} filter"
            yield Fault(
                found, call.place, f"{argument!r} in the selection of {call.name!r}", f"Add {argument!r} to it."
            )


def _unselected_arguments(inspection: Inspection, call: MutationCall) -> dict[str, list[str]]:
    """The arguments whose fields the operation leaves out, with the subscriptions that have them."""
    found: dict[str, list[str]] = {}
    fields, selected = _returned_fields(call), _selected_names(call)
    for name, field in call.subscriptions():
        for argument in field.args if _filters_by_arguments(inspection, call, name) else ():
            if argument in fields and argument not in selected:
                found.setdefault(argument, []).append(name)
    return found


@CHECKS.add(
    "W9167",
    "The operation selects the fields that enhanced filters name",
    why="A field that is not selected is null to the filter, and what it is compared with is not.",
    source=_ENHANCED,
)
def _enhanced_is_selected(inspection: Inspection) -> Iterator[Fault]:
    for call in calls(inspection):
        told = _unselected_arguments(inspection, call)
        known = sorted(set(_paths(call.selection)))
        for name, path, place in _enhanced_filters(call):
            if path not in known and path not in told:
                found = f"{name!r} filters by {path!r}, which the operation of {call.name!r} does not select"
                expected = f"one of {listed(known)}" if known else "fields that are published"
                yield Fault(found, place, expected, did_you_mean(path, known))


def _enhanced_filters(call: MutationCall) -> Iterator[tuple[str, str, Place]]:
    """The paths that enhanced filters name in so many words: the subscription, the path, and where it stands."""
    for name, _ in call.subscriptions():
        for code, file in _code(_subscription_resolver(call, name)):
            for found in _FILTER_FIELD.finditer(code) if "setSubscriptionFilter" in code else ():
                start = found.start(2)
                line, column = code.count("\n", 0, start) + 1, start - code.rfind("\n", 0, start)
                yield name, found[2], Place(file, line, column)


def _paths(selection: Selection, before: str = "") -> Iterator[str]:
    for fields in selection.values():
        for name, selected in fields.items():
            yield f"{before}{name}"
            yield from _paths(selected.below, f"{before}{name}.")


# --- what subscribers get -------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9166",
    "The operation selects every non-null field that subscribers may ask for",
    why="Subscribers get what the operation selects, and no more. Where a field that may not be null was not selected, "
    "the whole message is null to those who ask for it.",
    source=_REAL_TIME,
)
def _selects_non_null(inspection: Inspection) -> Iterator[Fault]:
    return _unselected(inspection, non_null=True)


@CHECKS.add(
    "W9166",
    "The operation selects every field that subscribers may ask for",
    why="Subscribers get what the operation selects, and no more: other fields are always null to them.",
    source=_REAL_TIME,
)
def _selects_all(inspection: Inspection) -> Iterator[Fault]:
    return _unselected(inspection, non_null=False)


def _unselected(inspection: Inspection, *, non_null: bool) -> Iterator[Fault]:
    for call in calls(inspection):
        root = call.api.schema.graphql.subscription_type
        modes = {mode for name, _ in call.subscriptions() if root for mode in open_to(call.api, root.name, name)}
        if modes:
            told = {*_unselected_arguments(inspection, call), *(path for _, path, _ in _enhanced_filters(call))}
            yield from _unselected_below(call, call.selection, call.node, modes, told, non_null=non_null)


def _unselected_below(
    call: MutationCall, selection: Selection, parent: FieldNode, modes: set[Mode], told: set[str], *, non_null: bool
) -> Iterator[Fault]:
    for type_name, fields in selection.items():
        missing = [
            name
            for name, field in _fields_of(call, type_name).items()
            if fields
            and name not in fields
            and name not in told
            and isinstance(field.type, GraphQLNonNull) == non_null
            and not modes.isdisjoint(open_to(call.api, type_name, name))
            and (non_null or not _is_kept_back(call, type_name, name))
        ]
        if missing:
            what = "non-null fields" if non_null else "fields"
            found = f"the operation does not select the {what} {_listed(missing)} of {type_name}"
            if len(missing) == 1:
                found = found.replace("fields", "field", 1)
            advice = f"Add {' '.join(missing)} to the selection of {parent.name.value!r}."
            yield Fault(found, call.place_of(parent), "every field that subscribers may ask for", advice)
        for selected in fields.values():
            yield from _unselected_below(call, selected.below, selected.node, modes, set(), non_null=non_null)


def _is_kept_back(call: MutationCall, type_name: str, name: str) -> bool:
    """Whether a field is one that is not meant to be published: resolved when asked for, or closed to EventBridge."""
    field = _fields_of(call, type_name)[name]
    is_resolved = bool(field.args) or resolver_of(call.api, type_name, name) is not None
    return is_resolved or AWS_IAM not in open_to(call.api, type_name, name)


def _fields_of(call: MutationCall, type_name: str) -> dict[str, GraphQLField]:
    named = call.api.schema.graphql.type_map[type_name]
    return dict(named.fields) if isinstance(named, GraphQLObjectType) else {}


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
