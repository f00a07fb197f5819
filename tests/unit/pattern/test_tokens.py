"""The tokens of a pattern's text, and what is said where it is no JSON."""

from __future__ import annotations

import pytest

from livebus.errors import InvalidEventPattern
from livebus.pattern.tokens import Tokens, quoted_source

VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
UNCLOSED = (
    "Unexpected end-of-input: expected close marker for {} (start marker at "
    '[Source: (String)"{}"; line: 1, column: {}])'
)
MISMATCH = (
    "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"[}\"; line: 1, column: 1])"
)
NO_DIGIT = (
    "Unexpected character ('a' (code 97)) in numeric value: expected digit (0-9) to follow minus sign, for valid "
    "numeric value"
)
COMMENT = (
    "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature "
    "'ALLOW_COMMENTS' not enabled for parser)"
)
CONTROL = "Illegal character ((CTRL-CHAR, code 1)): only regular white space (\\r, \\n, \\t) is allowed between tokens"


def kinds(text: str) -> list[str]:
    tokens = Tokens(text)
    found = []
    while kind := tokens.next():
        found.append(kind)
    return found


def refusal(text: str) -> tuple[str, int | None, int | None]:
    with pytest.raises(InvalidEventPattern) as caught:
        kinds(text)
    return caught.value.reason, caught.value.line, caught.value.column


def test_tokens_come_in_the_order_of_the_text() -> None:
    """Names, values and brackets come one by one, and an empty kind at the end."""
    expected = ["{", "name", "[", "string", "number", "true", "false", "null", "]", "name", "{", "}", "}"]

    assert expected == kinds(' {"a" : ["x", -1.5e+3, true,false,\tnull], "b":{}}\r\n')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\"\\\/\b\f\n\r\té"', 'a"\\/\b\f\n\r\té'),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\ud83d"', "\ud83d"),
        ('""', ""),
    ],
)
def test_escapes_are_resolved(text: str, value: str) -> None:
    """Escapes stand for their characters, two surrogates for one, and one alone for itself."""
    tokens = Tokens(text)
    tokens.next()

    assert value == tokens.text


@pytest.mark.parametrize(
    ("text", "reason", "column"),
    [
        ("{", UNCLOSED.format("Object", "{", 1), 2),
        ('{"a"', "Unexpected end-of-input within/between Object entries", 5),
        ('{"a":', "Unexpected end-of-input within/between Object entries", 6),
        ('{"a":[1', UNCLOSED.format("Array", '{"a":[1', 6), 8),
        ('{"a":[1,', "Unexpected end-of-input within/between Array entries", 9),
        ('{"a', "Unexpected end-of-input in field name", 4),
        ('["a', "Unexpected end-of-input: was expecting closing quote for a string value", 4),
        ('["\\', "Unexpected end-of-input in character escape sequence", 4),
        ("[-", "Unexpected end-of-input in a Number value", 3),
        ('{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value", 6),
        ('{"a":1 "b":2}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries", 8),
        ("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 4),
        ("[1,]", f"Unexpected character (']' (code 93)): expected a valid value {VALUES}", 4),
        ('{"a":}', "Unexpected character ('}' (code 125)): expected a value", 6),
        ('{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 8),
        ("[}", MISMATCH, 3),
        ("[tru]", f"Unrecognized token 'tru': was expecting {VALUES}", 5),
        ("[truest]", f"Unrecognized token 'truest': was expecting {VALUES}", 8),
        ("[NaN]", "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", 5),
        ("[01]", "Invalid numeric value: Leading zeroes not allowed", 3),
        ("[1e]", "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit",
         4),
        ("[-a]", NO_DIGIT, 3),
        ('["\\x"]', "Unrecognized character escape 'x' (code 120)", 5),
        ('["\\ÿ"]', "Unrecognized character escape 'ÿ' (code 255)", 5),
        ('["\\Ā"]', "Unrecognized character escape 'Ā' (code 256 / 0x100)", 5),
        ('["\\u00g0"]', "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
         7),
        ("[/1]", COMMENT, 2),
        ("[\x01]", CONTROL, 3),
        ("[é!]", f"Unrecognized token 'é': was expecting {VALUES}", 3),
        ("[€]", f"Unexpected character ('€' (code 8364 / 0x20ac)): expected a valid value {VALUES}", 2),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_in_the_parsers_words(text: str, reason: str, column: int) -> None:
    """Each fault of form has its own reason, and the column where reading stopped."""
    assert (reason, 1, column) == refusal(text)


def test_lines_are_counted_at_every_kind_of_line_end() -> None:
    """A line feed, a carriage return and the two together each begin a line."""
    assert refusal('{\n"a":\r[1,\r\n  x]}')[1:] == (4, 4)


def test_columns_count_utf_16_units() -> None:
    """A character beyond U+FFFF counts twice, as in the service's own strings."""
    assert refusal('["\U0001f600",]')[1:] == (1, 7)


def test_a_long_source_is_quoted_in_part() -> None:
    """A message quotes 500 characters of the pattern and says how many more there are."""
    expected = '(String)"' + "x" * 500 + '"[truncated 7 chars]'

    assert expected == quoted_source("x" * 507)


def test_a_thousand_levels_are_read_and_one_more_is_refused() -> None:
    """Depth has the parser's limit, and costs no stack frames."""
    reason = (
        "Document nesting depth (1001) exceeds the maximum allowed (1000, from "
        "`StreamReadConstraints.getMaxNestingDepth()`)"
    )

    assert kinds("[" * 1000 + "]" * 1000) == ["["] * 1000 + ["]"] * 1000
    assert (reason, None, None) == refusal("[" * 1001)
