"""
Query and Scan: pages of a table or an index, in order, filtered.

A page ends after ``Limit`` items or before more than 1 MB are read; LastEvaluatedKey is there even where nothing follows.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from livebus.dynamodb import key_bytes, parameters
from livebus.dynamodb.attribute_values import Item, Value, item_size, read_item
from livebus.dynamodb.context import Answer, Consumed, Context, read_units
from livebus.dynamodb.errors import invalid, invalid_values
from livebus.dynamodb.expressions.conditions import holds
from livebus.dynamodb.expressions.key_conditions import BEGINS_WITH, BETWEEN, KeyCondition, key_condition
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project
from livebus.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Not,
    Or,
    Path,
    Size,
)
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.store import Range
from livebus.dynamodb.table import ALL, Index, Key, Keys, Table, place, projected_names

PAGE_BYTES = 1024 * 1024
_MOST_SEGMENTS = 1_000_000
_MOST_ITEMS = 2**31 - 1
_EXPRESSIONS = ("KeyConditionExpression", "FilterExpression", "ProjectionExpression")
_COUNT, _ALL_ATTRIBUTES, _PROJECTED, _SPECIFIC = (
    "COUNT",
    "ALL_ATTRIBUTES",
    "ALL_PROJECTED_ATTRIBUTES",
    "SPECIFIC_ATTRIBUTES",
)
_SELECTS = (_SPECIFIC, _COUNT, _ALL_ATTRIBUTES, _PROJECTED)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read where, and what is kept of it. ``limit`` None: what 1 MB holds."""

    table: Table
    index: Index | None
    part: Range
    filter: Condition | None = None
    projection: tuple[Path, ...] = ()
    limit: int | None = None
    consistent: bool = False
    counts_only: bool = False
    whole_items: bool = False


def query(context: Context, request: Request) -> Answer:
    parameters.refuse_legacy(request, "KeyConditions", "QueryFilter", "AttributesToGet", "ConditionalOperator")
    table = context.table(request)
    index = _index(table, request)
    keys = index.keys if index else table.keys
    placeholders = Placeholders(request, *_EXPRESSIONS)
    condition = placeholders.condition(request, "KeyConditionExpression")
    if condition is None:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    filtered = placeholders.condition(request, "FilterExpression")
    projection = placeholders.projection(request)
    placeholders.check_all_used()
    if filtered is not None:
        _refuse_keys(filtered, keys)
    sort = (keys.sort.name, keys.sort.type) if keys.sort else None
    wanted = key_condition(condition, (keys.partition.name, keys.partition.type), sort)
    part = key_range(wanted, is_forward=parameters.flag(request, "ScanIndexForward", default=True))
    start = _start(table, index, request)
    if start is not None:
        if start[0] != part.partition:
            raise invalid("The provided starting key is outside query boundaries based on provided conditions")
        part = _after(part, start)
    return _answer(context, request, _reading(request, table, index, part, filtered=filtered, projection=projection))


def scan(context: Context, request: Request) -> Answer:
    parameters.refuse_legacy(request, "ScanFilter", "AttributesToGet", "ConditionalOperator")
    table = context.table(request)
    index = _index(table, request)
    placeholders = Placeholders(request, *_EXPRESSIONS[1:])
    filtered = placeholders.condition(request, "FilterExpression")
    projection = placeholders.projection(request)
    placeholders.check_all_used()
    segment = parameters.whole(request, "Segment", 0, _MOST_SEGMENTS - 1)
    total = parameters.whole(request, "TotalSegments", 1, _MOST_SEGMENTS)
    if (segment is None) != (total is None):
        there, missing = ("Segment", "TotalSegments") if total is None else ("TotalSegments", "Segment")
        raise invalid(
            f"The {missing} parameter is required but was not present in the request when {there} parameter is present"
        )
    part = Range()
    if segment is not None and total is not None:
        if segment >= total:
            raise invalid(
                "The Segment parameter is zero-based and must be less than parameter TotalSegments:"
                f" Segment: {segment} is not less than TotalSegments: {total}"
            )
        first, end = key_bytes.segment(segment, total)
        part = Range(first=first, end=end)
    start = _start(table, index, request)
    if start is not None:
        if (part.first and start[0] < part.first) or (part.end is not None and start[0] >= part.end):
            raise invalid(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with"
                f" correct Segment. TotalSegments: {total} Segment: {segment}"
            )
        part = _after(part, start)
    return _answer(context, request, _reading(request, table, index, part, filtered=filtered, projection=projection))


def read_page(context: Context, reading: Reading) -> tuple[list[Item], int, Item | None, int]:
    """Items that pass the filter, how many were read, the last one's key where more may follow, and bytes read."""
    table, index = reading.table, reading.index
    names = None if index is None or reading.whole_items else projected_names(table, index)
    items: list[Item] = []
    scanned = total = 0
    last: Item | None = None
    most = -1 if reading.limit is None else reading.limit
    with closing(context.store.read(table, index, reading.part, most)) as rows:  # type: ignore[type-var]
        for row in rows:
            item, size = row.item, row.size
            if names is not None:
                item = {name: value for name, value in item.items() if name in names}
                size = item_size(item)
            if total + size > PAGE_BYTES and last is not None:
                return items, scanned, _key_of(table, index, last), total
            total += size
            scanned += 1
            last = row.item
            if reading.filter is None or holds(reading.filter, item):
                items.append(project(item, reading.projection) if reading.projection else item)
    if reading.limit is not None and scanned == reading.limit and last is not None:
        return items, scanned, _key_of(table, index, last), total
    return items, scanned, None, total


