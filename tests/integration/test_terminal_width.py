"""What the programs print at terminals of 80 and of 40 columns: nothing is longer than a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.screen import TerminalProgram

WIDE = ("capacity", "validate --list", "publish --help", "replay --help", "faults --help")
# At 40 columns single words of the other pages are longer than a line.
NARROW = ("capacity", "validate --list", "replay --help")


@pytest.mark.parametrize(
    ("command", "columns"), [*((command, 80) for command in WIDE), *((command, 40) for command in NARROW)]
)
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
