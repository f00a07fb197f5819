"""
Methods of java.lang.String.

Java counts units of UTF-16: a text with characters beyond 16 bits is taken apart into them, and put together again.
https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/String.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livebus.vtl import patterns
from livebus.vtl.budget import Budget
from livebus.vtl.methods.registry import JavaError, Method, Row, add_all, method, pure
from livebus.vtl.values import text_of


def _units(text: str) -> str:
    if text.isascii() or max(text) <= "\uffff":
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2))


def _whole(units: str) -> str:
    return units if units.isascii() else units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _part(text: str, start: int, end: int | None = None) -> str:
    units = _units(text)
    stop = len(units) if end is None else end
    if not 0 <= start <= stop <= len(units):
        raise JavaError("java.lang.StringIndexOutOfBoundsException", f"begin {start}, end {stop}, length {len(units)}")
    return _whole(units[start:stop])


def _replace(budget: Budget, text: str, old: str, new: str) -> str:
    growth = (text.count(old)) * (len(new) - len(old))
    budget.text(len(text) + max(0, growth))
    return text.replace(old, new)


def _char_at(budget: Budget, text: str, index: int) -> str:
    return _part(text, index, index + 1)


def _concat(budget: Budget, text: str, other: str) -> str:
    budget.text(len(text) + len(other))
    return text + other


def _compare(one: str, other: str) -> int:
    one, other = _units(one), _units(other)
    return next((ord(a) - ord(b) for a, b in zip(one, other, strict=False) if a != b), len(one) - len(other))


def _index(find: Callable[..., int]) -> Method:
    def index(budget: Budget, text: str, part: str, start: int = 0) -> int:
        return find(_units(text), _units(part), max(0, start))

    return index


def _last_index(budget: Budget, text: str, part: str, start: int | None = None) -> int:
    units, sought = _units(text), _units(part)
    if start is None:
        return units.rfind(sought)
    return -1 if start < 0 else units.rfind(sought, 0, start + len(sought))


def _starts(budget: Budget, text: str, part: str, offset: int = 0) -> bool:
    return offset >= 0 and _units(text).startswith(_units(part), offset)


def _trim(budget: Budget, text: str) -> str:
    return text.strip("".join(map(chr, range(33))))


def _split(budget: Budget, text: str, pattern: str, limit: int = 0) -> list[str]:
    return patterns.split(pattern, text, budget, limit)


def _joined(budget: Budget, text: str, between: str, parts: list[Any]) -> str:
    texts = [text_of(part, budget) for part in parts]
    budget.text(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _repeat(budget: Budget, text: str, times: int) -> str:
    if times < 0:
        raise JavaError("java.lang.IllegalArgumentException", f"count is negative: {times}")
    budget.text(len(text) * times)
    return text * times


_of_texts: list[Row] = [
    ("charAt", ("int",), _char_at),
    ("compareTo", ("text",), pure(_compare)),
    ("compareToIgnoreCase", ("text",), pure(lambda text, other: _compare(text.lower(), other.lower()))),
    ("concat", ("text",), _concat),
    ("contains", ("text",), pure(lambda text, part: part in text)),
    ("endsWith", ("text",), pure(lambda text, part: text.endswith(part))),
    ("indexOf", ("text",), _index(str.find)),
    ("indexOf", ("text", "int"), _index(str.find)),
    ("isBlank", (), pure(lambda text: not text.strip())),
    ("isEmpty", (), pure(lambda text: not text)),
    ("join", ("text", "list"), _joined),
    ("lastIndexOf", ("text",), _last_index),
    ("lastIndexOf", ("text", "int"), _last_index),
    ("length", (), pure(lambda text: len(_units(text)))),
    ("matches", ("text",), lambda budget, text, pattern: patterns.matches_whole(pattern, text, budget)),
    ("repeat", ("int",), _repeat),
    ("replace", ("text", "text"), _replace),
    ("replaceAll", ("text", "text"), lambda budget, text, old, new: patterns.replaced(old, text, new, budget)),
    ("replaceFirst", ("text", "text"), lambda budget, text, old, new: patterns.replaced(old, text, new, budget, 1)),
    ("split", ("text",), _split),
    ("split", ("text", "int"), _split),
    ("startsWith", ("text",), _starts),
    ("startsWith", ("text", "int"), _starts),
    ("strip", (), pure(lambda text: text.strip())),
    ("substring", ("int",), pure(_part)),
    ("substring", ("int", "int"), pure(_part)),
    ("toLowerCase", (), pure(lambda text: text.lower())),
    ("toUpperCase", (), pure(lambda text: text.upper())),
    ("trim", (), _trim),
    ("valueOf", ("any",), lambda budget, _, value: text_of(value, budget)),
]
add_all("text", _of_texts)


@method("text", "equalsIgnoreCase", "any")
def _equals_ignoring_case(budget: Budget, text: str, other: Any) -> bool:
    return isinstance(other, str) and text.casefold() == other.casefold()
