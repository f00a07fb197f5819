"""
One connection with one subscription, by gql's transport for AppSync.

In: a GraphQL request, the API's real-time URL and host, and a token. Out: messages, until the connection is lost
(with the reason) or refused.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gql import GraphQLRequest
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import TransportError, TransportQueryError, TransportServerError
from graphql import ExecutionResult
from websockets.exceptions import InvalidStatus

from livebus.errors import Unreachable

CONNECT_SECONDS = 10
ACKNOWLEDGE_SECONDS = 15.0
CLOSE_SECONDS = 2
# What AppSync says in its connection_ack; it holds until it has said so.
KEEP_ALIVE_SECONDS = 300.0

# Their warnings repeat what is told here; an application that sets logging up still gets them.
for _name in ("gql", "websockets"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Words in the errorType of what may be otherwise at the next attempt. All else is refused for good.
_PASSING = ("limit", "throttl", "toomany", "unavailable", "internal", "timeout")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a subscription: when it came (UTC), and the ``data`` and ``errors`` of its payload."""

    received_at: datetime
    data: Mapping[str, Any] | None
    errors: Sequence[Any] = ()


class Refused(Unreachable):
    """AppSync does not take the connection or the subscription, now or later."""


class Connection:
    """One attempt: connects, subscribes, and hands the messages on. To be run once."""

    def __init__(self, realtime_url: str, host: str, token: str) -> None:
        self._transport = _Transport(realtime_url, host, token)
        self._standing = False

    async def run(
        self, request: GraphQLRequest, receive: Callable[[Message], object], acknowledged: Callable[[], object]
    ) -> str:
        """
        Stay subscribed until the connection ends, and return the reason for that.

        ``acknowledged`` is called when the subscription stands (start_ack). Raises Refused.
        """
        transport = self._transport
        try:
            await transport.connect()
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS) as limit, aclosing(transport.subscribe(request)) as results:

                def stands() -> None:
                    if not self._standing and not limit.expired():
                        self._standing = True
                        limit.reschedule(None)
                        acknowledged()

                transport.acknowledged = stands
                async for result in results:
                    receive(Message(datetime.now(UTC), result.data, result.errors or ()))
        except TimeoutError:
            return "AppSync does not answer in time"
        except TransportError as error:
            return self._reason(error)
        finally:
            await transport.close()
        return "AppSync ended the subscription"

    def _reason(self, error: TransportError) -> str:
        """Why the connection ended, in words. Raises Refused where another attempt would end in the same way."""
        transport = self._transport
        if isinstance(error, TransportQueryError):
            reason = _told(error.errors)
            if not self._standing and not _may_pass(error.errors):
                raise Refused(f"AppSync refused the subscription: {reason}")
            return reason
        if transport.refusal:
            reason = _told(transport.refusal)
            if not _may_pass(transport.refusal):
                raise Refused(f"AppSync refused the connection: {reason}")
            return reason
        cause = error.__cause__ or error
        host = urlsplit(transport.url).netloc
        if isinstance(cause, InvalidStatus) and 400 <= cause.response.status_code < 500:
            raise Refused(
                f"{host} refused the connection: HTTP {cause.response.status_code}",
                advice="See that the RealtimeUrl is that of an AppSync API.",
            )
        words = str(cause) or type(cause).__name__
        return words if self._standing else f"no connection to {host}: {words}"


class _Transport(AppSyncWebsocketsTransport):
    """gql's transport, which also tells of start_ack and keeps what the server said when it refused."""

    def __init__(self, url: str, host: str, token: str) -> None:
        # A proxy of the environment is not meant for this machine's own addresses.
        direct = {"proxy": None} if urlsplit(url).hostname in _LOOPBACK else {}
        super().__init__(
            url,
            auth=AppSyncJWTAuthentication(host, token),
            connect_timeout=CONNECT_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ack_timeout=CONNECT_SECONDS,
            keep_alive_timeout=KEEP_ALIVE_SECONDS,
            connect_args={"close_timeout": CLOSE_SECONDS, **direct},
        )
        self.acknowledged: Callable[[], object] = lambda: None
        self.refusal: list[Any] = []

    def _parse_answer(self, answer: str) -> tuple[str, int | None, ExecutionResult | None]:
        try:
            parsed = super()._parse_answer(answer)
        except TransportServerError:
            self.refusal = [json.loads(answer).get("payload")]
            raise
        if parsed[0] == "start_ack":
            self.acknowledged()
        elif parsed[0] == "connection_ack":
            timeout = (json.loads(answer).get("payload") or {}).get("connectionTimeoutMs")
            if isinstance(timeout, int) and timeout > 0:
                self.keep_alive_timeout = timeout / 1000
        return parsed


def _errors(payloads: Sequence[Any] | None) -> list[Mapping[str, Any]]:
    """The errors in ``{"errors": [{"errorType", "message", "errorCode"}]}``, or in one such error."""
    found: list[Mapping[str, Any]] = []
    for payload in payloads or ():
        if isinstance(payload, dict):
            nested = payload.get("errors")
            found += (item for item in (nested if isinstance(nested, list) else [payload]) if isinstance(item, dict))
    return found


def _told(payloads: Sequence[Any] | None) -> str:
    told = [
        ": ".join(str(part) for part in (error.get("errorType"), error.get("message")) if part)
        for error in _errors(payloads)
    ]
    return "; ".join(filter(None, told)) or f"{payloads!r}"


def _may_pass(payloads: Sequence[Any] | None) -> bool:
    kinds = [str(error.get("errorType", "")).lower() for error in _errors(payloads)]
    return any(word in kind for kind in kinds for word in _PASSING)
