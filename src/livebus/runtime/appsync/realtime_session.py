"""
One client's WebSocket: carries texts between the socket and the real-time protocol, and subscriptions to the registry.

Outgoing frames are written to the socket's transport directly: a frame is a few bytes of header and text that is ready,
and a subscriber must cost neither a task nor a queue. A client that does not read is dropped once its buffer is full.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from livebus.access import Unauthenticated
from livebus.access.authentication import Undecided
from livebus.caller import Caller
from livebus.execution import Errors
from livebus.flow import CompiledApi
from livebus.operation import GraphQLRequest, Services, SubscriptionStart
from livebus.realtime import (
    Connection,
    ConnectionInit,
    Handshake,
    HandshakeFault,
    Start,
    Stop,
    data_prefix,
)
from livebus.runtime.appsync.data_sources import Finished, Waiting
from livebus.runtime.appsync.served_api import ENDPOINT_PATH, ServedApi
from livebus.runtime.aws_errors import unexpected
from livebus.runtime.page.history import SENDER
from livebus.subscription import InvalidFilter

# Room for what one PutEvents request can bring to eight subscriptions. A client further behind will not catch up.
MAX_UNSENT_BYTES = 8 * 1024 * 1024
# How long a client has to answer the close frame.
CLOSE_SECONDS = 2.0

_TEXT_FRAME = 0x81
_CLOSE_FRAME = 0x88
_CONNECT_BODY = b"{}"
_with_two_bytes = struct.Struct(">BBH").pack


@lru_cache(maxsize=1024)
def text_frame(length: int) -> bytes:
    """The header of an unmasked, final text frame (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((_TEXT_FRAME, length))
    if length < 65_536:
        return _with_two_bytes(_TEXT_FRAME, 126, length)
    return bytes((_TEXT_FRAME, 127)) + length.to_bytes(8, "big")


def close_frame(code: int, reason: str) -> bytes:
    """An unmasked close frame; the reason of ours is ASCII and short."""
    body = code.to_bytes(2, "big") + reason.encode()[:123]
    return bytes((_CLOSE_FRAME, len(body))) + body


class RealtimeSession:
    """
    ``transport`` is the socket's. Whoever reads the socket hands texts to ``receive``, and calls ``end`` when it is
    over; ``is_closing`` then says whether the close frame has gone out already.
    """

    def __init__(self, api: ServedApi, transport: asyncio.Transport, source_ip: str) -> None:
        self._api = api
        self._transport = transport
        self._source_ip = source_ip
        self._loop = asyncio.get_running_loop()
        self._connection = Connection(self._loop.time(), settings=api.settings)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: float | None = None
        self._abortion: asyncio.TimerHandle | None = None
        self._endpoint_path = ENDPOINT_PATH
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._starting: set[asyncio.Task[None]] = set()
        self._is_admitted = True
        self._init_waits = False
        self.is_closing = False
        api.sessions.add(self)

    def open(self, handshake: Handshake | HandshakeFault) -> None:
        """Check who connects. The socket stays open on a refusal, so that the client can read why."""
        if isinstance(handshake, HandshakeFault):
            self._connection.refuse_connection(handshake.errors)
        else:
            self._endpoint_path = handshake.endpoint_path
            try:
                self._admit(handshake.header, self._api.services())
            except Undecided as undecided:
                self._is_admitted = False
                self._beside(self._decided(undecided, handshake.header))
        self._flush()

    async def _decided(self, undecided: Undecided, header: Mapping[str, str]) -> None:
        """Let the function of a Lambda authorizer say who connects."""
        services = self._api.services()
        await self._api.decide(undecided, header, {}, services)
        if self.is_closing:
            return
        self._admit(header, services)
        self._is_admitted = True
        if self._init_waits:
            self._connection.accept_connection()
        self._flush()

    def receive(self, text: str | bytes) -> None:
        """Take one text from the client."""
        event = self._connection.receive(text, self._loop.time())
        match event:
            case ConnectionInit() if not self._is_admitted:
                self._init_waits = True
            case ConnectionInit():
                self._connection.accept_connection()
            case Start():
                self._start(event)
            case Stop():
                self._api.compiled.subscriptions.remove(self, event.id)
                self._connection.complete(event.id)
        self._flush()

    def deliver(self, prefix: bytes, payload: bytes) -> None:
        """Write one data frame. Until it is sent, all its subscribers wait with the same payload."""
        length = len(prefix) + len(payload) + 1
        header = text_frame(length)
        self._write((header, prefix, payload, b"}"), len(header) + length)

    def complete(self, subscription_id: str) -> None:
        """End a subscription that was invalidated. AWS does not document the frame; we send ``complete``."""
        if self._api.compiled.subscriptions.remove(self, subscription_id) is not None:
            self._connection.complete(subscription_id)
            self._flush()

    def close(self, code: int, reason: str) -> None:
        """
        Say goodbye with a WebSocket close code. The socket is read on until the client has answered: closing it with
        something unread would reset it, and the client would never learn why.
        """
        if self.is_closing:
            return
        self._send()
        self._stop_serving()
        if not self._transport.is_closing():
            self._transport.write(close_frame(code, reason))
            self._abortion = self._loop.call_later(CLOSE_SECONDS, self._transport.abort)

    def end(self) -> None:
        """Forget the client and its subscriptions: the socket is gone, or going."""
        self._stop_serving()
        if self._abortion is not None:
            self._abortion.cancel()

    def _stop_serving(self) -> None:
        self.is_closing = True
        self._unsent, self._unsent_bytes = [], 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._timer_due = None
        for starting in tuple(self._starting):
            starting.cancel()
        self._api.sessions.discard(self)
        self._api.compiled.subscriptions.remove_connection(self)

    # --- starting ---------------------------------------------------------------------------------------------------

    def _admit(self, header: Mapping[str, str], services: Services) -> None:
        paths = (f"{self._endpoint_path}/connect", f"{ENDPOINT_PATH}/connect")
        try:
            self._api.authenticate_message(
                header, paths=paths, body=_CONNECT_BODY, now=services.now, source_ip=self._source_ip
            )
        except Unauthenticated as error:
            refused = {"errorType": error.error_type, "message": error.message, "errorCode": error.status}
            self._connection.refuse_connection([refused])

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on with what has to wait, beside everything else; it ends with the session."""
        task = self._loop.create_task(work)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start_decided(self, start: Start, undecided: Undecided) -> None:
        """Let the function of a Lambda authorizer say who subscribes."""
        services = self._api.services()
        body = {"query": start.query, "operationName": start.operation_name, "variables": start.variables}
        await self._api.decide(undecided, start.authorization, body, services)
        if not self.is_closing:
            self._start(start, services)
            self._flush()

    def _start(self, start: Start, services: Services | None = None) -> None:
        api, services = self._api.compiled, services or self._api.services()
        try:
            caller = self._api.authenticate_message(
                start.authorization,
                paths=(self._endpoint_path, ENDPOINT_PATH),
                body=start.data.encode(),
                now=services.now,
                source_ip=self._source_ip,
            )
        except Unauthenticated as error:
            errors = [{"errorType": error.error_type, "message": error.message}]
            self._connection.refuse_start(start.id, errors)
            return
        except Undecided as undecided:
            self._beside(self._start_decided(start, undecided))
            return
        request = GraphQLRequest(
            start.query,
            start.variables,
            start.operation_name,
            {name.lower(): value for name, value in start.authorization.items()},
        )
        asking = self._api.told(api, api.executor.subscribing(request, caller, services), start.id)
        begun = self._api.sources.begin(asking, services.allowance)
        if isinstance(begun, Finished):
            self._started(start.id, begun.result, api, caller, services)
            return
        # The connection knows when the client has stopped it in the meantime.
        self._beside(self._finish(start.id, begun, api, caller, services))

    async def _finish(
        self,
        subscription: str,
        waiting: Waiting[SubscriptionStart | Errors],
        api: CompiledApi,
        caller: Caller,
        services: Services,
    ) -> None:
        try:
            started = await self._api.sources.finish(waiting)
        except Exception as error:  # a bug of ours is this subscription's end, and no other's
            logging.getLogger("livebus").exception("unexpected error")
            started = Errors(({"errorType": "InternalFailure", "message": unexpected(error)},))
        if not self.is_closing:
            self._started(subscription, started, api, caller, services)
            self._flush()

    def _started(
        self,
        subscription: str,
        started: SubscriptionStart | Errors,
        api: CompiledApi,
        caller: Caller,
        services: Services,
    ) -> None:
        if isinstance(started, Errors):
            self._connection.refuse_start(subscription, started.errors)
            return
        try:
            sink = Sink(self, subscription, data_prefix(subscription), caller, services.now, SENDER.get())
            api.subscriptions.add(self, subscription, started, sink)
        except InvalidFilter as error:
            self._connection.refuse_start(subscription, error.errors)
            return
        if not self._connection.accept_start(subscription):
            api.subscriptions.remove(self, subscription)

    # --- the socket -------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        for message in self._connection.messages_to_send():
            frame = text_frame(len(message)) + message
            self._write((frame,), len(frame))
        closing = self._connection.should_close
        if closing is not None:
            self.close(*closing)
        self._set_timer()

    def _write(self, parts: tuple[bytes, ...], length: int) -> None:
        """
        Keep a frame for the end of this turn of the event loop.

        The events of one PutEvents request reach a subscriber with one write to its socket instead of ten: the write is
        by far the dearest part of a delivery.
        """
        if self.is_closing:
            return
        if not self._unsent:
            self._loop.call_soon(self._send)
        if self._unsent_bytes + self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._api.tell(f"a subscriber at {self._source_ip} was dropped: it left {MAX_UNSENT_BYTES} bytes unread")
            self._stop_serving()
            self._transport.abort()
            return
        self._unsent += parts
        self._unsent_bytes += length

    def _send(self) -> None:
        unsent, self._unsent, self._unsent_bytes = self._unsent, [], 0
        if unsent and not self.is_closing and not self._transport.is_closing():
            self._transport.write(b"".join(unsent))

    def _set_timer(self) -> None:
        deadline = None if self.is_closing else self._connection.next_deadline()
        if deadline == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_due = deadline
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._on_deadline)

    def _on_deadline(self) -> None:
        self._timer = self._timer_due = None
        self._connection.handle_deadline(self._loop.time())
        self._flush()


@dataclass(eq=False, slots=True)
class Sink:
    """
    Where a subscription's messages go: a session, and the part of the frame that never changes.

    ``caller`` subscribed at ``since`` (epoch seconds), with a client that calls itself ``agent``; ``delivered`` counts.
    """

    session: RealtimeSession
    id: str
    prefix: bytes
    caller: Caller
    since: float
    agent: str
    delivered: int = 0

    def deliver(self, payload: bytes) -> None:
        self.delivered += 1
        self.session.deliver(self.prefix, payload)

    def end(self) -> None:
        self.session.complete(self.id)
