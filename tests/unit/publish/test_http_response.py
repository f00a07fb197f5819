"""HTTP/1.1 answers in pieces of any size, held against aiohttp's parser."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpResponseParser
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.publish.http_response import MAX_BODY, NotHttp, Response, ResponseReader

OK = b"HTTP/1.1 200 OK\r\nContent-Type: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n"


def read(*pieces: bytes) -> list[Response | None]:
    reader = ResponseReader()
    return [reader.feed(piece) for piece in pieces]


@pytest.mark.parametrize("answer", [OK, CHUNKED], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_an_answer_may_come_in_pieces(answer: bytes, size: int) -> None:
    """It is complete with its last byte, and not before; the next one can follow."""
    reader = ResponseReader()
    for _ in range(3):
        pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
        results = [reader.feed(piece) for piece in pieces]
        assert results == [None] * (len(pieces) - 1) + [Response(200, b"hello", keep=True)]
        assert reader.is_between


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        ("HTTP/1.1 200 OK\r\nConnection: close", False),
        ("HTTP/1.1 200 OK\r\nCONNECTION: Keep-Alive, Close", False),
        ("HTTP/1.0 200 OK", False),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive", True),
        ("HTTP/1.1 200", True),
    ],
)
def test_who_closes_the_connection(head: str, keep: bool) -> None:
    """By version and Connection header."""
    assert read(f"{head}\r\nContent-Length: 0\r\n\r\n".encode()) == [Response(200, b"", keep)]


def test_an_interim_answer_is_passed_over() -> None:
    """100 Continue, which nobody has asked for, and then the answer."""
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n", OK) == [None, Response(200, b"hello", keep=True)]


def test_a_body_without_a_length_lasts_until_the_end() -> None:
    """The connection's end is the body's."""
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 503 Busy\r\n\r\n<html>") is None
    assert reader.feed(b"busy") is None
    response = reader.end()
    assert response is not None
    assert (response.status, response.body) == (503, b"<html>busy")


def test_an_end_between_answers_loses_nothing() -> None:
    """A server may close what is idle."""
    reader = ResponseReader()
    reader.feed(OK)
    assert reader.end() is None


@pytest.mark.parametrize("begun", [b"HTTP", OK[:20], OK[:-1], CHUNKED[:-1]])
def test_an_end_in_an_answer_is_a_fault(begun: bytes) -> None:
    """Half of an answer is none."""
    reader = ResponseReader()
    reader.feed(begun)
    with pytest.raises(NotHttp, match="closed in the middle of an answer"):
        reader.end()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "not an HTTP/1.1 answer"),
        (b"HTTP/2 200\r\n\r\n", "not an HTTP/1.1 answer"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "not a header: b'no header'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not a Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "not a Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), "not a Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "an encoding that nobody asked for"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "in one answer"),
        (OK + b"x", "bytes that nobody asked for behind an answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not a chunk's size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "longer than it said"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", "an answer of more than"),
        (b"HTTP/1.1 " + b"x" * 70_000, "not an HTTP/1.1 answer"),
    ],
)
def test_what_is_no_answer_is_a_fault(wrong: bytes, message: str) -> None:
    """The connection is of no more use then."""
    with pytest.raises(NotHttp, match=re.escape(message)):
        read(wrong)


async def by_aiohttp(answer: bytes) -> tuple[int, bytes, bool]:
    loop = asyncio.get_running_loop()
    parser: Any = HttpResponseParser(BaseProtocol(loop), loop, 2**16)
    ((message, payload),), _, _ = parser.feed_data(answer)
    return message.code, await payload.read(), not message.should_close


@settings(max_examples=150, deadline=None)
@given(
    st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    st.lists(st.binary(min_size=1, max_size=40), max_size=5),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_it_reads_what_aiohttp_reads(
    status: int, chunks: list[bytes], chunked: bool, closing: bool, cuts: list[int]
) -> None:
    """Status, body and whether the connection is kept, however the bytes are cut."""
    body = b"".join(chunks)
    head = f"HTTP/1.1 {status} Some thing\r\nX-Amzn-RequestId: 1-2\r\n{'Connection: close' if closing else 'A: b'}\r\n"
    if chunked:
        coded = b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        answer = head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"
    else:
        answer = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
    reader, rest, response = ResponseReader(), answer, None
    while rest:
        cut = cuts[len(rest) % len(cuts)]
        assert response is None
        response = reader.feed(rest[:cut])
        rest = rest[cut:]
    assert response == Response(*asyncio.run(by_aiohttp(answer)))
