"""Ctrl-C: 130 at once, wherever a program is. And what takes too long ends when its time is over."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.processes import Program
from support.screen import TerminalProgram

INTERRUPTED = 130
SECONDS = 30.0
# Python imports this before anything else. It presses Ctrl-C when a module is looked for: in the middle of loading.
PRESSES = """
import os, signal, sys

class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESS_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presses())
"""
PASSWORD = {"LIVEBUS_PASSWORD": "secret"}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
REGION = ("--region", "us-east-1")
CLIENT = "0123456789abcdefghij"


def environment(**more: str) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LIVEBUS_"))}
    return {**kept, **KEYS, **more}


@contextmanager
def silent_server() -> Iterator[tuple[str, socket.socket]]:
    """A server that takes connections and says nothing; its address, and what tells of them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        yield f"127.0.0.1:{server.getsockname()[1]}", server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sitecustomize.py").write_text(PRESSES)
    (tmp_path / "one.json").write_text('{"source": "a", "detail-type": "b", "detail": {}}')
    return tmp_path


@pytest.mark.parametrize("module", ["livebus.cli.commands", "argparse", "livebus.aws.session", "orjson"])
@pytest.mark.parametrize("form", ["scripts/livebus", "scripts/publish.py", "-m livebus"])
def test_while_modules_load_it_is_130(form: str, module: str, folder: Path, project: Path) -> None:
    """Without a word: no traceback, and nothing that goes on."""
    called = ["-m", "livebus", "publish"] if form.startswith("-m") else [str(project / form)]
    command = [sys.executable, *called, *(["publish"] if form == "scripts/livebus" else []), "--dry-run", "one.json"]
    paths = os.pathsep.join((str(folder), str(project / "src")))
    with Program(command, cwd=folder, env=environment(PYTHONPATH=paths, PRESS_AT=module)) as program:
        assert (program.wait(), program.stderr, program.stdout) == (INTERRUPTED, "", "")


@pytest.mark.parametrize(
    ("form", "module"),
    [
        ("-c", "livebus.terminal"),
        ("-c", "livebus.terminal.interruption"),
        ("-m", "livebus.terminal"),
        ("-m", "livebus.terminal.interruption"),
        ("scripts/publish.py", "livebus"),
        ("scripts/publish.py", "livebus.terminal.interruption"),
    ],
)
def test_before_ctrl_c_has_its_meaning_it_is_130_too(form: str, module: str, folder: Path, project: Path) -> None:
    """From the first module of ours that can say so: what an installation's script, Python and our program import first."""
    script = "import sys; from livebus.__main__ import entry; sys.exit(entry())"  # as installers write it
    words = ["publish", "--dry-run", "one.json"]
    called = {"-c": ["-c", script, *words], "-m": ["-m", "livebus", *words]}.get(
        form, [str(project / form), *words[1:]]
    )
    paths = os.pathsep.join((str(folder), str(project / "src")))
    with Program([sys.executable, *called], cwd=folder, env=environment(PYTHONPATH=paths, PRESS_AT=module)) as program:
        assert (program.wait(), program.stderr, program.stdout) == (INTERRUPTED, "", "")


def test_without_ctrl_c_the_same_program_ends_well(folder: Path, project: Path) -> None:
    """The tests above would not notice otherwise that nothing of it is run."""
    command = Program.script_command(project / "scripts" / "publish.py", "--dry-run", "one.json")
    env = environment(PYTHONPATH=str(folder), PRESS_AT="no.such.module")
    with Program(command, cwd=folder, env=env) as program:
        assert (program.wait(), program.stderr.partition(":")[0]) == (0, "sound")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("publish", "--bus", "orders", *REGION, "one.json"), "error: interrupted; nothing was sent\n"),
        (("redrive", "list", *REGION, "--queue-url", "http://127.0.0.1/1/q"), ""),
        (("replay", "list", *REGION), ""),
        (("subscribe", *REGION, "--stack-name", "s", "--user", "alice"), ""),
        (("subscribe", *REGION, "--user", "alice", "--api", "wss://x.example/graphql", "--client", CLIENT), ""),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_at_a_server_that_does_not_answer_it_is_130(
    arguments: tuple[str, ...], told: str, folder: Path, project: Path
) -> None:
    """Whatever is asked of it: a stack's outputs, a queue, a sign-in."""
    with silent_server() as (address, server):
        command = [sys.executable, "-m", "livebus", *arguments, "--endpoint-url", f"http://{address}"]
        env = environment(PYTHONPATH=str(project / "src"), **PASSWORD)
        with Program(command, cwd=folder, env=env) as program:
            connection, _ = server.accept()
            with connection:
                program.signal(signal.SIGINT)
                assert (program.wait(20), program.stderr) == (INTERRUPTED, told)


def test_the_time_begins_with_the_program(folder: Path, project: Path) -> None:
    """--timeout holds for a sign-in, too, that nobody answers."""
    with silent_server() as (address, _):
        command = [sys.executable, "-m", "livebus", "subscribe", *REGION, "--user", "alice", "--timeout", "0.3"]
        command += ["--api", "wss://x.example/graphql", "--client", CLIENT, "--endpoint-url", f"http://{address}"]
        env = environment(PYTHONPATH=str(project / "src"), **PASSWORD)
        with Program(command, cwd=folder, env=env) as program:
            assert (program.wait(20), program.stderr) == (1, "error: not subscribed within 0.3 s\n")


def test_the_time_holds_for_the_connection(folder: Path, project: Path) -> None:
    """With a token there is no sign-in: then it is the API that does not answer."""
    with silent_server() as (address, _):
        url = f"ws://{address}/graphql"
        command = [sys.executable, "-m", "livebus", "subscribe", "--api", url, "--subscription", "subscription { a }"]
        env = environment(PYTHONPATH=str(project / "src"), LIVEBUS_TOKEN="a.b.c")
        with Program([*command, "--timeout", "2"], cwd=folder, env=env) as program:
            assert program.wait(20) == 1
            assert program.stderr in (
                "error: the time was over before AppSync had let us subscribe\n",
                "error: not subscribed within 2 s\n",
            )


def test_while_it_connects_it_is_130(folder: Path, project: Path) -> None:
    """Only whoever looks on ends it with 0."""
    with silent_server() as (address, server):
        url = f"ws://{address}/graphql"
        command = [sys.executable, "-m", "livebus", "subscribe", "--api", url, "--subscription", "subscription { a }"]
        env = environment(PYTHONPATH=str(project / "src"), LIVEBUS_TOKEN="a.b.c")
        with Program(command, cwd=folder, env=env) as program:
            connection, _ = server.accept()
            with connection:
                program.signal(signal.SIGINT)
                assert (program.wait(20), program.stderr) == (INTERRUPTED, "")


def test_at_a_password_prompt_it_is_130(folder: Path, project: Path) -> None:
    """And what comes next begins on a line of its own."""
    arguments = ("--user", "alice", "--api", "wss://x.example/graphql", "--client", CLIENT, *REGION)
    env = environment(PYTHONPATH=str(project / "src"))
    with TerminalProgram("-m", "livebus", "subscribe", *arguments, cwd=folder, env=env) as program:
        program.wait_for("Password of alice:")
        program.signal(signal.SIGINT)
        assert program.wait() == INTERRUPTED
        assert program.lines() == ["Password of alice:", ""]
