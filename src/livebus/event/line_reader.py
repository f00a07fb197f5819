"""
Reads one event on one line, fast: what most lines of a stream look like.

In: a line without white space around it. Out: the PutEvents entry as JSON, and its size; or None where the line is
anything but an event that is surely sound. Then ``event.document`` looks at it, which knows all forms and all faults.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html

A line is taken apart at its Detail: what stands around it, the frame, is the same for many lines and is judged once.
The Detail is parsed to see that it is sound, and is then carried as it was written.
"""

from __future__ import annotations

from typing import Any

import orjson

# Below these nothing has to be counted exactly; what is above is for the slow reader. All are under AWS's limits.
_SURELY_SMALL = 1_000_000
_SURELY_FLAT = 900
_SIMPLE_FRAME = 100

_ENVELOPE = {"source": "Source", "detail-type": "DetailType", "time": "Time", "resources": "Resources"}
_ENTRY = frozenset({"Source", "DetailType", "Time", "Resources", "EventBusName", "TraceHeader"})
# What EventBridge sets in an envelope, and what a file of failed events says of each.
_DROPPED = frozenset({"version", "id", "account", "region", "ingestion-time", "replay-name", "_livebus"})

# A whole number beyond 64 bits has at least so many digits; found fast where every digit is a 0, and every bracket a brace.
_MANY_DIGITS = b"0" * 19
_ALIKE = bytes.maketrans(b"123456789[", b"000000000{")
_WHITE = b" \t\n\r"
_QUOTE, _BRACE, _SPACE = b'"{ '
_UUID_CHARACTERS = b"0123456789abcdef-"
_SOME_TIME = b"1970-01-01T00:00:00Z"

_loads = orjson.loads

# How many frames, and how many times, are remembered.
_REMEMBERED = 512


# What stands around a Detail: the entry's text before its Detail, the bytes that count of it, and whether it is an
# envelope.
_Frame = tuple[bytes, int, bool]


class LineReader:
    """Reads lines one after the other; remembers the frames of some hundred of them."""

    __slots__ = ("_frames", "_times")

    def __init__(self) -> None:
        self._frames: dict[bytes, _Frame | None] = {}
        self._times: dict[bytes, bytes | None] = {}

    def read(self, line: bytes) -> tuple[bytes, int] | None:
        """The entry as compact JSON, and its size in bytes by AWS's formula; None where the slow reader must look."""
        start = line.find(b'"Detail":') + 9
        # Most lines begin as others did and end with a Detail that is text: no way is shorter.
        if start > 8 and line.endswith(b'}"}'):
            start += line[start] == _SPACE
            frame = self._frames.get(line[:start])
            if frame is not None and line[start] == _QUOTE:
                written = line[start:-1]
                try:
                    detail: bytes = _loads(written).encode()
                    if type(_loads(detail)) is dict and (
                        (len(detail) < _SURELY_FLAT and _MANY_DIGITS not in detail.translate(_ALIKE))
                        or _surely_in_range(detail)
                    ):
                        size = frame[1] + len(detail)
                        return (frame[0] + written + b"}", size) if size < _SURELY_SMALL and not frame[2] else None
                except ValueError:  # not JSON: there are members after the Detail, perhaps
                    pass
        return self._read(line, start)

    def _read(self, line: bytes, start: int) -> tuple[bytes, int] | None:
        """Any line: the Detail is at ``start``, or it is an envelope's."""
        lower = line.find(b'"detail":', 0, start) if start > 8 else line.find(b'"detail":')
        start = lower + 9 if lower >= 0 else start
        try:
            first = line[start]
            while first in _WHITE:
                start += 1
                first = line[start]
            if first == _BRACE:
                return self._with_object(line, start)
            return self._with_text(line, start) if first == _QUOTE else None
        except (ValueError, IndexError):  # not JSON, or no Detail
            return None

    def _with_text(self, line: bytes, start: int) -> tuple[bytes, int] | None:
        """A Detail that is text. Inside a JSON string each quote has a backslash before it: so ``}"`` is its end."""
        end = len(line) - 1 if line.endswith(b'}"}') else line.find(b'}"', start) + 2
        written = line[start:end]
        detail: bytes = orjson.loads(written).encode()
        if type(orjson.loads(detail)) is not dict or not _surely_in_range(detail):
            return None
        frame = self._frame(line[:start], line[end:])
        if frame is None or frame[2]:
            return None
        size = frame[1] + len(detail)
        return (frame[0] + written + b"}", size) if size < _SURELY_SMALL else None

    def _with_object(self, line: bytes, start: int) -> tuple[bytes, int] | None:
        """A Detail that is an object: the last member, or one with flat members after it."""
        written, tail = line[start:-1], line[-1:]
        try:
            parsed = orjson.loads(written)
        except ValueError:
            end = line.rfind(b"},") + 1
            written, tail = line[start:end], line[end:]
            parsed = orjson.loads(written)
        if not _surely_in_range(written):
            return None
        detail = _compact(written, parsed)
        frame = self._frame(line[:start], tail)
        if frame is None:
            return None
        size = frame[1] + len(detail)
        return (frame[0] + orjson.dumps(detail.decode()) + b"}", size) if size < _SURELY_SMALL else None

    def _frame(self, head: bytes, tail: bytes) -> _Frame | None:
        # One that ends after its Detail is known by its beginning alone.
        key = head if tail == b"}" else head + tail
        if key in self._frames:
            return self._frames[key]
        if b'"id":' in head:
            return self._received_frame(head, tail)
        return self._remembered(key, _judged(head + b"0" + tail))

    def _received_frame(self, head: bytes, tail: bytes) -> _Frame | None:
        """
        The frame of an event that EventBridge sent: with an id of its own, and often a time of its own.

        The id is dropped anyway. So is the time for the frame's sake, and added again: what is left is the same for many.
        """
        start, end = _text_of(head, b'"id":')
        if end - start == 36 and not head[start:end].translate(None, _UUID_CHARACTERS):
            head = head[:start] + head[end:]
        start, end = _text_of(head, b'"time":')
        time = head[start:end]
        if len(time) != len(_SOME_TIME):
            return _judged(head + b"0" + tail)
        head = head[:start] + _SOME_TIME + head[end:]
        key = head + tail
        if key in self._frames:
            frame = self._frames[key]
        else:
            frame = self._remembered(key, _judged(head + b"0" + tail, timeless=True))
        seconds = self._times[time] if time in self._times else self._seconds(time)
        if frame is None or seconds is None:
            return None
        prefix, size, envelope = frame
        return b'%b"Time":%b,"Detail":' % (prefix[:-9], seconds), size, envelope

    def _remembered(self, key: bytes, frame: _Frame | None) -> _Frame | None:
        if len(self._frames) >= _REMEMBERED:
            self._frames.clear()
        self._frames[key] = frame
        return frame

    def _seconds(self, time: bytes) -> bytes | None:
        from livebus.event.entry_members import InvalidMember, checked

        if len(self._times) >= _REMEMBERED:
            self._times.clear()
        try:
            self._times[time] = orjson.dumps(checked("Time", orjson.loads(b'"' + time + b'"')))
        except InvalidMember:
            self._times[time] = None
        return self._times[time]


