"""
Requests, handshakes and frames that no client sends, against one runtime: each gets an answer in its protocol's shape,
none a 500, and a subscriber that is connected all the while misses nothing.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from livebus.runtime.port import http_server
from support.http import Answer, request
from support.running import RunningRuntime
from support.sockets import SUBSCRIPTION, run, subscribed
from support.waiting import SECONDS

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(FEW, max_examples=150)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=40)
HEADER = TEXT.map(lambda text: text.encode("utf-8").decode("latin-1").replace("\x85", "").strip())
SOME = st.sampled_from

ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "Source": JSON,
        "DetailType": JSON,
        "Detail": JSON | JSON.map(json.dumps),
        "Time": JSON,
        "Resources": JSON,
        "EventBusName": JSON | SOME(["livebus"]),
        "TraceHeader": JSON,
    },
)
MEMBERS = SOME(
    [
        "Entries",
        "EndpointId",
        "Name",
        "NamePrefix",
        "Rule",
        "EventBusName",
        "EventPattern",
        "Event",
        "QueueUrl",
        "QueueName",
        "ReceiptHandle",
        "Entries",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "MessageBody",
        "MessageAttributes",
        "AttributeNames",
        "MessageAttributeNames",
        "ClientId",
        "AuthFlow",
        "AuthParameters",
        "Username",
        "Password",
        "UserPoolId",
        "AccessToken",
        "Session",
        "ChallengeName",
        "ChallengeResponses",
    ]
)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(MEMBERS, JSON, max_size=5).map(lambda value: json.dumps(value).encode())
    | st.lists(ENTRY, max_size=12).map(lambda entries: json.dumps({"Entries": entries}).encode())
)
TARGETS = SOME(
    [
        *(
            f"AWSEvents.{name}"
            for name in ("PutEvents", "TestEventPattern", "DescribeRule", "ListRules", "DescribeEventBus")
        ),
        *(f"AWSEvents.{name}" for name in ("ListEventBuses", "ListTargetsByRule", "PutRule", "")),
        *(f"AmazonSQS.{name}" for name in ("SendMessage", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch")),
        *(
            f"AmazonSQS.{name}"
            for name in ("GetQueueAttributes", "GetQueueUrl", "ChangeMessageVisibility", "ListQueues")
        ),
        *(
            f"AWSCognitoIdentityProviderService.{name}"
            for name in ("InitiateAuth", "RespondToAuthChallenge", "SignUp", "GetUser", "AdminCreateUser", "ListUsers")
        ),
        "DynamoDB_20120810.GetItem",
        "nothing",
    ]
)


@pytest.fixture(autouse=True)
def survivor(runtime: RunningRuntime) -> Iterator[None]:
    """A subscriber that was there before the test and gets a message after it; and nothing unexpected was logged."""

    async def check(done: asyncio.Event, ready: asyncio.Event) -> Any:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as connection:
            ready.set()
            await done.wait()
            await asyncio.to_thread(runtime.put, "still here")
            while (message := await connection.message()) != "still here":
                pass
            return message

    loop = asyncio.new_event_loop()
    done, ready = asyncio.Event(), asyncio.Event()
    checking = loop.create_task(check(done, ready))
    loop.run_until_complete(asyncio.wait_for(ready.wait(), SECONDS))
    yield
    done.set()
    assert loop.run_until_complete(asyncio.wait_for(checking, SECONDS)) == "still here"
    loop.close()


def aws_shaped(answer: Answer) -> bool:
    """Whether an answer of ``POST /`` is one that an SDK reads."""
    kind = answer.headers.get_content_type()
    if kind == "text/xml":
        return ET.fromstring(answer.body).find(".//Code") is not None
    content = answer.json()
    return isinstance(content, dict) and (answer.status == 200 or {"__type", "message"} <= content.keys())


@MANY
@given(target=TARGETS, body=BODIES)
def test_any_body_of_an_aws_call_is_answered_as_aws_does(runtime: RunningRuntime, target: str, body: bytes) -> None:
    """Whatever an emulated or unknown action is given: a status below 500, and a body that an SDK reads."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    answer = request(runtime.port, "POST", "/", body=body, headers=headers)
    assert answer.status < 500
    assert aws_shaped(answer)


