"""
Shows messages, gaps and notes as a table on a terminal that is drawn again and again.

In: messages and gaps in their order, notes whenever they come up. Out: the table on stdout, with the notes above it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Callable

from livebus.aws.subscribe.printer import text_of, told
from livebus.subscribe.message import Gap, Message, iso
from livebus.subscribe.reception import Reception, size_text
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped
from livebus.terminal.live_table import Drawing, dim, table_lines
from livebus.terminal.result_stream import ResultStream
from livebus.terminal.width import fitted

# How often the table is drawn at most, and over how many drawings a rate is taken.
DRAW_SECONDS = 0.25
_RATE_DRAWINGS = 20
# Below the table: so many of the last messages, each with the beginning of its text.
_LATEST = 8
_LATEST_CHARACTERS = 500
_STATUS_LINES = 3
# Of such a line a subscription's name has a quarter at the most.
_NAME_SHARE = 4
_CONNECTED = "connected, Ctrl-C ends it"


class TablePrinter:
    """A row for each subscription and the latest messages, on a terminal; notes scroll by above them."""

    def __init__(
        self, stream: ResultStream, reception: Reception, clock: Callable[[], float], *, styled: bool, note_here: bool
    ) -> None:
        """``note_here``: stderr is a terminal, too, and notes are written between the drawings, not into them."""
        self._stream = stream
        self._reception = reception
        self._clock = clock
        self._styled = styled
        self._note_here = note_here
        self._notes: list[str] = []
        self._latest: deque[Message] = deque(maxlen=_LATEST)
        self._texts: dict[int, str] = {}
        self._counts: deque[tuple[float, list[int]]] = deque(maxlen=_RATE_DRAWINGS)
        self._drawing = Drawing()
        self._state = _CONNECTED

    async def message(self, message: Message) -> None:
        self._latest.append(message)

    async def gap(self, gap: Gap) -> None:
        self._state = _CONNECTED
        self.note(told(gap), warning=True)

    def note(self, text: str, *, warning: bool = False) -> None:
        if self._note_here:
            self._notes.append(terminal.labelled("warning", text, coloured=self._styled) if warning else escaped(text))
        else:
            (terminal.warn if warning else terminal.talk)(text)

    def lost(self, reason: str) -> None:
        self._state = f"connection lost ({reason}); connecting again"
        self.note(self._state, warning=True)

    async def run(self) -> None:
        while True:
            await self._draw()
            await asyncio.sleep(DRAW_SECONDS)

    async def close(self) -> None:
        self._state = "ended"
        await self._draw()

    async def _draw(self) -> None:
        notes, self._notes = self._notes, []
        above = self._drawing.clear() + "".join(f"{note}\r\n" for note in notes) if notes else ""
        size = shutil.get_terminal_size()
        await self._stream.write(above + self._drawing.draw(self._lines(size.columns - 1, size.lines - 1)))

    def _lines(self, width: int, height: int) -> list[str]:
        """The table within a width and a height; what has no room is left out, the latest messages first."""
        now, received = self._clock(), self._reception.by_subscription
        self._counts.append((now, [each.messages for each in received.values()]))
        began, before = self._counts[0]
        head = ["subscription", "messages", "rate", "size", "last"]
        rows = []
        for (name, each), earlier in zip(received.items(), before, strict=True):
            rate = (each.messages - earlier) / (now - began) if now > began else 0.0
            last = iso(each.last)[11:-1] if each.last else "–"
            rows.append([name, str(each.messages), f"{rate:.1f}/s", size_text(each.size), last])
            if self._reception.has_latency:
                rows[-1].append(self._reception.median_latency(name) or "–")
        if self._reception.has_latency:
            head.append("latency")
        room = max(1, height - _STATUS_LINES)
        shown = table_lines(head, rows[:room], width, styled=self._styled)
        if len(rows) > room:
            shown.append(dim(f"and {len(rows) - room} more", width, styled=self._styled))
        gaps = self._reception.gaps_text()
        status = dim(f"{self._state} · {gaps}", width, styled=self._styled)
        lines = [*shown, status]
        latest = list(self._latest)[-max(0, height - len(lines) - 1) :] if height - len(lines) > 1 else []
        if latest:
            lines.append("")
        for message in latest:
            # The row above has the name whole: a message is here for its text. Of one subscription no name is needed.
            name = f"{fitted(escaped(message.subscription), width // _NAME_SHARE)}  " if len(received) > 1 else ""
            lines.append(dim(f"{iso(message.received_at)[11:-1]}  {name}{self._text(message)}", width, styled=False))
        return lines[: max(1, height)]

    def _text(self, message: Message) -> str:
        """The beginning of a message's text, which may be long: it is made once, however often it is drawn."""
        kept = {id(each): self._texts[id(each)] for each in self._latest if id(each) in self._texts}
        if id(message) not in kept:
            kept[id(message)] = text_of(message)[:_LATEST_CHARACTERS]
        self._texts = kept
        return kept[id(message)]
