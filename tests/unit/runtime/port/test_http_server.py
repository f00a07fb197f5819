"""The HTTP side of the port: which path is answered by whom, what a body may be, who waits and who works."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp import web

from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.page.history import SENDER
from livebus.runtime.port import answers, bodies, http_server
from livebus.runtime.port.callers import Gate
from support.http import Answer
from support.serving import Client, Port, answering, until

PUT_EVENTS = "AWSEvents.PutEvents"


def serving(ask: Callable[[Port], Awaitable[Any]], port: Port | None = None) -> Any:
    """What ``ask`` returns of a port that serves it."""

    async def served() -> Any:
        async with port or Port() as open_port:
            return await ask(open_port)

    return asyncio.run(served())


def asked(
    method: str, path: str, body: bytes = b"", /, *, port: Port | None = None, host: str = "localhost", **headers: str
) -> Answer:
    """The answer to one request."""
    got: Answer = serving(lambda each: each.request(method, path, body, host=host, **headers), port)
    return got


def text(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body.decode()


def scope(service: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, SignedHeaders=h"


# --- who answers ----------------------------------------------------------------------------------------------------


def test_a_call_reaches_its_service() -> None:
    """``POST /`` is the AWS endpoint, whose answer goes out as it is."""
    port = Port()
    port.service.answers = lambda _action, body: {"got": body}
    answer = asked("POST", "/", b'{"a": 1}', port=port, X_Amz_Target=PUT_EVENTS)
    assert (answer.status, answer.json()) == (200, {"got": {"a": 1}})
    assert port.service.asked == [("PutEvents", {"a": 1})]
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-requestid"] == "request-1"
    assert "access-control-allow-origin" not in answer.headers


def test_a_signed_get_is_a_call_of_the_query_protocol() -> None:
    """Its query is the form; without a signature it is nobody's."""
    answer = asked("GET", "/?Action=Who&Name=n", Authorization=scope("sts"))
    assert (answer.status, b"<WhoResult><Action>Who</Action><Name>n</Name></WhoResult>" in answer.body) == (200, True)
    assert text(asked("GET", "/?Action=Who")) == (404, "Not Found: Nothing answers to GET / here.\n")
    assert asked("HEAD", "/?Action=Who", Authorization=scope("sts")).status == 501


def test_s3_gets_a_request_as_it_came() -> None:
    """Path and query percent-encoded, the host without its port, the body; whatever the path."""
    port = Port()
    answer = asked(
        "PUT", "/bucket/a%20b?x=%2F", b"text", port=port, host="bucket.localhost:4566", Authorization=scope("s3")
    )
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"object", "text/x")
    (got,) = port.s3.asked
    assert (got.method, got.host, got.path, got.query, got.body) == (
        *("PUT", "bucket.localhost", "/bucket/a%20b", "x=%2F", b"text"),
    )
    assert got.headers["authorization"] == scope("s3")


def test_the_host_of_s3_may_have_no_port() -> None:
    """Nor any Host header: where other machines are served, that is for S3 to judge."""

    async def ask(port: Port) -> None:
        client = await port.client()
        client.writer.write(f"GET /b HTTP/1.0\r\nAuthorization: {scope('s3')}\r\n\r\n".encode())
        await client.rest()
        await port.request("GET", "/b", host="[::1]:80", Authorization=scope("s3"))
        await port.request("GET", "/b", host="localhost", Authorization=scope("s3"))

    port = Port(gate=Gate(check_host=False))
    serving(ask, port)
    assert [each.host for each in port.s3.asked] == ["", "[::1]", "localhost"]


@pytest.mark.parametrize("path", ["/2015-03-31/functions/f/invocations", "/2015-03-31/functions"])
def test_lambda_is_answered_by_the_functions(path: str) -> None:
    """Where it is signed for; else a page of the web could let the browser invoke functions."""
    kept: list[Any] = []
    port = Port(functions=answering(HttpAnswer(202, {"x-a": "b"}, b"done"), kept))
    answer = asked("POST", f"{path}?Qualifier=1", b"{}", port=port, Authorization=scope("lambda"))
    assert (answer.status, answer.headers["x-a"], answer.body) == (202, "b", b"done")
    ((method, raw_path, query, headers, body),) = kept
    assert (method, raw_path, query, body) == ("POST", path, "Qualifier=1", b"{}")
    assert headers["Authorization"] == scope("lambda")

    kept.clear()
    unsigned = asked("POST", path, port=Port(functions=answering(HttpAnswer(200, {}, b""), kept)))
    assert (unsigned.status, unsigned.headers["x-amzn-requestid"], kept) == (403, "id-1", [])
    assert asked("POST", path, Authorization=scope("lambda")).status == 501


