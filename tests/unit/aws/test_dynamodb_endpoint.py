"""Answers of DynamoDB at another endpoint."""

from __future__ import annotations

import io
from itertools import count
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from livebus.aws.dynamodb_endpoint import _body, _read
from livebus.dynamodb.errors import DynamoDBError
from livebus.errors import Unreachable


def test_an_answer_is_its_members() -> None:
    assert _read("http://there", 200, b'{"Item": {"id": {"S": "a"}}}') == {"Item": {"id": {"S": "a"}}}


@pytest.mark.parametrize(
    "body",
    [
        b'{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no", "Item": {}}',
        b'{"__type": "ConditionalCheckFailedException", "Message": "no", "Item": {}}',
    ],
    ids=["AWS", "others"],
)
def test_an_error_has_its_code_without_a_namespace(body: bytes) -> None:
    with pytest.raises(DynamoDBError) as raised:
        _read("http://there", 400, body)

    error = raised.value
    assert (error.code, error.message, error.members) == ("ConditionalCheckFailedException", "no", {"Item": {}})


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>", "http://there answers 200 with what is no JSON object"),
        (307, b"{}", "http://there answers 307, and leads elsewhere: that is not followed"),
        (404, b"[]", "http://there answers 404 with what is no JSON object"),
        (503, b"{}", "DynamoDB at http://there answers 503, HTTP 503: HTTP 503"),
    ],
)
def test_what_is_no_answer_is_told(status: int, body: bytes, words: str) -> None:
    with pytest.raises(Unreachable, match=words):
        _read("http://there", status, body)


def response(body: Any, length: int | None = None) -> HTTPResponse:
    headers = {} if length is None else {"Content-Length": str(length)}
    return HTTPResponse(body, headers=headers, preload_content=False, decode_content=False)


class Endless(io.RawIOBase):
    """A body that has no end."""

    def read1(self, size: int) -> bytes:
        return b"x" * size


class Broken(io.RawIOBase):
    """A body whose connection breaks."""

    def read1(self, size: int) -> bytes:
        raise ProtocolError(size)


def test_a_body_is_read_to_its_end() -> None:
    assert _body("http://there", response(io.BufferedReader(io.BytesIO(b"{}")))) == b"{}"


def test_a_body_without_an_end_is_not_kept() -> None:
    """No more of it is read than an answer may have."""
    with pytest.raises(Unreachable, match="answers with more than 67108864 bytes"):
        _body("http://there", response(Endless()), lambda: 0.0)


def test_a_body_that_drips() -> None:
    """Bytes that each come in time hold a thread no longer than the whole answer may take."""
    with pytest.raises(Unreachable, match="takes longer than 30 seconds for one answer"):
        _body("http://there", response(Endless()), map(float, count(0, 20)).__next__)


@pytest.mark.parametrize(
    "raw",
    [response(io.BufferedReader(io.BytesIO(b"{}")), 100), response(Broken())],
    ids=["short", "broken"],
)
def test_a_body_that_breaks_off(raw: HTTPResponse) -> None:
    """Is no answer, though what has come may look like one."""
    with pytest.raises(Unreachable, match="breaks off its answer: ProtocolError"):
        _body("http://there", raw)
