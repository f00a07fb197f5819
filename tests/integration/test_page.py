"""The page's documents over HTTP: what they say is what boto3 says, and nobody but the page is told."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.runtime.page import history, service, stream
from livebus.runtime.page.service import ENDPOINTS
from support.http import Answer, request
from support.running import RunningRuntime, entry
from support.stacks import BUS, Stacks
from support.waiting import SECONDS, until

PATH = "/_livebus/page/"
MOST_CALLS = 300
# What stands behind a "/" names one of several.
EVERY = [(method, f"{name}new.json" if name.endswith("/") else name) for method, name in ENDPOINTS]


class Page:
    """A page of a runtime: asks with its token."""

    def __init__(self, runtime: RunningRuntime) -> None:
        self._runtime = runtime
        html = request(runtime.port, "GET", "/", headers={"Accept": "text/html"}).body.decode()
        found = re.search(r'name="livebus-page" content="([^"]+)"', html)
        assert found is not None
        self.token = found[1]

    def answer(self, method: str, name: str, body: Any = None, **headers: str) -> Answer:
        sent = {"X-Livebus-Page": self.token, "Content-Type": "application/json"}
        given = {**sent, **{key.replace("_", "-"): value for key, value in headers.items()}}
        data = json.dumps(body).encode() if body is not None else None
        return request(self._runtime.port, method, PATH + name, body=data, headers=given)

    def get(self, name: str) -> Any:
        return self._document(self.answer("GET", name))

    def post(self, name: str, **body: Any) -> Any:
        return self._document(self.answer("POST", name, body))

    def put(self, name: str, **body: Any) -> Any:
        return self._document(self.answer("PUT", name, body))

    @staticmethod
    def _document(answer: Answer) -> Any:
        document = json.loads(answer.body)
        if answer.status != 200:
            raise LivebusError(f"{answer.status} {document['error']['code']}: {document['error']['message']}")
        return document


@pytest.fixture
def page(start_runtime: Any) -> Page:
    return Page(start_runtime())


@pytest.fixture
def running(page: Page) -> RunningRuntime:
    return page._runtime


def test_the_page_is_at_the_root(running: RunningRuntime) -> None:
    """A browser gets the page at ConsoleUrl; a signed ``GET /`` stays S3's, and a program's is no page."""
    answer = request(running.port, "GET", "/", headers={"Accept": "text/html,*/*"})
    assert running.outputs["ConsoleUrl"] == f"{running.url}/"
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert request(running.port, "GET", "/").status == 404
    assert running.client("s3").list_buckets()["Buckets"] == []


def test_what_is_published_is_what_the_page_has(running: RunningRuntime, page: Page) -> None:
    """An event's document has boto3's id, the client, the verdict, the variables, the answer: the trace's own steps."""
    trace = running.trace()
    [event_id] = running.put("hello")
    execution = trace.next("execution", event_id)

    document = page.get(f"events/{event_id}")
    [way] = [each for each in document["ways"] if each["matches"]]
    [attempt] = way["attempts"]
    [answered] = [each for each in attempt["steps"] if each["station"] == "execution"]

    assert (document["via"], document["outcome"]["words"]) == ("boto3", "reached nobody")
    assert document["envelope"]["detail"] == {"msg": "hello"}
    assert way["variables"] == [{"name": "msg", "path": "$.detail.msg", "value": "hello"}]
    assert way["input"] == {"msg": "hello"}
    assert {name: answered[name] for name in ("status", "data", "errors")} == {
        name: execution[name] for name in ("status", "data", "errors")
    }


