"""
What the runtime asks of others over HTTP, with one policy: API destinations and their tokens, HTTP data sources, keys of issuers.

In: a request, for how many seconds it may go on, and how many bytes its answer may have. Out: the answer, or :class:`NoAnswer`.
The seconds are those of all of it, from the connection to the last byte: whoever sends a byte now and then holds nobody longer.
An answer has at most 128 header lines of 8 KiB; a redirect is an answer like any other; there are no cookies, no proxies of the
environment and no keys of a .netrc. docs/decisions/0032-one-client-for-what-goes-out.md has the reasons.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
_MAX_HEADERS, _MAX_LINE = 128, 8_190


class NoAnswer(Exception):
    """No answer came, or none that is HTTP; the text is in words of ours: a library's may hold a URL, and the secrets in it."""


class TooLate(NoAnswer):
    """It did not come within its seconds."""


class TooLarge(NoAnswer):
    """Its body has more bytes than are read."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer: its header lines in their order, and its body; empty where none was to be read."""

    status: int
    headers: Mapping[str, str]
    lines: tuple[tuple[str, str], ...]
    body: bytes


class Outgoing:
    """
    ``loopback_only``: every name is this machine, whatever a name server would say, addresses of others are not called, and
    connections are not kept.

    ``decompresses``: bodies are read as they were before they were compressed.
    """

    def __init__(self, *, loopback_only: bool = False, decompresses: bool = True) -> None:
        self._loopback_only = loopback_only
        self._decompresses = decompresses
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float,
        most_bytes: int,
    ) -> Received:
        """The answer to a request; ``most_bytes`` 0 reads none of its body, which may have no end. Raises NoAnswer."""
        import aiohttp
        from yarl import URL

        try:
            target = URL(url, encoded=True)
            if target.scheme not in ("http", "https") or not target.host:
                raise NoAnswer("its URL is none of HTTP")
            if self._loopback_only and _is_elsewhere(target.host):
                raise NoAnswer("its address is not this machine's")
            async with (
                asyncio.timeout(seconds),
                self._http().request(
                    method,
                    target,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_SECONDS, seconds)),
                ) as response,
            ):
                content = await _read(response, most_bytes)
                return Received(response.status, response.headers, tuple(response.headers.items()), content)
        except aiohttp.ConnectionTimeoutError as error:
            raise TooLate(f"no connection in {min(CONNECT_SECONDS, seconds):g} seconds") from error
        except TimeoutError as error:
            raise TooLate(f"no whole answer in {seconds:g} seconds") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(_named(error)) from error

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            connector = (
                aiohttp.TCPConnector(resolver=_loopback_only(), force_close=True, limit=0)
                if self._loopback_only
                else aiohttp.TCPConnector()
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "livebus"},
                trust_env=False,
                auto_decompress=self._decompresses,
                max_line_size=_MAX_LINE,
                max_field_size=_MAX_LINE,
                max_headers=_MAX_HEADERS,
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    if not most:
        response.close()
        return b""
    body = bytearray()
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > most:
            response.close()
            raise TooLarge(f"it is larger than {most} bytes")
    return bytes(body)


def _named(error: Exception) -> str:
    from aiohttp import (
        ClientConnectorCertificateError,
        ClientConnectorDNSError,
        ClientResponseError,
        ClientSSLError,
        ServerDisconnectedError,
    )

    # The numbers of these are a name server's and TLS's: os.strerror would take them for others.
    if isinstance(error, ClientConnectorDNSError | UnicodeError):
        return "its name has no address"
    if isinstance(error, ClientConnectorCertificateError):
        return "its certificate is not trusted"
    if isinstance(error, ClientSSLError):
        return "what came is no TLS"
    if isinstance(error, ClientResponseError):
        return "what came is no HTTP"
    if isinstance(error, ServerDisconnectedError):
        return "the connection was closed"
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno else type(error).__name__
    return type(error).__name__


def _is_elsewhere(host: str) -> bool:
    """Whether a host is an address, which no resolver is asked for, and another machine's."""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _loopback_only() -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Loopback(AbstractResolver):
        """Every name is 127.0.0.1; only names of this machine come here."""

        async def resolve(
            self,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - of the interface
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host="127.0.0.1",
                    port=port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
            ]

        async def close(self) -> None:
            """Nothing is kept."""

    return Loopback()
