"""The subscriber at servers that send what AppSync never would: each end is told as a gap, and mended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from livebus.aws.subscribe import subscriber as module
from livebus.aws.subscribe.connection import MOST_KEEP_ALIVE_SECONDS, ClientConnection, _Transport
from livebus.aws.subscribe.subscriber import Subscriber
from livebus.errors import Unreachable
from livebus.subscribe.message import Gap, Message

SECONDS = 60.0
QUERY = "subscription S { onPublishMsgFromEb }"
DEEP = "[" * 100_000
MESSAGE = {"data": {"onPublishMsgFromEb": "hello"}}


def data(payload: Any, started: Any = "1") -> str:
    return json.dumps({"id": started, "type": "data", "payload": payload})


HOSTILE: dict[str, str | bytes] = {
    "list": "[1]",
    "number": "5",
    "null": "null",
    "text": '"data"',
    "empty": "",
    "no JSON": "{",
    "deep": DEEP,
    "deep member": '{"type": "ka", "x": ' + DEEP,
    "binary": b"\x00\xff",
    "no type": "{}",
    "type of another type": '{"type": {"a": 1}}',
    "unknown type": '{"type": "surprise"}',
    "payload is a list": data([1]),
    "payload is a text": data("x"),
    "payload is missing": '{"id": "1", "type": "data"}',
    "payload is empty": data({}),
    "data is a text": data({"data": "x"}),
    "data is a list": data({"data": [1]}),
    "errors are a number": data({"data": None, "errors": 5}),
    "errors are texts": data({"data": None, "errors": ["x"]}),
    "id is a list": data(MESSAGE, [1]),
    "id is an object": data(MESSAGE, {}),
    "id is no number": data(MESSAGE, "x"),
    "id is missing": json.dumps({"type": "data", "payload": MESSAGE}),
    "id is endless": data(MESSAGE, "9" * 5000),
    "error with an id that is a list": '{"type": "error", "id": [1], "payload": {}}',
    "error with a payload that is a number": '{"type": "error", "id": "1", "payload": 5}',
    "errors without a payload": '{"type": "error"}',
    "connection error": '{"type": "connection_error", "payload": [[]]}',
    "complete with an id that is an object": '{"type": "complete", "id": {}}',
    "acknowledged again, endlessly alive": '{"type": "connection_ack", "payload": {"connectionTimeoutMs": 1' + "0" * 4000 + "}}",
    "acknowledged with a list": '{"type": "connection_ack", "payload": [1]}',
    "lone surrogate": '{"type": "\\ud800"}',
}  # fmt: skip


class Hostile:
    """An AppSync that sends these frames on its first connection once the subscription stands, and a message on each."""

    def __init__(self, frames: Sequence[str | bytes], *, early: bool = False) -> None:
        self.connections = 0
        self._frames = frames
        self._early = early

    async def __call__(self, connection: ServerConnection) -> None:
        self.connections += 1
        first = self.connections == 1
        async for frame in connection:
            document = json.loads(frame)
            if document["type"] == "connection_init":
                if self._early:
                    for each in self._frames:
                        await connection.send(each)
                await connection.send('{"type": "connection_ack", "payload": {"connectionTimeoutMs": 300000}}')
            elif document["type"] == "start":
                await connection.send(json.dumps({"type": "start_ack", "id": document["id"]}))
                if first and not self._early:
                    for each in self._frames:
                        await connection.send(each)
                await connection.send(data(MESSAGE, document["id"]))


async def received(server: Hostile, count: int, **options: Any) -> list[Message | Gap]:
    """What the first items are."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async with serve(server, "127.0.0.1", 0, subprotocols=["graphql-ws"]) as running:  # type: ignore[list-item]
        port = running.sockets[0].getsockname()[1]
        subscriber = Subscriber(
            realtime_url=f"ws://127.0.0.1:{port}/graphql", host="x", token=lambda: "token", sleep=sleep, **options
        )
        async with asyncio.timeout(SECONDS), subscriber.subscribe(QUERY) as subscription:
            return [await anext(subscription) for _ in range(count)]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_is_a_loss_that_is_told_and_mended(name: str) -> None:
    """A gap with a reason, no longer than a line, and then messages again: on the next connection."""
    told: list[str] = []
    server = Hostile([HOSTILE[name]])
    gap, message = asyncio.run(received(server, 2, lost=told.append))
    assert isinstance(gap, Gap)
    assert isinstance(message, Message)
    assert message.data == MESSAGE["data"]
    assert server.connections == 2
    assert [gap.reason] == told
    assert 0 < len(gap.reason) < 400