def _answer(context: Context, request: Request, reading: Reading) -> Answer:
    consumed = Consumed.of(request)
    items, scanned, last, size = read_page(context, reading)
    answer: Answer = {"Count": len(items), "ScannedCount": scanned}
    if not reading.counts_only:
        answer["Items"] = items
    if last is not None:
        answer["LastEvaluatedKey"] = last
    consumed.add(reading.table, read_units(size, consistent=reading.consistent), reading.index)
    return consumed.into(answer)


# --- what is asked for ----------------------------------------------------------------------------------------------


def _index(table: Table, request: Request) -> Index | None:
    name = parameters.text_or_none(request, "IndexName")
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    return index


def _reading(
    request: Request,
    table: Table,
    index: Index | None,
    part: Range,
    *,
    filtered: Condition | None,
    projection: tuple[Path, ...],
) -> Reading:
    consistent = parameters.flag(request, "ConsistentRead")
    if consistent and index is not None and index.is_global:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    default = _SPECIFIC if projection else _PROJECTED if index else _ALL_ATTRIBUTES
    select = parameters.choice(request, "Select", _SELECTS, default)
    if projection and select != _SPECIFIC:
        raise invalid(
            f"Cannot specify the ProjectionExpression when choosing to get {select}"
            if select != _COUNT
            else "Cannot specify the ProjectionExpression when choosing to get only the Count"
        )
    if select == _SPECIFIC and not projection:
        raise invalid(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select == _PROJECTED and index is None:
        raise invalid_values("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if index is not None and index.is_global:
        _check_projected(table, index, select, projection)
    return Reading(
        table,
        index,
        part,
        filtered,
        projection,
        limit=parameters.whole(request, "Limit", 1, _MOST_ITEMS),
        consistent=consistent,
        counts_only=select == _COUNT,
        whole_items=index is not None and not index.is_global and select in (_ALL_ATTRIBUTES, _SPECIFIC),
    )


def _check_projected(table: Table, index: Index, select: str, projection: tuple[Path, ...]) -> None:
    """A global index gives what it has, and nothing of the table."""
    if select == _ALL_ATTRIBUTES and index.projection != ALL:
        raise invalid_values(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name}"
            " because its projection type is not ALL"
        )
    names = projected_names(table, index)
    missing = [str(path.steps[0]) for path in projection if names is not None and path.steps[0] not in names]
    if missing:
        raise invalid_values(f"Global secondary index {index.name} does not project [{', '.join(missing)}]")


def key_range(wanted: KeyCondition, *, is_forward: bool = True) -> Range:
    """Where a key condition leads."""
    partition = key_bytes.partition(wanted.partition)
    operands = [key_bytes.ordered(value) for value in wanted.operands]
    low: tuple[bytes, bool] | None = None
    high: tuple[bytes, bool] | None = None
    match wanted.operator:
        case "=":
            low = high = (operands[0], True)
        case "<" | "<=":
            high = (operands[0], wanted.operator == "<=")
        case ">" | ">=":
            low = (operands[0], wanted.operator == ">=")
        case _ if wanted.operator == BETWEEN:
            low, high = (operands[0], True), (operands[1], True)
        case _ if wanted.operator == BEGINS_WITH:
            end = key_bytes.after_prefix(operands[0])
            low, high = (operands[0], True), None if end is None else (end, False)
    return Range(partition, low, high, is_forward=is_forward)


def _after(part: Range, start: tuple[bytes, ...]) -> Range:
    return Range(part.partition, part.low, part.high, part.first, part.end, start, part.is_forward)


def _start(table: Table, index: Index | None, request: Request) -> tuple[bytes, ...] | None:
    """The place of an ExclusiveStartKey: in the index where there is one, then in the table."""
    if request.get("ExclusiveStartKey") is None:
        return None
    return place_of_start(table, index, request["ExclusiveStartKey"])


def place_of_start(table: Table, index: Index | None, given: Any) -> tuple[bytes, ...]:
    """The place of a key to go on after. Raises DynamoDBError where it is no key of the table and the index."""
    key, _ = read_item(given)
    wanted = {each.name: each for each in _all_keys(table, index)}
    if len(key) != len(wanted):
        raise invalid(
            "The provided starting key is invalid"
            if index
            else "Exclusive Start Key must have same size as table's key schema"
        )
    for name, each in wanted.items():
        if name not in key or each.type not in key[name]:
            raise invalid("The provided starting key is invalid: The provided key element does not match the schema")
    of_index = place(index.keys, key) if index else ()
    return (*of_index, *place(table.keys, key))


def _all_keys(table: Table, index: Index | None) -> tuple[Key, ...]:
    return (*(index.keys.all if index else ()), *table.keys.all)


def _key_of(table: Table, index: Index | None, item: Mapping[str, Value]) -> Item:
    return {key.name: item[key.name] for key in _all_keys(table, index)}


# --- filters --------------------------------------------------------------------------------------------------------


def _refuse_keys(condition: Condition, keys: Keys) -> None:
    """A Query's filter may not ask for the keys that it reads by."""
    names = {key.name for key in keys.all}
    for path in paths_of(condition):
        if path.steps[0] in names:
            raise invalid(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {path.steps[0]}"
            )


def paths_of(condition: Condition) -> list[Path]:
    """All paths that a condition reads."""
    operands: tuple[Any, ...]
    match condition:
        case And(parts) | Or(parts):
            return [path for part in parts for path in paths_of(part)]
        case Not(part):
            return paths_of(part)
        case Comparison(_, left, right):
            operands = (left, right)
        case Between(operand, low, high):
            operands = (operand, low, high)
        case In(operand, options):
            operands = (operand, *options)
        case Function(_, arguments):
            operands = arguments
    inner = [operand.of if isinstance(operand, Size) else operand for operand in operands]
    return [operand for operand in inner if isinstance(operand, Path)]
