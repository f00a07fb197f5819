"""The port: where it is, who is let in, and what becomes of who says nothing, or too much."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trustme

from livebus.errors import LivebusError
from livebus.runtime.port import listener
from livebus.runtime.port.connections import Connections, Seat
from livebus.runtime.port.listener import Listener, bind, endpoint_url
from support.serving import until
from support.waiting import SECONDS


def test_a_port_is_bound_and_not_open_yet() -> None:
    """A client is refused until the listener starts."""
    with bind("127.0.0.1", 0) as bound:
        assert bound.getblocking() is False
        assert bound.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0
        assert bound.getsockname()[1] > 0
        with socket.socket() as client:
            assert client.connect_ex(bound.getsockname()) == errno.ECONNREFUSED


def test_a_port_that_is_taken_is_told() -> None:
    """With what to do; nothing stays open."""
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        number = bound.getsockname()[1]
        with pytest.raises(LivebusError) as told:
            bind("127.0.0.1", number)
    assert str(told.value) == (
        f"cannot listen on 127.0.0.1:{number}: Address already in use. Choose another with --port (0 takes a free one)."
    )


def test_a_number_that_is_no_port_is_told() -> None:
    """As others that nobody can listen on."""
    with pytest.raises(LivebusError) as told:
        bind("127.0.0.1", 65_536)
    assert str(told.value) == "65536 is not a port; expected 0 to 65535"


class Bound:
    def getsockname(self) -> tuple[str, int]:
        return ("", 4566)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:4566"),
        ("localhost", "http://localhost:4566"),
        ("0.0.0.0", "http://127.0.0.1:4566"),
        ("::", "http://[::1]:4566"),
        ("::1", "http://[::1]:4566"),
    ],
)
def test_the_url_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    """Where all addresses are listened on, it is the loopback's."""
    bound: Any = Bound()
    assert endpoint_url(host, bound) == url


class Echo(asyncio.Protocol):
    """Sends back what comes; gives its place back at the end, as the server's protocol does."""

    def __init__(self, place: Seat) -> None:
        self._place = place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.is_tls = transport.get_extra_info("ssl_object") is not None
        connection = transport.get_extra_info("socket")
        self.no_delay = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        Bench.made.append(self)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)

    def connection_lost(self, _: BaseException | None) -> None:
        self._place.leaves()


class Bench:
    """A listener of its own, and clients that are closed at the end."""

    made: list[Echo]

    def __init__(self, most: int = 10, tls: Callable[[], ssl.SSLContext] | None = None) -> None:
        Bench.made = []
        self.contexts = 0
        self.connections = Connections(most, tell=lambda _: None, clock=lambda: 0.0)
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []

    def context(self) -> ssl.SSLContext:
        self.contexts += 1
        assert self._tls is not None
        return self._tls()

    async def client(self, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number, **options)
        self._writers.append(writer)
        return reader, writer

    def run(self, ask: Callable[[Bench], Awaitable[Any]]) -> Any:
        async def running() -> Any:
            bound = bind("127.0.0.1", 0)
            self.number = bound.getsockname()[1]
            self.listener = Listener(bound, Echo, self.context, self.connections)
            self.listener.start()
            try:
                async with asyncio.timeout(SECONDS):
                    return await ask(self)
            finally:
                for writer in self._writers:
                    writer.close()
                await asyncio.gather(*(each.wait_closed() for each in self._writers), return_exceptions=True)
                await self.listener.close()
                assert bound.fileno() == -1

        return asyncio.run(running())


async def echoed(bench: Bench, **options: Any) -> bytes:
    reader, writer = await bench.client(**options)
    writer.write(b"GET")
    return await reader.readexactly(3)


def test_what_a_client_sends_reaches_its_protocol() -> None:
    """From the first byte on, without TLS where it speaks none; small answers go out at once."""
    bench = Bench()
    assert bench.run(echoed) == b"GET"
    assert [(each.is_tls, each.no_delay) for each in bench.made] == [(False, True)]
    assert bench.contexts == 0


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_is_spoken_with_who_speaks_it(authority: trustme.CA) -> None:
    """On the same port; the context is made once, by the first that needs it."""

    def served() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        return context

    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def ask(bench: Bench) -> list[bytes]:
        tls = {"ssl": trusting, "server_hostname": "localhost"}
        return [await echoed(bench, **tls), await echoed(bench), await echoed(bench, **tls)]

    bench = Bench(tls=served)
    assert bench.run(ask) == [b"GET"] * 3
    assert ([each.is_tls for each in bench.made], bench.contexts) == ([True, False, True], 1)


