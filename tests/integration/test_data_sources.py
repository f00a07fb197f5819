"""Data sources over the runtime, as clients see them: tables, functions and HTTP, in code and in mapping templates."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from livebus.runtime.settings import Settings
from support.functions import PYTHON
from support.http import request
from support.running import RunningRuntime
from support.sockets import opened, run
from support.waiting import until

VECTORS = Path(__file__).parents[1] / "vectors" / "data_sources"


@contextmanager
def http_server() -> Iterator[tuple[str, list[str]]]:
    """An endpoint that tells what it is asked, and the lines of its requests."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked.append(f"{self.command} {self.path} {body}")
            moved = self.path == "/moved"
            self.send_response(302 if moved else 200)
            if moved:
                self.send_header("Location", "/elsewhere")
            content = json.dumps({"x": self.headers.get("X-Own"), "type": self.headers.get("Content-Type")}).encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data sources") / "application"
    shutil.copytree(VECTORS, folder)
    file = folder / "template.yaml"
    file.write_text(file.read_text().replace("python3.12", PYTHON))
    return file


@pytest.fixture(scope="module")
def running(template: Path) -> Iterator[tuple[RunningRuntime, list[str]]]:
    with http_server() as (url, asked):
        settings = Settings(
            template,
            template.parent.parent / "state",
            port=0,
            reload=False,
            mapped_endpoints={"https://prices.example": url},
        )
        with RunningRuntime(settings) as runtime:
            yield runtime, asked


@pytest.fixture(scope="module")
def api(running: tuple[RunningRuntime, list[str]]) -> Callable[..., Any]:
    return caller(running[0])


def caller(runtime: RunningRuntime) -> Callable[..., Any]:
    def call(query: str, **variables: Any) -> Any:
        answer = request(
            runtime.port,
            "POST",
            urlsplit(runtime.outputs["GraphQLUrl"]).path,
            body=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"x-api-key": runtime.outputs["ApiKey"], "Content-Type": "application/json"},
        )
        return answer.json()

    return call


def asked(api: Callable[..., Any], field: str, value: Any, kind: str = "query") -> Any:
    """What a field answers to a request of its data source; its errors where it has some."""
    query = f"{kind}($request: String!) {{ {field}(request: $request) }}"
    answer = api(query, request=json.dumps(value))
    if answer.get("errors"):
        return [(error["errorType"], error["message"].partition(" (Service")[0]) for error in answer["errors"]]
    result = json.loads(answer["data"][field] or "null")
    return json.loads(result) if isinstance(result, str) else result


KEY = {"id": {"S": "o1"}}
ITEM = {"customer": {"S": "c9"}, "price": {"N": 2.5}}
WHOLE = {"id": "o1", "customer": "c9", "price": 2.5}
NOT_THERE = {"expression": "attribute_not_exists(id)"}
BY_CUSTOMER = {
    "operation": "Query",
    "index": "byCustomer",
    "query": {"expression": "customer = :c", "expressionValues": {":c": {"S": "c9"}}},
}
PAGE: dict[str, Any] = {"items": [WHOLE], "nextToken": None, "scannedCount": 1}
# Each operation once, in this order: what it is asked, and its answer.
OPERATIONS: list[tuple[dict[str, Any], Any]] = [
    ({"operation": "PutItem", "key": KEY, "attributeValues": ITEM, "condition": NOT_THERE}, WHOLE),
    ({"operation": "GetItem", "key": KEY, "consistentRead": True}, WHOLE),
    ({"operation": "GetItem", "key": {"id": {"S": "none"}}}, None),
    (BY_CUSTOMER, PAGE),
    ({"operation": "Scan", "filter": {"expression": "attribute_exists(price)"}}, PAGE),
    (
        {
            "operation": "UpdateItem",
            "key": KEY,
            "update": {"expression": "SET price = price + :n", "expressionValues": {":n": {"N": 1}}},
        },
        {**WHOLE, "price": 3.5},
    ),
    (
        {"operation": "BatchPutItem", "tables": {"Orders": [{"id": {"S": "o2"}}, {"id": {"S": "o3"}}]}},
        {"data": {"Orders": [{"id": "o2"}, {"id": "o3"}]}, "unprocessedItems": {"Orders": []}},
    ),
    (
        {"operation": "BatchGetItem", "tables": {"Orders": {"keys": [{"id": {"S": "o3"}}, {"id": {"S": "no"}}]}}},
        {"data": {"Orders": [{"id": "o3"}, None]}, "unprocessedKeys": {"Orders": []}},
    ),
    (
        {"operation": "BatchDeleteItem", "tables": {"Orders": [{"id": {"S": "o3"}}]}},
        {"data": {"Orders": [{"id": "o3"}]}, "unprocessedKeys": {"Orders": []}},
    ),
    (
        {
            "operation": "TransactWriteItems",
            "transactItems": [{"table": "Orders", "operation": "DeleteItem", "key": {"id": {"S": "o2"}}}],
        },
        {"keys": [{"id": "o2"}], "cancellationReasons": None},
    ),
    (
        {"operation": "TransactGetItems", "transactItems": [{"table": "Orders", "key": {"id": {"S": "o2"}}}]},
        {"items": [None], "cancellationReasons": None},
    ),
    ({"operation": "DeleteItem", "key": KEY}, {**WHOLE, "price": 3.5}),
]


