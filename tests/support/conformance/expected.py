"""
What a case expects: values, and patterns where AWS's answer has chance, time or an order of its own in it.

In YAML: ``!match REGEX`` a text that fits as a whole, ``!number {from: 0, below: 1}`` a number in bounds, ``!whole`` the
same without a fraction, ``!json VALUE`` JSON text of a value in whatever order, ``!unordered [VALUES]`` a list in any order,
``!any`` everything that is not null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

MAX_SHOWN = 300


@dataclass(frozen=True)
class Match:
    regex: str

    def differences(self, got: Any, path: str) -> Iterator[str]:
        if not isinstance(got, str) or not re.fullmatch(self.regex, got, re.DOTALL):
            yield f"{path}: {shown(got)} does not match {self.regex}"


@dataclass(frozen=True)
class Number:
    least: float
    below: float
    whole: bool

    def differences(self, got: Any, path: str) -> Iterator[str]:
        is_number = isinstance(got, int | float) and not isinstance(got, bool)
        if not is_number or not self.least <= got < self.below or (self.whole and got != int(got)):
            yield f"{path}: {shown(got)} is no {'whole ' * self.whole}number from {self.least} below {self.below}"


@dataclass(frozen=True)
class Json:
    value: Any

    def differences(self, got: Any, path: str) -> Iterator[str]:
        try:
            read = json.loads(got)
        except (TypeError, ValueError):
            yield f"{path}: {shown(got)} is no JSON text"
        else:
            yield from differences(self.value, read, f"{path} (as JSON)")


@dataclass(frozen=True)
class Unordered:
    values: tuple[Any, ...]

    def differences(self, got: Any, path: str) -> Iterator[str]:
        if not isinstance(got, list) or len(got) != len(self.values):
            yield f"{path}: {shown(got)} is no list of {len(self.values)}"
            return
        left = list(got)
        for value in self.values:
            found = next((each for each in left if not any(differences(value, each, path))), None)
            if found is None:
                yield f"{path}: no {shown(value)} in {shown(got)}"
            else:
                left.remove(found)


@dataclass(frozen=True)
class Anything:
    def differences(self, got: Any, path: str) -> Iterator[str]:
        if got is None:
            yield f"{path}: null"


Pattern = Match | Number | Json | Unordered | Anything


def differences(expected: Any, got: Any, path: str = "value") -> Iterator[str]:
    """In words, what of ``got`` is not as expected; nothing where all is."""
    if isinstance(expected, Pattern):
        yield from expected.differences(got, path)
    elif isinstance(expected, Mapping) and isinstance(got, Mapping):
        for name in sorted({*expected, *got}, key=str):
            if name not in got:
                yield f"{path}.{name}: missing, expected {shown(expected[name])}"
            elif name not in expected:
                yield f"{path}.{name}: {shown(got[name])}, expected no such member"
            else:
                yield from differences(expected[name], got[name], f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif isinstance(expected, bool) != isinstance(got, bool) or expected != got:
        yield f"{path}: {shown(got)}, expected {shown(expected)}"


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """The value with ``${name}`` replaced in all its texts, those of patterns (escaped) included."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: names.get(found[1], found[0]), value)
    if isinstance(value, Match):
        return Match(re.sub(r"\$\{(\w+)\}", lambda found: re.escape(names.get(found[1], found[0])), value.regex))
    if isinstance(value, Json):
        return Json(filled(value.value, names))
    if isinstance(value, Unordered):
        return Unordered(tuple(filled(each, names) for each in value.values))
    if isinstance(value, Mapping):
        return {filled(name, names): filled(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    return value


def shown(value: Any) -> str:
    """A value in a line of a report."""
    try:
        text = value if isinstance(value, Pattern) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = value
    return str(text) if len(str(text)) <= MAX_SHOWN else f"{str(text)[: MAX_SHOWN - 3]}..."


class Loader(yaml.SafeLoader):
    """YAML with the patterns as tags; a key twice is an error, times stay texts."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{sorted(twice)} twice", node.start_mark)
        return super().construct_mapping(node, deep=True)


def _number(loader: Loader, node: Any, *, whole: bool) -> Number:
    bounds = loader.construct_mapping(node, deep=True)
    if set(bounds) != {"from", "below"} or not all(type(bound) in (int, float) for bound in bounds.values()):
        raise yaml.constructor.ConstructorError(
            None, None, "!number and !whole take {from: 0, below: 1}", node.start_mark
        )
    return Number(bounds["from"], bounds["below"], whole)


def _match(loader: Loader, node: Any) -> Match:
    regex = loader.construct_scalar(node)
    try:
        re.compile(regex)
    except re.error as error:
        raise yaml.constructor.ConstructorError(None, None, f"!match: {error.msg}", node.start_mark) from None
    return Match(regex)


def _json(loader: Loader, node: Any) -> Json:
    if isinstance(node, yaml.MappingNode):
        return Json(loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return Json(loader.construct_sequence(node, deep=True))
    try:
        return Json(yaml.load(node.value, Loader))
    except yaml.YAMLError:
        raise yaml.constructor.ConstructorError(None, None, "!json: the text is not YAML", node.start_mark) from None


Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_constructor("!match", _match)
Loader.add_constructor("!number", lambda loader, node: _number(loader, node, whole=False))
Loader.add_constructor("!whole", lambda loader, node: _number(loader, node, whole=True))
Loader.add_constructor("!json", _json)
Loader.add_constructor("!unordered", lambda loader, node: Unordered(tuple(loader.construct_sequence(node, deep=True))))
Loader.add_constructor("!any", lambda _, __: Anything())
