"""The AWS CLI, pointed at the runtime by AWS_ENDPOINT_URL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import RunningRuntime, entry

AWS = Path(sys.executable).parent / "aws"


def aws(runtime: RunningRuntime, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": runtime.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_PAGER": "",
    }
    return subprocess.run([AWS, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_put_events(runtime: RunningRuntime) -> None:
    """``aws events put-events`` publishes; the event passes the transformer."""
    trace = runtime.trace()
    given = json.dumps([entry("from the CLI", str(runtime.outputs["EventBusName"]))])
    done = aws(runtime, "events", "put-events", "--entries", given)
    assert (done.returncode, done.stderr) == (0, "")
    (accepted,) = json.loads(done.stdout)["Entries"]
    assert trace.next("transformer", accepted["EventId"])["variables"] == {"msg": "from the CLI"}


def test_the_sample_request_is_taken(runtime: RunningRuntime, project: Path) -> None:
    """events/form-put-events-request.json is what the CLI takes with --cli-input-json."""
    file = project / "events" / "form-put-events-request.json"
    done = aws(runtime, "events", "put-events", "--cli-input-json", f"file://{file}")
    assert (done.returncode, json.loads(done.stdout)["FailedEntryCount"]) == (0, 0)


@pytest.mark.parametrize(
    "arguments", [("lambda", "list-layers"), ("appsync", "list-graphql-apis"), ("sts", "get-session-token")]
)
def test_what_is_not_emulated_is_said(runtime: RunningRuntime, arguments: tuple[str, ...]) -> None:
    """The CLI prints that the runtime does not emulate a call."""
    done = aws(runtime, *arguments)
    assert done.returncode != 0
    assert "is not emulated by the local runtime" in done.stderr
