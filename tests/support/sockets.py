"""
A WebSocket that speaks AppSync's protocol frame by frame, for what gql hides.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from support.waiting import SECONDS

T = TypeVar("T")
Frame = dict[str, Any]

SUBSCRIPTION = "subscription { onPublishMsgFromEb }"


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine, no longer than a test may take."""

    async def limited() -> T:
        async with asyncio.timeout(SECONDS * 2):
            return await test

    return asyncio.run(limited())


class Socket:
    """One connection; ``header`` is what authorizes it and its subscriptions."""

    def __init__(self, connection: ClientConnection, header: Mapping[str, str]) -> None:
        self.connection = connection
        self.header = header

    async def send(self, frame: Frame) -> None:
        await self.connection.send(json.dumps(frame))

    async def receive(self) -> Frame:
        """The next frame that is no ``ka``."""
        async with asyncio.timeout(SECONDS):
            while True:
                frame: Frame = json.loads(await self.connection.recv())
                if frame != {"type": "ka"}:
                    return frame

    async def init(self) -> Frame:
        await self.send({"type": "connection_init"})
        return await self.receive()

    async def start(self, subscription_id: str, query: str = SUBSCRIPTION) -> Frame:
        """Start a subscription, and return the answer."""
        extensions = {"authorization": dict(self.header)}
        payload = {"data": json.dumps({"query": query, "variables": {}}), "extensions": extensions}
        await self.send({"id": subscription_id, "type": "start", "payload": payload})
        return await self.receive()

    async def message(self) -> Any:
        """The value of the next data frame."""
        frame = await self.receive()
        assert frame["type"] == "data", frame
        return frame["payload"]["data"]["onPublishMsgFromEb"]


@asynccontextmanager
async def opened(url: str, header: Mapping[str, str], **options: Any) -> AsyncIterator[Socket]:
    """A socket that is connected, with its header in the subprotocol, as Amplify and Apollo send it."""
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    subprotocols: Any = ["graphql-ws", f"header-{encoded}"]
    async with connect(url, subprotocols=subprotocols, max_size=None, proxy=None, **options) as connection:
        yield Socket(connection, header)


@asynccontextmanager
async def subscribed(url: str, token: str, count: int = 1) -> AsyncIterator[Socket]:
    """A socket with subscriptions ``0`` to ``count - 1``, all of them confirmed."""
    header = {"Authorization": token, "host": urlsplit(url).netloc}
    async with opened(url, header) as socket:
        assert (await socket.init())["type"] == "connection_ack"
        for number in range(count):
            assert await socket.start(str(number)) == {"type": "start_ack", "id": str(number)}
        yield socket
