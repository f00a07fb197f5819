"""The subscriber with real gql, against a WebSocket server that speaks AppSync's protocol from a script."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from livebus.aws.subscribe import connection as connection_module
from livebus.aws.subscribe.subscriber import BUFFERED, Subscriber
from livebus.errors import Refused, Unreachable
from livebus.subscribe.message import Gap

QUERY = "subscription { onOrder }"
UNAUTHORIZED = {"errors": [{"errorType": "UnauthorizedException", "errorCode": 401, "message": "Token has expired."}]}
NOT_AUTHORIZED = {"errors": [{"errorType": "Unauthorized", "message": "Not Authorized to access onOrder"}]}


class Peer:
    """One connection as the server sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket

    async def send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def data(self, value: str) -> None:
        await self.send(type="data", id="1", payload={"data": {"onOrder": value}})

    async def receive(self) -> Any:
        return json.loads(await self._socket.recv())

    async def close(self) -> None:
        await self._socket.close()

    async def handshake(self) -> Any:
        """Take connection_init, acknowledge it, and return the start message."""
        assert (await self.receive())["type"] == "connection_init"
        await self.send(type="connection_ack", payload={"connectionTimeoutMs": 300_000})
        await self.send(type="ka")
        return await self.receive()

    async def accept(self) -> None:
        """Handshake and acknowledge the subscription."""
        start = await self.handshake()
        await self.send(type="start_ack", id=start["id"])

    async def until_closed(self) -> list[Any]:
        """Answer a stop; the messages that came before the client closed."""
        received = []
        try:
            while True:
                message = await self.receive()
                received.append(message)
                if message["type"] == "stop":
                    await self.send(type="complete", id=message["id"])
        except ConnectionClosed:
            return received


Script = Callable[[Peer], Awaitable[object]]


class AppSync:
    """Plays one script per connection, the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.connections: list[Any] = []
        self.tokens = 0
        self.lost: list[str] = []
        self.gaps: list[Gap] = []
        self.pauses: list[tuple[float, float]] = []
        self.now = datetime(2026, 1, 15, tzinfo=UTC)
        self.renewals = 0
        self.unreachable: list[Exception] = []
        self.status: HTTPStatus | None = None
        self.port = 0

    def subscriber(self) -> Subscriber:
        return Subscriber(
            realtime_url=f"ws://127.0.0.1:{self.port}/graphql",
            host=f"127.0.0.1:{self.port}",
            token=self._token,
            lost=self.lost.append,
            renew=self._renew,
            now=lambda: self.now,
            sleep=self._sleep,
            uniform=self._uniform,
        )

    def _token(self) -> str:
        if self.unreachable:
            raise self.unreachable.pop(0)
        self.tokens += 1
        return f"token-{self.tokens}"

    def _renew(self) -> None:
        self.renewals += 1

    async def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def _uniform(self, low: float, high: float) -> float:
        self.pauses.append((low, high))
        return high


@asynccontextmanager
async def running(appsync: AppSync) -> AsyncIterator[AppSync]:
    async def play(socket: ServerConnection) -> None:
        request = socket.request
        assert request is not None
        query = parse_qs(urlsplit(request.path).query)
        appsync.connections.append(json.loads(base64.b64decode(query["header"][0])))
        script = appsync.scripts.pop(0) if len(appsync.scripts) > 1 else appsync.scripts[0]
        with suppress(ConnectionClosed):
            await script(Peer(socket))

    def refuse(socket: ServerConnection, request: Request) -> Response | None:
        return socket.respond(appsync.status, "no\n") if appsync.status else None

    async with serve(play, "127.0.0.1", 0, subprotocols=["graphql-ws"], process_request=refuse) as server:  # type: ignore[list-item]
        appsync.port = next(iter(server.sockets)).getsockname()[1]
        yield appsync


def play(test: Callable[[AppSync], Awaitable[object]], *scripts: Script) -> AppSync:
    """Run a test against a server with these scripts; one that hangs ends after a minute."""

    async def run() -> AppSync:
        async with asyncio.timeout(60), running(AppSync(*scripts)) as appsync:
            await test(appsync)
            return appsync

    return asyncio.run(run())


async def short(peer: Peer) -> None:
    """A connection that is acknowledged and closed."""
    await peer.accept()
    await peer.close()


async def before(peer: Peer) -> None:
    """One message, and the connection is closed."""
    await peer.accept()
    await peer.data("before")
    await peer.close()


async def after(peer: Peer) -> None:
    """One message, on a connection that stands until the client has enough."""
    await peer.accept()
    await peer.data("after")
    await peer.until_closed()


async def refusing(peer: Peer) -> None:
    await peer.receive()
    await peer.send(type="connection_error", payload=UNAUTHORIZED)
    await peer.until_closed()


async def take_after(appsync: AppSync) -> None:
    assert await take(appsync, 1) == [{"onOrder": "after"}]


async def take(appsync: AppSync, count: int) -> list[Any]:
    taken: list[Any] = []
    async with appsync.subscriber().subscribe(QUERY) as subscription:
        async for item in subscription:
            if isinstance(item, Gap):
                appsync.gaps.append(item)
            else:
                taken.append(item.data)
                if len(taken) == count:
                    break
    return taken


def test_messages_come_in_order() -> None:
    """gql's handshake with the token and host in the header; the data as GraphQL has it; a clean end."""
    seen: list[Any] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.handshake())
        await peer.send(type="start_ack", id="1")
        await peer.data("a")
        await peer.data("größer \x1b")
        seen.extend(await peer.until_closed())

    async def test(appsync: AppSync) -> None:
        assert await take(appsync, 2) == [{"onOrder": "a"}, {"onOrder": "größer \x1b"}]

    appsync = play(test, script)
    assert appsync.connections == [{"host": f"127.0.0.1:{appsync.port}", "Authorization": "token-1"}]
    start, stop = seen
    assert json.loads(start["payload"]["data"])["query"].split() == QUERY.split()
    assert start["payload"]["extensions"]["authorization"] == appsync.connections[0]
    assert stop == {"type": "stop", "id": "1"}


