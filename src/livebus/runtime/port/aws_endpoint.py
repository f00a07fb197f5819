"""
The AWS endpoint: finds the service and the action of a call, and puts the answer into its protocol.

``POST /`` with ``X-Amz-Target`` is JSON 1.0 or 1.1: events, cognito-idp, sqs, dynamodb; a form with an ``Action``, or a signed
``GET /`` with one in its query, is the query protocol: cloudformation, sts. S3 is found by its signature. What is not
emulated is refused by its name, in the shape that SDKs turn into an error; see ``refusals``.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError, HttpAnswer, unexpected
from livebus.runtime.port import query_protocol, refusals
from livebus.runtime.s3.service import S3, S3Request

# Services whose SDKs check answers by a header; and who may send more than others: BatchWriteItem has up to 16 MB.
_CHECKED = frozenset({"DynamoDB_20120810"})
_LONGER_BODIES = {"DynamoDB_20120810": 24 * 1024 * 1024}
_CONTENT_TYPES = {"application/x-amz-json-1.0", "application/x-amz-json-1.1"}


class Service(Protocol):
    """One service. The answer may take its time: SQS waits for messages."""

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any] | Awaitable[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class QueryService:
    """
    A service of the query protocol: what answers an action and its form, and the namespace of its XML.

    ``region`` is the one that it takes requests for; empty for one that is the same in all regions.
    """

    call: Callable[[str, Mapping[str, Any]], dict[str, Any] | None]
    namespace: str
    region: str = ""


class AwsEndpoint:
    """
    ``services`` are by the prefix of X-Amz-Target: ``AWSEvents``, ``AWSCognitoIdentityProviderService``, ``AmazonSQS``;
    ``queries`` by the name that requests are signed for.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        queries: Mapping[str, QueryService],
        s3: S3 | None,
        new_id: Callable[[], str],
        appsync: Callable[[str, str], HttpAnswer | None] = lambda _method, _path: None,
    ) -> None:
        """``appsync`` answers a method and a path that are signed for AppSync's own API, None for what it has not."""
        self._services = services
        self._queries = queries
        self._s3 = s3
        self._new_id = new_id
        self._appsync = appsync

    @staticmethod
    def longest_body(headers: Mapping[str, str], otherwise: int) -> int:
        """How many bytes the body of a call may have."""
        return _LONGER_BODIES.get(headers.get("X-Amz-Target", "").partition(".")[0], otherwise)

    async def call(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer a ``POST /``."""
        target = headers.get("X-Amz-Target", "")
        answer = await self._call(target, headers, body)
        if target.partition(".")[0] in _CHECKED:
            return answer.with_header("x-amz-crc32", str(zlib.crc32(answer.body)))
        return answer

    async def _call(self, target: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if not target:
            return self._query(headers, body)
        prefix, _, action = target.partition(".")
        given_type = headers.get("Content-Type", "").split(";")[0].strip().lower()
        content_type = given_type if given_type in _CONTENT_TYPES else "application/x-amz-json-1.1"
        service = self._services.get(prefix)
        if service is None:
            message = f"{target} is not emulated by the local runtime."
            return self._refusal(AwsError("UnknownOperationException", message), content_type)
        try:
            answer = service.call(action, _read(body))
            if not isinstance(answer, dict):
                answer = await answer
        except AwsError as error:
            return self._refusal(error, content_type)
        except LivebusError as error:
            # The runtime's own files fail it (a full disk): worth another try, as AWS's own failures are.
            return self._refusal(AwsError("InternalFailure", str(error), 500), content_type)
        return HttpAnswer(200, self._headers(content_type), orjson.dumps(answer))

    def _query(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        name = refusals.signed_service(headers)
        service, request_id = self._queries.get(name), self._new_id()
        if service is None:
            return refusals.of_query(body, name, request_id)
        namespace = service.namespace
        try:
            if service.region:
                refusals.check_region(headers, service.region)
            form = query_protocol.read_form(body)
            action = str(form.get("Action") or "")
            answer = service.call(action, form)
        except AwsError as error:
            return query_protocol.refusal(error, namespace=namespace, request_id=request_id)
        except LivebusError as error:
            refused = AwsError("InternalFailure", str(error), 500)
            return query_protocol.refusal(refused, namespace=namespace, request_id=request_id)
        except Exception as error:
            logging.getLogger("livebus").exception("unexpected error")
            refused = AwsError("InternalFailure", unexpected(error), 500)
            return query_protocol.refusal(refused, namespace=namespace, request_id=request_id)
        return query_protocol.answer(action, answer, namespace=namespace, request_id=request_id)

    def is_query(self, headers: Mapping[str, str]) -> bool:
        """Whether a request is signed, in its headers, for a service of the query protocol."""
        return refusals.signed_service(headers) in self._queries

    def query(self, headers: Mapping[str, str], query: str) -> HttpAnswer:
        """The answer to a ``GET /`` whose query is the call: the protocol takes either."""
        return self._query(headers, query.encode())

    def is_s3(self, headers: Mapping[str, str], query: str) -> bool:
        """Whether a request is signed for S3, in its headers or in its query."""
        if self._s3 is None:
            return False
        return refusals.signed_service(headers) == "s3" or "%2Fs3%2Faws4_request" in query

    def s3(self, request: S3Request) -> HttpAnswer:
        """The answer to a request of S3."""
        assert self._s3 is not None
        return self._s3.call(request)

    def refuse(self, method: str, path: str, headers: Mapping[str, str]) -> HttpAnswer | None:
        """The answer to a call of a service that works with paths (AppSync, Lambda, …); None where it is no AWS call."""
        if refusals.signed_service(headers) == "appsync" and (told := self._appsync(method, path)) is not None:
            return told
        return refusals.of_path(method, path, headers, self._new_id())

    def refused(self, error: AwsError) -> HttpAnswer:
        """The answer to a call that does not reach its service."""
        return self._refusal(error, "application/x-amz-json-1.1")

    def internal_failure(self, message: str) -> HttpAnswer:
        """The answer to a call that a bug of ours ended."""
        return self.refused(AwsError("InternalFailure", message, 500))

    def _headers(self, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, "x-amzn-RequestId": self._new_id()}

    def _refusal(self, error: AwsError, content_type: str) -> HttpAnswer:
        headers = self._headers(content_type)
        headers["x-amzn-errortype"] = error.error_type
        if error.query_code:
            headers["x-amzn-query-error"] = f"{error.query_code};Sender"
        # Headers are decoded so that bytes which are no UTF-8 come back as they were: an answer's text cannot hold these.
        message = error.message.encode("utf-8", "replace").decode()
        body = orjson.dumps({"__type": error.error_type, "message": message, **error.members})
        return HttpAnswer(error.status, headers, body)


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise AwsError("SerializationException", "The request body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise AwsError("SerializationException", "The request body is not a JSON object.")
    return content