def test_faults_are_switched_at_their_path() -> None:
    """With what the request has; without a control there is nothing at that path."""
    kept: list[Any] = []
    port = Port(fault_control=answering(HttpAnswer(200, {}, b"faults"), kept))
    assert text(asked("PUT", "/_livebus/faults", b"{}", port=port)) == (200, "faults")
    ((method, headers, body),) = kept
    assert (method, headers["Host"], body) == ("PUT", "localhost", b"{}")
    assert asked("PUT", "/_livebus/faults", b"{}").status == 404


def test_put_events_fails_where_faults_say_so() -> None:
    """The faults that are switched on see the request and its body; while there are none, they are not asked."""

    class Faults:
        any_of_requests = True

        def of_request(self) -> tuple[float, None]:
            answers.append("asked")
            return 0.0, None

    answers: list[str] = []
    faults = Faults()
    assert asked("POST", "/", b"{}", port=Port(faults=faults), X_Amz_Target=PUT_EVENTS).status == 200
    faults.any_of_requests = False
    assert asked("POST", "/", b"{}", port=Port(faults=faults), X_Amz_Target=PUT_EVENTS).status == 200
    assert answers == ["asked"]


def test_documents_are_public() -> None:
    """By a pool's id and their name, as JSON, for GET alone; an unknown pool is told in its words."""

    def document(pool_id: str) -> Mapping[str, object]:
        if pool_id != "pool_1":
            raise AwsError("NotFound", f"no pool {pool_id}")
        return {"keys": []}

    async def ask(port: Port) -> list[Answer]:
        port.documents["jwks.json"] = document
        return [
            await port.request("GET", "/pool_1/.well-known/jwks.json"),
            await port.request("GET", "/pool_2/.well-known/jwks.json"),
            await port.request("GET", "/pool_1/.well-known/other"),
            await port.request("POST", "/pool_1/.well-known/jwks.json"),
        ]

    found, unknown, no_name, posted = serving(ask)
    assert (found.status, found.json(), found.headers["content-type"]) == (200, {"keys": []}, "application/json")
    assert text(unknown) == (404, "Not Found: no pool pool_2\n")
    assert text(no_name) == (404, "Not Found: Nothing answers to GET /pool_1/.well-known/other here.\n")
    assert text(posted)[0] == 404
    assert unknown.headers["content-type"] == "text/plain; charset=utf-8"


def test_calls_of_other_services_are_refused_by_their_names() -> None:
    """AppSync's own API first, where it knows the path."""
    port = Port()
    port.appsync["GET", "/v1/apis/a"] = HttpAnswer(200, {}, b"api")
    assert text(asked("GET", "/v1/apis/a", port=port, Authorization=scope("appsync"))) == (200, "api")
    refused = asked("GET", "/v1/x", Authorization=scope("kafka"))
    assert (refused.status, refused.json()["message"]) == (
        501,
        "kafka (GET /v1/x) is not emulated by the local runtime.",
    )


def test_a_path_with_half_a_character_is_named() -> None:
    """As far as text can."""
    assert text(asked("GET", "/%ff")) == (404, "Not Found: Nothing answers to GET /%ff here.\n")


def test_a_clients_name_goes_with_what_it_does() -> None:
    """The page's history tells who sent an event; a request without a name has none."""
    names: list[str] = []
    port = Port()
    port.service.answers = lambda _action, _body: names.append(SENDER.get()) or {}

    async def ask(port: Port) -> None:
        await port.request("POST", "/", b"{}", X_Amz_Target=PUT_EVENTS, User_Agent="boto3")
        await port.request("POST", "/", b"{}", X_Amz_Target=PUT_EVENTS)

    serving(ask, port)
    assert names == ["boto3", ""]


# --- who may ask ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"host": "example.com"}, "This host name is not one of this machine; see --host and --allow-origin."),
        ({"Origin": "https://example.com"}, "Pages of this origin may not call; see --allow-origin."),
        (
            {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
            "Pages of this origin may not call; see --allow-origin.",
        ),
    ],
)
def test_nothing_is_done_for_who_is_not_let_in(headers: Mapping[str, str], reason: str) -> None:
    """The gate stands before every service; its answer cannot be read by pages."""
    port = Port()
    answer = asked("POST", "/", b"{}", port=port, X_Amz_Target=PUT_EVENTS, **headers)
    assert text(answer) == (403, f"Forbidden: {reason}\n")
    assert "access-control-allow-origin" not in answer.headers
    assert port.service.asked == []


