"""Events reach HTTP endpoints as API destinations do: with their connection, at their pace, and again where they fail."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from integration.conftest import Start
from integration.test_page import EVERY, Page
from support.endpoints import Asked, Endpoint, Says
from support.running import RunningRuntime

FOREIGN = Path(__file__).parents[1] / "foreign" / "api-destination-beside.yaml"
HOOKS = "https://hooks.example.com"
EVENT = {"Source": "sample.source", "DetailType": "d", "Detail": '{"msg": "hello"}', "EventBusName": "livebus"}
CONNECTION = """      AuthorizationType: API_KEY
      AuthParameters:
        ApiKeyAuthParameters:
          ApiKeyName: X-Api-Key
          ApiKeyValue: "{{resolve:secretsmanager:hook:SecretString:key}}"
"""
BASIC = """      AuthorizationType: BASIC
      AuthParameters:
        BasicAuthParameters: {Username: alice, Password: hidden-word}
"""
OAUTH = """      AuthorizationType: OAUTH_CLIENT_CREDENTIALS
      AuthParameters:
        OAuthParameters:
          AuthorizationEndpoint: https://auth.example.com/token
          HttpMethod: POST
          ClientParameters: {ClientID: me, ClientSecret: hidden-word}
          OAuthHttpParameters:
            BodyParameters: [{Key: scope, Value: hooks}]
"""


@pytest.fixture
def run(start_runtime: Start, tmp_path: Path) -> Callable[..., RunningRuntime]:
    """Starts the application with an endpoint in place of hooks.example.com, and with a connection of one's own."""

    def start(url: str, connection: str = CONNECTION, **more: Any) -> RunningRuntime:
        text = FOREIGN.read_text("utf-8")
        assert CONNECTION in text
        template = tmp_path / "template.yaml"
        template.write_text(text.replace(CONNECTION, connection), "utf-8")
        mapped = {HOOKS: url, **more.pop("mapped", {})} if url else {}
        return start_runtime(template=template, mapped_endpoints=mapped, **more)

    return start


def put(runtime: RunningRuntime) -> str:
    answer = runtime.client("events").put_events(Entries=[EVENT])
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def test_as_the_template_has_it(run: Callable[..., RunningRuntime]) -> None:
    """Path, query, headers, key and body; the trace says what was sent, and nothing of the connection's."""
    with Endpoint() as endpoint:
        runtime = run(endpoint.url)
        trace = runtime.trace()
        event = put(runtime)
        asked = endpoint.next()
        call = trace.next("call", event)

    assert (asked.method, asked.path) == ("POST", "/messages/hello?from=bus&tenant=hidden-tenant")
    assert json.loads(asked.body) == {"text": "hello"}
    assert asked.headers == {
        "host": endpoint.url.removeprefix("http://"),
        "content-type": "application/json; charset=utf-8",
        "x-source": "sample.source",
        "x-api-key": "{{resolve:secretsmanager:hook:SecretString:key}}",
        "user-agent": "Amazon/EventBridge/ApiDestinations",
        "range": "bytes=0-1048575",
        "accept-encoding": "gzip,deflate",
        "connection": "close",
        "accept": "*/*",
        "content-length": "16",
    }
    assert (call["type"], call["result"]) == ("API_DESTINATION", {"statusCode": 200})
    assert call["request"] == {
        "method": "POST",
        "url": f"{endpoint.url}/messages/hello?from=bus",
        "headers": ["Content-Type", "X-Source"],
        "authorization": "ApiKey",
    }
    assert "hidden" not in json.dumps(call)


def test_without_a_stand_in(run: Callable[..., RunningRuntime]) -> None:
    """Nothing is dialled; the trace has what would be sent, and the way to a stand-in."""
    runtime = run("")
    trace = runtime.trace()
    event = put(runtime)

    assert trace.next("target", event)["reason"] == (
        "https://hooks.example.com/messages/* is not called by the local runtime: nothing is sent; "
        "--map-endpoint names a stand-in"
    )


def test_a_stand_in_elsewhere(run: Callable[..., RunningRuntime]) -> None:
    """One that is not on this machine is none."""
    runtime = run("http://192.0.2.1:9")
    trace = runtime.trace()

    assert "is not called by the local runtime" in trace.next("target", put(runtime))["reason"]


def test_a_user_and_a_password(run: Callable[..., RunningRuntime]) -> None:
    """As HTTP's Basic authentication has them."""
    with Endpoint() as endpoint:
        put(run(endpoint.url, BASIC))

        assert endpoint.next().headers["authorization"] == f"Basic {base64.b64encode(b'alice:hidden-word').decode()}"


def test_a_token_is_asked_for_once_and_again_when_it_is_refused(run: Callable[..., RunningRuntime]) -> None:
    """The first token serves two events; a 401 has the next attempt ask for another."""
    statuses = iter((200, 200, 401, 200))
    tokens = iter(("one", "two"))

    def token(_: Asked) -> Says:
        return Says(
            body=json.dumps({"access_token": next(tokens), "token_type": "bearer", "expires_in": 3600}).encode()
        )

    with Endpoint(lambda _: Says(next(statuses))) as endpoint, Endpoint(token) as issuer:
        runtime = run(endpoint.url, OAUTH, mapped={"https://auth.example.com": issuer.url}, time_scale=1000.0)
        seen = []
        for _ in range(3):
            put(runtime)
            seen.append(endpoint.next().headers["authorization"])
        seen.append(endpoint.next().headers["authorization"])
        first = issuer.next()
        issuer.next()

        assert issuer.is_quiet
    assert seen == ["Bearer one", "Bearer one", "Bearer one", "Bearer two"]
    assert first.path == "/token"
    assert parse_qs(first.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["hooks"],
        "client_id": ["me"],
        "client_secret": ["hidden-word"],
    }


