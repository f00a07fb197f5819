"""What the tests of execution share: an API whose resolvers are stubs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from livebus.caller import AWS_IAM, Caller
from livebus.execution import Errors, Executor, GraphQLResponse
from livebus.operation import Call, GraphQLRequest, Resolution, ResolverError, Services, SubscriptionStart, Told
from livebus.schema import parse_schema

SERVICES = Services(now=1_700_000_000.0, new_id=lambda: "00000000-0000-4000-8000-000000000000")


@dataclass
class StubResolver:
    """Returns one value, error or resolution to everybody, or what a function makes of the context."""

    result: Any
    contexts: list[Mapping[str, Any]]

    asks: bool = False

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution | Call:
        self.contexts.append(context)
        result = self.result(context) if callable(self.result) else self.result
        if isinstance(result, Resolution):
            return result
        if isinstance(result, dict) and "$error" in result:
            return Resolution(error=ResolverError(**result["$error"]))
        return Resolution(result)


@dataclass
class Api:
    """An executor, its callers' questions to ``allows``, and the contexts that its resolvers were given."""

    executor: Executor
    contexts: list[Mapping[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    caller: Caller = field(default_factory=lambda: Caller(AWS_IAM, {"userArn": "arn:aws:iam::111122223333:user/a"}))

    def run(self, query: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> GraphQLResponse:
        return self.executor.execute(GraphQLRequest(query, variables or {}, name), self.caller, SERVICES)

    def subscribe(self, query: str, variables: Mapping[str, Any] | None = None) -> SubscriptionStart | Errors:
        return self.executor.subscribe(GraphQLRequest(query, variables or {}), self.caller, SERVICES)


@pytest.fixture
def make_api() -> Callable[..., Api]:
    """Makes an API from a schema, the results of its resolvers by "Type.field", and the fields that are denied."""

    def make(
        schema: str, results: Mapping[str, Any] | None = None, denied: tuple[str, ...] | list[str] = (), **options: Any
    ) -> Api:
        def allows(_caller: Caller, type_name: str, field_name: str) -> bool:
            api.asked.append((type_name, field_name))
            return f"{type_name}.{field_name}" not in denied

        contexts: list[Mapping[str, Any]] = []
        resolvers = {}
        for path, result in (results or {}).items():
            type_name, _, field_name = path.partition(".")
            resolvers[type_name, field_name] = StubResolver(result, contexts)
        executor = Executor(parse_schema(schema), resolvers, allows=allows, **options)
        api = Api(executor, contexts)
        return api

    return make
