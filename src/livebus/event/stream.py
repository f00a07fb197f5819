"""
Reads events one after the other from files of any size, and from streams that never end.

In: named sources, each of which opens a binary file object. Out: entries for PutEvents as JSON text with their sizes, in
the order of the sources; and the faults of what is no such entry, each in its place. Reading goes on after a fault.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html

A source that has an event, or an array of events, on each line is read line by line: no more than a chunk and a line of
it is held, and an entry is there as soon as its line is complete. Whatever else ``event.document`` reads is one document,
which is read whole. Which of the two it is, the first lines tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from livebus.event.line_reader import LineReader

if TYPE_CHECKING:
    from livebus.errors import Fault
    from livebus.event.document import Found

LONGEST_LINE = 8 << 20
LONGEST_DOCUMENT = 64 << 20
# A line that is skipped is read to its end, if that comes: /dev/zero has none.
LONGEST_SKIPPED = 1 << 30
CHUNK = 256 << 10

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OVERLONG = b"\n"  # stands for a line that was skipped: no line has a line feed in it


class StreamedEntry(NamedTuple):
    """
    One entry for PutEvents: ``text`` is a compact JSON object, ``size`` what AWS's formula counts for it, in bytes.

    ``index`` counts the entries of the file from 0, faulty ones among them; ``line`` is where it begins, from 1.
    EventBusName is in the text only where the input has one.
    """

    text: bytes
    size: int
    file: str
    index: int  # type: ignore[assignment]  # tuple.index is not needed
    line: int


# Half of what the constructor costs, which goes through Python.
_entry = tuple.__new__


class StreamFault(NamedTuple):
    """What is wrong with the entry of this index; an entry may have several faults."""

    fault: Fault
    file: str
    index: int  # type: ignore[assignment]


class Source(NamedTuple):
    """
    Something to read: its name as the user knows it, and how to open it as a binary file object.

    ``open`` and reading may raise OSError, whose words become a fault. ``read1`` is preferred to ``read``, since it returns
    what is there without waiting for more.
    """

    name: str
    open: Callable[[], Any]


def read_events(
    sources: Iterable[Source],
    *,
    longest_line: int = LONGEST_LINE,
    longest_document: int = LONGEST_DOCUMENT,
    chunk: int = CHUNK,
) -> Iterator[StreamedEntry | StreamFault]:
    """
    Read the sources one after the other, no further than is asked for.

    A longer line is a fault and is skipped, a longer document ends its source with a fault; both are in bytes.
    ``chunk`` is how many bytes are read at once.
    """
    for source in sources:
        yield from _Reading(source.name, longest_line, longest_document).events(source, chunk)


class _Reading:
    """The state of reading one source: how far it is."""

    def __init__(self, file: str, longest_line: int, longest_document: int) -> None:
        self._file = file
        self._longest_line = longest_line
        self._longest_document = longest_document
        # Until it is known that the source is read by lines, one line may be a whole document.
        self._longest = longest_document
        self._line = 0
        self._index = 0
        self._read = LineReader().read

    def events(self, source: Source, chunk: int) -> Iterator[StreamedEntry | StreamFault]:
        try:
            with source.open() as file:
                yield from self._events(self._batches(file.read1 if hasattr(file, "read1") else file.read, chunk))
        except (OSError, EOFError) as error:
            yield self._unreadable(error)

    def _events(self, batches: Iterator[list[bytes]]) -> Iterator[StreamedEntry | StreamFault]:
        head: list[bytes] = []
        by_line = None
        for batch in batches:
            head += batch
            by_line = _by_line(head)
            if by_line is not None:
                break
        if head:
            head[0] = head[0].removeprefix(_BYTE_ORDER_MARK)
        if by_line:
            self._longest = self._longest_line
            yield from self._lines(head)
            for batch in batches:
                yield from self._lines(batch)
            if not self._index:
                from livebus.event.document import no_event

                yield StreamFault(no_event(self._file, "the file holds no event"), self._file, 0)
        else:
            yield from self._document(head, batches)

    def _batches(self, read: Callable[[int], bytes], chunk: int) -> Iterator[list[bytes]]:
        """The lines of the source without their line feeds, as many at once as have been read."""
        begun: list[bytes] = []  # the pieces of a line whose end has not been read
        length = 0
        while piece := read(chunk):
            lines = piece.split(b"\n")
            begun.append(lines[0])
            length += len(lines[0])
            if length > self._longest:
                begun = [_OVERLONG]
                if length > LONGEST_SKIPPED:
                    raise OSError(
                        f"a line of more than {LONGEST_SKIPPED >> 20} MB; nothing behind its beginning was read"
                    )
            if len(lines) == 1:
                continue
            lines[0] = _OVERLONG if begun[0] is _OVERLONG else b"".join(begun)
            begun = [lines.pop()]
            length = len(begun[0])
            yield lines
        if length:
            yield [_OVERLONG if begun[0] is _OVERLONG else b"".join(begun)]

    def _lines(self, lines: list[bytes]) -> Iterator[StreamedEntry | StreamFault]:
        read, file, number, index = self._read, self._file, self._line, self._index
        for line in lines:
            number += 1
            stripped = line.strip()
            found = read(stripped)
            if found is not None:
                yield _entry(StreamedEntry, (found[0], found[1], file, index, number))
                index += 1
            elif stripped or line is _OVERLONG:
                self._line, self._index = number, index
                yield from self._unusual(line)
                index = self._index
        self._line, self._index = number, index

    def _unusual(self, line: bytes) -> Iterator[StreamedEntry | StreamFault]:
        """A line that the fast reader leaves to others."""
        if line is _OVERLONG:
            found = f"a line of more than {self._longest >> 20} MB"
            yield self._fault(found, self._line, advice="It was skipped to its end.")
            self._index += 1
            return
        from livebus.event.document import read_line

        yield from self._found(read_line(line, self._file, self._line, self._index))

    def _document(self, head: list[bytes], batches: Iterator[list[bytes]]) -> Iterator[StreamedEntry | StreamFault]:
        """All that is left, as ``event.document`` reads it."""
        left = self._longest_document - sum(map(len, head)) - len(head)
        for batch in batches:
            head += batch
            left -= sum(map(len, batch)) + len(batch)
            if left < 0:
                break
        if left < 0 or any(line is _OVERLONG for line in head):
            found = f"a document of more than {self._longest_document >> 20} MB"
            yield self._fault(found, None, "one event per line where there are so many")
            return
        content = b"\n".join(head)
        # Most documents hold one event: then neither the slow reader nor what it imports is needed.
        entry = self._read(content.strip())
        if entry is not None:
            line = content[: content.index(b"{")].count(b"\n") + 1
            yield StreamedEntry(entry[0], entry[1], self._file, 0, line)
            return
        from livebus.event.document import read_document

        yield from self._found(read_document(content, self._file))

    def _found(self, found: Found) -> Iterator[StreamedEntry | StreamFault]:
        """What the slow reader found, in the order of the file."""
        from livebus.event.put_events import entry_bytes

        both: list[StreamedEntry | StreamFault] = [
            StreamedEntry(
                orjson.dumps(each.entry), entry_bytes(each.entry), self._file, each.index, each.place.line or 1
            )
            for each in found.entries
        ]
        both += [StreamFault(fault, self._file, index) for index, fault in found.faults]
        self._index = found.end
        yield from sorted(both, key=lambda each: each.index) if found.faults else both

    def _fault(self, found: str, line: int | None, expected: str = "", advice: str = "") -> StreamFault:
        from livebus.errors import Fault, Place

        return StreamFault(Fault(found, Place(self._file, line), expected, advice), self._file, self._index)

    def _unreadable(self, error: OSError | EOFError) -> StreamFault:
        reason = getattr(error, "strerror", None) or str(error)
        found = "no such file" if isinstance(error, FileNotFoundError) else reason[:1].lower() + reason[1:]
        if self._index:
            found += f"; {self._index} of its events had been read"
        return self._fault(found, self._line or None)


def _by_line(lines: list[bytes]) -> bool | None:
    """
    Whether a source that begins with these lines has a document on each; None where more must be seen.

    It has not where the first line alone is no JSON, but could go on as it does in the second one.
    """
    full = [line for line in lines if line is _OVERLONG or (not line.isspace() and line)][:2]
    if not full:
        return None
    if full[0] is _OVERLONG:
        return False
    first = full[0].removeprefix(_BYTE_ORDER_MARK).strip()
    if first[:1] not in (b"{", b"["):
        # What a file of events never begins with: told for each line if the next ones do.
        return None if len(full) < 2 else full[1].lstrip()[:1] == b"{"
    stops = _stops_at(first)
    if stops is None:
        return True
    if len(full) < 2:
        return None
    if full[1] is _OVERLONG or full[1].lstrip()[:1] != b"{":
        return False
    # An object can follow in the second line, unless the first is broken, or is complete but for its end.
    return stops < len(first) or first[-1:] not in (b"[", b":", b",")


def _stops_at(text: bytes) -> int | None:
    """Where JSON text breaks off, its length where it could go on; None where it is complete."""
    try:
        orjson.loads(text)
    except ValueError:
        pass
    else:
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return len(text) if error.pos >= len(error.doc) else error.pos
    except (ValueError, RecursionError):
        return 0
    return None
