"""How commands are called here: what is said names them as they were typed."""

from __future__ import annotations

import pytest

from livebus.cli import names
from livebus.terminal import spelling

TEXT = "run livebus publish, or livebus new; livebus is a tool, python -m livebus publish is one way"


def test_a_command_of_an_installation_stays_as_it_is_written() -> None:
    """The form that help and messages are written in."""
    assert spelling.spelled(TEXT) == TEXT
    assert spelling.spelled_in_talk(f"`{TEXT}`") == f"`{TEXT}`"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            "python scripts/{}.py",
            (
                "run python scripts/publish.py, or python scripts/new.py; "
                "livebus is a tool, python -m livebus publish is one way"
            ),
        ),
        (
            "python -m livebus {}",
            (
                "run python -m livebus publish, or python -m livebus new; "
                "livebus is a tool, python -m livebus publish is one way"
            ),
        ),
    ],
)
def test_commands_are_named_as_they_were_called(form: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of commands only: other words behind ``livebus`` are words, and what is spelled already stays."""
    monkeypatch.setattr(spelling, "_form", "")
    spelling.called_as(form)
    assert spelling.spelled(TEXT) == expected


def test_in_talk_only_what_stands_between_backticks_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """All else may be a stranger's text, an event's for example."""
    monkeypatch.setattr(spelling, "_form", "python scripts/{}.py")
    said = "the event says livebus publish; run `livebus redrive list --local`, not `make livebus publish`"
    assert spelling.spelled_in_talk(said) == (
        "the event says livebus publish; run `python scripts/redrive.py list --local`, not `make livebus publish`"
    )


@pytest.mark.parametrize("name", names.COMMANDS)
def test_every_command_is_known(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is added later, too."""
    monkeypatch.setattr(spelling, "_form", "python scripts/{}.py")
    assert spelling.spelled(f"run livebus {name} now") == f"run python scripts/{name}.py now"