@pytest.mark.parametrize("name", ["list", "deep", "binary", "type of another type"])
def test_whatever_comes_before_the_subscription_stands_is_an_error(name: str) -> None:
    """The first connection is not tried again: it says what came."""
    with pytest.raises(Unreachable):
        asyncio.run(received(Hostile([HOSTILE[name]], early=True), 1))


def test_a_reader_that_dies_of_anything_else_is_a_loss_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the task that reads: nobody waits for ever for what it does not read."""

    async def die(self: Any, *answer: Any) -> None:
        if not died:
            died.append(1)
            raise ZeroDivisionError("a fault of ours")
        await receive(self, *answer)

    died: list[int] = []
    receive = _Transport._receive_message
    monkeypatch.setattr(_Transport, "_receive_message", die)
    gap, message = asyncio.run(received(Hostile([]), 2))
    assert isinstance(gap, Gap)
    assert isinstance(message, Message)


def test_a_connection_that_falls_again_and_again_is_not_taken_up_in_a_hot_loop() -> None:
    """The pauses grow to half a minute: at the longest ones three in the first second, and twelve in two minutes."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) >= 12:
            enough.set()
            await asyncio.Event().wait()

    class Falling(Hostile):
        async def __call__(self, connection: ServerConnection) -> None:
            self._frames, self.connections = ["[1]"], 0
            await super().__call__(connection)

    async def check() -> None:
        async with serve(Falling([]), "127.0.0.1", 0, subprotocols=["graphql-ws"]) as running:  # type: ignore[list-item]
            port = running.sockets[0].getsockname()[1]
            subscriber = Subscriber(
                realtime_url=f"ws://127.0.0.1:{port}/graphql",
                host="x",
                token=lambda: "token",
                sleep=sleep,
                uniform=lambda low, high: high,
            )
            async with asyncio.timeout(SECONDS), subscriber.subscribe(QUERY):
                await enough.wait()

    enough = asyncio.Event()
    asyncio.run(check())
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]


@pytest.mark.parametrize("life", [-5.0, 0.0, 0.001])
def test_a_token_without_a_life_is_not_refreshed_in_a_hot_loop(life: float) -> None:
    """However short it is said to be: once in five seconds."""
    asked: list[float] = []
    time = [0.0]

    async def sleep(seconds: float) -> None:
        time[0] += seconds
        if time[0] > 60:
            over.set()
            await asyncio.Event().wait()

    def token() -> str:
        asked.append(time[0])
        return "token"

    subscriber = Subscriber(
        realtime_url="ws://127.0.0.1:1/graphql", host="x", token=token, refresh_in=lambda: life, sleep=sleep
    )

    async def check() -> None:
        task = asyncio.create_task(subscriber.keep_token_fresh())
        async with asyncio.timeout(SECONDS):
            await over.wait()
        task.cancel()

    over = asyncio.Event()

    asyncio.run(check())
    assert len(asked) <= 60 / module.REFRESH_SECONDS + 1


def test_the_keep_alive_that_a_server_names_is_bounded() -> None:
    """An endless one would be silence for ever."""

    async def check() -> list[float]:
        transport = ClientConnection("ws://127.0.0.1:1/graphql", "x", "token")._transport
        found = []
        for milliseconds in ("1e9", "0", "true", "60000", "1000000000000"):
            transport._parse_answer(
                f'{{"type": "connection_ack", "payload": {{"connectionTimeoutMs": {milliseconds}}}}}'
            )
            found.append(float(transport.keep_alive_timeout))
        return found

    assert asyncio.run(check()) == [300.0, 300.0, 300.0, 60.0, MOST_KEEP_ALIVE_SECONDS]
