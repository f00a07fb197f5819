"""``livebus``: its help, its version, what was mistyped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from livebus.cli import commands, names


def test_the_commands_are_those_that_have_names() -> None:
    """In the order in which they are listed."""
    assert tuple(commands.COMMANDS) == names.COMMANDS


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 24), (40, 60)])
def test_help_fits_on_the_screen(columns: int, lines: int) -> None:
    """24 lines of 80 columns; on 40 it is longer, and no line is wider."""
    shown = commands.help_text(columns).splitlines()
    assert len(shown) <= lines
    assert max(map(len, shown)) < columns
    assert [line.split()[0] for line in shown if line.startswith("  ") and line[2] != " "] == list(names.COMMANDS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("pubish", "error: there is no command 'pubish'. Did you mean 'publish'? (see livebus --help)\n"),
        ("zzz", "error: there is no command 'zzz' (see livebus --help)\n"),
        ("--vresion", "error: there is no option --vresion. Did you mean '--version'? (see livebus --help)\n"),
    ],
)
def test_what_is_mistyped_gets_a_suggestion(typed: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main([typed]) == 2
    assert capsys.readouterr() == ("", expected)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--version"]) == 0
    assert capsys.readouterr().out == f"livebus {commands.version()}\n"


def test_help_imports_next_to_nothing() -> None:
    """What makes a start slow is left out: the package's libraries, argparse, dataclasses, its own modules."""
    program = "import sys; from livebus.cli import commands; commands.main(['--help']); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(done.stdout.splitlines()[-1].split())
    assert {name for name in modules if name.startswith("livebus")} == {
        "livebus",
        "livebus.cli",
        "livebus.cli.commands",
    }
    heavy = {"argparse", "dataclasses", "json", "asyncio", "boto3", "graphql", "pathlib", "typing"}
    assert modules & heavy == set()


def test_a_wrong_shell_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--completion", "fish"]) == 2
    assert capsys.readouterr().err == "error: --completion takes one of bash, zsh (see livebus --help)\n"


def test_without_a_command_it_is_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as --help, which names every command."""
    assert commands.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert commands.main([]) == 0

    assert capsys.readouterr().out == shown
    assert [name for name in commands.COMMANDS if f"\n  {name} " not in shown] == []
    assert len(shown.splitlines()) <= 24


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_has_help_in_the_form_it_was_called_by(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its usage begins with its own name, and it ends with 0."""
    with pytest.raises(SystemExit) as ended:
        commands.call(name, ["--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: livebus {name} ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_a_stdout_that_takes_nothing_is_one_line(argument: str) -> None:
    """The help, too, though it is printed without what other results are printed with."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "livebus", argument],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={"PYTHONPATH": str(Path(commands.__file__).parents[2])},
        )
    assert (done.returncode, done.stderr) == (1, "error: cannot write to stdout: no space left on device\n")


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_help_says_first_what_the_command_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence for who uses it, none about the module that it is written in."""
    with pytest.raises(SystemExit):
        commands.call(name, ["--help"])
    about = capsys.readouterr().out.split("\n\n")[1]
    assert about.endswith(".")
    assert "arguments of" not in about
    assert "`" not in about