@FEW
@given(body=st.binary(max_size=100) | TEXT.map(lambda text: f"Action={text}".encode()))
def test_any_form_is_answered_in_xml(runtime: RunningRuntime, body: bytes) -> None:
    """What is neither JSON nor a known form gets an error of the query protocol, in well-formed XML."""
    answer = request(runtime.port, "POST", "/", body=body)
    assert answer.status == 400
    assert aws_shaped(answer)


NAMES = SOME(
    [
        "Authorization",
        "X-Amz-Target",
        "Content-Type",
        "Origin",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Accept",
        "Sec-WebSocket-Protocol",
        "x-api-key",
        "X-Amz-Date",
        "Access-Control-Request-Headers",
        "smithy-protocol",
        "Cookie",
        "Expect",
    ]
)
VALUES = HEADER | SOME(
    [
        "websocket",
        "Upgrade",
        "13",
        "http://[",
        "Bearer x.y.z",
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request",
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/appsync/aws4_request, SignedHeaders=host, Signature=0",
        "rpc-v2-cbor",
        "application/graphql",
        "AAAAAAAAAAAAAAAAAAAAAA==",
    ]
)
PATHS = SOME(
    ["/", "/graphql", "/graphql/realtime", "/graphql?query={x}", "/x/.well-known/jwks.json", "/%", "//", "/a b"]
)


