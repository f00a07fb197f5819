"""What goes out over HTTP: all of it within its seconds and bytes, whatever the other end does."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from livebus.runtime.outgoing import NoAnswer, Outgoing, Received, TooLarge, TooLate

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MOST = 1_000
# Far less than any answer here needs, far more than a refusal.
SHORT, LONG = 0.3, 20.0
OK = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """A server on a free port that does as it likes with each connection; its URL."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/there?key=secret"
    finally:
        server.close()


def answering(*pieces: bytes) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return serve


def dripping(first: bytes, piece: bytes) -> Serve:
    """What never ends, and is never late by itself."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    return serve


def asked(serve: Serve, *, seconds: float = LONG, most: int = MOST, **options: Any) -> Received:
    async def ask() -> Received:
        outgoing = Outgoing(**options)
        async with serving(serve) as url:
            try:
                return await outgoing.request("GET", url, seconds=seconds, most_bytes=most)
            finally:
                await outgoing.close()

    return asyncio.run(ask())


def test_an_answer_has_its_status_its_header_lines_and_its_body() -> None:
    """Header lines in their order, those that come twice too."""
    received = asked(answering(OK + b"Content-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nhi"))
    assert (received.status, received.body, received.headers.get("x-a")) == (200, b"hi", "1")
    assert received.lines == (("Content-Length", "2"), ("X-A", "1"), ("X-A", "2"))


@pytest.mark.parametrize(
    "serve",
    [
        dripping(b"HTTP/1.1 200 ", b"O"),
        dripping(OK, b"X"),
        dripping(OK + b"Content-Length: 500\r\n\r\n", b"."),
        dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b""),
    ],
    ids=["status", "headers", "body", "nothing"],
)
def test_whoever_drips_is_late(serve: Serve) -> None:
    """The seconds are those of the whole request: a byte now and then does not buy more of them."""
    with pytest.raises(TooLate, match=r"^no whole answer in 0\.3 seconds$"):
        asked(serve, seconds=SHORT, most=10**9)


@pytest.mark.parametrize(
    "serve",
    [
        dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"64\r\n" + b"." * 100 + b"\r\n"),
        answering(OK + b"Content-Length: 2000\r\n\r\n", b"." * 2000),
        answering(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"\0" * 50_000_000)),
    ],
    ids=["chunks", "length", "bomb"],
)
def test_a_body_is_read_to_its_bound(serve: Serve) -> None:
    """Also one that is large only when it is unpacked."""
    with pytest.raises(TooLarge, match=r"^it is larger than 1000 bytes$"):
        asked(serve)


def test_a_body_that_nobody_wants_is_not_read() -> None:
    """Its status is there although it never ends."""
    received = asked(dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"), most=0)
    assert (received.status, received.body) == (200, b"")


@pytest.mark.parametrize(
    ("serve", "told"),
    [
        (answering(OK + b"X: y\r\n" * 200 + b"Content-Length: 0\r\n\r\n"), "what came is no HTTP"),
        (answering(OK + b"X: " + b"y" * 100_000 + b"\r\nContent-Length: 0\r\n\r\n"), "what came is no HTTP"),
        (answering(b"SSH-2.0-OpenSSH_9.6\r\n"), "what came is no HTTP"),
        (answering(b"\x16\x03\x01\0\xff" * 50), "what came is no HTTP"),
        (answering(), "the connection was closed"),
        (answering(OK + b"Content-Length: 10\r\n\r\n."), "ClientPayloadError"),
        (answering(OK + b"Content-Length: -1\r\n\r\n."), "what came is no HTTP"),
    ],
    ids=["headers", "header", "ssh", "tls", "closed", "cut", "length"],
)
def test_what_is_no_answer_is_told_without_the_url(serve: Serve, told: str) -> None:
    """It may hold a key, and so may a library's words."""
    with pytest.raises(NoAnswer) as raised:
        asked(serve)
    assert str(raised.value) == told


def refused(outgoing: Outgoing, url: str, seconds: float = LONG) -> NoAnswer:
    """Why there is no answer."""

    async def ask() -> NoAnswer:
        try:
            with pytest.raises(NoAnswer) as raised:
                await outgoing.request("GET", url, seconds=seconds, most_bytes=MOST)
            return raised.value
        finally:
            await outgoing.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["nobody.example.invalid", "a..b", "a" * 64 + ".example"])
def test_a_name_without_an_address_is_told(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that no name server can be asked for; the number of such an error is none of the system's."""
    known = socket.getaddrinfo

    def nobody_is_known(asked: str, *more: Any, **options: Any) -> Any:
        if asked == "nobody.example.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(asked, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", nobody_is_known)
    assert str(refused(Outgoing(), f"http://{host}/")) == "its name has no address"


