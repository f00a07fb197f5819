"""The verb replay: arguments, words and exit codes, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.cli import replay


def run(*arguments: str) -> int:
    return replay.main(arguments, project=Path.cwd())


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run("--help")
    assert raised.value.code == 0
    assert "livebus replay start --local --from 2h --wait" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: VERB"),
        (("start",), "the following arguments are required: --from"),
        (("start", "--from", "soon"), "'soon' is neither an age (90s, 15m, 2h, 3d) nor a time (2026-01-15T08:30:00Z)"),
        (("start", "--local", "--from", "1h", "--to", "2h"), "--to has to be after --from"),
        (("cancel", "--local"), "the following arguments are required: NAME"),
        (("list", "--local", "--profile", "p"), "--local goes without --profile: its state file has it all"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    assert raised.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.partition(" (see livebus ")[0].endswith(message)


@pytest.mark.parametrize("verb", [("list",), ("status",), ("cancel", "x"), ("start", "--from", "1h")])
def test_no_runtime_is_one_line(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*verb, "--local") == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "no runtime is running" in err
