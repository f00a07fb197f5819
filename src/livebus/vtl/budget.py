"""
Bounds what a template may cost. A template is somebody else's text: it may loop, grow and nest without end.

Counted in steps: one for each node that is carried out and each value that is copied, written or compared, and one for each
64 characters of text. AppSync documents 1,000 iterations of ``#foreach`` and 5 MB of result; the other bounds are ours.
https://docs.aws.amazon.com/general/latest/gr/appsync.html
"""

from __future__ import annotations

MAX_STEPS = 500_000
MAX_OUTPUT = 5 * 1024 * 1024  # characters
MAX_ITERATIONS = 1_000  # of one #foreach
MAX_DEPTH = 120  # blocks, expressions, macros and definitions under way in one another
MAX_DATA_DEPTH = 100  # lists and maps in one another
MAX_MACRO_DEPTH = 20  # Apache Velocity's own
MAX_PATTERN_SECONDS = 1.0  # in regular expressions, all together
MAX_BITS = 4_096  # of a whole number
_CHARACTERS_A_STEP = 64


class Exceeded(Exception):
    """A bound that was passed; ``str()`` says which."""


class Budget:
    """What one evaluation has used."""

    __slots__ = ("depth", "pattern_seconds", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0
        self.pattern_seconds = 0.0

    def spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise Exceeded(f"The template needs more than {MAX_STEPS:,} steps and was ended")

    def text(self, length: int) -> None:
        """Spend on a text of so many characters."""
        if length > MAX_OUTPUT:
            raise Exceeded(f"Transformation too large: a text of more than {MAX_OUTPUT:,} characters")
        self.spend(length // _CHARACTERS_A_STEP)

    def each(self, text: str) -> None:
        """Spend on a text that a function goes through; other characters than ASCII's cost much more."""
        self.text(len(text))
        if not text.isascii():
            self.spend(len(text) // 4)

    def enter(self) -> None:
        self.depth += 1
        self.spend()
        if self.depth > MAX_DEPTH:
            raise Exceeded(f"More than {MAX_DEPTH} blocks, expressions and macros in one another")

    def leave(self) -> None:
        self.depth -= 1
