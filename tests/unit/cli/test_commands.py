"""``livebus COMMAND``: finding a command, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from livebus import __version__
from livebus.cli import commands

SOURCES = Path(commands.__file__).parents[2]


def test_help_names_every_command_and_fits_on_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """24 lines; without any argument too."""
    assert commands.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert commands.main([]) == 0

    assert capsys.readouterr().out == shown
    assert [name for name in commands.COMMANDS if f"\n  {name} " not in shown] == []
    assert len(shown.splitlines()) <= 24


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The installed one, else the source's."""
    assert commands.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("livebus ")
    assert __version__ == "0.1.0"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("publsh", "error: there is no command 'publsh'. Did you mean 'publish'? (see livebus --help)\n"),
        ("zzz", "error: there is no command 'zzz'. (see livebus --help)\n"),
    ],
)
def test_a_mistyped_command_gets_a_suggestion(typed: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stderr, and 2."""
    assert commands.main([typed]) == 2
    assert capsys.readouterr() == ("", expected)


def test_help_imports_no_library() -> None:
    """It is there at once: nothing of what commands need is loaded."""
    code = (
        "import sys; from livebus.cli import commands; commands.main(['--help'])\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:])), file=sys.stderr)"
    )
    heavy = ["aiohttp", "asyncio", "boto3", "botocore", "gql", "graphql", "quickjs", "rich", "yaml"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SOURCES)},
    )
    assert done.stderr == "[]\n"


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_has_help_in_the_form_it_was_called_by(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its usage begins with its own name, and it ends with 0."""
    with pytest.raises(SystemExit) as ended:
        commands.call(name, ["--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: livebus {name} ")
