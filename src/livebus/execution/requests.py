"""
Reading an HTTP request into a GraphQL request.

In: method, content type, body, query string. Out: a :class:`livebus.operation.GraphQLRequest`, or the answer to a
request that AppSync refuses before it looks at the document.
https://docs.aws.amazon.com/appsync/latest/devguide/retrieve-data-with-graphql-query.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import orjson

from livebus.execution.responses import GraphQLResponse, malformed, request_error
from livebus.operation import GraphQLRequest

# AppSync's quota is "1 MB"; AWS does not say which, we take the larger reading.
MAX_REQUEST_BYTES = 1_048_576
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def read_http_request(
    method: str,
    content_type: str,
    body: bytes,
    query_string: str = "",
    headers: Mapping[str, str] = _NO_HEADERS,
) -> GraphQLRequest | GraphQLResponse:
    """
    Read what was sent to ``/graphql``.

    A POST carries JSON, whatever its content type says, except for ``application/graphql``, whose body is the
    document itself. A GET carries ``query``, ``variables`` (JSON) and ``operationName`` in the query string.
    AWS does not document the answer to other methods and to larger bodies; we say 405 and 413.
    """
    match method:
        case "GET":
            parameters: dict[str, Any] = dict(parse_qsl(query_string, keep_blank_values=True))
            if parameters.get("variables"):
                parameters["variables"] = _json(parameters["variables"])
            else:
                parameters.pop("variables", None)
            return _request(parameters, headers)
        case "POST":
            if not body:
                return request_error("MalformedHttpRequestException", "Request body is empty.")
            if len(body) > MAX_REQUEST_BYTES:
                return request_error("RequestEntityTooLargeException", "Request body is larger than 1 MB.", 413)
            if content_type.partition(";")[0].strip().lower() == "application/graphql":
                return _request({"query": body.decode(errors="replace")}, headers)
            return _request(_json(body), headers)
        case _:
            return request_error("MethodNotAllowedException", f"The method {method} is not allowed.", 405)


def _json(text: str | bytes) -> Any:
    """A JSON document; False, which is no request and no variables either, for a text that is none."""
    try:
        return orjson.loads(text)
    except ValueError:
        return False


def _request(members: Any, headers: Mapping[str, str]) -> GraphQLRequest | GraphQLResponse:
    match members:
        case {"query": str(query)}:
            variables = members.get("variables")
            operation_name = members.get("operationName")
            if (variables is None or isinstance(variables, dict)) and (
                operation_name is None or isinstance(operation_name, str)
            ):
                # graphql-java takes an empty name for none.
                return GraphQLRequest(query, variables or {}, operation_name or None, headers)
    return malformed()
