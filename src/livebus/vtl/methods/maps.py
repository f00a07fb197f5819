"""
Methods of java.util.Map and of its entries.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Map.html
"""

from __future__ import annotations

from typing import Any

from livebus.vtl.budget import Budget
from livebus.vtl.methods.registry import VOID, JavaError, Row, add_all, method, pure
from livebus.vtl.values import Entry, position_of


def key_of(key: Any) -> Any:
    """What a map finds a value by. Lists and maps are no keys here."""
    if isinstance(key, list | dict):
        raise JavaError("java.lang.UnsupportedOperationException", "a list or a map as a key of a map is not emulated")
    return key


def _clear(budget: Budget, values: dict[Any, Any]) -> str:
    values.clear()
    return VOID


def _put(budget: Budget, values: dict[Any, Any], key: Any, value: Any) -> Any:
    old = values.get(key_of(key))
    values[key] = value
    return old


def _put_all(budget: Budget, values: dict[Any, Any], others: dict[Any, Any]) -> str:
    budget.spend(len(others))
    values.update(list(others.items()))
    return VOID


def _put_if_absent(budget: Budget, values: dict[Any, Any], key: Any, value: Any) -> Any:
    old = values.get(key_of(key))
    if old is None:
        values[key] = value
    return old


def entries(budget: Budget, values: dict[Any, Any]) -> list[Any]:
    budget.spend(len(values))
    return [Entry(key, value) for key, value in values.items()]


def _listed(budget: Budget, found: Any) -> list[Any]:
    budget.spend(len(found))
    return list(found)


_of_maps: list[Row] = [
    ("clear", (), _clear),
    ("containsKey", ("any",), pure(lambda values, key: key_of(key) in values)),
    ("containsValue", ("any",), lambda budget, values, value: position_of([*values.values()], value, budget) >= 0),
    ("entrySet", (), entries),
    ("get", ("any",), pure(lambda values, key: values.get(key_of(key)))),
    ("getOrDefault", ("any", "any"), pure(lambda values, key, other: values.get(key_of(key), other))),
    ("isEmpty", (), pure(lambda values: not values)),
    ("keySet", (), _listed),
    ("put", ("any", "any"), _put),
    ("putAll", ("map",), _put_all),
    ("putIfAbsent", ("any", "any"), _put_if_absent),
    ("remove", ("any",), pure(lambda values, key: values.pop(key_of(key), None))),
    ("size", (), pure(len)),
    ("values", (), lambda budget, values: _listed(budget, values.values())),
]
add_all("map", _of_maps)

method("entry", "getKey")(pure(lambda entry: entry.key))
method("entry", "getValue")(pure(lambda entry: entry.value))
