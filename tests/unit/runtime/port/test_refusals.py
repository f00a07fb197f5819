"""Refusals: who a request is signed for, and "not emulated" in the shape of each protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.etree import ElementTree as ET

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.port import refusals


def scope(service: str) -> dict[str, str]:
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, SignedHeaders=h"
    }


@pytest.mark.parametrize(
    ("header", "service"),
    [
        (scope("s3")["Authorization"], "s3"),
        ("AWS4-ECDSA-P256-SHA256 Credential=k/20260101/us-east-1/events/aws4_request", "events"),
        ("Bearer x", ""),
        ("AWS4-HMAC-SHA256 Credential=k", ""),
        ("AWS4-HMAC-SHA256 Credential=k/20260101/r/<script>/aws4_request", ""),
        ("", ""),
    ],
)
def test_the_signature_says_which_service_is_called(header: str, service: str) -> None:
    """The credential scope names it; anything else names none."""
    assert refusals.signed_service({"Authorization": header}) == service


def test_an_unsigned_path_is_no_aws_call() -> None:
    """A browser's GET is answered by somebody else."""
    assert refusals.of_path("GET", "/favicon.ico", {}, "r") is None


@pytest.mark.parametrize(
    ("service", "path"), [("s3", "Error"), ("ec2", "Response/Errors/Error"), ("route53", "ErrorResponse/Error")]
)
def test_each_xml_protocol_has_its_root(service: str, path: str) -> None:
    """S3 and EC2 wrap an error in their own ways; all others as the query protocol does."""
    answer = (
        refusals.of_path("GET", "/x", scope(service), "r")
        if service != "ec2"
        else refusals.of_query(b"Action=A", "ec2", "r")
    )
    assert answer is not None
    root = ET.fromstring(answer.body)
    first, _, rest = path.partition("/")
    assert root.tag == first
    assert (root.find(rest) if rest else root).findtext("Message", "").endswith("is not emulated by the local runtime.")  # type: ignore[union-attr]


def test_cbor_is_answered_in_cbor() -> None:
    """The newest protocol's errors are a map of two texts."""
    answer = refusals.of_path("POST", "/service/X/operation/Y", {**scope("x"), "smithy-protocol": "rpc-v2-cbor"}, "r")
    assert answer is not None
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert answer.body.startswith(b"\xa2\x79\x00\x06__type\x79\x00\x19UnknownOperationException\x79\x00\x07message\x79")


@pytest.mark.parametrize("service", ["", "-".join("x" * 33), "Events", "events/"])
def test_a_service_has_a_name(service: str) -> None:
    """Up to 64 small letters, digits and hyphens; anything else is no name of AWS's, and is not repeated."""
    assert refusals.signed_service(scope(service)) == ""
    assert refusals.signed_service(scope("-".join("x" * 32))) == "-".join("x" * 32)


def signed_for(region: str) -> dict[str, str]:
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=k/20260101/{region}/sts/aws4_request, SignedHeaders=h"}


def test_another_regions_signature_is_refused() -> None:
    """In AWS's words, with what to do; a region is told to its 128th character."""
    refusals.check_region(signed_for("eu-west-1"), "eu-west-1")
    with pytest.raises(AwsError) as refused:
        refusals.check_region(signed_for("x" * 200), "eu-west-1")
    assert (refused.value.error_type, refused.value.status) == ("SignatureDoesNotMatch", 403)
    assert refused.value.message == (
        f"Credential should be scoped to a valid region, not '{'x' * 128}'. The local runtime is eu-west-1: pass --region "
        "eu-west-1, or start it with another --region."
    )


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
def test_what_is_not_signed_is_for_every_region(headers: Mapping[str, str]) -> None:
    """STS answers requests without a signature as well (AssumeRoleWithWebIdentity)."""
    refusals.check_region(headers, "eu-west-1")


