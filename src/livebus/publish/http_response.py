"""
HTTP/1.1 answers, as their bytes come: one after the other on a connection that is kept.

In: received bytes, in pieces of any size. Out: :class:`Response` objects. Bodies by Content-Length, chunked, or up to the
connection's end; interim answers (100 Continue) are passed over. Both the bulk engine and the blocking one read with it:
what the standard library and aiohttp have for this takes longer to import than an event to publish. The tests hold it
against aiohttp's.
https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_HEAD = 65_536
MAX_BODY = 16_777_216

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BLANK = b" \t"
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?")


class NotHttp(ValueError):
    """What came is not an HTTP/1.1 answer; the connection is of no more use."""


class Response(NamedTuple):
    """One answer. ``keep`` tells whether the connection takes another request."""

    status: int
    body: bytes
    keep: bool


class _Head(NamedTuple):
    """What matters of a head. ``length`` is that of the body; None where the connection's end is the body's."""

    status: int
    keep: bool
    length: int | None
    chunked: bool


class ResponseReader:
    """Reads the answers to one connection's requests, one of which is in flight at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._head: _Head | None = None  # of the answer whose body is being read
        self._chunks = _Chunks()

    @property
    def is_between(self) -> bool:
        """Whether no answer has begun: a connection that ends here loses nothing."""
        return self._head is None and not self._buffer

    def feed(self, data: bytes) -> Response | None:
        """
        Take received bytes; the answer, where it is complete.

        Bytes behind an answer are a fault: nobody has asked for them. Raises NotHttp.
        """
        self._buffer = self._buffer + data if self._buffer else data
        head = self._head or self._next_head()
        if head is None:
            return None
        if head.chunked:
            self._buffer = self._chunks.take(self._buffer)
            return self._complete(head, self._chunks.body) if self._chunks.done else None
        if head.length is None:
            if len(self._buffer) > MAX_BODY:
                raise NotHttp(f"an answer of more than {MAX_BODY} bytes")
            return None
        if len(self._buffer) < head.length:
            return None
        body, self._buffer = self._buffer[: head.length], self._buffer[head.length :]
        return self._complete(head, body)

    def end(self) -> Response | None:
        """The connection has ended: an answer that lasted until then, or None. Raises NotHttp in mid-answer."""
        head = self._head
        if head is not None and head.length is None and not head.chunked:
            body, self._buffer = self._buffer, b""
            return self._complete(head, body)
        if not self.is_between:
            raise NotHttp("the connection was closed in the middle of an answer")
        return None

    def _next_head(self) -> _Head | None:
        """The head of the next answer that is no interim one, once it is there."""
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD or self._buffer[:7] != b"HTTP/1."[: len(self._buffer)]:
                    raise NotHttp(f"not an HTTP/1.1 answer: {self._buffer[:20]!r}")
                return None
            head = _read_head(self._buffer[:end])
            self._buffer = self._buffer[end + 4 :]
            if head.status >= 200:
                self._head = head
                return head

    def _complete(self, head: _Head, body: bytes) -> Response:
        if self._buffer:
            raise NotHttp(f"bytes that nobody asked for behind an answer: {self._buffer[:20]!r}")
        if head.chunked:
            self._chunks = _Chunks()
        self._head = None
        return Response(head.status, body, head.keep)


class _Chunks:
    """A body in chunks, and the trailer behind it, which is dropped."""

    def __init__(self) -> None:
        self.done = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._left = 0  # bytes of a chunk that are still to come, its line break included
        self._trailer = False

    @property
    def body(self) -> bytes:
        return b"".join(self._pieces)

    def take(self, data: bytes) -> bytes:
        """Take what there is; what is left cannot be read before more of it comes, or is behind the body."""
        while not self.done:
            if self._left:
                piece = data[: self._left]
                data = data[len(piece) :]
                self._add(piece)
                if self._left:
                    break
            line, found, after = data.partition(b"\r\n")
            if not found:
                if len(data) > MAX_HEAD:
                    raise NotHttp("a chunk whose head does not end")
                break
            data = after
            if self._trailer:
                self.done = not line
            else:
                self._begin(line)
        return data

    def _begin(self, line: bytes) -> None:
        size = _CHUNK.fullmatch(line)
        if size is None:
            raise NotHttp(f"not a chunk's size: {line[:20]!r}")
        length = int(size[1], 16)
        self._size += length
        if self._size > MAX_BODY:
            raise NotHttp(f"an answer of more than {MAX_BODY} bytes")
        self._trailer = length == 0
        self._left = length + 2 if length else 0

    def _add(self, piece: bytes) -> None:
        end = self._left - 2  # where the chunk's line break begins
        self._pieces.append(piece[: max(0, end)])
        line_break = piece[max(0, end) :]
        if line_break != b"\r\n"[max(0, -end) :][: len(line_break)]:
            raise NotHttp(f"a chunk that is longer than it said: {line_break!r}")
        self._left -= len(piece)


def _read_head(text: bytes) -> _Head:
    line, *lines = text.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(line)
    if status is None:
        raise NotHttp(f"not an HTTP/1.1 answer: {line[:20]!r}")
    keep, length, chunked = status[1] == b"1", None, False
    for each in lines:
        name, colon, value = each.partition(b":")
        if not colon or not name or name.translate(None, _TOKEN) or b"\r" in value or b"\n" in value:
            raise NotHttp(f"not a header: {each[:40]!r}")
        name = name.lower()
        if name == b"content-length":
            length = _read_length(value.strip(_BLANK), length)
        elif name == b"transfer-encoding":
            if value.strip(_BLANK).lower() != b"chunked":
                raise NotHttp(f"an encoding that nobody asked for: {value[:40]!r}")
            chunked = True
        elif name == b"connection":
            options = {option.strip(_BLANK) for option in value.lower().split(b",")}
            keep = b"close" not in options and (keep or b"keep-alive" in options)
    if chunked and length is not None:  # two ways to find the end: request smuggling, or a fault
        raise NotHttp("Content-Length and Transfer-Encoding in one answer")
    number = int(status[2])
    bodiless = number < 200 or number in (204, 304)
    return _Head(number, keep, 0 if bodiless else length, chunked and not bodiless)


def _read_length(value: bytes, before: int | None) -> int:
    if not _LENGTH.fullmatch(value) or before not in (None, int(value)) or int(value) > MAX_BODY:
        raise NotHttp(f"not a Content-Length: {value[:40]!r}")
    return int(value)
