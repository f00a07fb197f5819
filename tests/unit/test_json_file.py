"""A JSON file of settings, with the places of what is in it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.json_file import misread, read_json, shown


def test_each_value_has_its_line(tmp_path: Path) -> None:
    """A value's own; what is not there has that of what is around it."""
    path = tmp_path / "a.json"
    path.write_text('{\n "a": {\n  "b": 7\n }\n}')
    file = read_json(path, "a.json")

    assert file.value == {"a": {"b": 7}}
    assert [str(file.place(*each)) for each in ((), ("a",), ("a", "b"), ("a", "c"))] == [
        "a.json:1:1",
        "a.json:2:2 (a)",
        "a.json:3:8 (a/b)",
        "a.json:2:2 (a/c)",
    ]


def test_what_is_too_long_to_be_looked_at_twice_has_no_line_of_its_own(tmp_path: Path) -> None:
    """And a name that nobody could read is cut."""
    path = tmp_path / "a.json"
    path.write_text('{"' + "a" * 1_100_000 + '": 7}')
    file = read_json(path, "a.json", most=2_000_000)

    assert str(file.place(*file.value)) == f"a.json:1:1 ({'a' * 1_000})"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{\n,", "a.json:2:1: not JSON: expecting property name enclosed in double quotes"),
        ("7" * 5_000, "a.json: not JSON that can be read: nested too deep, or a number too long"),
        ('{"a": 1}' * 20, "a.json: 'a.json' has more than 100 bytes"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, fault: str) -> None:
    """With the line where the text has one."""
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(LivebusError) as raised:
        read_json(path, "a.json", most=100 if text.startswith('{"a"') else 10_000)
    assert str(raised.value) == fault


def test_a_value_is_shown_as_json_has_it() -> None:
    """No longer than a message can hold."""
    assert [shown(each) for each in (None, True, "a", [1])] == ["null", "true", '"a"', "[1]"]
    assert shown("a" * 100) == '"' + "a" * 59 + "…"


def test_what_ends_a_reading_is_told_in_words() -> None:
    """No error of Python's by its name."""
    with pytest.raises(json.JSONDecodeError) as no_json:
        json.loads('{"a":\n}')
    errors = [
        no_json.value,
        RecursionError("deep"),
        KeyError("created"),
        KeyError(),
        OSError(errno.EACCES, os.strerror(errno.EACCES), "a.json"),
        TypeError("unhashable type"),
    ]

    assert [misread(each) for each in errors] == [
        "not JSON, line 2, column 1: expecting value",
        "nested too deep",
        "it has no 'created'",
        "a member is missing",
        "Permission denied",
        "its members are of other kinds than they should be",
    ]
