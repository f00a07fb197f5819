"""Texts that are split, searched and replaced as Java's String does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livebus.vtl.budget import Budget
from livebus.vtl.java_pattern import InvalidPattern
from livebus.vtl.patterns import contains_match, matches_whole, replaced, split


@pytest.mark.parametrize("pattern", [",", "[,]"], ids=["a plain text", "a pattern"])
@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("a,b,,", 0, ["a", "b"]),
        ("a,b,,", -1, ["a", "b", "", ""]),
        ("a,b,,", 1, ["a,b,,"]),
        ("a,b,,", 2, ["a", "b,,"]),
        ("a,b,,", 9, ["a", "b", "", ""]),
        (",a", 0, ["", "a"]),
        (",,", 0, []),
        ("", 0, [""]),
        ("abc", 0, ["abc"]),
    ],
)
def test_split(pattern: str, text: str, limit: int, pieces: list[str]) -> None:
    """Without empty texts at the end, unless a limit keeps them; with a positive one at most so many pieces."""
    assert split(pattern, text, Budget(), limit) == pieces


@pytest.mark.parametrize(
    ("pattern", "replacement", "result"),
    [
        ("b", "x", "axc axc"),
        ("(a)(b)", "$2$1", "bac bac"),
        ("(?<first>a)b", "${first}", "ac ac"),
        ("a(z)?", "[$1]", "[]bc []bc"),
        ("b", "\\$1", "a$1c a$1c"),
        ("", "-", "-a-b-c- -a-b-c-"),
    ],
)
def test_replaced(pattern: str, replacement: str, result: str) -> None:
    """By texts and by groups, of which one that matched nothing is nothing."""
    assert replaced(pattern, "abc abc", replacement, Budget()) == result


def test_the_first_match_alone() -> None:
    assert replaced("b", "abc abc", "x", Budget(), 1) == "axc abc"


def test_found_and_matched() -> None:
    """Anywhere, or from the first character to the last; flags at the beginning count for all of it."""
    assert [contains_match("b+", text, Budget()) for text in ("abbc", "ac")] == [True, False]
    assert [matches_whole("a|ab", text, Budget()) for text in ("ab", "abc")] == [True, False]
    assert [matches_whole("(?i)AB", text, Budget()) for text in ("ab", "ab\n")] == [True, False]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: replaced("a", "a", "$", Budget()), "Illegal group reference"),
        (lambda: replaced("a", "a", "$x", Budget()), "Illegal group reference"),
        (lambda: replaced("a", "a", "$1", Budget()), "No group 1"),
        (lambda: replaced("[a]", "a", "${none}", Budget()), "No group with name {none}"),
        (lambda: split("(", "a", Budget()), "expecting ')'"),
        (lambda: split("a{2,1}", "a", Budget()), "invalid repetition count"),
    ],
)
def test_what_is_no_pattern(call: Callable[[], object], reason: str) -> None:
    """And what names no group; the reason is told without the engine's own words around it."""
    with pytest.raises(InvalidPattern) as raised:
        call()
    assert str(raised.value) == reason
