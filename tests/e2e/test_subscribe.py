"""subscribe.py as a program: on a terminal, in a pipe, with a command, and through a lost connection."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.processes import LocalRuntime, Program
from support.screen import TerminalProgram
from support.waiting import until

Local = Callable[..., LocalRuntime]
Verb = Callable[..., Program]

EVENTS = Path(__file__).parents[2] / "events"
SAMPLE = EVENTS / "sample.json"
TEXT = "Hello from EventBridge"


@pytest.fixture(scope="module")
def where(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a runtime that is left as it was."""
    folder = tmp_path_factory.mktemp("runtime")
    with LocalRuntime(project / "scripts", folder / ".livebus", folder / "outputs.json"):
        yield folder


@pytest.fixture
def subscribe(verb: Verb, where: Path) -> Callable[..., Program]:
    """Starts the verb against the runtime, and waits until it is subscribed."""

    def start(*arguments: str, cwd: Path = where) -> Program:
        program = verb("subscribe.py", "--local", *arguments, cwd=cwd)
        program.wait_for("subscribed to")
        return program

    return start


@pytest.fixture
def publish(verb: Verb, where: Path) -> Callable[..., None]:
    def run(*files: Path, cwd: Path = where) -> None:
        assert verb("publish.py", "--local", *(files or (SAMPLE,)), cwd=cwd).wait() == 0

    return run


def test_the_table_lives_on_a_terminal(project: Path, subscribe: Any, publish: Any, where: Path) -> None:
    """It is drawn in its place, shows strange texts spelled out, and ends with Ctrl-C. In a pipe there are lines."""
    piped = subscribe("--table", "--count", "1")
    script = project / "scripts" / "subscribe.py"
    flags = (
        "--local",
        "--table",
        "--field",
        "onPublishMsgFromEb",
        "--query",
        "subscription Again { onPublishMsgFromEb }",
    )
    with TerminalProgram(script, *flags, columns=72, height=12, cwd=where) as program:
        program.wait_for("connected, Ctrl-C ends it · no gap")
        publish(SAMPLE, EVENTS / "text-line-breaks.json")
        lines = program.wait_for("\\n")
        head = next(index for index, line in enumerate(lines) if line.startswith("subscription"))
        assert lines[head].split() == ["subscription", "messages", "rate", "size", "last"]
        rows = [line.split() for line in lines[head + 1 : head + 3]]
        assert [row[:2] for row in rows] == [["onPublishMsgFromEb", "2"], ["Again", "2"]]
        assert sum(line.startswith("subscription") for line in lines) == 1
        program.signal(signal.SIGINT)
        assert program.wait() == 0
        assert program.lines()[head + 3] == "ended · no gap"
        assert program.screen.styles == {"0", "1", "2"}
    assert piped.wait() == 0
    assert re.fullmatch(r"\S+Z\tHello from EventBridge\n", piped.stdout)


def test_a_subscriber_survives_a_restart_of_the_runtime(
    local: Local, subscribe: Any, publish: Any, tmp_path: Path
) -> None:
    """A connection that is lost is taken up again: --jsonl has the gap between the messages, --stats the figures."""
    first = local("--user", "alice:Passw0rd!")
    port = first.outputs["EndpointUrl"].rsplit(":", 1)[1]
    twice = ("--field", "onPublishMsgFromEb", "--field", "onPublishMsgFromEb")
    program = subscribe(*twice, "--jsonl", "--count", "4", "--stats", cwd=tmp_path)
    publish(cwd=tmp_path)
    until(lambda: program.stdout.count("\n") == 2, "two messages")
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    program.wait_for("connection lost (")
    local("--user", "alice:Passw0rd!", "--port", port)
    program.wait_for("subscribed again after")
    publish(cwd=tmp_path)
    assert program.wait() == 0
    records = [json.loads(line) for line in program.stdout.splitlines()]
    assert [record["type"] for record in records] == ["message", "message", "gap", "message", "message"]
    names = ["onPublishMsgFromEb", "onPublishMsgFromEb#2"]
    assert sorted(record["subscription"] for record in records[:2]) == names
    assert sorted(records[2]) == ["from", "reason", "seconds", "to", "type"]
    assert {record["data"]["onPublishMsgFromEb"] for record in records if record["type"] == "message"} == {TEXT}
    assert re.search(
        r"^in all, in [\d.]+ s: 4 messages \([\d.]+/s\), .*; 1 gap, [\d.]+ s$", program.stderr, re.MULTILINE
    )