def test_entering_waits_for_the_acknowledgement() -> None:
    """Whoever publishes after entering is heard: start_ack has come by then, not only connection_ack."""
    order: list[str] = []

    async def script(peer: Peer) -> None:
        await peer.handshake()
        for _ in range(20):
            await asyncio.sleep(0)
        order.append("start_ack")
        await peer.send(type="start_ack", id="1")
        await peer.until_closed()

    async def test(appsync: AppSync) -> None:
        async with appsync.subscriber().subscribe(QUERY):
            order.append("entered")

    play(test, script)
    assert order == ["start_ack", "entered"]


def test_a_refused_connection_is_told_at_once() -> None:
    """connection_error with AppSync's reason; no second attempt."""

    async def test(appsync: AppSync) -> None:
        with pytest.raises(Unreachable) as raised:
            await take(appsync, 1)
        assert str(raised.value) == "AppSync refused the connection: UnauthorizedException: Token has expired."

    assert len(play(test, refusing).connections) == 1


def test_a_refused_subscription_is_told_at_once() -> None:
    """An error in place of start_ack, such as a field that this user may not see."""

    async def script(peer: Peer) -> None:
        start = await peer.handshake()
        await peer.send(type="error", id=start["id"], payload=NOT_AUTHORIZED)
        await peer.until_closed()

    async def test(appsync: AppSync) -> None:
        with pytest.raises(Unreachable) as raised:
            await take(appsync, 1)
        assert str(raised.value) == "AppSync refused the subscription: Unauthorized: Not Authorized to access onOrder"

    play(test, script)


def test_an_endpoint_that_is_no_api_is_told() -> None:
    """An HTTP answer in place of the upgrade names the status."""

    async def test(appsync: AppSync) -> None:
        appsync.status = HTTPStatus.NOT_FOUND
        with pytest.raises(Unreachable, match=rf"127.0.0.1:{appsync.port} refused the connection: HTTP 404. See that"):
            await take(appsync, 1)

    play(test, Peer.until_closed)


def test_nobody_there_is_told() -> None:
    """The first connection is not tried again: the words come at once."""

    async def test(appsync: AppSync) -> None:
        subscriber = Subscriber(realtime_url="ws://127.0.0.1:0/graphql", host="x", token=lambda: "t")
        with pytest.raises(Unreachable, match=r"no connection to 127.0.0.1:0: "):
            async with subscriber.subscribe(QUERY):
                pass

    play(test, Peer.until_closed)


