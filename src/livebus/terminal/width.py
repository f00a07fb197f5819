"""
How wide a text is on a terminal, and as much of it as fits.

In: text that nothing in can steer a terminal (``escape``). Out: columns, and text of so many columns at the most.
"""

from __future__ import annotations

import os
import unicodedata
from typing import TextIO

from livebus.terminal.columns import demanded

ELLIPSIS = "…"
# Where a terminal does not tell its size (some pipes that pretend to be one).
_USUAL = 80


def width_of(text: str) -> int:
    """The columns that a terminal gives to a text: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def fitted(text: str, width: int) -> str:
    """The text, or as much of its beginning as leaves room for an ellipsis."""
    if width_of(text) <= width:
        return text
    taken = 0
    for index, character in enumerate(text):
        taken += _width(character)
        if taken > width - 1:
            return text[:index] + ELLIPSIS if width > 0 else ""
    return text


def columns_of(stream: TextIO | None) -> int | None:
    """The columns of the terminal that a stream is, None where it is none: what is piped has no bound."""
    if stream is None or not stream.isatty():
        return None
    try:
        return demanded() or os.get_terminal_size(stream.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
