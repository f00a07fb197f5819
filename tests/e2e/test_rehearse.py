"""
docs/rehearse.md's drills, their commands as they stand: a failure, its sign, the repair, and every event at the subscriber.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from livebus.event.document import read_entries
from support.copies import PROJECT, outer_environment, with_command
from support.processes import Program
from support.waiting import until

# What publish.py is given besides: each way to publish has to bring every event through.
PUBLISH_FLAGS: list[tuple[str, ...]] = [("--engine", "bulk"), ("--engine", "boto3")]

SAMPLE, MANY = "events/sample.json", "events/form-array.json"
_BLOCK = re.compile(r"^```sh\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)


def commands(heading: str) -> list[str]:
    """The commands below a heading of the page."""
    page = (PROJECT / "docs" / "rehearse.md").read_text(encoding="utf-8")
    section = next(part for part in page.split("\n## ") if part.startswith(heading))
    return [line for block in _BLOCK.finditer(section) for line in block["body"].splitlines()]


def messages(*files: str) -> list[str]:
    entries = [found.entry for file in files for found in read_entries((PROJECT / file).read_bytes(), file)]
    return sorted(json.loads(entry["Detail"])["msg"] for entry in entries)


class Shells:
    """Runs commands as in the project's folder: the runtime and the subscriber beside the others."""

    def __init__(self, folder: Path, stack: ExitStack, publish_flags: tuple[str, ...]) -> None:
        self._folder = folder
        outer = outer_environment()
        self._environment = {**outer, "PATH": f"{with_command(folder)}:{outer['PATH']}"}
        self._stack = stack
        self._publish_flags = publish_flags
        self._runtime: Program | None = None
        self.subscriber: Program | None = None
        self.undelivered: list[int] = []

    def _start(self, command: str) -> Program:
        program = Program(["bash", "-c", f"exec {command}"], cwd=self._folder, env=self._environment)
        return self._stack.enter_context(program)

    def run(self, command: str) -> None:
        if "livebus local" in command:
            self._runtime = self._start(f"{command} --port 0 --state .livebus")
            self._runtime.wait_for("ready")
        elif "livebus subscribe" in command:
            self.subscriber = self._start(command)
            self.subscriber.wait_for("subscribed to")
        elif "livebus redrive list" in command:
            self.undelivered.append(self._settled(command))
        else:
            flags = shlex.join(self._publish_flags) if "livebus publish" in command else ""
            program = self._start(f"{command} {flags}")
            assert program.wait() == 0, f"{command}\n{program.stdout}{program.stderr}"

    def _settled(self, command: str) -> int:
        """How many messages the queue has, once nothing is tried again any more."""

        def settled() -> str | None:
            listed = self._start(command)
            assert listed.wait() == 0, listed.stderr
            wanted = 12 if not self.undelivered else 0
            return listed.stderr if listed.stderr.startswith(f"{wanted} messages in ") else None

        return int((until(settled, "the queue has what it is to have", 30) or "").split()[0])

    def received(self) -> list[str]:
        """What the subscriber has got; it ends by itself with the last message."""
        assert self.subscriber is not None
        assert self.subscriber.wait() == 0, self.subscriber.stderr
        lines = self.subscriber.stdout.splitlines()
        return sorted(json.loads(line)["data"]["onPublishMsgFromEb"] for line in lines)

    def told(self) -> str:
        """What the runtime has said, up to its end."""
        assert self._runtime is not None
        self._runtime.signal(signal.SIGINT)
        assert self._runtime.wait() == 0, self._runtime.stderr
        return self._runtime.stderr


@pytest.fixture
def shells(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shells]:
    with ExitStack() as stack:
        # The project under another roof, so that its own state is left alone; what the programs look for in the working
        # directory is the state that the runtime is given here.
        for name in ("scripts", "src", "events"):
            (tmp_path / name).symlink_to(PROJECT / name)
        # Links that lead out of the application are not followed.
        for name in ("template.yaml", "schema.graphql", "samconfig.toml"):
            shutil.copy(PROJECT / name, tmp_path / name)
        shutil.copytree(PROJECT / "resolvers", tmp_path / "resolvers")
        (tmp_path / ".venv").symlink_to(sys.prefix)
        yield Shells(tmp_path, stack, request.param)


@pytest.mark.parametrize("shells", PUBLISH_FLAGS, indirect=True, ids=lambda flags: " ".join(flags) or "default")
def test_the_drills(shells: Shells) -> None:
    """
    A target that is down: its events lie in the queue, and arrive once it is repaired and they are redriven. Then the
    archive brings all of them again.
    """
    for command in commands("Drill 1"):
        shells.run(command)
    assert shells.undelivered == [12, 0]
    assert shells.received() == messages(SAMPLE, MANY)
    for command in commands("Drill 2"):
        shells.run(command)
    assert shells.received() == messages(SAMPLE, MANY, MANY)
    told = shells.told()
    assert "trying again in" in told
    assert "went to the dead-letter queue" in told
    assert "faults: target AppSync is down" in told
    assert " is lost" not in told


def test_all_commands_of_the_page_are_run() -> None:
    """Every sh block is below one of the drills."""
    page = (PROJECT / "docs" / "rehearse.md").read_text(encoding="utf-8")
    every = [line for block in _BLOCK.finditer(page) for line in block["body"].splitlines()]
    assert every == commands("Drill 1") + commands("Drill 2")
    assert len(every) == 12