def test_silence_in_place_of_the_acknowledgement_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never sends start_ack does not hold the client for ever."""
    monkeypatch.setattr(connection_module, "ACKNOWLEDGE_SECONDS", 0.05)

    async def script(peer: Peer) -> None:
        await peer.handshake()
        await peer.until_closed()

    async def test(appsync: AppSync) -> None:
        with pytest.raises(Unreachable, match="AppSync does not answer in time"):
            await take(appsync, 1)

    play(test, script)


def test_a_lost_connection_is_taken_up_again_with_a_fresh_token() -> None:
    """The gap is told, from the loss to the new acknowledgement, over failed attempts in between."""

    async def failed(peer: Peer) -> None:
        await peer.close()

    async def test(appsync: AppSync) -> None:
        assert await take(appsync, 2) == [{"onOrder": "before"}, {"onOrder": "after"}]

    appsync = play(test, before, failed, failed, after)
    assert [header["Authorization"] for header in appsync.connections] == [f"token-{n}" for n in range(1, 5)]
    assert appsync.pauses == [(0, 0.5), (0, 1.0), (0, 2.0)]
    assert [(gap.seconds, gap.reason) for gap in appsync.gaps] == [(3.5, appsync.lost[0])]
    assert len(appsync.lost) == 1


@pytest.mark.parametrize(
    "end",
    [
        {"type": "error", "id": "1", "payload": UNAUTHORIZED},
        {"type": "error", "payload": {"errors": [{"errorType": "InternalServerError", "message": "x"}]}},
        {"type": "complete", "id": "1"},
    ],
    ids=["expired token", "server error", "complete"],
)
def test_an_end_in_the_middle_is_a_loss(end: dict[str, Any]) -> None:
    """What AppSync ends, for a token that expired or a restart of its own, is taken up again."""

    async def first(peer: Peer) -> None:
        await peer.accept()
        await peer.send(**end)
        await peer.until_closed()

    assert len(play(take_after, first, after).lost) == 1


def test_a_refusal_after_a_loss_ends_the_iteration() -> None:
    """A user who was locked out in between is told so, after the messages that had come; a new token was tried, too."""

    async def test(appsync: AppSync) -> None:
        async with appsync.subscriber().subscribe(QUERY) as subscription:
            assert (await subscription.message()).data == {"onOrder": "before"}
            for _ in range(2):
                with pytest.raises(Refused, match="refused the connection"):
                    await subscription.message()

    appsync = play(test, before, refusing)
    assert (len(appsync.connections), appsync.renewals) == (3, 1)


def test_a_token_that_is_staler_than_it_looks_is_renewed() -> None:
    """The machine slept, say: the refused token is forgotten, and the next one lets us in."""

    appsync = play(take_after, short, refusing, after)
    assert (appsync.renewals, len(appsync.gaps)) == (1, 1)


def test_a_pool_that_does_not_answer_is_asked_again() -> None:
    """No network for the sign-in, either: that is no refusal, and the gap goes on."""

    async def test(appsync: AppSync) -> None:
        async def cut(peer: Peer) -> None:
            appsync.unreachable = [Unreachable("no network"), Unreachable("no network")]
            await short(peer)

        appsync.scripts[0] = cut
        await take_after(appsync)

    appsync = play(test, short, after)
    assert len(appsync.pauses) == 3
    assert [gap.seconds for gap in appsync.gaps] == [0.5 + 1 + 2]


def test_a_connection_that_does_not_last_is_no_new_beginning() -> None:
    """Acknowledged and closed again and again: the pauses grow, until one has stood for half a minute."""

    appsync = play(take_after, short, short, short, after)
    assert [pause[1] for pause in appsync.pauses] == [0.5, 1, 2]
    assert len(appsync.gaps) == 3


def test_messages_that_come_before_all_is_acknowledged_are_kept() -> None:
    """More than would wait otherwise: the acknowledgement of the others comes the same way."""

    async def script(peer: Peer) -> None:
        await peer.handshake()
        await peer.receive()
        await peer.send(type="start_ack", id="1")
        for number in range(BUFFERED + 20):
            await peer.data(str(number))
        await peer.send(type="start_ack", id="2")
        await peer.until_closed()

    async def test(appsync: AppSync) -> None:
        async with appsync.subscriber().subscribe(QUERY, "subscription { onSale }") as subscription:
            taken = [(await subscription.message()).value for _ in range(BUFFERED + 20)]
        assert taken == [str(number) for number in range(BUFFERED + 20)]

    play(test, script)


def test_silence_is_a_loss() -> None:
    """Where keep-alives stay out for longer than connection_ack announced, the connection is given up."""

    async def first(peer: Peer) -> None:
        await peer.accept()
        # Only now, so that a slow machine gets as far as here.
        await peer.send(type="connection_ack", payload={"connectionTimeoutMs": 20})
        await peer.send(type="ka")
        await peer.until_closed()

    assert "keep-alive" in play(take_after, first, after).lost[0]


def test_a_proxy_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY and its kin are for the world outside."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.data("a")
        await peer.until_closed()

    async def test(appsync: AppSync) -> None:
        assert await take(appsync, 1) == [{"onOrder": "a"}]

    play(test, script)
