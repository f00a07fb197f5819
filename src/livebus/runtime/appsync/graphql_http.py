"""
GraphQL over HTTP: ``POST`` (and ``GET``) on an API's path.

Who calls is settled first, then the request is read, executed, and what it published is sent to subscribers.
https://docs.aws.amazon.com/appsync/latest/devguide/using-appsync.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from livebus.access import SignedRequest, Unauthenticated
from livebus.access.authentication import Undecided
from livebus.execution import GraphQLResponse, read_http_request
from livebus.flow import CompiledApi, publish
from livebus.operation import GraphQLRequest, Services
from livebus.runtime.appsync.data_sources import Waiting
from livebus.runtime.appsync.served_api import ServedApi
from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.eventbridge.event_buses import send

_JSON = "application/json;charset=UTF-8"


def call(
    api: ServedApi,
    method: str,
    path: str,
    query: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    source_ip: str,
    now: float | None = None,
) -> HttpAnswer | PendingRequest | UndecidedRequest:
    """
    Answer one request, or say that it waits for data sources. ``path`` and ``query`` are as on the wire: signatures
    cover them.
    """
    services = api.services()
    if now is not None:
        services = replace(services, now=now)  # that of the function's word on the caller
    request_id = services.new_id()
    signed = SignedRequest(method, path, query, headers, body)
    try:
        caller = api.authenticator.authenticate(headers, request=signed, now=services.now, source_ip=source_ip)
    except Unauthenticated as error:
        return _refusal(error.status, error.error_type, error.message, request_id)
    except Undecided as undecided:
        again = functools.partial(call, api, method, path, query, headers=headers, body=body, source_ip=source_ip)
        return UndecidedRequest(api, undecided, headers, body, services, again)
    request = read_http_request(method, headers.get("Content-Type", ""), body, query)
    if isinstance(request, GraphQLRequest):
        request = GraphQLRequest(request.query, request.variables, request.operation_name, _named(headers))
        compiled = api.compiled
        asking = api.told(compiled, compiled.executor.executing(request, caller, services), request_id)
        begun = api.sources.begin(asking, services.allowance)
        if isinstance(begun, Waiting):
            return PendingRequest(api, compiled, begun, request_id, is_mutation=compiled.executor.is_mutation(request))
        response = begun.result
        send(publish(compiled, response))
        api.log(compiled.api.api_id, response)
    else:
        response = request
    return _answer(response, request_id)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as ``ctx.request.headers`` has them: names in lower case, as they come over HTTP/2."""
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class UndecidedRequest:
    """A request whose caller a Lambda authorizer has to let in first; ``again`` goes on then."""

    api: ServedApi
    undecided: Undecided
    headers: Mapping[str, str]
    body: bytes
    services: Services
    again: Callable[..., HttpAnswer | PendingRequest | UndecidedRequest]
    is_mutation: bool = False

    async def answer(self) -> HttpAnswer:
        """Ask, and answer."""
        await self.api.decide(self.undecided, self.headers, _members(self.body), self.services)
        answer = self.again(now=self.services.now)
        return await answer.answer() if isinstance(answer, PendingRequest | UndecidedRequest) else answer


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = None
    return content if isinstance(content, dict) else {}


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """
    A request that waits for answers of data sources.

    A mutation goes on when its client is gone: what it wrote is to be published. A query may be given up.
    """

    api: ServedApi
    compiled: CompiledApi
    waiting: Waiting[GraphQLResponse]
    request_id: str
    is_mutation: bool

    async def answer(self) -> HttpAnswer:
        """Wait, and answer."""
        response = await self.api.sources.finish(self.waiting)
        send(publish(self.compiled, response))
        self.api.log(self.compiled.api.api_id, response)
        return _answer(response, self.request_id)


def _answer(response: GraphQLResponse, request_id: str) -> HttpAnswer:
    error_type = str(response.errors[0].get("errorType")) if response.status != 200 and response.errors else ""
    headers = _headers(request_id, error_type)
    headers.update(response.headers)
    return HttpAnswer(response.status, headers, response.body())


def internal_failure(message: str, request_id: str) -> HttpAnswer:
    """The answer to a request that a bug of ours ended: in AppSync's shape, so that clients read the message."""
    return _refusal(500, "InternalFailure", message, request_id)


def _refusal(status: int, error_type: str, message: str, request_id: str) -> HttpAnswer:
    errors = {"errors": [{"errorType": error_type, "message": message}]}
    return HttpAnswer(status, _headers(request_id, error_type), orjson.dumps(errors))


def _headers(request_id: str, error_type: str) -> dict[str, str]:
    headers = {"Content-Type": _JSON, "x-amzn-RequestId": request_id, "x-amzn-appsync-TokensConsumed": "1"}
    return {**headers, "x-amzn-ErrorType": error_type} if error_type else headers


Pending = PendingRequest | UndecidedRequest
"""A request that waits: for data sources, or for the function that lets its caller in."""
