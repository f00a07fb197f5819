"""Regular expressions of strangers: Java's syntax as far as it goes, and an end to each match."""

from __future__ import annotations

import pytest

from livebus.expressions import Expression, NotAnExpression, Patience, TooSlow, UnreadExpression


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("^[a-z]+$", "abc", True),
        ("[a-z]+", "abc1", False),
        ("(?!-)[a-z-]{1,2048}", "-a", False),
        (r"\p{Alpha}+", "abc", True),
        (r"(?<first>a|b)\k<first>", "bb", True),
        (r"(?<first>a|b)\k<first>", "ab", False),
        (r"\Qa.b\E+", "a.bb", True),
        (r"\Qa.b", "axb", False),
        ("[a-z&&[^b]]+", "abc", False),
        ("a++b", "aab", True),
        (r"a\Z", "a\n", False),
        (r"\<b\>", "<b>", True),
        (r"([0-9]{1,3}\.){3}[0-9]{1,3}", "10.0.0.1", True),
    ],
)
def test_javas_syntax_is_read(text: str, value: str, expected: bool) -> None:
    assert Expression(text).matches(value) is expected


@pytest.mark.parametrize("text", ["[", "a**", "(", "(?R)", "(a){e<=3}", r"\K", "(?#comment)"])
def test_what_java_has_not_is_no_expression(text: str) -> None:
    with pytest.raises(NotAnExpression):
        Expression(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"\cA", r"it holds '\\cA'"),
        (r"\p{javaLowerCase}", r"it holds '\\p{java'"),
        ("(?x) a", "it holds '(?x'"),
        ("a{1000000000}", "it comes to more than 50,000 steps, its repeats written out"),
        ("((a{100}){100}){100}", "it comes to more than 50,000 steps, its repeats written out"),
        ("[(](a{300}[(]){300}", "it comes to more than 50,000 steps, its repeats written out"),
        ("a" * 8193, "it has more than 8,192 characters"),
        ("(" * 4000 + ")" * 4000, "it is nested or repeated too far (RecursionError)"),
    ],
)
def test_what_is_not_read_says_why(text: str, reason: str) -> None:
    with pytest.raises(UnreadExpression) as raised:
        Expression(text)
    assert str(raised.value) == reason


def test_a_match_ends() -> None:
    """Nested repeats of one letter are a matter of squares here, and of the machine; two ways for each letter are of powers."""
    with pytest.raises(TooSlow):
        Expression("^(a|aa)+$").matches("a" * 4000 + "!")


def test_all_matches_together_end() -> None:
    patience, slow = Patience(0.01), Expression("^(a|aa)+$")
    with pytest.raises(TooSlow):
        patience.matches(slow, "a" * 4000 + "!")
    with pytest.raises(TooSlow):
        patience.matches(Expression("a"), "a")
    assert Patience(0.01).matches(Expression("a"), "a")