def test_a_port_where_nobody_listens_is_told() -> None:
    """In the system's words."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert str(refused(Outgoing(), url)) == "Connection refused"


def test_a_certificate_that_nobody_vouches_for_is_told() -> None:
    """It is a fault of the endpoint, and no lack of permission here; neither is an endpoint that speaks no TLS."""

    async def ask(context: ssl.SSLContext | None) -> str:
        async def greeted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 ready, and waiting\r\n")
            writer.close()

        server = await asyncio.start_server(greeted, "127.0.0.1", 0, ssl=context)
        outgoing = Outgoing()
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            with pytest.raises(NoAnswer) as raised:
                await outgoing.request("GET", url, seconds=LONG, most_bytes=MOST)
            return str(raised.value)
        finally:
            await outgoing.close()
            server.close()

    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(own)
    assert asyncio.run(ask(own)) == "its certificate is not trusted"
    assert asyncio.run(ask(None)) == "what came is no TLS"


def test_whoever_takes_no_connection_is_given_up_before_the_request_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has seconds of its own: what has none by then gets none."""
    monkeypatch.setattr("livebus.runtime.outgoing.CONNECT_SECONDS", 0.05)
    with contextlib.ExitStack() as open_until_here:
        full = open_until_here.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            caller = open_until_here.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        error = refused(Outgoing(), f"http://127.0.0.1:{full.getsockname()[1]}/")
    assert (type(error), str(error)) == (TooLate, "no connection in 0.05 seconds")


def test_a_redirect_is_an_answer() -> None:
    """Nobody is led to where the template does not lead."""
    received = asked(answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    assert (received.status, received.headers["Location"]) == (302, "http://127.0.0.1:1/")


def test_no_cookie_and_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What one answer sets is not sent with the next request; the environment's proxy and .netrc are for others."""
    (tmp_path / "netrc").write_text("machine webhooks.example.invalid login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    heads: list[bytes] = []

    async def ask() -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK + b"Set-Cookie: a=b; Path=/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        # A name: cookies of addresses are kept by nobody.
        url = f"http://webhooks.example.invalid:{server.sockets[0].getsockname()[1]}/"
        outgoing = Outgoing(loopback_only=True)
        for _ in range(2):
            await outgoing.request("GET", url, seconds=LONG, most_bytes=MOST)
        await outgoing.close()
        server.close()

    asyncio.run(ask())
    assert [b"User-Agent: livebus\r\n" in head for head in heads] == [True, True]
    assert [b"cookie" in head.lower() or b"authorization" in head.lower() for head in heads] == [False, False]


def test_names_are_this_machine_where_nothing_else_may_be_called() -> None:
    """No name server is asked."""

    async def ask() -> Received:
        outgoing = Outgoing(loopback_only=True)
        async with serving(answering(OK + b"Content-Length: 0\r\n\r\n")) as url:
            try:
                named = url.replace("127.0.0.1", "webhooks.example.invalid")
                return await outgoing.request("POST", named, body=b"{}", seconds=LONG, most_bytes=MOST)
            finally:
                await outgoing.close()

    assert asyncio.run(ask()).status == 200


@pytest.mark.parametrize("address", ["192.0.2.1", "[2001:db8::1]", "0.0.0.0"])
def test_addresses_of_others_are_not_called_where_nothing_else_may_be(address: str) -> None:
    """An address is not looked up: it is refused before anything is connected."""

    async def asked() -> None:
        http = Outgoing(loopback_only=True)
        try:
            await http.request("GET", f"http://{address}:9/", seconds=SHORT, most_bytes=MOST)
        finally:
            await http.close()

    with pytest.raises(NoAnswer, match="its address is not this machine's"):
        asyncio.run(asked())


@pytest.mark.parametrize("url", ["//there", "there", "None", "", "/", "file:///etc/hosts", "http://", "http:there"])
def test_what_is_no_url_of_http_has_no_answer(url: str) -> None:
    """Such as what an issuer's document names: it ends the request, and not whoever asks."""

    async def asked() -> None:
        http = Outgoing()
        try:
            await http.request("GET", url, seconds=LONG, most_bytes=MOST)
        finally:
            await http.close()

    with pytest.raises(NoAnswer, match="its URL is none of HTTP"):
        asyncio.run(asked())


@pytest.mark.parametrize(("loopback_only", "most"), [(True, 0), (False, 100)])
def test_how_many_connections_there_may_be(loopback_only: bool, most: int) -> None:
    """To this machine as many as there are events on their way, none of them kept; to others aiohttp's hundred."""

    async def looked_at() -> tuple[int, bool]:
        outgoing = Outgoing(loopback_only=loopback_only)
        connector = outgoing._http().connector
        assert connector is not None
        await outgoing.close()
        return connector.limit, connector.force_close

    assert asyncio.run(looked_at()) == (most, loopback_only)


def test_an_error_of_the_system_without_a_number_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that of a connection which closes while the request is written."""

    def request(*_: Any, **__: Any) -> Any:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(aiohttp.ClientSession, "request", request)
    assert str(refused(Outgoing(), "http://127.0.0.1:9/")) == "ClientConnectionResetError"
