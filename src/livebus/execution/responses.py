"""
What AppSync answers: the response, and the shapes of the errors in it.

In: what went wrong and where. Out: errors as JSON objects with AppSync's members, in AppSync's order.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-util-reference-js.html

Three shapes: an error of the request as a whole (``errorType``, ``message``; no data, status 4xx), an error of the
document or its variables (``path`` null, ``locations``, ``message``; data null, status 200), and an error of a field
(``path``; from a resolver with ``data``, ``errorType``, ``errorInfo``, ``locations``; from AppSync itself without).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from graphql import Node

from livebus.beyond_orjson import json_text
from livebus.operation import Publication
from livebus.record import record

Error: TypeAlias = dict[str, Any]
Location: TypeAlias = dict[str, Any]
# Where a field stands in a response: the way to its parent (a Path; None at the root), and its response key or its index in a list.
# Any, since mypyc does not end with a type that names itself.
Path: TypeAlias = tuple[Any, str | int]


@record
class GraphQLResponse:
    """
    The answer to one GraphQL request.

    ``status`` is the HTTP status; other than with 200 the body has no ``data`` member. ``publications`` are what the
    mutation's fields publish, ``invalidations`` and ``logs`` what resolvers left behind, in the order of the fields;
    ``headers`` are names and values that resolvers added to the HTTP response.
    """

    data: Any = None
    errors: tuple[Error, ...] = ()
    status: int = 200
    publications: tuple[Publication, ...] = ()
    invalidations: tuple[Mapping[str, Any], ...] = ()
    logs: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes:
        """The answer as JSON in UTF-8."""
        if self.status != 200:
            return _json({"errors": self.errors})
        if self.errors:
            return _json({"data": self.data, "errors": self.errors})
        return _json({"data": self.data})


@dataclass(frozen=True, slots=True)
class Errors:
    """Why a subscription does not start: the ``errors`` of the answer's payload."""

    errors: tuple[Error, ...]


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # A whole number beyond 64 bits or a lone surrogate, in a resolver's errorInfo say.
        return json_text(value).encode()


def request_error(error_type: str, message: str, status: int = 400) -> GraphQLResponse:
    """The answer to a request that is refused as a whole."""
    return GraphQLResponse(errors=({"errorType": error_type, "message": message},), status=status)


def malformed() -> GraphQLResponse:
    """The answer to a body or a document that does not parse."""
    return request_error("MalformedHttpRequestException", "Unable to parse GraphQL query.")


def document_error(message: str, locations: list[Location] | None) -> Error:
    """An error of the document or of its variables."""
    return {"path": None, "locations": locations, "message": message}


def resolver_error(
    path: Path,
    message: str,
    error_type: str | None,
    locations: list[Location],
    *,
    data: Any = None,
    error_info: Any = None,
) -> Error:
    """An error of a field that its resolver raised, or AppSync in the resolver's stead."""
    return {
        "path": path_list(path),
        "data": data,
        "errorType": error_type,
        "errorInfo": error_info,
        "locations": locations,
        "message": message,
    }


def result_error(path: Path, message: str) -> Error:
    """An error of a field's value: AppSync names no locations there."""
    return {"path": path_list(path), "locations": None, "message": message}


def location(node: Node) -> Location:
    """Where a node stands in the document."""
    assert node.loc is not None
    token = node.loc.start_token
    return {"line": token.line, "column": token.column, "sourceName": None}


def path_list(path: Path) -> list[str | int]:
    """A path as JSON shows it: ``["listOrders", "items", 0, "id"]``."""
    keys: list[str | int] = []
    step: Path | None = path
    while step is not None:
        step, key = step
        keys.append(key)
    keys.reverse()
    return keys


def path_text(path: Path) -> str:
    """A path as messages show it: ``/listOrders/items[0]/id``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f"/{key}" for key in path_list(path))
