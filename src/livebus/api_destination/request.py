"""
The request to an API destination: method, URL, headers and body.

Headers that are EventBridge's own and those that AWS does not let through are not taken from anybody. What a connection
gives counts before what a target gives. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from livebus.errors import Place
from livebus.template.api_destination import ApiDestination, ApiKey, Basic, HttpParameters, Pairs
from livebus.transformer.json_path import MISSING, compile_path

USER_AGENT = "Amazon/EventBridge/ApiDestinations"
OWN_HEADERS = {
    "User-Agent": USER_AGENT,
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}
CONTENT_TYPE = "application/json; charset=utf-8"
# What no template sets. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-gateway-target.html
_CLOSED = frozenset(
    (
        *("accept-encoding", "authorization", "connection", "content-encoding", "content-length", "host"),
        *("max-forwards", "range", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via"),
        *("www-authenticate", "x-forwarded-for"),
    )
)
_CLOSED_BEGINNINGS = ("x-amz-", "x-amzn-")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_HEADER_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_IS_PATH = re.compile(r"\$(\.[\w/-]+(\[(\d+|\*)\])*)*")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """
    A request ready to be sent. ``shown`` is what may be told of it: nothing that a connection gives is in there.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    shown: Mapping[str, Any]


def api_request(
    destination: ApiDestination,
    parameters: HttpParameters,
    payload: bytes,
    event: Mapping[str, Any],
    *,
    token: str = "",
) -> ApiRequest:
    """
    The request for an event. ``payload`` is what the target's input makes of it, ``event`` its envelope, which the values of
    the target's parameters may be paths into; ``token`` is the value of the Authorization header that OAuth gave.

    How the values of paths and of ``*`` are encoded, AWS does not document: a text as it is, anything else as JSON, and in the
    URL percent-encoded. A path that finds nothing is an empty text, as in an input transformer.
    """
    connection = destination.connection
    ours = connection.parameters if connection is not None else HttpParameters()
    url, queryless = _filled(destination.address, [_value(each, event) for each in parameters.path])
    own_query = [(name, _value(value, event)) for name, value in parameters.query]
    of_connection = {name for name, _ in ours.query}
    shown_query = [(name, value) for name, value in own_query if name not in of_connection]
    headers: dict[str, str] = {"Content-Type": CONTENT_TYPE}
    _add(headers, ((name, _value(value, event)) for name, value in parameters.headers))
    _add(headers, ours.headers)
    named = sorted(headers)
    _authorize(headers, destination, token)
    body = None if destination.method in ("GET", "HEAD") else _with_members(payload, ours.body)
    return ApiRequest(
        method=destination.method,
        url=_with_query(url, [*shown_query, *ours.query]),
        headers={**headers, **OWN_HEADERS},
        body=body,
        shown={
            "method": destination.method,
            "url": _with_query(queryless, shown_query),
            "headers": named,
            "authorization": type(connection.authorization).__name__ if connection is not None else "",
        },
    )


def _filled(endpoint: str, values: list[str]) -> tuple[str, str]:
    """An endpoint with values in place of each ``*``, in their order; one without a value stays."""
    first, *parts = endpoint.split("*")
    filled = [quote(value, safe="") for value in values[: len(parts)]]
    filled += ["*"] * (len(parts) - len(filled))
    text = first + "".join(value + part for value, part in zip(filled, parts, strict=True))
    return text, text.partition("?")[0]


def _with_query(url: str, query: Iterable[tuple[str, str]]) -> str:
    text = urlencode(list(query), quote_via=quote)
    return f"{url}{'&' if '?' in url else '?'}{text}" if text else url


def _value(text: str, event: Mapping[str, Any]) -> str:
    """A parameter's value: what a path into the event finds, else the text itself."""
    if not _IS_PATH.fullmatch(text):
        return text
    find = compile_path(text, Place(), "a parameter")
    found = find(event) if callable(find) else MISSING
    if found is MISSING:
        return ""
    return found if isinstance(found, str) else orjson.dumps(found).decode()


def _add(headers: dict[str, str], given: Iterable[tuple[str, str]]) -> None:
    """Add headers that may be added, each name once whatever its case; the later one counts."""
    for name, value in given:
        lower = name.lower()
        if lower in _CLOSED or lower.startswith(_CLOSED_BEGINNINGS):
            continue
        if not _HEADER_NAME.fullmatch(name) or _NO_HEADER_VALUE.search(value):
            continue
        _set(headers, name, value)


def _set(headers: dict[str, str], name: str, value: str) -> None:
    for other in [each for each in headers if each.lower() == name.lower()]:
        del headers[other]
    headers[name] = value


def _authorize(headers: dict[str, str], destination: ApiDestination, token: str) -> None:
    authorization = destination.connection.authorization if destination.connection is not None else None
    if isinstance(authorization, Basic):
        pair = f"{authorization.username}:{authorization.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif isinstance(authorization, ApiKey):
        _set(headers, authorization.name, authorization.value)
    elif token:
        headers["Authorization"] = token


def _with_members(payload: bytes, members: Pairs) -> bytes:
    """A JSON object with the members of a connection; what is none stays as it is, which AWS does not document."""
    if not members:
        return payload
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    if not isinstance(found, dict):
        return payload
    return json.dumps({**found, **dict(members)}, ensure_ascii=False, separators=(",", ":")).encode()
