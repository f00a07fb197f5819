"""publish.py with each engine, against an HTTP server that answers from a script: what goes over the wire."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from livebus.cli.publish import arguments as publish_arguments
from livebus.cli.publish import run as publish
from livebus.publish.dispatch import BASE_SECONDS

Answer = tuple[int, dict[str, Any]]
SAMPLE = {
    "source": "sample.source",
    "detail-type": "message",
    "detail": {"msg": "größer 🚌 1.0"},
    "time": "2026-01-15T08:30:00Z",
}


class Aws:
    """An AWS endpoint: ``calls`` are (operation, body), ``answers`` may replace the usual answer of an operation."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: dict[str, Callable[[Any, int], Answer | None]] = {}
        self.url = ""

    def answer(self, operation: str, body: Any) -> Answer:
        self.calls.append((operation, body))
        scripted = self.answers.get(operation)
        answer = scripted(body, sum(called == operation for called, _ in self.calls)) if scripted else None
        if answer is not None:
            return answer
        if operation == "AWSEvents.DescribeEventBus":
            return 200, {"Name": body["Name"], "Arn": f"arn:aws:events:us-east-1:123456789012:event-bus/{body['Name']}"}
        if operation == "AWSEvents.PutEvents":
            return 200, {"FailedEntryCount": 0, "Entries": [{"EventId": f"id-{e['Detail']}"} for e in body["Entries"]]}
        return 400, {"__type": "UnknownOperationException", "message": operation}

    def sent(self) -> list[list[dict[str, Any]]]:
        return [body["Entries"] for operation, body in self.calls if operation == "AWSEvents.PutEvents"]


@pytest.fixture
def aws() -> Iterator[Aws]:
    endpoint = Aws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.headers.append(dict(self.headers))
            if "X-Amz-Target" in self.headers:
                status, answer = endpoint.answer(self.headers["X-Amz-Target"], json.loads(body))
                text, kind = json.dumps(answer).encode(), "application/x-amz-json-1.1"
            else:  # CloudFormation's: a form, answered with XML
                form = dict(parse_qsl(body.decode()))
                status, answer = endpoint.answer(form["Action"], form)
                text, kind = answer["xml"].encode(), "text/xml"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, and an AWS configuration that must not be used by --local."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "AWS_PROFILE": "not-there",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_REGION": "eu-north-1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def runtime(aws: Aws, folder: Path) -> Aws:
    """The endpoint as a local runtime: with a state file."""
    state = {
        "EndpointUrl": aws.url,
        "Region": "us-west-2",
        "UserName": "alice",
        "Password": "x",
        "CaFile": "",
        "Pid": 1,
        "EventBusName": "local-bus",
    }
    (folder / ".livebus").mkdir()
    (folder / ".livebus" / "runtime.json").write_text(json.dumps(state))
    return aws


