"""Streams of events: what is one per line and what is one document, how far it reads, and what it says of faults."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livebus.event import stream as event_stream
from livebus.event.document import read_document
from livebus.event.put_events import entry_bytes
from livebus.event.stream import Source, StreamedEntry, StreamFault, read_events

ENTRY = json.dumps({"Source": "my.app", "DetailType": "Hello", "Detail": {"msg": "hi"}})
ENVELOPE = json.dumps({"source": "my.app", "detail-type": "Hello", "detail": {"msg": "hi"}})
SENT = {"Source": "my.app", "DetailType": "Hello", "Detail": '{"msg":"hi"}'}


class Pieces:
    """A file object that hands out what it was given, piece by piece; an exception among the pieces is raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.left = list(pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.left = []

    def read1(self, size: int) -> bytes:
        piece = self.left.pop(0) if self.left else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


def stream(*pieces: bytes | Exception, **options: int) -> Iterator[StreamedEntry | StreamFault]:
    return read_events([Source("e", lambda: Pieces(*pieces))], **options)


def shown(found: StreamedEntry | StreamFault) -> tuple[object, ...]:
    if isinstance(found, StreamFault):
        return found.index, str(found.fault)
    return found.index, found.line, json.loads(found.text), found.size


def read(text: str | bytes, **options: int) -> list[tuple[object, ...]]:
    return [shown(each) for each in stream(text.encode() if isinstance(text, str) else text, **options)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{ENTRY}\n{ENVELOPE}\n", [1, 2]),
        (f"{ENTRY}\r\n \r\n{ENVELOPE}", [1, 3]),
        (f"\ufeff{ENTRY}\n{ENTRY}", [1, 2]),
        (f"\n\n[{ENVELOPE},{ENTRY}]\n{ENTRY}", [3, 3, 4]),
        (f'{{"Entries":[{ENTRY},{ENTRY}]}}\n{ENTRY}', [1, 1, 2]),
        (f"{ENTRY} {ENTRY}\n{ENTRY}", [1, 1, 2]),
        (json.dumps(json.loads(ENTRY), indent=2), [1]),
        (f"\n\n{json.dumps(json.loads(ENVELOPE), indent=2)}\n", [3]),
        (f"[\n{ENTRY},\n{ENVELOPE}\n]", [2, 3]),
        (f'{{"Entries": [\n{ENTRY},\n{ENVELOPE}]}}', [2, 3]),
        ('{"Detail":\n{"msg": "hi"}, "Source": "my.app",\n "DetailType": "Hello"}', [1]),
        (json.dumps(json.loads(ENTRY), indent=2) + "\n" + json.dumps(json.loads(ENVELOPE), indent=2), [1, 8]),
    ],
    ids=[
        "lines",
        "lines with CR and blanks",
        "byte order mark",
        "lines of arrays",
        "lines of requests",
        "two on a line",
        "one on several lines",
        "one below blank lines",
        "array",
        "Entries",
        "a value on its own line",
        "documents",
    ],
)
def test_every_form_is_read(text: str, lines: list[int]) -> None:
    """All that a file of events may be: one per line, or one document; each entry knows its number and line."""
    assert [(index, line, SENT, 23) for index, line in enumerate(lines)] == read(text)


def test_an_entry_is_there_as_soon_as_its_line_is() -> None:
    """A slow producer's event does not wait for the next one, nor for a full chunk."""
    file = Pieces(f"{ENTRY}\n{ENTRY[:20]}".encode(), f"{ENTRY[20:]}\n".encode(), OSError("read too far"))
    found = read_events([Source("e", lambda: file)])
    assert shown(next(found)) == (0, 1, SENT, 23)
    assert len(file.left) == 2
    assert shown(next(found)) == (1, 2, SENT, 23)
    assert len(file.left) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_it_does_not_matter_how_the_bytes_come(sizes: list[int]) -> None:
    """Wherever a read ends, the entries are the same."""
    content = f"{ENTRY}\r\n\r\noops\n{ENVELOPE}\n[{ENTRY}]\n".encode()
    pieces, left = [], content
    for size in sizes:
        pieces.append(left[:size])
        left = left[size:]
    assert read(content) == [shown(each) for each in stream(*filter(None, [*pieces, left]))]


