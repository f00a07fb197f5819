"""
scripts/local.py as a program: starting, stopping, and what it says when it cannot start.

Loading the runtime takes a program a second. What keeps it from starting is looked at in this process, therefore, where a port that is
taken, and a state that is, have shown that a program ends in the same way; wrong usage loads nothing, and has its program each time.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.cli import commands
from support.application import PROJECT, change, copied
from support.http import request
from support.processes import LocalRuntime, Program
from support.waiting import until

Local = Callable[..., LocalRuntime]
Verb = Callable[..., Program]
RefusedHere = Callable[..., list[str]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(local: Local, number: int) -> None:
    """SIGINT and SIGTERM: exit code 0, and the file that says where it is is gone."""
    runtime = local()
    assert (runtime.state / "runtime.json").exists()
    runtime.signal(number)
    assert runtime.wait() == 0
    assert not (runtime.state / "runtime.json").exists()
    assert runtime.stderr.splitlines()[-1] == "stopping"
    assert "Traceback" not in runtime.stderr


def test_what_it_prints_can_be_evaluated_by_a_shell(local: Local) -> None:
    """stdout is what AWS's tools need to find it; stderr is the talk."""
    runtime = local()
    runtime.signal(signal.SIGTERM)
    runtime.wait()
    assert runtime.stdout.splitlines() == [
        f"export AWS_ENDPOINT_URL={runtime.outputs['EndpointUrl']}",
        "export AWS_DEFAULT_REGION=us-east-1",
        "export AWS_REGION=us-east-1",
        "export AWS_ACCESS_KEY_ID=test",
        "export AWS_SECRET_ACCESS_KEY=test",
    ]
    runtime.wait_for(f"GraphQL    {runtime.outputs['GraphQLUrl']}")
    runtime.wait_for(f"subscriber with password {runtime.outputs['Password']} (made for this run)")


def test_the_outputs_are_the_templates_and_its_own(local: Local, tmp_path: Path) -> None:
    """The file has the template's Outputs by their names, and where and as whom to reach the runtime."""
    runtime = local("--user", "alice:Passw0rd!", "--set", "EventSource=my.app", "--stack-name", "mine")
    names = {
        *("EventBusName", "EventBusArn", "RuleArn", "GraphQLApiId", "GraphQLUrl", "RealtimeUrl", "GraphQLEndpointArn"),
        *("UserPoolId", "UserPoolClientId", "DeadLetterQueueUrl", "EndpointUrl", "ConsoleUrl", "UserName", "Password"),
    }
    assert names <= runtime.outputs.keys()
    assert (runtime.outputs["EventBusName"], runtime.outputs["UserName"]) == ("mine", "alice")
    runtime.wait_for("sign in    alice")
    assert "Passw0rd!" not in runtime.stderr + runtime.stdout


def test_its_own_user_fits_the_pool(local: Local, tmp_path: Path) -> None:
    """A pool whose usernames are email addresses starts without --user: the runtime's own user has such a name."""
    template = copied(tmp_path / "app")
    named = "      UserPoolName: !Ref AWS::StackName\n"
    change(template, named, f"{named}      UsernameAttributes: [email]\n")
    runtime = local("--template", template)
    assert runtime.outputs["UserName"] == "subscriber@example.com"
    runtime.wait_for(f"sign in    subscriber@example.com with password {runtime.outputs['Password']}")


def test_its_files_are_the_users_alone(local: Local, tmp_path: Path) -> None:
    """Keys, users, outputs and the journal can be read by their owner only."""
    runtime = local("--trace", tmp_path / "trace.jsonl")
    files = [path for path in runtime.state.iterdir() if path.name not in ("lock", ".gitignore")]
    assert {"signing-key.pem", "ca-key.pem", "users.json", "journal.sqlite", "runtime.json"} <= {f.name for f in files}
    private = [*files, tmp_path / "outputs.json", tmp_path / "trace.jsonl"]
    assert stat.S_IMODE(runtime.state.stat().st_mode) == 0o700
    assert [path.name for path in private if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_after_a_kill_it_starts_again(local: Local) -> None:
    """SIGKILL leaves files behind that the next start is not confused by."""
    first = local()
    first.signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert (first.state / "runtime.json").exists()
    second = local(state=first.state)
    state = json.loads((first.state / "runtime.json").read_text())
    assert (state["Pid"], state["EndpointUrl"]) == (second.pid, second.outputs["EndpointUrl"])


def test_the_reader_of_its_output_may_leave(project: Path, tmp_path: Path) -> None:
    """With nobody at the other end of its pipes it runs on, and stops cleanly."""
    reading, writing = os.pipe()
    outputs = tmp_path / "outputs.json"
    command: list[str | Path] = [
        sys.executable,
        "scripts/local.py",
        "--port",
        "0",
        "--state",
        tmp_path / "s",
        "--outputs",
        outputs,
    ]
    process = subprocess.Popen(command, cwd=project, stdout=writing, stderr=writing)
    os.close(writing)
    os.close(reading)
    try:
        until(lambda: outputs.exists() or process.poll() is not None, "the file of outputs", 60)
        port = int(json.loads(outputs.read_text())["EndpointUrl"].rsplit(":", 1)[1])
        headers = {"X-Amz-Target": "AWSEvents.PutEvents"}
        body = json.dumps({"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}", "EventBusName": "none"}]})
        assert request(port, "POST", "/", body=body.encode(), headers=headers).json()["FailedEntryCount"] == 0
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_help_shows_examples(verb: Verb) -> None:
    """--help tells what it is for, with examples."""
    program = verb("local.py", "--help")
    assert program.wait() == 0
    assert "examples:" in program.stdout