def test_an_event_without_a_match_says_why(running: RunningRuntime, page: Page) -> None:
    """Conditions come as data; the unmet one's sentence is the one that stderr has, which links to the page."""
    answer = running.client("events").put_events(
        Entries=[{**entry("x", running.outputs["EventBusName"]), "Source": "another.source"}]
    )
    event_id = answer["Entries"][0]["EventId"]
    document = page.get(f"events/{event_id}")
    unmet = [each for each in document["ways"][0]["conditions"] if not each["met"]]
    line = running.wait_for_line(f"event {event_id} matched no rule")

    assert document["outcome"] == {"kind": "unmatched", "words": "no match", "reached": 0}
    assert [(each["path"], each["found"]) for each in unmet] == [("$.source", '"another.source"')]
    assert document["ways"][0]["reasons"] == [unmet[0]["why"]]
    assert f"{running.url}/#/events/{event_id}" in line


def test_a_refused_entry_is_there_too(running: RunningRuntime, page: Page) -> None:
    """It has PutEvents' code, and the entry as it was put."""
    given = {**entry("x", running.outputs["EventBusName"]), "Source": "aws.shop"}
    refused = running.client("events").put_events(Entries=[given])["Entries"][0]
    [shown] = page.get("events")["events"]
    document = page.get(f"events/{shown['id']}")
    assert document["refused"]["code"] == refused["ErrorCode"]
    assert document["envelope"]["Source"] == "aws.shop"


def test_send_is_put_events(running: RunningRuntime, page: Page) -> None:
    """The answer has PutEvents' shape; the sender is the page; limits and refusals are the same."""
    answer = page.post("send", text=json.dumps(entry("from the page", running.outputs["EventBusName"])))
    event_id = answer["Entries"][0]["EventId"]
    assert page.get(f"events/{event_id}")["via"] == "this page"
    envelope = {"source": "sample.source", "detail-type": "message", "detail": {"msg": "an envelope"}}
    again = page.post("send", text=json.dumps(envelope))
    shown = page.get(f"events/{again['Entries'][0]['EventId']}")
    assert (shown["bus"], shown["rules"]) == (running.outputs["EventBusName"], page.get("events")["events"][1]["rules"])


def test_a_dry_run_leads_to_the_api_of_another_stack(start_runtime: Any) -> None:
    """Where stacks are deployed one after the other; what really came of an event says the same."""
    stacks = Stacks(start_runtime(template=None))
    stacks.put_all()
    page = Page(stacks.runtime)

    [way] = page.post("try", text=json.dumps(entry("across", BUS)))["ways"]
    assert (way["matches"], way["input"], way["field"]) == (True, {"msg": "across"}, "publish")
    assert (way["api"], way["subscriptions"]) == ("Api:Api", ["onPublish"])
    assert [each["field"] for each in way["receptions"]] == ["onPublish"]
    (event_id,) = stacks.runtime.put("across", bus=BUS)
    until(lambda: page.get(f"events/{event_id}")["ways"][0]["state"] == "nobody", "the event's end")


def test_a_dry_run_sends_nothing(running: RunningRuntime, page: Page) -> None:
    """What would be: the rule matches, the mutation answers; no event is recorded, nobody is told."""
    dry = page.post("try", text=json.dumps(entry("dry", running.outputs["EventBusName"])))
    [way] = dry["ways"]
    assert (way["matches"], way["input"]) == (True, {"msg": "dry"})
    assert [each["arrives"] for each in way["receptions"]] == [True]
    assert page.get("events")["events"] == []


def test_another_pattern_over_what_passed(running: RunningRuntime, page: Page) -> None:
    """Each recorded event's verdict now and then; a pattern that EventBridge refuses says so with its place."""
    running.put("one")
    [rule] = page.get("state")["application"]["rules"]
    [row] = page.post("try", rule=rule["arn"], pattern='{"source": ["other"]}')["rows"]
    assert (row["now"], row["before"]) == (False, True)
    [same] = page.post("try", rule=rule["arn"], pattern=rule["pattern"])["rows"]
    assert (same["now"], same["before"]) == (True, True)
    assert page.post("try", rule=rule["arn"], pattern='{"source": "x"}')["fault"]["message"]
    [shown] = page.post("try", rule=rule["arn"], target=rule["target"], template='{"msg": "<msg>!"}')["rows"]
    assert (json.loads(shown["words"]), shown["differs"]) == ({"msg": "one!"}, True)


