"""
Regular expressions of templates: found in a text, replaced, split at. What they cost is bounded.

Patterns are Java's. They are run by the JavaScript engine that runs resolvers' code, which can be ended in the middle of a
match; Python's own cannot. What is no more than a plain text needs no engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any

import quickjs

from livebus.vtl.budget import MAX_PATTERN_SECONDS, Budget, Exceeded
from livebus.vtl.java_pattern import InvalidPattern, translated

MAX_PATTERN = 4_096  # characters
MAX_MATCHES = 100_000
_MEMORY_LIMIT = 64 * 1024 * 1024
_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]*")
_REFERENCE = re.compile(r"\\(.)|\$(?:(\d)|\{([A-Za-z][A-Za-z0-9]*)\})|[\\$]", re.DOTALL)

Match = list[str | None]  # the text before the match, the match, its groups


class _Engine:
    """One engine for all templates, made when it is first needed, and again after a bound ended it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._context: Any = None
        self._find: Any = None

    def find(self, source: str, flags: str, text: str, limit: int, seconds: float) -> dict[str, Any]:
        with self._lock:
            if self._context is None:
                self._context = quickjs.Context()
                self._find = self._context.eval(_script())
                self._context.set_memory_limit(_MEMORY_LIMIT)
            self._context.set_time_limit(seconds)
            try:
                found: dict[str, Any] = json.loads(self._find(json.dumps([source, flags, text, limit])))
            except (quickjs.JSException, quickjs.StackOverflow) as fault:
                if "SyntaxError" in str(fault):
                    reason = str(fault).splitlines()[0].removeprefix("SyntaxError: ")
                    raise InvalidPattern(reason) from None
                self._context = None
                raise Exceeded("A regular expression needed too much time or memory and was ended") from None
            return found


@cache
def _script() -> str:
    return (files("livebus.vtl") / "java_pattern.js").read_text(encoding="utf-8")


_ENGINE = _Engine()


def _matches(pattern: str, text: str, budget: Budget, limit: int) -> tuple[list[Match], str, Mapping[str, int]]:
    """The matches, the text behind the last, and the numbers of named groups. Raises InvalidPattern and Exceeded."""
    if len(pattern) > MAX_PATTERN:
        raise InvalidPattern(f"A pattern of more than {MAX_PATTERN:,} characters")
    budget.text(len(text))
    if pattern and _PLAIN.fullmatch(pattern):
        pieces = text.split(pattern, limit)
        budget.spend(len(pieces))
        return [[piece, pattern] for piece in pieces[:-1]], pieces[-1], {}
    translation = translated(pattern)
    left = MAX_PATTERN_SECONDS - budget.pattern_seconds
    if left <= 0:
        raise Exceeded("Regular expressions needed too much time and were ended")
    found = _ENGINE.find(translation.source, translation.flags, text, limit, left)
    budget.pattern_seconds += found["millis"] / 1000
    budget.spend(len(found["matches"]) + 10)
    if len(found["matches"]) == MAX_MATCHES:
        raise Exceeded(f"A regular expression that matches {MAX_MATCHES:,} times in one text")
    return found["matches"], found["rest"], translation.names


def contains_match(pattern: str, text: str, budget: Budget) -> bool:
    """Whether a pattern is found anywhere in a text."""
    return bool(_matches(pattern, text, budget, 1)[0])


def matches_whole(pattern: str, text: str, budget: Budget) -> bool:
    """``String.matches``: whether the whole text is a match."""
    flags = re.match(r"\(\?[a-zA-Z]+\)", pattern)
    start = flags[0] if flags else ""
    whole = f"{start}\\A(?:{pattern[len(start) :]})\\z"
    return bool(_matches(whole, text, budget, 1)[0])


def replaced(pattern: str, text: str, replacement: str, budget: Budget, limit: int = MAX_MATCHES) -> str:
    """``String.replaceAll``, or the first match only; the replacement names groups as ``$1`` and ``${name}``."""
    found, rest, names = _matches(pattern, text, budget, limit)
    pieces: list[str] = []
    length = 0
    for before, *groups in found:
        pieces += (before or "", _filled(replacement, groups, names))
        length += len(pieces[-1]) + len(pieces[-2])
        budget.text(length)
    return "".join((*pieces, rest))


def _filled(replacement: str, groups: Match, names: Mapping[str, int]) -> str:
    def one(match: re.Match[str]) -> str:
        escaped, number, name = match.groups()
        if escaped is not None:
            return str(escaped)
        if name is not None and name not in names:
            raise InvalidPattern(f"No group with name {{{name}}}")
        index = names[name] if name is not None else int(number) if number is not None else -1
        if index < 0:
            raise InvalidPattern("Illegal group reference")
        if index >= len(groups):
            raise InvalidPattern(f"No group {index}")
        return groups[index] or ""

    return _REFERENCE.sub(one, replacement)


def split(pattern: str, text: str, budget: Budget, limit: int = 0) -> list[str]:
    """``String.split``: with limit 0 without empty texts at the end, with a positive one at most so many pieces."""
    found, rest, _ = _matches(pattern, text, budget, limit - 1 if limit > 0 else MAX_MATCHES)
    pieces = [before or "" for before, *_ in found]
    pieces.append(rest)
    if found and not found[0][0] and not found[0][1]:
        del pieces[0]  # a match of nothing at the beginning makes no piece
    if not found:
        return [text]
    if found and not rest and not found[-1][1]:
        del pieces[-1]  # nor does one at the end
    if limit == 0:
        while len(pieces) > 1 and not pieces[-1]:
            pieces.pop()
        if pieces == [""]:
            pieces = []
    return pieces
