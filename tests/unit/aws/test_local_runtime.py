"""The state file of the local runtime, as far as no socket is needed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from livebus.aws.local_runtime import find
from livebus.errors import LivebusError, Unnamed, Unreachable


def write_state(folder: Path, text: str) -> None:
    (folder / ".livebus").mkdir()
    (folder / ".livebus" / "runtime.json").write_text(text, encoding="utf-8")


def test_no_state_file_means_no_runtime(tmp_path: Path) -> None:
    """The way to start one is told."""
    with pytest.raises(Unreachable) as raised:
        find([tmp_path, tmp_path / "nowhere"])
    assert str(raised.value) == "no runtime is running. Start it with `livebus local`."


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"EndpointUrl": "http://127.0.0.1:1"}', "null"])
def test_a_broken_state_file_is_told(tmp_path: Path, text: str) -> None:
    """A file cut short or of another kind is a fault with its place, not a crash."""
    write_state(tmp_path, text)
    with pytest.raises(Unreachable, match=r"runtime\.json: not the state of a runtime: "):
        find([tmp_path])


URL = '"EndpointUrl": "http://127.0.0.1:1"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not JSON, line 1, column 1: expecting value"),
        ('{"EndpointUrl":\n"http', "not JSON, line 2, column 1: unterminated string starting at"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "it is a list, and not an object"),
        ("null", "it is null, and not an object"),
        ('{"Region": "eu-west-1"}', "it has no EndpointUrl"),
        (f"{{{URL}}}", "it has no Region"),
        (f'{{{URL}, "Region": 1}}', "Region is a number, and not a text"),
        (f'{{{URL}, "Region": "x", "Password": ["secret"]}}', "Password is a list, and not a text"),
        (f'{{{URL}, "Region": "x", "Stacks": []}}', "Stacks is a list, and not an object"),
        (
            f'{{{URL}, "Region": "x", "Stacks": {{"a": {{}}, "b": true}}}}',
            "Stacks/b is a truth value, and not an object",
        ),
        (f'{{{URL}, "Region": "x", "TemplateStacks": "a"}}', "TemplateStacks is a text, and not a list"),
        (f'{{{URL}, "Region": "x", "TemplateStacks": ["a", [1]]}}', "TemplateStacks/1 is a list, and not a text"),
        (f'{{{URL}, "Region": "x", "Stacks": {{"a": {{"B": 3}}}}}}', "Stacks/a/B is a number, and not a text"),
        (f'{{{URL}, "Region": "x", "TemplateOutputs": {{"B": null}}}}', "TemplateOutputs/B is null, and not a text"),
        *(
            (f'{{"EndpointUrl": "{url}", "Region": "x"}}', "EndpointUrl is not http:// with a host and a port")
            for url in (
                *("", "http://[", "http://127.0.0.1", "http://127.0.0.1:secret", "http://127.0.0.1:99999999"),
                *("file:///etc/hosts", "http://u:secret@127.0.0.1:1", "http://u:secret@["),
            )
        ),
    ],
)
def test_what_is_wrong_with_a_state_file(tmp_path: Path, text: str, expected: str) -> None:
    """Where it is, what was found and what to do; nothing of what it holds, which may be a password."""
    write_state(tmp_path, text)
    with pytest.raises(Unreachable) as raised:
        find([tmp_path])
    assert str(raised.value) == (
        f"{tmp_path}/.livebus/runtime.json: not the state of a runtime: {expected}. A runtime writes it when it starts: "
        "stop it where it runs, and start it again with `livebus local`."
    )


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """The folder of a runtime that answers, with two stacks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        state = {
            "EndpointUrl": f"http://127.0.0.1:{server.getsockname()[1]}",
            "Region": "us-east-1",
            "EventBusName": "first",
            "Stacks": {"one": {"EventBusName": "first"}, "two": {"EventBusName": "second"}},
        }
        write_state(tmp_path, json.dumps(state))
        yield tmp_path


def test_whose_template_the_file_is(listening: Path) -> None:
    """That of the stack that the runtime runs from it; a state that does not say so is one stack's."""
    file = listening / ".livebus" / "runtime.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    shown = []
    for more in ({}, {"TemplateFile": "/t.yaml", "TemplateStack": "one"}, {"TemplateFile": "/t.yaml"}):
        file.write_text(json.dumps({**state, **more}), encoding="utf-8")
        runtime = find([listening])
        shown.append([runtime.template_of("one"), runtime.template_of("two")])
    assert shown == [[None, None], [Path("/t.yaml"), None], [Path("/t.yaml"), Path("/t.yaml")]]


def test_the_stack_that_is_meant(listening: Path) -> None:
    """The one that is named, else samconfig.toml's where it is there; of several one has to be named."""
    runtime = find([listening])
    assert runtime.stacks == {"one": {"EventBusName": "first"}, "two": {"EventBusName": "second"}}
    assert [runtime.stack_name("two"), runtime.stack_name("", "one"), runtime.stack_name("two", "one")] == [
        "two",
        "one",
        "two",
    ]
    with pytest.raises(Unreachable, match=r"has no stack 'tow'; expected one of one, two. Did you mean 'two'\?"):
        runtime.stack_name("tow", "one")
    with pytest.raises(LivebusError) as several:
        runtime.stack_name("", "three")
    assert str(several.value) == (
        "the local runtime has 2 stacks, and none is called 'three', as samconfig.toml has it; "
        "expected --stack-name with one of one, two"
    )


def test_the_only_stack_needs_no_name(listening: Path) -> None:
    """Whatever samconfig.toml calls it; where there is none yet, that is told."""
    runtime = find([listening])
    assert replace(runtime, stacks={"one": {}}).stack_name("", "three") == "one"
    with pytest.raises(Unreachable, match=r"the local runtime has no stack yet. Deploy one: `sam deploy`."):
        replace(runtime, stacks={}).stack_name()


def test_a_state_file_that_a_killed_runtime_left_is_told(tmp_path: Path) -> None:
    """Nobody answers at the address: the same way to start one is told."""
    write_state(tmp_path, json.dumps({"EndpointUrl": "http://127.0.0.1:0", "Region": "us-east-1"}))
    with pytest.raises(Unreachable, match=r"no runtime is running \(nobody answers at http://127.0.0.1:0\). Start it"):
        find([tmp_path])


def test_an_application_of_several_stacks_is_one(listening: Path) -> None:
    """Whose stacks are all that there are, that is meant where nobody names one; beside another one has to be named."""
    file = listening / ".livebus" / "runtime.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    more = {"TemplateFile": "/app/cdk.out", "TemplateStack": "cdk.out", "TemplateOutputs": {"Both": "x"}}
    file.write_text(json.dumps({**state, **more, "TemplateStacks": ["one", "two"]}), encoding="utf-8")
    runtime = find([listening])

    assert [runtime.stack_name(), runtime.stack_name("two"), runtime.stack_name("", "one")] == ["cdk.out", "two", "one"]
    assert [[*runtime.stacks_of(name)] for name in ("cdk.out", "two")] == [["one", "two"], ["two"]]
    assert [runtime.outputs_of(name) for name in ("cdk.out", "two")] == [{"Both": "x"}, {"EventBusName": "second"}]
    assert {runtime.template_of(name) for name in ("cdk.out", "one", "two")} == {Path("/app/cdk.out")}

    beside = replace(runtime, stacks={**runtime.stacks, "three": {}})
    assert beside.stack_name("cdk.out") == "cdk.out"
    assert beside.template_of("three") is None
    with pytest.raises(Unnamed, match="has 3 stacks"):
        beside.stack_name()
