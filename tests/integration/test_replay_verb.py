"""replay.py against a runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.cli import replay
from support.running import RunningRuntime
from support.sockets import run, subscribed

Verb = Callable[..., int]


@pytest.fixture
def runtime(start_runtime: Any, tmp_path: Path) -> RunningRuntime:
    running: RunningRuntime = start_runtime(state=tmp_path / ".livebus")
    return running


@pytest.fixture
def verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verb:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: replay.main([*arguments, "--local"], project=tmp_path)


def test_archived_events_come_again(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """To the rule that is named; --wait stays until it is over, status and list tell of it."""
    runtime.put("one", "two")
    codes: list[int] = []

    async def again() -> list[Any]:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), runtime.tokens()["AccessToken"]) as socket:
            codes.append(verb("start", "--from", "1h", "--rule", "publishMsgFromEB", "--name", "again", "--wait"))
            return [await socket.message() for _ in range(2)]

    assert run(again()) == ["one", "two"]
    assert codes == [0]
    assert capsys.readouterr().out.split("\t")[:2] == ["again", "COMPLETED"]
    assert verb("status", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["state"], shown["rules"]) == ("again", "COMPLETED", [runtime.outputs["RuleArn"]])
    assert verb("list") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_refusals_are_one_line(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """What EventBridge says about them, and exit code 1."""
    assert verb("status") == 1
    assert verb("cancel", "none") == 1
    assert verb("start", "--from", "1h", "--rule", "none") == 1
    assert [line.split(" (http")[0] for line in capsys.readouterr().err.splitlines()] == [
        "error: there has been no replay",
        "error: cannot cancel the replay 'none': ResourceNotFoundException: Replay none does not exist.",
        "error: cannot look at the rule 'none': ResourceNotFoundException: Rule none does not exist on EventBus livebus.",
    ]


def test_a_replay_that_is_cancelled_is_told(runtime: RunningRuntime, verb: Verb, capsys: Any) -> None:
    """One that is over cannot be; waiting for a cancelled one ends with 1."""
    assert verb("start", "--from", "1h", "--name", "short", "--wait") == 0
    assert verb("cancel", "short") == 1
    assert "IllegalStatusException: Replay short is not in a valid state" in capsys.readouterr().err
    store = runtime.runtime.wiring.archives.store
    done = runtime.call(lambda: store.replay("short"))
    assert done is not None
    runtime.call(lambda: store.change_replay(done, state="CANCELLED", reason="somebody did"))
    assert verb("status", "short", "--wait") == 1
    assert capsys.readouterr().err.endswith("short: somebody did\n")
