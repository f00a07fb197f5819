"""
The JavaScript clients of tests/clients, against one runtime that runs as its user runs it.

They need node, ``npm ci`` in tests/clients, and the browser's part Chromium. Where one is missing the tests are left out
and the run says so at its end; in CI (``CI`` is set) they fail.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.console import Console
from support.program import Program
from support.running import USER, RunningRuntime

# Long enough for an event that was let through by mistake: they take a few milliseconds.
WITHHELD_MILLISECONDS = 250
ARRIVAL_MILLISECONDS = 15_000
OLDEST_NODE = 20
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# A function publishes a message; what is not of the source "sample.source" matches no rule.
Publish = Callable[..., None]
AssertReceives = Callable[..., None]
StartProgram = Callable[..., Program]


# --- what has to be installed ---------------------------------------------------------------------------------------

_left_out: set[str] = set()


def _need(is_there: bool, otherwise: str) -> None:
    if is_there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"not left out in CI: {otherwise}")
    _left_out.add(otherwise)
    pytest.skip(otherwise)


@pytest.fixture(scope="session")
def clients(project: Path) -> Path:
    return project / "tests" / "clients"


@pytest.fixture(scope="session")
def node(clients: Path) -> str:
    """The path of node, with the clients' packages installed."""
    path = shutil.which("node")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout if path else "v0."
    is_new = int(version.removeprefix("v").partition(".")[0]) >= OLDEST_NODE
    _need(is_new, f"Node.js {OLDEST_NODE} or newer is not on the PATH: install it with npm, then run make setup")
    installed = clients / "node_modules" / ".package-lock.json"
    _need(installed.exists(), "the clients' packages are not installed: run make setup, or npm ci in tests/clients")
    return str(path)


