"""
The start of a subscription: authorized, its resolver run once, its selection made ready to be laid over events.

In: the planned root field of a subscription. Out: a :class:`livebus.operation.SubscriptionStart`, or the errors of
the answer to ``start``.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLNamedType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_object_type,
)

from livebus.execution.planned import PlannedField
from livebus.execution.responses import Error, Errors
from livebus.execution.run import Run
from livebus.execution.selections import Conditions, Selections, response_key
from livebus.operation import Call, ResolverError, Selected, SubscriptionStart

# "A subscription can have up to 5 arguments."
MAX_ARGUMENTS = 5


def start(
    run: Run, field: PlannedField, variables: Mapping[str, Any], selection: Selected
) -> SubscriptionStart | Errors:
    """
    Begin a subscription whose root field is ``field``, and its selection ``selection``.

    Only the root field is authorized. AWS does not document whether the directives of payload types bind subscribers; a
    sample that it publishes shows one with an API key receive a field of a type that is marked @aws_iam only.
    """
    if not run.allows(selection.parent_type, selection.field_name):
        message = f"Not Authorized to access {selection.field_name} on type {selection.parent_type}"
        return Errors(({"errorType": "Unauthorized", "message": message},))
    arguments = field.arguments.values(variables)
    given = {name: arguments[name] for name in field.arguments.given}
    if len(given) > MAX_ARGUMENTS:
        message = f"Subscription field {field.name} takes at most {MAX_ARGUMENTS} arguments, {len(given)} were given."
        return Errors(({"errorType": "BadRequestException", "message": message},))
    if field.resolver is None:
        return SubscriptionStart(selection, given)
    resolution = run.resolve(field, None, (None, field.key))
    if isinstance(resolution, Call):
        return Errors(())  # of a run that is made again
    errors = (*resolution.appended, *((resolution.error,) if resolution.error is not None else ()))
    if errors:
        return Errors(tuple(map(_error, errors)))
    return SubscriptionStart(selection, given, resolution.subscription_filter, resolution.invalidation_filter)


def _error(error: ResolverError) -> Error:
    shown: Error = {"errorType": error.error_type, "message": error.message}
    if error.data is not None:
        shown["data"] = error.data
    if error.error_info is not None:
        shown["errorInfo"] = error.error_info
    return shown


def select(selections: Selections, operation: OperationDefinitionNode) -> Selected:
    """The selection of a subscription: its one root field, with everything below."""
    root_type = selections.schema.get_root_type(operation.operation)
    assert root_type is not None
    return _selected(selections, root_type, [operation.selection_set])[0]


def _selected(
    selections: Selections, parent: GraphQLNamedType, selection_sets: Iterable[SelectionSetNode]
) -> tuple[Selected, ...]:
    """The fields selected on a type, merged where key and conditions agree, in the order of the document."""
    merged: dict[tuple[str, Conditions], list[FieldNode]] = {}
    for conditions, node in selections.spread(selection_sets):
        if not is_object_type(parent):
            merged.setdefault((response_key(node), conditions), []).append(node)
        elif conditions is None or parent.name in conditions:
            merged.setdefault((response_key(node), None), []).append(node)
    return tuple(_one(selections, parent, key, conditions, nodes) for (key, conditions), nodes in merged.items())


def _one(
    selections: Selections, parent: GraphQLNamedType, key: str, conditions: Conditions, nodes: list[FieldNode]
) -> Selected:
    schema, name = selections.schema, nodes[0].name.value
    # A field inside a fragment may be one that its interface or union does not have itself.
    holder: Any = parent
    if conditions:
        holder = next((schema.type_map[type_name] for type_name in sorted(conditions)), parent)
    definition = schema.get_field(holder, name)
    assert definition is not None
    named = get_named_type(definition.type)
    below = [node.selection_set for node in nodes if node.selection_set is not None]
    return Selected(
        response_key=key,
        field_name=name,
        parent_type=holder.name,
        type_text=str(definition.type),
        named_type=named.name,
        children=_selected(selections, named, below) if below else (),
        type_conditions=conditions,
    )