def test_dead_letters_are_shown_redriven_and_purged(running: RunningRuntime, page: Page) -> None:
    """The page's groups are SQS's messages; looking takes nothing; a redriven letter is gone, a purged one too."""
    page.put("faults", faults=["target-denied=1"])
    first, second = running.put("one", "two")
    queue = running.client("sqs")
    url = running.outputs["DeadLetterQueueUrl"]
    counted = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}

    [group] = page.get("failed")["letters"]
    assert (group["count"], [each["eventId"] for each in group["letters"]]) == (2, [first, second])
    assert queue.get_queue_attributes(**counted)["Attributes"]["ApproximateNumberOfMessages"] == "2"
    assert page.get(f"events/{first}")["outcome"]["words"] == "dead letter"

    page.put("faults")
    one, two = group["letters"]
    assert page.post("redrive", queue=group["queue"], ids=[one["id"]], to="target")["outcomes"] == [
        {"id": one["id"], "accepted": True, "eventId": first}
    ]
    assert queue.get_queue_attributes(**counted)["Attributes"]["ApproximateNumberOfMessages"] == "1"
    assert page.post("purge", queue=group["queue"], ids=[two["id"]]) == {"purged": 1}
    assert "Messages" not in queue.receive_message(QueueUrl=url)


def test_what_waits_can_be_tried_at_once(running: RunningRuntime, page: Page) -> None:
    """A retry that would wait for long is made now; then nothing waits."""
    page.put("faults", faults=["target-throttle=1"])
    [event_id] = running.put("later")
    [waiting] = page.get("failed")["retries"]
    assert (waiting["id"], waiting["attempts"]) == (event_id, 1)
    page.put("faults")
    page.post("retry", row=waiting["row"])
    until(lambda: page.get("failed")["retries"] == [], "nothing that waits")
    assert page.get(f"events/{event_id}")["ways"][0]["state"] == "nobody"


def test_a_token_signs_a_user_in(running: RunningRuntime, page: Page) -> None:
    """Cognito takes the token as it takes its own; an unknown user gets none."""
    [pool] = page.get("state")["application"]["pools"]
    token = page.post("token", pool=pool["id"], user="alice")["AccessToken"]
    assert running.client("cognito-idp").get_user(AccessToken=token)["Username"] == "alice"
    with pytest.raises(LivebusError, match="UserNotFoundException"):
        page.post("token", pool=pool["id"], user="nobody")


def test_graphql_as_iam(running: RunningRuntime, page: Page) -> None:
    """The operation is signed for the page, and answered by the API."""
    url = running.outputs["GraphQLUrl"]
    operation = page.get("state")["application"]["rules"][0]["operation"]
    answer = page.post("graphql", url=url, request={"query": operation, "variables": {"msg": "x"}})
    assert (answer["status"], answer["body"].get("errors")) == (200, None)


def test_an_archive_is_replayed(running: RunningRuntime, page: Page) -> None:
    """StartReplay from the page: the event comes again, under the replay's name."""
    [event_id] = running.put("again")
    [archive] = page.get("failed")["archives"]
    assert archive["events"] == 1
    started = page.post("replay", archive=archive["arn"], bus=archive["busArn"], seconds=3600)
    until(lambda: page.get(f"events/{event_id}")["via"] == f"replay {started['replay']}", "the replayed event")