@pytest.mark.parametrize("field", ["table", "vtlTable"])
def test_every_operation_of_a_table(api: Callable[..., Any], field: str) -> None:
    """In code and in mapping templates the same answers."""
    version = {"version": "2018-05-29"} if field == "vtlTable" else {}
    answers = [asked(api, field, {**version, **operation}) for operation, _ in OPERATIONS]
    assert answers == [expected for _, expected in OPERATIONS]


def test_errors_of_a_table(running: tuple[RunningRuntime, list[str]], api: Callable[..., Any]) -> None:
    """What DynamoDB refuses, and what AppSync does; boto3 sees the same table."""
    put = {"operation": "PutItem", "key": {"id": {"S": "twice"}}, "attributeValues": {}, "condition": NOT_THERE}
    asked(api, "table", put, "mutation")
    other = {**put, "attributeValues": {"how": {"S": "other"}}}
    assert asked(api, "table", other, "mutation") == [
        ("DynamoDB:ConditionalCheckFailedException", "The conditional request failed")
    ]
    assert asked(api, "table", {**put, "own": 1}) == [("MappingTemplate", "Unsupported element '$[own]'.")]
    table = running[0].client("dynamodb")
    assert table.get_item(TableName="Orders", Key={"id": {"S": "twice"}})["Item"] == {"id": {"S": "twice"}}
    table.delete_item(TableName="Orders", Key={"id": {"S": "twice"}})


@pytest.mark.parametrize("field", ["invoke", "vtlInvoke"])
def test_functions(api: Callable[..., Any], field: str) -> None:
    """The payload is the event; an error is Lambda:Unhandled; Event waits for nothing."""
    version = {"version": "2018-05-29"} if field == "vtlInvoke" else {}

    def invoked(what: str, **more: Any) -> Any:
        return asked(api, field, {**version, "operation": "Invoke", "payload": {"what": what}, **more})

    assert invoked("hello") == {"by": "echo", "what": "hello"}
    assert invoked("raise") == [("Lambda:Unhandled", "no good")]
    assert invoked("own") == [("Lambda:Unhandled", "my own")]
    assert invoked("hello", invocationType="Event") is None
    assert invoked("hello", more=1) == [("MappingTemplate", "Unsupported element '$[more]'.")]
    batch = {**version, "operation": "BatchInvoke", "payload": 7}
    assert asked(api, field, batch) == {"n": 7}


def test_direct_resolvers(api: Callable[..., Any]) -> None:
    """The function gets the context; its answer is the field's value, and its own exceptions have their names."""
    query = "query($what: String!) { direct(what: $what) }"
    event = json.loads(api(query, what="event")["data"]["direct"])
    assert set(event) == {"arguments", "identity", "source", "request", "prev", "info", "stash"}
    assert (event["arguments"], event["source"], event["prev"]) == ({"what": "event"}, None, None)
    assert set(event["info"]) == {
        *("fieldName", "parentTypeName", "variables", "selectionSetList", "selectionSetGraphQL")
    }
    for what, expected in (("own", ("OwnError", "my own")), ("raise", ("Lambda:Unhandled", "no good"))):
        (error,) = api(query, what=what)["errors"]
        assert (error["errorType"], error["message"]) == expected


def test_direct_resolvers_gather(api: Callable[..., Any]) -> None:
    """With MaxBatchSize 3 five items are two invocations; an item may fail by itself."""
    answer = api("{ items { n batched } }")
    assert [item["batched"] for item in answer["data"]["items"]] == ["3:1", "3:2", "3:3", None, "2:5"]
    assert [(error["path"], error["errorType"], error["message"]) for error in answer["errors"]] == [
        (["items", 3, "batched"], "Odd", "four")
    ]


