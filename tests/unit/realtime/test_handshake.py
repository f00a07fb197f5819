"""The upgrade request, in every form that clients send it."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.realtime import Handshake, HandshakeFault, Headers, read_handshake

# Encodes to base64 with both + and / in it.
HEADER = {"host": "127.0.0.1:4000", "Authorization": "eyJ~~?>>>?"}


def standard(header: object) -> str:
    """Standard base64 of a header's JSON."""
    return base64.b64encode(json.dumps(header).encode()).decode()


def url_safe(header: object) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "encoded",
    [
        standard(HEADER),
        standard(HEADER).rstrip("="),
        url_safe(HEADER),
        base64.urlsafe_b64encode(json.dumps(HEADER).encode()).decode(),
        standard(HEADER).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        standard(HEADER).replace("+", " "),
        standard(HEADER).replace("+", "%20"),
    ],
    ids=["standard", "no padding", "url-safe", "url-safe padded", "percent-encoded", "space", "encoded space"],
)
def test_reads_the_query_form_in_every_encoding(encoded: str) -> None:
    """Whatever alphabet, padding or escaping a client uses, the header is the same."""
    assert {"+", "/"} <= set(standard(HEADER))

    handshake = read_handshake("/graphql", f"header={encoded}&payload=e30=", ["graphql-ws"])

    assert isinstance(handshake, Handshake)
    assert dict(handshake.header) == {"host": "127.0.0.1:4000", "authorization": "eyJ~~?>>>?"}


@pytest.mark.parametrize(
    "subprotocols",
    [
        ["graphql-ws", f"header-{url_safe(HEADER)}"],
        [f"header-{url_safe(HEADER)}", "graphql-ws"],
        [f"graphql-ws,header-{url_safe(HEADER)}"],
        [f"graphql-ws, header-{url_safe(HEADER)}"],
    ],
    ids=["in order", "reversed", "one entry", "one entry with a space"],
)
def test_reads_the_subprotocol_form(subprotocols: list[str]) -> None:
    """The header may come as a subprotocol, before or behind graphql-ws."""
    handshake = read_handshake("/graphql/realtime", "", subprotocols)

    assert isinstance(handshake, Handshake)
    assert handshake.header["authorization"] == "eyJ~~?>>>?"


def test_takes_the_query_where_both_forms_are_there() -> None:
    """AWS does not document it; the query wins."""
    handshake = read_handshake(
        "/graphql", f"header={standard({'host': 'query'})}", ["graphql-ws", f"header-{url_safe({'host': 'other'})}"]
    )

    assert isinstance(handshake, Handshake)
    assert handshake.header["host"] == "query"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/graphql", "/graphql"),
        ("/graphql/realtime", "/graphql"),
        ("/apis/abc/graphql/realtime", "/apis/abc/graphql"),
    ],
)
def test_knows_the_endpoint_behind_both_real_time_paths(path: str, expected: str) -> None:
    """Both paths lead to one GraphQL endpoint, whose path IAM signatures cover."""
    handshake = read_handshake(path, f"header={standard(HEADER)}", ["graphql-ws"])

    assert isinstance(handshake, Handshake)
    assert handshake.endpoint_path == expected


def test_ignores_other_query_parameters() -> None:
    """Amplify puts an application's own headers into the query."""
    handshake = read_handshake("/graphql", f"x-team=rewards&header={standard(HEADER)}&header=junk&flag", ["graphql-ws"])

    assert isinstance(handshake, Handshake)
    assert handshake.header["host"] == "127.0.0.1:4000"


@pytest.mark.parametrize("subprotocols", [[], ["graphql-transport-ws"], ["GRAPHQL-WS"], ["header-e30"]])
def test_requires_the_subprotocol(subprotocols: list[str]) -> None:
    """Without graphql-ws the answer is AppSync's NoProtocolError, which has no errorType."""
    fault = read_handshake("/graphql", f"header={standard(HEADER)}", subprotocols)

    assert isinstance(fault, HandshakeFault)
    assert fault.errors == [{"message": "NoProtocolError", "errorCode": 400}]


@pytest.mark.parametrize("query", ["", "payload=e30=", "header=", "Header=e30="])
def test_requires_a_header(query: str) -> None:
    """Without an authorization header the connection is unauthorized."""
    fault = read_handshake("/graphql", query, ["graphql-ws"])

    assert isinstance(fault, HandshakeFault)
    assert fault.errors == [
        {
            "errorType": "UnauthorizedException",
            "message": "Valid authorization header not provided.",
            "errorCode": 401,
        }
    ]


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        ("a", "The header is not base64 of a JSON object."),
        ("****", "The header is not base64 of a JSON object."),
        ("h%C3%A9", "The header is not base64 of a JSON object."),
        (standard(HEADER)[:-8], "The header is not base64 of a JSON object."),
        (standard([1]), "The header is not a JSON object."),
        (standard("text"), "The header is not a JSON object."),
    ],
)
def test_refuses_a_malformed_header(encoded: str, message: str) -> None:
    """A header that cannot be read is a bad request."""
    fault = read_handshake("/graphql", f"header={encoded}", ["graphql-ws"])

    assert isinstance(fault, HandshakeFault)
    assert fault.errors == [{"errorType": "BadRequestException", "message": message, "errorCode": 400}]


@pytest.mark.parametrize("path", ["/", "/graphql/", "/realtime", "/event/realtime", "/graphql/realtime/x"])
def test_refuses_other_paths(path: str) -> None:
    """Only a GraphQL endpoint has a real-time side."""
    fault = read_handshake(path, f"header={standard(HEADER)}", ["graphql-ws"])

    assert isinstance(fault, HandshakeFault)
    assert fault.errors == [{"errorType": "com.amazon.coral.service.http#HttpNotFoundException", "errorCode": 400}]


def test_looks_headers_up_in_any_case() -> None:
    """Clients write Authorization and X-Amz-Date in either case."""
    headers = Headers({"X-Amz-Date": "2025", "authorization": "t", "number": 5, "nothing": None})

    assert headers["x-amz-date"] == headers["X-AMZ-DATE"] == "2025"
    assert "Authorization" in headers
    assert headers.get("x-api-key") is None
    assert dict(headers) == {"x-amz-date": "2025", "authorization": "t"}


def test_keeps_tokens_out_of_a_printed_header() -> None:
    """What is logged of a header are its names."""
    assert repr(Headers({"Authorization": "secret", "host": "h"})) == "Headers(authorization, host)"


@settings(max_examples=300, deadline=None)
@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_never_raises(path: str, query: str, subprotocols: list[str]) -> None:
    """No upgrade request raises: it is a handshake or a fault with errors."""
    for name in (path, "/graphql"):
        for raw in (query, f"header={query}"):
            result = read_handshake(name, raw, [*subprotocols, "graphql-ws"])
            assert isinstance(result, Handshake) or json.dumps(result.errors)