def test_a_replay_that_moves_on_is_told(running: RunningRuntime, page: Page) -> None:
    """
    What the stream looks at differs with each state of each replay, also where one begins and ends between two looks; the archive
    shows the one that began last, whatever its name.
    """
    parts = running.runtime.wiring
    running.put("again")
    [archive] = page.get("failed")["archives"]
    before = parts.replays.changed
    names = []
    for _ in range(3):
        started = page.post("replay", archive=archive["arn"], bus=archive["busArn"], seconds=3600)
        names.append(started["replay"])
        until(lambda: page.get("failed")["archives"][0]["replay"].endswith(": COMPLETED"), "the replay's end")
        assert page.get("failed")["archives"][0]["replay"] == f"{names[-1]}: COMPLETED"
    # Each began, ran and was done.
    assert parts.replays.changed - before == 9


def test_samples_are_saved_beside_the_template_and_nowhere_else(
    start_runtime: Any, project: Any, tmp_path: Any
) -> None:
    """A new name is written, an old one only if asked for, a path never."""
    folder = tmp_path / "app"
    folder.mkdir()
    for name in ("template.yaml", "schema.graphql"):
        (folder / name).write_text((project / name).read_text())
    shutil.copytree(project / "resolvers", folder / "resolvers")
    page = Page(start_runtime(template=folder / "template.yaml"))
    text = '{"source": "s", "detail-type": "t", "detail": {}}'

    assert page.put("samples/new.json", text=text)["file"].endswith("events/new.json")
    assert (folder / "events" / "new.json").read_text() == text + "\n"
    assert [each["name"] for each in page.get("samples")["samples"]] == ["new.json"]
    assert page.answer("PUT", "samples/new.json", {"text": text}).status == 409
    page.put("samples/new.json", text=text, overwrite=True)
    for name in ("../up.json", "a/b.json", "..%2Fup.json", ".hidden.json", "new.txt"):
        assert page.answer("PUT", f"samples/{name}", {"text": text}).status == 400
    assert sorted(path.name for path in folder.iterdir()) == ["events", "resolvers", "schema.graphql", "template.yaml"]


def test_the_stream_tells_what_changes(running: RunningRuntime, page: Page) -> None:
    """Lines of JSON: hello, then each event; after a number only what changed since."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("GET", f"{PATH}stream?after=0", headers={"X-Livebus-Page": page.token})
    response = connection.getresponse()
    assert json.loads(response.readline())["kind"] == "hello"
    [event_id] = running.put("live")
    lines = (json.loads(response.readline()) for _ in range(20))
    found = next(line for line in lines if line["kind"] == "event")
    assert (found["id"], found["preview"]) == (event_id, "live")
    connection.close()


def test_a_page_that_does_not_read_is_cut_off(
    running: RunningRuntime, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens the stream and reads nothing: each event is delivered all the same, and the runtime lets go of the page."""
    monkeypatch.setattr(service, "WRITE_SECONDS", 0.1)
    # Where much comes at once a page is told of the newest alone, which may fit between the two.
    for bound, module in (("_STORM", history), ("MOST_UNREAD", stream), ("MOST_A_FLUSH", stream)):
        monkeypatch.setattr(module, bound, 10**9)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that little lies between the two
        deaf.settimeout(SECONDS)
        deaf.connect(("127.0.0.1", running.port))
        head = f"GET {PATH}stream?after=0 HTTP/1.1\r\nHost: {running.host}\r\nX-Livebus-Page: {page.token}\r\n\r\n"
        deaf.sendall(head.encode())
        # Each call is told in some thirty kilobytes.
        published = [event_id for _ in range(MOST_CALLS) for event_id in running.put(*["x" * 2000] * 10)]
        heard = everything(deaf, until=published[-1].encode())
    assert published[0].encode() in heard
    assert published[-1].encode() not in heard
    assert page.get(f"events/{published[-1]}")["outcome"]["words"] == "reached nobody"


