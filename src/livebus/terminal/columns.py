"""
How many columns text for people may have: what the variable COLUMNS demands, else what the terminal tells of itself.

https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html (COLUMNS)
"""

from __future__ import annotations

import os

_MOST_DIGITS = 5


def demanded() -> int:
    """What COLUMNS demands; 0 where it is not set, or no number of columns."""
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def columns(otherwise: int) -> int:
    """How wide a page may be; ``otherwise`` where nothing is demanded and there is no terminal."""
    try:
        return demanded() or os.get_terminal_size().columns or otherwise
    except OSError:
        return otherwise
