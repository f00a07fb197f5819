"""Answers of DynamoDB at another endpoint."""

from __future__ import annotations

import pytest

from livebus.aws.dynamodb_endpoint import _read
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
        (404, b"[]", "http://there answers 404 with what is no JSON object"),
        (503, b"{}", "DynamoDB at http://there answers 503, HTTP 503: HTTP 503"),
    ],
)
def test_what_is_no_answer_is_told(status: int, body: bytes, words: str) -> None:
    with pytest.raises(Unreachable, match=words):
        _read("http://there", status, body)
