"""
Methods of java.util.List.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/List.html
"""

from __future__ import annotations

from typing import Any

from livebus.vtl.budget import Budget
from livebus.vtl.methods.registry import VOID, JavaError, Row, add_all, pure
from livebus.vtl.values import position_of


def checked(items: list[Any], index: int, *, end: bool = False) -> int:
    """An index of a list, or Java's error."""
    if not 0 <= index < len(items) + end:
        found = (
            f"Index {index} out of bounds for length {len(items)}" if not end else f"Index: {index}, Size: {len(items)}"
        )
        raise JavaError("java.lang.IndexOutOfBoundsException", found)
    return index


def _add(budget: Budget, items: list[Any], value: Any) -> bool:
    items.append(value)
    return True


def _insert(budget: Budget, items: list[Any], index: int, value: Any) -> str:
    budget.spend(len(items) // 64)
    items.insert(checked(items, index, end=True), value)
    return VOID


def _add_all(budget: Budget, items: list[Any], others: list[Any]) -> bool:
    budget.spend(len(others))
    items.extend(list(others))
    return bool(others)


def _replace_item(budget: Budget, items: list[Any], index: int, value: Any) -> Any:
    old = items[checked(items, index)]
    items[index] = value
    return old


def _remove_at(budget: Budget, items: list[Any], index: int) -> Any:
    budget.spend(len(items) // 64)
    return items.pop(checked(items, index))


def _remove(budget: Budget, items: list[Any], value: Any) -> bool:
    at = position_of(items, value, budget)
    if at >= 0:
        del items[at]
    return at >= 0


def _keep(budget: Budget, items: list[Any], others: list[Any], *, found: bool) -> bool:
    kept = [item for item in items if (position_of(others, item, budget) >= 0) == found]
    changed = len(kept) != len(items)
    items[:] = kept
    return changed


def _sub_list(budget: Budget, items: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(items):
        raise JavaError(
            "java.lang.IndexOutOfBoundsException", f"fromIndex: {start}, toIndex: {end}, size: {len(items)}"
        )
    budget.spend(end - start)
    return items[start:end]


def _clear(budget: Budget, value: Any) -> str:
    value.clear()
    return VOID


def _last_position(budget: Budget, items: list[Any], value: Any) -> int:
    budget.spend(len(items) // 64)
    at = position_of(items[::-1], value, budget)
    return len(items) - 1 - at if at >= 0 else -1


_of_lists: list[Row] = [
    ("add", ("any",), _add),
    ("add", ("int", "any"), _insert),
    ("addAll", ("list",), _add_all),
    ("clear", (), _clear),
    ("contains", ("any",), lambda budget, items, value: position_of(items, value, budget) >= 0),
    (
        "containsAll",
        ("list",),
        lambda budget, items, others: all(position_of(items, each, budget) >= 0 for each in others),
    ),
    ("get", ("int",), pure(lambda items, index: items[checked(items, index)])),
    ("indexOf", ("any",), lambda budget, items, value: position_of(items, value, budget)),
    ("isEmpty", (), pure(lambda items: not items)),
    ("lastIndexOf", ("any",), _last_position),
    ("remove", ("int",), _remove_at),
    ("remove", ("any",), _remove),
    ("removeAll", ("list",), lambda budget, items, others: _keep(budget, items, others, found=False)),
    ("retainAll", ("list",), lambda budget, items, others: _keep(budget, items, others, found=True)),
    ("set", ("int", "any"), _replace_item),
    ("size", (), pure(len)),
    ("subList", ("int", "int"), _sub_list),
]
add_all("list", _of_lists)
