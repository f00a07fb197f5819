"""
Files of cases, read to what a file of cases is: a page, and a list of objects, whose members are of the kinds that they may have.

What is anything else is an InvalidCase, a ValueError, that names the file, the line and what was expected; nothing is left to fail later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.conformance.expected import Loader

# By member, the kinds that its value may have; a member that is not here may have any.
Kinds = Mapping[str, tuple[type, ...]]
WORDS = {str: "a text", dict: "an object", list: "a list", bool: "true or false", int: "a whole number"}


class InvalidCase(ValueError):
    """What a file of cases may not hold; the text begins with its file and line."""


@dataclass(frozen=True)
class Given:
    """One case as it is written: ``where`` is its file, line and name, for messages."""

    members: Mapping[str, Any]
    where: str


@dataclass(frozen=True)
class Document:
    page: str
    members: Mapping[str, Any]
    cases: tuple[Given, ...]


def read_document(file: Path, kinds: Kinds) -> Document:
    """Raises InvalidCase."""
    text = file.read_text(encoding="utf-8")
    try:
        node, document = _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidCase(f"{file.name}:{mark.line + 1 if mark else 1}: {error.problem or error.context}") from None
    except RecursionError:
        raise InvalidCase(f"{file.name}:1: nested too deeply") from None
    top = f"{file.name}:1"
    if not isinstance(document, dict):
        raise InvalidCase(f"{top}: {_kind(document)}; expected an object with `page` and `cases`")
    page, cases = document.get("page"), document.get("cases")
    if not isinstance(page, str):
        raise InvalidCase(f"{top}: `page` is {_kind(page)}; expected the address of the page that the cases follow")
    if not isinstance(cases, list):
        raise InvalidCase(f"{top}: `cases` is {_kind(cases)}; expected a list of objects")
    lines = list(_lines(node))
    return Document(
        page,
        document,
        tuple(_given(each, f"{file.name}:{line}", kinds) for each, line in zip(cases, lines, strict=True)),
    )


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """The tree of a text and what it stands for, from one reading."""
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _lines(node: yaml.Node | None) -> Iterator[int]:
    """Where each case begins; of a key that stands twice the last one counts."""
    assert isinstance(node, yaml.MappingNode)
    for value in [value for key, value in node.value if key.value == "cases"][-1].value:
        yield value.start_mark.line + 1


def _given(case: Any, where: str, kinds: Kinds) -> Given:
    if not isinstance(case, dict):
        raise InvalidCase(f"{where}: {_kind(case)}; expected an object with a name")
    where = f"{where}: case {case.get('name')!r}"
    if odd := [name for name in case if not isinstance(name, str)]:
        raise InvalidCase(f"{where} has {odd[0]!r}; expected names that are texts")
    demand(case, kinds, where)
    return Given(case, where)


def demand(members: Mapping[str, Any], kinds: Kinds, where: str) -> None:
    """Raise InvalidCase for a member whose value is of another kind than it may have."""
    for name, wanted in kinds.items():
        value = members.get(name)
        is_wanted = isinstance(value, wanted) and not (isinstance(value, bool) and bool not in wanted)
        if name in members and not is_wanted:
            raise InvalidCase(
                f"{where}: `{name}` is {_kind(value)}; expected {' or '.join(map(WORDS.__getitem__, wanted))}"
            )


def texts(value: Any, what: str, where: str) -> tuple[str, ...]:
    """A list of texts. Raises InvalidCase."""
    return tuple(_each(value, str, what, where))


def objects(value: Any, what: str, where: str) -> tuple[Mapping[str, Any], ...]:
    """A list of objects. Raises InvalidCase."""
    return tuple(_each(value, dict, what, where))


def _each(value: Any, kind: type, what: str, where: str) -> Iterator[Any]:
    for index, each in enumerate(value):
        if not isinstance(each, kind):
            raise InvalidCase(f"{where}: `{what}[{index}]` is {_kind(each)}; expected {WORDS[kind]}")
        yield each


def _kind(value: Any) -> str:
    if value is None:
        return "not there, or empty"
    return next((words for kind, words in WORDS.items() if type(value) is kind), f"{value!r}")
