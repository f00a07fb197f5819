"""What clients have time for: headers, bodies, the answer. The deadlines are shortened here."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress

import pytest

from livebus.runtime.port import bodies, http_server
from support.running import RunningRuntime
from support.waiting import SECONDS

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


def drip(connection: socket.socket, piece: bytes) -> bytes:
    """Send a piece now and then until the other side says something, or closes; what it says."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if select.select([connection], [], [], 0.02)[0]:
            return connection.recv(65536)
        connection.sendall(piece)
    raise AssertionError("the runtime waits for ever")


@pytest.mark.parametrize("begin", [b"POST / HTTP/1.1\r\nX: ", b"\x16\x03\x01\x02\x00\x01"], ids=["http", "tls"])
def test_a_header_that_drips_is_cut_off(start_runtime: object, monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    """A byte now and then keeps no connection: its time counts from the begin."""
    monkeypatch.setattr(http_server, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr("livebus.runtime.port.listener._TLS_SECONDS", 0.3)
    runtime: RunningRuntime = start_runtime()  # type: ignore[operator]
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(begin)
        with suppress(ConnectionResetError, BrokenPipeError):
            assert drip(connection, b"x") == b""


def test_a_body_that_drips_is_cut_off(start_runtime: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces that come in time do not make a body that falls behind its pace."""
    monkeypatch.setattr(bodies, "_FIRST_SECONDS", 0.3)
    runtime: RunningRuntime = start_runtime()  # type: ignore[operator]
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(HEAD)
        assert drip(connection, b"x").split(b" ")[1] == b"408"
