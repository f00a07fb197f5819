"""
A signed token: whether an API lets it in, and what it claims.

In: one provider of an API (a Cognito user pool or an OpenID Connect issuer) and its JWKS document; then tokens and the
time. Out: the token's claims, or :class:`TokenRefused`.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livebus.caller import COGNITO
from livebus.errors import InvalidTemplate
from livebus.expressions import MATCH_SECONDS, Expression, NotAnExpression, Patience, TooSlow, UnreadExpression
from livebus.numerals import epoch_seconds
from livebus.template.application import AuthProvider

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

NOT_AUTHORIZED = "You are not authorized to make this call."
EXPIRED = "Token has expired."

# Cognito signs with RS256 and nothing else. For OpenID Connect we take what a public key can verify.
COGNITO_ALGORITHMS = ("RS256",)
OIDC_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")

# Verified tokens that are kept, so that a client's next request costs no signature check.
REMEMBERED = 1024


class TokenRefused(Exception):
    """A token that does not let in: ``message`` is what AppSync answers, ``reason`` why, for whoever mends it."""

    def __init__(self, message: str, reason: str) -> None:
        self.message = message
        self.reason = reason
        super().__init__(f"{message} ({reason})")


def issuer_of(provider: AuthProvider, region: str) -> str:
    """The ``iss`` of a provider's tokens. A user pool's id begins with its own region, ``us-east-1_AbCdEf``."""
    if provider.mode != COGNITO:
        return provider.issuer or ""
    pool = provider.user_pool_id or ""
    return f"https://cognito-idp.{pool.partition('_')[0] if '_' in pool else region}.amazonaws.com/{pool}"


class TokenVerifier:
    """
    Verifies the tokens of one provider with the keys of one JWKS document.

    Raises InvalidTemplate where the provider's client regex is not one.
    """

    __slots__ = ("_algorithms", "_client", "_issuer", "_keys", "_provider", "_verified")

    def __init__(self, provider: AuthProvider, jwks: Mapping[str, Any], region: str) -> None:
        cognito = provider.mode == COGNITO
        self._provider = provider
        self._issuer = issuer_of(provider, region)
        self._algorithms = COGNITO_ALGORITHMS if cognito else OIDC_ALGORITHMS
        self._keys = _public_keys(jwks)
        self._client = _client_expression(provider.app_id_client_regex if cognito else provider.client_id)
        self._verified: dict[str, Mapping[str, Any]] = {}

    def verify(self, token: str, now: float) -> Mapping[str, Any]:
        """The claims of a token ("Bearer " before it is fine) at a time in epoch seconds; raises TokenRefused."""
        token = bare(token)
        claims = self._verified.get(token)
        if claims is None:
            claims = self._claims(token)
            self._check(claims)
            if len(self._verified) >= REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = claims
        if now >= claims["exp"]:
            self._verified.pop(token, None)
            raise TokenRefused(EXPIRED, f"exp is {claims['exp']}, it is {int(now)}")
        if now < claims.get("nbf", 0):
            raise TokenRefused(NOT_AUTHORIZED, f"nbf is {claims['nbf']}, it is {int(now)}")
        return claims

    def _claims(self, token: str) -> Mapping[str, Any]:
        """The claims, once the signature is verified."""
        if token.count(".") != 2:
            raise TokenRefused(NOT_AUTHORIZED, "it is not a JWT: three parts with dots between them")
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            return jwt.decode(token, self._key, algorithms=list(self._algorithms)).claims
        except JoseError as error:
            raise TokenRefused(NOT_AUTHORIZED, str(error)) from None
        except ValueError as error:  # parts that are no Base64 or no JSON
            raise TokenRefused(NOT_AUTHORIZED, f"it is not a JWT: {error}") from None

    def _key(self, signed: Any) -> RSAKey | ECKey:
        kid = signed.headers().get("kid")
        key = self._keys.get(kid)
        if key is None:
            raise TokenRefused(NOT_AUTHORIZED, f"its kid {kid!r} is not among the provider's keys")
        return key

    def _check(self, claims: Mapping[str, Any]) -> None:
        """Check what does not change with the time."""
        if claims.get("iss") != self._issuer:
            raise TokenRefused(NOT_AUTHORIZED, f"its iss is {claims.get('iss')!r}, not {self._issuer!r}")
        for claim in ("exp", "nbf", "iat"):
            number = claims.get(claim)
            required = claim == "exp" or (claim == "iat" and self._provider.mode != COGNITO)
            # null is no time either: a claim is a number, or it is not there.
            if not _is_time(number) if claim in claims else required:
                raise TokenRefused(NOT_AUTHORIZED, f"its {claim} is {number!r}, not a time in seconds")
        if not isinstance(claims.get("sub"), str):
            raise TokenRefused(NOT_AUTHORIZED, f"its sub is {claims.get('sub')!r}")
        if self._provider.mode == COGNITO:
            _check_cognito(claims)
            clients = _cognito_client(claims)
        else:
            clients = [*_texts(claims.get("aud")), *_texts(claims.get("azp"))]
        if self._client is not None and not self._admits(self._client, clients):
            raise TokenRefused(NOT_AUTHORIZED, f"its client {clients!r} does not match {self._client.text!r}")

    @staticmethod
    def _admits(expression: Expression, clients: list[str]) -> bool:
        patience = Patience(MATCH_SECONDS)
        try:
            return any(patience.matches(expression, client) for client in clients)
        except TooSlow:
            reason = f"{expression.text!r} takes too long to tell whether it matches a client of {clients!r}"
            raise TokenRefused(NOT_AUTHORIZED, reason) from None


def bare(token: str) -> str:
    """A token without the "Bearer " that some clients put before it."""
    return token[7:].strip() if token[:7].lower() == "bearer " else token.strip()


def _check_cognito(claims: Mapping[str, Any]) -> None:
    """Refuse claims of other types than Cognito writes: a text of groups would be taken for a group of each letter."""
    groups = claims.get("cognito:groups")
    if groups is not None and not (isinstance(groups, list) and all(isinstance(group, str) for group in groups)):
        raise TokenRefused(NOT_AUTHORIZED, f"its cognito:groups is {groups!r}, not a list of texts")
    for claim in ("cognito:username", "username"):
        if not isinstance(claims.get(claim), str | None):
            raise TokenRefused(NOT_AUTHORIZED, f"its {claim} is {claims[claim]!r}, not a text")


def _cognito_client(claims: Mapping[str, Any]) -> list[str]:
    """Amplify sends the access token, others the ID token: AppSync takes both."""
    use = claims.get("token_use")
    if use == "id":
        return _texts(claims.get("aud"))
    if use == "access":
        return _texts(claims.get("client_id"))
    raise TokenRefused(NOT_AUTHORIZED, f"its token_use is {use!r}, neither 'id' nor 'access'")


def _texts(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _is_time(value: Any) -> bool:
    """Whether a claim is a NumericDate that a clock can show."""
    return epoch_seconds(value) is not None


def _public_keys(jwks: Mapping[str, Any]) -> dict[str, RSAKey | ECKey]:
    """The keys by kid. Symmetric keys are left out: whoever can read a JWKS could sign with them."""
    # Here, as a dry run has to do with no token, and this costs a third of its start.
    from joserfc.jwk import ECKey, RSAKey

    keys: dict[str, RSAKey | ECKey] = {}
    for document in jwks.get("keys", ()):
        if not document.get("kid"):
            continue
        if document.get("kty") == "RSA":
            keys[document["kid"]] = RSAKey.import_key(document)
        elif document.get("kty") == "EC":
            keys[document["kid"]] = ECKey.import_key(document)
    return keys


def _client_expression(regex: str | None) -> Expression | None:
    # AWS does not document whether the regex has to cover the whole client id; we say yes, the safer reading.
    try:
        return None if regex is None else Expression(regex)
    except NotAnExpression as error:
        raise InvalidTemplate(f"The client regex {regex!r} is not a regular expression: {error}") from None
    except UnreadExpression as error:
        raise InvalidTemplate(f"The client regex {regex!r} is not emulated: {error}") from None
