"""
XML as a map: what ``util.xml`` and ``$util.xml`` give.

An element is its text, read as a number or a truth value where it is one; attributes and elements inside of it are its
members, and its text is then ``content``; elements of one name are a list. AWS documents examples; this is what gives them.
A document type is refused: it could name files, and grow without end.
https://docs.aws.amazon.com/appsync/latest/devguide/xml-helpers-in-util-xml-js.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from livebus.vtl.budget import MAX_DATA_DEPTH, Budget

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}


class UnreadableXml(Exception):
    """What makes a document unreadable."""


def read_xml(text: str, budget: Budget, *, keep_texts: bool = False) -> dict[str, Any]:
    """
    The document's root element, under its name; with ``keep_texts`` all values are texts.

    Raises UnreadableXml, and Exceeded beyond the budget.
    """
    budget.spend(len(text) // 8)
    reader = _Reader(budget, str if keep_texts else _read)
    # The text is decoded already: whatever encoding it declares, it is in no other any more.
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text.encode(errors="replace"), True)
    except expat.ExpatError as fault:
        raise UnreadableXml(str(fault)) from None
    return reader.root


class _Reader:
    def __init__(self, budget: Budget, read: Callable[[str], Any]) -> None:
        self.root: dict[str, Any] = {}
        self._budget = budget
        self._read = read
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._budget.spend(1 + len(attributes))
        if len(self._open) >= MAX_DATA_DEPTH - 1:
            raise UnreadableXml(f"more than {MAX_DATA_DEPTH} elements in one another")
        self._open.append((name, {key: self._read(value) for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def end(self, name: str) -> None:
        name, members, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = members
        if not members:
            value = self._read(text)
        elif text:
            members["content"] = self._read(text)
        owner = self._open[-1][1] if self._open else self.root
        if name not in owner:
            owner[name] = value
        elif isinstance(owner[name], list):
            owner[name].append(value)
        else:
            owner[name] = [owner[name], value]

    def doctype(self, *_: Any) -> None:
        raise UnreadableXml("a document type is not taken")


def _read(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if match := _NUMBER.fullmatch(text):
        number = float(text) if match[1] or "e" in text.lower() else int(text)
        return number if math.isfinite(number) else text  # there is no such number in JSON
    return text
