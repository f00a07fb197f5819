"""
Translates a pattern of java.util.regex.Pattern into JavaScript's flavour, as far as its constructs have a counterpart.

In: the pattern's text. Out: a :class:`Translation`, or InvalidPattern. What Java has alone (possessive quantifiers, atomic
groups, classes inside of classes) is refused by its name.
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FLAGS = re.compile(r"\(\?([a-zA-Z]+)\)")
_GROUP = re.compile(r"\((?:\?(<[A-Za-z][A-Za-z0-9]*>|<=|<!|[:=!>]|[a-zA-Z-]*:))?")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})(\+|\?)?")
_LINE_END = "(?:\\r\\n|[\\n\\r\\u0085\\u2028\\u2029])"
_SPACE = " \\t\\n\\v\\f\\r"
_HORIZONTAL = " \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000"
# Inside of a class; outside of one, between brackets.
_SETS = {"s": _SPACE, "h": _HORIZONTAL, "v": "\\n\\v\\f\\r\\x85\\u2028\\u2029"}
_POSIX = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": "!-\\/:-@\\[-`\\{-~",
    "Space": _SPACE,
    "Blank": " \\t",
    "XDigit": "0-9a-fA-F",
    "ASCII": "\\x00-\\x7f",
    "Cntrl": "\\x00-\\x1f\\x7f",
    "Graph": "!-~",
    "Print": " -~",
}
_ANCHORS = {"A": "(?<![^])", "z": "(?![^])", "Z": f"(?={_LINE_END}?(?![^]))", "R": _LINE_END}
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")


class InvalidPattern(ValueError):
    """What Java refuses, or what has no counterpart here."""


@dataclass(frozen=True, slots=True)
class Translation:
    """JavaScript's source and flags; ``names`` lead from a group's name to its number."""

    source: str
    flags: str
    names: Mapping[str, int]


def translated(pattern: str) -> Translation:
    return _Translator(pattern).run()


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._flags = ""
        self._names: dict[str, int] = {}
        self._groups = 0

    def run(self) -> Translation:
        if leading := _FLAGS.match(self._pattern):
            self._position = leading.end()
            for letter in leading[1]:
                if letter not in "imsuU":
                    raise InvalidPattern(f"The flag {letter!r} of a pattern is not emulated")
            self._flags = "".join(sorted(set(leading[1]) & set("ims")))
        pieces = []
        while self._position < len(self._pattern):
            pieces.append(self._piece())
        return Translation("".join(pieces), self._flags + "u", self._names)

    def _take(self, count: int = 1) -> str:
        taken = self._pattern[self._position : self._position + count]
        self._position += count
        return taken

    def _piece(self) -> str:
        if quantifier := _QUANTIFIER.match(self._pattern, self._position):
            if quantifier[1] == "+":
                raise InvalidPattern(f"The possessive quantifier {quantifier[0]!r} is not emulated")
            return self._take(len(quantifier[0]))
        letter = self._take()
        if letter == "\\":
            return self._escape(in_class=False)
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._class()
        if letter == "$" and "m" not in self._flags:
            return _ANCHORS["Z"]
        if letter == "{":
            raise InvalidPattern(f"Illegal repetition near index {self._position - 1}")
        return f"\\{letter}" if letter in "]}/" else letter

    def _group(self) -> str:
        match = _GROUP.match(self._pattern, self._position - 1)
        assert match is not None, "a parenthesis stands here"
        kind = match[1]
        if kind is None:
            if self._pattern.startswith("?", self._position):
                raise InvalidPattern(f"The group {self._pattern[self._position - 1 :][:12]!r} is not emulated")
            self._groups += 1
            return "("
        if kind == ">":
            raise InvalidPattern("The atomic group '(?>' is not emulated")
        if kind.startswith("<") and kind not in ("<=", "<!"):
            self._groups += 1
            self._names[kind[1:-1]] = self._groups
        self._position = match.end()
        return match[0]

    def _class(self) -> str:
        written = "["
        if self._pattern.startswith("^", self._position):
            written += self._take()
        first = True
        while self._position < len(self._pattern):
            letter = self._take()
            if letter == "]" and not first:
                return written + "]"
            if letter == "[" or (letter == "&" and self._pattern.startswith("&", self._position)):
                raise InvalidPattern("A class of characters inside of another is not emulated")
            first = False
            written += self._escape(in_class=True) if letter == "\\" else f"\\{letter}" if letter in _SYNTAX else letter
        raise InvalidPattern("Unclosed character class")

    def _escape(self, *, in_class: bool) -> str:
        letter = self._take()
        if not letter:
            raise InvalidPattern("Unexpected internal error: the pattern ends in a backslash")
        if letter == "Q":
            end = self._pattern.find("\\E", self._position)
            literal = self._pattern[self._position : end if end >= 0 else None]
            self._position = end + 2 if end >= 0 else len(self._pattern)
            return "".join(f"\\{each}" if each in _SYNTAX or (each == "-" and in_class) else each for each in literal)
        if letter in _SETS:
            return _SETS[letter] if in_class else f"[{_SETS[letter]}]"
        if letter in "SHV" and not in_class:
            return f"[^{_SETS[letter.lower()]}]"
        if letter in "dDwWS" or (letter in "bB" and not in_class):
            return f"\\{letter}"
        if letter in _ANCHORS and not in_class:
            return _ANCHORS[letter]
        if letter in "pP":
            return self._property(letter, in_class=in_class)
        return self._character(letter, in_class=in_class)

    def _property(self, letter: str, *, in_class: bool) -> str:
        match = re.compile(r"\{(Is)?([A-Za-z_]+)\}|([A-Z])").match(self._pattern, self._position)
        if match is None:
            raise InvalidPattern(f"Unknown character property near index {self._position}")
        self._position = match.end()
        name = match[2] or match[3]
        if name in _POSIX and not match[1]:
            negated = "^" if letter == "P" else ""
            if in_class and negated:
                raise InvalidPattern(f"\\P{{{name}}} inside of a class is not emulated")
            return _POSIX[name] if in_class else f"[{negated}{_POSIX[name]}]"
        return f"\\{letter}{{{name}}}"

    def _character(self, letter: str, *, in_class: bool) -> str:
        if letter in "tnrf":
            return f"\\{letter}"
        if letter in "ae":
            return {"a": "\\x07", "e": "\\x1b"}[letter]
        code = {"x": r"[0-9A-Fa-f]{2}", "u": r"[0-9A-Fa-f]{4}", "0": r"[0-3]?[0-7]{1,2}"}.get(letter)
        if code is not None:
            match = re.compile(code).match(self._pattern, self._position)
            if match is None:
                raise InvalidPattern(f"Illegal escape sequence near index {self._position - 1}")
            self._position = match.end()
            return f"\\u{int(match[0], 8 if letter == '0' else 16):04x}"
        if letter == "k" and not in_class:
            match = re.compile(r"<([A-Za-z][A-Za-z0-9]*)>").match(self._pattern, self._position)
            if match is None:
                raise InvalidPattern("\\k is not followed by '<' for a named group")
            self._position = match.end()
            return f"\\k{match[0]}"
        if letter.isascii() and letter.isalnum():
            if letter.isdigit() and not in_class:
                return f"(?:\\{letter})"
            raise InvalidPattern(f"Illegal/unsupported escape sequence near index {self._position - 1}")
        return f"\\{letter}" if letter in _SYNTAX or (letter == "-" and in_class) else letter
