"""Endpoints of API destinations that mean no good: they hold nothing up, cost little memory, and lead nowhere else."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from abuse.conftest import Attack, Attacked
from support.endpoints import Endpoint
from support.waiting import until

FOREIGN = Path(__file__).parents[1] / "foreign" / "api-destination-beside.yaml"
NO_HTTP = "the endpoint gave no answer: what came is no HTTP"
CROWD = 150  # more than are called at the same time


class Hostile:
    """Answers by the last part of the path; ``elsewhere`` is where its redirects lead. ``ended`` counts cut-off bodies."""

    def __init__(self, elsewhere: str) -> None:
        self._elsewhere = elsewhere
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.ended = 0
        self._thread = threading.Thread(target=self._accept, name="hostile", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            behaviour = connection.recv(65_536).split(b" ")[1].partition(b"?")[0].rpartition(b"/")[2].decode()
            getattr(self, f"_{behaviour}")(connection)

    def _endless(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except OSError:
            self.ended += 1

    def _headers(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                connection.sendall(b"X-More: " + b"x" * 1_000 + b"\r\n")
        except OSError:
            self.ended += 1

    def _garbage(self, connection: socket.socket) -> None:
        connection.sendall(b"\x00\xff" * 1_000 + b"\r\n\r\n")

    def _silent(self, connection: socket.socket) -> None:
        connection.recv(1)  # ends when the other side does

    def _redirect(self, connection: socket.socket) -> None:
        connection.sendall(
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {self._elsewhere}/stolen\r\nContent-Length: 0\r\n\r\n".encode()
        )

    def _wait(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: -1\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def hostile(elsewhere: Endpoint) -> Iterator[Hostile]:
    endpoint = Hostile(elsewhere.url)
    yield endpoint
    endpoint.close()


@pytest.fixture(scope="module")
def runtime(attack: Attack, hostile: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    template = tmp_path_factory.mktemp("hooks") / "template.yaml"
    text = FOREIGN.read_text("utf-8").replace("InvocationRateLimitPerSecond: 10", "InvocationRateLimitPerSecond: 300")
    template.write_text(text, "utf-8")
    mapped = f"https://hooks.example.com={hostile.url}"
    return attack("--map-endpoint", mapped, "--time-scale", "1000", template=template)


def letter(runtime: Attacked, message: str) -> dict[str, Any]:
    """The attributes of the next dead letter, which has to be that of this message."""
    sqs = runtime.client("sqs")
    queue = next(url for url in sqs.list_queues()["QueueUrls"] if "-Queue-" in url)

    def received() -> Any:
        asked = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MessageAttributeNames=["All"])
        return asked.get("Messages")

    (found,) = until(received, f"a dead letter of {message!r}")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=found["ReceiptHandle"])
    assert json.loads(found["Body"])["detail"] == {"msg": message}
    return {name: value["StringValue"] for name, value in found["MessageAttributes"].items()}


def test_a_body_without_an_end(runtime: Attacked, hostile: Hostile) -> None:
    """Is not read: the status counts, and the connection is cut off."""
    runtime.put("endless", 10)

    until(lambda: hostile.ended >= 10, "ten bodies that are cut off")


def test_headers_without_an_end(runtime: Attacked) -> None:
    """Are no answer: the event becomes a dead letter once its retries have ended."""
    runtime.put("headers")

    attributes = letter(runtime, "headers")
    assert (attributes["ERROR_CODE"], attributes["ERROR_MESSAGE"]) == ("ERROR_FROM_TARGET", NO_HTTP)
    assert "EXHAUSTED_RETRY_CONDITION" in attributes


def test_what_is_no_http(runtime: Attacked) -> None:
    """Is no answer either, and what it says is told nowhere."""
    runtime.put("garbage")

    assert letter(runtime, "garbage")["ERROR_MESSAGE"] == NO_HTTP


def test_a_redirect(runtime: Attacked, elsewhere: Endpoint) -> None:
    """Is not followed, to whomever it leads."""
    runtime.put("redirect")

    attributes = letter(runtime, "redirect")
    assert attributes["ERROR_MESSAGE"] == "the endpoint answered with HTTP status 307"
    assert (attributes["RETRY_ATTEMPTS"], elsewhere.is_quiet) == ("0", True)


def test_a_retry_that_is_not_wanted(runtime: Attacked) -> None:
    """A negative Retry-After ends the tries."""
    runtime.put("wait")

    assert letter(runtime, "wait")["RETRY_ATTEMPTS"] == "0"


def test_endpoints_that_never_answer(runtime: Attacked) -> None:
    """More than are called at a time: PutEvents answers meanwhile, and what comes behind them is sent."""
    for _ in range(CROWD // 10):
        assert all("EventId" in entry for entry in runtime.put("silent", 10))
    runtime.put("redirect")

    seen = []
    while "redirect" not in seen:
        sqs = runtime.client("sqs")
        queue = next(url for url in sqs.list_queues()["QueueUrls"] if "-Queue-" in url)
        asked = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        seen += [json.loads(each["Body"])["detail"]["msg"] for each in asked.get("Messages", [])]
    assert set(seen) <= {"silent", "redirect"}
