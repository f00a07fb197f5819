"""Who may call from a browser: origins, preflights, and host names that are not this machine's."""

from __future__ import annotations

from typing import Any

import pytest

from support.http import Answer, request
from support.running import RunningRuntime

ASKED = "authorization,content-type,x-amz-target"
LOCAL = ["http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:3000", "https://app.localhost"]
FOREIGN = ["https://example.com", "http://localhost.example.com", "http://127.0.0.1.nip.io", "null", "http://[", ""]


def preflight(runtime: RunningRuntime, origin: str, path: str = "/graphql") -> Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ASKED}
    return request(runtime.port, "OPTIONS", path, headers=headers)


@pytest.mark.parametrize("origin", LOCAL)
@pytest.mark.parametrize("path", ["/", "/graphql"])
def test_pages_of_this_machine_may_call(runtime: RunningRuntime, origin: str, path: str) -> None:
    """A preflight from a loopback origin is allowed the headers that it asks for."""
    answer = preflight(runtime, origin, path)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Headers"] == ASKED
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_pages_from_elsewhere_may_not(runtime: RunningRuntime, origin: str) -> None:
    """A preflight from a foreign origin, or from none that can be read, is allowed nothing."""
    answer = preflight(runtime, origin)
    assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


def test_errors_can_be_read_by_the_page_too(runtime: RunningRuntime) -> None:
    """Refusals carry the CORS headers as well, and expose AWS's own."""
    headers = {"Origin": "http://localhost:3000", "Content-Type": "application/json"}
    answer = request(runtime.port, "POST", "/graphql", body=b"{}", headers=headers)
    assert answer.status == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "x-amzn-errortype" in answer.headers["Access-Control-Expose-Headers"]


def test_without_an_origin_there_is_no_cors(runtime: RunningRuntime) -> None:
    """Programs are no browsers."""
    answer = request(runtime.port, "POST", "/graphql", body=b"{}")
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_an_origin_can_be_let_in(start_runtime: Any) -> None:
    """``--allow-origin`` lets the pages of one more origin call, and of no other."""
    runtime = start_runtime(origins=("https://example.com",))
    assert preflight(runtime, "https://example.com").headers["Access-Control-Allow-Origin"] == "https://example.com"
    assert preflight(runtime, "https://example.org").headers["Access-Control-Allow-Origin"] is None


def test_every_origin_can_be_let_in(start_runtime: Any) -> None:
    """``--allow-origin '*'`` lets all pages call."""
    runtime = start_runtime(origins=("*",))
    assert preflight(runtime, "https://example.com").headers["Access-Control-Allow-Origin"] == "https://example.com"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:1", "[::1]:80", "x.localhost", "a.appsync-api.us-east-1.amazonaws.com"]
)
def test_names_of_this_machine_and_of_aws_are_answered(runtime: RunningRuntime, host: str) -> None:
    """The Host header may name this machine, or the AWS host that a client signs for."""
    assert request(runtime.port, "GET", "/nothing", headers={"Host": host}).status == 404


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com", "127.0.0.1.nip.io", "[", ""])
def test_names_that_point_here_from_elsewhere_are_refused(runtime: RunningRuntime, host: str) -> None:
    """A page that lets its own name point to this machine does not reach the runtime."""
    assert request(runtime.port, "POST", "/", body=b"{}", headers={"Host": host}).status == 403
    assert request(runtime.port, "GET", "/graphql", headers={"Host": host, "Upgrade": "websocket"}).status == 403
