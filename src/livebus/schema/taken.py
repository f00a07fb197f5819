"""
What AppSync takes in the text of a schema beyond GraphQL's own grammar: an older graphql-java reads it.

In: SDL text. Out: the same with what means nothing blanked out, character for character so that places stay, and a fault
for each kind of it. AWS documents none of this; public applications that are deployed hold it.
"""

from __future__ import annotations

import re

from livebus.errors import Fault, Place

_TOKENS = re.compile(r'"""(?:\\"""|(?s:.))*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*|;')
# Braces with nothing between them: behind a root type that has no field.
_EMPTY_ROOT = re.compile(r"\btype\s+(Query)(?=[\s@{])(?:(?!\btype\b)[^{};])*?(\{\s*\})")


def plain_text(text: str, place: Place) -> tuple[str, list[Fault]]:
    """The text as GraphQL's grammar has it, empty braces of a root type left out, and a warning for semicolons."""
    faults: list[Fault] = []
    if ";" in text:
        text = _without_semicolons(text, place, faults)
    if empty := _EMPTY_ROOT.search(text):
        start, end = empty.span(2)
        text = text[:start] + re.sub(r"\S", " ", text[start:end]) + text[end:]
    return text, faults


def _without_semicolons(text: str, place: Place, faults: list[Fault]) -> str:
    def blank(found: re.Match[str]) -> str:
        if found[0] != ";":
            return found[0]
        if not faults:
            advice = "AppSync passes over it; GraphQL does not, and other tools refuse the schema. Leave it out."
            faults.append(Fault("';' is no part of GraphQL", _at(text, found.start(), place), advice=advice))
        return " "

    return _TOKENS.sub(blank, text)


def _at(text: str, offset: int, place: Place) -> Place:
    line = text.count("\n", 0, offset) + 1
    return place.shifted(line, offset - (text.rfind("\n", 0, offset) + 1) + 1)
