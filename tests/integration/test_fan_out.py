"""Many subscribers, and those that stop, die, or do not read."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from livebus.realtime import RealtimeSettings
from livebus.runtime.appsync import realtime_session
from livebus.subscription import SubscriptionSettings
from support.running import RunningRuntime
from support.sockets import SUBSCRIPTION, Socket, opened, run, subscribed


@pytest.fixture
def url(runtime: RunningRuntime) -> str:
    return str(runtime.outputs["RealtimeUrl"])


@pytest.fixture
def token(runtime: RunningRuntime) -> str:
    return runtime.tokens()["AccessToken"]


def test_a_hundred_subscribers_on_five_connections_get_everything(
    runtime: RunningRuntime, url: str, token: str
) -> None:
    """Twenty subscriptions on each of five connections get each of ten messages once, in order."""
    messages = [f"message {number}" for number in range(10)]

    async def all_of(connection: Socket) -> dict[str, list[str]]:
        got: dict[str, list[str]] = {str(number): [] for number in range(20)}
        for _ in range(20 * len(messages)):
            frame = await connection.receive()
            got[frame["id"]].append(frame["payload"]["data"]["onPublishMsgFromEb"])
        return got

    async def check() -> list[dict[str, list[str]]]:
        async with AsyncExitStack() as stack:
            connections = [await stack.enter_async_context(subscribed(url, token, 20)) for _ in range(5)]
            await asyncio.to_thread(runtime.put, *messages)
            return await asyncio.gather(*map(all_of, connections))

    assert run(check()) == [{str(number): messages for number in range(20)}] * 5


def test_the_hundred_and_first_subscription_of_a_connection_is_refused(
    runtime: RunningRuntime, url: str, token: str
) -> None:
    """A connection holds a hundred subscriptions; AppSync's error for one more is an object."""

    async def check() -> Any:
        async with subscribed(url, token, 100) as connection:
            return await connection.start("one more")

    errors = run(check())["payload"]["errors"]
    expected = {"errorType": "MaxSubscriptionsReachedError", "message": "Max number of 100 subscriptions reached"}
    assert errors == expected


def test_a_stopped_subscription_is_completed_and_gets_nothing_more(
    runtime: RunningRuntime, url: str, token: str
) -> None:
    """After ``stop`` comes ``complete``; the connection's other subscription goes on."""

    async def check() -> list[Any]:
        async with subscribed(url, token, 2) as connection:
            await connection.send({"type": "stop", "id": "0"})
            completed = await connection.receive()
            await asyncio.to_thread(runtime.put, "after the stop")
            return [completed, await connection.receive()]

    completed, data = run(check())
    assert completed == {"type": "complete", "id": "0"}
    assert (data["type"], data["id"]) == ("data", "1")


def test_a_client_that_dies_is_forgotten(runtime: RunningRuntime, url: str, token: str) -> None:
    """A socket that is reset without a close frame leaves no subscription behind, and others get what they get."""

    async def check() -> Any:
        before = await asyncio.to_thread(runtime.subscribers)
        async with subscribed(url, token) as survivor:
            async with subscribed(url, token) as victim:
                victim.connection.transport.abort()
                await asyncio.to_thread(runtime.wait_for_subscribers, before + 1)
                await asyncio.to_thread(runtime.put, "after the death")
                with pytest.raises(ConnectionClosedError):
                    await victim.receive()
            return await survivor.message()

    assert run(check()) == "after the death"


