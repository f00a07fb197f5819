"""
Reads a template's text, YAML or JSON, and keeps the line and column of everything in it.

In: text. Out: a :class:`Document`: the template in long form (``!Ref x`` becomes ``{"Ref": "x"}``), the places of its
members by their paths, and the faults that do not keep the rest from being read.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from cfn_tools.yaml_loader import UNCONVERTED_SUFFIXES

from livebus.errors import Fault, InvalidTemplate, Place
from livebus.template.yaml_nodes import TEXT_TAG, Composed, compose

Path = tuple[str | int, ...]

_LONGEST_PATH = 1000
# Between the logical id of a nested stack and a name in it.
IN_STACK = ":"
CONSTRUCT_PATH = "aws:cdk:path"
_STANDARD = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """
    A template in long form.

    ``places`` tells where the value of a path stands: that of an object or a list at its key, that of a text where the
    text itself begins. ``aliases`` is true where YAML aliases were expanded. ``warnings`` tell what a transform left out.
    ``text`` is what it was read from; empty for one that was made otherwise. ``parts`` are the documents of nested stacks by the
    stacks' logical ids, where ``body`` holds theirs too, as ``STACK:NAME``.
    """

    body: dict[str, Any]
    file: str
    places: dict[Path, tuple[int, int]]
    faults: tuple[Fault, ...] = ()
    aliases: bool = False
    warnings: tuple[str, ...] = ()
    text: str = ""
    parts: Mapping[str, Document] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """The place of a path; of its nearest known parent where the path itself is not there."""
        if self.parts and len(path) > 1:
            stack, inside, name = str(path[1]).partition(IN_STACK)
            if inside and stack in self.parts:
                return self.parts[stack].place((path[0], name, *path[2:]))
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return Place(self.file, line, column, written(path), self.construct(path))

    @property
    def documents(self) -> list[Document]:
        """The document itself and those of its parts: of each file one."""
        # What stands for several stacks together has no text of its own.
        found = {} if self.parts and not self.text else {self.file: self}
        for part in self.parts.values():
            for each in part.documents:
                found.setdefault(each.file, each)
        return list(found.values())

    def of_file(self, file: str) -> Document | None:
        """The document that a file is: the outermost one, or one of a nested stack."""
        return next((each for each in (self, *self.documents) if each.file == file), None)

    def construct(self, path: Path) -> str:
        """The path of AWS CDK's construct that made the resource of a path, as its Metadata tells; or nothing."""
        found: Any = self.body
        for step in (*path[:2], "Metadata", CONSTRUCT_PATH) if path[:1] == ("Resources",) else ():
            found = found.get(step) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""


def written(path: Path) -> str:
    """A path as places have it. One that nobody could read is cut: it would be there for each fault below it."""
    text = "/".join(map(str, path))
    return text if len(text) <= _LONGEST_PATH else f"{text[:_LONGEST_PATH]}…"


def read_document(text: str, file: str) -> Document:
    """
    Parse a template.

    Raises InvalidTemplate with the line and column of a YAML or JSON fault, and where the document is not an object.
    Keys that are there twice, nulls and what JSON has no value for are in the document's ``faults``.
    """
    text = text.removeprefix("\ufeff")
    is_json = text.lstrip().startswith("{")
    # YAML takes JSON but for tabs between tokens; a JSON string cannot hold a bare tab, so nothing of value is lost.
    composed = compose(text.replace("\t", " ") if is_json else text, file)
    root = composed.root
    if not isinstance(root, yaml.MappingNode) or root.tag.startswith("!"):
        raise InvalidTemplate(
            "the template is empty" if root is None or root.value == "" else "the template is not an object",
            Place(file, 1, 1),
            expected="an object with a Resources section",
        )
    reader = _Reader(composed, file)
    body = reader.value(root, ())
    if is_json and not reader.faults:
        # JSON knows numbers (1e3) and escapes (halves of a pair) that YAML takes for something else.
        body = _json(text, body)
    return Document(
        body, file, reader.places, (*_duplicates(composed, file), *reader.faults), composed.aliases, text=text
    )


