"""
GetItem, PutItem, UpdateItem, DeleteItem.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
"""

from __future__ import annotations

from livebus.dynamodb import parameters
from livebus.dynamodb.attribute_values import Item, read_item
from livebus.dynamodb.context import Answer, Consumed, Context, read_units, write_units
from livebus.dynamodb.errors import invalid
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.store import Row
from livebus.dynamodb.table import check_key, place
from livebus.dynamodb.writes import DELETE, PUT, UPDATE, Write, after, carry_out, check, described, prepare

_ALL_OLD, _NONE = "ALL_OLD", "NONE"
_RETURN_VALUES = ("ALL_NEW", "UPDATED_OLD", _ALL_OLD, _NONE, "UPDATED_NEW")


def get_item(context: Context, request: Request) -> Answer:
    table, consumed = context.table(request), Consumed.of(request)
    parameters.refuse_legacy(request, "AttributesToGet")
    placeholders = Placeholders(request, "ProjectionExpression")
    projection = placeholders.projection(request)
    placeholders.check_all_used()
    consistent = parameters.flag(request, "ConsistentRead")
    key, _ = read_item(request.get("Key"))
    check_key(table.keys, key)
    row = context.store.get(table, place(table.keys, key))
    consumed.add(table, read_units(row.size if row else 0, consistent=consistent))
    if row is None:
        return consumed.into({})
    return consumed.into({"Item": project(row.item, projection) if projection else row.item})


def put_item(context: Context, request: Request) -> Answer:
    _check_old_or_none(request)
    return _write(context, prepare(context, PUT, request), request)


def delete_item(context: Context, request: Request) -> Answer:
    _check_old_or_none(request)
    return _write(context, prepare(context, DELETE, request), request)


def update_item(context: Context, request: Request) -> Answer:
    return _write(context, prepare(context, UPDATE, request), request)


def _check_old_or_none(request: Request) -> None:
    if parameters.choice(request, "ReturnValues", _RETURN_VALUES, _NONE) not in (_ALL_OLD, _NONE):
        raise invalid("ReturnValues can only be ALL_OLD or NONE")


def _write(context: Context, write: Write, request: Request) -> Answer:
    wanted = parameters.choice(request, "ReturnValues", _RETURN_VALUES, _NONE)
    consumed = Consumed.of(request)
    parameters.choice(request, "ReturnItemCollectionMetrics", ("SIZE", _NONE), _NONE)
    if not write.needs_item and wanted == _NONE and consumed.wanted == _NONE:
        carry_out(context, write, after(write, None))
        return {}
    with context.store.transaction():
        before = context.store.get(write.table, write.where)
        check(write, before)
        result = after(write, before)
        carry_out(context, write, result)
    consumed.add(write.table, write_units(before.size if before else 0, result.size if result else 0))
    return consumed.into(described(_returned(write, wanted, before, result)))


def _returned(write: Write, wanted: str, before: Row | None, result: Row | None) -> Item | None:
    if wanted == _NONE:
        return None
    row = before if wanted.endswith("OLD") else result
    if row is None or wanted.startswith("ALL"):
        return row.item if row else None
    return project(row.item, [action.path for action in write.update])
