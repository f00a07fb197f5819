"""The publisher at servers and journals that lie: it ends in time, and says what it found."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.sink_process import EventSink

PROJECT = Path(__file__).parents[2]
SECONDS = 180.0
# The limits of the engines, shorter; what runs then is the command itself.
HASTY = """
import sys
from livebus.aws.direct import http_connection
http_connection.READ_SECONDS = 2
from livebus.aws.publish import boto3_engine, bulk_engine
from livebus.aws import deadline
bulk_engine.READ_SECONDS = boto3_engine.REQUEST_SECONDS = boto3_engine.CALL_SECONDS = 2
from livebus.cli.publish import run
sys.exit(run.main(sys.argv[1:], project=__import__("pathlib").Path("/nowhere")))
"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 10000\r\n\r\n{"


@contextmanager
def dripping() -> Iterator[str]:
    """A server that answers with a byte a second, for ever. Gives its URL."""
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65_536)
                connection.sendall(ANSWER)
                while not ended.wait(1.0):
                    connection.sendall(b" ")
            except OSError:
                pass

    def accept(server: socket.socket) -> None:
        while not ended.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)


def events(folder: Path, count: int) -> Path:
    file = folder / "events.ndjson"
    entry = '{"Source":"my.app","DetailType":"Order","Detail":{"n":%d}}\n'
    file.write_text("".join(entry % number for number in range(count)))
    return file


def publish(folder: Path, url: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-c", HASTY, "--endpoint-url", url, "--bus", "orders", "--max-attempts", "2", *arguments],
        check=False,
        cwd=folder,
        env={**inherited, **keys, "AWS_CONFIG_FILE": os.devnull, "PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@pytest.mark.parametrize("count", [1, 2000], ids=["blocking", "many"])
@pytest.mark.parametrize("engine", ["bulk", "boto3"])
def test_a_server_that_sends_a_byte_a_second_ends_no_engine(engine: str, count: int, tmp_path: Path) -> None:
    """The whole request has a deadline; what it carried may have been accepted, and is told so."""
    with dripping() as url:
        done = publish(tmp_path, url, "--engine", engine, "--no-bus-check", events(tmp_path, count))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", ["bulk", "boto3"])
def test_nor_the_question_whether_the_bus_is_there(engine: str, tmp_path: Path) -> None:
    """It is a request like others."""
    with dripping() as url:
        done = publish(tmp_path, url, "--engine", engine, events(tmp_path, 1))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr


def resumed(folder: Path, lines: bytes) -> tuple[int, str, list[str]]:
    """A run of 2,000 events with a journal that has the right head and these lines: exit code, stderr, what came."""
    file = events(folder, 2000)
    with EventSink(folder) as sink:
        # A run that is over before it has begun leaves a journal with the right head.
        publish(folder, sink.url, "--no-bus-check", "--max-time", "0.000001", file)
        journal = folder / "events.ndjson.journal"
        if not journal.exists():
            pytest.fail("no journal was left")
        journal.write_bytes(journal.read_bytes().split(b"\n")[0] + b"\n" + lines)
        before = len(sink.accepted()) if sink.statistics() else 0
        done = publish(folder, sink.url, "--no-bus-check", "--resume", file)
        sink.statistics()
        return done.returncode, done.stderr, sink.accepted()[before:]


def test_a_journal_that_claims_more_than_there_is_is_refused(tmp_path: Path) -> None:
    """Nothing is "published" by believing it, and the exit code says so."""
    code, told, accepted = resumed(tmp_path, b"0-999999\n")
    assert (code, accepted) == (1, [])
    assert "the input has 2000" in told.replace(",", "")


@pytest.mark.parametrize("line", [b"5-3\n", b"-5-3\n", b"+1-3\n", b" 1-3\n", b"1_0-30\n", b"0-" + b"9" * 5000 + b"\n"])
def test_a_line_that_no_journal_has_is_refused(line: bytes, tmp_path: Path) -> None:
    """Signs, blanks, ranges that end before they begin, numbers without end."""
    code, told, accepted = resumed(tmp_path, line)
    assert (code, accepted) == (2, [])
    assert "not a journal" in told


def test_a_head_without_an_end_is_refused(tmp_path: Path) -> None:
    """A hundred thousand brackets are one line to the user."""
    file = events(tmp_path, 2000)
    (tmp_path / "events.ndjson.journal").write_text("[" * 100_000 + "\n")
    done = publish(tmp_path, "http://127.0.0.1:1", "--no-bus-check", "--resume", file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_true_journal_is_believed(tmp_path: Path) -> None:
    """What is left is published."""
    code, _, accepted = resumed(tmp_path, b"0-1989\n1995-1999\n")
    assert (code, accepted) == (0, [str(number) for number in range(1990, 1995)])
