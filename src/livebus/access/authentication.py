"""
Who calls an API: one way in is chosen by the form of the request's headers, and either lets in or does not.

In: the headers of a request (or those inside a real-time message), the time, the caller's address. Out: a
:class:`Caller` with ``ctx.identity`` in AppSync's shape, or :class:`Unauthenticated`.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from livebus.access.authorizers import Authorization
from livebus.access.role_session import RoleSession
from livebus.access.signature import ALGORITHM, SignatureRefused, SignedRequest, verify
from livebus.access.tokens import NOT_AUTHORIZED, TokenRefused, TokenVerifier, bare, issuer_of
from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Caller
from livebus.template.application import AuthProvider, GraphQLApi

# What functions said of tokens, at most, for one API.
MAX_DECISIONS = 1000
NO_CREDENTIALS = "Valid authorization header not provided."

Jwks = Mapping[str, Any]


class Unauthenticated(Exception):
    """
    A request that is not let in: what AppSync answers with ``status``.

    ``reason`` says why, for whoever mends it; AppSync does not tell its clients.
    """

    def __init__(
        self, message: str, *, reason: str = "", error_type: str = "UnauthorizedException", status: int = 401
    ) -> None:
        self.message = message
        self.reason = reason or message
        self.error_type = error_type
        self.status = status
        super().__init__(f"{message} ({reason})" if reason else message)


class Undecided(Exception):
    """A token that the function of a Lambda authorizer has to be asked about: see :meth:`Authenticator.decide`."""

    def __init__(self, provider: AuthProvider, token: str) -> None:
        self.provider = provider
        self.token = token
        super().__init__("a function has to be asked")


class Authenticator:
    """
    Lets callers into one API.

    ``jwks_for`` gives a provider's JWKS document (None: it cannot be had), ``secret_for`` the secret key of an access
    key id. Of temporary credentials ``session_for`` gives the session of an access key id, ``fields_of`` the fields that a
    role may use, by its ARN. Verified tokens are remembered as long as the document stays equal.
    """

    __slots__ = (
        "_account",
        "_api",
        "_decisions",
        "_fields_of",
        "_jwks_for",
        "_modes",
        "_region",
        "_secret_for",
        "_session_for",
        "_token_providers",
        "_verifiers",
    )

    def __init__(
        self,
        api: GraphQLApi,
        *,
        region: str,
        account: str,
        jwks_for: Callable[[AuthProvider], Jwks | None],
        secret_for: Callable[[str], str | None],
        session_for: Callable[[str], RoleSession | None] = lambda _: None,
        fields_of: Callable[[str], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        self._session_for = session_for
        self._fields_of = fields_of
        self._api = api
        self._region = region
        self._account = account
        self._jwks_for = jwks_for
        self._secret_for = secret_for
        self._modes = frozenset(provider.mode for provider in api.providers)
        self._token_providers: Mapping[str, AuthProvider] = {
            issuer_of(provider, region): provider
            for provider in reversed(api.providers)
            if provider.mode in (COGNITO, OIDC)
        }
        self._verifiers: dict[str, tuple[Jwks, TokenVerifier]] = {}
        self._decisions: dict[str, tuple[float, Authorization]] = {}

    def authenticate(
        self, headers: Mapping[str, str], *, request: SignedRequest | None, now: float, source_ip: str
    ) -> Caller:
        """
        Let a caller in, or raise Unauthenticated; Undecided where a function has to be asked first.

        ``request`` is what a SigV4 signature was made over; None where there is nothing that can have been signed.
        ``now`` is in epoch seconds.
        """
        lowered = {name.lower(): value for name, value in headers.items()}
        authorization = lowered.get("authorization")
        # Exactly one mode is chosen; a signature goes before an API key.
        if authorization is not None and authorization.startswith(ALGORITHM):
            return self._signed(request, now, source_ip, lowered)
        if authorization is not None:
            return self._with_token(authorization, now, source_ip, lowered)
        if (api_key := lowered.get("x-api-key")) is not None:
            return self._with_api_key(api_key, lowered)
        raise Unauthenticated(NO_CREDENTIALS, reason="there is neither an Authorization nor an x-api-key header")

    def decide(self, token: str, authorization: Authorization, now: float) -> None:
        """
        What a function said of a token: it counts until its time is over, and for who asks at this very ``now``.

        The oldest is forgotten where there are too many.
        """
        self._decisions.pop(token, None)
        self._decisions[token] = now + authorization.ttl, authorization
        if len(self._decisions) > MAX_DECISIONS:
            del self._decisions[next(iter(self._decisions))]

    def _authorized(self, token: str, now: float, headers: Mapping[str, str]) -> Caller:
        """Whoever the function of the Lambda authorizer lets in."""
        provider = next(each for each in self._api.providers if each.mode == LAMBDA)
        if provider.token_pattern is not None and not _matches(provider.token_pattern, token):
            raise Unauthenticated(NOT_AUTHORIZED, reason="the token does not match IdentityValidationExpression")
        expires, found = self._decisions.get(token, (-1.0, None))
        if found is None or now > expires:
            raise Undecided(provider, token)
        if not found.is_authorized:
            raise Unauthenticated(NOT_AUTHORIZED, reason="the Lambda authorizer does not let the token in")
        identity = {"resolverContext": dict(found.resolver_context)}
        return Caller(LAMBDA, identity, headers=headers, denied_fields=found.denied_fields)

    def _with_api_key(self, api_key: str, headers: Mapping[str, str]) -> Caller:
        self._require(API_KEY, "an x-api-key header")
        if api_key not in self._api.api_keys:
            raise Unauthenticated(NOT_AUTHORIZED, reason=f"the API key is none of API {self._api.name!r}")
        return Caller(API_KEY, headers=headers)

    def _signed(self, request: SignedRequest | None, now: float, source_ip: str, headers: Mapping[str, str]) -> Caller:
        self._require(AWS_IAM, "a signature")
        if request is None:
            raise Unauthenticated(NOT_AUTHORIZED, reason="a signature came without a request that it could be over")
        try:
            access_key_id = verify(request, secret_for=self._secret, now=now)
        except SignatureRefused as refused:
            raise Unauthenticated(refused.message, error_type=refused.error_type, status=403) from None
        if (session := self._session_for(access_key_id)) is not None:
            return self._of_session(session, now, source_ip, headers)
        # Locally an access key stands for itself: there is no IAM user behind it, and no policy narrows it.
        identity = {
            "accountId": self._account,
            "cognitoIdentityPoolId": None,
            "cognitoIdentityId": None,
            "sourceIp": [source_ip],
            "username": access_key_id,
            "userArn": f"arn:aws:iam::{self._account}:user/{access_key_id}",
            "cognitoIdentityAuthType": None,
            "cognitoIdentityAuthProvider": None,
        }
        return Caller(AWS_IAM, identity, headers=headers)

    def _secret(self, access_key_id: str) -> str | None:
        session = self._session_for(access_key_id)
        return session.secret_access_key if session is not None else self._secret_for(access_key_id)

    def _of_session(self, session: RoleSession, now: float, source_ip: str, headers: Mapping[str, str]) -> Caller:
        """
        Whoever holds temporary credentials: the role's policies decide on fields, as they stand now.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html
        """
        invalid = "The security token included in the request is"
        if not hmac.compare_digest(headers.get("x-amz-security-token", "").encode(), session.session_token.encode()):
            raise Unauthenticated(f"{invalid} invalid.", error_type="UnrecognizedClientException", status=403)
        if now >= session.expires:
            raise Unauthenticated(f"{invalid} expired", error_type="ExpiredTokenException", status=403)
        identity = {
            "accountId": self._account,
            "cognitoIdentityPoolId": session.cognito_identity_pool_id,
            "cognitoIdentityId": session.cognito_identity_id,
            "sourceIp": [source_ip],
            "username": f"{session.role_name}:{session.name}",
            "userArn": session.arn,
            "cognitoIdentityAuthType": session.cognito_identity_auth_type,
            "cognitoIdentityAuthProvider": session.cognito_identity_auth_provider,
        }
        allowed = self._fields_of(session.role_arn)
        return Caller(AWS_IAM, identity, allowed_fields=allowed, expires=session.expires, headers=headers)

    def _with_token(self, token: str, now: float, source_ip: str, headers: Mapping[str, str]) -> Caller:
        issuer = self._issuer(token)
        if issuer is None:
            return self._authorized(token, now, headers)
        provider = self._token_providers[issuer]
        try:
            claims = self._verifier(issuer, provider).verify(token, now)
        except TokenRefused as refused:
            raise Unauthenticated(refused.message, reason=refused.reason) from None
        if provider.mode == OIDC:
            identity: dict[str, Any] = {"sub": claims["sub"], "issuer": issuer, "claims": claims}
            return Caller(OIDC, identity, expires=claims["exp"], headers=headers)
        groups: Sequence[str] | None = claims.get("cognito:groups")
        identity = {
            "sub": claims["sub"],
            "issuer": issuer,
            "username": claims.get("cognito:username", claims.get("username")),
            "claims": claims,
            "sourceIp": [source_ip],
            "defaultAuthStrategy": provider.default_action or "ALLOW",
            "groups": groups,
        }
        return Caller(COGNITO, identity, frozenset(groups or ()), expires=claims["exp"], headers=headers)

    def _issuer(self, token: str) -> str | None:
        """
        The configured issuer that a token names, unverified: it only says which keys to verify with. None where the token is
        for the Lambda authorizer.
        """
        known = self._token_providers
        if len(known) == 1 and LAMBDA not in self._modes:
            return next(iter(known))
        issuer = _unverified_issuer(bare(token))
        if issuer is not None and issuer in known:
            return issuer
        if LAMBDA in self._modes:
            return None
        if not known:
            raise Unauthenticated(NOT_AUTHORIZED, reason=f"API {self._api.name!r} takes no tokens, but {self._ways()}")
        raise Unauthenticated(
            NOT_AUTHORIZED, reason=f"the token's iss is {issuer!r}, not one of {', '.join(map(repr, known))}"
        )

    def _verifier(self, issuer: str, provider: AuthProvider) -> TokenVerifier:
        jwks = self._jwks_for(provider)
        if jwks is None:
            raise Unauthenticated(NOT_AUTHORIZED, reason=f"the keys of {issuer!r} cannot be had")
        kept = self._verifiers.get(issuer)
        if kept is None or kept[0] != jwks:
            kept = self._verifiers[issuer] = jwks, TokenVerifier(provider, jwks, self._region)
        return kept[1]

    def _require(self, mode: str, what: str) -> None:
        if mode not in self._modes:
            raise Unauthenticated(
                NOT_AUTHORIZED,
                reason=f"{what} is for {mode}, which API {self._api.name!r} does not take, but {self._ways()}",
            )

    def _ways(self) -> str:
        return ", ".join(sorted(self._modes))


def _matches(pattern: str, token: str) -> bool:
    """Whether a token matches an expression; one that Python cannot read lets every token through to the function."""
    try:
        return re.fullmatch(pattern, token) is not None
    except re.error:
        return True


def _unverified_issuer(token: str) -> str | None:
    """The ``iss`` in a token's middle part; None where that is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else None