def _text_of(head: bytes, name: bytes) -> tuple[int, int]:
    """Where the text of a member's value begins and ends; an empty one where there is none."""
    start = head.find(name) + len(name)
    if head[start : start + 1] == b" ":
        start += 1
    if start <= len(name) or head[start] != _QUOTE:
        return 0, 0
    return start + 1, head.find(b'"', start + 1)


def _surely_in_range(detail: bytes) -> bool:
    """Whether sound JSON has neither too many levels nor a whole number that 64 bits cannot hold."""
    alike = detail.translate(_ALIKE)
    if (len(alike) < 2 * _SURELY_FLAT or alike.count(b"{") < _SURELY_FLAT) and _MANY_DIGITS not in alike:
        return True
    from livebus.event.put_events import parse_detail

    return parse_detail(detail.decode()) is not None


def _compact(written: bytes, parsed: Any) -> bytes:
    """
    An object as it was written, without the white space between its tokens.

    What orjson makes of it is just that if both are alike but for white space: their tokens are the same then, since
    orjson writes no space with an escape. Where they are not (1.10, an escaped é, a member given twice), the text is
    split at its quotes: every second piece is outside of strings.
    """
    if b"\\u" not in written:
        made = orjson.dumps(parsed)
        if made == written or made.translate(None, _WHITE) == written.translate(None, _WHITE):
            return made
    # Control characters cannot stand in JSON text: two of them take the places of what looks like a quote and is none.
    escapes = b"\\" in written
    if escapes:
        written = written.replace(b"\\\\", b"\1").replace(b'\\"', b"\2")
    pieces = written.split(b'"')
    pieces[::2] = b'"'.join(pieces[::2]).translate(None, _WHITE).split(b'"')
    compact = b'"'.join(pieces)
    return compact.replace(b"\2", b'\\"').replace(b"\1", b"\\\\") if escapes else compact


def _judged(text: bytes, *, timeless: bool = False) -> _Frame | None:
    """
    The frame in this text, whose Detail is 0; None where anything about it is unusual.

    ``timeless``: its time is _SOME_TIME and is left out, but counted.
    """
    if text.count(b"{") + text.count(b"[") > _SIMPLE_FRAME:
        return None
    members = orjson.loads(text)
    if type(members) is not dict or _strings(members) != _written_strings(text):
        return None
    envelope = "detail" in members
    if members.pop("detail" if envelope else "Detail", None) != 0:
        return None
    if timeless and members.pop("time", None) != _SOME_TIME.decode():
        return None
    entry: dict[str, Any] = {}
    for spelled, value in members.items():
        name = _ENVELOPE.get(spelled) if envelope else spelled if spelled in _ENTRY else None
        if name is not None:
            entry[name] = value
        elif spelled != "_livebus" and not (envelope and spelled in _DROPPED):
            return None
    return _entry_frame(entry, envelope=envelope, timeless=timeless)


def _entry_frame(entry: dict[str, Any], *, envelope: bool, timeless: bool) -> _Frame | None:
    source, detail_type = entry.get("Source"), entry.get("DetailType")
    if not isinstance(source, str) or not source or source.startswith("aws."):
        return None
    if not isinstance(detail_type, str) or not 0 < len(detail_type) <= 128:
        return None
    size = len(source.encode()) + len(detail_type.encode())
    if len(entry) > 2 or timeless:
        from livebus.event.entry_members import InvalidMember, checked
        from livebus.event.put_events import TIME_BYTES, entry_bytes

        try:
            entry = {name: checked(name, value) for name, value in entry.items()}
        except InvalidMember:
            return None
        size = entry_bytes(entry) + (TIME_BYTES if timeless else 0)
    return orjson.dumps(entry)[:-1] + b',"Detail":', size, envelope


def _strings(value: Any) -> int:
    """How many strings are in a JSON value, the names of members among them."""
    if isinstance(value, dict):
        return len(value) + sum(map(_strings, value.values()))
    if isinstance(value, list):
        return sum(map(_strings, value))
    return 1 if isinstance(value, str) else 0


def _written_strings(text: bytes) -> int:
    """How many strings are in JSON text: more than in its value where a member is given twice."""
    return text.replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"') // 2