def test_a_navigation_across_sites_is_let_in() -> None:
    """Somebody follows a link."""
    answer = asked("GET", "/nothing", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert answer.status == 404


def test_pages_that_may_call_may_read_the_answer() -> None:
    """Of this machine, or let in by name; what SDKs need of the headers is exposed."""
    for port, origin in (
        (Port(), "http://localhost:3000"),
        (Port(gate=Gate(["https://a.example"])), "https://a.example"),
    ):
        answer = asked("POST", "/", b"{}", port=port, X_Amz_Target=PUT_EVENTS, Origin=origin)
        assert answer.status == 200
        assert {name: value for name, value in answer.headers.items() if name.startswith(("access", "vary"))} == {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": "x-amzn-errortype, x-amzn-requestid, x-amzn-RequestId, x-amzn-ErrorType",
            "vary": "Origin",
        }


def test_a_preflight_is_answered_at_the_gate() -> None:
    """Whatever the path: which methods, the headers that were asked for, for ten minutes; the private network where asked."""
    port = Port()
    plain = asked("OPTIONS", "/", port=port, Origin="http://localhost", Access_Control_Request_Headers="x-a, x-b")
    assert (plain.status, port.service.asked) == (204, [])
    assert {name: value for name, value in plain.headers.items() if name.startswith("access-control-allow")} == {
        "access-control-allow-origin": "http://localhost",
        "access-control-allow-headers": "x-a, x-b",
        "access-control-allow-methods": "POST, GET, OPTIONS",
    }
    assert plain.headers["access-control-max-age"] == "600"
    private = asked("OPTIONS", "/", Origin="http://localhost", Access_Control_Request_Private_Network="true")
    assert private.headers["access-control-allow-private-network"] == "true"
    assert private.headers["access-control-allow-headers"] == ""
    assert asked("OPTIONS", "/").status == 204


# --- bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "headers", "most"),
    [
        ("POST", "/", {"X_Amz_Target": PUT_EVENTS}, 8 * 1024 * 1024),
        ("POST", "/", {"X_Amz_Target": "DynamoDB_20120810.PutItem"}, 24 * 1024 * 1024),
        ("PUT", "/_livebus/faults", {}, 8 * 1024 * 1024),
        ("PUT", "/bucket/key", {"Authorization": scope("s3")}, 64 * 1024 * 1024),
        ("POST", "/2015-03-31/functions/f/invocations", {"Authorization": scope("lambda")}, 8 * 1024 * 1024),
        ("POST", "/graphql", {}, 8 * 1024 * 1024),
    ],
)
def test_a_body_has_its_most(method: str, path: str, headers: Mapping[str, str], most: int) -> None:
    """One that says it is larger is not read; the connection ends, as its rest would be the next request."""

    async def ask(port: Port) -> Answer:
        port.apis["/graphql"] = object()
        return await port.request(method, path, b"begin", **headers, Content_Length=str(most + 1))

    port = Port(
        fault_control=answering(HttpAnswer(200, {}, b""), []), functions=answering(HttpAnswer(200, {}, b""), [])
    )
    answer = serving(ask, port)
    assert text(answer) == (413, f"{HTTPStatus(413).phrase}: The body is larger than {most} bytes.\n")
    assert answer.headers["connection"] == "close"


def test_the_most_counts_what_a_compressed_body_holds() -> None:
    """A few kilobytes that become more than 8 MB are refused; 8 MB to the byte are taken."""

    async def ask(port: Port, size: int) -> int:
        body = gzip.compress(b'{"a": "%s"}' % (b" " * (size - 9)))
        answer = await port.request("POST", "/", body, X_Amz_Target=PUT_EVENTS, Content_Encoding="gzip")
        return answer.status

    most = http_server.MAX_BODY_BYTES
    assert [serving(lambda port, size=size: ask(port, size)) for size in (most, most + 1)] == [200, 413]


def test_a_connection_serves_one_request_after_the_other() -> None:
    """Also after an answer without a body, or a refusal."""

    async def ask(port: Port) -> list[int]:
        client = await port.client()
        statuses = []
        for path in ("/", "/nothing", "/"):
            client.send("POST", path, b"{}", X_Amz_Target=PUT_EVENTS)
            statuses.append((await client.answer()).status)
        return statuses

    assert serving(ask) == [200, 404, 200]


