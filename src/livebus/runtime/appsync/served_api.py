"""
One API at work: what answers for it now, and who is connected to it.

A reload replaces the compiled part; the connections, and the subscriptions in the registry, go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from livebus.access import Authenticator, SignedRequest, Unauthenticated
from livebus.access.signature import ALGORITHM
from livebus.caller import Caller
from livebus.execution import GraphQLResponse
from livebus.flow import CompiledApi
from livebus.operation import Services
from livebus.realtime import RealtimeSettings
from livebus.runtime.appsync.data_sources import DataSources

ENDPOINT_PATH = "/graphql"


class Connected(Protocol):
    """A client's connection, as far as it can be told to go."""

    def close(self, code: int, reason: str) -> None: ...


@dataclass(eq=False, slots=True)
class ServedApi:
    """
    ``services`` makes what a request may reach: the time, ids, event buses; ``sources`` are its data sources. ``tell`` prints
    a line for people, ``log`` takes the API's id and what it answered.
    """

    compiled: CompiledApi
    authenticator: Authenticator
    services: Callable[[], Services]
    settings: RealtimeSettings
    tell: Callable[[str], None]
    log: Callable[[str, GraphQLResponse], None]
    sources: DataSources
    sessions: set[Connected] = field(default_factory=set)

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

    def end(self, reason: str) -> None:
        """Close all connections: the API is there no more."""
        for session in tuple(self.sessions):
            session.close(1001, reason)