@pytest.fixture(params=["bulk", "boto3"], autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test with each engine: what the verb says and does is the same."""
    monkeypatch.setattr(publish_arguments, "DEFAULT_ENGINE", request.param)
    return str(request.param)


def run(*arguments: str) -> int:
    return publish.main(arguments, project=Path("/nowhere"))


def write(name: str, content: Any) -> str:
    Path(name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return name


def test_an_event_goes_to_the_local_runtimes_bus(runtime: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """--local takes address, region and bus from the state file, and nothing from the AWS configuration."""
    assert run("--local", write("sample.json", SAMPLE)) == 0
    detail = '{"msg":"größer 🚌 1.0"}'
    entry = {"Source": "sample.source", "DetailType": "message", "Detail": detail, "Time": 1768465800}
    assert runtime.calls == [
        ("AWSEvents.DescribeEventBus", {"Name": "local-bus"}),
        ("AWSEvents.PutEvents", {"Entries": [{**entry, "EventBusName": "local-bus"}]}),
    ]
    credential = runtime.headers[1]["Authorization"].split("Credential=")[1].split(",")[0].split("/")
    assert [credential[0], *credential[2:]] == ["test", "us-west-2", "events", "aws4_request"]
    out, err = capsys.readouterr()
    assert out == f"id-{detail}\tsample.source\tmessage\n"
    assert err == f"published 1 event to local-bus ({runtime.url})\n"


def test_an_entrys_own_bus_stands_above_the_default(runtime: Aws) -> None:
    """Each entry goes to the bus that it names; each bus is asked for once."""
    own = {"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": "other"}
    assert run("--local", write("a.json", [SAMPLE, own, SAMPLE, own])) == 0
    assert [entry["EventBusName"] for entry in runtime.sent()[0]] == ["local-bus", "other", "local-bus", "other"]
    assert [body["Name"] for operation, body in runtime.calls[:2]] == ["local-bus", "other"]
    assert len(runtime.calls) == 3


def test_the_bus_flag_stands_above_all(runtime: Aws) -> None:
    """--bus overrides what entries name, and takes an ARN too."""
    own = {"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": "other"}
    arn = "arn:aws:events:us-west-2:123456789012:event-bus/mine"
    assert run("--local", "--bus", arn, write("a.json", [SAMPLE, own])) == 0
    assert [entry["EventBusName"] for entry in runtime.sent()[0]] == [arn, arn]


def test_an_unknown_bus_stops_it(runtime: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """EventBridge would answer with event ids and drop the events; so nothing is sent, loudly."""
    runtime.answers["AWSEvents.DescribeEventBus"] = lambda body, count: (
        400,
        {"__type": "ResourceNotFoundException", "message": f"Event bus {body['Name']} does not exist."},
    )
    reason = "EventBridge would accept the events and drop them in silence"
    advice = "Name another one with --bus, or pass --no-bus-check to send all the same."
    assert run("--local", "--bus", "nope", write("a.json", SAMPLE)) == 1
    assert runtime.sent() == []
    assert capsys.readouterr() == (
        "",
        f"error: the event bus 'nope' does not exist ({runtime.url}): {reason}, so nothing was sent. {advice}\n",
    )
    assert run("--local", "--bus", "nope", "--no-bus-check", write("a.json", SAMPLE)) == 0
    assert len(runtime.sent()) == 1


def test_a_denied_bus_check_is_a_warning(runtime: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Who may publish need not be allowed to describe the bus."""
    runtime.answers["AWSEvents.DescribeEventBus"] = lambda body, count: (
        400,
        {"__type": "AccessDeniedException", "message": "not you"},
    )
    assert run("--local", write("a.json", SAMPLE)) == 0
    expected = "warning: cannot check that the event bus 'local-bus' exists; EventBridge drops events for unknown ones"
    assert capsys.readouterr().err.splitlines()[0] == expected


def test_failed_entries_are_sent_again_over_the_wire(
    runtime: Aws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Throttled entries go again, refused ones do not; a throttled request goes again whole; boto3 adds no attempts."""
    monkeypatch.setattr("livebus.publish.dispatch.BASE_SECONDS", BASE_SECONDS / 1000)

    def answer(body: Any, count: int) -> Answer | None:
        if count == 1:
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        if count == 2:
            throttled = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
            malformed = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
            return 200, {"FailedEntryCount": 2, "Entries": [{"EventId": "first"}, throttled, malformed]}
        return None

    runtime.answers["AWSEvents.PutEvents"] = answer
    events = [{"Source": str(n), "DetailType": "b", "Detail": "{}"} for n in range(3)]
    assert run("--local", "--json", write("a.json", events)) == 3
    assert [[entry["Source"] for entry in batch] for batch in runtime.sent()] == [
        ["0", "1", "2"],
        ["0", "1", "2"],
        ["1"],
    ]
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert {name: told[name] for name in ("published", "failed", "rejected", "retried", "entries")} == {
        "published": 2,
        "failed": 1,
        "rejected": {"MalformedDetail": 1},
        "retried": {"ThrottlingException": 4},
        "entries": [
            {"file": "a.json", "index": 0, "eventId": "first"},
            {"file": "a.json", "index": 1, "eventId": "id-{}"},
            {"file": "a.json", "index": 2, "errorCode": "MalformedDetail", "errorMessage": "Detail is malformed."},
        ],
    }
    assert err.splitlines()[0] == "error: a.json: event 2: MalformedDetail: Detail is malformed."
    (failed,) = map(json.loads, Path("a.json.failed.ndjson").read_text().splitlines())
    assert (failed["Source"], failed["_livebus"]["errorCode"]) == ("2", "MalformedDetail")


def test_an_engine_makes_no_attempts_of_its_own(runtime: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """--max-attempts counts requests on the wire: one, here."""
    throttled: Answer = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
    runtime.answers["AWSEvents.PutEvents"] = lambda body, count: throttled
    assert run("--local", "--max-attempts", "1", write("a.json", SAMPLE)) == 4
    assert len(runtime.sent()) == 1
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "error: a.json: event 0: ThrottlingException: Rate exceeded"


@pytest.fixture
def account(aws: Aws, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The endpoint as an AWS account: credentials and region in the environment, no configuration files."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_USE_FIPS_ENDPOINT", "AWS_REGION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return aws


def test_the_bus_is_looked_for_in_samconfigs_stack(account: Aws) -> None:
    """Without flags, stack and region are those of `sam deploy`."""
    Path("samconfig.toml").write_text('[default.global.parameters]\nstack_name = "orders"\nregion = "eu-south-1"\n')
    outputs = "<member><OutputKey>EventBusName</OutputKey><OutputValue>orders-bus</OutputValue></member>"
    stack = f"<member><StackName>orders</StackName><Outputs>{outputs}</Outputs></member>"
    answer = f"<DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
    account.answers["DescribeStacks"] = lambda body, count: (
        200,
        {"xml": f"<DescribeStacksResponse>{answer}</DescribeStacksResponse>"},
    )
    assert run("--endpoint-url", account.url, write("a.json", SAMPLE)) == 0
    assert account.calls[0][1]["StackName"] == "orders"
    assert account.calls[1] == ("AWSEvents.DescribeEventBus", {"Name": "orders-bus"})
    assert "/eu-south-1/cloudformation/aws4_request" in account.headers[0]["Authorization"]


def test_a_stack_that_is_not_there_is_one_line(account: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudFormation's words, and what to do."""
    error = "<Error><Code>ValidationError</Code><Message>Stack with id nope does not exist</Message></Error>"
    account.answers["DescribeStacks"] = lambda body, count: (400, {"xml": f"<ErrorResponse>{error}</ErrorResponse>"})
    assert run("--endpoint-url", account.url, "--stack-name", "nope", write("a.json", SAMPLE)) == 1
    expected = "cannot read the outputs of the stack 'nope': ValidationError: Stack with id nope does not exist."
    advice = "Deploy it with `sam deploy`, name another one with --stack-name, or use --local."
    assert capsys.readouterr() == ("", f"error: {expected} {advice}\n")


def test_with_a_bus_no_stack_is_needed(account: Aws) -> None:
    """--bus and an endpoint suffice; the region is the environment's."""
    assert run("--endpoint-url", account.url, "--bus", "mine", write("a.json", SAMPLE)) == 0
    assert "/eu-west-1/events/aws4_request" in account.headers[0]["Authorization"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ExpiredTokenException", "Sign in again: `aws sso login`, or renew the credentials of your profile."),
        ("UnrecognizedClientException", "Run `aws configure` or pass --profile; --local needs none."),
    ],
)
def test_refused_credentials_are_one_line(
    account: Aws, code: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next step stands behind AWS's words, nothing was sent, and there is no traceback."""
    account.answers["AWSEvents.DescribeEventBus"] = lambda body, count: (400, {"__type": code, "message": "The token."})
    assert run("--endpoint-url", account.url, "--bus", "mine", write("a.json", SAMPLE)) == 1
    assert capsys.readouterr() == ("", f"error: cannot publish: {code}: The token. {advice}\n")
    assert account.sent() == []


def test_no_credentials_are_one_line(
    account: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """botocore's words and the next step."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert run("--endpoint-url", account.url, "--bus", "mine", write("a.json", SAMPLE)) == 1
    expected = (
        "cannot publish: Unable to locate credentials. Run `aws configure` or pass --profile; --local needs none."
    )
    assert capsys.readouterr().err == f"error: {expected}\n"


def test_no_region_is_one_line(
    account: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody says which region, the places to say it are told."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert run("--bus", "mine", write("a.json", SAMPLE)) == 1
    expected = (
        "cannot set up events: You must specify a region. Pass --region, or set AWS_REGION or region in samconfig.toml."
    )
    assert capsys.readouterr().err == f"error: {expected}\n"


def test_a_missing_profile_is_one_line(account: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt --profile tells how to list them."""
    assert run("--profile", "nope", "--bus", "mine", write("a.json", SAMPLE)) == 1
    expected = "The config profile (nope) could not be found. `aws configure list-profiles` shows what there is."
    assert capsys.readouterr().err == f"error: cannot use the AWS configuration: {expected}\n"


def test_an_endpoint_that_does_not_answer_is_one_line(account: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told at the first call, without attempts that take time."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert run("--endpoint-url", url, "--bus", "mine", write("a.json", SAMPLE)) == 1
    start = f'error: cannot publish: Could not connect to the endpoint URL: "{url}/". See that the region'
    assert capsys.readouterr().err.startswith(start)
