"""
Checks of those who come in from outside: API keys, and the user pools' clients that apps sign in with.

In: an inspection. Out: faults at keys, at clients, and at the API's settings for them.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.caller import API_KEY, COGNITO
from livebus.checks.api.api import all_apis, providers
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault
from livebus.expressions import Expression, NotAnExpression, TooSlow, UnreadExpression
from livebus.template.application import GraphQLApi, UserPool, UserPoolClient
from livebus.template.properties import Properties, shown
from livebus.template.values import is_opaque

CHECKS = Checks()

_AUTHZ = "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html"
_REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
_CLIENT = f"{_REFERENCE}/aws-resource-cognito-userpoolclient.html"

# 1 November 2026, in epoch seconds: checks have no clock, and whoever runs this one is later.
_SURELY_PAST = 1_793_491_200
_SURELY_MILLISECONDS = 100_000_000_000


# --- keys -----------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "W9140",
    "An API that takes API keys has one",
    why="Whoever would come in with a key has none: AppSync answers 401.",
    source=f"{_REFERENCE}/aws-resource-appsync-apikey.html",
)
def _has_a_key(inspection: Inspection) -> Iterator[Fault]:
    ids = {api.api_id for api in inspection.application.apis}
    keys = inspection.resources.of_type("AWS::AppSync::ApiKey")
    # A key that names no API of the template is told of by itself.
    if any(key.properties.text("ApiId") not in ids for key in keys):
        return
    for api, resource in all_apis(inspection):
        for provider in providers(resource):
            if provider.text("AuthenticationType") == API_KEY and not api.api_keys:
                found = f"API {api.logical_id!r} takes API keys and the template makes none"
                advice = "Add an AWS::AppSync::ApiKey, with Expires: else it lasts seven days."
                yield Fault(found, provider.place("AuthenticationType"), "an AWS::AppSync::ApiKey", advice)


@CHECKS.add(
    "E9148",
    "API keys expire at a time to come, in epoch seconds",
    why="AppSync refuses a key that is expired, or lasts longer than a year.",
    source=f"{_REFERENCE}/aws-resource-appsync-apikey.html",
)
def _expires(inspection: Inspection) -> Iterator[Fault]:
    for key in inspection.resources.of_type("AWS::AppSync::ApiKey"):
        text = key.properties.text("Expires")
        if not text or is_opaque(text):
            continue
        place, expected = key.place("Expires"), "a time to come, within a year, in epoch seconds"
        try:
            seconds = float(text)
        except ValueError:
            yield Fault(f"Expires is {text!r}", place, expected)
            continue
        if seconds > _SURELY_MILLISECONDS:
            advice = "It looks like milliseconds: leave the last three digits out."
            yield Fault(f"Expires is {text}", place, expected, advice)
        elif seconds < _SURELY_PAST:
            yield Fault(f"Expires is {text}, which is past", place, expected)


# --- clients --------------------------------------------------------------------------------------------------------


def _user_pools(inspection: Inspection) -> Iterator[tuple[GraphQLApi, Properties, UserPool]]:
    """The user pools of this template that let callers into an API: with their settings there."""
    pools = {pool.user_pool_id: pool for pool in inspection.application.user_pools}
    for api, resource in all_apis(inspection):
        for provider in providers(resource):
            if provider.text("AuthenticationType") == COGNITO:
                config = provider.mapping("UserPoolConfig")
                if pool := pools.get(config.text("UserPoolId")):
                    yield api, config, pool


def _expression(config: Properties) -> Expression | None:
    """The AppIdClientRegex; None where there is none, or none that we can read."""
    regex = config.text("AppIdClientRegex")
    try:
        return Expression(regex) if regex else None
    except (NotAnExpression, UnreadExpression):
        return None


def _admitted(config: Properties, pool: UserPool) -> list[UserPoolClient]:
    """The clients of a pool that the AppIdClientRegex lets in; none where it takes too long to tell."""
    # AWS does not document whether the expression has to cover the whole id: either way counts.
    expression = _expression(config)
    try:
        return [client for client in pool.clients if expression is None or expression.is_found(client.client_id)]
    except TooSlow:
        return []


@CHECKS.add(
    "E9144",
    "AppIdClientRegex lets a client of the user pool in",
    why="AppSync refuses the tokens of every client that it does not match: nobody can subscribe.",
    source=_AUTHZ,
)
def _client_regex(inspection: Inspection) -> Iterator[Fault]:
    for _, resource in all_apis(inspection):
        for provider in providers(resource):
            config = provider.mapping("UserPoolConfig")
            regex = config.text("AppIdClientRegex")
            try:
                Expression(regex)
            except NotAnExpression as error:
                found = f"AppIdClientRegex {shown(regex)} is not a regular expression: {error}"
                yield Fault(found, config.place("AppIdClientRegex"))
            except UnreadExpression:
                continue  # which Java may well read
    for _, config, pool in _user_pools(inspection):
        if pool.clients and _expression(config) is not None and not _admitted(config, pool):
            regex = shown(config.text("AppIdClientRegex"))
            found = f"AppIdClientRegex {regex} matches no client of {pool.logical_id!r}"
            client = pool.clients[0].logical_id
            advice = f'Write !Sub "^${{{client}}}$", with the logical id of the client that apps sign in with.'
            yield Fault(found, config.place("AppIdClientRegex"), "the id of a client", advice)


@CHECKS.add(
    "W9143",
    "A user pool that an API takes has a client",
    why="Apps sign in through a client of the pool: without one nobody gets a token.",
    source=_CLIENT,
)
def _has_a_client(inspection: Inspection) -> Iterator[Fault]:
    clients = inspection.resources.of_type("AWS::Cognito::UserPoolClient")
    ids = {pool.user_pool_id for pool in inspection.application.user_pools}
    if any(client.properties.text("UserPoolId") not in ids for client in clients):
        return  # which may be meant for this pool
    for _, config, pool in _user_pools(inspection):
        if not pool.clients:
            found = f"user pool {pool.logical_id!r} has no client"
            yield Fault(found, config.place("UserPoolId"), "an AWS::Cognito::UserPoolClient", "Add one.")


@CHECKS.add(
    "W9144",
    "A client of the user pool has no secret",
    why="Browsers and phones cannot keep a secret, and AWS Amplify signs nobody in with a client that has one.",
    source=_CLIENT,
)
def _has_a_public_client(inspection: Inspection) -> Iterator[Fault]:
    for _, config, pool in _user_pools(inspection):
        clients = _admitted(config, pool)
        if clients and all(client.secret is not None for client in clients):
            resource = inspection.resource(clients[0].logical_id)
            if resource is not None:
                found = f"every client of user pool {pool.logical_id!r} that the API takes has a secret"
                advice = "Write GenerateSecret: false, unless only servers subscribe."
                yield Fault(found, resource.place("GenerateSecret"), advice=advice)


@CHECKS.add(
    "W9145",
    "A client of the user pool lets users sign in",
    why="Cognito refuses each sign-in: the client's ExplicitAuthFlows have no flow for it.",
    source=_CLIENT,
)
def _has_a_flow(inspection: Inspection) -> Iterator[Fault]:
    for _, config, pool in _user_pools(inspection):
        clients = _admitted(config, pool)
        if any(_signs_in(inspection, client) for client in clients):
            continue
        for client in clients[:1]:
            resource = inspection.resource(client.logical_id)
            if resource is not None:
                found = f"client {client.logical_id!r} has no flow to sign in with"
                advice = "Add ALLOW_USER_SRP_AUTH to ExplicitAuthFlows."
                yield Fault(found, resource.place("ExplicitAuthFlows"), advice=advice)


def _signs_in(inspection: Inspection, client: UserPoolClient) -> bool:
    resource = inspection.resource(client.logical_id)
    by_pages = resource is not None and "AllowedOAuthFlows" in resource.properties
    return by_pages or bool(client.auth_flows - {"ALLOW_REFRESH_TOKEN_AUTH"})
