"""
One HTTP/1.1 connection that blocks: for the few requests of a verb that is to start fast.

In: an address, and requests as bytes. Out: responses. Neither ssl nor asyncio is imported where they are not needed.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.direct.reach import Address
from livebus.publish.http_response import NotHttp, Response, ResponseReader

if TYPE_CHECKING:
    from ssl import SSLContext

CONNECT_SECONDS = 10
# A whole request, from its first byte to its answer's last: a server that sends a byte a second ends nobody's waiting.
READ_SECONDS = 30


class NoAnswer(Exception):
    """The connection could not be made (``sent`` is False), or it failed before the answer was complete."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class HttpConnection:
    """Connects at the first request, keeps the connection, and makes a new one where the kept one has ended."""

    def __init__(self, address: Address, ca_file: str = "") -> None:
        self._address = address
        self._ca_file = ca_file
        self._context: SSLContext | None = None
        self._socket: socket.socket | None = None

    def request(self, data: bytes) -> Response:
        """Send a request and return the answer. Raises NoAnswer."""
        if self._socket is not None and not self._is_idle():
            self.close()
        if self._socket is None:
            try:
                self._socket = self._connected()
            except OSError as error:
                raise NoAnswer(could_not_connect(self._address, error), sent=False) from None
        deadline = time.monotonic() + READ_SECONDS
        try:
            self._socket.settimeout(READ_SECONDS)
            self._socket.sendall(data)
            response = self._response(self._socket, deadline)
        except (OSError, NotHttp) as error:
            self.close()
            raise NoAnswer(lost(self._address, error), sent=True) from None
        except BaseException:  # Ctrl-C in the middle of an answer: what comes next on it would be that answer
            self.close()
            raise
        if not response.keep:
            self.close()
        return response

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        address = self._address
        # Bytes: Python imports an encoder for names that are text, which these cannot need.
        connection = socket.create_connection((address.host.encode(), address.port), CONNECT_SECONDS)  # type: ignore[arg-type]
        connection.settimeout(READ_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not address.secure:
            return connection
        if self._context is None:
            self._context = tls_context(self._ca_file)
        try:
            return self._context.wrap_socket(connection, server_hostname=address.host)
        except BaseException:
            connection.close()
            raise

    def _is_idle(self) -> bool:
        """Whether nothing came on the kept connection: an end that the server has sent would be read as an answer."""
        assert self._socket is not None
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError as error:
            # Of TLS, which has records of its own to read: nothing of the application's came.
            return type(error).__name__ == "SSLWantReadError"
        finally:
            self._socket.settimeout(READ_SECONDS)
        return False

    @staticmethod
    def _response(connection: socket.socket, deadline: float) -> Response:
        reader = ResponseReader()
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no whole answer in {READ_SECONDS} s")
            connection.settimeout(left)
            data = connection.recv(65_536)
            response = reader.feed(data) if data else reader.end()
            if response is not None:
                return response
            if not data:
                raise NotHttp("the connection was closed before the answer")


def could_not_connect(address: Address, error: Exception) -> str:
    """Botocore's words for it, with the reason where it is not the usual one."""
    told = f'Could not connect to the endpoint URL: "{address.url.rstrip("/")}/"'
    return told if isinstance(error, ConnectionRefusedError) else f"{told} ({_reason(error)})"


def lost(address: Address, error: Exception) -> str:
    """Words for a connection that failed after the request had begun to go out."""
    return f'Connection was lost before the answer of the endpoint URL: "{address.url.rstrip("/")}/" ({_reason(error)})'


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def tls_context(ca_file: str) -> SSLContext:
    """
    A context that trusts what botocore would: a bundle that is configured, else the system's certificates.

    A directory that OpenSSL looks certificates up in by their hash is preferred to reading a file of them all.
    Raises OSError where the bundle cannot be read.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
        return context
    paths = ssl.get_default_verify_paths()
    if paths.capath and next(Path(paths.capath).glob("*.0"), None) is not None:
        context.load_verify_locations(capath=paths.capath)
        return context
    context.load_default_certs()
    if not context.cert_store_stats()["x509_ca"]:
        from importlib.util import find_spec

        spec = find_spec("botocore")
        if spec is not None and spec.origin:
            context.load_verify_locations(Path(spec.origin).with_name("cacert.pem"))
    return context
