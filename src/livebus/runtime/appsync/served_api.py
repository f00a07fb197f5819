"""
One API at work: what answers for it now, and who is connected to it.

A reload replaces the compiled part; the connections, and the subscriptions in the registry, go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from livebus.access import Authenticator, SignedRequest, Unauthenticated
from livebus.access.authentication import Undecided
from livebus.access.authorizers import SECONDS as AUTHORIZER_SECONDS
from livebus.access.authorizers import Authorization, Unreadable, authorizer_event, read_authorization
from livebus.access.signature import ALGORITHM
from livebus.caller import Caller
from livebus.execution import GraphQLResponse
from livebus.flow import CompiledApi
from livebus.operation import Asking, Called, Services, watched
from livebus.realtime import RealtimeSettings
from livebus.runtime.appsync.data_sources import DataSources

T = TypeVar("T")
ENDPOINT_PATH = "/graphql"


class Connected(Protocol):
    """A client's connection, as far as it can be told to go."""

    def close(self, code: int, reason: str) -> None: ...


@dataclass(eq=False, slots=True)
class ServedApi:
    """
    ``services`` makes what a request may reach: the time, ids, event buses; ``sources`` are its data sources. ``tell`` prints
    a line for people, ``log`` takes the API's id and what it answered, ``asked`` the API's name, a request's id and what its
    resolvers asked data sources for.
    """

    compiled: CompiledApi
    authenticator: Authenticator
    services: Callable[[], Services]
    settings: RealtimeSettings
    tell: Callable[[str], None]
    log: Callable[[str, GraphQLResponse], None]
    sources: DataSources
    asked: Callable[[str, str, Sequence[Called]], None]
    sessions: set[Connected] = field(default_factory=set)

    def told(self, compiled: CompiledApi, asking: Asking[T], request_id: str) -> Asking[T]:
        """A client's request whose calls of data sources are told; where no resolver asks for any, the request itself."""
        if not compiled.executor.asks:
            return asking
        name = compiled.api.name
        return watched(asking, lambda calls: self.asked(name, request_id, calls))

    def authenticate_message(
        self, headers: Mapping[str, str], *, paths: Iterable[str], body: bytes, now: float, source_ip: str
    ) -> Caller:
        """
        Let a real-time client in, or raise Unauthenticated.

        What it signs is a POST that it never sends. ``paths`` are those that clients put into it: Amplify and Apollo
        the API's own, gql always /graphql.
        """
        refused: Unauthenticated | None = None
        for path in dict.fromkeys(paths):
            signed = SignedRequest("POST", path, "", headers, body)
            try:
                return self.authenticator.authenticate(headers, request=signed, now=now, source_ip=source_ip)
            except Unauthenticated as error:
                refused = refused or error
                if not headers.get("authorization", "").startswith(ALGORITHM):
                    break
        assert refused is not None
        raise refused

    async def decide(
        self, undecided: Undecided, headers: Mapping[str, str], body: Mapping[str, Any], services: Services
    ) -> None:
        """Ask the function of the Lambda authorizer about a token. One that fails, or says nonsense, lets nobody in."""
        api, provider = self.compiled.api, undecided.provider
        event = authorizer_event(api, undecided.token, headers=headers, request_id=services.new_id(), body=body)
        decision = Authorization(is_authorized=False)
        answer = await self.sources.ask_function(provider.authorizer_arn or "", event, AUTHORIZER_SECONDS)
        problem = ""
        if answer.error is not None:
            problem = f"{answer.error['type']}: {answer.error['message']}"
        else:
            try:
                decision = read_authorization(answer.result, api, provider.authorizer_ttl)
            except Unreadable as reason:
                problem = str(reason)
        if problem:
            self.tell(f"the Lambda authorizer of API {api.name!r} lets nobody in: {problem}")
        self.authenticator.decide(undecided.token, decision, services.now)

    def end(self, reason: str) -> None:
        """Close all connections: the API is there no more."""
        for session in tuple(self.sessions):
            session.close(1001, reason)