def _json(text: str, otherwise: Any) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError:
        return otherwise


def _duplicates(composed: Composed, file: str) -> list[Fault]:
    return [
        Fault(
            f"duplicate key {key.value!r}",
            Place(file, key.start_mark.line + 1, key.start_mark.column + 1),
            "each key once",
            "Remove one of the two.",
        )
        for key in composed.duplicates
    ]


@dataclass(slots=True)
class _Reader:
    """Makes values of nodes, and notes where each stands. Depth and size are bounded by ``compose``."""

    _composed: Composed
    _file: str
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def value(self, node: yaml.Node, path: Path) -> Any:
        if node.tag.startswith("!"):
            suffix = node.tag[1:]
            name = suffix if suffix in UNCONVERTED_SUFFIXES else f"Fn::{suffix}"
            path = (*path, name)
            self.places[path] = _start(node)
            argument = node.value if isinstance(node, yaml.ScalarNode) else self._plain(node, path)
            if name == "Fn::GetAtt" and isinstance(argument, str):
                argument = argument.split(".", 1)
            return {name: argument}
        return self._plain(node, path)

    def _plain(self, node: yaml.Node, path: Path) -> Any:
        """The value of a node, whatever function its tag names."""
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, path, "map")
            return dict(self._members(node, path))
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, path, "seq")
            items = []
            for index, item in enumerate(node.value):
                self.places[(*path, index)] = _start(item)
                items.append(self.value(item, (*path, index)))
            return items
        return self._scalar(node, path)

    def _members(self, node: yaml.MappingNode, path: Path) -> list[tuple[str, Any]]:
        members = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.startswith("!"):
                self._fault("a key that is not a text", path, key)
                continue
            # Keys stay as they are written: no number, no truth value.
            below = (*path, key.value)
            self.places[below] = _start(value if isinstance(value, yaml.ScalarNode) else key)
            members.append((key.value, self.value(value, below)))
        return members

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        loader, kind = self._composed.loader, node.tag.removeprefix(_STANDARD)
        if node.tag == TEXT_TAG:
            return self._text(node, path)
        if kind == "null":
            if "Metadata" not in path:
                advice = "Write the EventPattern as JSON text to match null." if "EventPattern" in path else ""
                self._fault("'null' values are not allowed in templates", path, node, advice=advice)
            return None
        try:
            if kind == "bool":
                return loader.construct_yaml_bool(node)
            if kind == "int":
                return loader.construct_yaml_int(node)
            if kind == "float":
                number = loader.construct_yaml_float(node)
                if math.isfinite(number):
                    return number
        except (ValueError, KeyError):
            self._fault(
                f"{node.value[:40]!r} is not a number that can be read", path, node, "a number, or text in quotes"
            )
            return None
        found = f"{node.value[:40]!r} is YAML's {node.tag.replace(_STANDARD, '!!')}, which JSON has not"
        self._fault(found, path, node, "text in quotes")
        return None

    def _text(self, node: yaml.Node, path: Path) -> str:
        text = str(node.value)
        if text.isascii():
            return text
        try:
            # "\ud83d\ude00" is one character in JSON, and two halves to YAML.
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._fault("text with half of a surrogate pair", path, node, "text that UTF-8 can hold")
            return text.encode("utf-8", "replace").decode("utf-8")

    def _check_tag(self, node: yaml.Node, path: Path, expected: str) -> None:
        if not node.tag.startswith("!") and node.tag != f"{_STANDARD}{expected}":
            found = f"YAML's {node.tag.replace(_STANDARD, '!!')}, which CloudFormation does not support"
            self._fault(found, path, node)

    def _fault(self, found: str, path: Path, node: yaml.Node, expected: str = "", advice: str = "") -> None:
        place = Place(self._file, *_start(node), written(path))
        self.faults.append(Fault(found, place, expected, advice))


def _start(node: yaml.Node) -> tuple[int, int]:
    """Where a value's own text begins, from 1. The text of a block scalar (``|``) begins on the line below its mark."""
    mark = node.start_mark
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return mark.line + 2, 1
    return mark.line + 1, mark.column + 1
