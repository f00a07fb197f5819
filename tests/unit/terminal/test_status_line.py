"""The line that is written over: cut to the terminal, and gone before anything else is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.screen import TerminalProgram

PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
from livebus.terminal import output, status_line
from livebus.terminal.status_line import StatusLine
status_line.SECONDS = 0.0
with StatusLine() as status:
    for number in range(30):
        status.say(f"{number} messages looked at, of a queue whose name is long: 大きい注文の配達不能キュー, 再配達待ち, \\x1b[2J")
        if number % 10 == 9:
            output.result(f"result {number}")
            output.talk(f"talk {number}")
    if sys.argv[2] == "stop":
        sys.stdin.readline()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM, encoding="utf-8")
    return file


@pytest.mark.parametrize("columns", [80, 40])
def test_results_stand_alone(columns: int, program: Path, project: Path) -> None:
    """Thirty times written over: what is left are the six lines that were said, and nothing wraps."""
    with TerminalProgram(program, project / "src", "end", columns=columns, cwd=project) as terminal:
        assert terminal.wait() == 0
        assert [line for line in terminal.lines() if line] == [
            f"{kind} {number}" for number in (9, 19, 29) for kind in ("result", "talk")
        ]
        assert terminal.screen.wraps == 0


@pytest.mark.parametrize("columns", [80, 40])
def test_it_is_as_wide_as_the_terminal_at_most(columns: int, program: Path, project: Path) -> None:
    """Wide characters count as two; the last column stays free, and control characters are spelled out."""
    text = PROGRAM.replace("if number % 10 == 9", "if False")
    program.write_text(text, encoding="utf-8")
    with TerminalProgram(program, project / "src", "stop", columns=columns, cwd=project) as terminal:
        (line,) = [line for line in terminal.wait_for("29 messages") if line]
        assert (line.startswith("29 messages looked at, of"), line.endswith("…")) == (True, True)


def test_it_is_silent_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """In a log it would be a line each time."""
    from livebus.terminal.status_line import StatusLine

    with StatusLine() as status:
        status.say("1 of 2")
    assert (status.is_due, capsys.readouterr()) == (False, ("", ""))
