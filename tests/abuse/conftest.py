"""
The runtime in a process of its own, in little memory, for what is meant to stop it, read it, or slow it to a crawl.

A runtime has two minutes of processor time for all tests of a file, and each test three minutes in all: then the runtime
is killed, and whatever still waits for it fails.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from support.limited import under_limits
from support.processes import LocalRuntime

SECONDS = 180.0
CPU_SECONDS = 120
USER = ("alice", "Passw0rd!")


class Attacked(LocalRuntime):
    """A runtime that is asked from outside only."""

    @property
    def port(self) -> int:
        return urlsplit(str(self.outputs["EndpointUrl"])).port or 0

    def client(self, service: str) -> Any:
        """A boto3 client that sends each request once, and waits a minute for its answer."""
        quick = Config(retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=60)
        session = boto3.Session("test", "test", region_name="us-east-1")
        return session.client(service, endpoint_url=str(self.outputs["EndpointUrl"]), config=quick)

    def put(self, msg: str = "hello", count: int = 1) -> list[dict[str, Any]]:
        """Put events that the template's rule matches; the answer's entries."""
        entry = {
            "EventBusName": self.outputs["EventBusName"],
            "Source": "sample.source",
            "DetailType": "message",
            "Detail": f'{{"msg": "{msg}"}}',
        }
        answer = self.client("events").put_events(Entries=[entry] * count)
        return list(answer["Entries"])

    def token(self) -> str:
        """An access token of the runtime's user."""
        answer = self.client("cognito-idp").initiate_auth(
            ClientId=self.outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters=dict(zip(("USERNAME", "PASSWORD"), USER, strict=True)),
        )
        return str(answer["AuthenticationResult"]["AccessToken"])


Attack = Callable[..., Attacked]


@pytest.fixture(scope="module")
def attack(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    """Starts runtimes under limits; whichever still runs at the end of the file is killed."""
    with ExitStack() as stack:

        def start(*arguments: str | Path, files: int = 1_024, template: Path | None = None) -> Attacked:
            folder = tmp_path_factory.mktemp("attacked")
            script = (sys.executable, project / "scripts" / "local.py")
            command = under_limits(*script, cpu_seconds=CPU_SECONDS, files=files)
            given = ("--template", template or project / "template.yaml", "--user", ":".join(USER), "--no-reload")
            runtime = Attacked.started_by(command, folder / "state", folder / "outputs.json", *given, *arguments)
            return stack.enter_context(runtime)

        yield start


@pytest.fixture(scope="module")
def attacked(attack: Attack) -> Attacked:
    """A runtime of the project's own template, for all tests of a file."""
    return attack()


@pytest.fixture(autouse=True)
def _time_from_outside(request: pytest.FixtureRequest) -> Iterator[None]:
    """Kill the runtime of a test that takes too long: nothing then waits for it any more."""
    found = [value for value in request.node.funcargs.values() if isinstance(value, Attacked)]

    def kill() -> None:
        for runtime in found:
            os.kill(runtime.pid, signal.SIGKILL)

    timer = threading.Timer(SECONDS, kill)
    timer.start()
    yield
    timer.cancel()
