"""What reaches a terminal: escaped text, faults one to a line, exit codes."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import Fault, LivebusError, Place
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped, json_text

UNSAFE = "\x00\x07\x08\t\n\r\x1b\x7f\x80\x9b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ud800"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, größer, 大きい 🚌, שלום", "plain, größer, 大きい 🚌, שלום"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe\u2066\u2028", "\\u202egnp.exe\\u2066\\u2028"),
        ("\ud83d", "\\ud83d"),
    ],
)
def test_control_characters_are_spelled_out(text: str, expected: str) -> None:
    """Other scripts stay; what could move the cursor, break the line or turn it around does not."""
    assert expected == escaped(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters() | st.sampled_from(UNSAFE), max_size=30))
def test_json_text_is_json_of_the_same_value_on_one_safe_line(text: str) -> None:
    """Whatever a string holds: reading the line gives it back, and the line is as safe as escaped text."""
    line = json_text({"text": text})
    assert {"text": text} == json.loads(line)
    assert escaped(line) == line


def test_every_fault_is_a_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """An error with two faults is two lines, and nothing on stdout."""
    faults = [Fault("no Source", Place("a.json", 2, 3, "$")), Fault("bad\nname", Place("b\x1b.json"))]
    terminal.report(LivebusError(faults=faults))
    assert capsys.readouterr() == ("", "error: a.json:2:3 ($): no Source\nerror: b\\x1b.json: bad\\nname\n")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR and TERM=dumb turn colours off; an empty NO_COLOR means nothing."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    terminal.warn("look")
    assert ("\x1b[33mwarning:\x1b[0m look\n" if expected else "warning: look\n") == stream.getvalue()


def test_what_stdout_cannot_carry_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old terminal's encoding is no reason to fail; JSON stays JSON."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.result("größer 大")
    terminal.json_result({"a": "ö大"})
    assert stream.buffer.getvalue() == b'gr\xf6\xdfer \\u5927\n{"a": "\\u00f6\\u5927"}\n'  # type: ignore[attr-defined]


@pytest.mark.parametrize(("outcome", "code"), [(0, 0), (2, 2), (KeyboardInterrupt(), 130)])
def test_the_process_ends_with_the_verbs_code(outcome: int | BaseException, code: int) -> None:
    """Ctrl-C is 130, without a traceback."""

    def main() -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    with pytest.raises(SystemExit) as raised:
        terminal.run(main)
    assert code == raised.value.code


def test_what_is_said_on_a_terminal_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its label keeps its colour, a path or an address stays whole; a file or a program gets one line."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    text = "no bus at https://events.example.com/a/long/path of the stack"
    terminal.report_text(text)
    terminal.talk("in one line")
    assert stream.getvalue().splitlines() == [
        "\x1b[31merror:\x1b[0m no bus at",
        "  https://events.example.com/a/long/path",
        "  of the stack",
        "in one line",
    ]
    piped = io.StringIO()
    monkeypatch.setattr(sys, "stderr", piped)
    terminal.report_text(text)
    assert piped.getvalue() == f"error: {text}\n"
