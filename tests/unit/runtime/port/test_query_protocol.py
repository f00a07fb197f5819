"""AWS's query protocol: forms as nested values, answers as XML."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.port.query_protocol import answer, read_form, refusal

NAMESPACE = "http://example.com/doc/"


def test_lists_of_objects_are_read_in_the_order_of_their_numbers() -> None:
    """``Parameters.member.N.Key`` is a list of objects, whatever the order on the wire."""
    body = b"Action=A&P.member.2.Key=b&P.member.1.Key=a&P.member.1.Value=&P.member.10.Key=c&Names.member.1=x"
    assert read_form(body) == {
        "Action": "A",
        "P": [{"Key": "a", "Value": ""}, {"Key": "b"}, {"Key": "c"}],
        "Names": ["x"],
    }


@pytest.mark.parametrize("body", [b"A=1&A.b=2", b"A.b=2&A=1"])
def test_a_name_that_is_both_is_refused(body: bytes) -> None:
    """A value cannot hold another."""
    with pytest.raises(AwsError, match="MalformedInput"):
        read_form(body)


def test_numbers_beyond_reason_make_no_lists() -> None:
    """A member with a number of a million is nobody's."""
    assert read_form(b"P.member.1000000=x&P.member.1=a") == {"P": ["a"]}


def test_an_answer_has_the_shape_that_sdks_read() -> None:
    """Lists have members, truth values and times their own form, text is escaped, None is left out."""
    result = {
        "Names": ["a", "b<c"],
        "Is": True,
        "At": datetime(2026, 11, 26, tzinfo=UTC),
        "None": None,
        "In": {"N": 1},
        "Bell": "\x07",
    }
    told = answer("Do", result, namespace=NAMESPACE, request_id="r-1")
    assert (told.status, told.headers["x-amzn-RequestId"]) == (200, "r-1")
    assert told.body.decode() == (
        '<DoResponse xmlns="http://example.com/doc/"><DoResult><Names><member>a</member><member>b&lt;c</member></Names>'
        "<Is>true</Is><At>2026-11-26T00:00:00.000Z</At><In><N>1</N></In><Bell>?</Bell></DoResult>"
        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DoResponse>"
    )


@pytest.mark.parametrize(("status", "kind"), [(400, "Sender"), (500, "Receiver")])
def test_an_error_says_whose_it_is(status: int, kind: str) -> None:
    """Errors of the caller's are the sender's, ours the receiver's."""
    told = refusal(AwsError("Code", "a & b", status), namespace=NAMESPACE, request_id="r-1")
    assert told.status == status
    assert f"<Error><Type>{kind}</Type><Code>Code</Code><Message>a &amp; b</Message></Error>" in told.body.decode()
