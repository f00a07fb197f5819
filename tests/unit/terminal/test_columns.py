"""How many columns text for people may have."""

from __future__ import annotations

import os

import pytest

from livebus.terminal.columns import columns, demanded


@pytest.mark.parametrize(
    ("text", "expected"),
    [("40", 40), ("", 0), ("0", 0), ("wide", 0), ("-1", 0), ("1" * 6, 0), ("\u0664\u0660", 0), ("1e3", 0)],
)
def test_what_is_no_number_of_columns_demands_nothing(
    text: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", text)
    assert demanded() == expected


def test_the_variable_comes_before_the_terminal_and_that_before_the_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((90, 24)))
    monkeypatch.setenv("COLUMNS", "40")
    assert columns(120) == 40
    monkeypatch.delenv("COLUMNS")
    assert columns(120) == 90

    def no_terminal(*_: int) -> os.terminal_size:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", no_terminal)
    assert columns(120) == 120
