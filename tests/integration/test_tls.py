"""TLS and plain HTTP on one port."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import SSLError
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport

from support.http import request
from support.running import RunningRuntime, entry
from support.sockets import SUBSCRIPTION, run


@pytest.fixture
def trusting(runtime: RunningRuntime) -> ssl.SSLContext:
    """A context that trusts the runtime's CA."""
    return ssl.create_default_context(cafile=str(runtime.outputs["CaFile"]))


def over_tls(runtime: RunningRuntime) -> str:
    return runtime.url.replace("http://", "https://")


def test_boto3_publishes_over_tls(runtime: RunningRuntime) -> None:
    """A boto3 client that verifies with the runtime's CA works on the same port."""
    events = runtime.client("events", endpoint_url=over_tls(runtime), verify=runtime.outputs["CaFile"])
    answer = events.put_events(Entries=[entry("secret", str(runtime.outputs["EventBusName"]))])
    assert answer["FailedEntryCount"] == 0


def test_a_client_that_does_not_trust_the_ca_fails_alone(runtime: RunningRuntime) -> None:
    """Without the CA the handshake fails; plain HTTP and TLS work on, and the runtime says nothing."""
    events = runtime.client("events", endpoint_url=over_tls(runtime), verify=True)
    told = list(runtime.told)
    with pytest.raises(SSLError):
        events.list_event_buses()
    assert request(runtime.port, "GET", "/").status == 404
    assert runtime.told == told


def test_gql_subscribes_over_tls(runtime: RunningRuntime, trusting: ssl.SSLContext) -> None:
    """``wss://`` carries subscriptions; the host in the header keeps its port."""

    async def check() -> Any:
        # Made here: gql takes the running event loop.
        transport = AppSyncWebsocketsTransport(
            str(runtime.outputs["RealtimeUrl"]).replace("ws://", "wss://"),
            auth=AppSyncJWTAuthentication(runtime.host, runtime.tokens()["AccessToken"]),
            ssl=trusting,
            connect_args={"proxy": None},
        )
        before = await asyncio.to_thread(runtime.subscribers)
        async with Client(transport=transport) as session:
            results = session.subscribe(gql(SUBSCRIPTION))
            waiting = asyncio.ensure_future(anext(results))
            await asyncio.to_thread(runtime.wait_for_subscribers, before + 1)
            await asyncio.to_thread(runtime.put, "x" * 100_000)
            message = await waiting
            await results.aclose()
            return message["onPublishMsgFromEb"]

    assert run(check()) == "x" * 100_000


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_this_machines_names(
    runtime: RunningRuntime, trusting: ssl.SSLContext, name: str
) -> None:
    """The certificate names loopback, by name and by address."""
    connection = http.client.HTTPSConnection(name, runtime.port, context=trusting, timeout=20)
    connection.request("GET", "/nothing")
    assert connection.getresponse().status == 404
    connection.close()


def test_broken_handshakes_leave_the_port_working(runtime: RunningRuntime) -> None:
    """Connections that say nothing, begin TLS and stop, or send what is no HTTP do not disturb anybody."""
    told = list(runtime.told)
    silent = [socket.create_connection(("127.0.0.1", runtime.port)) for _ in range(3)]
    silent[1].sendall(b"\x16")
    silent[2].sendall(b"\x16\x03\x01\x00\x05hello")
    assert request(runtime.port, "GET", "/").status == 404
    for connection in silent:
        connection.close()
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=20) as garbage:
        garbage.sendall(b"\x00\x01\x02 nothing\r\n\r\n")
        assert garbage.recv(100).split(b" ")[1] == b"400"
    assert request(runtime.port, "GET", "/").status == 404
    assert runtime.told == told


def test_the_ca_stays_the_same(start_runtime: Any) -> None:
    """A client that trusts the CA goes on trusting it after a restart."""
    first = start_runtime()
    ca = Path(first.outputs["CaFile"]).read_text()
    first.stop()
    second = start_runtime(state=first.settings.state)
    assert Path(second.outputs["CaFile"]).read_text() == ca
