"""
What an update makes of an item. All operands are read from the item as it was before.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from livebus.dynamodb import number
from livebus.dynamodb.attribute_values import Item, Value
from livebus.dynamodb.errors import DynamoDBError, invalid
from livebus.dynamodb.expressions.conditions import lookup
from livebus.dynamodb.expressions.syntax import (
    Add,
    Delete,
    IfNotExists,
    ListAppend,
    Literal,
    Path,
    Remove,
    Set,
    Sum,
    Update,
)


def updated(item: Mapping[str, Value], update: Update) -> Item:
    """A new item. Raises DynamoDBError where a path leads nowhere, or an operand is of another type."""
    values = [_set_value(action.value, item) if isinstance(action, Set) else None for action in update]
    after: Item = orjson.loads(orjson.dumps(item))
    removed: list[tuple[list[Value], int]] = []
    # Elements behind a list's end come in the order of their numbers, whatever the expression's.
    order = sorted(range(len(update)), key=lambda index: _last_number(update[index].path))
    for index in order:
        action, value = update[index], values[index]
        if isinstance(action, Set):
            assert value is not None
            _put(after, action.path, value)
        elif isinstance(action, Remove):
            _remove(after, action.path, removed)
        elif isinstance(action, Add):
            _put(after, action.path, _added(lookup(action.path, item), _literal(action.value)))
        else:
            _delete(after, action, lookup(action.path, item), removed)
    for elements, place in sorted(removed, key=lambda each: -each[1]):
        del elements[place]
    return after


def _last_number(path: Path) -> int:
    last = path.steps[-1]
    return last if isinstance(last, int) else -1


# --- values ---------------------------------------------------------------------------------------------------------


def _set_value(operand: Any, item: Mapping[str, Value]) -> Value:
    if isinstance(operand, Sum):
        left, right = _set_value(operand.left, item), _set_value(operand.right, item)
        if "N" not in left or "N" not in right:
            raise _wrong_type()
        calculate = number.add if operand.sign == "+" else number.subtract
        return {"N": calculate(left["N"], right["N"])}
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, IfNotExists):
        found = lookup(operand.path, item)
        return _set_value(operand.otherwise, item) if found is None else found
    if isinstance(operand, ListAppend):
        first, second = _set_value(operand.first, item), _set_value(operand.second, item)
        if "L" not in first or "L" not in second:
            raise _wrong_type()
        return {"L": [*first["L"], *second["L"]]}
    assert isinstance(operand, Path)
    found = lookup(operand, item)
    if found is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")
    return found


def _added(before: Value | None, value: Value) -> Value:
    if before is None:
        return value
    ((kind, content),) = value.items()
    if kind not in before:
        raise _wrong_type()
    if kind == "N":
        return {"N": number.add(before["N"], content)}
    return {kind: list(dict.fromkeys([*before[kind], *content]))}


def _delete(item: Item, action: Delete, before: Value | None, removed: list[tuple[list[Value], int]]) -> None:
    ((kind, content),) = _literal(action.value).items()
    if before is None:
        _parent(item, action.path)
        return
    if kind not in before:
        raise _wrong_type()
    left = [each for each in before[kind] if each not in content]
    if left:
        _put(item, action.path, {kind: left})
    else:
        _remove(item, action.path, removed)


def _literal(value: Any) -> Value:
    assert isinstance(value, Literal)
    return value.value


# --- places ---------------------------------------------------------------------------------------------------------


def _parent(item: Item, path: Path) -> Any:
    """The members or elements that the last step of a path is one of."""
    members: Any = item
    for step, following in zip(path.steps, path.steps[1:], strict=False):
        value = _at(members, step)
        members = None if value is None else value.get("L" if isinstance(following, int) else "M")
        if members is None:
            raise invalid("The document path provided in the update expression is invalid for update")
    return members


def _at(members: Any, step: str | int) -> Value | None:
    if isinstance(step, int):
        return members[step] if step < len(members) else None
    return members.get(step)  # type: ignore[no-any-return]


def _put(item: Item, path: Path, value: Value) -> None:
    parent, last = _parent(item, path), path.steps[-1]
    if isinstance(last, int) and last >= len(parent):
        parent.append(value)
    else:
        parent[last] = value


def _remove(item: Item, path: Path, removed: list[tuple[list[Value], int]]) -> None:
    """Take a member away; elements of lists are noted, and taken away together: their numbers are those of before."""
    parent, last = _parent(item, path), path.steps[-1]
    if not isinstance(last, int):
        parent.pop(last, None)
    elif last < len(parent):
        removed.append((parent, last))


def _wrong_type() -> DynamoDBError:
    return invalid("An operand in the update expression has an incorrect data type")
