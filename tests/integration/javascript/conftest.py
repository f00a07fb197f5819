"""
The JavaScript clients of tests/clients, driven line by line, against one runtime.

They need node, ``npm ci`` in tests/clients, and for the browser's part Chromium. Where one is missing the tests are left
out and the run says so at its end; in CI (``CI`` is set) that is a failure.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROJECT = Path(__file__).resolve().parents[3]
CLIENTS = PROJECT / "tests" / "clients"
USER, PASSWORD = "alice", "Passw0rd!"
# For things that take a moment on a quiet machine: a deadline for a busy one.
DEADLINE_SECONDS = 60.0
ARRIVAL_MILLISECONDS = 15_000
# Long enough for an event that was let through by mistake: they take a few milliseconds.
WITHHELD_MILLISECONDS = 250
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_left_out: dict[str, int] = {}


class Program:
    """A process that answers each line on its stdin with one on its stdout."""

    def __init__(self, *command: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def line(self) -> str:
        """The next line of its output; fails the test when the process ends or says nothing in time."""
        try:
            line = self._lines.get(timeout=DEADLINE_SECONDS)
        except queue.Empty:
            pytest.fail(f"{self._process.args} said nothing for {DEADLINE_SECONDS:g} s")
        return line or pytest.fail(f"{self._process.args} has ended")

    def ask(self, command: str, **given: Any) -> Any:
        """Its answer to a command: ``{"value": …}`` or ``{"error": …}``."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **given}) + "\n")
        return json.loads(self.line())

    def call(self, command: str, **given: Any) -> Any:
        """What a command that has to succeed returns."""
        answer = self.ask(command, **given)
        assert list(answer) == ["value"], answer
        return answer["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(DEADLINE_SECONDS)
        finally:
            self._process.kill()
            self._reader.join()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


# --- what has to be installed ---------------------------------------------------------------------------------------


def _need(is_there: bool, what: str) -> None:
    if is_there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI needs it: {what}")
    _left_out[what] = _left_out.get(what, 0) + 1
    pytest.skip(what)


@pytest.fixture(scope="session")
def node() -> str:
    """The path of node, with the clients' packages installed."""
    path = shutil.which("node")
    _need(path is not None, "node is not on the PATH: install Node.js 20 or newer with npm, then run make setup")
    installed = CLIENTS / "node_modules" / ".package-lock.json"
    _need(installed.exists(), "the clients are not installed: run make setup, or npm ci in tests/clients")
    return str(path)


@pytest.fixture(scope="session")
def chromium() -> str:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    _need(path is not None, f"none of {', '.join(BROWSERS)} is on the PATH: install one (Debian: apt install chromium)")
    return str(path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, count in _left_out.items():
        terminalreporter.write_line(f"LEFT OUT: {count} tests with real JavaScript clients. {what}", red=True, bold=True)


# --- the runtime ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A running runtime's outputs, and as ``environment`` what it tells shells to set."""
    folder = tmp_path_factory.mktemp("javascript")
    file = folder / "outputs.json"
    options = ("--port", "0", "--outputs", file, "--state", folder / "state", "--user", f"{USER}:{PASSWORD}", "--no-reload")
    with Program(sys.executable, PROJECT / "scripts" / "local.py", *options) as program:
        exports = [program.line().strip().removeprefix("export ").partition("=") for _ in range(4)]
        yield {**json.loads(file.read_text()), "environment": {name: value for name, _, value in exports}}


@pytest.fixture(scope="session")
def outputs(runtime: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in runtime.items() if name != "environment"}


@pytest.fixture(scope="session")
def secure_outputs(outputs: dict[str, str]) -> dict[str, str]:
    """The outputs with https and wss in the place of http and ws: the runtime speaks both on its port."""
    schemes = {"http": "https", "ws": "wss"}
    split = {name: value.partition("://") for name, value in outputs.items()}
    return {name: f"{schemes.get(head, head)}{mark}{tail}" for name, (head, mark, tail) in split.items()}


@pytest.fixture(scope="session")
def python_clients() -> ModuleType:
    """The module tests/clients/config/python_clients.py, which docs/clients.md shows."""
    specification = importlib.util.spec_from_file_location("python_clients", CLIENTS / "config" / "python_clients.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cognito(python_clients: ModuleType, outputs: dict[str, str]) -> Iterator[Any]:
    client = python_clients.aws_client(outputs, "cognito-idp")
    yield client
    client.close()


@pytest.fixture(scope="session")
def tokens(cognito: Any, outputs: dict[str, str]) -> dict[str, str]:
    """What Cognito gives boto3 for the user's password: AccessToken, IdToken, RefreshToken."""
    given = {"USERNAME": USER, "PASSWORD": PASSWORD}
    answer = cognito.initiate_auth(
        ClientId=outputs["UserPoolClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
    )
    return {name: value for name, value in answer["AuthenticationResult"].items() if name.endswith("Token")}


@pytest.fixture(scope="session")
def publish(python_clients: ModuleType, outputs: dict[str, str]) -> Iterator[Callable[..., None]]:
    """Publish a message with boto3. Only those of the source ``sample.source`` match the rule."""
    events = python_clients.aws_client(outputs, "events")

    def publish_message(message: str, source: str = "sample.source") -> None:
        entry = {"Source": source, "DetailType": "message", "Detail": json.dumps({"msg": message})}
        answer = events.put_events(Entries=[{**entry, "EventBusName": outputs["EventBusName"]}])
        assert answer["FailedEntryCount"] == 0

    yield publish_message
    events.close()


@pytest.fixture
def assert_receives(publish: Callable[..., None]) -> Callable[[Program], None]:
    """
    Check that a subscribed client receives what is published, and reports that nothing came when the event is withheld
    from it because no rule matches.
    """

    def check(client: Program) -> None:
        publish("withheld", source="another.source")
        missed = client.ask("next", within=WITHHELD_MILLISECONDS)
        assert missed == {"error": {"name": "Error", "message": f"nothing arrived within {WITHHELD_MILLISECONDS} ms"}}
        message = 'Grüße, "quoted"\nand on two lines \N{WHALE}'
        publish(message)
        received = client.call("next", within=ARRIVAL_MILLISECONDS)
        assert received == {"data": {"onPublishMsgFromEb": message}}

    return check


# --- the clients ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def start_worker(node: str, runtime: dict[str, Any]) -> Callable[..., Program]:
    """Start a module of tests/clients in node, with the runtime's variables set and its CA trusted unless told not to."""

    def start(*arguments: str, trusting: bool = True) -> Program:
        trust = {"NODE_EXTRA_CA_CERTS": runtime["CaFile"]} if trusting else {}
        return Program(node, CLIENTS / "worker.mjs", *arguments, environment={**os.environ, **runtime["environment"], **trust})

    return start


@pytest.fixture(scope="session")
def start_browser(node: str, chromium: str) -> Callable[..., Program]:
    """Start Chromium on the page of tests/clients; it accepts the certificate of that public key hash."""

    def start(*public_key_hash: str) -> Program:
        return Program(node, CLIENTS / "browser.mjs", chromium, *public_key_hash)

    return start


@pytest.fixture(scope="session")
def public_key_hash(outputs: dict[str, str]) -> str:
    """What Chromium is told to accept: the key of the runtime's certificate, once the CA has been found to vouch for it."""
    host, _, port = outputs["EndpointUrl"].removeprefix("http://").rpartition(":")
    context = ssl.create_default_context(cafile=outputs["CaFile"])
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as secure:
        certificate = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@pytest.fixture(scope="session", params=["node", "chromium"])
def amplify(request: pytest.FixtureRequest) -> Iterator[Program]:
    """Amplify in node, and in a page that has another origin than the runtime."""
    if request.param == "node":
        program = request.getfixturevalue("start_worker")("amplify.mjs")
    else:
        program = request.getfixturevalue("start_browser")(request.getfixturevalue("public_key_hash"))
    with program:
        yield program
