"""
Accepts connections on one port, plain and TLS: the first byte of a TLS connection is 0x16, of HTTP never.

Amplify turns ``http://`` into ``wss://`` on the same port, so that one port has to speak both.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from livebus.errors import LivebusError
from livebus.runtime.port.connections import Connections, Seat

_TLS_HANDSHAKE = 0x16
_BACKLOG = 512
# A peer that connects and says nothing holds a task, no more; browsers open such connections ahead of need.
_FIRST_BYTE_SECONDS = 60.0
_TLS_SECONDS = 10.0


_OTHER_HOST = "--host takes an address of this machine."


def _is_of_the_host(error: OSError) -> bool:
    return isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL


def bind(host: str, port: int) -> socket.socket:
    """A bound socket, not listening yet, so that the port is known before the template is read."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setblocking(False)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise LivebusError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            advice=_OTHER_HOST if _is_of_the_host(error) else "Choose another with --port (0 takes a free one).",
        ) from None
    except OverflowError:
        listening.close()
        raise LivebusError(f"{port} is not a port", expected="0 to 65535") from None
    return listening


def endpoint_url(host: str, listening: socket.socket) -> str:
    """The URL at which others on this machine reach a socket that is bound to a host."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    name = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{name}:{listening.getsockname()[1]}"


class Listener:
    """
    Hands each connection to ``protocol_factory``, behind TLS where the client speaks it. The protocol gives its place
    back once the connection is lost.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol_factory: Callable[[Seat], asyncio.BaseProtocol],
        tls_context: Callable[[], ssl.SSLContext],
        connections: Connections,
    ) -> None:
        self._listening = listening
        self._connections = connections
        self._protocol_factory = protocol_factory
        self._make_context = tls_context
        self._context: ssl.SSLContext | None = None
        self._openings: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._listening.listen(_BACKLOG)
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def close(self) -> None:
        tasks = [*self._openings, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listening.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:
                # Out of file descriptors, or the peer is gone already: others still want to be let in.
                await asyncio.sleep(0.05)
                continue
            place = self._connections.enter(connection.close)
            if place is None:
                connection.close()
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self._open(connection, place))
            place.abort = task.cancel
            self._openings.add(task)
            task.add_done_callback(self._openings.discard)

    async def _open(self, connection: socket.socket, place: Seat) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_FIRST_BYTE_SECONDS):
                first = await _peek(loop, connection)
            context = self._tls() if first and first[0] == _TLS_HANDSHAKE else None
            if first:
                patience = None if context is None else _TLS_SECONDS
                await loop.connect_accepted_socket(
                    lambda: self._protocol_factory(place), connection, ssl=context, ssl_handshake_timeout=patience
                )
                return
        except (OSError, TimeoutError):
            # A client that went away, or that does not trust our certificate: nothing of ours is lost.
            pass
        except asyncio.CancelledError:
            place.leaves()
            connection.close()
            raise
        place.leaves()
        connection.close()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = self._make_context()
        return self._context


async def _peek(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> bytes:
    """The first byte that a client sends, left in the socket's buffer."""
    while True:
        try:
            return connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            readable = loop.create_future()
            loop.add_reader(connection, _wake, readable)
            try:
                await readable
            finally:
                loop.remove_reader(connection)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
