"""
One write: what it asks for, whether its condition holds, and what it makes of the item that stands there.

PutItem, UpdateItem, DeleteItem, and the members of TransactWriteItems alike are prepared first (all that can be wrong with
a request is told before anything is done) and then carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livebus.dynamodb import legacy, parameters
from livebus.dynamodb.attribute_values import MAX_ITEM_BYTES, Item, Value, item_size, read_item
from livebus.dynamodb.context import Context
from livebus.dynamodb.errors import condition_failed, invalid, invalid_values
from livebus.dynamodb.expressions.conditions import holds
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.syntax import Condition, Update
from livebus.dynamodb.expressions.updates import updated
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.store import Row
from livebus.dynamodb.table import Place, Table, check_item, check_key, place

PUT, UPDATE, DELETE, CHECK = "Put", "Update", "Delete", "ConditionCheck"
_ALL_OLD = "ALL_OLD"


@dataclass(frozen=True, slots=True)
class Write:
    """
    ``kind``: Put, Update, Delete, ConditionCheck. ``item`` is what is put, with its size; ``key`` what the others name.

    ``tells_item``: whether a failed condition tells what stands there.
    """

    kind: str
    table: Table
    where: Place
    key: Item
    item: Item
    size: int
    condition: Condition | None
    update: Update
    tells_item: bool

    @property
    def needs_item(self) -> bool:
        """Whether what stands there has to be read first."""
        return self.condition is not None or self.kind == UPDATE


def prepare(context: Context, kind: str, request: Request) -> Write:
    """Raises DynamoDBError."""
    table = context.table(request)
    placeholders = Placeholders(request, "ConditionExpression", "UpdateExpression")
    update = placeholders.update(request) if kind == UPDATE else ()
    condition = placeholders.condition(request, "ConditionExpression")
    if kind == CHECK and condition is None:
        parameters.text(request, "ConditionExpression")
    placeholders.check_all_used()
    if kind != CHECK:
        condition = condition or legacy.expected(request)
    tells = parameters.choice(request, "ReturnValuesOnConditionCheckFailure", (_ALL_OLD, "NONE"), "NONE")
    return prepared(table, kind, request, condition, update, tells_item=tells == _ALL_OLD)


def prepared(
    table: Table, kind: str, request: Request, condition: Condition | None, update: Update, *, tells_item: bool = False
) -> Write:
    """The same with the expressions read already; of the request, ``Item`` or ``Key`` is left to read."""
    if kind == PUT:
        item, size = read_item(request.get("Item"))
        check_item(table, item)
        if size > MAX_ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        key = {each.name: item[each.name] for each in table.keys.all}
    else:
        item, size = {}, 0
        key, _ = read_item(request.get("Key"))
        check_key(table.keys, key)
        _check_update(table, update)
    return Write(kind, table, place(table.keys, key), key, item, size, condition, update, tells_item)


def _check_update(table: Table, update: Update) -> None:
    names = {key.name for key in table.keys.all}
    for action in update:
        if action.path.steps[0] in names:
            raise invalid_values(f"Cannot update attribute {action.path.steps[0]}. This attribute is part of the key")


def check(write: Write, before: Row | None) -> None:
    """Raises DynamoDBError where the write's condition does not hold."""
    item: Mapping[str, Value] = before.item if before else {}
    if write.condition is not None and not holds(write.condition, item):
        raise condition_failed(item if write.tells_item else None)


def after(write: Write, before: Row | None) -> Row | None:
    """What stands there after the write; None where nothing does. Raises DynamoDBError for what an update cannot do."""
    if write.kind == PUT:
        return Row(write.item, write.size)
    if write.kind == DELETE:
        return None
    if write.kind == CHECK:
        return before
    item = updated(before.item if before else write.key, write.update)
    check_item(write.table, item)
    size = item_size(item)
    if size > MAX_ITEM_BYTES:
        raise invalid("Item size to update has exceeded the maximum allowed size")
    return Row(item, size)


def carry_out(context: Context, write: Write, result: Row | None) -> None:
    if write.kind == CHECK:
        return
    if result is None:
        context.store.delete(write.table, write.where)
    else:
        context.store.put(write.table, write.where, result.item, result.size)


def described(item: Mapping[str, Any] | None) -> dict[str, Any]:
    """Attributes of an answer; nothing where there are none."""
    return {"Attributes": item} if item else {}
