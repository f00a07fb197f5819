"""Which answers a page of another origin may read."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from livebus.runtime.port.callers import Gate
from livebus.runtime.port.cross_origin import readable

APP = "https://app.example"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(None, None), (APP, APP), ("http://localhost:5173", "http://localhost:5173"), ("https://evil.example", None)],
)
def test_pages_that_may_call_may_read(origin: str | None, expected: str | None) -> None:
    """By name, and for nobody else."""
    request = make_mocked_request("POST", "/", headers={} if origin is None else {"Origin": origin})
    response = readable(Gate([APP]), request, web.Response())
    assert response.headers.get("Access-Control-Allow-Origin") == expected
    assert response.headers.get("Vary") == (expected and "Origin")
    assert "Access-Control-Allow-Methods" not in response.headers


def test_a_question_before_a_call_is_answered_with_what_may_be_sent() -> None:
    """The headers that were asked for, and POST, GET."""
    headers = {
        "Origin": APP,
        "Access-Control-Request-Headers": "x-amz-target",
        "Access-Control-Request-Private-Network": "true",
    }
    response = readable(Gate([APP]), make_mocked_request("OPTIONS", "/", headers=headers), web.Response())
    assert response.headers["Access-Control-Allow-Headers"] == "x-amz-target"
    assert response.headers["Access-Control-Allow-Methods"] == "POST, GET, OPTIONS"
    assert response.headers["Access-Control-Allow-Private-Network"] == "true"
    assert response.headers["Access-Control-Max-Age"] == "600"


def test_a_page_reads_which_request_it_was_and_what_was_wrong() -> None:
    """SDKs in a browser look for AWS's own headers; a network is only private where it is asked for."""
    for method in ("POST", "OPTIONS"):
        response = readable(Gate([APP]), make_mocked_request(method, "/", headers={"Origin": APP}), web.Response())
        exposed = "x-amzn-errortype, x-amzn-requestid, x-amzn-RequestId, x-amzn-ErrorType"
        assert response.headers["Access-Control-Expose-Headers"] == exposed
        assert response.headers.get("Access-Control-Allow-Headers") == ("" if method == "OPTIONS" else None)
        assert "Access-Control-Allow-Private-Network" not in response.headers
