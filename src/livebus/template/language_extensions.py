"""
Expands what the transform AWS::LanguageExtensions adds to CloudFormation, before anything else reads the template.

In: a template in long form, the values for its parameters. Out: the same with each ``Fn::ForEach`` replaced by what it makes,
and with plain names where functions stand in Ref, Fn::GetAtt, DeletionPolicy and UpdateReplacePolicy; each member keeps the
place where the user wrote it. Fn::Length, Fn::ToJsonString and the DefaultValue of Fn::FindInMap are evaluated with the other
functions (``intrinsics``). Where the transform is not declared, all of them are faults.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document, Path
from livebus.template.environment import Environment
from livebus.template.intrinsics import Evaluator
from livebus.template.parameters import read_parameters
from livebus.template.properties import shown, text_of
from livebus.template.values import UNKNOWN

TRANSFORM = "AWS::LanguageExtensions"
_LOOP = "Fn::ForEach"
_FUNCTIONS = ("Fn::Length", "Fn::ToJsonString")
_NO_PART_OF_NAMES = re.compile("[^A-Za-z0-9]")
_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
# AWS documents no bound for what a loop makes but those of any template, 500 resources and 1 MB; loops in loops multiply.
MAX_MADE = 10_000
# What loops make in all, in characters: a value counts as eight, as does a turn of a loop, for what it takes besides.
MAX_SIZE = 4_000_000
_OF_A_VALUE = 8


def extended(document: Document, environment: Environment, given: Mapping[str, str]) -> Document:
    """
    A template without loops and without functions where names belong; the template itself where it has none.

    ``given`` are values for parameters: what a loop goes through may be one.
    """
    if not is_declared(document):
        faults = tuple(_undeclared(document.body, (), document))
        return replace(document, faults=(*document.faults, *faults)) if faults else document
    if not _is_used(document.body):
        return document
    return _Extension(document, environment, given).document()


def is_declared(document: Document) -> bool:
    transforms = document.body.get("Transform")
    return TRANSFORM in (transforms if isinstance(transforms, list) else [transforms])


def _members(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _is_used(value: Any) -> bool:
    if isinstance(value, dict):
        for name, item in value.items():
            if name.startswith(f"{_LOOP}::") or (name in ("Ref", *_POLICIES) and isinstance(item, dict)):
                return True
            if name == "Fn::GetAtt" and isinstance(item, list) and any(isinstance(part, dict) for part in item):
                return True
    return any(_is_used(item) for _, item in _members(value))


def _undeclared(value: Any, path: Path, document: Document) -> Iterator[Fault]:
    """What only the transform makes possible, in a template that does not declare it."""
    for name, item in _members(value):
        below = (*path, name)
        advice = f"Write Transform: {TRANSFORM} at the template's head."
        if name in _FUNCTIONS or (
            isinstance(name, str) and name.startswith(f"{_LOOP}::") and path not in ((), ("Resources",), ("Outputs",))
        ):
            found = f"Template error: Encountered unsupported function: {name}"
            yield Fault(found, document.place(below), advice=advice)
        elif name == "Fn::FindInMap" and isinstance(item, list) and len(item) == 4:
            found = (
                "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
                "attribute for return value"
            )
            yield Fault(found, document.place(below), advice=advice)
        elif name in _POLICIES and isinstance(item, dict) and len(path) == 2 and path[0] == "Resources":
            found = f"Template format error: Every {name} member must be a string."
            yield Fault(found, document.place(below), advice=advice)
        yield from _undeclared(item, below, document)


class _NoAttributes:
    """Resources are not there yet where the transform runs."""

    def ref(self, logical_id: str) -> Any:
        raise KeyError(logical_id)

    def get(self, logical_id: str, attribute: str) -> Any:
        raise KeyError(logical_id, attribute)

    def names(self, logical_id: str) -> Iterable[str]:
        del logical_id
        return ()


class _Extension:
    """One template. ``places`` and ``faults`` grow while it is expanded."""

    def __init__(self, document: Document, environment: Environment, given: Mapping[str, str]) -> None:
        self._document = document
        self._places = dict(document.places)
        self._faults = list(document.faults)
        self._made = self._size = 0
        # Set where a bound is reached: from there on nothing is made any more.
        self._is_over = False
        declared = document.body.get("Parameters")
        # What is wrong with parameters is told where they are read.
        parameters, _ = read_parameters(
            document, declared if isinstance(declared, dict) else {}, given, assumes=environment.assumes_parameters
        )
        sections = {name: document.body.get(name) for name in ("Mappings", "Conditions")}
        self._evaluator = Evaluator(
            {name: section if isinstance(section, dict) else {} for name, section in sections.items()},
            parameters=parameters,
            pseudo_parameters=environment.pseudo_parameters,
            attributes=_NoAttributes(),
            place_of=document.place,
        )

    def document(self) -> Document:
        body = self._value(self._document.body, (), (), {})
        return replace(self._document, body=body, places=self._places, faults=(*self._faults, *self._evaluator.faults))

    # --- values -----------------------------------------------------------------------------------------------------

    def _value(self, value: Any, old: Path, new: Path, names: Mapping[str, str]) -> Any:
        """A value with its loops expanded; ``names`` are the loops' identifiers with what they stand for."""
        if names:
            self._spend(_OF_A_VALUE, old)
            if self._is_over:
                return value
        if old in self._document.places:
            self._places[new] = self._document.places[old]
        if isinstance(value, str):
            return self._with(names, value, old)
        if isinstance(value, list):
            return [self._value(item, (*old, index), (*new, index), names) for index, item in enumerate(value)]
        return self._object(value, old, new, names) if isinstance(value, dict) else value

    def _object(self, value: dict[str, Any], old: Path, new: Path, names: Mapping[str, str]) -> Any:
        if len(value) == 1 and isinstance(value.get("Ref"), str) and value["Ref"] in names:
            return names[value["Ref"]]
        made: dict[str, Any] = {}
        for key, item in value.items():
            if key.startswith(f"{_LOOP}::"):
                for name, each in self._loop(key, item, (*old, key), new, names):
                    if name in made:
                        self._fault(f"{key} makes {name!r} twice", (*old, key), "a key that holds its identifier")
                    made[name] = each
            else:
                name = self._with(names, key, (*old, key))
                made[name] = self._value(item, (*old, key), (*new, name), names)
        return self._named(made, old)

    def _named(self, value: dict[str, Any], path: Path) -> dict[str, Any]:
        """An object with a plain name where a function stands for one."""
        if len(value) == 1 and isinstance(value.get("Ref"), dict):
            return {"Ref": self._name(value["Ref"], (*path, "Ref"))}
        attribute = value.get("Fn::GetAtt")
        if len(value) == 1 and isinstance(attribute, list) and any(isinstance(part, dict) for part in attribute):
            parts = [self._name(part, (*path, "Fn::GetAtt", index)) for index, part in enumerate(attribute)]
            return {"Fn::GetAtt": parts}
        if len(path) == 2 and path[0] == "Resources":
            for name in _POLICIES:
                if isinstance(value.get(name), dict):
                    value[name] = self._name(value[name], (*path, name))
        return value

    def _name(self, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return value
        resolved = self._evaluator.resolve(value, path)
        return resolved if resolved is UNKNOWN else text_of(resolved)

    # --- loops ------------------------------------------------------------------------------------------------------

    def _loop(self, name: str, loop: Any, old: Path, new: Path, names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        if not (isinstance(loop, list) and len(loop) == 3 and isinstance(loop[0], str) and isinstance(loop[2], dict)):
            self._fault(f"{name} is {shown(loop)}", old, "an identifier, a list, and an object to be repeated")
            return
        identifier, collection, body = loop
        items = self._items(name, collection, (*old, 1), names)
        for item in items:
            if self._is_over:
                return
            self._spend(_OF_A_VALUE, old)
            inner = {**names, identifier: item}
            for key, value in body.items():
                if self._is_over:
                    return
                at = (*old, 2, key)
                if key.startswith(f"{_LOOP}::"):
                    yield from self._loop(key, value, at, new, inner)
                    continue
                self._made += 1
                if self._made > MAX_MADE:
                    self._end(f"loops make more than {MAX_MADE} members", old)
                    return
                made = self._with(inner, key, at)
                yield made, self._value(value, at, (*new, made), inner)

    def _items(self, name: str, collection: Any, path: Path, names: Mapping[str, str]) -> list[str]:
        resolved = self._evaluator.resolve(self._value(collection, path, path, names), path)
        if resolved is UNKNOWN:
            return []
        if isinstance(resolved, list):
            # An item that is a list itself, as a parameter is, counts as its items.
            flat = [each for item in resolved for each in (item if isinstance(item, list) else [item])]
            texts = [text for item in flat if (text := text_of(item)) is not None]
            if len(texts) == len(flat):
                return texts
        self._fault(f"the collection of {name} is {shown(resolved)}", path, "a list of texts")
        return []

    def _fault(self, found: str, path: Path, expected: str = "") -> None:
        self._faults.append(Fault(found, self._document.place(path), expected))

    def _with(self, names: Mapping[str, str], text: str, path: Path) -> str:
        """A text with ``${Identifier}`` and ``&{Identifier}`` replaced; the second leaves letters and digits only."""
        for name, value in names.items():
            for placeholder, meant in ((f"${{{name}}}", value), (f"&{{{name}}}", _NO_PART_OF_NAMES.sub("", value))):
                # What would be too much is not made.
                self._spend(text.count(placeholder) * len(meant), path)
                if self._is_over:
                    return text
                text = text.replace(placeholder, meant)
        if names:
            self._spend(len(text), path)
        return text

    def _spend(self, size: int, path: Path) -> None:
        self._size += size
        if self._size > MAX_SIZE:
            self._end(f"loops make more than {MAX_SIZE:,} characters", path)

    def _end(self, found: str, path: Path) -> None:
        if not self._is_over:
            self._is_over = True
            self._faults.append(Fault(found, self._document.place(path), is_bound=True))
