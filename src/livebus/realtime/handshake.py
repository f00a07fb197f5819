"""
The upgrade request of a real-time connection: which API is meant, and who says to be calling.

In: the request's path, its query as it came, the subprotocols offered. Out: the authorization object, or the errors of
the connection_error that AppSync answers with.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#handshake-details-to-establish-the-websocket-connection
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

GRAPHQL_WS = "graphql-ws"
_HEADER_SUBPROTOCOL = "header-"
_URL_SAFE_TO_STANDARD = str.maketrans("-_ ", "+/+")


class Headers(Mapping[str, str]):
    """
    An authorization object of AppSync's protocol: header names, in any case, to their values.

    Clients differ in the case of ``Authorization`` and ``X-Amz-Date``, so that looking up ignores it; names come out
    in lower case, as a SigV4 canonical request wants them. Values that are no strings are left out: they are no
    headers.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name.lower(): value for name, value in values.items() if isinstance(value, str)}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        # The values are tokens and signatures: they stay out of logs.
        return f"Headers({', '.join(self._values)})"


@dataclass(frozen=True, slots=True)
class Handshake:
    """
    An upgrade request that AppSync would take up.

    ``endpoint_path`` is the path of the GraphQL endpoint (``/graphql``), whichever of the two real-time paths was
    dialled: it is what IAM signatures cover, with ``/connect`` behind it. The server answers with the subprotocol
    ``GRAPHQL_WS``, never with the one that carries the header.
    """

    header: Headers
    endpoint_path: str


@dataclass(frozen=True, slots=True)
class HandshakeFault:
    """
    An upgrade request that AppSync answers with connection_error.

    The WebSocket has to be accepted all the same: to an HTTP status clients retry for ever without telling anybody.
    """

    message: str
    error_type: str = ""
    error_code: int = 400

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What ``Connection.refuse_connection`` takes."""
        error: dict[str, Any] = {"errorType": self.error_type} if self.error_type else {}
        if self.message:
            error["message"] = self.message
        error["errorCode"] = self.error_code
        return [error]


# Seen on AWS without an errorType.
_NO_PROTOCOL = HandshakeFault("NoProtocolError")
_NO_HEADER = HandshakeFault("Valid authorization header not provided.", "UnauthorizedException", 401)
# AWS does not document the code that goes with this type; clients don't retry after 400.
_NOT_FOUND = HandshakeFault("", "com.amazon.coral.service.http#HttpNotFoundException")


def read_handshake(path: str, raw_query: str, subprotocols: Sequence[str]) -> Handshake | HandshakeFault:
    """
    Reads an upgrade request in either form: ``?header=<base64>&payload=e30=``, or a subprotocol ``header-<base64url>``.

    ``path`` ends with ``/graphql`` or ``/graphql/realtime``. ``raw_query`` is the query as it stood in the request
    line, without the question mark: a form parser would turn the ``+`` of standard base64 into a space.
    Unknown query parameters are ignored (Amplify puts an application's own headers there), and so is ``payload``.
    AWS does not document which form wins where both are there; we take the query's.
    """
    endpoint_path = path.removesuffix("/realtime")
    if not endpoint_path.endswith("/graphql"):
        return _NOT_FOUND
    offered = [name.strip() for entry in subprotocols for name in entry.split(",")]
    if GRAPHQL_WS not in offered:
        return _NO_PROTOCOL
    encoded = _query_parameter(raw_query, "header") or next(
        (name[len(_HEADER_SUBPROTOCOL) :] for name in offered if name.startswith(_HEADER_SUBPROTOCOL)), ""
    )
    if not encoded:
        return _NO_HEADER
    try:
        header = orjson.loads(_base64_decoded(encoded))
    except ValueError:  # binascii.Error and orjson.JSONDecodeError among them
        return HandshakeFault("The header is not base64 of a JSON object.", "BadRequestException")
    if not isinstance(header, dict):
        return HandshakeFault("The header is not a JSON object.", "BadRequestException")
    return Handshake(Headers(header), endpoint_path)


def _query_parameter(raw_query: str, name: str) -> str:
    for part in raw_query.split("&"):
        key, _, value = part.partition("=")
        if key == name:
            return unquote(value)
    return ""


def _base64_decoded(text: str) -> bytes:
    """Decodes standard and URL-safe base64, padded or not. Raises ValueError."""
    # A space can only be a plus that went through a form encoder.
    standard = text.translate(_URL_SAFE_TO_STANDARD).rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
