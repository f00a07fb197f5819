"""What a template printed, read as JSON as leniently as AppSync was seen to."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.vtl.json_text import NotJson, read_json

TRAILING = "Trailing characters at the end of the JSON string are not allowed."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, "x", null]}', {"a": [1, "x", None]}),
        ("", None),
        (" \n\t", None),
        ('{"a": 1,}', {"a": 1}),
        ('[1, [2,], {"b": 3 , }, ]', [1, [2], {"b": 3}]),
        ('{"a": ",}", "b": ",]",}', {"a": ",}", "b": ",]"}),
        ('{"a": "\\",}",}', {"a": '",}'}),
        ("12345678901234567890", 12345678901234567890),
        (' {"a": 12345678901234567,} ', {"a": 12345678901234567}),
    ],
)
def test_what_is_read(text: str, value: Any) -> None:
    """A comma too much passes, empty text is null, a comma in a text stays, and long numbers keep their digits."""
    assert read_json(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{a: 1}", "Unable to convert {a: 1} to Object."),
        ("[1,,]", "Unable to convert [1,,] to Object."),
        ("NaN", "Unable to convert NaN to Object."),
        ("x" * 10_000, f"Unable to convert {'x' * 10_000} to Object."),
        ("x" * 10_001, f"Unable to convert {'x' * 9_997}... to Object."),
        ("[" * 100_000, f"Unable to convert {'[' * 9_997}... to Object."),
        ("{} x", TRAILING),
        ('{"a": 1}, {"b": 2}', TRAILING),
    ],
)
def test_what_is_not(text: str, message: str) -> None:
    """In AppSync's words; a long text is told in part."""
    with pytest.raises(NotJson) as raised:
        read_json(text)
    assert str(raised.value) == message
