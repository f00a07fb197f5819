r"""
Regular expressions of strangers: AWS's flavour as far as it goes, and an end to each match.

Templates bring expressions (AllowedPattern, AppIdClientRegex) that AWS reads with Java. ``^(a+)+$`` takes Java, and
Python's ``re``, longer than anybody waits; ``((a{1000}){1000}){1000}`` fills the memory of whoever expands it. So they are
read by ``regex``, which knows most of Java's syntax and takes a time limit, and what would expand too far is not read at
all. See docs/decisions/0021-regular-expressions.md.

This is the one place that a clock decides about: the same expression may be too slow on one machine and not on another.
https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import warnings
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# One match takes a millisecond where it is not meant to take long.
MATCH_SECONDS = 0.1
# All the matches of one template.
ALL_SECONDS = 1.0
MAX_LENGTH = 8192
_SHORT = 200
# The steps of an expression, its counted repeats written out; each takes about 300 bytes.
MAX_STEPS = 50_000

# What ``regex`` has and Java has not: recursion, comments, verbs, lists, near matches.
_NOT_JAVA = re.compile(r"\(\?(?:R|[0-9+]|&|P>|#|\|)|(?<!\\)\(\*[A-Z]|\\[LKmM]|(?<!\\)\{[eisd0-9]*[<=+]")
# What Java has and ``regex`` has not, once it is translated; and free spacing, which hides where a group ends.
_ONLY_JAVA = re.compile(r"\\c.|\\[pP]\{(?:java|In|block=|blk=)|\\N\{|\\b\{|\\x\{|\\G|\(\?[a-zA-Z-]*x")
_REPEAT = re.compile(r"(\)?)\{([0-9]+)(?:,[0-9]*)?\}")
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:k<([A-Za-z][A-Za-z0-9]*)>|(.))", re.DOTALL)
_TRANSLATED = {"Z": r"(?=\n?\z)", "e": r"\x1b", "<": "<", ">": ">"}


class NotAnExpression(ValueError):
    """A text that is no regular expression, in Java neither."""


class UnreadExpression(ValueError):
    """An expression that Java may well read, and that is not read here: why."""


class TooSlow(Exception):
    """A match that was given up for its time."""


class Expression:
    """One expression. Raises NotAnExpression or UnreadExpression."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled = _compile(text)

    def matches(self, text: str, seconds: float = MATCH_SECONDS) -> bool:
        """Whether the whole of a text matches. Raises TooSlow."""
        return self._ask("fullmatch", text, seconds)

    def is_found(self, text: str, seconds: float = MATCH_SECONDS) -> bool:
        """Whether any part of a text matches. Raises TooSlow."""
        return self._ask("search", text, seconds)

    def _ask(self, how: str, text: str, seconds: float) -> bool:
        try:
            return getattr(self._compiled, how)(text, timeout=seconds) is not None
        except (TimeoutError, MemoryError):
            raise TooSlow from None


class Patience:
    """The time for all the matches of one template together."""

    __slots__ = ("_left",)

    def __init__(self, seconds: float = ALL_SECONDS) -> None:
        self._left = seconds

    def matches(self, expression: Expression, text: str) -> bool:
        """Whether the whole of a text matches. Raises TooSlow, without trying where no time is left."""
        if self._left <= 0:
            raise TooSlow
        start = perf_counter()
        try:
            return expression.matches(text, min(MATCH_SECONDS, self._left))
        finally:
            self._left -= perf_counter() - start


def _compile(text: str) -> regex.Pattern[str]:
    import regex  # a tenth of a dry run's start, and most templates have no expression

    if len(text) > MAX_LENGTH:
        raise UnreadExpression(f"it has more than {MAX_LENGTH:,} characters")
    if found := _NOT_JAVA.search(text):
        raise NotAnExpression(f"{found[0]!r} at position {found.start()}")
    java = _QUOTED.sub(lambda quoted: re.escape(quoted[1]), text)
    if found := _ONLY_JAVA.search(java):
        raise UnreadExpression(f"it holds {found[0]!r}")
    if _steps(java) > MAX_STEPS:
        raise UnreadExpression(f"it comes to more than {MAX_STEPS:,} steps, its repeats written out")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # thoughts on how Python's syntax may change; ours is Java's
            return regex.compile(_ESCAPE.sub(_translated, java), regex.VERSION1)
    except regex.error as error:
        raise NotAnExpression(_reason(text) or str(error)) from None
    except (RecursionError, MemoryError, OverflowError, ValueError) as error:
        raise UnreadExpression(f"it is nested or repeated too far ({type(error).__name__})") from None


def _reason(text: str) -> str:
    """What Python says of a short text that is no expression: it says more."""
    try:
        re.compile(text[:_SHORT])
    except re.error as error:
        return str(error) if len(text) <= _SHORT else ""
    return ""


def _translated(escape: re.Match[str]) -> str:
    return f"(?P={escape[1]})" if escape[1] else _TRANSLATED.get(escape[2], escape[0])


def _steps(text: str) -> int:
    """
    How many steps an expression comes to at the most, each repeat of a group taken for one around all the others.

    Where groups and sets end is not looked at, so that nothing can be hidden in them.
    """
    steps, times = len(text), 1
    for repeat in _REPEAT.finditer(text):
        least = int(repeat[2][:9]) if len(repeat[2]) < 9 else MAX_STEPS + 1
        if repeat[1]:
            times *= max(least, 1)
        else:
            steps += least
        if steps * times > MAX_STEPS:
            break
    return steps * times
