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


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b"P.member.1000=last&P.member.1001=beyond&P.member.0=first", {"P": ["first", "last"]}),
        (b"P.member.01=x&P.member.1=a&P.member.x=b", {"P": ["a"]}),
        (b"P.member.1=a&P.other=b", {"P": {"member": {"1": "a"}, "other": "b"}}),
        (b"P.member=a", {"P": {"member": "a"}}),
        (b"P.entry.member.1=a", {"P": {"entry": ["a"]}}),
        (b"P.member.1.Q.member.1=a", {"P": [{"Q": ["a"]}]}),
        (b"A=1&A=2&=3", {"A": "2", "": "3"}),
        (b"A=%ff", {"A": "\ufffd"}),
        (b"A=\xff", {"A": "\ufffd"}),
        (b"", {}),
    ],
)
def test_lists_are_what_has_members_alone(body: bytes, read: object) -> None:
    """Numbers from 0 to 1000, written as digits without a zero before them, and nothing beside ``member``."""
    assert read_form(body) == read


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"A=1&A.b.c=2", "A.b.c is a value and holds one."),
        (b"A.b.c=2&A.b=1", "A.b is a value and holds one."),
        (b".".join([b"a"] * 33) + b"=1", "A name of the form has more than 32 parts."),
        (b"&".join([b"a=1"] * 20_001), "The form has more than 20000 members."),
    ],
)
def test_a_form_beyond_reason_is_refused(body: bytes, message: str) -> None:
    """Names and members are counted: what is refused says why."""
    with pytest.raises(AwsError) as refused:
        read_form(body)
    assert (refused.value.error_type, refused.value.status, refused.value.message) == ("MalformedInput", 400, message)


def test_a_form_may_be_as_large_as_that() -> None:
    """32 parts of a name, 20,000 members: the last that are taken."""
    assert read_form(b".".join([b"a"] * 32) + b"=1") != {}
    assert read_form(b"&".join([b"a=1"] * 20_000)) == {"a": "1"}


def test_an_answer_may_have_no_result() -> None:
    """Actions that tell nothing have no element for it; one that has nothing to tell has an empty one."""
    metadata = "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
    silent = answer("Do", None, namespace=NAMESPACE, request_id="r-1").body.decode()
    empty = answer("Do", {}, namespace=NAMESPACE, request_id="r-1").body.decode()
    assert silent == f'<DoResponse xmlns="{NAMESPACE}">{metadata}</DoResponse>'
    assert empty == f'<DoResponse xmlns="{NAMESPACE}"><DoResult></DoResult>{metadata}</DoResponse>'


def test_values_have_their_forms() -> None:
    """False, tuples, lists of objects; milliseconds of a time that has more; quotes are text as well."""
    result = {
        "Is": False,
        "T": ("a", 1),
        "L": [{"N": 1}],
        "At": datetime(2026, 1, 2, 3, 4, 5, 678_999, UTC),
        "Q": "\"'",
    }
    told = answer("Do", result, namespace=NAMESPACE, request_id="r-1").body.decode()
    assert told.partition("<DoResult>")[2].partition("</DoResult>")[0] == (
        "<Is>false</Is><T><member>a</member><member>1</member></T><L><member><N>1</N></member></L>"
        "<At>2026-01-02T03:04:05.678Z</At><Q>&quot;&#x27;</Q>"
    )


def test_an_error_is_xml_with_its_requests_id() -> None:
    """The whole of it, in the service's namespace."""
    told = refusal(AwsError("Code", "text", 499), namespace=NAMESPACE, request_id="r-1")
    assert told.headers == {"Content-Type": "text/xml", "x-amzn-RequestId": "r-1"}
    assert told.body.decode() == (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>Code</Code><Message>text</Message></Error>'
        "<RequestId>r-1</RequestId></ErrorResponse>"
    )
