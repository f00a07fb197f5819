"""
``$util.xml``: XML as a map, and as the JSON text of that map.

An element is its text, read as a number or a truth value where it is one; attributes and elements inside of it are its
members, and its text is then ``content``; elements of one name are a list. AWS documents examples; this is what gives them.
A document type is refused: it could name files, and grow without end.
https://docs.aws.amazon.com/appsync/latest/devguide/xml-helpers-in-util-xml.html
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from livebus.vtl.budget import MAX_DATA_DEPTH
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import json_of

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}


class _Refused(Exception):
    """What makes a document unreadable."""


class _Reader:
    def __init__(self, evaluation: Evaluation) -> None:
        self.root: dict[str, Any] = {}
        self._budget = evaluation.budget
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._budget.spend(1 + len(attributes))
        if len(self._open) >= MAX_DATA_DEPTH - 1:
            raise _Refused(f"more than {MAX_DATA_DEPTH} elements in one another")
        self._open.append((name, {key: _read(value) for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def end(self, name: str) -> None:
        name, members, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = members
        if not members:
            value = _read(text)
        elif text:
            members["content"] = _read(text)
        owner = self._open[-1][1] if self._open else self.root
        if name not in owner:
            owner[name] = value
        elif isinstance(owner[name], list):
            owner[name].append(value)
        else:
            owner[name] = [owner[name], value]

    def doctype(self, *_: Any) -> None:
        raise _Refused("a document type is not taken")


def _read(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if match := _NUMBER.fullmatch(text):
        return float(text) if match[1] or "e" in text.lower() else int(text)
    return text


@function("util.xml.toMap", "text")
def _to_map(evaluation: Evaluation, text: str | None) -> Any:
    if text is None:
        return None
    evaluation.budget.spend(len(text) // 8)
    reader = _Reader(evaluation)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text.encode(errors="replace"), True)
    except (expat.ExpatError, _Refused, LookupError) as fault:
        raise evaluation.fail(f"$util.xml cannot read its text: {fault}") from None
    return reader.root


@function("util.xml.toJsonString", "text")
def _to_json(evaluation: Evaluation, text: str | None) -> str | None:
    return None if text is None else json_of(_to_map(evaluation, text), evaluation.budget)