def everything(connection: socket.socket, until: bytes) -> bytes:
    """What comes until the other side ends the connection, or these bytes have come."""
    found = b""
    try:
        while until not in found[-200_000:] and (chunk := connection.recv(65536)):
            found += chunk
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(("method", "name"), EVERY)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Livebus-Page": ""},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "events.us-east-1.amazonaws.com"},
    ],
    ids=["no token", "another port", "null", "cross-site", "another host"],
)
def test_nobody_else_is_answered(
    runtime: RunningRuntime, shared_page: Page, method: str, name: str, headers: Mapping[str, str]
) -> None:
    """Each document is refused without the token, and with it to another origin; no CORS header says otherwise."""
    answer = shared_page.answer(method, name, {} if method != "GET" else None, **headers)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (403, "Refused")
    assert [each for each in answer.headers if each.lower().startswith("access-control")] == []


@pytest.fixture(scope="session")
def shared_page(runtime: RunningRuntime) -> Page:
    return Page(runtime)


@pytest.mark.parametrize(
    ("method", "name", "status"), [("GET", "nothing", 404), ("POST", "state", 405), ("PUT", "send", 405)]
)
def test_what_is_not_there_is_not_answered(shared_page: Page, method: str, name: str, status: int) -> None:
    """Neither a name that there is none of, nor a method that a name does not take."""
    assert shared_page.answer(method, name, {} if method != "GET" else None).status == status


def test_preflights_get_no_leave(runtime: RunningRuntime) -> None:
    """A foreign page that asks whether it may send the token's header is told no."""
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "x-livebus-page"}
    answer = request(runtime.port, "OPTIONS", f"{PATH}state", headers=headers)
    assert answer.status == 403
    assert [each for each in answer.headers if each.lower().startswith("access-control")] == []


def test_there_is_no_page_for_other_machines(start_runtime: Any) -> None:
    """Where the runtime listens on more than loopback there is neither a page nor its address."""
    runtime = start_runtime(host="0.0.0.0")
    assert runtime.outputs["ConsoleUrl"] == ""
    assert request(runtime.port, "GET", "/", headers={"Accept": "text/html"}).status == 404
    assert request(runtime.port, "GET", f"{PATH}state").status == 404


def test_the_page_costs_no_start(project: Any) -> None:
    """Its documents are loaded when the first browser comes."""
    code = (
        "import sys, livebus.runtime.server; print([m for m in sys.modules if m.startswith('livebus.runtime.page.')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == "['livebus.runtime.page.records', 'livebus.runtime.page.history']"


DEEP: Any = {}
for _ in range(400):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("operation", {"url": "http://[", "kind": "query", "field": "a"}),
        ("operation", {"url": "/\ud800\0", "query": "{ a }"}),
        ("operation", {"query": "{ a }"}),
        ("operation", {"url": 1, "query": ["{ a }"]}),
        ("operation", {"url": "", "kind": {}, "field": None}),
        ("graphql", {"url": "http://[", "request": {}}),
        ("graphql", {"url": "URL", "request": DEEP}),
        ("graphql", {"url": "URL", "request": [1]}),
    ],
)
def test_what_makes_no_sense_is_refused(
    runtime: RunningRuntime, shared_page: Page, name: str, body: dict[str, Any]
) -> None:
    """By the page, whose own faults are no answers: no URL, other types, deeper than JSON is written."""
    if "url" in body and isinstance(body["url"], str):
        url = runtime.outputs["GraphQLUrl"]
        body = {**body, "url": body["url"].replace("URL", url)}
    answer = shared_page.answer("POST", name, body)
    assert (answer.status, set(json.loads(answer.body))) == (400, {"error"})


@pytest.mark.parametrize("query", ["{" * 5_000, "{ a " * 3_000, " ".join(f"a{n}: a" for n in range(9_000)), "\0", ""])
def test_operations_of_any_text_are_told_as_faults(runtime: RunningRuntime, shared_page: Page, query: str) -> None:
    """With line and column, within the bounds of a document that the API reads."""
    found = shared_page.post("operation", url=runtime.outputs["GraphQLUrl"], query=query)
    assert found["fault"]["line"] == 1
