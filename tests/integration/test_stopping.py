"""The end of a runtime, and other applications while events are under way: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from websockets.exceptions import ConnectionClosed

from support.application import change, copied
from support.endpoints import Endpoint, Says
from support.functions import alive
from support.processes import Program
from support.running import RunningRuntime, entry
from support.sockets import run, subscribed
from support.waiting import until

TEMPLATE = Path(__file__).parents[1] / "foreign" / "api-destination-beside.yaml"
HOOKS = "https://hooks.example.com"
USER = "alice:Passw0rd!"
# Many times what any of it needs, and no more than somebody waits who pressed Ctrl-C.
BOUND = 20.0
STOPPED, INTERRUPTED, TERMINATED = 0, 130, 143


class Local:
    """`livebus local` as a process; ``outputs`` are what it wrote."""

    def __init__(self, folder: Path, project: Path, *arguments: str, template: Path = TEMPLATE) -> None:
        outputs = folder / "outputs.json"
        outputs.unlink(missing_ok=True)
        command = [sys.executable, "-m", "livebus", "local", "--port", "0", "--user", USER, "--outputs", str(outputs)]
        command += ["--template", str(template), "--state", str(folder / "state"), *arguments]
        self.program = Program(command, cwd=folder, env={"PYTHONPATH": str(project / "src"), "PATH": ""})
        until(lambda: "ready" in self.program.stderr, "the runtime", 60.0)
        self.outputs: dict[str, str] = json.loads(outputs.read_text("utf-8"))
        self.port = int(self.outputs["EndpointUrl"].rpartition(":")[2])

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.outputs["EndpointUrl"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), BOUND)


@contextmanager
def hanging() -> Iterator[str]:
    """An endpoint that takes what comes, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def busy(local: Local, held: ExitStack) -> str:
    """
    Give it what does not end by itself: a page that reads nothing, half a request, a socket that says no goodbye, and an event at
    a destination that hangs. The event's id.
    """
    page = held.enter_context(local.connect())
    page.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/html\r\n\r\n" % local.port)
    html = b""
    while b'name="livebus-page"' not in html:
        html += page.recv(65_536)
    found = re.search(rb'name="livebus-page" content="([^"]+)"', html)
    assert found is not None
    stream = held.enter_context(local.connect())
    head = b"GET /_livebus/page/stream HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Livebus-Page: %b\r\n\r\n"
    stream.sendall(head % (local.port, found[1]))
    half = held.enter_context(local.connect())
    half.sendall(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 100\r\n\r\n{" % local.port)
    silent = held.enter_context(local.connect())
    silent.sendall(
        b"GET /graphql/realtime HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" % local.port
    )
    silent.recv(1)
    put = local.client("events").put_events(Entries=[entry("hello", local.outputs["EventBusName"])])
    return str(put["Entries"][0]["EventId"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_busy_runtime_stops_and_loses_nothing(number: signal.Signals, tmp_path: Path, project: Path) -> None:
    """Whatever holds it, it ends in time and with 0; the next one brings the event to where it was going, once."""
    with ExitStack() as held:
        url = held.enter_context(hanging())
        local = Local(tmp_path, project, "--map-endpoint", f"{HOOKS}={url}")
        with local.program as program:
            event_id = busy(local, held)
            program.signal(number)
            assert program.wait(BOUND) == STOPPED
            assert ("Traceback" in program.stderr, "stopping" in program.stderr) == (False, True)
            assert "waits for another try; the next start goes on with it" in program.stderr
    with Endpoint(lambda _: Says()) as endpoint:
        trace = tmp_path / "trace.jsonl"
        settings = ("--map-endpoint", f"{HOOKS}={endpoint.url}", "--time-scale", "1000", "--trace", str(trace))
        again = Local(tmp_path, project, *settings)
        with again.program as program:
            assert json.loads(endpoint.next().body) == {"text": "hello"}
            # Only what was answered is delivered: stopped before that, it would rightly wait for another try.
            until(lambda: event_id in trace.read_text("utf-8"), "the answer", BOUND)
            program.signal(number)
            assert program.wait(BOUND) == STOPPED
            assert (endpoint.is_quiet, "waits for another try" in program.stderr.partition("stopping")[2]) == (
                True,
                False,
            )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)])
def test_a_second_signal_ends_it_at_once(number: signal.Signals, code: int, tmp_path: Path, project: Path) -> None:
    """Nobody's goodbye is waited for; the event is in the journal all the same."""
    with ExitStack() as held:
        url = held.enter_context(hanging())
        local = Local(tmp_path, project, "--map-endpoint", f"{HOOKS}={url}")
        with local.program as program:
            busy(local, held)
            program.signal(number)
            until(lambda: "stopping" in program.stderr, "the stop", BOUND)
            program.signal(number)
            assert program.wait(BOUND) == code
            assert ("Traceback" in program.stderr, "ending at once" in program.stderr) == (False, True)
    with Endpoint(lambda _: Says()) as endpoint:
        again = Local(tmp_path, project, "--map-endpoint", f"{HOOKS}={endpoint.url}", "--time-scale", "1000")
        with again.program:
            assert json.loads(endpoint.next().body) == {"text": "hello"}


def test_events_under_way_while_the_template_changes_come_once(tmp_path: Path, start_runtime: Any) -> None:
    """Each of them, in their order, by the application that was there or by the one that came."""
    application = copied(tmp_path / "app").parent
    runtime: RunningRuntime = start_runtime(template=application / "template.yaml")
    messages = [f"number {number}" for number in range(400)]
    batches = [messages[at : at + 10] for at in range(0, len(messages), 10)]
    resolver = application / "resolvers" / "publishMsgFromEB.js"

    async def listened() -> tuple[list[str], int]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket_:

            async def publish() -> None:
                for batch in batches:
                    await asyncio.to_thread(runtime.put, *batch)

            async def reload() -> int:
                changed = 0
                while not publishing.done():
                    change(resolver, "export function request", "// more\nexport function request")
                    changed += await asyncio.to_thread(runtime.call, runtime.runtime.reload)
                return changed

            publishing = asyncio.create_task(publish())
            reloading = asyncio.create_task(reload())
            got = [str(await socket_.message()) for _ in messages]
            await publishing
            count = await reloading
            await asyncio.to_thread(runtime.put, "the last")
            return [*got, str(await socket_.message())], count

    got, count = run(listened())
    assert (sorted(got[:-1]) == sorted(messages), got[-1], count > 1) == (True, "the last", True)


FUNCTION = """
  Slow:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: slow
      Runtime: {runtime}
      Timeout: 900
      Code: src/
      Handler: app.slow
      Role: arn:aws:iam::123456789012:role/slow
"""
SLOW = """
import os, pathlib, time
def slow(event, context):
    pathlib.Path(event["told"]).write_text(str(os.getpid()))
    time.sleep(900)
"""


async def _to_the_end(connection: Any) -> None:
    while True:
        await connection.receive()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_while_a_function_runs_and_a_client_listens(
    number: signal.Signals, tmp_path: Path, project: Path
) -> None:
    """The function's process goes with it, and the client is told by the end of its connection."""
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    template = copied(tmp_path / "app", ("Resources:\n", f"Resources:\n{FUNCTION.format(runtime=runtime)}"))
    (template.parent / "src").mkdir()
    (template.parent / "src" / "app.py").write_text(SLOW)
    local = Local(tmp_path, project, template=template)
    told = tmp_path / "pid"

    async def stopped(program: Program) -> int:
        tokens = local.client("cognito-idp").initiate_auth(
            ClientId=local.outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters=dict(zip(("USERNAME", "PASSWORD"), USER.split(":"), strict=True)),
        )
        async with subscribed(local.outputs["RealtimeUrl"], tokens["AuthenticationResult"]["AccessToken"]) as socket_:
            local.client("lambda").invoke(
                FunctionName="slow", InvocationType="Event", Payload=json.dumps({"told": str(told)})
            )
            await asyncio.to_thread(until, lambda: told.is_file() and told.read_text(), "the function", BOUND)
            program.signal(number)
            code = await asyncio.to_thread(program.wait, BOUND)
            with pytest.raises(ConnectionClosed):
                await _to_the_end(socket_)
            return code

    with local.program as program:
        assert run(stopped(program)) == STOPPED
        assert "Traceback" not in program.stderr, program.stderr
        assert not alive(int(told.read_text()))
