"""
Shows messages, gaps and notes as lines; ``table_printer`` does so as a table.

In: messages and gaps in their order, notes whenever they come up. Out: lines on stdout (results) and on stderr (notes).
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, Protocol

from livebus.subscribe.message import Gap, Message, gap_record, iso, message_record
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.result_stream import ResultStream

Form = Literal["text", "json", "jsonl", "silent"]


class Printer(Protocol):
    """Shows what comes. ``note`` is for people and comes at once; the others in the order of the messages."""

    async def message(self, message: Message) -> None: ...

    async def gap(self, gap: Gap) -> None: ...

    def note(self, text: str, *, warning: bool = False) -> None: ...

    def lost(self, reason: str) -> None: ...

    async def run(self) -> None:
        """Do what is to be done now and then, for ever."""

    async def close(self) -> None: ...


class LinePrinter:
    """A line on stdout for each message, and with ``jsonl`` for each gap; notes on stderr."""

    def __init__(self, stream: ResultStream, form: Form, *, named: bool) -> None:
        """``named``: text lines say which subscription the message belongs to."""
        self._stream = stream
        self._form = form
        self._named = named

    async def message(self, message: Message) -> None:
        if self._form == "jsonl":
            await self._stream.write(terminal.json_line(message_record(message)))
        elif self._form == "json":
            shown: dict[str, Any] = {"receivedAt": iso(message.received_at), "field": message.field}
            shown["data"] = message.data
            if message.errors:
                shown["errors"] = message.errors
            await self._stream.write(terminal.json_line(shown))
        elif self._form == "text":
            if message.errors:
                self.note(f"a message with errors: {json_text(message.errors)}", warning=True)
            name = f"{escaped(message.subscription)}\t" if self._named else ""
            await self._stream.write(f"{iso(message.received_at)}\t{name}{text_of(message)}\n")

    async def gap(self, gap: Gap) -> None:
        self.note(told(gap), warning=True)
        if self._form == "jsonl":
            await self._stream.write(terminal.json_line(gap_record(gap)))

    def note(self, text: str, *, warning: bool = False) -> None:
        (terminal.warn if warning else terminal.talk)(text)

    def lost(self, reason: str) -> None:
        self.note(f"connection lost ({reason}); connecting again", warning=True)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is held back."""


def text_of(message: Message) -> str:
    """The message's value on one line: a text as it is, anything else as JSON, control characters spelled out."""
    value = message.value
    return escaped(value) if isinstance(value, str) else json_text(value)


def told(gap: Gap) -> str:
    return (
        f"subscribed again after {gap.seconds:.1f} s (from {iso(gap.lost_at)} to {iso(gap.back_at)}); messages in between "
        "are lost, AppSync does not replay them"
    )
