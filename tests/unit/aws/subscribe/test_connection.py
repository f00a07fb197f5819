"""What AppSync says when it refuses: the words, and whether another attempt can help."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from gql.transport.exceptions import TransportConnectionFailed, TransportError, TransportServerError
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from livebus.aws.subscribe.connection import ClientConnection, _may_pass, _told


def errors(*types: str) -> list[Any]:
    return [{"errors": [{"errorType": kind, "message": f"{kind} it is", "errorCode": 400} for kind in types]}]


@pytest.mark.parametrize(
    ("payloads", "expected"),
    [
        (errors("Unauthorized"), "Unauthorized: Unauthorized it is"),
        (errors("A", "B"), "A: A it is; B: B it is"),
        ([{"message": "only this"}], "only this"),
        ([{"errorType": "OnlyThis"}], "OnlyThis"),
        ([None], "[None]"),
        (
            [{"errors": {"errorType": "MaxSubscriptionsReachedError", "message": "Max number"}}],
            "MaxSubscriptionsReachedError: Max number",
        ),
        ([{"errors": "no list"}], "[{'errors': 'no list'}]"),
        ([], "[]"),
    ],
)
def test_every_shape_of_an_error_is_told(payloads: list[Any], expected: str) -> None:
    """errorType and message where they are there, else the payload as it is."""
    assert _told(payloads) == expected


@pytest.mark.parametrize(
    ("kind", "passes"),
    [
        ("UnauthorizedException", False),
        ("BadRequestException", False),
        ("Validation error of type FieldUndefined", False),
        ("MaxSubscriptionsReachedError", False),
        ("LimitExceededError", True),
        ("TooManyRequestsException", True),
        ("ServiceUnavailableException", True),
        ("InternalServerError", True),
    ],
)
def test_only_what_may_pass_is_tried_again(kind: str, passes: bool) -> None:
    """Load and faults on AWS's side pass; a refusal stays one."""
    assert _may_pass(errors(kind)) is passes


HEARD, NOW = (datetime(2026, 1, 15, 8, minute, tzinfo=UTC) for minute in (30, 31))
CLOSED = Close(1001, "Connection lifetime exceeded")


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        (TransportConnectionFailed(), ConnectionClosedError(CLOSED, None), NOW),
        (TransportConnectionFailed(), ConnectionClosedError(None, CLOSED), HEARD),
        (TransportConnectionFailed(), ConnectionClosedError(None, None), HEARD),
        (TransportServerError("No keep-alive message has been received"), None, HEARD),
    ],
    ids=["closed by AppSync", "no answer to a ping", "reset", "no keep-alive"],
)
def test_a_connection_that_died_in_silence_was_lost_when_it_was_last_heard(
    error: TransportError, cause: Exception | None, expected: datetime
) -> None:
    """What AppSync closes is lost at that moment."""
    error.__cause__ = cause

    async def check() -> datetime:
        connection = ClientConnection("ws://127.0.0.1:1/graphql", "x", "token", lambda: NOW)
        connection._standing = True
        connection._transport.heard_at = HEARD
        return connection._loss(error).since

    assert asyncio.run(check()) == expected
