"""
One client's WebSocket: carries texts between the socket and the real-time protocol, and subscriptions to the registry.

Outgoing frames are written to the socket's transport directly: a frame is a few bytes of header and text that is ready,
and a subscriber must cost neither a task nor a queue. A client that does not read is dropped once its buffer is full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livebus.access import Authenticator, SignedRequest, Unauthenticated
from livebus.execution import Errors
from livebus.flow import CompiledApi
from livebus.operation import GraphQLRequest, Services
from livebus.realtime import (
    Connection,
    ConnectionInit,
    Handshake,
    HandshakeFault,
    RealtimeSettings,
    Start,
    Stop,
    data_prefix,
)
from livebus.subscription import InvalidFilter

# Room for a few messages of the largest size. A client that is further behind than this will not catch up.
MAX_UNSENT_BYTES = 2 * 1024 * 1024

_TEXT_FRAME = 0x81
_CONNECT_BODY = b"{}"


def text_frame(length: int) -> bytes:
    """The header of an unmasked, final text frame (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((_TEXT_FRAME, length))
    if length < 65_536:
        return bytes((_TEXT_FRAME, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT_FRAME, 127)) + length.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What a session needs of the runtime around it. ``tell`` prints a line about clients that are dropped."""

    api: Callable[[], CompiledApi]
    authenticator: Callable[[], Authenticator]
    services: Callable[[], Services]
    settings: RealtimeSettings
    tell: Callable[[str], None]


class RealtimeSession:
    """
    ``transport`` is the socket's; ``close`` is called with a WebSocket close code and reason when the session is over.
    """

    def __init__(
        self,
        context: SessionContext,
        transport: asyncio.Transport,
        close: Callable[[int, str], None],
        source_ip: str,
    ) -> None:
        self._context = context
        self._transport = transport
        self._close = close
        self._source_ip = source_ip
        self._loop = asyncio.get_running_loop()
        self._connection = Connection(self._loop.time(), settings=context.settings)
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    def open(self, handshake: Handshake | HandshakeFault) -> None:
        """Check who connects. The socket stays open on a refusal, so that the client can read why."""
        if isinstance(handshake, HandshakeFault):
            self._connection.refuse_connection(handshake.errors)
        else:
            # Clients sign the connect as a POST of "{}" to <endpoint path>/connect, wherever they dial.
            request = SignedRequest("POST", "/graphql/connect", "", handshake.header, _CONNECT_BODY)
            refused = self._refusal(handshake.header, request)
            if refused:
                self._connection.refuse_connection([{**refused, "errorCode": 401}])
        self._flush()

    def receive(self, text: str | bytes) -> None:
        """Take one text from the client."""
        event = self._connection.receive(text, self._loop.time())
        match event:
            case ConnectionInit():
                self._connection.accept_connection()
            case Start():
                self._start(event)
            case Stop():
                self._context.api().subscriptions.remove(self, event.id)
                self._connection.complete(event.id)
        self._flush()

    def end(self) -> None:
        """Forget the client and its subscriptions: the socket is gone, or going."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._context.api().subscriptions.remove_connection(self)

    def deliver(self, prefix: bytes, payload: bytes) -> None:
        """Write one data frame."""
        self._write((text_frame(len(prefix) + len(payload) + 1), prefix, payload, b"}"))

    def complete(self, subscription_id: str) -> None:
        """End a subscription that was invalidated. AWS does not document the frame; we send ``complete``."""
        if self._context.api().subscriptions.remove(self, subscription_id) is not None:
            self._connection.complete(subscription_id)
            self._flush()

    # --- starting ---------------------------------------------------------------------------------------------------

    def _refusal(self, header: Any, request: SignedRequest) -> dict[str, Any] | None:
        try:
            now = self._context.services().now
            self._context.authenticator().authenticate(header, request=request, now=now, source_ip=self._source_ip)
        except Unauthenticated as error:
            return {"errorType": error.error_type, "message": error.message}
        return None

    def _start(self, start: Start) -> None:
        api, services = self._context.api(), self._context.services()
        signed = SignedRequest("POST", "/graphql", "", start.authorization, start.data.encode("utf-8", "surrogatepass"))
        try:
            caller = self._context.authenticator().authenticate(
                start.authorization, request=signed, now=services.now, source_ip=self._source_ip
            )
        except Unauthenticated as error:
            errors = [{"errorType": error.error_type, "message": error.message}]
            self._connection.refuse_start(start.id, errors)
            return
        request = GraphQLRequest(start.query, start.variables, start.operation_name, dict(start.authorization))
        started = api.executor.subscribe(request, caller, services)
        if isinstance(started, Errors):
            self._connection.refuse_start(start.id, started.errors)
            return
        try:
            api.subscriptions.add(self, start.id, started, _Sink(self, start.id, data_prefix(start.id)))
        except InvalidFilter as error:
            self._connection.refuse_start(start.id, [{"errorType": "BadRequestException", "message": str(error)}])
            return
        if not self._connection.accept_start(start.id):
            api.subscriptions.remove(self, start.id)

    # --- the socket -------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        for message in self._connection.messages_to_send():
            self._write((text_frame(len(message)), message))
        closing = self._connection.should_close
        if closing is not None and not self._is_over:
            self._is_over = True
            self._close(*closing)
        self._set_timer()

    def _write(self, parts: tuple[bytes, ...]) -> None:
        if self._is_over or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._context.tell(f"a subscriber at {self._source_ip} was dropped: it left {MAX_UNSENT_BYTES} bytes unread")
            self._is_over = True
            self._transport.abort()
            return
        self._transport.write(b"".join(parts))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = None if self._is_over else self._connection.next_deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._on_deadline)

    def _on_deadline(self) -> None:
        self._connection.handle_deadline(self._loop.time())
        self._flush()


@dataclass(frozen=True, slots=True)
class _Sink:
    """Where a subscription's messages go: a session, and the part of the frame that never changes."""

    session: RealtimeSession
    id: str
    prefix: bytes

    def deliver(self, payload: bytes) -> None:
        self.session.deliver(self.prefix, payload)

    def end(self) -> None:
        self.session.complete(self.id)