# --- what keeps it from starting ------------------------------------------------------------------------------------


def refused(program: Program, code: int = 1) -> list[str]:
    """The lines that a program says when it does not start: faults, without a traceback."""
    assert program.wait() == code, program.stderr
    assert "Traceback" not in program.stderr
    assert program.stdout == ""
    return program.stderr.splitlines()


@pytest.fixture
def refused_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> RefusedHere:
    """As ``refused`` with code 1, of the same command in this process, called in the project's folder."""
    monkeypatch.chdir(PROJECT)

    def called(*arguments: str | Path) -> list[str]:
        assert commands.call("local", [*map(str, arguments)]) == 1
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        assert shown.out == ""
        return shown.err.splitlines()

    return called


def test_a_port_that_is_taken(verb: Verb, tmp_path: Path) -> None:
    """The address, the reason and the flag, on one line."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (line,) = refused(verb("local.py", "--port", str(port), "--state", tmp_path / "state"))
    assert line == (
        f"error: cannot listen on 127.0.0.1:{port}: Address already in use."
        " Choose another with --port (0 takes a free one)."
    )
    assert not (tmp_path / "state" / "runtime.json").exists()


def test_a_second_runtime_on_the_same_state(local: Local, verb: Verb) -> None:
    """Where the first one runs, and what to do; the first one's file stays."""
    first = local()
    (line,) = refused(verb("local.py", "--port", "0", "--state", first.state))
    assert line == (
        f"error: {first.state}: a runtime is running already at {first.outputs['EndpointUrl']}."
        " Stop it, or start another with a --state folder of its own."
    )
    assert (first.state / "runtime.json").exists()


TEMPLATE = "template.yaml"
FAULTS = [
    # file, old text, new text, words on one of the lines
    (TEMPLATE, "Resources:\n", "Resources: [\n", "template.yaml:"),
    (TEMPLATE, "!Ref EventSource", "!Ref EventSauce", "EventSource"),
    (TEMPLATE, "DefinitionS3Location: ./schema.graphql", "DefinitionS3Location: ./scheme.graphql", "./scheme.graphql"),
    ("schema.graphql", "type Mutation {", "type Mutation {{", "schema.graphql:13:"),
    ("schema.graphql", "msg: String!", "msg: Strung!", "Strung"),
    ("resolvers/publishMsgFromEB.js", "return { payload", "return {{ payload", "resolvers/publishMsgFromEB.js:6"),
    ("resolvers/publishMsgFromEB.js", "export function response", "function response", "response"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault[3] for fault in FAULTS])
def test_a_fault_in_the_application(
    refused_here: RefusedHere, tmp_path: Path, fault: tuple[str, str, str, str]
) -> None:
    """Each fault is an ``error:`` line with its place; nothing is started."""
    name, old, new, words = fault
    template = copied(tmp_path / "app")
    change(template.parent / name, old, new)
    lines = refused_here("--template", template, "--port", "0", "--state", tmp_path / "state")
    assert [line for line in lines if not line.startswith("error: ")] == []
    assert [line for line in lines if words in line] != []
    assert not (tmp_path / "state" / "runtime.json").exists()


def test_a_resolver_that_is_not_there(refused_here: RefusedHere, tmp_path: Path) -> None:
    """A file that the template names and that is missing is named, with where it was looked for."""
    template = copied(tmp_path / "app")
    (template.parent / "resolvers" / "publishMsgFromEB.js").unlink()
    (line,) = refused_here("--template", template, "--port", "0", "--state", tmp_path / "state")
    assert "resolvers/publishMsgFromEB.js' is not there" in line
    assert str(template.parent) in line


