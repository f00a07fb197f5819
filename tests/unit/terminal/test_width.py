"""Columns of text, and text that fits them."""

from __future__ import annotations

import io

import pytest

from livebus.terminal.width import columns_of, fitted, width_of


@pytest.mark.parametrize(
    ("text", "width"), [("plain", 5), ("größer", 6), ("大きい", 6), ("e\u0301", 1), ("🚌", 2), ("\u200d", 0), ("", 0)]
)
def test_wide_characters_take_two_columns(text: str, width: int) -> None:
    """Those of East Asia and emoji; combining ones take none."""
    assert width_of(text) == width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("as it is", 8, "as it is"),
        ("as it is", 7, "as it …"),
        ("大きい", 5, "大き…"),
        ("大きい", 4, "大…"),
        ("x", 0, ""),
        ("xy", 1, "…"),
    ],
)
def test_a_text_is_cut_to_its_columns(text: str, width: int, expected: str) -> None:
    """With an ellipsis in the last of them, and never a half of a wide character."""
    assert fitted(text, width) == expected


def test_what_is_no_terminal_has_no_columns() -> None:
    """A file, a pipe, a stream that is closed: nothing is cut for them."""
    assert [columns_of(None), columns_of(io.StringIO())] == [None, None]