def test_queries_wait_side_by_side(api: Callable[..., Any]) -> None:
    """Fields of one level are asked for together: a table, a function and an endpoint in one answer."""
    answer = api(
        "query($f: String!, $t: String!, $h: String!)"
        " { a: invoke(request: $f) b: invoke(request: $f) t: table(request: $t) h: http(request: $h) }",
        f=json.dumps({"operation": "Invoke", "payload": {"what": "hi"}}),
        t=json.dumps({"operation": "GetItem", "key": {"id": {"S": "none"}}}),
        h=json.dumps({"method": "GET", "resourcePath": "/"}),
    )
    assert "errors" not in answer
    found = {name: json.loads(value) if value else value for name, value in answer["data"].items()}
    assert (found["a"]["by"], found["b"]["by"], found["t"], found["h"]["statusCode"]) == ("echo", "echo", None, 200)


@pytest.mark.parametrize("field", ["http", "vtlHttp"])
def test_http(running: tuple[RunningRuntime, list[str]], api: Callable[..., Any], field: str) -> None:
    """Method, path, query, headers and body arrive; a redirect is a result and is not followed."""
    _, lines = running
    lines.clear()
    version = {"version": "2018-05-29"} if field == "vtlHttp" else {}
    params = {"query": {"a": "1 2"}, "headers": {"X-Own": "yes"}, "body": {"n": 1}}
    answer = asked(api, field, {**version, "method": "POST", "resourcePath": "/p", "params": params})
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"x": "yes", "type": "application/json"}
    moved = asked(api, field, {**version, "method": "GET", "resourcePath": "/moved"})
    assert (moved["statusCode"], moved["headers"]["Location"]) == (302, "/elsewhere")
    assert lines == ['POST /p?a=1+2 {"n": 1}', "GET /moved "]


def test_aws_endpoints_are_the_runtimes_own(api: Callable[..., Any]) -> None:
    """PutEvents by a signed HTTP request goes to the bus here."""
    headers = {"X-Amz-Target": "AWSEvents.PutEvents", "Content-Type": "application/x-amz-json-1.1"}
    entry = {"Source": "other", "DetailType": "t", "Detail": "{}", "EventBusName": "orders"}
    params = {"headers": headers, "body": {"Entries": [entry]}}
    answer = asked(api, "aws", {"method": "POST", "resourcePath": "/", "params": params})
    assert (answer["statusCode"], json.loads(answer["body"])["FailedEntryCount"]) == (200, 0)


def put(runtime: RunningRuntime, order: str, how: str) -> str:
    entry = {"Source": "shop", "DetailType": how, "Detail": json.dumps({"id": order}), "EventBusName": "orders"}
    answer = runtime.client("events").put_events(Entries=[entry])
    return str(answer["Entries"][0]["EventId"])


def stored(runtime: RunningRuntime, order: str) -> Any:
    found = runtime.client("dynamodb").get_item(TableName="Orders", Key={"id": {"S": order}})
    return found.get("Item")


def test_an_event_is_written_and_published(running: tuple[RunningRuntime, list[str]]) -> None:
    """A mutation that asks a function and writes a table: PutEvents does not wait, the subscriber and the table get it."""
    runtime, _ = running
    trace = runtime.trace()
    header = {"x-api-key": runtime.outputs["ApiKey"], "host": runtime.host}

    async def check() -> Any:
        async with opened(str(runtime.outputs["RealtimeUrl"]), header) as socket:
            assert (await socket.init())["type"] == "connection_ack"
            assert (await socket.start("1", "subscription { onArrive { id how } }"))["type"] == "start_ack"
            put(runtime, "e1", "new")
            return await socket.receive()

    assert run(check())["payload"] == {"data": {"onArrive": {"id": "e1", "how": "new"}}}
    assert until(lambda: stored(runtime, "e1"), "the order")["by"] == {"S": "echo"}
    started = trace.next("call")
    assert (started["api"], started["event"], started["requestId"]) == ("orders", "", "1")  # the subscription's own
    called = [trace.next("call") for _ in range(2)]
    assert [(each["source"], each["result"]["by"], each["ms"] > 0) for each in called] == [
        ("echo", "echo", True),
        ("orders", "echo", True),
    ]


def test_a_restart_goes_on_with_what_waited(template: Path, tmp_path: Path) -> None:
    """An event whose mutation waits for its function when the runtime stops is delivered by the next one."""
    settings = Settings(template, tmp_path / "state", port=0, reload=False)
    with RunningRuntime(settings) as runtime:
        put(runtime, "e2", "slow")
    assert any("waits for another try" in line for line in runtime.told), runtime.told
    with RunningRuntime(settings) as runtime:
        assert until(lambda: stored(runtime, "e2"), "the order")["how"] == {"S": "slow"}


