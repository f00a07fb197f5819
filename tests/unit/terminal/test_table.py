"""Tables, lines and pages of text that fit a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.terminal.table import filled, table, wrapped
from livebus.terminal.width import width_of

ROWS = [
    ("", "used", "quota", "beyond it"),
    ("rules", "1", "300 on a bus", "refused by PutRule"),
    ("messages to subscribers", "20", "16,667 a second", "nothing is kept"),
]


def test_a_table_that_fits_is_as_wide_as_its_cells() -> None:
    """And so is one that nothing bounds: a file's."""
    expected = [
        "                         used            quota  beyond it",
        "rules                       1     300 on a bus  refused by PutRule",
        "messages to subscribers    20  16,667 a second  nothing is kept",
    ]
    assert list(table(ROWS, "<>><")) == expected
    assert list(table(ROWS, "<>><", 66)) == expected


def test_a_table_that_is_too_wide_is_broken_between_words() -> None:
    """The widest column gives first; what goes on stands in its own column."""
    assert list(table(ROWS, "<>><", 46)) == [
        "              used         quota  beyond it",
        "rules            1  300 on a bus  refused by",
        "                                  PutRule",
        "messages to     20      16,667 a  nothing is",
        "subscribers               second  kept",
    ]


def test_what_no_table_fits_into_has_paragraphs() -> None:
    """A cell on each line, behind what the head calls it."""
    assert list(table(ROWS, "<>><", 24)) == [
        "rules",
        "  used: 1",
        "  quota: 300 on a bus",
        "  beyond it: refused by",
        "    PutRule",
        "messages to subscribers",
        "  used: 20",
        "  quota: 16,667 a second",
        "  beyond it: nothing is",
        "    kept",
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.text("ab 大é", max_size=30)] * 3), min_size=2, max_size=5),
    st.integers(min_value=32, max_value=120),
)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, ...]], width: int) -> None:
    """Whatever the cells hold, as long as no word of theirs is wider than the terminal."""
    words = [word for row in rows for cell in row for word in cell.split()]
    if all(2 * width_of(word) + 10 < width for word in words):
        assert [line for line in table(rows, "<><", width) if width_of(line) > width] == []


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("  a line that is set in", None, ["  a line that is set in"]),
        ("  a line that is set in", 14, ["  a line that", "    is set in"]),
        ("https://docs.aws.amazon.com/x", 10, ["https://docs.aws.amazon.com/x"]),
    ],
)
def test_a_long_line_goes_on_further_in(line: str, width: int | None, expected: list[str]) -> None:
    """Words that are longer than the line stay whole: an address that is cut is none."""
    assert wrapped(line, width) == expected


def test_advice_far_to_the_right_comes_nearer_where_it_has_no_room() -> None:
    """It keeps its column where most of the line is left, and is indented a little where it is not."""
    advice = f"{'':31}Leave it out, or add a rule."
    assert wrapped(advice, 40) == ["    Leave it out, or add a rule."]
    assert wrapped(advice, 50) == [f"{'':31}Leave it out, or", f"{'':33}add a rule."]


def test_a_page_is_filled_anew_where_it_is_too_wide() -> None:
    """Paragraphs as paragraphs; what has two columns goes on below its second."""
    page = "examples:\n  publish a.json   what is in a file\n\nA paragraph that has\ntwo lines of its own\n"
    assert list(filled(page, 30)) == [
        "examples:",
        "  publish a.json   what is in",
        "                   a file",
        "",
        "A paragraph that has",
        "two lines of its own",
    ]
    assert list(filled("A paragraph that has\ntwo lines", 12)) == ["A paragraph", "that has two", "lines"]


def test_a_word_that_has_no_room_below_the_second_column_goes_to_the_left() -> None:
    """Where the whole line would be wider for that one word."""
    line = "  partial             each entry may fail with ThrottlingException"
    assert list(filled(line, 38)) == ["  partial             each entry may", "    fail with ThrottlingException"]
    assert list(filled(line, 42)) == [
        "  partial             each entry may fail",
        "                      with",
        "                      ThrottlingException",
    ]
