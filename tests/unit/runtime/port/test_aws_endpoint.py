"""The AWS endpoint: dispatch, and the shapes of answers and refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.port import refusals
from livebus.runtime.port.aws_endpoint import AwsEndpoint


class Service:
    """Answers with what it was asked, or fails as its action says."""

    def call(self, action: str, body: Mapping[str, Any]) -> Any:
        if action == "Refuse":
            raise AwsError("Refused", "no", 403, query_code="Old.Code")
        if action == "Break":
            raise LivebusError("the disk is full")
        answer = {"action": action, "body": dict(body)}
        return self._later(answer) if action == "Later" else answer

    async def _later(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer


def called(target: str, body: bytes = b"{}", **headers: str) -> HttpAnswer:
    endpoint = AwsEndpoint({"Service": Service()}, {}, None, lambda: "request-1")
    given = {"X-Amz-Target": target, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return asyncio.run(endpoint.call(given, body))


@pytest.mark.parametrize("action", ["Act", "Later"])
def test_the_action_is_called(action: str) -> None:
    """An answer may come at once or take its time."""
    answer = called(f"Service.{action}", b'{"a": 1}')
    assert (answer.status, json.loads(answer.body)) == (200, {"action": action, "body": {"a": 1}})
    assert answer.headers["x-amzn-RequestId"] == "request-1"


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("application/x-amz-json-1.0", "application/x-amz-json-1.0"),
        ("application/x-amz-json-1.1; charset=utf-8", "application/x-amz-json-1.1"),
        ("text/plain", "application/x-amz-json-1.1"),
        ("\udcff", "application/x-amz-json-1.1"),
    ],
)
def test_the_answer_has_the_requests_json_version(given: str, answered: str) -> None:
    """JSON 1.0 and 1.1 are answered as such; nothing else of the header is repeated."""
    assert called("Service.Act", Content_Type=given).headers["Content-Type"] == answered


def test_a_refusal_has_its_type_in_body_and_header() -> None:
    """SDKs read the type from either; the query protocol's code goes with it."""
    answer = called("Service.Refuse")
    assert (answer.status, json.loads(answer.body)) == (403, {"__type": "Refused", "message": "no"})
    assert answer.headers["x-amzn-errortype"] == "Refused"
    assert answer.headers["x-amzn-query-error"] == "Old.Code;Sender"


def test_a_fault_of_the_runtimes_files_is_an_internal_failure() -> None:
    """What a service cannot write is AWS's 500, which SDKs try again."""
    answer = called("Service.Break")
    assert (answer.status, json.loads(answer.body)["__type"]) == (500, "InternalFailure")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """What is no JSON object is SerializationException."""
    assert json.loads(called("Service.Act", body).body)["__type"] == "SerializationException"


def test_an_empty_body_is_an_empty_object() -> None:
    """Calls without parameters may send nothing."""
    assert json.loads(called("Service.Act", b"").body)["body"] == {}


def test_an_unknown_target_is_named() -> None:
    """Services that are not there are refused by their names."""
    answer = json.loads(called("Other_2012.Act").body)
    assert answer["message"] == "Other_2012.Act is not emulated by the local runtime."


def test_a_form_is_answered_in_xml() -> None:
    """Without a target it is the query protocol; the action is named, and markup in it is text."""
    answer = called("", b"Action=List%3C%26%3E%00&Version=1")
    root = ET.fromstring(answer.body)
    assert (answer.status, root.findtext(".//Code")) == (400, "InvalidAction")
    assert root.findtext(".//Message") == "List<&>? is not emulated by the local runtime."


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
