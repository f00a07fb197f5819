"""The parser that commands share: one line for a wrong call, and the words of whoever called."""

from __future__ import annotations

import pytest

from livebus.cli import parser


@pytest.fixture
def _as_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "_scripts", "")
    parser.called_as_scripts("scripts")


def test_a_wrong_call_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong, and where the whole usage is; exit code 2."""
    with pytest.raises(SystemExit) as ended:
        parser.Parser("publish").parse_args(["--nope"])

    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "error: unrecognized arguments: --nope (see livebus publish --help)\n")


@pytest.mark.usefixtures("_as_scripts")
def test_a_program_of_the_clone_names_its_own_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Usage, examples and errors say ``python scripts/NAME.py`` to whoever typed that; other words stay."""
    made = parser.Parser("publish", epilog="livebus publish a.json\nlivebus subscribe --local\nlivebus is a tool")

    assert made.format_help().splitlines()[-3:] == [
        "python scripts/publish.py a.json",
        "python scripts/subscribe.py --local",
        "livebus is a tool",
    ]
    with pytest.raises(SystemExit):
        made.parse_args(["--nope"])
    assert capsys.readouterr().err == "error: unrecognized arguments: --nope (see python scripts/publish.py --help)\n"


def test_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow one wraps the texts of flags."""
    monkeypatch.setattr(parser.os, "get_terminal_size", lambda: parser.os.terminal_size((40, 24)))
    made = parser.Parser("publish")
    made.add_argument("--flag", help="a text that is longer than forty columns can hold in one line")

    assert max(map(len, made.format_help().splitlines())) <= 40