def started_with(tmp_path: Path, arguments: list[str]) -> list[str]:
    """The arguments, on a free port and with a state of its own where they do not say otherwise."""
    defaults = {"--port": "0", "--state": str(tmp_path / "state")}
    return [part for flag, value in defaults.items() if flag not in arguments for part in (flag, value)] + arguments


def joined(arguments: object) -> str:
    return " ".join(arguments) if isinstance(arguments, list) else ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--template", "none.yaml"], "'none.yaml' is not there"),
        (["--set", "nothing"], "--set takes Param=Value"),
        (["--set", "=x"], "--set takes Param=Value"),
        (["--user", "alice"], "--user takes NAME:PASSWORD"),
        (["--port", "70000"], "--port takes a number from 0 to 65535"),
        (["--port", "x"], "'x' is not a whole number"),
        (["--time-scale", "0"], "--time-scale"),
        (["--unknown"], "--unknown"),
    ],
    ids=joined,
)
def test_wrong_usage(verb: Verb, tmp_path: Path, arguments: list[str], words: str) -> None:
    """
    Exit code 2; one line says what, and what to do.

    A template that is not there is wrong usage here too, as `livebus validate` has it: nothing has begun.
    """
    lines = refused(verb("local.py", *started_with(tmp_path, arguments), cwd=PROJECT), 2)
    assert [line for line in lines if words in line] != []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "EventSauce=x"], "EventSource"),
        (["--set", "Introspection=MAYBE"], "MAYBE"),
        (["--user", "a b:Passw0rd!"], "cannot make the user 'a b'"),
        (["--host", "203.0.113.1"], "cannot listen on 203.0.113.1:0"),
        (["--host", "no such host"], "cannot listen on no such host:0"),
        (["--outputs", "/no/such/folder/outputs.json"], "/no/such/folder/outputs.json"),
        (["--trace", "/no/such/folder/trace"], "/no/such/folder/trace"),
        (["--state", "/dev/null/state"], "/dev/null/state"),
    ],
    ids=joined,
)
def test_a_value_that_cannot_be(refused_here: RefusedHere, tmp_path: Path, arguments: list[str], words: str) -> None:
    """Exit code 1; each line is a fault, and one says what."""
    lines = refused_here(*started_with(tmp_path, arguments))
    assert [line for line in lines if words in line] != []
    assert [line for line in lines if not line.startswith("error: ")] == []


@pytest.mark.parametrize("name", ["signing-key.pem", "users.json", "journal.sqlite"])
def test_a_damaged_file_of_its_own(refused_here: RefusedHere, tmp_path: Path, name: str) -> None:
    """A state file that cannot be read is named, with what to do."""
    state = tmp_path / "state"
    state.mkdir()
    (state / name).write_bytes(b"damaged " * 1000)
    (line,) = refused_here("--port", "0", "--state", state)
    assert str(state / name) in line
    assert "away" in line


def test_the_trace_is_one_json_object_a_line(local: Local, tmp_path: Path) -> None:
    """--trace appends each station's word on each event."""
    runtime = local("--trace", tmp_path / "trace.jsonl")
    port = int(runtime.outputs["EndpointUrl"].rsplit(":", 1)[1])
    entry: dict[str, Any] = {"Source": "other", "DetailType": "b", "Detail": "{}", "EventBusName": "livebus"}
    headers = {"X-Amz-Target": "AWSEvents.PutEvents"}
    answer = request(port, "POST", "/", body=json.dumps({"Entries": [entry]}).encode(), headers=headers).json()
    records = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert [record["station"] for record in records] == ["bus", "pattern"]
    assert {record["event"] for record in records} == {answer["Entries"][0]["EventId"]}


def test_control_characters_in_events_do_not_reach_the_terminal(local: Local) -> None:
    """What a stranger's event holds is spelled out on stderr."""
    runtime = local("--verbose")
    port = int(runtime.outputs["EndpointUrl"].rsplit(":", 1)[1])
    entry = {"Source": "\x1b[2J\n", "DetailType": "\x07", "Detail": "{}", "EventBusName": "livebus"}
    headers = {"X-Amz-Target": "AWSEvents.PutEvents"}
    request(port, "POST", "/", body=json.dumps({"Entries": [entry]}).encode(), headers=headers)
    runtime.wait_for("matched no rule")
    runtime.signal(signal.SIGTERM)
    runtime.wait()
    assert [code for code in runtime.stderr if ord(code) < 32 and code != "\n"] == []
