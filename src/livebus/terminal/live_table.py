"""
A table on a terminal that is drawn again and again in its place.

In: rows of text, some of it from strangers' events, and the size of the terminal. Out: lines that fit it, and the control
sequences (ECMA-48) that draw them over those that were drawn before. Nothing else steers the terminal: all texts are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from livebus.terminal.escape import escaped
from livebus.terminal.width import fitted, width_of

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
# Between two columns.
_SPACE = "  "
# The first column takes so much of the width at most.
_FIRST_SHARE = 0.5


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, styled: bool) -> list[str]:
    """Head and rows as lines of at most ``width`` columns: the first column to the left, the others to the right."""
    cells = [[escaped(cell) for cell in row] for row in (head, *rows)]
    widths = [max(width_of(row[column]) for row in cells) for column in range(len(head))]
    others = sum(widths[1:]) + len(_SPACE) * (len(head) - 1)
    widths[0] = min(widths[0], max(width - others, int(width * _FIRST_SHARE)))
    lines = []
    for number, row in enumerate(cells):
        first = fitted(row[0], widths[0])
        parts = [first + " " * (widths[0] - width_of(first))]
        parts += [" " * (wide - width_of(cell)) + cell for wide, cell in zip(widths[1:], row[1:], strict=True)]
        line = fitted(_SPACE.join(parts).rstrip(), width)
        lines.append(f"{_BOLD}{line}{_PLAIN}" if styled and number == 0 else line)
    return lines


def dim(text: str, width: int, *, styled: bool) -> str:
    """One line in the background, cut to the width."""
    line = fitted(escaped(text), width)
    return f"{_DIM}{line}{_PLAIN}" if styled and line else line


class Drawing:
    """What stands on the terminal now. Each drawing begins where the last one began; what was longer is cleared."""

    def __init__(self) -> None:
        self._drawn = 0

    def draw(self, lines: Sequence[str]) -> str:
        """The text that replaces what is drawn by these lines."""
        text = self.clear() + "".join(f"{line}\r\n" for line in lines)
        self._drawn = len(lines)
        return text

    def clear(self) -> str:
        """The text that takes away what is drawn."""
        # Up to the first line, to its beginning, and clear from there to the end of the screen.
        text = f"\x1b[{self._drawn}A\r\x1b[J" if self._drawn else ""
        self._drawn = 0
        return text
