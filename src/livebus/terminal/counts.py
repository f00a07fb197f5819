"""
Counts in words: one event, two events.
"""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """A count and what is counted; ``many`` is its plural, by default with an s."""
    return f"{count:d} {noun(count, one, many)}"


def noun(count: int, one: str, many: str = "") -> str:
    """The word for so many, without their number: also for verbs (``noun(count, "is", "are")``)."""
    return one if count == 1 else many or f"{one}s"
