"""What came back for a request."""

from __future__ import annotations

import json

import pytest

from livebus.aws import advice
from livebus.publish.answer import (
    ALL_ACCEPTED,
    HOPELESS,
    NOT_PUT_EVENTS,
    NOT_SENT,
    PutEventsAnswer,
    Result,
    failed,
    read_answer,
)

IDS = [{"EventId": "1"}, {"EventId": "2"}]


def body(failed: int, entries: list[dict[str, str]], space: bool = False) -> bytes:
    separators = None if space else (",", ":")
    return json.dumps({"FailedEntryCount": failed, "Entries": entries}, separators=separators).encode()


@pytest.mark.parametrize("space", [False, True])
def test_all_accepted(space: bool) -> None:
    """In AWS's own spelling without reading it all; ids only where they are asked for."""
    results = [Result("1"), Result("2")]
    assert read_answer(200, body(0, IDS, space), 2, ids=True) == PutEventsAnswer(None, results)
    assert read_answer(200, body(0, IDS, space), 2) == (PutEventsAnswer(None, results) if space else ALL_ACCEPTED)


def test_failed_entries_keep_their_places() -> None:
    """Whatever FailedEntryCount says: an entry without an id has not been accepted."""
    entries = [{"EventId": "1"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "x"}, {}]
    expected = [Result("1"), Result("", "InternalFailure", "x"), Result("", "NoEventId", "")]
    assert read_answer(200, body(2, entries), 3) == PutEventsAnswer(None, expected)
    assert read_answer(200, body(0, entries), 3) == PutEventsAnswer(None, expected)


@pytest.mark.parametrize("wrong", [b"", b"{}", b"<html>", b"[]", body(0, IDS[:1]), b'{"Entries":null}'])
def test_an_answer_that_is_not_put_events_is_told(wrong: bytes) -> None:
    """An endpoint that answers something else can do no better at the next attempt."""
    answer = read_answer(200, wrong, 2)
    assert answer.error is not None
    assert answer.error.error_code == NOT_PUT_EVENTS
    assert "results came back for 2 entries" in answer.error.error_message


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (400, {"__type": "ThrottlingException", "message": "Rate exceeded"}, ("ThrottlingException", "Rate exceeded")),
        (
            400,
            {"__type": "com.amazon.coral#ExpiredTokenException:http://x", "Message": "m"},
            ("ExpiredTokenException", "m"),
        ),
        (500, {"__type": "InternalException"}, ("InternalException", "")),
        (503, None, ("InternalFailure", "HTTP 503: the answer has no error in it")),
        (429, {"__type": "Slow", "message": "down"}, ("ThrottlingException", "Slow: down")),
        (404, [], ("HTTP 404", "the answer has no error in it")),
    ],
)
def test_errors_of_the_whole_request(status: int, text: object, expected: tuple[str, str]) -> None:
    """The code without its namespace; what the status alone says will pass, with a code that says so."""
    content = b"<html>" if text is None else json.dumps(text).encode()
    assert read_answer(status, content, 1) == PutEventsAnswer(Result("", *expected))


def test_what_is_hopeless_has_advice() -> None:
    """Each code that ends a run comes with the next step."""
    assert {NOT_PUT_EVENTS, NOT_SENT, *advice.BY_CODE} == HOPELESS
    assert str(advice.refused("ExpiredTokenException", "old", "publish")).startswith("cannot publish: ExpiredToken")
    assert str(advice.refused(NOT_SENT, "no credentials", "publish")) == "cannot publish: no credentials"


def test_a_request_that_failed_has_no_id() -> None:
    """Its code and its message."""
    assert failed("Code", "message") == PutEventsAnswer(Result("", "Code", "message"))


@pytest.mark.parametrize("given", ["aws.events#v1#Code", "Code:http://a:80/", "ns#Code:x:y", "Code"])
def test_a_code_may_have_a_namespace_and_a_url(given: str) -> None:
    """Before the last sharp, and behind the first colon."""
    answer = read_answer(400, json.dumps({"__type": given, "message": "m"}).encode(), 1)
    assert answer.error == Result("", "Code", "m")
