"""validate.py --remote: what AWS says beside what we say, asked of a scripted server and of the local runtime."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from livebus.cli.validate import run as validate
from livebus.pattern import EventPattern
from support.application import PROJECT
from support.running import RunningRuntime


class Aws(BaseHTTPRequestHandler):
    """Answers TestEventPattern and EvaluateCode; ``says`` changes the answers, ``asked`` keeps the requests."""

    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        target = self.headers.get("X-Amz-Target", "")
        self.server.asked.append(target or self.path)
        status, answer = self.events(body) if target else self.appsync(body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def events(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.server.says == "invalid pattern":
            return 400, {"__type": "InvalidEventPatternException", "message": "Event pattern is not valid."}
        if self.server.says == "denied":
            return 400, {"__type": "AccessDeniedException", "message": "no"}
        matches = EventPattern(body["EventPattern"]).matches(json.loads(body["Event"]))
        return 200, {"Result": matches != (self.server.says == "other verdict")}

    def appsync(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.server.says == "refused code":
            problem = {"errorType": "PARSER_ERROR", "value": "no loops"}
            return 200, {"error": {"message": "Code errors", "codeErrors": [problem]}}
        context = json.loads(body["context"])
        if body["function"] == "request":
            result: Any = {"payload": context["arguments"]["msg"]}
        else:
            result = "else" if self.server.says == "other result" else context["result"]
        return 200, {"evaluationResult": json.dumps(result), "stash": "{}", "logs": []}

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


class Server(ThreadingHTTPServer):
    says = ""
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Aws)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(url: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[tuple[str, str]], str]:
    code = validate.main(
        [
            *("--fast", "--json", "--remote", "--endpoint-url", url, "--region", "us-east-1"),
            *("--template", str(PROJECT / "template.yaml"), str(PROJECT / "events" / "sample.json")),
        ]
    )
    out, err = capsys.readouterr()
    return code, [(each["id"], each["message"]) for each in json.loads(out)["findings"]], err


def test_aws_that_says_the_same_adds_nothing(aws: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Each pattern with each event, both handlers of the resolver."""
    code, found, err = run(aws.url, capsys)

    assert (code, found) == (0, [])
    assert f"asked AWS ({aws.url}): 1 pairs of pattern and event, 2 resolver handlers" in err
    assert aws.asked == ["AWSEvents.TestEventPattern", "/v1/dataplane-evaluatecode", "/v1/dataplane-evaluatecode"]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("other verdict", "EventBridge says that rule 'publishMsgFromEB' does not match this event"),
        ("invalid pattern", "EventBridge refuses the pattern: Event pattern is not valid."),
        (
            "other result",
            "the resolver of Mutation.publishMsgFromEB gives 'else' in AppSync, and 'Hello from EventBridge' here",
        ),
        ("refused code", "AppSync says of the resolver of Mutation.publishMsgFromEB: Code errors (no loops)"),
    ],
)
def test_aws_that_says_otherwise_is_an_error(
    says: str, words: str, aws: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What we say is not to be relied on then."""
    aws.says = says
    code, found, _ = run(aws.url, capsys)

    assert (code, [check_id for check_id, _ in found]) == (1, ["E9204"])
    assert found[0][1].startswith(words)


def test_aws_that_does_not_answer_fails(aws: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be asked is told, with the next step; the rest is asked all the same."""
    aws.says = "denied"
    code, _, err = run(aws.url, capsys)

    assert code == 1
    assert "cannot ask EventBridge to test a pattern: AccessDeniedException: no" in err
    assert "2 resolver handlers" in err


def test_the_local_runtime_says_the_same_of_patterns(
    runtime: RunningRuntime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has TestEventPattern; EvaluateCode it has not, and says so."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    code, found, err = run(runtime.url, capsys)

    assert (code, found) == (1, [])
    assert "cannot ask AppSync to evaluate code" in err
    assert "1 pairs of pattern and event" in err
