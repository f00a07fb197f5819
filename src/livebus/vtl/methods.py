"""
The Java methods that templates may call on values: a table, and nothing beside it. No attribute of Python is reachable.

A method is found by the value's type, its name and the kinds of its arguments, as Java finds it; where none fits, the
reference has no value and is printed as it stands. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from livebus.vtl import patterns
from livebus.vtl.budget import Budget
from livebus.vtl.values import Entry, equals, is_number, position_of, text_of

VOID = ""  # what a method without a result prints

Method = Callable[..., Any]  # takes the budget, the value and the arguments


class NoSuchMethod(Exception):
    """No method of this name takes these arguments."""


class JavaError(Exception):
    """What a Java method would have thrown: ``java_type`` is the exception's class, ``str()`` its message."""

    def __init__(self, java_type: str, message: str) -> None:
        self.java_type = java_type
        super().__init__(message)


KINDS: dict[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": is_number,
    "text": lambda value: value is None or isinstance(value, str),
    "list": lambda value: value is None or isinstance(value, list),
    "map": lambda value: value is None or isinstance(value, dict),
    "bool": lambda value: isinstance(value, bool),
}
"""Kinds of arguments: what each takes. Null fits where Java has an object."""
_TABLE: dict[tuple[str, str, int], list[tuple[tuple[str, ...], Method]]] = {}


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    return {str: "text", list: "list", dict: "map", Entry: "entry"}.get(type(value), "")


def _method(owner: str, name: str, *kinds: str) -> Callable[[Method], Method]:
    def add(method: Method) -> Method:
        _TABLE.setdefault((owner, name, len(kinds)), []).append((kinds, method))
        return method

    return add


def call(value: Any, name: str, arguments: list[Any], budget: Budget) -> Any:
    """The result of a method. Raises NoSuchMethod and JavaError."""
    for owner in (_type_of(value), "any"):
        for kinds, method in _TABLE.get((owner, name, len(arguments)), ()):
            if all(KINDS[kind](argument) for kind, argument in zip(kinds, arguments, strict=True)):
                if any(argument is None and kind in _NOT_NULL for kind, argument in zip(kinds, arguments, strict=True)):
                    raise JavaError("java.lang.NullPointerException", "null")
                if isinstance(value, str):
                    budget.text(len(value))
                try:
                    return method(budget, value, *arguments)
                except patterns.InvalidPattern as invalid:
                    raise JavaError("java.util.regex.PatternSyntaxException", str(invalid)) from None
    raise NoSuchMethod(name)


def names_of(owner: str) -> frozenset[str]:
    """The names of all methods of a type (``text``, ``list``, ``map``, ``number``, ``bool``, ``entry``)."""
    return frozenset(name for kind, name, _ in _TABLE if kind in (owner, "any"))


_NOT_NULL = ("text", "list", "map")

# --- of every value -------------------------------------------------------------------------------------------------


@_method("any", "toString")
def _to_string(budget: Budget, value: Any) -> str:
    return text_of(value, budget)


@_method("any", "equals", "any")
def _equals(budget: Budget, value: Any, other: Any) -> bool:
    # Java's numbers of two classes are never equal; which class a number has is not known here.
    return equals(value, other, budget) and isinstance(value, float) == isinstance(other, float)


# --- of texts -------------------------------------------------------------------------------------------------------
# Java counts units of UTF-16. A text with characters beyond 16 bits is taken apart into them, and put together again.


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


def _is_space(letter: str) -> bool:
    return letter <= " "


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


_of_texts: list[tuple[str, tuple[str, ...], Method]] = [
    ("charAt", ("int",), _char_at),
    ("compareTo", ("text",), lambda budget, text, other: _compare(text, other)),
    ("compareToIgnoreCase", ("text",), lambda budget, text, other: _compare(text.lower(), other.lower())),
    ("concat", ("text",), _concat),
    ("contains", ("text",), lambda budget, text, part: part in text),
    ("endsWith", ("text",), lambda budget, text, part: text.endswith(part)),
    ("indexOf", ("text",), _index(str.find)),
    ("indexOf", ("text", "int"), _index(str.find)),
    ("isBlank", (), lambda budget, text: not text.strip()),
    ("isEmpty", (), lambda budget, text: not text),
    ("join", ("text", "list"), _joined),
    ("lastIndexOf", ("text",), _last_index),
    ("lastIndexOf", ("text", "int"), _last_index),
    ("length", (), lambda budget, text: len(_units(text))),
    ("matches", ("text",), lambda budget, text, pattern: patterns.matches_whole(pattern, text, budget)),
    ("repeat", ("int",), _repeat),
    ("replace", ("text", "text"), _replace),
    ("replaceAll", ("text", "text"), lambda budget, text, old, new: patterns.replaced(old, text, new, budget)),
    ("replaceFirst", ("text", "text"), lambda budget, text, old, new: patterns.replaced(old, text, new, budget, 1)),
    ("split", ("text",), _split),
    ("split", ("text", "int"), _split),
    ("startsWith", ("text",), _starts),
    ("startsWith", ("text", "int"), _starts),
    ("strip", (), lambda budget, text: text.strip()),
    ("substring", ("int",), lambda budget, text, start: _part(text, start)),
    ("substring", ("int", "int"), lambda budget, text, start, end: _part(text, start, end)),
    ("toLowerCase", (), lambda budget, text: text.lower()),
    ("toUpperCase", (), lambda budget, text: text.upper()),
    ("trim", (), _trim),
    ("valueOf", ("any",), lambda budget, text, value: text_of(value, budget)),
]
for _name, _signature, _function in _of_texts:
    _method("text", _name, *_signature)(_function)


