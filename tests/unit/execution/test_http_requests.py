"""Reading HTTP requests."""

from __future__ import annotations

import pytest

from livebus.execution import GraphQLResponse, read_http_request
from livebus.execution.requests import MAX_REQUEST_BYTES
from livebus.operation import GraphQLRequest


def test_post_of_json() -> None:
    """A POST's JSON gives document, variables, operation name; headers go along."""
    body = b'{"query": "query A($a: Int) {ping}", "variables": {"a": 1}, "operationName": "A"}'

    request = read_http_request("POST", "application/json; charset=UTF-8", body, headers={"x-a": "1"})

    assert request == GraphQLRequest("query A($a: Int) {ping}", {"a": 1}, "A", {"x-a": "1"})


def test_post_of_a_document() -> None:
    """A body of type application/graphql is the document itself."""
    assert read_http_request("POST", "application/graphql", b"{ping}") == GraphQLRequest("{ping}")


def test_post_of_json_under_another_type() -> None:
    """JSON counts whatever its content type says."""
    assert read_http_request("POST", "text/plain", b'{"query": "{ping}"}') == GraphQLRequest("{ping}")


def test_get() -> None:
    """A GET carries the same in its query string, the variables as JSON."""
    query_string = "query=query+A%28%24a%3A+Int%29%7Bping%7D&variables=%7B%22a%22%3A1%7D&operationName=A"

    request = read_http_request("GET", "", b"", query_string)

    assert request == GraphQLRequest("query A($a: Int){ping}", {"a": 1}, "A")


def test_get_without_variables() -> None:
    """An empty parameter for the variables is as good as none."""
    assert read_http_request("GET", "", b"", "query={ping}&variables=") == GraphQLRequest("{ping}")


@pytest.mark.parametrize(
    "query_string", ["", "variables={}", "query={ping}&variables=meow", "query={ping}&variables=[1]"]
)
def test_get_that_is_none(query_string: str) -> None:
    """A GET without a document, or with variables that are no object, is malformed."""
    response = read_http_request("GET", "", b"", query_string)

    assert isinstance(response, GraphQLResponse)
    assert (response.status, response.errors[0]["errorType"]) == (400, "MalformedHttpRequestException")


def test_get_of_an_empty_document() -> None:
    """A parameter without a value is an empty text, which is a document that does not parse: it is read, and refused later."""
    assert read_http_request("GET", "", b"", "query") == GraphQLRequest("")


def test_empty_operation_name() -> None:
    """An empty operation name is as good as none."""
    request = read_http_request("POST", "application/json", b'{"query": "{ping}", "operationName": ""}')

    assert request == GraphQLRequest("{ping}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": 1}',
        b'{"query": "{ping}", "variables": "{}"}',
        b'{"query": "{ping}", "operationName": 7}',
        b"null",
        b"\xff",
    ],
)
def test_members_of_the_wrong_kind(body: bytes) -> None:
    """A query or a name that is no text, variables that are no object, bytes that are no UTF-8: malformed."""
    response = read_http_request("POST", "application/json", body)

    assert isinstance(response, GraphQLResponse)
    assert response.body() == (
        b'{"errors":[{"errorType":"MalformedHttpRequestException","message":"Unable to parse GraphQL query."}]}'
    )


def test_large_body() -> None:
    """A body above 1 MB is refused before it is parsed; one of exactly 1 MB is not."""
    whole = b'{"query":"{ping}"}'
    fitting = whole + b" " * (MAX_REQUEST_BYTES - len(whole))

    refused = read_http_request("POST", "application/json", fitting + b" ")

    assert isinstance(refused, GraphQLResponse)
    assert (refused.status, *refused.errors) == (
        413,
        {"errorType": "RequestEntityTooLargeException", "message": "Request body is larger than 1 MB."},
    )
    assert read_http_request("POST", "application/json", fitting) == GraphQLRequest("{ping}")


def test_other_methods() -> None:
    """Methods besides GET and POST are refused by name."""
    response = read_http_request("PUT", "application/json", b"{}")

    assert isinstance(response, GraphQLResponse)
    assert (response.status, *response.errors) == (
        405,
        {"errorType": "MethodNotAllowedException", "message": "The method PUT is not allowed."},
    )