@pytest.fixture(scope="session")
def app(project: Path, node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of examples/app, which has what npm installed for the original; whoever has written into that is left alone."""
    original = project / "examples" / "app"
    installed = original / "node_modules" / ".package-lock.json"
    _need(
        shutil.which("npm") is not None and installed.exists(),
        "the app's packages are not installed: run make setup, or npm ci in examples/app",
    )
    copy = tmp_path_factory.mktemp("own") / "app"
    own = shutil.ignore_patterns("node_modules", "build", "dist", "amplify_outputs.json")
    shutil.copytree(original, copy, ignore=own)
    (copy / "node_modules").symlink_to(original / "node_modules")
    return copy


@pytest.fixture(scope="session")
def typescript(clients: Path, node: str) -> Path:
    """A folder whose node_modules have TypeScript and AppSync's types."""
    _need(
        (clients / "node_modules" / "typescript").is_dir(), f"{node} finds no typescript: run npm ci in tests/clients"
    )
    return clients


@pytest.fixture(scope="session")
def chromium() -> str:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    _need(path is not None, f"none of {', '.join(BROWSERS)} is on the PATH: install one (Debian: apt install chromium)")
    return str(path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    for reason in sorted(_left_out):
        count = sum(text.endswith(reason) for text in skipped)
        line = f"LEFT OUT: {count} tests with real JavaScript clients, because {reason}"
        terminalreporter.write_line(line, red=True, bold=True)


# --- the runtime's page ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser(node: str, clients: Path, chromium: str) -> Iterator[Console]:
    """One for all tests: it takes a second or two to start."""
    opened = Console(node, clients, chromium)
    yield opened
    opened.close()


@pytest.fixture
def console(browser: Console) -> Iterator[Console]:
    """The browser on an empty page; whatever the page throws fails the test."""
    browser.run("await page.emulateMedia({colorScheme: 'dark', reducedMotion: null}); await page.goto('about:blank')")
    browser.faults()
    browser.clicks = 0
    yield browser
    assert browser.faults() == []


@pytest.fixture
def running(start_runtime: Callable[..., RunningRuntime]) -> RunningRuntime:
    return start_runtime()


# --- the runtime ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LocalRuntime:
    """A runtime in its own process: the outputs that it writes, and the variables that it tells shells to set."""

    outputs: dict[str, str]
    environment: dict[str, str]


@pytest.fixture(scope="session")
def local_runtime(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRuntime]:
    folder = tmp_path_factory.mktemp("javascript")
    file = folder / "outputs.json"
    options = ("--port", "0", "--outputs", file, "--state", folder / "state", "--user", ":".join(USER), "--no-reload")
    with Program(sys.executable, project / "scripts" / "local.py", *options) as program:
        environment: dict[str, str] = {}
        while "AWS_SECRET_ACCESS_KEY" not in environment:
            name, _, value = program.line().removeprefix("export ").partition("=")
            environment[name] = value
        yield LocalRuntime(json.loads(file.read_text()), environment)


@pytest.fixture(scope="session")
def outputs(local_runtime: LocalRuntime) -> dict[str, str]:
    return local_runtime.outputs


@pytest.fixture(scope="session")
def secure_outputs(outputs: dict[str, str]) -> dict[str, str]:
    """The outputs with https and wss in the place of http and ws: the runtime speaks both on its port."""
    secure = {"http": "https", "ws": "wss"}
    parts = {name: value.partition("://") for name, value in outputs.items()}
    return {name: f"{secure.get(head, head)}{mark}{tail}" for name, (head, mark, tail) in parts.items()}


@pytest.fixture(scope="session")
def outputs_by_protocol(outputs: dict[str, str], secure_outputs: dict[str, str]) -> dict[str, dict[str, str]]:
    return {"http": outputs, "https": secure_outputs}


@pytest.fixture(scope="session")
def on_aws(outputs: dict[str, str]) -> dict[str, str]:
    """Outputs with an API's address on AWS, for looking at where clients would go."""
    url = "https://abcdefghijklmnopqrstuvwxyz.appsync-api.us-east-1.amazonaws.com/graphql"
    return {**outputs, "GraphQLUrl": url, "RealtimeUrl": ""}


@pytest.fixture(scope="session")
def python_clients(clients: Path) -> ModuleType:
    """The module tests/clients/config/python_clients.py, which docs/clients.md shows."""
    file = clients / "config" / "python_clients.py"
    specification = importlib.util.spec_from_file_location(file.stem, file)
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
    """AccessToken and IdToken, as Cognito gives them to boto3 for the user's password."""
    name, password = USER
    answer = cognito.initiate_auth(
        ClientId=outputs["UserPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return {name: answer["AuthenticationResult"][name] for name in ("AccessToken", "IdToken")}


@pytest.fixture(scope="session")
def publish(python_clients: ModuleType, outputs: dict[str, str]) -> Iterator[Publish]:
    """Publishes a message with boto3."""
    events = python_clients.aws_client(outputs, "events")

    def publish_message(message: str, source: str = "sample.source") -> None:
        entry = {"Source": source, "DetailType": "message", "Detail": json.dumps({"msg": message})}
        answer = events.put_events(Entries=[{**entry, "EventBusName": outputs["EventBusName"]}])
        assert answer["FailedEntryCount"] == 0

    yield publish_message
    events.close()


@pytest.fixture
def assert_receives(publish: Publish) -> AssertReceives:
    """
    Checks that a client that has subscribed receives what is published, and reports that nothing came when no rule
    matches the event. Boto3 publishes, unless a test brings another function.
    """

    def check(client: Program, publish: Publish = publish) -> None:
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
def start_worker(node: str, clients: Path, local_runtime: LocalRuntime) -> StartProgram:
    """Runs a module of tests/clients in node, with the runtime's variables set, and its CA trusted unless told not to."""

    def start(*arguments: str, trusting: bool = True) -> Program:
        trust = {"NODE_EXTRA_CA_CERTS": local_runtime.outputs["CaFile"]} if trusting else {}
        environment = {**os.environ, **local_runtime.environment, **trust}
        return Program(node, clients / "worker.mjs", *arguments, environment=environment)

    return start


@pytest.fixture(scope="session")
def start_browser(node: str, clients: Path, chromium: str) -> StartProgram:
    """Runs the page of tests/clients in Chromium, which accepts the certificate with a public key of the given hash."""

    def start(*public_key_hash: str) -> Program:
        return Program(node, clients / "browser.mjs", chromium, *public_key_hash)

    return start


@pytest.fixture(scope="session")
def public_key_hash(outputs: dict[str, str]) -> str:
    """Of the runtime's certificate, once the CA has been found to vouch for it."""
    host, _, port = outputs["EndpointUrl"].removeprefix("http://").rpartition(":")
    context = ssl.create_default_context(cafile=outputs["CaFile"])
    with (
        socket.create_connection((host, int(port))) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@pytest.fixture(scope="session", params=["node", "chromium"])
def amplify(request: pytest.FixtureRequest) -> Iterator[Program]:
    """Amplify in node, and in a page of another origin than the runtime's."""
    if request.param == "node":
        program = request.getfixturevalue("start_worker")("amplify.mjs")
    else:
        program = request.getfixturevalue("start_browser")(request.getfixturevalue("public_key_hash"))
    with program:
        yield program


@pytest.fixture(scope="session")
def apollo(start_worker: StartProgram) -> Iterator[Program]:
    with start_worker("apollo.mjs") as program:
        yield program
