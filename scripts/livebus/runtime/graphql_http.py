"""
GraphQL over HTTP: ``POST`` (and ``GET``) on an API's path.

Who calls is settled first, then the request is read, executed, and what it published is sent to subscribers.
https://docs.aws.amazon.com/appsync/latest/devguide/using-appsync.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from livebus.access import Authenticator, SignedRequest, Unauthenticated
from livebus.execution import read_http_request
from livebus.flow import CompiledApi, publish
from livebus.operation import GraphQLRequest, Services
from livebus.runtime.aws_endpoint import Answer
from livebus.runtime.event_buses import send


class GraphQLHttp:
    """One API's HTTP side. ``services`` makes what a request may reach: the time, ids, event buses."""

    def __init__(
        self, api: Callable[[], CompiledApi], authenticator: Callable[[], Authenticator], services: Callable[[], Services]
    ) -> None:
        self._api = api
        self._authenticator = authenticator
        self._services = services

    def call(
        self, method: str, path: str, query: str, *, headers: Mapping[str, str], body: bytes, source_ip: str
    ) -> Answer:
        services = self._services()
        signed = SignedRequest(method, path, query, headers, body)
        try:
            caller = self._authenticator().authenticate(headers, request=signed, now=services.now, source_ip=source_ip)
        except Unauthenticated as error:
            errors = {"errors": [{"errorType": error.error_type, "message": error.message}]}
            return _answer(error.status, orjson.dumps(errors), services, error.error_type)
        request = read_http_request(method, headers.get("Content-Type", ""), body, query)
        if not isinstance(request, GraphQLRequest):
            kind = str(request.errors[0].get("errorType")) if request.errors else ""
            return _answer(request.status, request.body(), services, kind)
        request = GraphQLRequest(request.query, request.variables, request.operation_name, dict(headers))
        api = self._api()
        response = api.executor.execute(request, caller, services)
        send(publish(api, response))
        kind = str(response.errors[0].get("errorType")) if response.status != 200 and response.errors else ""
        return _answer(response.status, response.body(), services, kind)


def _answer(status: int, body: bytes, services: Services, error_type: str = "") -> Answer:
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "x-amzn-RequestId": services.new_id(),
        "x-amzn-appsync-TokensConsumed": "1",
    }
    if error_type:
        headers["x-amzn-ErrorType"] = error_type
    return Answer(status, headers, body)