def test_a_client_that_breaks_off_leaves_its_place(authority: trustme.CA) -> None:
    """Without a byte, in the middle of a TLS handshake, or with a reset: others are let in."""

    async def ask(bench: Bench) -> int:
        for first in (b"", b"\x16\x03", b"\x16nonsense that is no handshake at all"):
            reader, writer = await bench.client()
            writer.write(first)
            await until(lambda: len(bench.connections) == 1)
            if first == b"\x16\x03":
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            elif not first:
                writer.write_eof()
                assert await reader.read() == b""
            await until(lambda: len(bench.connections) == 0)
        assert await echoed(bench) == b"GET"
        return len(bench.made)

    bench = Bench(tls=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    assert bench.run(ask) == 1


def test_a_client_that_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute, here sooner; the same for a handshake that does not go on."""
    monkeypatch.setattr(listener, "_FIRST_BYTE_SECONDS", 0.01)
    monkeypatch.setattr(listener, "_TLS_SECONDS", 0.01)

    async def ask(bench: Bench) -> list[bytes]:
        silent, _ = await bench.client()
        stuck, writer = await bench.client()
        writer.write(b"\x16")
        rests = []
        for reader in (silent, stuck):
            try:
                rests.append(await reader.read())
            except ConnectionError:
                rests.append(b"")
        await until(lambda: len(bench.connections) == 0)
        return rests

    assert Bench(tls=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)).run(ask) == [b"", b""]


def test_one_that_waits_for_its_first_byte_has_to_go_for_another() -> None:
    """And where all work, the new one is closed."""

    async def ask(bench: Bench) -> tuple[bytes, bytes, bytes]:
        silent, _ = await bench.client()
        await until(lambda: len(bench.connections) == 1)
        first = await echoed(bench)
        gone = await silent.read()
        (place,) = bench.connections._waiting
        place.works()
        refused, _ = await bench.client()
        return first, gone, await refused.read()

    assert Bench(most=1).run(ask) == (b"GET", b"", b"")


def test_accepting_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of file descriptors: others are let in once there are some."""
    failures = [OSError(errno.EMFILE, "Too many open files")] * 2
    pauses: list[float] = []

    async def ask(bench: Bench) -> bytes:
        loop = asyncio.get_running_loop()
        accept, sleep = loop.sock_accept, asyncio.sleep

        async def failing(listening: socket.socket) -> Any:
            if failures:
                raise failures.pop()
            return await accept(listening)

        async def pausing(seconds: float) -> None:
            pauses.append(seconds)
            await sleep(0)

        monkeypatch.setattr(loop, "sock_accept", failing)
        with monkeypatch.context() as patch:
            patch.setattr(asyncio, "sleep", pausing)
            return await echoed(bench)

    assert Bench().run(ask) == b"GET"
    assert (failures, pauses[:2]) == ([], [0.05, 0.05])


def test_closing_ends_what_is_being_opened() -> None:
    """Its client sees the end; nothing accepts any more."""

    async def ask(bench: Bench) -> tuple[bytes, int, int]:
        silent, _ = await bench.client()
        await until(lambda: len(bench.connections) == 1)
        await bench.listener.close()
        return await silent.read(), len(bench.connections), len(asyncio.all_tasks())

    assert Bench().run(ask) == (b"", 0, 1)


def test_a_listener_that_never_started_can_be_closed() -> None:
    """A start that fails later closes what it has."""

    async def closing() -> int:
        bound = bind("127.0.0.1", 0)
        nothing: Any = None
        await Listener(bound, nothing, nothing, Connections(1, tell=print, clock=lambda: 0.0)).close()
        return bound.fileno()

    assert asyncio.run(closing()) == -1
