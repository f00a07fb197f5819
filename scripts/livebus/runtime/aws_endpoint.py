"""
The AWS endpoint: finds the service and the action of a call, and puts the answer into its protocol.

``POST /`` with ``X-Amz-Target`` is JSON 1.0 or 1.1 (events, cognito-idp, sqs); a form is the query protocol (CloudFormation,
STS), which answers in XML. What is not emulated is refused by its name, in the shape that SDKs turn into an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import orjson

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError


class Service(Protocol):
    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes


class AwsEndpoint:
    """``services`` are by the prefix of X-Amz-Target: ``AWSEvents``, ``AWSCognitoIdentityProviderService``, ``AmazonSQS``."""

    def __init__(self, services: Mapping[str, Service], new_id: Callable[[], str]) -> None:
        self._services = services
        self._new_id = new_id

    def call(self, headers: Mapping[str, str], body: bytes) -> Answer:
        target = headers.get("X-Amz-Target", "")
        if not target:
            return self._query_call(body)
        prefix, _, action = target.partition(".")
        content_type = headers.get("Content-Type", "application/x-amz-json-1.1").split(";")[0]
        service = self._services.get(prefix)
        if service is None:
            message = f"{target} is not emulated by the local runtime."
            return self._refusal(AwsError("UnknownOperationException", message), content_type)
        try:
            answer = service.call(action, _read(body))
        except AwsError as error:
            return self._refusal(error, content_type)
        except LivebusError as error:
            # The runtime's own files fail it (a full disk): worth another try, as AWS's own failures are.
            return self._refusal(AwsError("InternalFailure", str(error), 500), content_type)
        return Answer(200, self._headers(content_type), orjson.dumps(answer))

    def _headers(self, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, "x-amzn-RequestId": self._new_id()}

    def _refusal(self, error: AwsError, content_type: str) -> Answer:
        headers = self._headers(content_type)
        headers["x-amzn-errortype"] = error.error_type
        body = orjson.dumps({"__type": error.error_type, "message": error.message})
        return Answer(error.status, headers, body)

    def _query_call(self, body: bytes) -> Answer:
        form = parse_qs(body.decode("utf-8", "replace"))
        action = form.get("Action", [""])[0]
        request_id = self._new_id()
        if action:
            code, message = "InvalidAction", f"{action} is not emulated by the local runtime."
        else:
            code, message = "MissingAction", "Neither an X-Amz-Target header nor an Action: this is no AWS call."
        xml = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(400, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, xml.encode())


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise AwsError("SerializationException", "The request body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise AwsError("SerializationException", "The request body is not a JSON object.")
    return content
