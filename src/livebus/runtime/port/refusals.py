"""
Says "not emulated" in the protocol that the caller speaks, so that an SDK shows it as an error of the service.

In: a request that no service here answers. Out: an answer in the shape of its protocol: query and ec2 (XML), rest-xml,
rest-json, rpc-v2-cbor. Who is called stands in the credential scope of the signature.
https://smithy.io/2.0/aws/protocols/index.html
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import orjson

from livebus.runtime.aws_errors import AwsError, HttpAnswer

# HTTP's "Not Implemented": SDKs do not try again on it.
_STATUS = 501
_REST_XML = frozenset({"s3", "s3-outposts", "route53", "cloudfront"})
_SCOPE = re.compile(
    r"AWS4[-A-Z0-9]* +Credential=[^,/]*/[0-9]{8}/(?P<region>[^,/]*)/(?P<service>[a-z0-9-]{1,64})/aws4_request"
)
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_ACTION = 128


def signed_service(headers: Mapping[str, str]) -> str:
    """The service that a request is signed for; empty where it is not signed."""
    found = _SCOPE.match(headers.get("Authorization", ""))
    return found["service"] if found else ""


def check_region(headers: Mapping[str, str], region: str) -> None:
    """
    Raise AwsError for a request that is signed for another region: what it makes would have the ARNs of this one.

    AWS's endpoints refuse such a signature in these words; what to do about it is ours.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    found = _SCOPE.match(headers.get("Authorization", ""))
    if found and found["region"] != region:
        raise AwsError(
            "SignatureDoesNotMatch",
            f"Credential should be scoped to a valid region, not '{found['region'][:_LONGEST_ACTION]}'. The local runtime is "
            f"{region}: pass --region {region}, or start it with another --region.",
            403,
        )


def of_query(body: bytes, service: str, request_id: str) -> HttpAnswer:
    """The answer to a form with an Action: CloudFormation, STS, IAM, SNS, and with ``service`` ec2 EC2."""
    form = parse_qsl(body.decode("utf-8", "replace"))
    action = next((value for name, value in form if name == "Action"), "")
    if not action:
        message = "Neither an X-Amz-Target header nor an Action: this is no AWS call."
        return _xml(400, service, "MissingAction", message, request_id)
    called = f"{service}:{action[:_LONGEST_ACTION]}" if service else action[:_LONGEST_ACTION]
    return _xml(400, service, "InvalidAction", f"{called} is not emulated by the local runtime.", request_id)


def of_path(method: str, path: str, headers: Mapping[str, str], request_id: str) -> HttpAnswer | None:
    """The answer to a signed call of a service that works with paths; None where the request is not signed."""
    service = signed_service(headers)
    if not service:
        return None
    message = f"{service} ({method} {path[:_LONGEST_ACTION]}) is not emulated by the local runtime."
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        fields = {"__type": "UnknownOperationException", "message": message}
        cbor = bytes([0xA0 + len(fields)]) + b"".join(_cbor(text) for field in fields.items() for text in field)
        return HttpAnswer(_STATUS, {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, cbor)
    if service in _REST_XML:
        return _xml(_STATUS, service, "NotImplemented", message, request_id)
    answer = {"__type": "UnknownOperationException", "message": message}
    told = {"x-amzn-errortype": "UnknownOperationException", "x-amzn-RequestId": request_id}
    return HttpAnswer(_STATUS, {"Content-Type": "application/json", **told}, orjson.dumps(answer))


def _xml(status: int, service: str, code: str, message: str, request_id: str) -> HttpAnswer:
    told = f"<Code>{code}</Code><Message>{html.escape(NOT_IN_XML.sub('?', message), quote=False)}</Message>"
    if service == "s3":
        xml = f"<Error>{told}<RequestId>{request_id}</RequestId></Error>"
    elif service == "ec2":
        xml = f"<Response><Errors><Error>{told}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        error = f"<Error><Type>Sender</Type>{told}</Error>"
        xml = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    return HttpAnswer(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, xml.encode())


def _cbor(text: str) -> bytes:
    """A text of less than 64 KB in CBOR (RFC 8949, major type 3)."""
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
