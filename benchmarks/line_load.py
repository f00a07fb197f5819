"""
What ``line.py`` sends to its servers: events in batches, one event at a time, subscribers that connect, a page that looks on.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import resource
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from line_servers import BUS, MiniStack, Runtime, Server, aws_call, entry, headers

BATCH = 10
MESSAGE = "x" * 200
ARRIVAL_DEADLINE = 60.0
_TOKEN = re.compile(r'name="livebus-page" content="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Load:
    """How long, and on how many HTTP connections."""

    seconds: float
    connections: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Events a second until the last one arrived; microseconds of the server's processor time for each; our own share of a core."""

    rate: float
    cpu: float
    own: float


async def through_the_line(runtime: Runtime, load: Load, *, page: bool = False) -> Flow:
    """PutEvents to the messages at one subscriber's socket; with a page open that shows the events, where it is asked for."""
    async with aiohttp.ClientSession() as session:
        socket = await subscribe(session, runtime.outputs)
        received = 0

        async def count() -> None:
            nonlocal received
            while True:
                await socket.receive()
                received += 1

        counting = asyncio.ensure_future(count())
        async with _page(session, runtime.endpoint, is_open=page):
            flow = await _flow(session, runtime, runtime.outputs["EventBusName"], lambda: received, load=load)
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        await socket.close()
    return flow


async def to_a_queue(server: MiniStack, load: Load) -> Flow:
    """PutEvents to a rule's queue. Nobody reads the queue: how many messages it has is asked once all were sent."""
    server.empty()
    async with aiohttp.ClientSession() as session:
        return await _flow(session, server, BUS, server.arrived, load=load)


async def _flow(
    session: aiohttp.ClientSession, server: Server, bus: str, arrived: Callable[[], int], *, load: Load
) -> Flow:
    body = json.dumps({"Entries": [entry(MESSAGE, bus)] * BATCH}).encode()
    target = headers("AWSEvents.PutEvents")
    sent = 0
    used, own = server.cpu_seconds(), cpu_seconds()
    started = time.perf_counter()

    async def publish() -> None:
        nonlocal sent
        while time.perf_counter() - started < load.seconds:
            async with session.post(server.endpoint, data=body, headers=target) as response:
                answer = await response.read()
                if b'"FailedEntryCount":0' not in answer.replace(b" ", b""):
                    raise SystemExit(f"an event was not taken: {answer[:200]!r}")
                sent += BATCH

    await asyncio.gather(*(publish() for _ in range(load.connections)))
    async with asyncio.timeout(ARRIVAL_DEADLINE):
        while arrived() < sent:  # noqa: ASYNC110 - an Event would cost each message something
            await asyncio.sleep(0.001)
    took = time.perf_counter() - started
    return Flow(sent / took, (server.cpu_seconds() - used) / sent * 1e6, (cpu_seconds() - own) / took)


async def latency(runtime: Runtime, events: int) -> list[float]:
    """Seconds from sending a PutEvents request to the message at the subscriber's socket, one event at a time."""
    body = json.dumps({"Entries": [entry(MESSAGE, runtime.outputs["EventBusName"])]}).encode()
    target = headers("AWSEvents.PutEvents")
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        socket = await subscribe(session, runtime.outputs)
        for _ in range(events):
            started = time.perf_counter()
            posting = asyncio.ensure_future(session.post(runtime.endpoint, data=body, headers=target))
            await socket.receive()
            times.append(time.perf_counter() - started)
            (await posting).release()
        await socket.close()
    return times


async def connecting(runtime: Runtime, connections: int) -> float:
    """Milliseconds of the runtime's processor time from a subscriber's TCP connect to its start_ack, one after another."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        authorization = await signed_in(runtime.outputs)
        used = runtime.cpu_seconds()
        sockets = [await _subscribed(session, runtime.outputs, authorization) for _ in range(connections)]
        took = runtime.cpu_seconds() - used
        for socket in sockets:
            await socket.close()
    return took / connections * 1000


async def signed_in(outputs: dict[str, Any]) -> dict[str, str]:
    answer = await asyncio.to_thread(
        aws_call,
        outputs["EndpointUrl"],
        "AWSCognitoIdentityProviderService.InitiateAuth",
        {
            "ClientId": outputs["UserPoolClientId"],
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": outputs["UserName"], "PASSWORD": outputs["Password"]},
        },
    )
    return {"host": "localhost", "Authorization": answer["AuthenticationResult"]["AccessToken"]}


async def subscribe(session: aiohttp.ClientSession, outputs: dict[str, Any]) -> aiohttp.ClientWebSocketResponse:
    return await _subscribed(session, outputs, await signed_in(outputs))


async def _subscribed(
    session: aiohttp.ClientSession, outputs: dict[str, Any], authorization: dict[str, str]
) -> aiohttp.ClientWebSocketResponse:
    header = base64.b64encode(json.dumps(authorization).encode()).decode()
    url = f"{outputs['RealtimeUrl']}?header={header}&payload=e30="
    socket = await session.ws_connect(url, protocols=("graphql-ws",), compress=0)
    await socket.send_json({"type": "connection_init"})
    data = json.dumps({"query": "subscription { onPublishMsgFromEb }"})
    payload = {"data": data, "extensions": {"authorization": authorization}}
    await socket.send_json({"id": "1", "type": "start", "payload": payload})
    while (await socket.receive_json())["type"] != "start_ack":
        pass
    return socket


@asynccontextmanager
async def _page(session: aiohttp.ClientSession, endpoint: str, *, is_open: bool) -> AsyncIterator[None]:
    """The page as a browser has it open: it reads the stream of changes, and the last events anew where that has a gap."""
    if not is_open:
        yield
        return
    async with session.get(f"{endpoint}/", headers={"Accept": "text/html"}) as answer:
        found = _TOKEN.search(await answer.text())
    if found is None:
        raise SystemExit("the page has no token")
    own = {"X-Livebus-Page": found[1], "Sec-Fetch-Site": "same-origin"}
    documents = f"{endpoint}/_livebus/page"

    async def read(name: str) -> None:
        async with session.get(f"{documents}/{name}", headers=own) as answer:
            if answer.status != 200:
                raise SystemExit(f"the page's {name}: {answer.status}")
            await answer.read()

    async def look_on() -> None:
        async with session.get(f"{documents}/stream?after=0", headers=own) as stream:
            opened.set()
            async for line in stream.content:
                if json.loads(line)["kind"] == "gap":
                    await read("events?limit=500")

    opened = asyncio.Event()
    await read("events?limit=500")
    looking = asyncio.ensure_future(look_on())
    await asyncio.wait({looking, asyncio.ensure_future(opened.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
        if looking.done():
            looking.result()
            raise SystemExit("the page's stream ended")
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
