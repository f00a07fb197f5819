"""
The unmodified AWS CDK against the local runtime, with the application of examples/cdk: bootstrapped, deployed, compared,
destroyed. An event that is published with boto3 reaches a user who is signed in to the application's own pool.

Needs node and ``npm ci`` in examples/cdk. Where they are missing it is left out and the run says so; in CI it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from support.copies import outer_environment
from support.processes import LocalRuntime, Program

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
STACK = "LiveEvents"
# A deployment takes seconds; the CLI waits five between two looks at it.
SECONDS = 240
TEXT = 'An order of 3 "things"\nis placed'

Cdk = Callable[..., str]


@pytest.fixture
def application(project: Path, tmp_path: Path) -> Path:
    """A copy of the example, which has what npm installed for the original."""
    original = project / "examples" / "cdk"
    installed = original / "node_modules" / ".package-lock.json"
    if not (shutil.which("node") and installed.exists()):
        otherwise = "AWS CDK is not installed: install Node.js with npm, then run make setup, or npm ci in examples/cdk"
        if os.environ.get("CI"):
            pytest.fail(f"not left out in CI: {otherwise}")
        pytest.skip(otherwise)
    folder = tmp_path / "cdk"
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("node_modules", "build", "cdk.out"))
    (folder / "node_modules").symlink_to(original / "node_modules")
    return folder


@pytest.fixture
def runtime(local: Callable[..., LocalRuntime]) -> LocalRuntime:
    return local("--empty", "--user", "anna:Secret-123")


@pytest.fixture
def cdk(application: Path, runtime: LocalRuntime, tmp_path: Path) -> Cdk:
    environment = {
        **outer_environment(),
        "AWS_ENDPOINT_URL": runtime.outputs["EndpointUrl"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "CDK_HOME": str(tmp_path),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
    }

    def run(*arguments: str, code: int = 0) -> str:
        """What a command of the CDK says; it has to end with the code."""
        done = subprocess.run(
            ["node", "node_modules/aws-cdk/bin/cdk", *arguments],
            cwd=application,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def validated(project: Path, application: Path) -> dict[str, Any]:
    """What validate says of an application's stacks, with cfn-lint's rules: the command of docs/deploying.md."""
    words = ("--json", "cdk.out", "events/order-placed.json")
    with Program.script(project / "scripts" / "validate.py", *words, cwd=application) as program:
        program.wait()
        report: dict[str, Any] = json.loads(program.stdout)
        return report


def test_the_life_of_a_stack(project: Path, application: Path, runtime: LocalRuntime, cdk: Cdk) -> None:
    """Synthesised, validated, bootstrapped, deployed, subscribed to, compared, destroyed."""
    cdk("synth", "--quiet")
    report = validated(project, application)
    assert [each for each in report["findings"] if each["severity"] != "info"] == []
    assert [event["arrives"] for event in report["events"]] == [True]

    made = ("--app", "cdk.out")
    cdk("deploy", *made, "--require-approval", "never", code=1)  # as on AWS: nobody has bootstrapped
    assert "bootstrapped" in cdk("bootstrap", *made)
    assert f"✅  {STACK}" in cdk("deploy", *made, "--require-approval", "never")

    (stack,) = client(runtime, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert received(project, application, runtime, outputs) == TEXT

    assert "There were no differences" in cdk("diff", *made)
    assert "destroyed" in cdk("destroy", *made, "--force")
    statuses = client(runtime, "cloudformation").list_stacks()["StackSummaries"]
    assert {each["StackName"]: each["StackStatus"] for each in statuses}[STACK] == "DELETE_COMPLETE"


def client(runtime: LocalRuntime, service: str) -> Any:
    return boto3.client(service, endpoint_url=runtime.outputs["EndpointUrl"], **KEYS)


def received(project: Path, application: Path, runtime: LocalRuntime, outputs: dict[str, str]) -> str:
    """The text that a user of the pool gets of one event on the application's bus."""
    subscribe = (
        *("--stack-name", STACK, "--endpoint-url", runtime.outputs["EndpointUrl"], "--region", "us-east-1"),
        *(
            "--schema",
            application / "schema.graphql",
            "--field",
            "onPublish",
            "--user",
            "anna",
            "--count",
            "1",
            "--json",
        ),
    )
    environment = {**os.environ, "LIVEBUS_PASSWORD": "Secret-123", "AWS_ACCESS_KEY_ID": "test"}
    environment["AWS_SECRET_ACCESS_KEY"] = "test"
    script = project / "scripts" / "subscribe.py"
    with Program.script(script, *subscribe, cwd=application, env=environment) as subscriber:
        subscriber.wait_for("subscribed to onPublish")
        entry = {
            "EventBusName": outputs["EventBusName"],
            "Source": "orders",
            "DetailType": "OrderPlaced",
            "Detail": json.dumps({"text": TEXT}),
        }
        assert client(runtime, "events").put_events(Entries=[entry])["FailedEntryCount"] == 0
        assert subscriber.wait() == 0, subscriber.stderr
        return str(json.loads(subscriber.stdout)["data"]["onPublish"]["text"])