def test_a_token_that_is_refused(run: Callable[..., RunningRuntime]) -> None:
    """Nothing is sent without one; 403 ends the tries, and the event is a dead letter that tells no secret."""
    with Endpoint() as endpoint, Endpoint(lambda _: Says(403)) as issuer:
        runtime = run(endpoint.url, OAUTH, mapped={"https://auth.example.com": issuer.url})
        trace = runtime.trace()
        event = put(runtime)
        failure, delivery = trace.next("failure", event), trace.next("delivery", event)

        assert endpoint.is_quiet
    assert delivery["code"] == "NO_PERMISSIONS"
    assert (failure["code"], failure["message"]) == (
        "NO_PERMISSIONS",
        "the authorization endpoint answered with HTTP status 403",
    )


def test_it_is_tried_again(run: Callable[..., RunningRuntime]) -> None:
    """After 503 and 429; the third try brings it home."""
    statuses = iter((503, 429, 200))
    with Endpoint(lambda _: Says(next(statuses))) as endpoint:
        runtime = run(endpoint.url, time_scale=1000.0)
        trace = runtime.trace()
        event = put(runtime)
        bodies = [json.loads(endpoint.next().body) for _ in range(3)]
        codes = [trace.next("failure", event)["code"] for _ in range(2)]

    assert bodies == [{"text": "hello"}] * 3
    assert codes == ["ERROR_FROM_TARGET", "THROTTLING"]


def test_what_is_not_tried_again(run: Callable[..., RunningRuntime]) -> None:
    """404 is final: a dead letter at once."""
    with Endpoint(lambda _: Says(404)) as endpoint:
        runtime = run(endpoint.url)
        put(runtime)
        endpoint.next()
        queue = next(url for url in runtime.client("sqs").list_queues()["QueueUrls"] if "-Queue-" in url)
        received = runtime.client("sqs").receive_message(
            QueueUrl=queue, WaitTimeSeconds=5, MessageAttributeNames=["All"]
        )
        (message,) = received["Messages"]

    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes["ERROR_MESSAGE"] == "the endpoint answered with HTTP status 404"
    assert ":api-destination/" in attributes["TARGET_ARN"]
    assert json.loads(message["Body"])["detail"] == {"msg": "hello"}


KEY = CONNECTION.replace("{{resolve:secretsmanager:hook:SecretString:key}}", "hidden-word")
HIDDEN = ("hidden-", base64.b64encode(b"alice:hidden-word").decode())
ANSWERS = {
    "accepted": lambda _: Says(200, body=b'{"access_token": "hidden-token", "expires_in": 60}'),
    "refused": lambda _: Says(403, body=b"hidden-word is wrong"),
    "redirected": lambda _: Says(302, headers={"Location": "http://127.0.0.1:1/?key=hidden-word"}),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("connection", [KEY, BASIC, OAUTH], ids=["key", "basic", "oauth"])
def test_what_a_connection_gives_is_told_nowhere(
    connection: str, answer: str, run: Callable[..., RunningRuntime], tmp_path: Path
) -> None:
    """
    Not in talk, the trace, its file, any document of the page, a dead letter, Outputs or the state folder, whose files
    nobody else may read.
    """
    state, written = tmp_path / "state", tmp_path / "trace.ndjson"
    with Endpoint(ANSWERS[answer]) as endpoint:
        mapped = {"https://auth.example.com": endpoint.url}
        runtime = run(endpoint.url, connection, mapped=mapped, state=state, trace=written, verbose=True)
        trace = runtime.trace()
        event = put(runtime)
        trace.next("call" if answer == "accepted" else "delivery", event)
        page = Page(runtime)
        shown = [
            page.answer("GET", name.replace("new.json", event)).body.decode()
            for method, name in EVERY
            if method == "GET" and name != "stream"
        ]
        url = runtime.outputs.get("DeadLetterQueueUrl")
        letters = runtime.client("sqs").receive_message(QueueUrl=url) if url else {}
        told = [
            *runtime.told,
            written.read_text("utf-8"),
            json.dumps(letters, default=str),
            json.dumps(dict(runtime.outputs)),
        ]
        kept = [path for path in state.rglob("*") if path.is_file()]
        contents = [path.read_bytes().decode("utf-8", "replace") for path in kept]
    everything = [*shown, *told, *contents]
    # What is looked for would be found: the event is.
    assert sum(event in text for text in everything) > 3
    assert [
        (word, text[:300]) for text in everything for word in HIDDEN if word in text.replace("hidden-tenant", "")
    ] == []
    assert {(path.name, oct(path.stat().st_mode & 0o077)) for path in (*kept, written)} == {
        (path.name, "0o0") for path in (*kept, written)
    }


def test_a_mapping_that_stands_for_nothing_is_told(run: Callable[..., RunningRuntime]) -> None:
    """With the URL that may have been meant; the others are called as ever."""
    runtime = run("http://127.0.0.1:9", mapped={"https://hoooks.example.com/messages/*": "http://127.0.0.1:9"})

    (told,) = [line for line in runtime.told if "--map-endpoint" in line]
    assert told == (
        "warning: --map-endpoint https://hoooks.example.com/messages/*: no target and no data source of the template has"
        " this URL. Did you mean 'https://hooks.example.com/messages/*'?"
    )
