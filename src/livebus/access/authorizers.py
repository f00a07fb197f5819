"""
Lambda authorizers: what a function is asked about a token, and what its answer lets the bearer do.

In: the token with the request that it came with. Out: an event for the function; then its answer as an Authorization, or
Unreadable. Nothing is invoked here.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.template.application import GraphQLApi

LONGEST_TTL = 3600
# How long AppSync waits for the function.
SECONDS = 10.0


class Unreadable(Exception):
    """The function's answer is none; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """
    What a function said of a token. ``denied_fields`` are "Type.field" names, ``ttl`` is in seconds.

    ``resolver_context`` is what resolvers see as ``ctx.identity.resolverContext``.
    """

    is_authorized: bool
    denied_fields: frozenset[str] = frozenset()
    resolver_context: Mapping[str, Any] = field(default_factory=dict)
    ttl: float = 0.0


def authorizer_event(
    api: GraphQLApi, token: str, *, headers: Mapping[str, str], request_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """The function's event. ``body`` is the GraphQL request: ``query``, ``operationName``, ``variables``."""
    return {
        "authorizationToken": token,
        "requestContext": {
            "apiId": api.api_id,
            "accountId": api.arn.split(":")[4],
            "requestId": request_id,
            "queryString": body.get("query"),
            "operationName": body.get("operationName"),
            "variables": body.get("variables") or {},
        },
        "requestHeaders": {name.lower(): value for name, value in headers.items()},
    }


def read_authorization(answer: Any, api: GraphQLApi, ttl: float) -> Authorization:
    """
    A function's answer. ``ttl`` is the API's own, which ``ttlOverride`` replaces.

    Raises Unreadable; AppSync then lets nobody in. Fields of another API in ``deniedFields`` deny nothing.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("isAuthorized"), bool):
        raise Unreadable("the function has to answer with an object that has isAuthorized: true or false")
    context, denied, override = (answer.get(name) for name in ("resolverContext", "deniedFields", "ttlOverride"))
    if context is not None and not isinstance(context, Mapping):
        raise Unreadable("resolverContext has to be an object")
    if denied is not None and not (isinstance(denied, list) and all(isinstance(each, str) for each in denied)):
        raise Unreadable("deniedFields has to be a list of texts")
    if override is not None and (isinstance(override, bool) or not isinstance(override, int) or override < 0):
        raise Unreadable("ttlOverride has to be a number of seconds")
    names = (_field(each, api.arn) for each in denied or ())
    return Authorization(
        answer["isAuthorized"],
        frozenset(name for name in names if name),
        dict(context or {}),
        min(ttl if override is None else override, LONGEST_TTL),
    )


def _field(given: str, api_arn: str) -> str:
    """``Type.field`` of what stands in deniedFields: that, or the field's ARN."""
    if not given.startswith("arn:"):
        return given
    api, _, path = given.partition("/types/")
    type_name, _, name = path.partition("/fields/")
    return f"{type_name}.{name}" if api == api_arn else ""
