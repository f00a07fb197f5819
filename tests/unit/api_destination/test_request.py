"""The request to an API destination: what of it comes from where, and what nobody may set."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from livebus.api_destination import ApiRequest, api_request
from livebus.template.api_destination import (
    NO_PARAMETERS,
    ApiDestination,
    ApiKey,
    Authorization,
    Basic,
    Connection,
    HttpParameters,
)

EVENT: dict[str, Any] = {"id": "7", "detail": {"msg": "a/b ü", "number": 3, "list": [1, 2]}}
URL = "http://127.0.0.1:9/orders"
OWN = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}


def destination(
    authorization: Authorization | None = None,
    parameters: HttpParameters = NO_PARAMETERS,
    *,
    address: str = URL,
    method: str = "POST",
) -> ApiDestination:
    connection = Connection("c", "arn:c", authorization, parameters)
    return ApiDestination("d", "arn:d", "arn:d", "https://api.example", address, method, 300, connection)


def made(to: ApiDestination, given: HttpParameters = NO_PARAMETERS, payload: bytes = b"{}", **more: Any) -> ApiRequest:
    return api_request(to, given, payload, EVENT, **more)


def test_as_aws_documents_it() -> None:
    """Method, URL, the headers of EventBridge's own, and the payload as it is."""
    request = made(destination(), payload=b'{"a": 1}')

    assert (request.method, request.url, request.headers, request.body) == ("POST", URL, OWN, b'{"a": 1}')


def test_without_a_connection_nobody_calls() -> None:
    """Where it is of another stack: nothing is known of it, and nothing is added."""
    request = made(replace(destination(), connection=None), HttpParameters(query=(("a", "$.id"),)))

    assert (request.url, request.headers, request.shown["authorization"]) == (f"{URL}?a=7", OWN, "")


@pytest.mark.parametrize(
    ("authorization", "header", "value"),
    [
        (Basic("user", "pass:wörd"), "Authorization", f"Basic {base64.b64encode('user:pass:wörd'.encode()).decode()}"),
        (ApiKey("X-Key", "secret"), "X-Key", "secret"),
        (ApiKey("Authorization", "Bearer x"), "Authorization", "Bearer x"),
    ],
)
def test_who_calls(authorization: Authorization, header: str, value: str) -> None:
    """A connection says who calls, and what may be told of the request does not say it."""
    request = made(destination(authorization))

    assert request.headers == {**OWN, header: value}
    assert value not in json.dumps(request.shown) + repr(request) + repr(destination(authorization))


def test_a_token_of_oauth() -> None:
    """It stands as it was given."""
    assert made(destination(), token="Bearer t").headers["Authorization"] == "Bearer t"


def test_parameters_of_the_target() -> None:
    """Paths fill the stars in their order; values may be paths into the event, percent-encoded in the URL."""
    given = HttpParameters(
        headers=(("X-Msg", "$.detail.number"), ("content-type", "text/x")),
        query=(("a", "$.detail.list"), ("b", "1&2")),
        path=("$.detail.msg", "plain"),
    )
    request = made(destination(address=f"{URL}/*/items/*/*?x=1"), given)

    assert request.url == f"{URL}/a%2Fb%20%C3%BC/items/plain/*?x=1&a=%5B1%2C2%5D&b=1%262"
    own = {name: value for name, value in OWN.items() if name != "Content-Type"}
    assert request.headers == {"X-Msg": "3", "content-type": "text/x", **own}


def test_a_path_that_finds_nothing() -> None:
    """Is an empty text."""
    given = HttpParameters(query=(("a", "$.detail.none"),))

    assert made(destination(), given).url == f"{URL}?a="


def test_the_connection_counts_first() -> None:
    """Where both have a name; its members are added to the body. None of its values is told."""
    ours = HttpParameters(
        headers=(("X-A", "of the connection"),), query=(("q", "hidden"),), body=(("token", "hidden"), ("a", "b"))
    )
    given = HttpParameters(headers=(("x-a", "of the target"),), query=(("q", "1"), ("r", "2")))
    request = made(destination(ApiKey("k", "v"), ours), given, b'{"a": 1, "big": 12345678901234567890}')

    assert request.headers == {**OWN, "X-A": "of the connection", "k": "v"}
    assert request.url == f"{URL}?r=2&q=hidden"
    assert request.body == b'{"a":"b","big":12345678901234567890,"token":"hidden"}'
    assert request.shown == {
        "method": "POST",
        "url": f"{URL}?r=2",
        "headers": ["Content-Type", "X-A"],
        "authorization": "ApiKey",
    }


@pytest.mark.parametrize("payload", [b'"a text"', b"[1]", b"no json"])
def test_a_body_that_is_no_object(payload: bytes) -> None:
    """Stays as it is."""
    assert made(destination(None, HttpParameters(body=(("a", "b"),))), payload=payload).body == payload


@pytest.mark.parametrize(
    "name",
    ["Host", "AUTHORIZATION", "Connection", "X-Amz-Date", "x-amzn-trace-id", "Content-Length", "User-Agent", "a b", ""],
)
def test_headers_that_nobody_sets(name: str) -> None:
    """By AWS's list, and what is no header at all."""
    given = HttpParameters(headers=((name, "x"),))

    assert made(destination(None, given), given).headers == OWN


def test_values_that_are_no_header() -> None:
    """A line break in an event's member adds no header."""
    request = api_request(
        destination(), HttpParameters(headers=(("X-A", "$.detail"),)), b"{}", {"detail": "a\r\nEvil: 1"}
    )

    assert request.headers == OWN


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("HEAD", None), ("DELETE", b"{}"), ("PATCH", b"{}")])
def test_methods_without_a_body(method: str, body: bytes | None) -> None:
    """GET and HEAD have none."""
    assert made(destination(method=method)).body == body
