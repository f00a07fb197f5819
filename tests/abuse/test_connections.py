"""Connections that say little, or nothing, or all at once: others are served all the same."""

from __future__ import annotations

import resource
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from abuse.conftest import Attack, Attacked

HALVES = {
    "half of a request line": b"POS",
    "half of the headers": b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Tar",
    "half of a body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
    "half of a TLS handshake": b"\x16\x03\x01",
    "nothing": b"",
}


@pytest.fixture(scope="module")
def crowded(attack: Attack) -> Attacked:
    """A runtime that may have 256 files open."""
    return attack(files=256)


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES.keys())
def test_four_hundred_half_requests_hold_nobody_off(crowded: Attacked, half: bytes) -> None:
    """With 256 open files, PutEvents is answered among 400 clients that never finish; stderr says what happens."""
    with ExitStack() as stack:
        for _ in range(400):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", crowded.port), timeout=60))
            try:
                client.sendall(half)
            except OSError:  # it had to go already
                continue
        assert [sorted(entry) for entry in crowded.put()] == [["EventId"]]
    assert "only 256 files may be open (ulimit -n): 192 connections" in crowded.stderr
    crowded.wait_for("192 connections are open, as many as may be (ulimit -n)")
    assert "Traceback" not in crowded.stderr


def test_the_limit_is_raised_where_it_may_be(attack: Attack, tmp_path: Path) -> None:
    """A soft limit below the hard one is the runtime's to raise."""
    runtime = attack(files=2_048)
    assert resource.prlimit(runtime.pid, resource.RLIMIT_NOFILE) == (2_048, 2_048)
    assert "files may be open" not in runtime.stderr


def test_bodies_that_nobody_finishes_take_bounded_memory(attacked: Attacked) -> None:
    """Uploads of 60 MB, each but for its last one: only some find room, calls are answered beside them."""
    size = 60 * 1024 * 1024
    head = (
        "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/"
        f"aws4_request, SignedHeaders=host, Signature=0\r\nContent-Length: {size}\r\n\r\n"
    ).encode()
    piece = bytes(1024 * 1024)
    clients = []
    with ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", attacked.port), timeout=60))
            clients.append(client)
            try:
                client.sendall(head)
                for _ in range(59):
                    client.sendall(piece)
            except OSError:  # told already that there is no room
                continue
        assert [sorted(entry) for entry in attacked.put()] == [["EventId"]]
        most = max(int(line.split()[1]) for line in status(attacked.pid) if line.startswith("VmHWM"))
        refused = [client for client in clients if answered(client) == b"HTTP/1.1 503 "]
    # Four fit into 256 MB.
    assert len(refused) == 4
    assert most < 600 * 1024  # KB


def answered(client: socket.socket) -> bytes:
    """The begin of the answer that a client has got by now; empty where it has none."""
    client.setblocking(False)
    try:
        return client.recv(13)
    except OSError:
        return b""


def status(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()


def test_headers_without_an_end_are_refused(attacked: Attacked) -> None:
    """A header of 1 MB is no header."""
    with socket.create_connection(("127.0.0.1", attacked.port), timeout=60) as client:
        try:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000)
        except OSError:
            return
        assert client.recv(100).split(b" ")[1:2] == [b"400"]


def test_a_handshake_of_tls_that_goes_wrong_is_the_clients(attacked: Attacked) -> None:
    """A client that does not trust the CA, and one that speaks an old TLS, leave no line."""
    before = attacked.stderr
    for context in (ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)):
        with (
            socket.create_connection(("127.0.0.1", attacked.port), timeout=60) as client,
            pytest.raises(ssl.SSLError),
        ):
            context.wrap_socket(client, server_hostname="localhost")
    assert [sorted(entry) for entry in attacked.put()] == [["EventId"]]
    assert attacked.stderr == before
