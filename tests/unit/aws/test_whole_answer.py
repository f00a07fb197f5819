"""An answer that drips is late, whichever part of it does; one that comes is read as ever, on a connection that is kept."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from livebus.aws import dynamodb_endpoint
from livebus.errors import Unreachable

SECONDS = 0.5
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"Count": 123}'
DRIPS = {
    "status": (b"HTTP/1.1 200 ", b"O"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X"),
    "lines": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 100),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"."),
}


def request_of(connection: socket.socket) -> bytes:
    """A whole request, whose head and body may come apart; nothing where there is none any more."""
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        piece = connection.recv(65_536)
        if not piece:
            return b""
        received += piece
    return received


@contextmanager
def served(*connections: tuple[bytes, bytes]) -> Iterator[str]:
    """A server whose connections send a beginning and then, unless it is empty, a piece every 10 ms for ever."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for first, piece in connections:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    while request_of(connection):
                        connection.sendall(first)
                        while piece:
                            connection.sendall(piece)
                            time.sleep(0.01)

    threading.Thread(target=serve, daemon=True).start()
    with listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("part", DRIPS)
def test_an_answer_that_drips_is_late(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not buy more seconds."""
    monkeypatch.setattr(dynamodb_endpoint, "_READ_SECONDS", SECONDS)
    with served(DRIPS[part]) as url:
        call = dynamodb_endpoint.connect(url, region="us-east-1", local=True)
        with pytest.raises(
            Unreachable, match=r"(Read timeout on endpoint URL|breaks off its answer|takes longer than)"
        ):
            call("Scan", {"TableName": "a"})


def test_answers_come_one_after_the_other_on_one_connection() -> None:
    """The deadline of one is not that of the next."""
    with served((ANSWER, b"")) as url:
        call = dynamodb_endpoint.connect(url, region="us-east-1", local=True)
        assert [call("Scan", {"TableName": "a"}) for _ in range(3)] == [{"Count": 123}] * 3
