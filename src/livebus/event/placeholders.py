r"""
Placeholders in an event that is published many times: each time it is a little different.

In: an entry as ``event.stream`` gives it. Out: a :class:`Template`, whose ``render`` makes an entry of a number, a time and
a UUID. AWS knows nothing of this: EventBridge's own placeholders, ``<name>``, belong to input transformers.

====================  ====================================================================================
``{{seq}}``           the number of the event
``{{uuid}}``          a UUID, the same wherever it stands in one event
``{{now}}``           the time in UTC with milliseconds, such as ``2026-01-15T08:30:00.250Z``
``"{{seq|number}}"``  a string that is just this becomes a JSON number
``"{{now|number}}"``  the same; milliseconds since 1970
====================  ====================================================================================

They stand inside of strings of the Detail, and in Source, DetailType and Resources. Two opening braces without a string
around them are no JSON, and no value has a character that JSON escapes: so a template is text that is split once, and
what is rendered is as sound as what was read. A literal ``{{`` is written ``\u007b{``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import orjson

from livebus.event.stream import StreamedEntry

if TYPE_CHECKING:
    from livebus.errors import Fault, Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_placeholders = re.compile(rb"\{\{([^{}]{0,40})\}\}").finditer
# The end of a string in a Detail, and no colon after it: it is not a member's name.
_ends_value = re.compile(rb'\\"(?!(?:[ ]|\\[tnr])*:)').match


class _Values(NamedTuple):
    """What placeholders stand for in one event."""

    seq: int
    now: datetime
    uuid: str


_WRITERS: dict[str, Callable[[_Values], bytes]] = {
    "seq": lambda of: b"%d" % of.seq,
    "uuid": lambda of: of.uuid.encode(),
    "now": lambda of: f"{of.now.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z".encode(),
    "seq|number": lambda of: b"%d" % of.seq,
    "now|number": lambda of: b"%d" % ((of.now - _EPOCH) // _MILLISECOND),
}
# A number and a time that are as long as they get, to see that what is rendered is sound.
_LAST = _Values(2**63 - 1, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "ffffffff-ffff-4fff-bfff-ffffffffffff")


class Template:
    """An event with placeholders. ``uses`` names those that are in it: what nobody asks for need not be made."""

    def __init__(self, entry: StreamedEntry, pieces: list[bytes], names: list[str]) -> None:
        """``pieces`` is the text around the placeholders that ``names`` has, in their order."""
        self.uses = frozenset(names)
        self._entry = entry
        self._parts = [piece for each in pieces for piece in (each, b"")][:-1]
        self._slots = [(2 * index + 1, name) for index, name in enumerate(names)]
        self._size = entry.size
        self._counts: dict[str, int] = {}
        if names:
            self._settle_size(names)

    def render(self, seq: int, now: datetime, uuid: str, *, index: int | None = None) -> StreamedEntry:
        """
        The event of this number; ``now`` is aware and in UTC.

        ``index`` is the entry's index where it is another than that of the entry that was read.
        """
        entry = self._entry
        given = _Values(seq, now, uuid)
        values = {name: _WRITERS[name](given) for name in self.uses}
        for slot, name in self._slots:
            self._parts[slot] = values[name]
        size = self._size + sum(len(values[name]) * count for name, count in self._counts.items())
        text = b"".join(self._parts)
        return StreamedEntry(text, size, entry.file, entry.index if index is None else index, entry.line)

    def _settle_size(self, names: list[str]) -> None:
        """Take the size of an event as it is rendered at its longest; all are as long, but for the values in what counts."""
        from dataclasses import replace

        from livebus.errors import InvalidEvent
        from livebus.event.document import read_line
        from livebus.event.put_events import entry_bytes

        longest = self.render(*_LAST).text
        found = read_line(longest, self._entry.file, self._entry.line, self._entry.index)
        if found.faults:
            raise InvalidEvent(faults=[replace(fault, place=_place(self._entry)) for _, fault in found.faults])
        (rendered,) = (each.entry for each in found.entries)
        uncounted = [_name(match[1]) for match in _placeholders(_trace_header(self._entry))]
        self._counts = {name: names.count(name) - uncounted.count(name) for name in self.uses}
        values = sum(len(_WRITERS[name](_LAST)) * count for name, count in self._counts.items())
        self._size = entry_bytes(rendered) - values


def compile_template(entry: StreamedEntry) -> Template:
    """
    Find the placeholders of an entry.

    Raises InvalidEvent for unknown ones, for a number inside of a longer text, and where what is rendered can be no event
    that EventBridge takes, such as one whose detail-type has more than 128 characters.
    """
    from livebus.errors import InvalidEvent

    faults: list[Fault] = []
    pieces: list[bytes] = []
    names: list[str] = []
    start = 0
    for match in _placeholders(entry.text):
        name = _name(match[1])
        begin, end = match.span()
        if name not in _WRITERS:
            faults.append(_unknown(match[0].decode(), name, _place(entry)))
            continue
        if name.endswith("|number"):
            if not _is_whole_string(entry.text, begin, end):
                faults.append(_no_number(match[0].decode(), name, _place(entry)))
                continue
            begin, end = begin - 2, end + 2
        pieces.append(entry.text[start:begin])
        names.append(name)
        start = end
    if faults:
        raise InvalidEvent(faults=faults)
    return Template(entry, [*pieces, entry.text[start:]], names)


def _trace_header(entry: StreamedEntry) -> bytes:
    """The one text of an entry that may hold placeholders, and does not count."""
    return str(orjson.loads(entry.text).get("TraceHeader", "")).encode()


def _name(written: bytes) -> str:
    """A placeholder's name without white space."""
    return "".join(written.decode().split())


def _is_whole_string(text: bytes, begin: int, end: int) -> bool:
    r"""Whether the string in a Detail is just this. There ``\"`` opens and closes one, and ``\\\"`` does not."""
    opened = text[begin - 2 : begin] == b'\\"' and text[begin - 3 : begin - 2] != b"\\"
    return opened and _ends_value(text, end) is not None


def _place(entry: StreamedEntry) -> Place:
    from livebus.errors import Place

    return Place(entry.file, entry.line)


def _unknown(written: str, name: str, place: Place) -> Fault:
    from livebus.errors import Fault, did_you_mean

    known = ", ".join(f"{{{{{each}}}}}" for each in _WRITERS)
    advice = did_you_mean(name, _WRITERS) or "Write \\u007b for the first brace of text that is to stay as it is."
    return Fault(f"unknown placeholder {written}", place, f"one of {known}", advice)


def _no_number(written: str, name: str, place: Place) -> Fault:
    from livebus.errors import Fault

    plain = name.partition("|")[0]
    found = f"the placeholder {written} is not all of a string in the detail"
    return Fault(found, place, "a member's value or an element", f"Inside of a text write {{{{{plain}}}}}.")