@pytest.mark.parametrize(
    ("path", "headers", "status"), [("/nothing", {}, 404), ("/", {"Origin": "https://a.example"}, 403)]
)
def test_a_body_that_nobody_wants_ends_the_connection(path: str, headers: Mapping[str, str], status: int) -> None:
    """Its rest would be read as the next request."""

    answer = asked("POST", path, b"GET", Content_Length="1000", **headers)
    assert (answer.status, answer.headers["connection"]) == (status, "close")


def test_broken_chunks_are_a_bad_request() -> None:
    """Compression that is none as well: HTTP's 400."""
    answer = asked("POST", "/", b"no gzip at all", X_Amz_Target=PUT_EVENTS, Content_Encoding="gzip")
    assert text(answer) == (400, "Bad Request: The body cannot be read.\n")


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """408 after the pause that is allowed; meanwhile its connection waits, and would have to go before others."""
    monkeypatch.setattr(http_server, "BODY_SECONDS", 0.25)

    async def ask(port: Port) -> tuple[int, Answer]:
        client = await port.client()
        client.send("POST", "/", b"{", X_Amz_Target=PUT_EVENTS, Content_Length="2")
        await until(lambda: port.server._bodies._taken == 1)
        working = port.working
        return working, await client.answer()

    working, answer = serving(ask)
    assert working == 0
    assert text(answer) == (408, "Request Timeout: The rest of the body did not come within 0.25 seconds.\n")


def test_bodies_without_room_are_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """503 in AWS's shape, which SDKs try again."""
    monkeypatch.setattr(bodies, "MAX_ROOM", 10)

    async def ask(port: Port) -> Answer:
        client = await port.client()
        client.send("POST", "/", b'{"a": "0123', X_Amz_Target=PUT_EVENTS, Content_Length="100")
        return await client.answer()

    answer = serving(ask)
    assert (answer.status, answer.headers["x-amzn-errortype"], answer.json()) == (
        503,
        "ServiceUnavailable",
        {"__type": "ServiceUnavailable", "message": "The bodies of other requests take all the room; try again."},
    )


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_bug_is_told_by_its_kind_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """500 in AWS's shape; the connection goes on."""

    async def ask(port: Port) -> list[Answer]:
        port.service.answers = lambda action, _body: {} if action == "PutEvents" else {}[action]
        client = await port.client()
        answers = []
        for target in ("AWSEvents.Bug", PUT_EVENTS):
            client.send("POST", "/", b"{}", X_Amz_Target=target)
            answers.append(await client.answer())
        return answers

    failed, well = serving(ask)
    assert (failed.status, failed.json(), well.status) == (
        500,
        {"__type": "InternalFailure", "message": "KeyError in the local runtime; its log has more"},
        200,
    )
    logged = [(each.name, each.levelno, each.message, each.exc_info is not None) for each in caplog.records]
    assert logged == [("livebus", logging.ERROR, "unexpected error", True)]


