"""OAuth's client credentials: the request for a token, and the answers to it."""

from __future__ import annotations

import json
import math
from urllib.parse import parse_qs

import pytest

from livebus.api_destination import Token, read_token, token_request
from livebus.template.api_destination import ClientCredentials, HttpParameters

URL = "http://127.0.0.1:9/token"


def credentials(parameters: HttpParameters, method: str = "POST") -> ClientCredentials:
    return ClientCredentials("https://auth.example/token", URL, method, "id", "s&cret", parameters)


def test_a_form() -> None:
    """With the connection's own members and query."""
    given = HttpParameters(query=(("q", "1"),), body=(("scope", "a b"),))
    url, headers, body = token_request(credentials(given))

    assert url == f"{URL}?q=1"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs((body or b"").decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "client_id": ["id"],
        "client_secret": ["s&cret"],
    }


def test_json() -> None:
    """Where a header of the connection says so; its own grant counts."""
    given = HttpParameters(headers=(("content-type", "application/json"),), body=(("grant_type", "own"),))
    _, headers, body = token_request(credentials(given))

    assert headers == {"Accept": "application/json", "content-type": "application/json"}
    assert json.loads(body or b"") == {"grant_type": "own", "client_id": "id", "client_secret": "s&cret"}


def test_get() -> None:
    """All of it is the query."""
    url, _, body = token_request(credentials(HttpParameters(), "GET"))

    assert (url, body) == (f"{URL}?grant_type=client_credentials&client_id=id&client_secret=s%26cret", None)


@pytest.mark.parametrize(
    ("answer", "token"),
    [
        ({"access_token": "t", "token_type": "bearer", "expires_in": 3600}, Token("Bearer t", 100 + 3540)),
        ({"access_token": "t"}, Token("Bearer t", math.inf)),
        ({"access_token": "t", "token_type": "MAC", "expires_in": 10**400}, Token("MAC t", 100 + 10**9 - 60)),
        ({"access_token": "t\r\nEvil: 1"}, None),
        ({"access_token": ""}, None),
        ({"access_token": 1}, None),
        ({"access_token": "t", "token_type": "a\nb"}, None),
        ([], None),
    ],
)
def test_answers(answer: object, token: Token | None) -> None:
    """A token ends a minute before it does; what no header can carry is none."""
    assert read_token(json.dumps(answer).encode(), 100.0) == token
    assert read_token(b"[" * 100_000, 100.0) is None
