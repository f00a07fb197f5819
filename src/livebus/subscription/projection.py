"""
A published value laid over a subscriber's selection: the payload of a data frame.

In: a selection, once; then a mutation's result per call. Out: ``{"data":{…}}`` as bytes, with ``errors`` where a
non-null field has no value. Compiled once per selection and shared by all who have the same.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from livebus.beyond_orjson import json_text
from livebus.operation import Selected

# The way to a value: the way to its parent, and the key or index in there.
_Path = tuple[Any, str | int]
_Complete = Callable[[Any, _Path, list[dict[str, Any]]], Any]

# A value that a violation below has made null, and that is not nullable itself: it goes on up.
_NULLED = object()

# graphql-java, AppSync's engine, knows no name for a list type.
_LIST_TYPE_NAME = "null"


class Projection:
    """One selection, ready for values."""

    __slots__ = ("__weakref__", "_complete", "_path", "_prefix", "selection")

    def __init__(self, selection: Selected) -> None:
        self.selection = selection
        self._prefix = b'{"data":{%b:' % _json(selection.response_key)
        self._path: _Path = (None, selection.response_key)
        self._complete = _completion(selection.type_text, selection)

    def payload(self, value: Any) -> bytes:
        """
        The payload for one published value.

        A field that the mutation did not select is null. Where the schema forbids that, the null moves up to the next
        nullable field and an error tells of it; where even the root field is non-null, ``data`` is null.
        """
        if self._complete is None:
            return self._prefix + _json(value) + b"}}"
        errors: list[dict[str, Any]] = []
        result = self._complete(value, self._path, errors)
        if not errors:
            return self._prefix + _json(result) + b"}}"
        data = None if result is _NULLED else {self.selection.response_key: result}
        return _json({"data": data, "errors": errors})


def _completion(type_text: str, selected: Selected) -> _Complete | None:
    """Compiles one type. None means that every value is passed on as it is: a nullable scalar, or a list of such."""
    if type_text.endswith("!"):
        return _non_null(type_text[:-1], selected)
    bare = _bare(type_text, selected)
    if bare is None:
        return None

    def nullable(value: Any, path: _Path, errors: list[dict[str, Any]]) -> Any:
        result = bare(value, path, errors)
        return None if result is _NULLED else result

    return nullable


def _non_null(type_text: str, selected: Selected) -> _Complete:
    bare = _bare(type_text, selected)
    type_name = _LIST_TYPE_NAME if type_text.startswith("[") else selected.named_type
    message = f"Cannot return null for non-nullable type: '{type_name}' within parent '{selected.parent_type}' "

    def non_null(value: Any, path: _Path, errors: list[dict[str, Any]]) -> Any:
        result = value if bare is None else bare(value, path, errors)
        if result is not None:
            return result
        errors.append(_error(message, path))
        return _NULLED

    return non_null


def _bare(type_text: str, selected: Selected) -> _Complete | None:
    """Compiles a type without its exclamation mark."""
    if type_text.startswith("["):
        return _list(type_text[1:-1], selected)
    return _object(selected) if selected.children else None


def _list(element_type: str, selected: Selected) -> _Complete | None:
    element = _completion(element_type, selected)
    if element is None:
        return None

    def complete_list(value: Any, path: _Path, errors: list[dict[str, Any]]) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            errors.append(_mismatch("LIST", path))
            return None
        results = [element(item, (path, index), errors) for index, item in enumerate(value)]
        return _NULLED if any(result is _NULLED for result in results) else results

    return complete_list


def _object(selected: Selected) -> _Complete:
    fields = tuple(
        (
            child.response_key,
            child.field_name,
            child.type_conditions,
            None if child.field_name == "__typename" else _completion(child.type_text, child),
        )
        for child in selected.children
    )
    named_type = selected.named_type

    def complete_object(value: Any, path: _Path, errors: list[dict[str, Any]]) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            errors.append(_mismatch("OBJECT", path))
            return None
        # A result of an interface or a union says which type it is; an object type needs no saying.
        type_name = value.get("__typename", named_type)
        result: dict[str, Any] = {}
        nulled = False
        for key, name, conditions, complete in fields:
            if conditions is not None and type_name not in conditions:
                continue
            field_value = type_name if name == "__typename" else value.get(name)
            if complete is not None:
                field_value = complete(field_value, (path, key), errors)
                # AppSync reports every missing field, not the first one only.
                nulled = nulled or field_value is _NULLED
            result[key] = field_value
        return _NULLED if nulled else result

    return complete_object


def _error(message: str, path: _Path) -> dict[str, Any]:
    keys, text = _steps(path)
    return {"message": f"{message}({text})", "path": keys}


def _mismatch(expected: str, path: _Path) -> dict[str, Any]:
    keys, text = _steps(path)
    message = f"Can't resolve value ({text}) : type mismatch error, expected type {expected}"
    return {"message": message, "path": keys}


def _steps(path: _Path | None) -> tuple[list[str | int], str]:
    """The path as a list and as AppSync's text: ``/onOrder/items[3]/sku``."""
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    keys.reverse()
    return keys, "".join(f"[{key}]" if isinstance(key, int) else f"/{key}" for key in keys)


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # orjson refuses what JSON allows and a resolver may return: a lone surrogate, an integer beyond 64 bits.
        return json_text(value, default=str).encode()
