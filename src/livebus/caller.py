"""
Data: who calls an AppSync API, and the names of the ways to be known to it.

The names are those of AWS::AppSync::GraphQLApi's AuthenticationType.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["API_KEY", "AWS_IAM", "AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_LAMBDA"]
API_KEY: Mode = "API_KEY"
AWS_IAM: Mode = "AWS_IAM"
COGNITO: Mode = "AMAZON_COGNITO_USER_POOLS"
OIDC: Mode = "OPENID_CONNECT"
LAMBDA: Mode = "AWS_LAMBDA"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Someone whom an API has let in: by which mode, and what resolvers see of them.

    ``identity`` is ``ctx.identity`` (None for an API key), ``groups`` the Cognito groups. ``allowed_fields`` is what
    an IAM policy leaves open, as "Type.field" names; None means that no policy narrows the caller.
    ``denied_fields`` are those that a Lambda authorizer takes from the caller.
    ``expires`` is the token's ``exp`` in epoch seconds, or None.
    """

    mode: Mode
    identity: Mapping[str, Any] | None = None
    groups: frozenset[str] = frozenset()
    allowed_fields: frozenset[str] | None = None
    expires: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    denied_fields: frozenset[str] = frozenset()
