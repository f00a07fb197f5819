"""
Connections and API destinations, as an Application has them.

Properties follow AWS::Events::Connection and AWS::Events::ApiDestination.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-connection.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from livebus.template.api_destination import (
    ApiDestination,
    ApiKey,
    Authorization,
    Basic,
    ClientCredentials,
    Connection,
    HttpParameters,
    Pairs,
)
from livebus.template.endpoints import address_of
from livebus.template.properties import Properties, shown
from livebus.template.resource import Resource
from livebus.template.resources import Resources
from livebus.template.values import is_opaque

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_NAMED = "1 to 64 letters, digits, '.', '-' and '_'"
_TYPES = ("API_KEY", "BASIC", "OAUTH_CLIENT_CREDENTIALS")
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_TOKEN_METHODS = ("GET", "POST", "PUT")
_MOST_REQUESTS = 300  # a second, where the template says nothing; the quota that every account has
_PARTS = {
    "API_KEY": ("ApiKeyAuthParameters", ("ApiKeyName", "ApiKeyValue")),
    "BASIC": ("BasicAuthParameters", ("Username", "Password")),
    "OAUTH_CLIENT_CREDENTIALS": ("OAuthParameters", ("AuthorizationEndpoint", "ClientParameters", "HttpMethod")),
}


def read_api_destinations(resources: Resources) -> tuple[ApiDestination, ...]:
    """The template's API destinations, each with its connection; connections that nothing uses are looked at too."""
    connections = [_connection(resources, each) for each in resources.of_type("AWS::Events::Connection")]
    kind = "AWS::Events::ApiDestination"
    return tuple(_destination(resources, each, connections) for each in resources.of_type(kind))


def _destination(resources: Resources, resource: Resource, connections: Iterable[Connection]) -> ApiDestination:
    properties = resource.properties
    resource.required("ConnectionArn", "HttpMethod", "InvocationEndpoint")
    properties.matching("Name", _NAME, _NAMED)
    rate = properties.number("InvocationRateLimitPerSecond", _MOST_REQUESTS, 1, 1_000_000)
    method = properties.text("HttpMethod", "POST", choices=_METHODS)
    endpoint = properties.text("InvocationEndpoint")
    address = _address(resources, properties, "InvocationEndpoint")
    return ApiDestination(
        name=resources.ref(resource),
        arn=resources.attribute(resource, "Arn"),
        arn_for_policy=resources.attribute(resource, "ArnForPolicy"),
        endpoint=endpoint,
        address=address,
        method=method,
        rate=rate,
        connection=_named(properties, connections),
        logical_id=resource.logical_id,
        place=resource.place(),
    )


def _named(properties: Properties, connections: Iterable[Connection]) -> Connection | None:
    """The connection that an API destination names by its ARN."""
    arn = properties.text("ConnectionArn")
    found = next((each for each in connections if each.arn == arn), None)
    if found is None and arn and not is_opaque(arn):
        what = f"ConnectionArn is {shown(arn)}, which is no connection of the template"
        if re.fullmatch(r"arn:[^:]*:events:[^:]*:[^:]*:connection/.+", arn):
            properties.not_emulated(what, "ConnectionArn", advice="A connection of another stack is not emulated.")
        else:
            properties.fault(
                what, "ConnectionArn", advice="Write !GetAtt, the connection's logical id, and .Arn behind it."
            )
    return found


def _address(resources: Resources, properties: Properties, member: str) -> str:
    """What is called for the URL in a member; with one that is not on this machine named once."""
    url = properties.text(member)
    if not url or is_opaque(url):
        return ""
    if not url.startswith(("http://", "https://")):
        properties.fault(f"{member} is {shown(url)}", member, expected="a URL that begins with https://")
        return ""
    address = address_of(url, resources.environment.mapped_endpoints)
    if not address:
        found = f"{member} is {shown(url)}, and nothing outside of this machine is called"
        properties.not_emulated(found, member, advice="--map-endpoint names what is called in its place.")
    return address


def _connection(resources: Resources, resource: Resource) -> Connection:
    properties = resource.properties
    properties.matching("Name", _NAME, _NAMED)
    authorization, parameters = None, HttpParameters()
    if resource.required("AuthorizationType", "AuthParameters"):
        kind = properties.text("AuthorizationType", choices=_TYPES)
        given = properties.mapping("AuthParameters")
        parameters = http_parameters(given.mapping("InvocationHttpParameters"))
        authorization = _authorization(resources, resource, kind, given)
    return Connection(
        resources.ref(resource), resources.attribute(resource, "Arn"), authorization, parameters, resource.logical_id
    )


def _authorization(resources: Resources, resource: Resource, kind: str, given: Properties) -> Authorization | None:
    if kind not in _PARTS:
        return None
    member, names = _PARTS[kind]
    if not given.required(member, what=f"AuthParameters of {resource}, which is of type {kind},"):
        return None
    part = given.mapping(member)
    if not part.required(*names, what=f"{member} of {resource}"):
        return None
    if kind == "API_KEY":
        return ApiKey(part.text("ApiKeyName"), part.text("ApiKeyValue"))
    if kind == "BASIC":
        return Basic(part.text("Username"), part.text("Password"))
    client = part.mapping("ClientParameters")
    client.required("ClientID", "ClientSecret", what=f"ClientParameters of {resource}")
    return ClientCredentials(
        endpoint=part.text("AuthorizationEndpoint"),
        address=_address(resources, part, "AuthorizationEndpoint"),
        method=part.text("HttpMethod", "POST", choices=_TOKEN_METHODS),
        client_id=client.text("ClientID"),
        client_secret=client.text("ClientSecret"),
        parameters=http_parameters(part.mapping("OAuthHttpParameters")),
    )


def http_parameters(given: Properties) -> HttpParameters:
    """The parameters of a connection, which are lists of keys with values, each of which may be called secret."""
    return HttpParameters(
        headers=_pairs(given, "HeaderParameters"),
        query=_pairs(given, "QueryStringParameters"),
        body=_pairs(given, "BodyParameters"),
    )


def _pairs(given: Properties, member: str) -> Pairs:
    return tuple(
        (each.text("Key"), each.text("Value"))
        for each in given.mappings(member)
        if each.required("Key", "Value", what=f"a parameter of {member}")
    )


def target_parameters(given: Properties) -> HttpParameters:
    """The HttpParameters of a rule's target: objects of texts, and values for the ``*`` of the endpoint's path."""
    return HttpParameters(
        headers=tuple(given.map_of_texts("HeaderParameters").items()),
        query=tuple(given.map_of_texts("QueryStringParameters").items()),
        path=given.texts("PathParameterValues"),
    )
