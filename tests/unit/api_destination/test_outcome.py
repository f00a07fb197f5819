"""What the answer of an API destination means."""

from __future__ import annotations

import pytest

from livebus.api_destination import failure_of, late, retry_after, unreached
from livebus.retry_policy import Failure


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_success(status: int) -> None:
    """2xx is delivered."""
    assert failure_of(status) is None


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (301, "ERROR_FROM_TARGET", False),
        (400, "ERROR_FROM_TARGET", False),
        (401, "NO_PERMISSIONS", True),
        (403, "NO_PERMISSIONS", False),
        (404, "NO_RESOURCE", False),
        (407, "NO_PERMISSIONS", True),
        (408, "TIMEOUT", False),
        (409, "ERROR_FROM_TARGET", True),
        (429, "THROTTLING", True),
        (500, "ERROR_FROM_TARGET", True),
        (503, "ERROR_FROM_TARGET", True),
        (504, "TIMEOUT", True),
    ],
)
def test_failures(status: int, code: str, *, retryable: bool) -> None:
    """AWS documents which statuses are tried again."""
    assert failure_of(status) == Failure(code, f"the endpoint answered with HTTP status {status}", retryable)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        (" 5 ", 5.0),
        ("-1", -1.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("1e9", None),
        ("9" * 20, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    """Seconds; dates and what is no number are passed over."""
    assert retry_after(header) == seconds


def test_what_an_endpoint_asks_for() -> None:
    """Its wait is kept; a negative one ends the tries."""
    assert failure_of(503, 30.0) == Failure(
        "ERROR_FROM_TARGET", "the endpoint answered with HTTP status 503", True, 30.0
    )
    assert failure_of(503, -1.0) == Failure("ERROR_FROM_TARGET", "the endpoint answered with HTTP status 503", False)


def test_no_answer() -> None:
    """Both are tried again."""
    assert late(5.0) == Failure("TIMEOUT", "the endpoint did not answer within 5 seconds", True)
    assert unreached("x") == Failure("ERROR_FROM_TARGET", "the endpoint gave no answer: x", True)