@_method("text", "equalsIgnoreCase", "any")
def _equals_ignoring_case(budget: Budget, text: str, other: Any) -> bool:
    return isinstance(other, str) and text.casefold() == other.casefold()


# --- of numbers and truth values ------------------------------------------------------------------------------------


def _wrapped(value: Any, bits: int) -> int:
    """``intValue`` and ``longValue``: without the fraction; whole numbers lose what is beyond their bits."""
    limit = 1 << (bits - 1)
    if isinstance(value, float):
        return 0 if value != value else int(max(-limit, min(limit - 1, value)))  # noqa: PLR0124 - NaN is not itself
    return (int(value) + limit) % (2 * limit) - limit


def _parsed(convert: Callable[[str], Any]) -> Method:
    def parse(budget: Budget, value: Any, text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, OverflowError, ArithmeticError):
            raise JavaError("java.lang.NumberFormatException", f'For input string: "{text[:80]}"') from None

    return parse


def _integer(text: str) -> int:
    if len(text) > 20 or not text.lstrip("+-").isdigit() or not text.isascii():
        raise ValueError(text)
    return int(text)


def _double(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


_of_numbers: list[tuple[str, tuple[str, ...], Method]] = [
    ("compareTo", ("number",), lambda budget, value, other: (value > other) - (value < other)),
    ("doubleValue", (), lambda budget, value: float(value)),
    ("floatValue", (), lambda budget, value: float(value)),
    ("intValue", (), lambda budget, value: _wrapped(value, 32)),
    ("longValue", (), lambda budget, value: _wrapped(value, 64)),
    ("max", ("number", "number"), lambda budget, value, one, other: max(one, other)),
    ("min", ("number", "number"), lambda budget, value, one, other: min(one, other)),
    ("parseDouble", ("text",), _parsed(_double)),
    ("parseInt", ("text",), _parsed(_integer)),
    ("parseLong", ("text",), _parsed(_integer)),
    ("toString", ("number",), lambda budget, value, other: text_of(other, budget)),
    ("valueOf", ("number",), lambda budget, value, other: other),
]
for _name, _signature, _function in _of_numbers:
    _method("number", _name, *_signature)(_function)


@_method("number", "valueOf", "text")
def _value_of(budget: Budget, value: Any, text: str) -> Any:
    return _parsed(_double if isinstance(value, float) else _integer)(budget, value, text)


@_method("number", "isNaN")
def _is_nan(budget: Budget, value: Any) -> bool:
    return isinstance(value, float | Decimal) and value != value  # noqa: PLR0124 - NaN is not itself


_method("bool", "booleanValue")(lambda budget, value: value)
_method("bool", "parseBoolean", "text")(lambda budget, value, text: text.lower() == "true")
_method("bool", "valueOf", "text")(lambda budget, value, text: text.lower() == "true")

# --- of lists -------------------------------------------------------------------------------------------------------


def checked(items: list[Any], index: int, *, end: bool = False) -> int:
    """An index of a list, or Java's error."""
    if not 0 <= index < len(items) + end:
        found = (
            f"Index {index} out of bounds for length {len(items)}" if not end else f"Index: {index}, Size: {len(items)}"
        )
        raise JavaError("java.lang.IndexOutOfBoundsException", found)
    return index


def _add(budget: Budget, items: list[Any], value: Any) -> bool:
    items.append(value)
    return True


def _insert(budget: Budget, items: list[Any], index: int, value: Any) -> str:
    budget.spend(len(items) // 64)
    items.insert(checked(items, index, end=True), value)
    return VOID


def _add_all(budget: Budget, items: list[Any], others: list[Any]) -> bool:
    budget.spend(len(others))
    items.extend(list(others))
    return bool(others)


def _replace_item(budget: Budget, items: list[Any], index: int, value: Any) -> Any:
    old = items[checked(items, index)]
    items[index] = value
    return old


def _remove_at(budget: Budget, items: list[Any], index: int) -> Any:
    budget.spend(len(items) // 64)
    return items.pop(checked(items, index))


def _remove(budget: Budget, items: list[Any], value: Any) -> bool:
    at = position_of(items, value, budget)
    if at >= 0:
        del items[at]
    return at >= 0


def _keep(budget: Budget, items: list[Any], others: list[Any], *, found: bool) -> bool:
    kept = [item for item in items if (position_of(others, item, budget) >= 0) == found]
    changed = len(kept) != len(items)
    items[:] = kept
    return changed


def _sub_list(budget: Budget, items: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(items):
        raise JavaError(
            "java.lang.IndexOutOfBoundsException", f"fromIndex: {start}, toIndex: {end}, size: {len(items)}"
        )
    budget.spend(end - start)
    return items[start:end]


def _clear(budget: Budget, value: Any) -> str:
    value.clear()
    return VOID


def _last_position(budget: Budget, items: list[Any], value: Any) -> int:
    budget.spend(len(items) // 64)
    at = position_of(items[::-1], value, budget)
    return len(items) - 1 - at if at >= 0 else -1


_of_lists: list[tuple[str, tuple[str, ...], Method]] = [
    ("add", ("any",), _add),
    ("add", ("int", "any"), _insert),
    ("addAll", ("list",), _add_all),
    ("clear", (), _clear),
    ("contains", ("any",), lambda budget, items, value: position_of(items, value, budget) >= 0),
    (
        "containsAll",
        ("list",),
        lambda budget, items, others: all(position_of(items, each, budget) >= 0 for each in others),
    ),
    ("get", ("int",), lambda budget, items, index: items[checked(items, index)]),
    ("indexOf", ("any",), lambda budget, items, value: position_of(items, value, budget)),
    ("isEmpty", (), lambda budget, items: not items),
    ("lastIndexOf", ("any",), _last_position),
    ("remove", ("int",), _remove_at),
    ("remove", ("any",), _remove),
    ("removeAll", ("list",), lambda budget, items, others: _keep(budget, items, others, found=False)),
    ("retainAll", ("list",), lambda budget, items, others: _keep(budget, items, others, found=True)),
    ("set", ("int", "any"), _replace_item),
    ("size", (), lambda budget, items: len(items)),
    ("subList", ("int", "int"), _sub_list),
]
for _name, _signature, _function in _of_lists:
    _method("list", _name, *_signature)(_function)

# --- of maps --------------------------------------------------------------------------------------------------------


def key_of(key: Any) -> Any:
    """What a map finds a value by. Lists and maps are no keys here."""
    if isinstance(key, list | dict):
        raise JavaError("java.lang.UnsupportedOperationException", "a list or a map as a key of a map is not emulated")
    return key


def _put(budget: Budget, values: dict[Any, Any], key: Any, value: Any) -> Any:
    old = values.get(key_of(key))
    values[key] = value
    return old


def _put_all(budget: Budget, values: dict[Any, Any], others: dict[Any, Any]) -> str:
    budget.spend(len(others))
    values.update(list(others.items()))
    return VOID


def _put_if_absent(budget: Budget, values: dict[Any, Any], key: Any, value: Any) -> Any:
    old = values.get(key_of(key))
    if old is None:
        values[key] = value
    return old


def entries(budget: Budget, values: dict[Any, Any]) -> list[Any]:
    budget.spend(len(values))
    return [Entry(key, value) for key, value in values.items()]


def _listed(budget: Budget, found: Any) -> list[Any]:
    budget.spend(len(found))
    return list(found)


_of_maps: list[tuple[str, tuple[str, ...], Method]] = [
    ("clear", (), _clear),
    ("containsKey", ("any",), lambda budget, values, key: key_of(key) in values),
    ("containsValue", ("any",), lambda budget, values, value: position_of([*values.values()], value, budget) >= 0),
    ("entrySet", (), entries),
    ("get", ("any",), lambda budget, values, key: values.get(key_of(key))),
    ("getOrDefault", ("any", "any"), lambda budget, values, key, other: values.get(key_of(key), other)),
    ("isEmpty", (), lambda budget, values: not values),
    ("keySet", (), lambda budget, values: _listed(budget, values)),
    ("put", ("any", "any"), _put),
    ("putAll", ("map",), _put_all),
    ("putIfAbsent", ("any", "any"), _put_if_absent),
    ("remove", ("any",), lambda budget, values, key: values.pop(key_of(key), None)),
    ("size", (), lambda budget, values: len(values)),
    ("values", (), lambda budget, values: _listed(budget, values.values())),
]
for _name, _signature, _function in _of_maps:
    _method("map", _name, *_signature)(_function)

_method("entry", "getKey")(lambda budget, entry: entry.key)
_method("entry", "getValue")(lambda budget, entry: entry.value)
