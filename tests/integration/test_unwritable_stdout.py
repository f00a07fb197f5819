"""stdout that takes nothing, a full disk or a closed descriptor: one line, exit 1, and no work is lost for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.sink_process import EventSink

FULL = "error: cannot write to stdout: no space left on device\n"
CLOSED = "error: cannot write to stdout: it is closed\n"
COMMANDS = (
    "--help",
    "--version",
    "publish --help",
    "redrive list --help",
    "capacity",
    "capacity --figures",
    "capacity --json",
    "validate --list",
    "validate --explain E9100",
    "validate --fast --json",
    "validate --fast --sarif -",
    "publish --dry-run --json events/sample.json",
)


def run(command: str, project: Path, how: str, **environment: str) -> tuple[int, str]:
    """The exit code and stderr of a command whose stdout is ``how`` a shell writes it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | environment
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m livebus {command} {how}', sys.executable],
        cwd=project,
        env={**env, "PYTHONPATH": str(project / "src")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_one_line(command: str, project: Path) -> None:
    """Whatever is printed; the summary of validate stands before it, on stderr."""
    for how, told in ((">/dev/full", FULL), (">&-", CLOSED)):
        code, said = run(command, project, how)
        assert (code, said[-len(told) :]) == (1, told)
        assert "Traceback" not in said
        assert said.count("error:") == 1


def test_what_prints_nothing_ends_well(project: Path) -> None:
    """A stdout that is closed is no mistake of somebody who wants nothing on it."""
    assert run("publish --dry-run --quiet events/sample.json", project, ">&-") == (0, "")


def test_stderr_that_is_closed_is_nobodys_loss(project: Path) -> None:
    """What would have been said is not; the work is done."""
    assert run("publish --dry-run events/sample.json", project, "2>&-")[0] == 0
    assert run("publish --dry-run events/sample.json", project, "2>/dev/full")[0] == 0


@pytest.mark.parametrize(("how", "told"), [(">/dev/full", FULL), (">&-", CLOSED)])
def test_a_publication_goes_on(how: str, told: str, tmp_path: Path, project: Path) -> None:
    """Every event is published, once, though the lines that say so go nowhere; it is told, and the code is 1."""
    events = tmp_path / "events.ndjson"
    events.write_text("".join(f'{{"Source":"a","DetailType":"b","Detail":{{"n":{n}}}}}\n' for n in range(500)))
    keys: dict[str, Any] = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    with EventSink(tmp_path) as sink:
        code, said = run(f"publish --endpoint-url {sink.url} --bus orders {events}", project, how, **keys)
        sink.statistics()
        accepted = sink.accepted()
    assert (code, sorted(map(int, accepted)), said.startswith(told)) == (1, list(range(500)), True)
    assert said.splitlines()[1:] == [f"published 500 events to orders ({sink.url})"]
    assert not list(tmp_path.glob("*.journal"))