def test_a_command_runs_for_each_message(subscribe: Any, publish: Any) -> None:
    """The message is on its stdin; a run that fails makes the verb fail, after all have been run."""
    code = "import json, sys; text = json.load(sys.stdin)['data']['onPublishMsgFromEb']; print(text); sys.exit(text != 'x')"
    program = subscribe("--exec", f'{sys.executable} -c "{code}"', "--count", "2")
    publish(SAMPLE, SAMPLE)
    assert program.wait() == 1
    assert program.stdout == ""
    assert program.stderr.splitlines().count(TEXT) == 2
    assert program.stderr.splitlines()[-1] == f"warning: {sys.executable}: 2 runs; 2 ended with 1"


def test_whatever_ends_it_nothing_runs_on(subscribe: Any, publish: Any, tmp_path: Path) -> None:
    """The command is ended with it, after Ctrl-C and after SIGTERM."""
    ends = {signal.SIGINT: 0, signal.SIGTERM: 143}
    command = "sh -c 'echo $$ > {}/{}; exec sleep 600'"
    programs = {number: subscribe("--exec", command.format(tmp_path, number.value)) for number in ends}
    publish()
    for number, program in programs.items():
        pid = tmp_path / str(number.value)
        until(lambda pid=pid: pid.exists() and pid.read_text().strip(), "a run of the command")  # type: ignore[misc]
        program.signal(number)
        assert program.wait() == ends[number]
        assert program.stderr.splitlines()[-1] == "warning: sh: 1 run; 1 stopped with this program"
        assert subprocess.run(["kill", "-0", pid.read_text().strip()], capture_output=True, check=False).returncode == 1


def test_a_reader_that_has_enough_ends_it(project: Path, publish: Any, where: Path) -> None:
    """``| head -1``: after the first message, without a second one; and without a traceback."""
    script = project / "scripts" / "subscribe.py"
    command = f"'{sys.executable}' '{script}' --local | head -1; echo ${{PIPESTATUS[0]}}"
    with Program(["bash", "-c", command], cwd=where) as program:
        program.wait_for("subscribed to")
        publish()
        assert program.wait() == 0
        assert (program.stdout.splitlines()[0].split("\t")[1], program.stdout.splitlines()[1]) == (TEXT, "0")
        assert program.stderr == "subscribed to onPublishMsgFromEb\n"


def test_the_guide_is_true(project: Path, publish: Any, where: Path) -> None:
    """Every command of docs/subscribing.md that goes to the local runtime subscribes there, and gets a message."""
    text = (project / "docs" / "subscribing.md").read_text(encoding="utf-8")
    commands = re.findall(r"^livebus subscribe (.*--local.*)$", text, re.MULTILINE)
    assert len(commands) == 7
    with ExitStack() as stack:
        programs = []
        for command in commands:
            words = command.replace(".venv/bin/python", sys.executable)
            line = f"exec {sys.executable} {project}/scripts/subscribe.py {words} --count 1"
            programs.append(stack.enter_context(Program(["bash", "-c", line], cwd=where)))
        for program in programs:
            program.wait_for("subscribed to")
        publish()
        for command, program in zip(commands, programs, strict=True):
            assert program.wait() == 0, f"{command}\n{program.stderr}"
            assert TEXT in (program.stderr if "--exec" in command else program.stdout), command
