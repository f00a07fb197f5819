"""
The messages of AppSync's real-time protocol: what a client's texts mean, and the texts that go back.

In: one JSON text. Out: an event, or the frame of the error that AppSync answers with. A server's frame has one of seven
types: connection_ack, connection_error, ka, start_ack, data, error, complete.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from livebus.beyond_orjson import json_text
from livebus.realtime.handshake import Headers

Errors = Sequence[Mapping[str, Any]] | Mapping[str, Any]
"""The ``errors`` of a payload: a list, except for a limit that AppSync reports as a single object."""

KEEP_ALIVE = b'{"type":"ka"}'

UNKNOWN_TYPE: Errors = [
    {"errorType": "UnsupportedOperation", "message": "unknown not supported through the realtime channel"}
]
NO_AUTHORIZATION: Errors = [
    {"errorType": "UnauthorizedException", "message": "Valid authorization header not provided."}
]


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    """The client waits for connection_ack: ``accept_connection`` or ``refuse_connection`` is due."""


@dataclass(frozen=True, slots=True)
class Start:
    """
    The client wants to subscribe: ``accept_start`` or ``refuse_start`` is due.

    ``data`` is the text that an IAM signature covers, byte for byte; ``query``, ``variables`` and ``operation_name``
    are what stands in it. ``authorization`` is the header object of this start, whose names are in lower case.
    """

    id: str
    data: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    authorization: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stop:
    """The client wants no more of a running subscription: ``complete`` is due."""

    id: str


Event = ConnectionInit | Start | Stop


class Unreadable(Exception):
    """A text that cannot be what a client meant: the errors to answer with."""

    def __init__(self, errors: Errors) -> None:
        self.errors = errors
        super().__init__(errors)


def bad_request(message: str) -> Errors:
    """The errors for a message out of shape. AWS does not document them; we take the shape of its other errors."""
    return [{"errorType": "BadRequestException", "message": message, "errorCode": 400}]


def read_message(text: str | bytes) -> dict[str, Any]:
    """Reads one text into a JSON object. Raises Unreadable."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unreadable(bad_request("The message is not valid JSON.")) from None
    if not isinstance(message, dict):
        raise Unreadable(bad_request("The message is not a JSON object."))
    return message


def read_start(subscription_id: str, payload: object) -> Start:
    """Reads the payload of a start message. Raises Unreadable."""
    if not isinstance(payload, dict):
        raise Unreadable(bad_request("The payload of a start message must be an object."))
    extensions = payload.get("extensions")
    authorization = extensions.get("authorization") if isinstance(extensions, dict) else None
    # "Per-start authorization is mandatory", also on a connection that is authorized.
    if not isinstance(authorization, dict) or not authorization:
        raise Unreadable(NO_AUTHORIZATION)
    data = payload.get("data")
    if not isinstance(data, str):
        raise Unreadable(bad_request("The data of a start message must be a string that holds JSON."))
    try:
        request = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unreadable(bad_request("Unable to parse GraphQL query.")) from None
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise Unreadable(bad_request("Unable to parse GraphQL query."))
    variables = request.get("variables")
    operation_name = request.get("operationName")
    if not isinstance(variables, dict | None):
        raise Unreadable(bad_request("The variables of a GraphQL request must be an object."))
    if not isinstance(operation_name, str | None):
        raise Unreadable(bad_request("The operationName of a GraphQL request must be a string."))
    # Clients send "" where they have no name.
    return Start(
        subscription_id, data, request["query"], variables or {}, operation_name or None, Headers(authorization)
    )


def connection_ack(timeout_ms: int) -> bytes:
    """The frame that lets a client begin; it closes when no ``ka`` comes for ``timeout_ms``."""
    return b'{"type":"connection_ack","payload":{"connectionTimeoutMs":%d}}' % timeout_ms


def connection_error(errors: Errors) -> bytes:
    """The frame that tells a client not to go on."""
    return b'{"type":"connection_error","payload":{"errors":%b}}' % _json(errors)


def start_ack(subscription_id: str) -> bytes:
    """The frame that confirms a subscription. It goes out before any data of it."""
    return b'{"type":"start_ack","id":%b}' % _json(subscription_id)


def complete(subscription_id: str) -> bytes:
    """The frame that ends a subscription."""
    return b'{"type":"complete","id":%b}' % _json(subscription_id)


def error(errors: Errors, subscription_id: str | None) -> bytes:
    """The frame of an error, of one subscription or (without an id) of the connection."""
    if subscription_id is None:
        return b'{"type":"error","payload":{"errors":%b}}' % _json(errors)
    return b'{"type":"error","id":%b,"payload":{"errors":%b}}' % (_json(subscription_id), _json(errors))


def data_prefix(subscription_id: str) -> bytes:
    """
    The part of a subscription's data frames that never changes: a frame is ``prefix + payload + b"}"``.

    Computed once per subscription, so that an event costs its subscribers no encoding.
    """
    return b'{"id":%b,"type":"data","payload":' % _json(subscription_id)


def data_frame(prefix: bytes, payload: bytes) -> bytes:
    """A data frame from ``data_prefix`` and a payload ``{"data":{…}}``."""
    return prefix + payload + b"}"


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # A resolver's error may hold what orjson refuses: a lone surrogate, an integer beyond 64 bits.
        return json_text(value, default=str).encode()