@MANY
@given(
    method=SOME(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"]),
    path=PATHS | TEXT.map(lambda text: "/" + text.encode("utf-8").decode("latin-1")),
    headers=st.dictionaries(NAMES, VALUES, max_size=5),
    body=st.binary(max_size=30),
)
def test_any_request_is_answered(
    runtime: RunningRuntime, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    """Any method, path, headers and body, put on the wire as they are, get a status that is no 500, or a WebSocket."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        received = connection.recv(65536)
        if received.startswith(b"HTTP/1.1 100 "):
            received = received.partition(b"\r\n\r\n")[2] or connection.recv(65536)
    status = int(received.split(b" ", 2)[1])
    assert status < 500 or (status == 501 and headers.get("Authorization", "").startswith("AWS4"))


@FEW
@given(data=st.binary(max_size=200))
def test_any_bytes_leave_the_runtime_running(runtime: RunningRuntime, data: bytes) -> None:
    """Bytes that are no HTTP end with an error or an end of the connection, and nothing hangs."""
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass
    assert request(runtime.port, "GET", "/nothing").status == 404


@FEW
@given(body=BODIES, kind=SOME(["application/json", "application/graphql", "text/plain", "", "multipart/form-data"]))
def test_any_graphql_request_is_answered_as_appsync_does(runtime: RunningRuntime, body: bytes, kind: str) -> None:
    """A signed-in caller's nonsense gets AppSync's shape: data, errors or both."""
    headers = {"Authorization": _token(runtime), "Content-Type": kind}
    answer = request(runtime.port, "POST", "/graphql", body=body, headers=headers)
    assert answer.status in (200, 400)
    assert answer.json().keys() <= {"data", "errors"}


@FEW
@given(
    encoded=st.binary(max_size=40).map(lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="))
    | JSON.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")),
    in_query=st.booleans(),
)
def test_any_handshake_is_refused_in_a_frame(runtime: RunningRuntime, encoded: str, in_query: bool) -> None:
    """A header that authorizes nobody is told so by connection_error with a code that clients give up on."""

    async def check() -> Any:
        query = f"?header={encoded}&payload=e30=" if in_query else ""
        subprotocols: Any = ["graphql-ws"] if in_query or not encoded else ["graphql-ws", f"header-{encoded}"]
        url = f"{runtime.outputs['RealtimeUrl']}{query}"
        async with connect(url, subprotocols=subprotocols, proxy=None) as connection:
            return json.loads(await connection.recv())

    frame = run(check())
    assert frame["type"] == "connection_error"
    assert frame["payload"]["errors"][0]["errorCode"] in (400, 401, 403)


START = st.fixed_dictionaries(
    {"type": SOME(["start", "stop", "connection_init", "unknown"]) | JSON},
    optional={
        "id": JSON | SOME(["1", "2"]),
        "payload": JSON
        | st.fixed_dictionaries(
            {"extensions": SOME([{"authorization": {"Authorization": "TOKEN", "host": "h"}}]) | JSON},
            optional={
                "data": JSON
                | st.fixed_dictionaries(
                    {"query": JSON | SOME([SUBSCRIPTION, "{ placeholder }", "subscription {", "{" * 500])},
                    optional={"variables": JSON, "operationName": JSON},
                ).map(json.dumps)
            },
        ),
    },
)


@FEW
@given(frames=st.lists(START.map(json.dumps) | st.text(max_size=30) | st.binary(max_size=30), max_size=6))
def test_any_frames_are_answered_and_the_connection_goes_on(runtime: RunningRuntime, frames: list[str | bytes]) -> None:
    """Whatever a client sends on a good connection, a subscription can be started behind it."""
    token = _token(runtime)

    async def check() -> set[str]:
        header = (
            base64.urlsafe_b64encode(json.dumps({"Authorization": token, "host": "h"}).encode()).decode().rstrip("=")
        )
        subprotocols: Any = ["graphql-ws", f"header-{header}"]
        kinds = set()
        async with connect(str(runtime.outputs["RealtimeUrl"]), subprotocols=subprotocols, proxy=None) as connection:
            for frame in frames:
                await connection.send(frame.replace("TOKEN", token) if isinstance(frame, str) else frame)
            authorization = {"extensions": {"authorization": {"Authorization": token, "host": "h"}}}
            last = {
                "id": "last",
                "type": "start",
                "payload": {"data": json.dumps({"query": SUBSCRIPTION}), **authorization},
            }
            await connection.send(json.dumps(last))
            while (answer := json.loads(await connection.recv())).get("id") != "last":
                kinds.add(answer["type"])
            assert answer == {"type": "start_ack", "id": "last"}
        return kinds

    assert run(check()) <= {"error", "connection_ack", "ka", "start_ack", "complete"}


@FEW
@given(data=st.binary(min_size=1, max_size=60))
def test_any_bytes_on_a_websocket_end_it_at_most(runtime: RunningRuntime, data: bytes) -> None:
    """Bytes that are no WebSocket frame are the end of that connection, not of the runtime."""

    async def check() -> None:
        async with connect(str(runtime.outputs["RealtimeUrl"]), subprotocols=["graphql-ws"], proxy=None) as connection:  # type: ignore[list-item]
            connection.transport.write(data)
            connection.transport.write_eof()
            try:
                while True:
                    await connection.recv()
            except ConnectionClosed:
                pass

    run(check())
    assert request(runtime.port, "GET", "/nothing").status == 404


_tokens: dict[int, str] = {}


def _token(runtime: RunningRuntime) -> str:
    if runtime.port not in _tokens:
        _tokens[runtime.port] = runtime.tokens()["AccessToken"]
    return _tokens[runtime.port]


def test_a_body_that_is_too_large_is_refused(runtime: RunningRuntime) -> None:
    """More than 8 MB are refused by their announced length, and by what comes in chunks without one."""
    limit = 8 * 1024 * 1024
    assert request(runtime.port, "POST", "/", body=b"x" * (limit + 1)).status == 413
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(10):
                connection.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        except (ConnectionResetError, BrokenPipeError):
            pass
        received = connection.recv(100)
    assert received.split(b" ")[1] == b"413"


def test_an_expected_continue_is_given(runtime: RunningRuntime) -> None:
    """A client that waits for ``100 Continue`` before it sends a body gets it."""
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
            b"X-Amz-Target: AWSEvents.ListEventBuses\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("broken", [b"zz\r\n", b"5\r\nabcdefgh\r\n", b"-1\r\n\r\n"])
@pytest.mark.parametrize("path", [b"/", b"/graphql"])
def test_a_body_with_broken_chunks_is_refused(
    runtime: RunningRuntime, monkeypatch: pytest.MonkeyPatch, path: bytes, broken: bytes
) -> None:
    """Chunks that are none end the request, also when the runtime waits for its body already."""
    monkeypatch.setattr(http_server, "BODY_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(
            b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"2\r\n{}\r\n" + broken)
        received = connection.recv(65536)
    assert received.split(b" ")[1] == b"408"


def test_a_body_with_broken_compression_is_refused(runtime: RunningRuntime) -> None:
    """A body that says it is compressed and is not is no body."""
    headers = {"Content-Encoding": "gzip", "X-Amz-Target": "AWSEvents.ListEventBuses"}
    assert request(runtime.port, "POST", "/", body=b"no gzip at all", headers=headers).status == 400


def test_a_body_that_breaks_off_is_nobodys_request(runtime: RunningRuntime) -> None:
    """A client that goes away in the middle of its body is forgotten, without a line."""
    told = list(runtime.told)
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=SECONDS) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"12345")
    assert request(runtime.port, "GET", "/nothing").status == 404
    assert runtime.told == told
