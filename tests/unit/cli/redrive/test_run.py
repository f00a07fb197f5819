"""The verb redrive: arguments, words and exit codes, without a network."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from livebus.cli.redrive import run as redrive


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> int:
    return redrive.main(arguments, project=Path.cwd())


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0 and shows whole commands."""
    with pytest.raises(SystemExit) as raised:
        run("--help")
    assert raised.value.code == 0
    assert "livebus redrive list --local" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "error: the following arguments are required: VERB"),
        (("list", "--local", "--region", "x"), "--local goes without --region: its state file has it all"),
        (("list", "--queue", "a", "--queue-url", "b"), "--queue-url says it all: it goes without --queue"),
        (
            ("publish", "--since", "soon"),
            "'soon' is neither an age (90s, 15m, 2h, 3d) nor a time (2026-01-15T08:30:00Z)",
        ),
        (("publish", "--match", "detail.msg"), "'detail.msg' is not FIELD=VALUE, such as detail.order.id=17"),
        (("publish", "--rate", "0"), "'0' is not a number of messages a second above 0"),
        (("publish", "--to", "target", "--bus", "b", "--local"), "--bus goes with --to bus"),
        (("publish", "--target-id", "A", "--local"), "--target-id, --graphql-url and --template go with --to target"),
        (("publish", "--to", "target", "--set", "A=1", "--local"), "--set goes with --template"),
        (("publish", "--to", "target", "--template", "t", "--set", "A", "--local"), "--set takes Param=Value"),
        (("import",), "the following arguments are required: FILE"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason stands on stderr, below the usage."""
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    assert raised.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.partition(" (see livebus ")[0].endswith(message)


@pytest.mark.parametrize("verb", ["list", "show", "publish", "export", "purge"])
def test_no_runtime_is_one_line(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb, "--local") == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "no runtime is running" in err


def test_a_file_with_faults_is_wrong_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 before anything else is looked at: there is no runtime here, and nobody asks for it."""
    Path("lines").write_text('{"source": "s"}\n[]\n')
    assert run("import", "lines", "--local") == 2
    assert [line.split(";")[0] for line in capsys.readouterr().err.splitlines()] == [
        "error: lines:1: no _livebus with attributes",
        "error: lines:2: no _livebus with attributes",
    ]
    assert run("import", "none", "--local") == 2
    assert capsys.readouterr().err == "error: none: no such file\n"


def test_stdin_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert run("import", "-", "--local") == 2
    assert capsys.readouterr().err == "error: -: byte 0 is not UTF-8\n"
