"""
README.md's commands, and those of the example's, run in their order in a copy of the project.

Each command of a ``sh`` or ``console`` block is run, or it is listed here with the reason why it is not.
"""

from __future__ import annotations

import re
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.copies import PROJECT, copy_project, outer_environment, with_bytecode, with_command
from support.processes import Program
from support.waiting import until

# A command that begins like this is not run, because …
NOT_RUN = {
    r"git clone ": "the copy is what a clone gives",
    r"cd ": "the test is in the folder already",
    r"make (demo|test)\b": "test_clean_copy.py runs it",
    r"make (setup|check|clean|lock)\b": "it installs or removes what this run stands on, or is the lint job itself",
    r"sam deploy --guided": "it asks; test_sam_cli.py answers it on a terminal",
    r"sam (build|deploy|delete|validate|list|sync|logs)\b": "it needs an AWS account, or is the lint job itself",
    r"aws (?!.*--endpoint-url)": "it needs an AWS account",
    r"livebus (?!.*--local)(publish|subscribe|redrive|outputs)\b(?!.*--(help|dry-run|endpoint-url))": "it needs a stack on AWS",
    r"(python -m )?(pip|pipx|uv|brew|apt(-get)?|npm|npx) ": "it changes the machine",
    r"curl -fsSL ": "it downloads a program",
    r"(\(cd dist && zip|curl -T) ": "it is a part of a deployment to AWS",
    r"livebus validate cdk\.out\b": "AWS CDK has to write it first: test_cdk.py runs both",
}
# This one stays in the foreground: it is started, and what follows is run beside it.
RUNTIME = re.compile(r"make local\b|(\.venv/bin/)?livebus local\b")
SUBSCRIBER = re.compile(r"(\.venv/bin/)?livebus subscribe\b.*--local(?!.*--(count|timeout|help))")
# Subscribers of a stack have nothing to listen to once it is deleted.
DELETION = re.compile(r"sam delete\b")
PORT = re.compile(r"(127\.0\.0\.1|localhost):4566")

_BLOCK = re.compile(r"^```(?P<language>sh|console|bash|shell)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """The commands of the text's blocks: what stands after ``$`` in ``console``, every line in the others."""
    found: list[str] = []
    for block in _BLOCK.finditer(text):
        lines = re.sub(r"\\\n\s*", "", block["body"]).splitlines()
        if block["language"] == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        found += [line.split("  #")[0].strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return found


def reason(command: str) -> str | None:
    plain = re.sub(r"(\.\./)*\.venv/bin/", "", command)
    return next((why for pattern, why in NOT_RUN.items() if re.match(pattern, plain)), None)


class Shell:
    """Runs the commands in a copy of the project, which has this test's Python."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        binaries = Path(sys.executable).parent
        self._environment = {
            **outer_environment(),
            "PATH": f"{with_command(folder)}:{binaries}:{outer_environment()['PATH']}",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
        }
        self._subscribers: list[Program] = []
        self._runtime: Program | None = None
        self._address = ""

    def start(self, command: str) -> Program:
        program = Program(["bash", "-c", f"exec {command}"], cwd=self._folder, env=self._environment)
        return self._stack.enter_context(program)

    def reason(self, command: str) -> str | None:
        """Why a command is not run; once the runtime's address is exported, AWS's tools go there."""
        if re.search(r"-id POOL\b", command):
            return "POOL stands for an output of a stack on AWS"
        plain = command.removeprefix(".venv/bin/")
        if plain.startswith(("aws ", "sam ")) and "AWS_ENDPOINT_URL" in self._environment:
            return reason(command) if "--guided" in command else None
        return reason(command)

    def run(self, command: str) -> None:
        command = PORT.sub(self._address, command) if self._address else command
        if command.startswith("export "):
            self._environment |= dict(part.split("=", 1) for part in shlex.split(command)[1:])
        elif RUNTIME.match(command):
            self._start_runtime(command)
        elif SUBSCRIBER.match(command):
            subscriber = self.start(command)
            subscriber.wait_for("subscribed to")
            self._subscribers.append(subscriber)
        else:
            if DELETION.search(command):
                self._end_subscribers()
            program = Program(["bash", "-c", command], cwd=self._folder, env=self._environment)
            assert self._stack.enter_context(program).wait() == 0, f"{command}\n{program.stdout}{program.stderr}"

    def _start_runtime(self, command: str) -> None:
        """On a free port, whatever the README says: somebody may be using 4566. One runtime at a time."""
        self.end()
        arguments = re.sub(r"--port[ =]\d+", "", RUNTIME.sub("", command))
        self._runtime = self.start(f"livebus local{arguments} --port 0")
        self._runtime.wait_for("AWS_ENDPOINT_URL=")
        self._runtime.wait_for("ready")
        line = next(line for line in self._runtime.stdout.splitlines() if "AWS_ENDPOINT_URL=" in line)
        self._address = line.partition("://")[2]

    def end(self) -> None:
        """Ctrl-C for what stands in the foreground."""
        self._end_subscribers()
        if self._runtime is not None:
            self._runtime.signal(signal.SIGINT)
            assert self._runtime.wait() == 0, self._runtime.stderr
        self._runtime = None

    def _end_subscribers(self) -> None:
        """They have printed something by now."""
        for subscriber in self._subscribers:
            until(lambda subscriber=subscriber: subscriber.stdout, "a message at the subscriber", 60)  # type: ignore[misc]
            subscriber.signal(signal.SIGINT)
            assert subscriber.wait() == 0, subscriber.stderr
        self._subscribers = []


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with ExitStack() as stack:
        folder = with_bytecode(copy_project(tmp_path / "livebus"))
        (folder / ".venv").symlink_to(sys.prefix)
        yield Shell(folder, stack)


@pytest.mark.parametrize(
    "readme", ["README.md", "examples/orders/README.md", "examples/app/README.md", "docs/deploying.md"]
)
def test_every_command_works(shell: Shell, readme: str) -> None:
    """Each command of a README ends with 0, or runs until it is ended, or has a reason not to be run here."""
    found = commands((PROJECT / readme).read_text(encoding="utf-8"))
    assert found != []
    for command in found:
        if shell.reason(command) is None:
            shell.run(command)
    shell.end()


def test_the_commands_of_a_text_are_found() -> None:
    """Continued lines are one command; comments, output and other languages are none."""
    text = (
        "```sh\n# first\nmake demo\npython a.py \\\n  --flag  # why\n```\n"
        "```json\n{}\n```\n```console\n$ ls -l\ntotal 0\n$ pwd\n```\n"
    )
    assert commands(text) == ["make demo", "python a.py --flag", "ls -l", "pwd"]


@pytest.mark.parametrize(
    ("command", "is_run"),
    [
        ("livebus publish events/sample.json --local", True),
        ("livebus publish events/sample.json", False),
        ("livebus publish --dry-run events/sample.json", True),
        ("livebus validate", True),
        ("make local", True),
        ("make demo", False),
        ("sam deploy", False),
    ],
)
def test_what_is_not_run_has_a_reason(command: str, is_run: bool) -> None:
    """Only what needs an account, changes the machine, or is run elsewhere is left out."""
    assert (reason(command) is None) == is_run


def test_a_session_of_the_verbs_works(shell: Shell) -> None:
    """The three shells that the README's story is made of: runtime, subscriber, publisher."""
    for command in (
        "make local",
        "livebus subscribe --local",
        "livebus publish events/sample.json --local",
    ):
        shell.run(command)
    shell.end()
