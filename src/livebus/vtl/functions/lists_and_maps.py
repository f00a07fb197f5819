"""
``$util.list`` and ``$util.map``.

https://docs.aws.amazon.com/appsync/latest/devguide/list-helpers-in-util-list.html
https://docs.aws.amazon.com/appsync/latest/devguide/map-helpers-in-util-map.html
"""

from __future__ import annotations

from typing import Any

from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import is_number, position_of

MAX_SORTED = 1_000


def _selected(evaluation: Evaluation, items: Any, others: Any, *, found: bool) -> list[Any] | None:
    if items is None or others is None:
        return None
    return [item for item in items if (position_of(others, item, evaluation.budget) >= 0) == found]


@function("util.list.copyAndRetainAll", "list list")
def _retain(evaluation: Evaluation, items: Any, others: Any) -> list[Any] | None:
    return _selected(evaluation, items, others, found=True)


@function("util.list.copyAndRemoveAll", "list list")
def _remove(evaluation: Evaluation, items: Any, others: Any) -> list[Any] | None:
    return _selected(evaluation, items, others, found=False)


@function("util.list.sortList", "list bool text")
def _sort(evaluation: Evaluation, items: Any, descending: bool, field: Any) -> list[Any] | None:  # noqa: FBT001 - AWS's
    """The items in their order, those of objects by a field; unchanged where there are too many, or of several kinds."""
    if items is None:
        return None
    evaluation.budget.spend(len(items) * 4)
    keys = [item.get(field) if isinstance(item, dict) else item for item in items]
    sortable = len(items) <= MAX_SORTED and (
        all(isinstance(key, str) for key in keys) or all(is_number(key) and key == key for key in keys)  # noqa: PLR0124
    )
    mixed = len({isinstance(item, dict) for item in items}) > 1
    if not sortable or mixed:
        return list(items)
    order: list[Any] = sorted(zip(keys, range(len(items)), strict=True), key=lambda each: each[0], reverse=descending)
    return [items[index] for _, index in order]


def _members(evaluation: Evaluation, values: Any, keys: Any, *, found: bool) -> dict[Any, Any] | None:
    if values is None or keys is None:
        return None
    return {key: item for key, item in values.items() if (position_of(keys, key, evaluation.budget) >= 0) == found}


@function("util.map.copyAndRetainAllKeys", "map list")
def _retain_keys(evaluation: Evaluation, values: Any, keys: Any) -> dict[Any, Any] | None:
    return _members(evaluation, values, keys, found=True)


@function("util.map.copyAndRemoveAllKeys", "map list")
def _remove_keys(evaluation: Evaluation, values: Any, keys: Any) -> dict[Any, Any] | None:
    return _members(evaluation, values, keys, found=False)
