"""
Reads the text of an event file as entries for PutEvents.

In: the bytes of a file (or of stdin) in any of the accepted forms: one PutEvents entry, one event envelope, an array
of either, ``{"Entries": […]}`` as ``aws events put-events`` takes it, or one of these per line. Out: entries as
PutEvents wants them, each with its place; or every fault that is in the file, at once.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from livebus.errors import Fault, InvalidEvent, Place, closest
from livebus.event.entry_members import (
    InvalidMember,
    NotANumber,
    checked,
    detail_from_object,
    detail_from_text,
    kind,
    refuse_constant,
    sentence,
)
from livebus.event.put_events import MAX_REQUEST_BYTES, entry_bytes

_ENTRY = ("Source", "DetailType", "Detail", "Time", "Resources", "EventBusName", "TraceHeader")
_ENVELOPE = {
    "source": "Source",
    "detail-type": "DetailType",
    "detail": "Detail",
    "time": "Time",
    "resources": "Resources",
}
# What EventBridge puts into an envelope itself: an event that was received can be published again as it is.
_SET_BY_EVENTBRIDGE = frozenset({"version", "id", "account", "region", "ingestion-time", "replay-name"})
# Where a file of failed events says what became of each: such a file can be published again as it is.
_REMARK = "_livebus"
_REQUIRED = {
    "Source": "such as 'my.app'",
    "DetailType": "such as 'Order Created'",
    "Detail": 'such as {"msg": "hello"}',
}

_UTF_16 = (b"\xff", b"\xfe")
_opens_a_request = re.compile(r'\{\s*"Entries"').match
_blank = re.compile(r"[ \t\n\r]*").match


@dataclass(frozen=True, slots=True)
class FileEntry:
    """
    One entry of a file: ``entry`` is a PutEvents entry whose Detail is JSON text and whose Time is epoch seconds.

    ``index`` counts the entries of the file from 0, faulty ones among them.
    """

    entry: dict[str, Any]
    index: int
    place: Place


class _Member(NamedTuple):
    """A member of an object, decoded, with the offsets of its name and of its value in the text."""

    value: Any
    name: int
    start: int
    end: int


class _NotJson(Exception):
    """The text is not JSON at this offset."""

    def __init__(self, reason: str, offset: int) -> None:
        self.reason = reason
        self.offset = offset


class Found(NamedTuple):
    """
    What is in a text: its sound entries, its faults, and the number of the entry after the last one.

    A fault stands beside the number of the entry that has it: entries and faults are numbered together.
    """

    entries: list[FileEntry]
    faults: list[tuple[int, Fault]]
    end: int


def read_entries(content: bytes, file: str) -> list[FileEntry]:
    """
    Turn a file's content into entries; ``file`` is the name that places carry.

    A Detail that is a string stays as it is, byte for byte; one that is an object is carried as it was written
    (numbers and escapes included), without the white space between its tokens. Raises InvalidEvent with all faults.
    """
    found = read_document(content, file)
    if found.faults:
        raise InvalidEvent(faults=[fault for _, fault in found.faults])
    return found.entries


def read_document(content: bytes, file: str) -> Found:
    """As ``read_entries``, with the faults beside the entries that are sound all the same."""
    reader = _Reader(file)
    text = reader.decoded(content, 1)
    lines = text.split("\n")
    if _one_per_line(text, [line.strip() for line in lines]):
        for number, line in enumerate(lines, start=1):
            reader.read(line, number)
    else:
        reader.read(text, 1)
    if not reader.entries and not reader.faults:
        reader.add(no_event(file, "the file holds no event" if text.strip() else "the file is empty"))
    return reader.found


def no_event(file: str, found: str) -> Fault:
    """The fault of a file without any event."""
    return Fault(found, Place(file), "an event", 'Write {"Source": "my.app", "DetailType": "Hello", "Detail": {}}.')


def read_line(line: bytes, file: str, number: int, index: int) -> Found:
    """
    The same for one line of a file that has a document on each: the line with this number, counted from 1.

    ``index`` is the number of the line's first entry, and ``end`` that of the entry after its last one.
    """
    reader = _Reader(file, index)
    reader.read(reader.decoded(line, number), number)
    return reader.found


def _one_per_line(text: str, lines: list[str]) -> bool:
    """
    Tell one document per line from documents on several lines.

    Decided from the first line and from how the lines begin, so that a broken line does not hide the faults of the
    lines after it. A first line that is whole decides it alone: a stream is read on before its other lines are there.
    """
    full = [line for line in lines if line]
    if len(full) < 2 or _is_json(text):
        return False
    if _is_json(full[0]) and full[0].startswith(("{", "[")):
        return True
    return all(line.startswith("{") for line in full) and not _opens_a_request(full[0])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Reader:
    """Reads texts of one file one after the other; keeps the entries and the faults."""

    def __init__(self, file: str, index: int = 0) -> None:
        self.entries: list[FileEntry] = []
        self.faults: list[tuple[int, Fault]] = []
        self._index = index
        self._file = file
        self._text = ""
        self._line = 1
        self._starts: list[int] = []
        self._decode = json.JSONDecoder(parse_constant=refuse_constant).raw_decode

    @property
    def found(self) -> Found:
        return Found(self.entries, self.faults, self._index)

    def add(self, fault: Fault) -> None:
        """Note a fault of the entry that is being read."""
        self.faults.append((self._index, fault))

    def decoded(self, content: bytes, line: int) -> str:
        """The text of bytes that begin at this line; a fault, and nothing, where they are not UTF-8."""
        try:
            return content.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            byte = content[error.start : error.start + 1]
            advice = "PowerShell's > writes UTF-16: use Set-Content -Encoding utf8." if content[:1] in _UTF_16 else ""
            place = Place(self._file, line) if line > 1 else Place(self._file)
            self.add(Fault(f"byte {error.start} is not UTF-8 ({byte!r})", place, "JSON in UTF-8", advice))
            self._index += 1
            return ""

    def read(self, text: str, line: int) -> None:
        """Read all documents of a text that begins at this line of the file."""
        self._text, self._line, self._starts = text, line, []
        offset = self._skip(0)
        try:
            while offset < len(text):
                offset = self._skip(self._document(offset, "$"))
        except _NotJson as error:
            self._fault(f"not JSON: {error.reason}", error.offset)
            self._index += 1

    def _document(self, offset: int, path: str) -> int:
        """Read one document (an array or an object) and return the offset after it."""
        if self._text[offset] == "[":
            return self._elements(offset, path)
        if self._text[offset] == "{":
            return self._object(offset, path)
        value, end = self._value(offset)
        self._fault(f"{kind(value)} is not an event", offset, path, "a PutEvents entry or an event envelope")
        self._index += 1
        return end

    def _elements(self, offset: int, path: str) -> int:
        index = 0
        offset = self._skip(offset + 1)
        while not self._at(offset, "]"):
            if self._at(offset, "["):
                _, end = self._value(offset)
                self._fault("an array inside an array", offset, f"{path}[{index}]", "one array of events")
                self._index += 1
            elif offset == len(self._text):
                raise _NotJson("the array is not closed", offset)
            else:
                end = self._document(offset, f"{path}[{index}]")
            offset = self._separator(end, "]", "an element")
            index += 1
        return offset + 1

    def _object(self, start: int, path: str) -> int:
        members: dict[str, _Member] = {}
        offset = self._skip(start + 1)
        while not self._at(offset, "}"):
            if not self._at(offset, '"'):
                raise _NotJson("expecting a member's name in double quotes", offset)
            name_offset = offset
            name, offset = self._value(offset)
            offset = self._skip(offset)
            if not self._at(offset, ":"):
                raise _NotJson("expecting ':'", offset)
            offset = self._skip(offset + 1)
            if name in members:
                self._fault(f"the member {name!r} is there twice", name_offset, path)
            if name == "Entries" and path == "$" and self._at(offset, "["):
                end = self._elements(offset, f"{path}.Entries")
                members[name] = _Member(None, name_offset, offset, end)
            else:
                value, end = self._value(offset)
                members[name] = _Member(value, name_offset, offset, end)
            offset = self._separator(end, "}", "a member")
        if path == "$" and "Entries" in members:
            self._request(members, path)
        else:
            self._event(members, start, path)
            self._index += 1
        return offset + 1

    def _request(self, members: dict[str, _Member], path: str) -> None:
        entries = members.pop("Entries")
        if self._text[entries.start] != "[":
            self._fault(f"Entries is {kind(entries.value)}", entries.start, f"{path}.Entries", "an array")
        for name, member in members.items():
            self._fault(f"{name!r} beside Entries", member.name, path, "Entries alone")

    def _event(self, members: dict[str, _Member], start: int, path: str) -> None:
        """Turn one object into an entry, or note what is wrong with it."""
        members.pop(_REMARK, None)
        envelope = not any(name in members for name in _REQUIRED) and any(name in members for name in _ENVELOPE)
        known = _ENVELOPE if envelope else {name: name for name in _ENTRY}
        written = {name: spelled for spelled, name in known.items()}
        if not any(spelled in known or _close(spelled, known) for spelled in members):
            names = ", ".join(map(repr, members)) or "none"
            self._fault(
                f"an object that is no event (its members: {names})",
                start,
                path,
                "a PutEvents entry (Source, DetailType, Detail) or an event envelope (source, detail-type, detail)",
            )
            return
        faults = len(self.faults)
        entry: dict[str, Any] = {}
        for spelled, member in members.items():
            name = known.get(spelled)
            if name is not None:
                try:
                    entry[name] = self._member(name, member, envelope=envelope)
                except InvalidMember as error:
                    found = f"{spelled} {error.found}"
                    self._fault(found, member.start, f"{path}.{spelled}", error.expected, error.advice)
            elif not envelope or spelled not in _SET_BY_EVENTBRIDGE:
                close = _close(spelled, known)
                self._fault(
                    f"unknown member {spelled!r}",
                    member.name,
                    path,
                    f"one of {', '.join(known)}",
                    f"Did you mean {close!r}?" if close else "",
                )
        for name, example in _REQUIRED.items():
            if written[name] not in members:
                self._fault(f"no {written[name]}", start, path, f"one {example}")
        if len(self.faults) > faults:
            return
        size = entry_bytes(entry)
        if size > MAX_REQUEST_BYTES:
            self._fault(f"the entry has {size} bytes", start, path, f"at most {MAX_REQUEST_BYTES}, PutEvents' limit")
            return
        self.entries.append(FileEntry(entry, self._index, self._place(start, path)))

    def _member(self, name: str, member: _Member, *, envelope: bool) -> Any:
        """The member's value as PutEvents wants it. Raises InvalidMember."""
        if name != "Detail":
            return checked(name, member.value)
        if isinstance(member.value, dict):
            return detail_from_object(self._text[member.start : member.end])
        if isinstance(member.value, str) and not envelope:
            return detail_from_text(member.value)
        raise InvalidMember(
            f"is {kind(member.value)}",
            "a JSON object",
            "Only a PutEvents entry (Source, DetailType, Detail) has it as text."
            if isinstance(member.value, str)
            else "",
        )

    def _value(self, offset: int) -> tuple[Any, int]:
        """Decode the JSON value at the offset: the value and the offset after it."""
        try:
            return self._decode(self._text, offset)
        except json.JSONDecodeError as error:
            raise _NotJson(sentence(error.msg), error.pos) from None
        except NotANumber as error:
            raise _NotJson(f"{error} is not a JSON number", self._text.find(str(error), offset)) from None
        except ValueError:  # Python reads no whole number of more than 4,300 digits
            raise _NotJson("a number of more digits than are read", offset) from None
        except RecursionError:
            raise _NotJson("nested too deeply; EventBridge takes at most 1000 levels", offset) from None

    def _separator(self, offset: int, close: str, what: str) -> int:
        """Step over what stands after an element or member: a comma, or nothing before the closing bracket."""
        offset = self._skip(offset)
        if self._at(offset, ","):
            after = self._skip(offset + 1)
            if self._at(after, close):
                raise _NotJson(f"a comma that {what} does not follow", offset)
            return after
        if not self._at(offset, close):
            raise _NotJson(f"expecting ',' or '{close}'", offset)
        return offset

    def _skip(self, offset: int) -> int:
        if self._text[offset : offset + 1] > " ":  # as mostly: no blank is above it, and no search is needed to see it
            return offset
        match = _blank(self._text, offset)
        return match.end() if match else offset

    def _at(self, offset: int, character: str) -> bool:
        return self._text.startswith(character, offset)

    def _place(self, offset: int, path: str = "") -> Place:
        if not self._starts:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        row = bisect_right(self._starts, offset) - 1
        return Place(self._file, self._line + row, offset - self._starts[row] + 1, path)

    def _fault(self, found: str, offset: int, path: str = "", expected: str = "", advice: str = "") -> None:
        self.add(Fault(found, self._place(offset, path), expected, advice))


def _close(spelled: str, known: Iterable[str]) -> str:
    """The known member that was probably meant, or the empty string."""
    folded = {re.sub("[-_]", "", name.lower()): name for name in known}

    close = closest(re.sub("[-_]", "", spelled.lower()), folded, 0.75)
    return folded[close] if close else ""
