"""
Who is subscribed: each client as a document, in the words that the page shows. AppSync has nothing like it.
"""

from __future__ import annotations

from typing import Any

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Caller
from livebus.runtime.appsync.realtime_session import Sink
from livebus.runtime.page.parts import Parts
from livebus.subscription import Subscription

MAX_CLIENTS = 1000
_MODES = {COGNITO: "user pool", OIDC: "OpenID Connect", AWS_IAM: "IAM", API_KEY: "API key", LAMBDA: "Lambda"}
_AGENTS = (
    ("livebus", "livebus"),
    ("Boto3", "boto3"),
    ("Botocore", "boto3"),
    ("aws-cli", "AWS CLI"),
    ("aws-sdk-js", "AWS SDK for JavaScript"),
    ("aws-sdk", "an AWS SDK"),
    ("Mozilla", "a browser"),
    ("Python", "Python"),
    ("node", "Node.js"),
)
_LONGEST_AGENT = 60


def described(subscription: Subscription) -> dict[str, Any]:
    """A subscription's client: ``user``, ``auth``, ``by``, ``since`` (epoch seconds), ``field``, ``arguments``, ``filter``."""
    sink = subscription.sink
    start = subscription.start
    said: dict[str, Any] = {
        "id": subscription.id,
        "field": subscription.subscription_field,
        "arguments": dict(start.arguments),
        "filter": start.subscription_filter,
    }
    if not isinstance(sink, Sink):
        return {**said, "user": "default subscriber", "auth": "", "by": "the dry run", "since": None, "delivered": 0}
    user, auth = who(sink.caller)
    return {
        **said,
        "user": user,
        "auth": auth,
        "by": agent(sink.agent),
        "since": sink.since,
        "delivered": sink.delivered,
    }


def who(caller: Caller) -> tuple[str, str]:
    """A caller's name, and how they signed in."""
    identity: Any = caller.identity or {}
    claims = identity.get("claims") or {}
    name = identity.get("username") or claims.get("sub") or identity.get("userArn") or "somebody"
    if caller.mode == AWS_IAM:
        name = str(identity.get("userArn") or name).rsplit("/", 1)[-1]
    if caller.mode == API_KEY:
        name = "API key"
    return str(name), _MODES.get(caller.mode, str(caller.mode))


def agent(text: str) -> str:
    """A User-Agent in a word or two."""
    for sign, name in _AGENTS:
        if sign.lower() in text.lower():
            return name
    return text[:_LONGEST_AGENT] or "unknown client"


def connected(parts: Parts) -> list[dict[str, Any]]:
    """All subscriptions of all APIs, as far as the bound goes."""
    found: list[dict[str, Any]] = []
    for path, served in parts.served.paths.items():
        for subscription in served.compiled.subscriptions:
            if len(found) >= MAX_CLIENTS:
                return found
            found.append({**described(subscription), "api": served.compiled.api.logical_id, "path": path})
    return found


def count(parts: Parts) -> int:
    return sum(len(served.compiled.subscriptions) for served in parts.served.paths.values())
