"""
``$util.http``: headers for an HTTP data source, and of the response to the client.

https://docs.aws.amazon.com/appsync/latest/devguide/http-helpers-in-utils-http.html
"""

from __future__ import annotations

from typing import Any

from livebus.operation import MAX_RESPONSE_HEADERS
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import json_of, text_of

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


@function("util.http.copyHeaders", "map")
def _copy(evaluation: Evaluation, headers: Any) -> Any:
    """The headers without those that no request may set."""
    if headers is None:
        return None
    return {name: value for name, value in headers.items() if str(name).lower() not in _RESTRICTED}


@function("util.http.addResponseHeader", "text any")
def _add(evaluation: Evaluation, name: Any, value: Any) -> str:
    """What may not be set is ignored, and an error of the field: the execution of the request decides about it."""
    asked = evaluation.effects.response_headers
    if len(asked) < MAX_RESPONSE_HEADERS:
        asked.append((name or "", _text(evaluation, value)))
    return ""


def _text(evaluation: Evaluation, value: Any) -> str | None:
    """A header's value; maps and lists as JSON, which is ours: AWS takes objects and does not say how it writes them."""
    if value is None:
        return None
    return json_of(value, evaluation.budget) if isinstance(value, dict | list) else text_of(value, evaluation.budget)


@function("util.http.addResponseHeaders", "map")
def _add_all(evaluation: Evaluation, headers: Any) -> str:
    for name, value in (headers or {}).items():
        _add(evaluation, text_of(name, evaluation.budget), value)
    return ""