def test_a_bug_behind_graphql_is_told_in_its_shape(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Errors of a GraphQL answer, with the request's id."""

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(http_server.graphql_http, "call", fail)
    port = Port()
    port.apis["/graphql"] = object()
    answer = asked("POST", "/graphql", b"{}", port=port)
    assert (answer.status, answer.headers["x-amzn-requestid"]) == (500, "id-1")
    assert answer.json()["errors"][0]["message"] == "ZeroDivisionError in the local runtime; its log has more"
    assert [each.message for each in caplog.records] == ["unexpected error"]


def test_whoever_went_away_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged."""
    port = Port()

    def gone(_action: str, _body: Mapping[str, Any]) -> Any:
        raise ConnectionResetError

    port.service.answers = gone
    answer = asked("POST", "/", b"{}", port=port, X_Amz_Target=PUT_EVENTS)
    assert (answer.status, answer.body, caplog.records) == (400, b"", [])


# --- GraphQL --------------------------------------------------------------------------------------------------------


class Pending:
    """An answer that waits: ``done`` is set by a test."""

    def __init__(self, *, is_mutation: bool) -> None:
        self.is_mutation = is_mutation
        self.done: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self.began = False

    async def answer(self) -> HttpAnswer:
        self.began = True
        return await self.done


def test_graphql_gets_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API of its path, the request as on the wire, and whence it came."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def call(*given: Any, **named: Any) -> HttpAnswer:
        calls.append((given, named))
        return HttpAnswer(200, {"Content-Type": "application/json"}, b"{}")

    async def ask(port: Port) -> Answer:
        port.apis["/a/graphql"] = api
        return await port.request("POST", "/a/graphql?x=%20", b'{"query": ""}', Origin="http://localhost")

    api = object()
    monkeypatch.setattr(http_server.graphql_http, "call", call)
    answer = serving(ask)
    assert (answer.status, answer.body, answer.headers["access-control-allow-origin"]) == (
        200,
        b"{}",
        "http://localhost",
    )
    ((given, named),) = calls
    assert given == (api, "POST", "/a/graphql", "x=%20")
    assert (named["body"], named["source_ip"], named["headers"]["Host"]) == (b'{"query": ""}', "127.0.0.1", "localhost")


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 200), ("PUT", 405), ("HEAD", 405)])
def test_graphql_takes_post_and_get(method: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All else is refused by its method."""
    monkeypatch.setattr(http_server.graphql_http, "call", lambda *_, **__: HttpAnswer(200, {}, b""))

    async def ask(port: Port) -> Answer:
        port.apis["/graphql"] = object()
        client = await port.client()
        client.send(method, "/graphql")
        return await client.answer(has_body=method != "HEAD")

    answer = serving(ask)
    assert answer.status == status
    if method == "PUT":
        assert text(answer) == (405, "Method Not Allowed: GraphQL takes POST and GET.\n")


def test_only_its_own_path_is_graphqls() -> None:
    """A request to the real-time path that is no WebSocket finds nothing there."""
    port = Port()
    port.apis["/graphql"] = object()
    assert asked("GET", "/graphql/realtime", port=port).status == 404


def test_an_answer_may_wait_for_data_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it does, its connection works: nobody takes its place."""

    async def ask(port: Port) -> tuple[int, Answer]:
        pending = Pending(is_mutation=False)
        monkeypatch.setattr(http_server.graphql_http, "call", lambda *_, **__: pending)
        port.apis["/graphql"] = object()
        client = await port.client()
        client.send("POST", "/graphql", b"{}")
        await until(lambda: pending.began)
        working = port.working
        pending.done.set_result(HttpAnswer(200, {}, b"late"))
        return working, await client.answer()

    working, answer = serving(ask)
    assert (working, text(answer)) == (1, (200, "late"))


@pytest.mark.parametrize("is_mutation", [False, True])
def test_who_leaves_ends_a_query_and_no_mutation(is_mutation: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed is changed; nobody reads what is only read."""
    monkeypatch.setattr(http_server, "_GONE_SECONDS", 0.001)

    async def ask(port: Port) -> tuple[bool, int]:
        pending = Pending(is_mutation=is_mutation)
        monkeypatch.setattr(http_server.graphql_http, "call", lambda *_, **__: pending)
        port.apis["/graphql"] = object()
        client = await port.client()
        client.send("POST", "/graphql", b"{}")
        await until(lambda: pending.began)
        client.writer.transport.abort()
        # This one, the listener's, and that of a mutation's answer.
        await until(lambda: len(asyncio.all_tasks()) == (3 if is_mutation else 2))
        cancelled = pending.done.cancelled()
        if not pending.done.done():
            pending.done.set_result(HttpAnswer(200, {}, b""))
        await until(lambda: not port.server._pending)
        return cancelled, len(port.server._pending)

    assert serving(ask) == (not is_mutation, 0)


def test_the_end_cancels_what_still_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that no data source gives any more."""

    async def ask(port: Port) -> bool:
        pending = Pending(is_mutation=True)
        monkeypatch.setattr(http_server.graphql_http, "call", lambda *_, **__: pending)
        port.apis["/graphql"] = object()
        client = await port.client()
        client.send("POST", "/graphql", b"{}")
        await until(lambda: pending.began)
        await port.server.close()
        return pending.done.cancelled()

    assert serving(ask) is True


# --- WebSocket ------------------------------------------------------------------------------------------------------

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


class Session:
    """As much of RealtimeSession as the server knows; ``text`` of the client says what it does."""

    made: list[Session]

    def __init__(self, api: Any, transport: asyncio.Transport, source_ip: str) -> None:
        self.api, self.source_ip = api, source_ip
        self._transport = transport
        self.is_closing = False
        self.told: list[Any] = []
        self.made.append(self)

    def open(self, handshake: Any) -> None:
        self.told.append(("open", type(handshake).__name__))

    def receive(self, text: str | bytes) -> None:
        if text == "break":
            raise ZeroDivisionError
        self.told.append(("receive", text))
        self._transport.write(bytes((0x81, len(text))) + (text if isinstance(text, bytes) else text.encode()))

    def close(self, code: int, reason: str) -> None:
        self.told.append(("close", code, reason))
        self.is_closing = True
        body = code.to_bytes(2, "big") + reason.encode()
        self._transport.write(bytes((0x88, len(body))) + body)

    def end(self) -> None:
        self.told.append(("end",))


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    Session.made = []
    monkeypatch.setattr(http_server, "RealtimeSession", Session)
    return Session.made


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """A client's: masked, with a mask of zeros."""
    return bytes((0x80 | opcode, 0x80 | len(payload))) + b"\x00\x00\x00\x00" + payload


async def upgraded(port: Port, path: str = "/graphql/realtime", **headers: str) -> Client:
    client = await port.client()
    client.send("GET", path, **{**UPGRADE, **headers})
    return client


def test_a_socket_carries_texts_to_its_session(sessions: list[Session]) -> None:
    """Of either kind; its connection works all the while, and the session ends with it."""

    async def ask(port: Port) -> tuple[Answer, bytes, int]:
        port.apis["/graphql"] = api
        client = await upgraded(port, Sec_WebSocket_Protocol="x, graphql-ws")
        answer = await client.answer()
        client.writer.write(frame(b"text") + frame(b"bin", 2) + frame(b"", 9))
        echoed = await client.reader.readexactly(6 + 5 + 2)
        working = port.working
        client.close()
        await until(lambda: ("end",) in sessions[0].told)
        return answer, echoed, working

    api = object()
    answer, echoed, working = serving(ask)
    assert (answer.status, answer.headers["sec-websocket-protocol"], working) == (101, "graphql-ws", 1)
    assert "sec-websocket-extensions" not in answer.headers
    assert echoed == b"\x81\x04text\x81\x03bin\x8a\x00"
    (session,) = sessions
    assert (session.api, session.source_ip) == (api, "127.0.0.1")
    assert session.told == [("open", "HandshakeFault"), ("receive", "text"), ("receive", b"bin"), ("end",)]


def test_a_socket_may_be_at_the_apis_own_path_and_without_compression(sessions: list[Session]) -> None:
    """In whatever case its Upgrade is written; compression that is offered is not taken up."""

    async def ask(port: Port) -> Answer:
        port.apis["/graphql"] = object()
        client = await upgraded(port, "/graphql", Upgrade="WebSocket", Sec_WebSocket_Extensions="permessage-deflate")
        answer = await client.answer()
        client.close()
        return answer

    answer = serving(ask)
    assert (answer.status, "sec-websocket-extensions" in answer.headers) == (101, False)
    assert len(sessions) == 1


def test_a_bug_closes_the_socket(sessions: list[Session], caplog: pytest.LogCaptureFixture) -> None:
    """With 1011, which is for that; what comes after is not read, the log has the rest."""

    async def ask(port: Port) -> bytes:
        port.apis["/graphql"] = object()
        client = await upgraded(port)
        await client.answer()
        client.writer.write(frame(b"break") + frame(b"text"))
        return await client.rest()

    reason = b"unexpected error in the local runtime"
    assert serving(ask) == bytes((0x88, 2 + len(reason))) + (1011).to_bytes(2, "big") + reason
    assert sessions[0].told == [("open", "HandshakeFault"), ("close", 1011, reason.decode()), ("end",)]
    logged = [(each.name, each.levelno, each.message) for each in caplog.records]
    assert logged == [("livebus", logging.ERROR, "unexpected error")]


def test_a_message_has_its_most(sessions: list[Session]) -> None:
    """One of more than a megabyte ends the socket."""

    async def ask(port: Port) -> bytes:
        port.apis["/graphql"] = object()
        client = await upgraded(port)
        await client.answer()
        client.writer.write(bytes((0x81, 0xFF)) + (1024 * 1024 + 1).to_bytes(8, "big") + bytes(4))
        return await client.rest()

    answer = serving(ask)
    assert answer[2:4] == (1009).to_bytes(2, "big")
    assert sessions[0].told == [("open", "HandshakeFault"), ("end",)]


def test_what_is_no_handshake_is_told(sessions: list[Session]) -> None:
    """An upgrade without a key, or of a path that is no API's."""

    async def ask(port: Port) -> list[Answer]:
        port.apis["/graphql"] = object()
        return [
            await port.request("GET", "/graphql/realtime", Upgrade="websocket", Connection="Upgrade"),
            await port.request("GET", "/other/realtime", **UPGRADE),
            await port.request("GET", "/graphql/realtime", **UPGRADE, Origin="https://a.example"),
        ]

    bad, missing, foreign = serving(ask)
    assert (bad.status, missing.status, foreign.status) == (400, 404, 403)
    assert bad.body.startswith(b"Bad Request: ")
    assert len(bad.body) > len("Bad Request: \n")
    assert sessions == []


def test_the_end_says_goodbye_to_subscribers(sessions: list[Session]) -> None:
    """1001, and a moment for the answer: what a closing socket sends is not read any more."""

    async def ask(port: Port) -> bytes:
        port.apis["/graphql"] = object()
        client = await upgraded(port)
        await client.answer()
        await until(lambda: bool(sessions) and bool(sessions[0].told))
        ending = asyncio.ensure_future(port.server.close())
        head = await client.reader.readexactly(2)
        body = await client.reader.readexactly(head[1])
        client.writer.write(frame(b"late") + frame(body[:2], 8))
        rest = await client.rest()
        await ending
        return head + body + rest

    reason = b"the runtime stops"
    assert serving(ask) == bytes((0x88, 2 + len(reason))) + (1001).to_bytes(2, "big") + reason
    assert sessions[0].told == [("open", "HandshakeFault"), ("close", 1001, reason.decode()), ("end",)]


# --- the page -------------------------------------------------------------------------------------------------------


class Page:
    """As much of the page as the server knows: answers with what ``does`` returns, and keeps what it was asked."""

    def __init__(self, does: Callable[[bytes | None], web.StreamResponse] | None = None) -> None:
        self.asked: list[tuple[str, bytes | None]] = []
        self.is_closed = False
        self._does = does or (lambda _body: web.Response(text="page"))

    async def answer(self, request: web.BaseRequest, read: Any) -> web.StreamResponse:
        if request.path.endswith("/unread"):
            return web.Response(text="unread")
        body = await read(request)
        self.asked.append((request.path, body))
        return self._does(body)

    def close(self) -> None:
        self.is_closed = True


def test_the_page_is_made_with_the_first_request() -> None:
    """And closed with the server; its gate is its own, and no other origin may read its documents."""
    made: list[Page] = []

    def make() -> Page:
        made.append(Page())
        return made[-1]

    async def ask(port: Port) -> list[Answer]:
        await port.request("GET", "/nothing")
        assert made == []
        return [
            await port.request("GET", "/", Accept="text/html", host="example.com"),
            await port.request("POST", "/_livebus/page/send", b"{}", Origin="http://localhost"),
        ]

    first, second = serving(ask, Port(page=make))
    assert (text(first), text(second)) == ((200, "page"), (200, "page"))
    assert "access-control-allow-origin" not in second.headers
    assert [page.asked for page in made] == [[("/", b""), ("/_livebus/page/send", b"{}")]]
    assert made[0].is_closed


def test_without_a_page_its_path_has_nothing() -> None:
    """The page can be switched off."""
    assert asked("GET", "/_livebus/page/events").status == 404
    assert asked("GET", "/", Accept="text/html").status == 404


@pytest.mark.parametrize(
    ("method", "path", "headers", "is_page"),
    [
        ("GET", "/", {"Accept": "text/html,*/*"}, True),
        ("HEAD", "/", {"Accept": "text/html"}, True),
        ("POST", "/", {"Accept": "text/html"}, False),
        ("GET", "/bucket", {"Accept": "text/html"}, False),
        ("GET", "/", {"Accept": "*/*"}, False),
        ("GET", "/", {}, False),
        ("GET", "/", {"Accept": "text/html", "Authorization": "AWS4"}, False),
        ("DELETE", "/_livebus/page/x", {}, True),
        ("GET", "/_livebus/pages", {}, False),
    ],
)
def test_which_requests_are_the_pages(method: str, path: str, headers: Mapping[str, str], is_page: bool) -> None:
    """A browser's for the root, whoever's below its path; a signed GET of the root is S3's."""
    assert http_server.is_of_page(method, path, headers) is is_page


def test_what_goes_wrong_in_the_page(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A body that does not come, a client that went away, a bug: as for every other path."""
    monkeypatch.setattr(http_server, "BODY_SECONDS", 0.25)

    def does(body: bytes | None) -> web.StreamResponse:
        raise ConnectionResetError if body == b"gone" else ZeroDivisionError

    async def ask(port: Port) -> list[Answer]:
        return [
            await port.request("POST", "/_livebus/page/send", b"gone"),
            await port.request("POST", "/_livebus/page/send", b"bug"),
            await port.request("POST", "/_livebus/page/send", b"{", Content_Length="2"),
            await port.request("POST", "/_livebus/page/unread", b"{", Content_Length="2"),
        ]

    page = Page(does)
    gone, bug, late, unread = serving(ask, Port(page=lambda: page))
    assert (gone.status, gone.body) == (400, b"")
    assert text(bug) == (
        500,
        "Internal Server Error: ZeroDivisionError in the local runtime; its log has more\n",
    )
    assert text(late) == (408, "Request Timeout: The rest of the body did not come within 0.25 seconds.\n")
    assert text(unread) == (200, "unread")
    assert [each.headers.get("connection") for each in (bug, late, unread)] == [None, "close", "close"]
    assert [(each.name, each.levelno, each.message) for each in caplog.records] == [
        ("livebus", logging.ERROR, "unexpected error")
    ]


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_connection_works_while_it_is_answered() -> None:
    """It waits before and after, and has no place once it is gone."""
    seen: list[int] = []
    port = Port()
    port.service.answers = lambda _action, _body: seen.append(port.working) or {}

    async def ask(port: Port) -> list[tuple[int, int]]:
        client = await port.client()
        client.send("POST", "/", b"{}", X_Amz_Target=PUT_EVENTS)
        await client.answer()
        await until(lambda: port.working == 0)
        before = (port.working, len(port.connections))
        client.close()
        await until(lambda: len(port.connections) == 0)
        return [before, (port.working, len(port.connections))]

    assert serving(ask, port) == [(0, 1), (0, 0)]
    assert seen == [1]


def test_a_connection_works_once_its_body_is_there() -> None:
    """While the body comes, it waits."""
    seen: list[int] = []
    port = Port()
    port.service.answers = lambda _action, _body: seen.append(port.working) or {}

    async def ask(port: Port) -> int:
        client = await port.client()
        client.send("POST", "/", b"{", X_Amz_Target=PUT_EVENTS, Content_Length="2")
        await until(lambda: port.server._bodies._taken == 1)
        seen.append(port.working)
        client.writer.write(b"}")
        return (await client.answer()).status

    assert serving(ask, port) == 200
    assert seen == [0, 1]


def test_a_connection_that_has_to_go_is_aborted() -> None:
    """The one that waited longest, as soon as another comes; what is being answered stays."""

    async def ask(port: Port) -> tuple[bytes, int]:
        first = await port.client()
        first.send("GET", "/nothing")
        await first.answer()
        await until(lambda: port.working == 0)
        second = await port.client()
        second.send("GET", "/nothing")
        return await first.rest(), (await second.answer()).status

    assert serving(ask, Port(most=1)) == (b"", 404)


def test_a_large_answer_waits_for_its_client() -> None:
    """It is written whole; meanwhile its connection may have to go."""
    seen: list[int] = []
    port = Port()
    size = 4 * 1024 * 1024
    port.s3.answer = HttpAnswer(200, {}, b"x" * size)

    async def ask(port: Port) -> Answer:
        client = await port.client()
        client.send("GET", "/b/k", Authorization=scope("s3"))
        await until(lambda: bool(port.s3.asked) and port.working == 0)
        seen.append(len(port.connections))
        return await client.answer()

    answer = serving(ask, port)
    assert (answer.status, len(answer.body), seen) == (200, size, [1])


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two minutes, here sooner: the connection is gone, without the end of the answer."""
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 0.05)
    port = Port()
    port.s3.answer = HttpAnswer(200, {}, b"x" * (32 * 1024 * 1024))

    async def ask(port: Port) -> int:
        client = await port.client()
        client.send("GET", "/b/k", Authorization=scope("s3"))
        await until(lambda: bool(port.s3.asked))
        await until(lambda: len(port.connections) == 0)
        try:
            return len(await client.rest())
        except ConnectionResetError:
            return 0

    assert serving(ask, port) < 32 * 1024 * 1024


def test_aiohttp_keeps_quiet() -> None:
    """Whatever is worth a line, the runtime says itself."""
    logger = logging.getLogger("aiohttp")
    logger.setLevel(logging.NOTSET)
    asked("GET", "/")
    assert logger.level == logging.CRITICAL
