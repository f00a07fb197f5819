"""
API destinations, as an Application has them: where EventBridge sends an event over HTTP, and how it says who it is there.

Data only. What is secret stands in no ``repr``. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from livebus.errors import Place

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HttpParameters:
    """What is added to a request: ``path`` are the values for the ``*`` of the endpoint, in their order."""

    headers: Pairs = ()
    query: Pairs = ()
    body: Pairs = ()
    path: tuple[str, ...] = ()


NO_PARAMETERS = HttpParameters()


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and a password, as HTTP's Basic authentication has them."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A header of this name with this value."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """
    OAuth's client credentials: the token comes from ``endpoint``, which is called at ``address``.

    ``address`` is empty where the local runtime calls nothing in place of the endpoint.
    """

    endpoint: str
    address: str
    method: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    parameters: HttpParameters = field(default=NO_PARAMETERS, repr=False)


Authorization = Basic | ApiKey | ClientCredentials


@dataclass(frozen=True, slots=True)
class Connection:
    """AWS::Events::Connection: ``parameters`` go with every request, and count before those of a target."""

    name: str
    arn: str
    authorization: Authorization | None
    parameters: HttpParameters = field(default=NO_PARAMETERS, repr=False)
    logical_id: str = ""


@dataclass(frozen=True, slots=True)
class ApiDestination:
    """
    AWS::Events::ApiDestination. ``arn_for_policy`` is the one that ends in the name, without AWS's own suffix.

    ``endpoint`` is the template's; ``address`` what is called in its place: the endpoint itself on this machine, or the one
    that it is mapped to; empty where there is neither. ``rate`` is a number of requests a second.
    """

    name: str
    arn: str
    arn_for_policy: str
    endpoint: str
    address: str
    method: str
    rate: int
    connection: Connection | None
    logical_id: str = ""
    place: Place = Place()

    @property
    def out_of_reach(self) -> str:
        """Why nothing is sent, naming the URL that is not called; empty where all are."""
        authorization = self.connection.authorization if self.connection is not None else None
        if self.connection is None or authorization is None:
            return f"the connection of API destination {self.name!r} is not in the template: nothing is sent"
        urls = [] if self.address else [self.endpoint]
        if isinstance(authorization, ClientCredentials) and not authorization.address:
            urls.append(authorization.endpoint)
        if not urls:
            return ""
        return f"{urls[0]} is not called by the local runtime: nothing is sent; --map-endpoint names a stand-in"
