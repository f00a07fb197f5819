"""
A time limit for a whole answer over boto3's own connections, whose time-outs are for each piece of it.

In: botocore's HTTP session, and how many seconds an answer may take. Its connections then read with one deadline, from the request's
end to the answer's last byte, header lines included: whoever sends a byte now and then holds nobody longer. How long a header line
may be, and how many there are, is the standard library's to bound: 64 KiB, and 100.
https://docs.python.org/3/library/http.client.html
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.httpsession import URLLib3Session


class _Deadlined(io.RawIOBase):
    """A socket's bytes until the deadline. Raises TimeoutError behind it."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, until: float) -> None:
        self._raw = raw
        self._connection = connection
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("no whole answer in time")
        self._connection.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def demand_whole_answers(session: URLLib3Session, seconds: Callable[[], float]) -> None:
    """Let each connection that a session makes from now on read an answer within so many seconds."""

    class Response(HTTPResponse):
        """A response that is read with the deadline."""

        def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
            super().__init__(sock, *arguments, **options)
            self.fp = io.BufferedReader(_Deadlined(self.fp.detach(), sock, monotonic() + seconds()))

    plain = type("Connection", (AWSHTTPConnection,), {"response_class": Response})
    secure = type("SecureConnection", (AWSHTTPSConnection,), {"response_class": Response})
    pools = {
        "http": type("Pool", (AWSHTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (AWSHTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    session._pool_classes_by_scheme = pools  # type: ignore[attr-defined]  # what managers of proxies take
    session._manager.pool_classes_by_scheme = pools  # type: ignore[attr-defined]
