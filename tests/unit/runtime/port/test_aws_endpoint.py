"""The AWS endpoint: dispatch, and the shapes of answers and refusals."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.port.aws_endpoint import AwsEndpoint, QueryService
from livebus.runtime.s3.service import S3, S3Request


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


@pytest.mark.parametrize(
    ("target", "body"), [("Service.Act", {"action": "Act", "body": {}}), ("Service.A.B", {"action": "A.B", "body": {}})]
)
def test_an_answer_is_json_and_no_more(target: str, body: dict[str, Any]) -> None:
    """The action is what stands after the first dot. Two headers, and no checksum where SDKs look for none."""
    answer = called(target, Content_Type="application/x-amz-json-1.0")
    assert json.loads(answer.body) == body
    assert answer.headers == {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "request-1"}


def test_a_refusal_tells_all_that_the_error_has() -> None:
    """Members beside the message; no query error where the service never spoke that protocol."""

    class Refusing:
        def call(self, action: str, body: Mapping[str, Any]) -> Any:
            raise AwsError("Conflict", "half a character: \udcff", 409, members={"Item": {"a": 1}})

    endpoint = AwsEndpoint({"Refusing": Refusing()}, {}, None, lambda: "request-1")
    answer = asyncio.run(
        endpoint.call({"X-Amz-Target": "Refusing.Act", "Content-Type": "application/x-amz-json-1.0"}, b"{}")
    )
    assert (answer.status, json.loads(answer.body)) == (
        409,
        {"__type": "Conflict", "message": "half a character: ?", "Item": {"a": 1}},
    )
    assert answer.headers == {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-RequestId": "request-1",
        "x-amzn-errortype": "Conflict",
    }


@pytest.mark.parametrize(
    ("target", "body", "error_type", "status", "message"),
    [
        ("Service.Break", b"{}", "InternalFailure", 500, "the disk is full"),
        ("Service.Act", b"{", "SerializationException", 400, "The request body is not valid JSON."),
        ("Service.Act", b"[]", "SerializationException", 400, "The request body is not a JSON object."),
        ("O.Act", b"", "UnknownOperationException", 400, "O.Act is not emulated by the local runtime."),
    ],
)
def test_refusals_say_what_was_wrong(target: str, body: bytes, error_type: str, status: int, message: str) -> None:
    """Type, status and message, in the protocol's version that was asked with."""
    answer = called(target, body, Content_Type="application/x-amz-json-1.0")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (status, error_type)
    assert json.loads(answer.body) == {"__type": error_type, "message": message}
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize("action", ["Act", "Refuse"])
def test_dynamodbs_answers_have_a_checksum(action: str) -> None:
    """Its SDKs compare it with the body, refusals included."""
    endpoint = AwsEndpoint({"DynamoDB_20120810": Service()}, {}, None, lambda: "request-1")
    answer = asyncio.run(endpoint.call({"X-Amz-Target": f"DynamoDB_20120810.{action}"}, b"{}"))
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))


@pytest.mark.parametrize(
    ("headers", "most"),
    [
        ({"X-Amz-Target": "DynamoDB_20120810.BatchWriteItem"}, 24 * 1024 * 1024),
        ({"X-Amz-Target": "AWSEvents.PutEvents"}, 7),
        ({}, 7),
    ],
)
def test_dynamodb_takes_longer_bodies(headers: Mapping[str, str], most: int) -> None:
    """BatchWriteItem has up to 16 MB of items; all others have what the port takes."""
    assert AwsEndpoint.longest_body(headers, 7) == most


class Queries:
    """The action and the form that were asked; an action says how it ends."""

    def call(self, action: str, form: Mapping[str, Any]) -> dict[str, Any] | None:
        if action == "Refuse":
            raise AwsError("Refused", "no", 403)
        if action == "Break":
            raise LivebusError("the disk is full")
        if action == "Bug":
            raise ZeroDivisionError
        return None if action == "Silent" else {"Asked": action, "Name": form.get("Name")}


def signed(service: str, region: str = "eu-west-1") -> dict[str, str]:
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=k/20260101/{region}/{service}/aws4_request, SignedHeaders=h"}


NAMESPACE = "https://example.com/doc/"


def querying(region: str = "") -> AwsEndpoint:
    return AwsEndpoint({}, {"sts": QueryService(Queries().call, NAMESPACE, region)}, None, lambda: "request-1")


@pytest.mark.parametrize(
    ("body", "xml"),
    [
        (b"Action=Act&Name=n", "<ActResult><Asked>Act</Asked><Name>n</Name></ActResult>"),
        (b"Action=Silent", ""),
    ],
)
def test_a_form_is_answered_by_the_service_that_it_is_signed_for(body: bytes, xml: str) -> None:
    """In its namespace; an action without a result has no element for it."""
    answer = asyncio.run(querying().call(signed("sts"), body))
    action = "Act" if xml else "Silent"
    assert (answer.status, answer.headers) == (200, {"Content-Type": "text/xml", "x-amzn-RequestId": "request-1"})
    assert answer.body.decode() == (
        f'<{action}Response xmlns="{NAMESPACE}">{xml}<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata>'
        f"</{action}Response>"
    )
    assert querying().query(signed("sts"), body.decode()) == answer