def test_a_client_that_does_not_read_is_dropped(runtime: RunningRuntime, url: str, token: str) -> None:
    """What is kept for a client that does not read is bounded: it is dropped, with a line, and others miss nothing."""
    message = "x" * 200_000
    # More than the bound and the kernel's buffers hold together.
    count = realtime_session.MAX_UNSENT_BYTES // len(message) * 3

    async def check() -> int:
        before = await asyncio.to_thread(runtime.subscribers)
        async with subscribed(url, token) as reader, subscribed(url, token) as sleeper:
            sleeper.connection.transport.pause_reading()
            arrived = 0
            for _ in range(count // 5):
                await asyncio.to_thread(runtime.put, *[message] * 5)
                for _ in range(5):
                    arrived += (await reader.message()) == message
            await asyncio.to_thread(runtime.wait_for_subscribers, before + 1)
            sleeper.connection.transport.abort()
            return arrived

    assert run(check()) == count // 5 * 5
    assert "8388608 bytes unread" in runtime.wait_for_line("a subscriber at 127.0.0.1 was dropped")


def test_ten_slow_or_dead_subscribers_among_a_hundred_delay_nobody(
    runtime: RunningRuntime, url: str, token: str
) -> None:
    """Five clients that never read, with twenty subscriptions each, and five that died: ninety others get everything."""
    messages = [f"{number:02} " + "x" * 20_000 for number in range(50)]

    async def all_of(connection: Socket) -> list[str]:
        return [await connection.message() for _ in messages]

    async def check() -> list[list[str]]:
        before = await asyncio.to_thread(runtime.subscribers)
        async with AsyncExitStack() as stack:
            readers = [await stack.enter_async_context(subscribed(url, token)) for _ in range(90)]
            slow = [await stack.enter_async_context(subscribed(url, token, 20)) for _ in range(5)]
            dead = [await stack.enter_async_context(subscribed(url, token)) for _ in range(5)]
            for each in slow:
                each.connection.transport.pause_reading()
            for each in dead:
                each.connection.transport.abort()
            reading = asyncio.gather(*map(all_of, readers))
            for start in range(0, len(messages), 5):
                await asyncio.to_thread(runtime.put, *messages[start : start + 5])
            received = await reading
            await asyncio.to_thread(runtime.wait_for_subscribers, before + 90)
            for each in slow:
                each.connection.transport.abort()
            return received

    assert run(check()) == [messages] * 90


def test_the_size_of_a_message_is_a_setting(start_runtime: Any) -> None:
    """A message over the limit is dropped and told of; the next one, which fits, arrives."""
    runtime = start_runtime(subscriptions=SubscriptionSettings(max_payload=100))

    async def check() -> str:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as connection:
            await asyncio.to_thread(runtime.put, "x" * 200, "short")
            frame = await connection.receive()
            return str(frame["payload"]["data"]["onPublishMsgFromEb"])

    assert run(check()) == "short"
    assert "more than 100" in runtime.wait_for_line("reached 1 subscriber")


def test_a_connection_ends_after_its_lifetime(start_runtime: Any) -> None:
    """AppSync closes a connection after 24 hours: the client gets the close frame with its reason."""
    runtime = start_runtime(realtime=RealtimeSettings(lifetime=0.3))

    async def check() -> tuple[int, str]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as connection:
            with pytest.raises(ConnectionClosedOK) as closed:
                await connection.receive()
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code, closed.value.rcvd.reason

    assert run(check()) == (1001, "Connection lifetime exceeded")
    assert runtime.subscribers() == 0


def test_a_refused_connection_is_closed_after_a_while(start_runtime: Any) -> None:
    """After connection_error the socket stays open so that it can be read, then it is closed with 1000."""
    runtime = start_runtime(realtime=RealtimeSettings(linger=0.1))

    async def check() -> tuple[str, int]:
        header = {"Authorization": "nonsense", "host": runtime.host}
        async with opened(str(runtime.outputs["RealtimeUrl"]), header) as connection:
            refused = await connection.receive()
            with pytest.raises(ConnectionClosedOK) as closed:
                await connection.receive()
            assert closed.value.rcvd is not None
            return refused["type"], closed.value.rcvd.code

    assert run(check()) == ("connection_error", 1000)


def test_a_client_that_does_not_answer_the_close_is_cut_off(start_runtime: Any) -> None:
    """A close frame that nobody answers does not keep the socket open."""
    runtime = start_runtime(realtime=RealtimeSettings(linger=0.1))
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=20) as raw:
        raw.sendall(
            b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        received = b""
        while chunk := raw.recv(65536):
            received += chunk
    assert received.endswith(b"\x88\x02\x03\xe8")


def test_keep_alives_come(start_runtime: Any) -> None:
    """``ka`` follows connection_ack, and comes again and again."""
    runtime = start_runtime(realtime=RealtimeSettings(keep_alive=0.1))

    async def check() -> list[str]:
        header = {"Authorization": runtime.tokens()["AccessToken"], "host": runtime.host}
        async with opened(str(runtime.outputs["RealtimeUrl"]), header) as connection:
            await connection.send({"type": "connection_init"})
            return [str(await connection.connection.recv()) for _ in range(4)]

    first, *others = run(check())
    assert first == '{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}'
    assert others == ['{"type":"ka"}'] * 3


def test_stopping_says_goodbye_to_subscribers(start_runtime: Any) -> None:
    """A runtime that stops closes its connections with 1001 and a reason."""
    runtime = start_runtime()

    async def check() -> tuple[int, str]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as connection:
            stopping = asyncio.create_task(asyncio.to_thread(runtime.stop))
            with pytest.raises(ConnectionClosedOK) as closed:
                await connection.receive()
            await stopping
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code, closed.value.rcvd.reason

    assert run(check()) == (1001, "the runtime stops")


@pytest.mark.parametrize("frame", [b"\xff\xfe", b"{", b"[]", b'{"type":"unknown"}', b'{"type":"start","id":1}'])
def test_a_frame_that_is_no_message_is_answered_and_the_connection_goes_on(
    runtime: RunningRuntime, url: str, token: str, frame: bytes
) -> None:
    """Nonsense is answered with an error frame; after it a subscription starts as ever."""

    async def check() -> tuple[str, Any]:
        async with opened(url, {"Authorization": token, "host": runtime.host}) as connection:
            await connection.init()
            await connection.connection.send(frame)
            return (await connection.receive())["type"], await connection.start("1", SUBSCRIPTION)

    assert run(check()) == ("error", {"type": "start_ack", "id": "1"})
