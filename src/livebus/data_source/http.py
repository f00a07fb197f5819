"""
HTTP data sources: the request that a handler asks for, and the result that the response handler sees.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-http-js.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from livebus.data_source.refusal import RefusedRequest, members_of, shown
from livebus.operation import Answer

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MEMBERS = ("method", "resourcePath", "params", "operation", "version")
_PARAMS = ("query", "headers", "body")
# AppSync sets these itself.
_OWN_HEADERS = frozenset({"host", "connection", "user-agent", "expectation", "transfer-encoding", "content-length"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAFE_PATH = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request ready to be sent: ``url`` is whole, ``body`` None where there is none."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def read_request(endpoint: str, given: Any) -> HttpRequest:
    """
    The request of a handler's value: ``{method, resourcePath, params: {query, headers, body}}``.

    ``endpoint`` is the data source's. Raises RefusedRequest for a member that is unknown or of another type; AWS's words for
    these are not known, ours name the member.
    """
    request = members_of(given, "The request to an HTTP data source", _MEMBERS)
    method = request.get("method")
    if method not in METHODS:
        raise RefusedRequest(f"method is {shown(method)}; expected one of {', '.join(METHODS)}")
    path = request.get("resourcePath", "/")
    if not isinstance(path, str) or not path.startswith("/") or _UNSAFE_PATH.search(path):
        raise RefusedRequest(f"resourcePath is {shown(path)}; expected a path that begins with '/'")
    params = members_of(request.get("params") or {}, "params", _PARAMS)
    query = _texts(params.get("query"), "params.query")
    headers = _texts(params.get("headers"), "params.headers")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or "\r" in value or "\n" in value or "\0" in value:
            raise RefusedRequest(f"params.headers has {shown(name)}, which is no header")
    sent = {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}
    body = params.get("body")
    data = None if body is None else (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
    if data is not None and not any(name.lower() == "content-type" for name in sent):
        sent["Content-Type"] = "application/json"
    target = quote(path, safe="/%:@!$&'()*+,;=?~-._")
    if query:
        target += ("&" if "?" in target else "?") + urlencode(query)
    return HttpRequest(str(method), endpoint.rstrip("/") + target, sent, data)


def answered(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """
    What the response handler sees: any status is a result, never an error.

    Headers of one name are joined; AWS does not document how.
    """
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return Answer({"statusCode": status, "headers": joined, "body": body.decode("utf-8", "replace")})


def unreachable(reason: str) -> Answer:
    """No answer came from the endpoint."""
    return Answer(error={"message": reason, "type": "Http:HttpRequestException"})


def timed_out() -> Answer:
    """No answer came in time: AppSync's own words."""
    return Answer(error={"message": "execution timed out", "type": "Http:ExecutionTimeoutException"})


def _texts(value: Any, what: str) -> dict[str, str]:
    """An object of texts; numbers and truth values are written as JSON has them, null is left out."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RefusedRequest(f"{what} is {shown(value)}; expected an object")
    texts: dict[str, str] = {}
    for name, each in value.items():
        if isinstance(each, dict | list):
            raise RefusedRequest(f"{what}.{name} is {shown(each)}; expected a text")
        if each is not None:
            texts[str(name)] = each if isinstance(each, str) else json.dumps(each)
    return texts
