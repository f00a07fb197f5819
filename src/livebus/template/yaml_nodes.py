"""
Composes YAML (and with it JSON) into nodes, within bounds: so deep, so large once aliases are expanded.

In: a template's text. Out: PyYAML's nodes, each with its place, merge keys merged. PyYAML's own composer calls itself for
each level and follows every alias; this one does neither.
https://yaml.org/spec/1.1/
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml
from cfn_tools.yaml_loader import CfnYamlLoader
from yaml.reader import ReaderError

from livebus.errors import InvalidTemplate, Place

# AWS documents no bound on depth; no resource type comes near this one, and Python's stack holds it easily.
MAX_DEPTH = 100
# CloudFormation takes templates of 1 MB at the most; that is room for about as many nodes.
MAX_BYTES = 1_048_576
MAX_NODES = 200_000
# What an alias stands for is there once more in the template that CloudFormation gets.
MAX_TEXT = MAX_BYTES

# Not there where PyYAML was built without libyaml.
_FastParser: Any = getattr(yaml.cyaml, "CParser", None) if yaml.__with_libyaml__ else None

MERGE_TAG = "tag:yaml.org,2002:merge"
TEXT_TAG = "tag:yaml.org,2002:str"


class Loader(CfnYamlLoader):  # type: ignore[misc]  # cfn-flip has no types
    """cfn-flip's loader, with dates left as the text they are (``2010-09-09``)."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in CfnYamlLoader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class Composed:
    """The root node (None: the text is empty) and what it takes to make values of it."""

    root: yaml.Node | None
    loader: Any
    aliases: bool
    duplicates: list[yaml.Node] = field(default_factory=list)
    """Keys that their object has already, in the order of the text."""


@dataclass(slots=True)
class _Open:
    """A list or an object that is being read: its nodes and their characters, aliases expanded."""

    node: yaml.CollectionNode
    anchor: str | None
    size: int = 1
    characters: int = 0
    key: yaml.Node | None = None


def compose(text: str, file: str) -> Composed:
    """Raises InvalidTemplate with the place of the first fault: after it, nothing that follows can be trusted."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidTemplate("the template is too large", Place(file), expected=f"at most {MAX_BYTES} bytes")
    if _FastParser is not None and text.isascii() and "\t" not in text:
        # libyaml reads such a text twenty times as fast, and sees the same in it. Its words for a fault say less: then,
        # and where it would count columns otherwise, PyYAML's own parser reads it.
        with suppress(yaml.YAMLError):
            return _Composer(_FastParser(text), Loader(""), file).compose()
    try:
        loader = Loader(text)
        return _Composer(loader, loader, file).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise _invalid(f"not valid YAML: {said}", file, mark, _advice(text, mark)) from None
    except ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        raise InvalidTemplate(f"not valid YAML: the character {chr(error.character)!r}", place) from None


def _invalid(found: str, file: str, mark: Any, advice: str = "") -> InvalidTemplate:
    return InvalidTemplate(found, Place(file, mark.line + 1, mark.column + 1) if mark else Place(file), advice=advice)


def _advice(text: str, mark: Any) -> str:
    """What is behind most of YAML's faults that its message does not name."""
    if mark is not None:
        lines = text.splitlines()
        line = lines[mark.line] if mark.line < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return "YAML is indented with spaces; this line begins with a tab."
    return ""


class _Composer:
    """``events`` are a parser's, ``loader`` tells what a plain scalar is."""

    def __init__(self, events: Any, loader: Any, file: str) -> None:
        self._events = events
        self._loader = loader
        self._file = file
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[yaml.Node, int, int] | None] = {}  # None: still open
        self._composed = Composed(None, loader, aliases=False)

    def compose(self) -> Composed:
        events = self._events
        documents = 0
        while events.check_event():
            event = events.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _invalid("more than one YAML document", self._file, event.start_mark)
            else:
                self._take(event)
        return self._composed

    def _take(self, event: Any) -> None:
        start = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            tag = self._tag(event, yaml.ScalarNode, event.value)
            self._close(yaml.ScalarNode(tag, event.value, start, style=event.style), 1, len(event.value), event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(yaml.SequenceNode(self._tag(event, yaml.SequenceNode, None), [], start), event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(yaml.MappingNode(self._tag(event, yaml.MappingNode, None), [], start), event)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._stack.pop()
            if isinstance(done.node, yaml.MappingNode):
                self._finish(done.node)
            self._close(done.node, done.size, done.characters, done.anchor)

    def _tag(self, event: Any, kind: type[yaml.Node], value: str | None) -> str:
        if event.tag is None or event.tag == "!":
            return str(self._loader.resolve(kind, value, event.implicit))
        return str(event.tag)

    def _open(self, node: yaml.CollectionNode, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _invalid(f"nested more than {MAX_DEPTH} levels deep", self._file, event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(node, event.anchor))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise _invalid(f"alias {event.anchor!r} has no anchor before it", self._file, event.start_mark)
        known = self._anchors[event.anchor]
        if known is None:
            raise _invalid(f"alias {event.anchor!r} stands inside its own anchor", self._file, event.start_mark)
        self._composed.aliases = True
        self._add(*known)

    def _close(self, node: yaml.Node, size: int, characters: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node, size, characters
        self._add(node, size, characters)

    def _add(self, node: yaml.Node, size: int, characters: int) -> None:
        """Put a node where it belongs: the key or the value of an object, an item of a list, the root."""
        if not self._stack:
            self._composed.root = node
            return
        parent = self._stack[-1]
        parent.size += size
        parent.characters += characters
        if parent.size > MAX_NODES:
            found = f"more than {MAX_NODES} values, with its aliases expanded"
            raise _invalid(found, self._file, parent.node.start_mark)
        if parent.characters > MAX_TEXT:
            found = f"more than {MAX_TEXT:,} characters, with its aliases expanded"
            raise _invalid(found, self._file, parent.node.start_mark)
        if isinstance(parent.node, yaml.SequenceNode):
            parent.node.value.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            parent.node.value.append((parent.key, node))
            parent.key = None

    def _finish(self, node: yaml.MappingNode) -> None:
        """Note the keys that are there twice, and merge what ``<<`` names: an object's own members win."""
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if key.tag == MERGE_TAG:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(source, yaml.MappingNode):
                        raise _invalid("'<<' merges something that is not an object", self._file, source.start_mark)
                    for pair in source.value:
                        merged.setdefault(str(pair[0].value), pair)
                continue
            name = str(key.value)
            if name in own:
                self._composed.duplicates.append(key)
            own[name] = key, value
        node.value = [*(pair for name, pair in merged.items() if name not in own), *own.values()]