@pytest.mark.parametrize(
    ("body", "service", "code", "message"),
    [
        (b"Action=Act&Action=Other", "sns", "InvalidAction", "sns:Act is not emulated by the local runtime."),
        (b"Version=1&Action=Act", "", "InvalidAction", "Act is not emulated by the local runtime."),
        (b"Action=%ff\xff", "", "InvalidAction", "\ufffd\ufffd is not emulated by the local runtime."),
        (b"Action=" + b"x" * 200, "", "InvalidAction", f"{'x' * 128} is not emulated by the local runtime."),
        (b"Action=" + b"x" * 200, "iam", "InvalidAction", f"iam:{'x' * 128} is not emulated by the local runtime."),
        (b"Version=1", "sns", "MissingAction", "Neither an X-Amz-Target header nor an Action: this is no AWS call."),
        (b"", "", "MissingAction", "Neither an X-Amz-Target header nor an Action: this is no AWS call."),
    ],
)
def test_a_form_is_refused_by_its_action(body: bytes, service: str, code: str, message: str) -> None:
    """The action is named with its service, to its 128th character; a form without one is no call."""
    answer = refusals.of_query(body, service, "r-1")
    assert (answer.status, answer.headers) == (400, {"Content-Type": "text/xml", "x-amzn-RequestId": "r-1"})
    assert answer.body.decode() == (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>r-1</RequestId></ErrorResponse>"
    )


@pytest.mark.parametrize(
    ("service", "xml"),
    [
        ("s3", "<Error>{}<RequestId>r-1</RequestId></Error>"),
        ("route53", "<ErrorResponse><Error><Type>Sender</Type>{}</Error><RequestId>r-1</RequestId></ErrorResponse>"),
        ("cloudfront", "<ErrorResponse><Error><Type>Sender</Type>{}</Error><RequestId>r-1</RequestId></ErrorResponse>"),
        (
            "s3-outposts",
            "<ErrorResponse><Error><Type>Sender</Type>{}</Error><RequestId>r-1</RequestId></ErrorResponse>",
        ),
    ],
)
def test_services_of_rest_xml_answer_in_xml(service: str, xml: str) -> None:
    """HTTP's 501, on which SDKs do not try again; the path to its 128th character, as text."""
    answer = refusals.of_path("GET", '/<\x00"' + "x" * 200, scope(service), "r-1")
    assert answer is not None
    assert (answer.status, answer.headers) == (501, {"Content-Type": "text/xml", "x-amzn-RequestId": "r-1"})
    message = f'{service} (GET /&lt;?"{"x" * 124}) is not emulated by the local runtime.'
    assert answer.body.decode() == xml.format(f"<Code>NotImplemented</Code><Message>{message}</Message>")


def test_ec2_has_a_shape_of_its_own() -> None:
    """Errors in a Response, and RequestID with a large D."""
    assert refusals.of_query(b"Action=A", "ec2", "r-1").body.decode() == (
        "<Response><Errors><Error><Code>InvalidAction</Code><Message>ec2:A is not emulated by the local runtime.</Message>"
        "</Error></Errors><RequestID>r-1</RequestID></Response>"
    )


def test_services_of_rest_json_answer_in_json() -> None:
    """SDKs read the error's type from the body or from a header."""
    answer = refusals.of_path("PUT", "/v1/x", scope("kafka"), "r-1")
    assert answer is not None
    assert (answer.status, answer.headers) == (
        501,
        {
            "Content-Type": "application/json",
            "x-amzn-errortype": "UnknownOperationException",
            "x-amzn-RequestId": "r-1",
        },
    )
    assert json.loads(answer.body) == {
        "__type": "UnknownOperationException",
        "message": "kafka (PUT /v1/x) is not emulated by the local runtime.",
    }


def test_cbor_has_the_length_of_each_text() -> None:
    """Two bytes of it (RFC 8949, 3.1), for a message of more than 255 bytes as well: é has two."""
    answer = refusals.of_path("POST", "/" + "é" * 127, {**scope("x"), "smithy-protocol": "rpc-v2-cbor"}, "r-1")
    assert answer is not None
    message = f"x (POST /{'é' * 127}) is not emulated by the local runtime.".encode()
    assert (answer.status, answer.headers["Content-Type"]) == (501, "application/cbor")
    assert answer.body.endswith(b"message\x79" + len(message).to_bytes(2, "big") + message)
    assert len(message) > 255
