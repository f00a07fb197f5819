"""The sink that publishers are tested with: unmodified boto3 takes it for EventBridge, and it fails in the ways it says."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support.http import request
from support.sink_process import EventSink
from support.waiting import SECONDS


def client(url: str, **options: Any) -> Any:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=SECONDS, read_timeout=SECONDS)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", **options}
    return boto3.client("events", endpoint_url=url, region_name="us-east-1", config=config, **keys)


def entries(*numbers: int) -> list[dict[str, str]]:
    return [{"Source": "a", "DetailType": "b", "Detail": json.dumps({"n": number})} for number in numbers]


def test_boto3_is_answered_and_what_was_accepted_is_logged(tmp_path: Path) -> None:
    """Signatures are verified, the bus is asked for, and each accepted entry has its line."""
    with EventSink(tmp_path, "--verify", "--bus", "orders") as sink:
        events = client(sink.url)
        answer = events.put_events(Entries=entries(1, 2))
        assert (answer["FailedEntryCount"], len({each["EventId"] for each in answer["Entries"]})) == (0, 2)
        assert events.describe_event_bus(Name="orders")["Name"] == "orders"
        with pytest.raises(ClientError, match="Event bus other does not exist"):
            events.describe_event_bus(Name="other")
        with pytest.raises(ClientError, match="the signature does not match"):
            client(sink.url, aws_secret_access_key="other").put_events(Entries=entries(3))
        with pytest.raises(ClientError, match="1 to 10 entries, not 11"):
            events.put_events(Entries=entries(*range(11)))
        assert sink.stop()["accepted"] == 2
        assert sink.accepted() == ["1", "2"]


def test_it_speaks_tls(tmp_path: Path) -> None:
    """With a CA of its own, which it writes into a file."""
    with EventSink(tmp_path, "--tls", "CA") as sink:
        answer = client(sink.url, verify=str(sink.ca_file)).put_events(Entries=entries(1))
        assert answer["FailedEntryCount"] == 0


def test_what_exceeds_the_limit_is_throttled(tmp_path: Path) -> None:
    """One request of many at once, with a limit of one per hour."""
    with EventSink(tmp_path, "--limit", "0.0003") as sink:
        events = client(sink.url)
        codes = []
        for number in range(3):
            try:
                events.put_events(Entries=entries(number))
                codes.append("")
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        assert codes == ["ThrottlingException"] * 3
        assert sink.statistics()["throttled"] == 3


def test_final_errors_are_the_same_each_time(tmp_path: Path) -> None:
    """Which entries are always refused depends on what they are, so that a test can tell."""
    from support.event_sink import is_final

    with EventSink(tmp_path, "--final", "0.3") as sink:
        events = client(sink.url)
        for _ in range(2):
            answer = events.put_events(Entries=entries(*range(10)))
            refused = [number for number, each in enumerate(answer["Entries"]) if "ErrorCode" in each]
            assert refused == [number for number in range(10) if is_final(str(number), 0.3)]
        assert 0 < len(refused) < 10


def test_every_failure_comes(tmp_path: Path) -> None:
    """With a share of 1 each request fails, in all ways after a while; what was accepted is in the log."""
    seen: dict[str, int] = {}
    with EventSink(tmp_path, "--fail", "1", "--seed", "1") as sink:
        port = int(sink.url.rpartition(":")[2])
        acknowledged = 0
        for number in range(40):
            try:
                answer = request(
                    port,
                    "POST",
                    "/",
                    body=json.dumps({"Entries": entries(number)}).encode(),
                    headers={"X-Amz-Target": "AWSEvents.PutEvents"},
                )
                kind = str(answer.status)
                if answer.status == 200:
                    acknowledged += answer.json()["FailedEntryCount"] == 0
            except (OSError, HTTPException) as error:
                kind = type(error).__name__
            seen[kind] = seen.get(kind, 0) + 1
        counts = sink.statistics()
        from support.event_sink import FAILURES

        assert [kind for kind in FAILURES if not counts.get(kind)] == []
        assert counts["accepted"] == len(sink.accepted()) == acknowledged + counts["reset after"] + counts["cut off"]
    assert {"200", "400", "500", "503", "ConnectionResetError", "IncompleteRead"} <= set(seen)


def test_requests_may_come_before_answers_are_there(tmp_path: Path) -> None:
    """They are answered in their order, each after the latency."""
    with EventSink(tmp_path, "--latency-ms", "20") as sink:
        port = int(sink.url.rpartition(":")[2])
        bodies = [json.dumps({"Entries": entries(*range(count))}).encode() for count in (1, 2, 3)]
        with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
            for body in bodies:
                head = f"POST / HTTP/1.1\r\nX-Amz-Target: AWSEvents.PutEvents\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)
            answers = _answers(connection)
            assert [len(next(answers)["Entries"]) for _ in bodies] == [1, 2, 3]


def _answers(connection: socket.socket) -> Iterator[dict[str, Any]]:
    file = connection.makefile("rb")
    while True:
        length = 0
        while (line := file.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        yield json.loads(file.read(length))
