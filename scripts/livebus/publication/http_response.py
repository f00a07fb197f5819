"""
HTTP/1.1 answers, as their bytes come: one after the other on a connection that is kept.

In: received bytes, in pieces of any size. Out: :class:`Response` objects. Bodies by Content-Length, chunked, or up to the
connection's end; interim answers (100 Continue) are passed over. Both engines read with it: what the standard library
and aiohttp have for this costs more to import than a single event takes, and the tests hold it against aiohttp's.
https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_HEAD = 65_536
MAX_BODY = 16_777_216

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?")


class NotHttp(ValueError):
    """What came is not an HTTP/1.1 answer; the connection is of no more use."""


class Response(NamedTuple):
    """One answer. ``keep`` tells whether the connection takes another request."""

    status: int
    body: bytes
    keep: bool


class ResponseReader:
    """Reads the answers of one connection to POST requests."""

    def __init__(self) -> None:
        self._buffer = b""
        self._status = 0  # of the answer whose body is being read; 0 between answers
        self._keep = True
        self._length = -1  # bytes of the body still to come; -1 where the connection's end is the body's
        self._chunked = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._trailer = False

    @property
    def is_between(self) -> bool:
        """Whether no answer has begun: a connection that ends here loses nothing."""
        return not self._status and not self._buffer

    def feed(self, data: bytes) -> Response | None:
        """
        Take received bytes; the answer, where it is complete.

        Only one request is in flight on a connection, so that bytes after an answer are a fault. Raises NotHttp.
        """
        self._buffer = self._buffer + data if self._buffer else data
        while True:
            if not self._status and not self._read_head():
                return None
            if self._status >= 200:
                break
            self._status = 0  # interim: another head follows
        return self._read_body()

    def end(self) -> Response | None:
        """The connection has ended: an answer that lasted until then, or None. Raises NotHttp in mid-answer."""
        if self._status and self._length < 0 and not self._chunked:
            self._pieces.append(self._buffer)
            self._buffer = b""
            return self._complete()
        if not self.is_between:
            raise NotHttp("the connection was closed in the middle of an answer")
        return None

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                raise NotHttp(f"the head is longer than {MAX_HEAD} bytes")
            if not b"HTTP/1."[: len(self._buffer)] == self._buffer[:7]:
                raise NotHttp(f"not an HTTP/1.1 answer: {self._buffer[:20]!r}")
            return False
        lines = self._buffer[:end].split(b"\r\n")
        self._buffer = self._buffer[end + 4 :]
        status = _STATUS_LINE.fullmatch(lines[0])
        if status is None:
            raise NotHttp(f"not an HTTP/1.1 answer: {lines[0][:20]!r}")
        self._status = int(status[2])
        self._keep, self._length, self._chunked = status[1] == b"1", -1, False
        for line in lines[1:]:
            header = _HEADER.fullmatch(line)
            if header is None:
                raise NotHttp(f"not a header: {line[:40]!r}")
            name = header[1].lower()
            if name == b"content-length":
                self._read_length(header[2])
            elif name == b"transfer-encoding":
                if header[2].lower() != b"chunked":
                    raise NotHttp(f"an encoding that nobody asked for: {header[2][:40]!r}")
                self._chunked = True
            elif name == b"connection":
                options = {option.strip() for option in header[2].lower().split(b",")}
                self._keep = b"close" not in options and (self._keep or b"keep-alive" in options)
        if self._chunked:
            if self._length >= 0:  # two ways to find the end: somebody's request smuggling, or a fault
                raise NotHttp("Content-Length and Transfer-Encoding in one answer")
        elif self._status in (204, 304) or self._status < 200:
            self._length = 0
        return True

    def _read_length(self, value: bytes) -> None:
        if not _LENGTH.fullmatch(value) or self._length not in (-1, int(value)):
            raise NotHttp(f"not a Content-Length: {value[:40]!r}")
        self._length = int(value)
        if self._length > MAX_BODY:
            raise NotHttp(f"an answer of {self._length} bytes")

    def _read_body(self) -> Response | None:
        if self._chunked:
            return self._read_chunks()
        buffer, length = self._buffer, self._length
        if length < 0:
            self._keep_piece(buffer)
            self._buffer = b""
            return None
        if len(buffer) < length:
            return None
        self._pieces.append(buffer[:length])
        self._buffer = buffer[length:]
        return self._complete()

    def _read_chunks(self) -> Response | None:
        while True:
            if self._length > 0:
                piece = self._buffer[: self._length]
                self._keep_piece(piece)
                self._length -= len(piece)
                self._buffer = self._buffer[len(piece) :]
                if self._length:
                    return None
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise NotHttp("a chunk's head does not end")
                return None
            line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
            if self._trailer:
                if not line:
                    self._trailer = False
                    return self._complete()
            elif self._length == 0:  # the line break behind a chunk
                if line:
                    raise NotHttp(f"a chunk that is longer than it said: {line[:20]!r}")
                self._length = -1
            else:
                size = _CHUNK.fullmatch(line)
                if size is None:
                    raise NotHttp(f"not a chunk's size: {line[:20]!r}")
                self._length = int(size[1], 16)
                if self._length == 0:
                    self._trailer, self._length = True, -1

    def _keep_piece(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise NotHttp(f"an answer of more than {MAX_BODY} bytes")
        self._pieces.append(piece)

    def _complete(self) -> Response:
        if self._buffer:
            raise NotHttp(f"bytes that nobody asked for behind an answer: {self._buffer[:20]!r}")
        pieces = self._pieces
        response = Response(self._status, pieces[0] if len(pieces) == 1 else b"".join(pieces), self._keep)
        self._status, self._size, self._pieces = 0, 0, []
        return response
