"""
A JSON text as the stream of tokens in which EventBridge reads an event pattern, with the places it reports.

In: the pattern's text. Out: one token at a time, and :class:`~livebus.errors.InvalidEventPattern` in AWS's words.
EventBridge reads with the Jackson parser: a field's value is begun together with its name, and a string is read to
its end only when its text is asked for. Lines and columns in AWS's messages depend on both.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
"""

from __future__ import annotations

import re
from typing import NoReturn

from livebus.errors import InvalidEventPattern

# The kinds of token. "" stands for the end of the text at the top level.
START_OBJECT, END_OBJECT, START_ARRAY, END_ARRAY = "{", "}", "[", "]"
NAME, STRING, NUMBER, TRUE, FALSE, NULL, END = "name", "string", "number", "true", "false", "null", ""

MAX_DEPTH = 1000
SOURCE_SHOWN = 500  # characters of the pattern that a message about a start marker quotes
_TOKEN_SHOWN = 256
_LIMIT_OF_DEPTH = "StreamReadConstraints.getMaxNestingDepth()"

_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_SPACE = re.compile(r"[ \t\r\n]*")
_DIGITS = re.compile(r"[0-9]*")
_HEX = re.compile(r"[0-9a-fA-F]")
_WORD = re.compile(r"[\w$]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS = {"t": TRUE, "f": FALSE, "n": NULL}
_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class Tokens:
    """
    The tokens of one JSON text. ``kind`` is the current token's kind, ``name`` the current field's name.
    """

    def __init__(self, text: str, max_depth: int = MAX_DEPTH) -> None:
        self.source = text
        self._max_depth = max_depth
        self.kind = END
        self.name = ""
        self._at = 0
        self._text = ""
        self._value = END  # the token after the current name, already begun
        self._string_open = False
        # One entry per open object or array: its opening bracket, and where that stands. The first is the root.
        self._open: list[tuple[str, int]] = [("", 0)]
        self._comma_due = [False]

    @property
    def text(self) -> str:
        """The current token as text; of a string its value. Reads an unfinished string to its end."""
        self._finish_string()
        return self._text

    def next(self) -> str:
        """Go to the next token and return its kind. Raises where the text is not JSON."""
        if self.kind == NAME:
            return self._begin(self._value)
        self._finish_string()
        char = self._after_space()
        if char == "":
            if len(self._open) > 1:
                self._end_of_input(f": expected close marker for {self._scope} (start marker at {self._started})")
            self.kind = END
            return END
        if char in "}]":
            return self._close(char)
        if self._comma_due[-1]:
            char = self._after_comma(char)
        self._comma_due[-1] = len(self._open) > 1
        if self._open[-1][0] != START_OBJECT:
            return self._begin(self._value_token(char))
        return self._field(char)

    def _finish_string(self) -> None:
        if self._string_open:
            self._string_open = False
            self._text = self._string("string value", ": was expecting closing quote for a string value")

    def _after_comma(self, char: str) -> str:
        if char != ",":
            raise self._unexpected(char, f"was expecting comma to separate {self._scope} entries")
        char = self._after_space()
        if char == "":
            self._end_of_input(f" within/between {self._scope} entries")
        return char

    def _field(self, char: str) -> str:
        """A field's name, and the beginning of its value."""
        if char != '"':
            raise self._unexpected(char, "was expecting double-quote to start field name")
        self.name = self._string("name", " in field name")
        char = self._after_space()
        if char not in (":", ""):
            raise self._unexpected(char, "was expecting a colon to separate field name and value")
        char = char and self._after_space()
        if char == "":
            self._end_of_input(f" within/between {self._scope} entries")
        self._value = self._value_token(char)
        self.kind = NAME
        return NAME

    def refuse(self, reason: str) -> NoReturn:
        """Raise AWS's refusal of the pattern, placed where reading has got to."""
        raise self.refusal(reason, self._at)

    def refusal(self, reason: str, at: int | None) -> InvalidEventPattern:
        """The refusal placed before the character ``at``; None leaves the place out, as AWS does in some messages."""
        if at is None:
            return InvalidEventPattern(reason)
        line, column = self._place(at)
        return InvalidEventPattern(reason, line=line, column=column)

    def _place(self, at: int) -> tuple[int, int]:
        """
        Line and column, from 1, of the character ``at``. A lone carriage return ends a line, too; columns count UTF-16
        units.
        """
        before = self.source[:at]
        line = before.count("\n") + before.count("\r") - before.count("\r\n")
        start = max(before.rfind("\n"), before.rfind("\r")) + 1
        return line + 1, len(before[start:].encode("utf-16-le", "surrogatepass")) // 2 + 1

    @property
    def _scope(self) -> str:
        return {"": "root", START_OBJECT: "Object", START_ARRAY: "Array"}[self._open[-1][0]]

    @property
    def _started(self) -> str:
        line, column = self._place(self._open[-1][1])
        return f"[Source: {quoted_source(self.source)}; line: {line}, column: {column}]"

    def _after_space(self) -> str:
        """The next character that is no white space, and step over it; "" at the end of the text."""
        self._at = self._end_of(_SPACE, self._at)
        if self._at == len(self.source):
            return ""
        char = self.source[self._at]
        self._at += 1
        if char < " ":
            reason = f"Illegal character ({_described(char)}): only regular white space (\\r, \\n, \\t) is allowed"
            raise self.refusal(f"{reason} between tokens", self._at)
        if char == "/":
            comment = (
                "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled"
            )
            raise self._unexpected(char, f"{comment} for parser)")
        return char

    def _begin(self, kind: str) -> str:
        """Make ``kind`` the current token; a bracket opens its object or array."""
        self.kind = kind
        if kind in (START_OBJECT, START_ARRAY):
            self._open.append((kind, self._at - 1))
            self._comma_due.append(False)
            if len(self._open) > self._max_depth + 1:
                depth, limit = self._max_depth + 1, f"({self._max_depth}, from `{_LIMIT_OF_DEPTH}`)"
                raise InvalidEventPattern(f"Document nesting depth ({depth}) exceeds the maximum allowed {limit}")
        return kind

    def _close(self, char: str) -> str:
        opened = self._open[-1][0]
        wanted = START_OBJECT if char == END_OBJECT else START_ARRAY
        if opened != wanted:
            other = END_ARRAY if char == END_OBJECT else END_OBJECT
            self.refuse(
                f"Unexpected close marker '{char}': expected '{other}' (for {self._scope} starting at {self._started})"
            )
        self._open.pop()
        self._comma_due.pop()
        self.kind = self._text = char
        return char

    def _value_token(self, char: str) -> str:
        """The kind of the value that begins with ``char``. A number or literal is read to its end."""
        if char == '"':
            self._string_open = True
            return STRING
        if char in "{[":
            self._text = char
            return char
        if char in _LITERALS:
            return self._literal(_LITERALS[char])
        if char == "-" or "0" <= char <= "9":
            return self._number()
        if char == "}":
            raise self._unexpected(char, "expected a value")
        if char in "NI":
            word = "NaN" if char == "N" else "Infinity"
            self._literal(word)
            allow = "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
            self.refuse(f"Non-standard token '{word}': enable {allow}")
        if char.isidentifier() or char == "$":
            self._unrecognized(self._at - 1)
        raise self._unexpected(char, f"expected a valid value {_VALUES}")

    def _literal(self, word: str) -> str:
        start = self._at - 1
        end = start + len(word)
        following = self.source[end : end + 1]
        if not self.source.startswith(word, start) or following.isalnum() or following in ("_", "$"):
            self._unrecognized(start)
        self._at = end
        self._text = word
        return word

    def _number(self) -> str:
        start = self._at - 1
        at = start + (self.source[start] == "-")
        digits = self._end_of(_DIGITS, at)
        if digits == at:
            self._bad_number(at, "expected digit (0-9) to follow minus sign, for valid numeric value")
        if self.source[at] == "0" and digits > at + 1:
            self._at = at + 1
            self.refuse("Invalid numeric value: Leading zeroes not allowed")
        at = digits
        if self.source[at : at + 1] == ".":
            digits = self._end_of(_DIGITS, at + 1)
            if digits == at + 1:
                self._bad_number(digits, "Decimal point not followed by a digit")
            at = digits
        if self.source[at : at + 1] in ("e", "E") and at < len(self.source):
            at += 1
            at += self.source[at : at + 1] in ("+", "-") and at < len(self.source)
            digits = self._end_of(_DIGITS, at)
            if digits == at:
                self._bad_number(at, "Exponent indicator not followed by a digit")
            at = digits
        self._at = at
        self._text = self.source[start:at]
        return NUMBER

    def _end_of(self, run: re.Pattern[str], at: int) -> int:
        """Where the run of such characters that begins at ``at`` ends; ``at`` itself where there is none."""
        found = run.match(self.source, at)
        return found.end() if found else at

    def _bad_number(self, at: int, comment: str) -> NoReturn:
        self._at = at
        if at == len(self.source):
            self._end_of_input(" in a Number value")
        self._at += 1
        raise self.refusal(f"Unexpected character ({_described(self.source[at])}) in numeric value: {comment}", at)

    def _string(self, what: str, at_end: str) -> str:
        """Read a string whose opening quote has been read, to behind its closing quote."""
        parts: list[str] = []
        while True:
            end = self._end_of(_PLAIN, self._at)
            parts.append(self.source[self._at : end])
            self._at = end
            if self._at == len(self.source):
                self._end_of_input(at_end)
            char = self.source[self._at]
            self._at += 1
            if char == '"':
                break
            if char != "\\":
                reason = f"Illegal unquoted character ({_described(char)}): has to be escaped using backslash"
                raise self.refusal(f"{reason} to be included in {what}", self._at)
            parts.append(self._escape())
        value = "".join(parts)
        if _SURROGATE.search(value):
            # Two escapes make one character beyond U+FFFF; a surrogate that stands alone stays.
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return value

    def _escape(self) -> str:
        char = self._escaped_character()
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char != "u":
            self.refuse(f"Unrecognized character escape {_described(char)}")
        digits = ""
        for _ in range(4):
            digit = self._escaped_character()
            if not _HEX.fullmatch(digit):
                raise self._unexpected(digit, "expected a hex-digit for character escape sequence")
            digits += digit
        return chr(int(digits, 16))

    def _escaped_character(self) -> str:
        if self._at == len(self.source):
            self._end_of_input(" in character escape sequence")
        self._at += 1
        return self.source[self._at - 1]

    def _unrecognized(self, start: int) -> NoReturn:
        self._at = min(self._end_of(_WORD, self._at), start + _TOKEN_SHOWN)
        word = self.source[start : self._at]
        self.refuse(f"Unrecognized token '{word}{'...' if len(word) == _TOKEN_SHOWN else ''}': was expecting {_VALUES}")

    def _unexpected(self, char: str, comment: str) -> InvalidEventPattern:
        return self.refusal(f"Unexpected character ({_described(char)}): {comment}", self._at - 1)

    def _end_of_input(self, where: str) -> NoReturn:
        self.refuse(f"Unexpected end-of-input{where}")


def quoted_source(text: str) -> str:
    """The pattern as AWS's messages quote it: the first 500 characters, and how many more there are."""
    more = len(text) - SOURCE_SHOWN
    return f'(String)"{text[:SOURCE_SHOWN]}"' + (f"[truncated {more} chars]" if more > 0 else "")


def _described(char: str) -> str:
    code = ord(char)
    if code < 32 or 127 <= code < 160:
        return f"(CTRL-CHAR, code {code})"
    return f"'{char}' (code {code} / {code:#x})" if code > 255 else f"'{char}' (code {code})"
