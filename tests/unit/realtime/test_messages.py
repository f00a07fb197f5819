"""The texts of the real-time protocol: what they mean, and what is answered to one that means nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.realtime import messages
from livebus.realtime.messages import Start, Unreadable, read_message, read_start

AUTHORIZATION = {"Host": "api.example", "Authorization": "token"}


def payload(request: Any, **more: Any) -> dict[str, Any]:
    """A start message's payload, with a request of GraphQL."""
    data = request if isinstance(request, str) else json.dumps(request)
    return {"data": data, "extensions": {"authorization": AUTHORIZATION}, **more}


def refused(message: str) -> list[dict[str, Any]]:
    return [{"errorType": "BadRequestException", "message": message, "errorCode": 400}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The message is not valid JSON."),
        ("{", "The message is not valid JSON."),
        (b"\xff", "The message is not valid JSON."),
        ("[1]", "The message is not a JSON object."),
        ("null", "The message is not a JSON object."),
    ],
)
def test_a_text_that_is_no_message(text: str | bytes, message: str) -> None:
    """Is told what it lacks."""
    with pytest.raises(Unreadable) as told:
        read_message(text)
    assert told.value.errors == refused(message)


def test_a_message_is_an_object() -> None:
    """As a text or as bytes."""
    assert read_message('{"type":"stop"}') == read_message(b'{"type":"stop"}') == {"type": "stop"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "The payload of a start message must be an object."),
        (payload("x", data=5), "The data of a start message must be a string that holds JSON."),
        (payload("{"), "Unable to parse GraphQL query."),
        (payload([]), "Unable to parse GraphQL query."),
        (payload({"query": 5}), "Unable to parse GraphQL query."),
        (payload({"query": "q", "variables": []}), "The variables of a GraphQL request must be an object."),
        (payload({"query": "q", "operationName": 5}), "The operationName of a GraphQL request must be a string."),
    ],
)
def test_a_start_that_cannot_be_meant(given: Any, message: str) -> None:
    """Each fault has its own words, in the shape of AWS's errors."""
    with pytest.raises(Unreadable) as told:
        read_start("1", given)
    assert told.value.errors == refused(message)


@pytest.mark.parametrize("extensions", [None, [], {}, {"authorization": {}}, {"authorization": "token"}])
def test_a_start_without_authorization(extensions: Any) -> None:
    """It is needed for each, whatever else is wrong."""
    with pytest.raises(Unreadable) as told:
        read_start("1", payload("{", extensions=extensions))
    assert told.value.errors == [
        {"errorType": "UnauthorizedException", "message": "Valid authorization header not provided."}
    ]


@pytest.mark.parametrize(
    ("request_", "variables", "name"),
    [
        ({"query": "q"}, {}, None),
        ({"query": "q", "variables": None, "operationName": ""}, {}, None),
        ({"query": "q", "variables": {"a": 1}, "operationName": "A"}, {"a": 1}, "A"),
    ],
)
def test_a_start(request_: Any, variables: Any, name: str | None) -> None:
    """Its data stays the text that a signature covers; names of headers have no case."""
    given = payload(request_)
    start = read_start("1", given)
    assert start == Start("1", given["data"], "q", variables, name, {"host": "api.example", "authorization": "token"})


def test_frames() -> None:
    """Each as AppSync's clients read it."""
    errors = refused("no")
    text = b'[{"errorType":"BadRequestException","message":"no","errorCode":400}]'
    assert messages.connection_ack(300) == b'{"type":"connection_ack","payload":{"connectionTimeoutMs":300}}'
    assert messages.connection_error(errors) == b'{"type":"connection_error","payload":{"errors":%b}}' % text
    assert messages.start_ack('a"b') == b'{"type":"start_ack","id":"a\\"b"}'
    assert messages.complete("1") == b'{"type":"complete","id":"1"}'
    assert messages.error(errors, None) == b'{"type":"error","payload":{"errors":%b}}' % text
    assert messages.error(errors, "1") == b'{"type":"error","id":"1","payload":{"errors":%b}}' % text
    frame = messages.data_frame(messages.data_prefix("1"), b'{"data":{}}')
    assert frame == b'{"id":"1","type":"data","payload":{"data":{}}}'


def test_errors_that_no_text_of_utf_8_can_hold() -> None:
    """Half a character, a whole number that is too large, a thing: each is written all the same."""
    errors: Any = [{"message": "\ud800", "errorInfo": [2**70, {1}]}]
    assert messages.error(errors, None) == (
        b'{"type":"error","payload":{"errors":[{"message":"\\ud800","errorInfo":[1180591620717411303424,"{1}"]}]}}'
    )
