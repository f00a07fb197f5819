"""What the programs print at terminals of 80, 60 and 40 columns: nothing is longer than a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.cli import names
from support.screen import TerminalProgram

COMMANDS = (
    "capacity",
    "validate --list",
    "--help",
    "publish --help",
    "replay --help",
    "faults --help",
    "subscribe --help",
)


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_is_longer_than_the_terminal(command: str, columns: int, project: Path) -> None:
    """Tables become narrower, then paragraphs; texts are broken between words."""
    env = {"PYTHONPATH": str(project / "src")}
    with TerminalProgram(
        "-m", "livebus", *command.split(), columns=columns, height=400, cwd=project, env=env
    ) as program:
        assert program.wait() == 0
        assert ([line for line in program.lines() if line] != [], program.screen.wraps) == (True, 0)


def test_validate_of_our_own_application_fits_a_screen(project: Path) -> None:
    """The summary stands first, and is still to be seen when all is said."""
    env = {"PYTHONPATH": str(project / "src")}
    command = ("-m", "livebus", "validate", "--fast")
    with TerminalProgram(*command, columns=80, height=24, cwd=project, env=env) as program:
        assert program.wait() == 0
        assert program.lines()[0].startswith("0 errors, 0 warnings, ")
        assert len(program.screen.lines) <= 24


def test_the_demo_is_broken_between_words(project: Path) -> None:
    """A station's word goes on in the next line; one that is no longer than the terminal stays whole."""
    env = {"PYTHONPATH": str(project / "src")}
    with TerminalProgram("-m", "livebus", "demo", columns=40, height=80, cwd=project, env=env) as program:
        assert program.wait() == 0
        lines = [line for line in program.lines() if line]
        assert "sign-in        subscriber, with" in lines
        assert max(len(line) for line in lines if not any(len(word) > 38 for word in line.split())) <= 40


@pytest.mark.parametrize("name", [name for name in names.CALLABLE if name != "demo"])
def test_no_error_is_longer_than_the_terminal(name: str, project: Path, tmp_path: Path) -> None:
    """It is broken between words, on a line as on several: what is missing, and how a command is called."""
    env = {"PYTHONPATH": str(project / "src")}
    command = ("-m", "livebus", *name.split(), "--no-such-option-anywhere")
    with TerminalProgram(*command, columns=40, height=40, cwd=tmp_path, env=env) as program:
        assert program.wait() == 2
        said = " ".join(line.strip() for line in program.lines() if line)
        assert (said.startswith("error: "), program.screen.wraps) == (True, 0)