def test_without_functions_fields_fail_by_name(template: Path, tmp_path: Path) -> None:
    """--no-functions runs no code; whoever asks is told why."""
    with RunningRuntime(Settings(template, tmp_path / "state", port=0, reload=False, functions=False)) as runtime:
        (error,) = asked(caller(runtime), "invoke", {"operation": "Invoke", "payload": {}})
    assert error == (
        "NotEmulated",
        "function 'echo' does not run in the local runtime: functions are switched off (--no-functions)",
    )


def test_a_lambda_authorizer(running: tuple[RunningRuntime, list[str]], api: Callable[..., Any]) -> None:
    """It lets in, takes fields away, gives resolvers a context, and keeps out; over HTTP and for subscriptions."""
    runtime, _ = running
    path = urlsplit(runtime.outputs["GraphQLUrl"]).path

    def as_bearer(token: str) -> Any:
        body = json.dumps({"query": '{ direct(what: "event") items { n } }'}).encode()
        headers = {"Authorization": token, "Content-Type": "application/json"}
        answer = request(runtime.port, "POST", path, body=body, headers=headers)
        return answer.status, answer.json()

    status, answer = as_bearer("friend")
    event = json.loads(answer["data"]["direct"])
    assert (status, event["identity"]) == (200, {"resolverContext": {"team": "a"}})
    assert [error["message"] for error in answer["errors"]] == ["Not Authorized to access items on type Query"]
    for token in ("foe", "nonsense", "raise"):
        status, answer = as_bearer(token)
        assert (status, answer["errors"][0]["errorType"]) == (401, "UnauthorizedException")
    assert any("the function has to answer with an object that has isAuthorized" in line for line in runtime.told)

    async def connect(token: str) -> Any:
        header = {"Authorization": token, "host": runtime.host}
        async with opened(str(runtime.outputs["RealtimeUrl"]), header) as socket:
            first = await socket.init()
            if first["type"] != "connection_ack":
                return first["type"]
            return (await socket.start("1", "subscription { onArrive { id } }"))["type"]

    assert [run(connect(token)) for token in ("friend", "foe")] == ["start_ack", "connection_error"]


def test_an_endpoint_of_aws_that_nobody_plays_is_refused(template: Path, tmp_path: Path) -> None:
    """It is never called over the network."""
    folder = tmp_path / "other"
    shutil.copytree(template.parent, folder)
    file = folder / "template.yaml"
    file.write_text(file.read_text().replace("https://events.", "https://states."))
    with RunningRuntime(Settings(file, tmp_path / "state", port=0, reload=False)) as runtime:
        ((kind, message),) = asked(caller(runtime), "aws", {"method": "GET", "resourcePath": "/"})
    assert kind == "NotEmulated"
    assert "https://states.us-east-1.amazonaws.com, which is not emulated" in message


def test_calls_of_clients_are_traced(running: tuple[RunningRuntime, list[str]], api: Callable[..., Any]) -> None:
    """Each call of a client's query, with its request, its result or error, and how long it took; on the page too."""
    runtime, _ = running
    trace = runtime.trace()
    missing = {"operation": "GetItem", "key": {"id": {"S": "nobody"}}}
    refused = {"operation": "GetItem", "key": {"nope": {"S": "nobody"}}}
    asked(api, "table", missing)
    asked(api, "table", refused)

    first, second = trace.next("call"), trace.next("call")
    token = re.search(
        r'name="livebus-page" content="([^"]+)"',
        request(runtime.port, "GET", "/", headers={"Accept": "text/html"}).body.decode(),
    )
    assert token
    answer = request(runtime.port, "GET", "/_livebus/page/calls", headers={"X-Livebus-Page": token[1]})

    common = {"station": "call", "event": "", "api": "orders", "source": "orders", "type": "AMAZON_DYNAMODB"}
    assert {name: first[name] for name in common} == common
    assert (first["request"], first["result"]) == (missing, None)
    assert first["ms"] >= 0
    assert second["errorType"] == "DynamoDB:DynamoDbException"
    assert first["requestId"] != second["requestId"]
    newest, before = answer.json()["calls"][:2]
    assert (json.loads(before["request"]), before["result"], before["errorType"]) == (missing, "null", "")
    assert (json.loads(newest["request"]), newest["result"], newest["errorType"]) == (refused, "", second["errorType"])
