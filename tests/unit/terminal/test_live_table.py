"""The table on a terminal, as text."""

from __future__ import annotations

import pytest

from livebus.terminal.live_table import Drawing, dim, fitted, table_lines, width_of

HEAD = ("subscription", "messages", "rate")


def test_the_first_column_is_on_the_left() -> None:
    """Numbers are on the right."""
    assert table_lines(HEAD, [("onOrder", "1", "0.1/s"), ("onSale", "1000", "12.0/s")], 80, styled=False) == [
        "subscription  messages    rate",
        "onOrder              1   0.1/s",
        "onSale            1000  12.0/s",
    ]


def test_a_long_name_gives_way() -> None:
    """The figures stay as they are where half of the width is enough for them."""
    assert table_lines(HEAD, [("onOrder(customerId=1)", "1", "0.1/s")], 36, styled=False) == [
        "subscription         messages   rate",
        "onOrder(customerId…         1  0.1/s",
    ]


@pytest.mark.parametrize("width", [0, 1, 2, 5, 20, 31, 79])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Wide and combining characters count as they are shown."""
    rows = [("größer (顧客=山田) é", "12345", "1.0/s"), ("\x1b[31mred", "1", "0.1/s")]
    lines = [*table_lines(HEAD, rows, width, styled=False), dim("顧客" * 40, width, styled=False)]
    assert all(width_of(line) <= width for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_styles_are_the_only_sequences() -> None:
    """A strange name cannot bring its own."""
    lines = table_lines(HEAD, [("\x1b[2J", "1", "1")], 80, styled=True)
    assert lines == ["\x1b[1msubscription  messages  rate\x1b[0m", "\\x1b[2J              1     1"]
    assert dim("a\x07b", 80, styled=True) == "\x1b[2ma\\x07b\x1b[0m"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("顧客番号", 5, "顧客…"),
        ("顧客番号", 4, "顧…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_text_is_cut_by_its_columns(text: str, width: int, expected: str) -> None:
    """With an ellipsis where something is missing."""
    assert expected == fitted(text, width)


def test_a_drawing_replaces_the_last_one() -> None:
    """The cursor goes up to its first line; what was longer is cleared."""
    drawing = Drawing()
    assert drawing.clear() == ""
    assert drawing.draw(["a", "b"]) == "a\r\nb\r\n"
    assert drawing.draw(["c"]) == "\x1b[2A\r\x1b[Jc\r\n"
    assert drawing.clear() == "\x1b[1A\r\x1b[J"
    assert drawing.clear() == ""
