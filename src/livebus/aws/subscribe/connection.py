"""
One connection with its subscriptions, by gql's transport for AppSync.

In: operations, the API's real-time URL and host, and a token. Out: messages, until the connection is lost (with the
reason) or refused.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gql import GraphQLRequest
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from gql.transport.exceptions import (
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from graphql import ExecutionResult
from websockets.exceptions import ConnectionClosed, InvalidStatus

from livebus.aws.subscribe.credential import authentication
from livebus.aws.subscribe.operation import SubscriptionOperation
from livebus.errors import Fault, Refused
from livebus.numerals import whole
from livebus.subscribe.message import Message

CONNECT_SECONDS = 10
ACKNOWLEDGE_SECONDS = 15.0
CLOSE_SECONDS = 2
# AppSync's messages end at 240 KB; the local runtime's limit can be raised.
MAX_FRAME_BYTES = 16 * 1024 * 1024
# What AppSync says in its connection_ack; it holds until it has said so. Longer ones are not believed.
KEEP_ALIVE_SECONDS = 300.0
MOST_KEEP_ALIVE_SECONDS = 3600.0
# Of what came from outside, in the reason of a loss.
SHOWN = 80

# Their warnings repeat what is told here; an application that sets logging up still gets them.
for _name in ("gql", "websockets"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Words in the errorType of what may be otherwise at the next attempt. All else is refused for good.
_PASSING = ("limit", "throttl", "toomany", "unavailable", "internal", "timeout")
_PASSING_STATUSES = frozenset({408, 425, 429})
_SILENT = "AppSync does not answer in time"
_ENDED = "AppSync ended the subscription"
_NOT_READ = "the connection was read no further"


@dataclass(frozen=True, slots=True)
class Loss:
    """
    The end of a connection: why, and since when nothing can have come.

    That is the moment at which it was closed; where it died in silence, the moment at which it was last heard.
    """

    reason: str
    since: datetime


class ClientConnection:
    """One attempt: connects, subscribes, and hands the messages on. To be run once."""

    def __init__(
        self, realtime_url: str, host: str, token: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._transport = _Transport(realtime_url, host, token, now)
        self._now = now
        self._standing = False

    async def run(
        self,
        operations: Sequence[SubscriptionOperation],
        receive: Callable[[Message], Awaitable[object]],
        acknowledged: Callable[[], object],
    ) -> Loss:
        """
        Stay subscribed until the connection, or one of its subscriptions, ends.

        ``receive`` may take its time: nothing else is read meanwhile. ``acknowledged`` is called when all subscriptions
        stand (start_ack). Raises Refused with a fault for each subscription that AppSync does not start.
        """
        transport = self._transport
        following: dict[asyncio.Task[None], SubscriptionOperation] = {}
        try:
            await transport.connect()
            answered = asyncio.Event()
            waiting = set(operations)

            def has_answer(operation: SubscriptionOperation) -> None:
                waiting.discard(operation)
                if not waiting:
                    answered.set()

            transport.operations, transport.receive, transport.acknowledged = operations, receive, has_answer
            for operation in operations:
                task = asyncio.create_task(self._follow(operation))
                following[task] = operation
                task.add_done_callback(lambda task: has_answer(following[task]))
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await answered.wait()
            if not any(task.done() for task in following):
                self._standing = True
                acknowledged()
            reading = transport.receive_data_task
            await asyncio.wait({*following, *((reading,) if reading else ())}, return_when=asyncio.FIRST_COMPLETED)
            if not any(task.done() for task in following):  # nobody reads any more; who follows may be told in a moment
                await asyncio.wait(following, timeout=CLOSE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            ended = {operation: task for task, operation in following.items() if task.done()}
            return self._ended(ended) if ended else Loss(_NOT_READ, self._now())
        except TimeoutError:
            return Loss(_SILENT, self._now())
        except TransportError as error:
            return self._loss(error)
        finally:
            await self._close(following)

    async def _follow(self, operation: SubscriptionOperation) -> None:
        """Stand until the subscription ends. Its messages do not come this way: transport.receive has them."""
        async with aclosing(self._transport.subscribe(operation.request)) as results:
            async for _ in results:
                pass

    async def _close(self, following: Mapping[asyncio.Task[None], SubscriptionOperation]) -> None:
        reading = self._transport.receive_data_task
        if reading is not None:
            # It may be waiting for someone who does not take messages any more.
            reading.cancel()
        for task in following:
            task.cancel()
        await asyncio.gather(*following, *((reading,) if reading else ()), return_exceptions=True)
        await self._transport.close()

    def _ended(self, tasks: Mapping[SubscriptionOperation, asyncio.Task[None]]) -> Loss:
        """Why it is over, from the subscriptions that are. Raises Refused."""
        transport = self._transport
        errors = {operation: task.exception() for operation, task in tasks.items() if not task.cancelled()}
        refused: list[Fault] = []
        for operation, error in errors.items():
            if isinstance(error, TransportQueryError) and not self._standing and not _may_pass(error.errors):
                which = f" {operation.name}" if len(transport.operations) > 1 else ""
                refused.append(Fault(f"AppSync refused the subscription{which}: {_told(error.errors)}"))
        if refused:
            raise Refused(faults=refused)
        error = next((error for error in errors.values() if error is not None), None)
        if error is None:
            return Loss(_ENDED, self._now())
        if not isinstance(error, TransportError):
            raise error
        return self._loss(error)

    def _loss(self, error: TransportError) -> Loss:
        """Why the connection ended, in words. Raises Refused where another attempt would end in the same way."""
        transport = self._transport
        if isinstance(error, TransportQueryError):
            return Loss(_told(error.errors), self._now())
        if transport.refusal:
            reason = _told(transport.refusal)
            if not _may_pass(transport.refusal):
                raise Refused(f"AppSync refused the connection: {reason}")
            return Loss(reason, self._now())
        cause = error.__cause__ or error
        host = urlsplit(transport.url).netloc
        if isinstance(cause, InvalidStatus):
            status = cause.response.status_code
            if 400 <= status < 500 and status not in _PASSING_STATUSES:
                raise Refused(
                    f"{host} refused the connection: HTTP {status}",
                    advice="See that the RealtimeUrl is that of an AppSync API.",
                )
        words = str(cause) or type(cause).__name__
        if not self._standing:
            return Loss(f"no connection to {host}: {words}", self._now())
        died_in_silence = isinstance(error, TransportServerError) or (
            isinstance(cause, ConnectionClosed) and cause.rcvd is None
        )
        return Loss(words, transport.heard_at if died_in_silence else self._now())


async def _let_go(message: Message) -> None:
    """Nobody takes messages any more."""
    del message


class _Transport(AppSyncWebsocketsTransport):
    """
    gql's transport, which also tells of start_ack, keeps what the server said when it refused, and waits for whoever
    takes the messages: gql's own queues have no bound.
    """

    def __init__(self, url: str, host: str, token: str, now: Callable[[], datetime]) -> None:
        # A proxy of the environment is not meant for this machine's own addresses.
        direct = {"proxy": None} if urlsplit(url).hostname in _LOOPBACK else {}
        super().__init__(
            url,
            auth=authentication(host, token),
            connect_timeout=CONNECT_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ack_timeout=CONNECT_SECONDS,
            keep_alive_timeout=KEEP_ALIVE_SECONDS,
            connect_args={"close_timeout": CLOSE_SECONDS, "max_size": MAX_FRAME_BYTES, **direct},
        )
        self._now = now
        self._size = 0
        self._by_id: dict[int, SubscriptionOperation] = {}
        self.operations: Sequence[SubscriptionOperation] = ()
        self.receive: Callable[[Message], Awaitable[object]] = _let_go
        self.acknowledged: Callable[[SubscriptionOperation], object] = id
        self.refusal: list[Any] = []
        self.heard_at = now()

    async def _send_query(self, request: GraphQLRequest) -> int:
        # The id is known before the message is on its way: the answer cannot come too early.
        self._by_id[self.next_query_id] = next(each for each in self.operations if each.request is request)
        return await super()._send_query(request)

    async def _handle_answer(
        self, answer_type: str, answer_id: int | None, execution_result: ExecutionResult | None
    ) -> None:
        operation = self._by_id.get(answer_id or 0)
        if execution_result is None or operation is None:
            await super()._handle_answer(answer_type, answer_id, execution_result)
            return
        try:
            await self._receive_message(operation, execution_result)
        except TooMuchTooEarly as error:
            await self._fail(TransportProtocolError(str(error)), clean_close=False)

    async def _receive_message(self, operation: SubscriptionOperation, execution_result: ExecutionResult) -> None:
        await self.receive(
            Message(
                self.heard_at,
                execution_result.data,
                execution_result.errors or (),
                operation.name,
                operation.field,
                self._size,
            )
        )

    def _parse_answer(self, answer: str) -> tuple[str, int | None, ExecutionResult | None]:
        """Whatever comes is an answer, or a TransportError: of any other one gql's reader would die without a word."""
        self.heard_at = self._now()
        self._size = len(answer) if answer.isascii() else len(answer.encode("utf-8", "surrogatepass"))
        try:
            return self._read_answer(answer)
        except TransportQueryError as error:
            if isinstance(error.query_id, int):
                raise
            raise _not_appsync(answer) from None
        except TransportServerError:
            raise
        except Exception:  # noqa: BLE001 - members of any type, a nesting without end, numbers beyond floats
            raise _not_appsync(answer) from None

    def _read_answer(self, answer: str) -> tuple[str, int | None, ExecutionResult | None]:
        document = json.loads(answer)
        try:
            parsed = super()._parse_answer(answer)
        except TransportServerError:
            self.refusal = [document.get("payload")]
            raise
        kind, _, result = parsed
        if result is not None and not (_is_object(result.data) and _are_objects(result.errors)):
            raise TypeError("not what a GraphQL server gives")
        if kind == "start_ack":
            started = str(document.get("id"))
            operation = self._by_id.get(whole(started, 2**53) or 0)
            if operation is not None:
                self.acknowledged(operation)
        elif kind == "connection_ack":
            timeout = (document.get("payload") or {}).get("connectionTimeoutMs")
            if type(timeout) is int and timeout > 0:
                self.keep_alive_timeout = min(timeout / 1000, MOST_KEEP_ALIVE_SECONDS)
        return parsed


class TooMuchTooEarly(Exception):
    """More came while subscriptions were still starting than is kept."""


def _is_object(data: Any) -> bool:
    return data is None or isinstance(data, dict)


def _are_objects(errors: Any) -> bool:
    return errors is None or (isinstance(errors, list) and all(isinstance(each, dict) for each in errors))


def _not_appsync(answer: str) -> TransportProtocolError:
    shown = answer if len(answer) <= SHOWN else f"{answer[:SHOWN]}… ({len(answer)} characters)"
    return TransportProtocolError(f"not a message of AppSync's: {shown}")


def _errors(payloads: Sequence[Any] | None) -> list[Mapping[str, Any]]:
    """The errors in ``{"errors": [{"errorType", "message", "errorCode"}]}``, or in one such error."""
    found: list[Mapping[str, Any]] = []
    for payload in payloads or ():
        if isinstance(payload, dict):
            nested = payload.get("errors")
            # Too many subscriptions are told in one error, not in a list.
            items = nested if isinstance(nested, list) else [nested if isinstance(nested, dict) else payload]
            found += (item for item in items if isinstance(item, dict))
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
