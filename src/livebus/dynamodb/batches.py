"""
BatchGetItem and BatchWriteItem: many items of several tables; what does not fit in one answer is handed back.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from __future__ import annotations

from typing import Any

from livebus.dynamodb import parameters
from livebus.dynamodb.attribute_values import Item, read_item
from livebus.dynamodb.context import Answer, Consumed, Context, read_units, write_units
from livebus.dynamodb.errors import constraint, invalid
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.table import Place, Table, check_key, place
from livebus.dynamodb.writes import DELETE, PUT, Write, after, carry_out, prepared

MAX_KEYS, MAX_WRITES = 100, 25
ANSWER_BYTES = 16 * 1024 * 1024


def batch_get_item(context: Context, request: Request) -> Answer:
    asked = _tables(request)
    count = 0
    reads = []
    for name, given in asked.items():
        wanted = parameters.mapping(given)
        parameters.refuse_legacy(wanted, "AttributesToGet")
        keys = parameters.sequence(wanted, "Keys", 1, MAX_KEYS)
        count += len(keys)
        if count > MAX_KEYS:
            raise invalid("Too many items requested for the BatchGetItem call")
        placeholders = Placeholders(wanted, "ProjectionExpression")
        projection = placeholders.projection(wanted)
        placeholders.check_all_used()
        table = context.table_named(name)
        reads.append((name, table, wanted, projection, _places(table, keys)))
    consumed = Consumed.of(request)
    responses: dict[str, list[Item]] = {name: [] for name in asked}
    unprocessed: dict[str, dict[str, Any]] = {}
    total = 0
    for name, table, wanted, projection, places in reads:
        consistent = parameters.flag(wanted, "ConsistentRead")
        for key, where in zip(wanted["Keys"], places, strict=True):
            row = context.store.get(table, where) if total < ANSWER_BYTES else None
            if total >= ANSWER_BYTES or (row is not None and total + row.size > ANSWER_BYTES):
                total = ANSWER_BYTES
                unprocessed.setdefault(name, {**wanted, "Keys": []})["Keys"].append(key)
                continue
            consumed.add(table, read_units(row.size if row else 0, consistent=consistent))
            if row is not None:
                total += row.size
                responses[name].append(project(row.item, projection) if projection else row.item)
    return consumed.into({"Responses": responses, "UnprocessedKeys": unprocessed}, several=True)


def batch_write_item(context: Context, request: Request) -> Answer:
    writes: list[Write] = []
    for name, given in _tables(request).items():
        requests = {"RequestItems": given}
        if isinstance(given, list) and len(given) > MAX_WRITES:
            raise constraint(
                "requestItems",
                f"{{{name}=[{len(given)} requests]}}",
                "Map value must satisfy constraint: [Member must have length less than or equal to 25,"
                " Member must have length greater than or equal to 1]",
            )
        table = context.table_named(name)
        own = [_write(table, each) for each in parameters.mappings(requests, "RequestItems", 1, MAX_WRITES)]
        if len({write.where for write in own}) != len(own):
            raise invalid("Provided list of item keys contains duplicates")
        writes += own
    if len(writes) > MAX_WRITES:
        raise invalid("Too many items requested for the BatchWriteItem call")
    consumed = Consumed.of(request)
    parameters.choice(request, "ReturnItemCollectionMetrics", ("SIZE", "NONE"), "NONE")
    with context.store.transaction():
        for write in writes:
            carry_out(context, write, after(write, None))
            consumed.add(write.table, write_units(write.size))
    return consumed.into({"UnprocessedItems": {}}, several=True)


def _tables(request: Request) -> Request:
    asked = parameters.mapping_or_none(request, "RequestItems")
    if not asked:
        raise constraint("requestItems", "{}", "Member must have length greater than or equal to 1")
    return asked


def _places(table: Table, keys: Any) -> list[Place]:
    places = []
    for given in keys:
        key, _ = read_item(given)
        check_key(table.keys, key)
        places.append(place(table.keys, key))
    if len(set(places)) != len(places):
        raise invalid("Provided list of item keys contains duplicates")
    return places


def _write(table: Table, given: Request) -> Write:
    kinds = [name for name in ("PutRequest", "DeleteRequest") if given.get(name) is not None]
    if len(kinds) != 1:
        raise invalid("A write request needs either a PutRequest or a DeleteRequest")
    kind = PUT if kinds[0] == "PutRequest" else DELETE
    return prepared(table, kind, parameters.mapping(given[kinds[0]]), None, ())