def test_reading_goes_on_after_faults() -> None:
    """A broken line, a wrong member and bytes that are no text cost one entry each; all faults of one share its number."""
    bad = '{"source": "aws.s3", "detail-type": "' + "x" * 129 + '", "detail": []}'
    found = read(f"{ENTRY}\noops\n{bad}\n".encode() + b"\xff\n" + f"{ENTRY}\n{{".encode())
    assert [f"{index} {what}".split(";")[0] for index, what, *_ in found] == [
        "0 1",
        "1 e:2:1: not JSON: expecting value",
        "2 e:3:12 ($.source): source 'aws.s3' begins with 'aws.'",
        "2 e:3:37 ($.detail-type): detail-type has 129 characters",
        "2 e:3:180 ($.detail): detail is an array",
        r"3 e:4: byte 0 is not UTF-8 (b'\xff')",
        "4 5",
        "5 e:6:2: not JSON: expecting a member's name in double quotes",
    ]


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        (f"oops\n{ENTRY}\n{ENTRY}", [0]),
        (f'{{"Source": nope}}\n{ENTRY}', [0]),
        (f'{{"Source": "a"\n{ENTRY}', [0]),
        (f'{{"Source": "a\n{ENTRY}', [0]),
        (f'{{"Entries": [\n{ENTRY}\n{ENTRY}]}}', [1]),
        (f"[\n{ENTRY}\n{ENTRY}]", [1]),
        ('{\n"Source": "a",\n"Detail": {}\n}', [0]),
    ],
)
def test_the_first_lines_tell_lines_from_a_document(text: str, faulty: list[int]) -> None:
    """A broken first line does not hide the events after it; a broken document is not taken for lines."""
    assert faulty == [each[0] for each in read(text) if len(each) == 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "e: the file is empty; expected an event"),
        (" \n\n", "e: the file is empty"),
        ("[]", "e: the file holds no event"),
        (
            ENTRY.encode("utf-16"),
            "e: byte 0 is not UTF-8 (b'\\xff'); expected JSON in UTF-8. PowerShell's > writes UTF-16",
        ),
    ],
)
def test_what_holds_no_event_is_told(text: str | bytes, expected: str) -> None:
    """As it is of a file that is read at once."""
    ((index, found),) = read(text)
    assert (0, expected) == (index, str(found)[: len(expected)])


def test_a_line_that_is_too_long_is_skipped_to_its_end() -> None:
    """It costs no more memory than the limit says, and the lines after it are read."""
    long = json.dumps({"Source": "a", "DetailType": "b", "Detail": {"x": "x" * 3_000_000}})
    source = Source("e", lambda: io.BytesIO(f"{ENTRY}\n{long}\n{ENTRY}\n{long}".encode()))
    found = [shown(each) for each in read_events([source], longest_line=2 << 20, chunk=1 << 16)]
    told = "a line of more than 2 MB. It was skipped to its end."
    assert [(0, 1, SENT, 23), (1, f"e:2: {told}"), (2, 3, SENT, 23), (3, f"e:4: {told}")] == found


def test_skipping_a_line_holds_nothing_of_it() -> None:
    """However long it goes on, what was read of it is let go."""
    pieces = [b"x" * 100_000 for _ in range(300)]
    entries = stream(f"{ENTRY}\n".encode(), *pieces, b"\n", longest_line=1_000_000)
    next(entries)
    tracemalloc.start()
    try:
        assert [each.index for each in entries] == [1]
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_a_document_that_is_too_long_ends_its_source() -> None:
    """A document is read whole, so its size has a limit; the fault says how events can be without one."""
    array = "[" + ",\n".join([ENTRY] * 30_000) + "]"
    expected = "e: a document of more than 1 MB; expected one event per line where there are so many"
    assert [(0, expected)] == read(array, longest_document=1 << 20)
    assert [(0, expected)] == read(array.replace("\n", ""), longest_document=1 << 20)


def test_an_error_while_reading_is_one_fault() -> None:
    """The line that it cuts off is not reported as well, and the next source is read."""
    broken = Source("a", lambda: Pieces(f"{ENTRY}\n{ENTRY[:30]}".encode(), OSError("the file shrank")))
    missing = Source("b", lambda: Path("/no/such/file").open("rb"))  # noqa: SIM115 - read_events closes it
    sound = Source("c", lambda: io.BytesIO(ENTRY.encode()))
    assert [shown(each) for each in read_events([broken, missing, sound])] == [
        (0, 1, SENT, 23),
        (1, "a:1: the file shrank; 1 of its events had been read"),
        (0, "b: no such file"),
        (0, 1, SENT, 23),
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                ENTRY,
                ENVELOPE,
                f"[{ENTRY}]",
                "",
                " ",
                "{",
                "oops",
                "}",
                '{"Source": "a",',
                '"DetailType": "b", "Detail": {}}',
            ]
        ),
        max_size=6,
    )
)
@example([f"[{ENTRY}]", '{"Source": "a",', '"DetailType": "b", "Detail": {}}'])
@example([f"[{ENTRY}]", f"[{ENTRY}]", ENTRY])
def test_sound_files_are_read_as_files_are(lines: list[str]) -> None:
    """Where the reader of whole files finds no fault, the stream has the same entries with the same numbers and lines."""
    content = "\n".join(lines).encode()
    whole = read_document(content, "e")
    if not whole.faults:
        entries = [(each.index, each.place.line, each.entry, entry_bytes(each.entry)) for each in whole.entries]
        assert entries == read(content)


def test_a_line_that_never_ends_ends_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before it stands; what lies behind nobody waits for."""
    monkeypatch.setattr(event_stream, "LONGEST_SKIPPED", 1 << 20)
    endless = [b"\0" * 4096] * 10_000
    first = f"{ENTRY}\n".encode()
    told = "a line of more than 1 MB; nothing behind its beginning was read"
    assert [shown(each) for each in stream(first, first, *endless, longest_line=100)] == [
        shown(each) for each in stream(first, first, OSError(f"{told}"))
    ]
    (fault,) = stream(*endless, longest_document=100)
    assert isinstance(fault, StreamFault)
    assert fault.fault.found == told
