"""
``$util.http``: headers for an HTTP data source, and of the response to the client.

https://docs.aws.amazon.com/appsync/latest/devguide/http-helpers-in-utils-http.html
"""

from __future__ import annotations

from typing import Any

from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import text_of

MAX_HEADERS = 4 * 1024  # characters of names and values together
_RESTRICTED = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "transfer-encoding",
        "upgrade",
    )
)
_RESERVED = ("x-amzn-", "x-amz-")


@function("util.http.copyHeaders", "map")
def _copy(evaluation: Evaluation, headers: Any) -> Any:
    """The headers without those that no request may set."""
    if headers is None:
        return None
    return {name: value for name, value in headers.items() if str(name).lower() not in _RESTRICTED}


@function("util.http.addResponseHeader", "text any")
def _add(evaluation: Evaluation, name: Any, value: Any) -> str:
    """The last value that a name is given counts."""
    kept = evaluation.effects.response_headers
    text = text_of(value, evaluation.budget)
    if not name or name.lower().startswith(_RESERVED):
        raise evaluation.fail(f"The response header {name!r} cannot be set: names may not begin with x-amzn- or x-amz-")
    kept[name.lower()] = (name, text)
    if sum(len(each) + len(other) for each, other in kept.values()) > MAX_HEADERS:
        raise evaluation.fail(f"Response headers of more than {MAX_HEADERS:,} characters")
    return ""


@function("util.http.addResponseHeaders", "map")
def _add_all(evaluation: Evaluation, headers: Any) -> str:
    for name, value in (headers or {}).items():
        _add(evaluation, text_of(name, evaluation.budget), value)
    return ""
