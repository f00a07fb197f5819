"""Requests to HTTP data sources, as handlers write them, and what response handlers see."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.data_source.http import HttpRequest, RefusedRequest, answered, read_request
from livebus.operation import Answer

ENDPOINT = "https://api.example"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"method": "GET", "resourcePath": "/v1/a b"}, None),
        ({"method": "GET", "resourcePath": "/v1/ä"}, HttpRequest("GET", f"{ENDPOINT}/v1/%C3%A4", {}, None)),
        (
            {"method": "GET", "resourcePath": "/v1", "params": {"query": {"q": "a b&c", "n": 1, "none": None}}},
            HttpRequest("GET", f"{ENDPOINT}/v1?q=a+b%26c&n=1", {}, None),
        ),
        (
            {"method": "POST", "resourcePath": "/", "params": {"body": {"a": "ü"}}},
            HttpRequest("POST", f"{ENDPOINT}/", {"Content-Type": "application/json"}, '{"a": "ü"}'.encode()),
        ),
        (
            {
                "method": "PUT",
                "resourcePath": "/",
                "params": {"body": "<a/>", "headers": {"content-type": "text/xml", "Host": "evil", "X-A": "1"}},
            },
            HttpRequest("PUT", f"{ENDPOINT}/", {"content-type": "text/xml", "X-A": "1"}, b"<a/>"),
        ),
    ],
)
def test_a_request(given: Any, expected: HttpRequest | None) -> None:
    """Path, query, headers and body; AppSync's own headers are not the handler's to set."""
    if expected is None:
        with pytest.raises(RefusedRequest, match="resourcePath"):
            read_request(ENDPOINT, given)
    else:
        assert read_request(ENDPOINT, given) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "The request to an HTTP data source is null; expected an object"),
        ({"method": "BREW"}, 'method is "BREW"; expected one of GET, POST, PUT, PATCH, DELETE'),
        ({"method": "GET", "path": "/"}, "Unsupported element '$[path]'."),
        ({"method": "GET", "resourcePath": "//x\r\nHost: y"}, None),
        ({"method": "GET", "params": {"query": []}}, None),
        ({"method": "GET", "params": {"query": "x"}}, 'params.query is "x"; expected an object'),
        (
            {"method": "GET", "params": {"headers": {"a\r\nb": "c"}}},
            'params.headers has "a\\r\\nb", which is no header',
        ),
        ({"method": "GET", "params": {"headers": {"a": "c\r\nd: e"}}}, 'params.headers has "a", which is no header'),
    ],
)
def test_what_is_not_sent(given: Any, reason: str | None) -> None:
    """Nothing can be smuggled into the request line or the headers; the member is named."""
    with pytest.raises(RefusedRequest) as refused:
        read_request(ENDPOINT, given)
    assert reason is None or str(refused.value) == reason


def test_any_status_is_a_result() -> None:
    """An error of the endpoint is for the handler to judge; headers of one name are joined."""
    assert answered(503, [("A", "1"), ("A", "2")], b"\xffno") == Answer(
        {"statusCode": 503, "headers": {"A": "1,2"}, "body": "\ufffdno"}
    )
