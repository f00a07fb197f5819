"""Transcripts of real clients, and errors seen on AWS, played against a connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from livebus.realtime import (
    Connection,
    ConnectionInit,
    HandshakeFault,
    RealtimeSettings,
    Start,
    Stop,
    data_frame,
    data_prefix,
    read_handshake,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "realtime"
FILES = sorted(VECTORS.glob("*.jsonl"))


class Playback:
    """Plays one transcript: answers the connection's events as the transcript says, by default with yes."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self.connection = Connection(0.0, settings=RealtimeSettings(**limits))
        self.waiting: list[Any] = []
        self.event: object = None

    def flush(self) -> None:
        """Collects what the connection sends, after answering an event that the transcript passed over."""
        match self.event:
            case ConnectionInit():
                self.connection.accept_connection()
            case Start(id=subscription_id):
                self.connection.accept_start(subscription_id)
            case Stop(id=subscription_id):
                self.connection.complete(subscription_id)
        self.event = None
        self.waiting += [json.loads(text) for text in self.connection.messages_to_send()]

    def answer(self, answer: dict[str, Any]) -> None:
        """Answers the last event with a refusal."""
        self.event = None
        match answer:
            case {"connection": errors}:
                self.connection.refuse_connection(errors)
            case {"start": subscription_id, "errors": errors}:
                self.connection.refuse_start(subscription_id, errors)
            case _:
                raise AssertionError(f"no answer of a transcript: {answer!r}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_plays_transcript(file: Path) -> None:
    """The connection says, message for message, what the transcript's server says."""
    provenance, *lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert all(provenance[member] for member in ("source", "how"))
    playback = Playback(next((line["settings"] for line in lines if "settings" in line), {}))

    for line in lines:
        match line:
            case {"settings": _}:
                pass
            case {"upgrade": upgrade, "header": header}:
                result = read_handshake(upgrade["path"], upgrade["query"], upgrade["subprotocols"])
                if isinstance(result, HandshakeFault):
                    assert header is None
                    playback.connection.refuse_connection(result.errors)
                else:
                    assert dict(result.header) == {name.lower(): value for name, value in header.items()}
                    assert result.endpoint_path == "/graphql"
            case {"client": text}:
                playback.flush()
                assert playback.waiting == []
                playback.event = playback.connection.receive(text, 0.0)
            case {"answer": answer}:
                playback.answer(answer)
            case {"publish": {"id": subscription_id, "payload": payload}}:
                playback.flush()
                playback.waiting.append(json.loads(data_frame(data_prefix(subscription_id), orjson.dumps(payload))))
            case {"server": expected}:
                playback.flush()
                assert playback.waiting.pop(0) == expected
            case _:
                raise AssertionError(f"no line of a transcript: {line!r}")
    playback.flush()
    assert playback.waiting == []


def test_has_a_transcript_of_each_client() -> None:
    """None of the three clients is missing."""
    clients = {file.stem.split("_")[0] for file in FILES if file.stem.endswith("_delivered")}

    assert clients == {"amplify", "apollo", "gql"}