@pytest.mark.parametrize(
    ("action", "status", "kind", "told"),
    [
        ("Refuse", 403, "Sender", ("Refused", "no")),
        ("Break", 500, "Receiver", ("InternalFailure", "the disk is full")),
        ("Bug", 500, "Receiver", ("InternalFailure", "ZeroDivisionError in the local runtime; its log has more")),
    ],
)
def test_a_form_is_refused_in_xml(
    action: str, status: int, kind: str, told: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Of a bug of ours the caller gets its kind, the log the rest."""
    code, message = told
    answer = asyncio.run(querying().call(signed("sts"), f"Action={action}".encode()))
    assert (answer.status, answer.headers["x-amzn-RequestId"]) == (status, "request-1")
    assert answer.body.decode() == (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>'
        "<RequestId>request-1</RequestId></ErrorResponse>"
    )
    logged = [(each.name, each.levelno, each.message) for each in caplog.records]
    assert logged == ([("livebus", logging.ERROR, "unexpected error")] if action == "Bug" else [])


def test_a_form_without_an_action_reaches_its_service() -> None:
    """Which knows how to refuse it."""
    assert b"<Asked></Asked>" in asyncio.run(querying().call(signed("sts"), b"Name=n")).body


def test_services_of_a_region_refuse_other_regions() -> None:
    """CloudFormation's; STS answers for all."""
    there, here = signed("sts", "us-east-1"), signed("sts", "eu-west-1")
    assert asyncio.run(querying("eu-west-1").call(there, b"Action=Act")).status == 403
    assert asyncio.run(querying("eu-west-1").call(here, b"Action=Act")).status == 200
    assert asyncio.run(querying().call(there, b"Action=Act")).status == 200


def test_a_form_for_another_service_is_refused_by_its_name() -> None:
    """That it is signed for."""
    answer = asyncio.run(querying().call(signed("sns"), b"Action=Publish"))
    root = ET.fromstring(answer.body)
    assert root.findtext(".//Message") == "sns:Publish is not emulated by the local runtime."
    assert root.findtext(".//RequestId") == "request-1"


@pytest.mark.parametrize(("headers", "is_query"), [(signed("sts"), True), (signed("sns"), False), ({}, False)])
def test_a_query_is_known_by_its_signature(headers: Mapping[str, str], is_query: bool) -> None:
    """A signed GET may be a call of the query protocol; a browser's never is."""
    assert querying().is_query(headers) is is_query


@pytest.mark.parametrize(
    ("headers", "query", "is_s3"),
    [
        (signed("s3"), "", True),
        ({}, "X-Amz-Credential=k%2F20260101%2Feu-west-1%2Fs3%2Faws4_request", True),
        (signed("sts"), "X-Amz-Credential=k%2F20260101%2Feu-west-1%2Fsts%2Faws4_request", False),
        ({}, "", False),
    ],
)
def test_s3_is_known_by_its_signature(headers: Mapping[str, str], query: str, is_s3: bool) -> None:
    """In the headers, or in the query of a presigned URL; where there is no S3, nothing is S3's."""

    class Answering(S3):
        def __init__(self) -> None:
            pass

        def call(self, request: S3Request) -> HttpAnswer:
            return HttpAnswer(200, {}, request.path.encode())

    with_s3 = AwsEndpoint({}, {}, Answering(), lambda: "request-1")
    assert with_s3.is_s3(headers, query) is is_s3
    assert querying().is_s3(headers, query) is False
    assert with_s3.s3(S3Request("GET", "localhost", "/bucket", "", {}, b"")).body == b"/bucket"


def test_paths_of_appsync_are_asked_first() -> None:
    """What its own API has not, is refused as that of other services; an unsigned request is no AWS call."""
    asked: list[tuple[str, str]] = []

    def appsync(method: str, path: str) -> HttpAnswer | None:
        asked.append((method, path))
        return HttpAnswer(200, {}, b"api") if path == "/v1/apis/a" else None

    endpoint = AwsEndpoint({}, {}, None, lambda: "request-1", appsync)
    known = endpoint.refuse("GET", "/v1/apis/a", signed("appsync"))
    unknown = endpoint.refuse("POST", "/v1/apis", signed("appsync"))
    other = endpoint.refuse("GET", "/v1/apis/a", signed("kafka"))
    assert known == HttpAnswer(200, {}, b"api")
    assert unknown is not None
    assert json.loads(unknown.body)["message"] == "appsync (POST /v1/apis) is not emulated by the local runtime."
    assert unknown.headers["x-amzn-RequestId"] == "request-1"
    assert other is not None
    assert json.loads(other.body)["message"] == "kafka (GET /v1/apis/a) is not emulated by the local runtime."
    assert endpoint.refuse("GET", "/v1/apis/a", {}) is None
    assert asked == [("GET", "/v1/apis/a"), ("POST", "/v1/apis")]
    assert querying().refuse("GET", "/v1/apis/a", signed("appsync")) is not None


def test_a_bug_of_ours_is_an_internal_failure() -> None:
    """500, on which SDKs try again."""
    answer = querying().internal_failure("it broke")
    assert (answer.status, json.loads(answer.body)) == (500, {"__type": "InternalFailure", "message": "it broke"})
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
