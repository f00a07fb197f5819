"""
Reads a template's text, YAML or JSON, and keeps the line and column of everything in it.

In: text. Out: a :class:`Document`: the template in long form (``!Ref x`` becomes ``{"Ref": "x"}``) and the places of its
members by their paths. cfn-flip's loader knows CloudFormation's tags; the places and the refusal of duplicate keys
are added here. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from cfn_tools.yaml_loader import TAG_MAP, UNCONVERTED_SUFFIXES, CfnYamlLoader

from livebus.errors import Fault, InvalidTemplate, Place

Path = tuple[str | int, ...]


class _Loader(CfnYamlLoader):  # type: ignore[misc]  # cfn-flip has no types
    """cfn-flip's loader, with merge keys, and with dates left as the text they are (``2010-09-09``)."""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    return {
        str(loader.construct_object(key, deep=True)): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


_Loader.add_constructor(TAG_MAP, _construct_mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in CfnYamlLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Document:
    """A template in long form. ``places`` tells where the value of a path stands, ``keys`` where its key does."""

    body: dict[str, Any]
    file: str
    places: dict[Path, tuple[int, int]]

    def place(self, path: Path) -> Place:
        """The place of a path; of its nearest known parent where the path itself is not there."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (1, 1))
        return Place(self.file, line, column, "/".join(map(str, path)))


def read_document(text: str, file: str) -> Document:
    """
    Parse a template.

    Raises InvalidTemplate with the line and column of a YAML or JSON fault, of each duplicate key, and where the
    document is not an object.
    """
    # YAML takes JSON but for tabs between tokens; a JSON string cannot hold a bare tab, so none of value is lost.
    loader = _Loader(text.replace("\t", " ") if text.lstrip().startswith("{") else text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise InvalidTemplate(
                "the template is empty" if node is None else "the template is not an object",
                Place(file, 1, 1),
                expected="an object with a Resources section",
            )
        places: dict[Path, tuple[int, int]] = {}
        duplicates: list[Fault] = []
        for path, (line, column), is_double in _walk(node, ()):
            places[path] = (line, column)
            if is_double:
                place = Place(file, line, column, "/".join(map(str, path)))
                duplicates.append(Fault(f"duplicate key {path[-1]!r}", place, "each key once", "Remove one of the two."))
        if duplicates:
            raise InvalidTemplate(faults=duplicates)
        return Document(loader.construct_document(node), file, places)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise InvalidTemplate(f"not valid YAML: {said}", place) from None
    except yaml.YAMLError as error:
        raise InvalidTemplate(f"not valid YAML: {' '.join(str(error).split())}", Place(file)) from None
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, tuple[int, int], bool]]:
    """Each path below a node with the place of its value, and whether its key was there before."""
    if node.tag.startswith("!"):
        suffix = node.tag[1:]
        path = (*path, suffix if suffix in UNCONVERTED_SUFFIXES else f"Fn::{suffix}")
        yield path, _start(node), False
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            below = (*path, name)
            is_double = name in seen and name != "<<"
            seen.add(name)
            yield below, _start(key) if is_double or not isinstance(value, yaml.ScalarNode) else _start(value), is_double
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), _start(value), False
            yield from _walk(value, (*path, index))


def _start(node: yaml.Node) -> tuple[int, int]:
    """Where a value's own text begins, from 1. The text of a block scalar (``|``) begins on the line below its mark."""
    mark = node.start_mark
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return mark.line + 2, 1
    return mark.line + 1, mark.column + 1
