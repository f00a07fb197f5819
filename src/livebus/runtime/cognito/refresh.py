"""
Refresh tokens as clients use them: REFRESH_TOKEN_AUTH, GetTokensFromRefreshToken (which Amplify calls), RevokeToken.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from livebus.runtime.cognito.context import Action, Answer, Context, Request, check_secret_hash, required
from livebus.runtime.cognito.errors import CognitoError, not_authorized
from livebus.runtime.cognito.users import SignIn, User
from livebus.template.application import UserPool, UserPoolClient


def refresh_with_auth_flow(
    context: Context, pool: UserPool, client: UserPoolClient, parameters: Mapping[str, str]
) -> Answer:
    """Answers InitiateAuth with AuthFlow REFRESH_TOKEN_AUTH: new access and id tokens, the refresh token stays."""
    token = required(parameters, "REFRESH_TOKEN")
    sign_in, user = _presented(context, pool, client, token)
    check_secret_hash(client, (user.username,), parameters.get("SECRET_HASH"))
    return {"ChallengeParameters": {}, "AuthenticationResult": _issue(context, pool, client, user, sign_in)}


def get_tokens_from_refresh_token(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    _check_client_secret(client, request.get("ClientSecret"))
    sign_in, user = _presented(context, pool, client, request["RefreshToken"])
    result = _issue(context, pool, client, user, sign_in)
    if client.refresh_token_rotation:
        result["RefreshToken"] = context.sign_ins.rotate(sign_in)
        context.save()
    return {"AuthenticationResult": result}


def revoke_token(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    try:
        _check_client_secret(client, request.get("ClientSecret"))
    except CognitoError as error:
        # RevokeToken has an exception of its own for this.
        raise CognitoError("UnauthorizedException", error.message) from error
    token = request["Token"]
    if token.count(".") == 2:
        raise CognitoError("UnsupportedTokenTypeException", "Unsupported token type")
    # RFC 7009 section 2.2: a token that is not known is as good as revoked.
    if context.sign_ins.revoke(context.record(pool), client, token):
        context.save()
    return {}


def _presented(context: Context, pool: UserPool, client: UserPoolClient, token: str) -> tuple[SignIn, User]:
    record = context.record(pool)
    sign_in = context.sign_ins.presented(record, client, token, context.clock())
    user = record.users.get(sign_in.username)
    if user is None:
        raise not_authorized("Invalid Refresh Token.")
    return sign_in, user


def _issue(context: Context, pool: UserPool, client: UserPoolClient, user: User, sign_in: SignIn) -> Answer:
    return context.issuer.issue(pool, client, user, sign_in, groups=context.record(pool).groups, now=context.clock())


def _check_client_secret(client: UserPoolClient, given: str | None) -> None:
    if client.secret is None and given is None:
        return
    if given is None:
        raise not_authorized(f"Client {client.client_id} is configured for secret but secret was not received")
    if client.secret is None or not hmac.compare_digest(client.secret.encode(), given.encode()):
        raise not_authorized(f"Unable to verify secret for client {client.client_id}")


ACTIONS: Final[Mapping[str, Action]] = {
    "GetTokensFromRefreshToken": Action(get_tokens_from_refresh_token, ("RefreshToken", "ClientId")),
    "RevokeToken": Action(revoke_token, ("Token", "ClientId")),
}
