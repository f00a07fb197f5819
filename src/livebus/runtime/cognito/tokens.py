"""
Tokens: the keys that sign them, the document that others verify them with, and the claims that Cognito puts in.

In: a pool, a client, a user and the sign-in that the tokens come from. Out: RS256 JSON Web Tokens (joserfc).
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from livebus.errors import NOWHERE, LivebusError, Place
from livebus.runtime.cognito.users import Group, SignIn, User
from livebus.template.application import UserPool, UserPoolClient

ALGORITHM: Final = "RS256"
SCOPE: Final = "aws.cognito.signin.user.admin"
_BOOLEAN_CLAIMS: Final = frozenset({"email_verified", "phone_number_verified"})


class SigningKeys:
    """
    The RSA key of 2048 bits that signs all tokens. ``kid`` is its RFC 7638 thumbprint: the same after a restart.

    Cognito has two keys per pool, one for each kind of token; we have one for all of them, which a client that picks
    by ``kid`` does not see.
    """

    def __init__(self, key: RSAKey) -> None:
        self._key = key
        self.kid = key.thumbprint()
        self._header = {"kid": self.kid, "alg": ALGORITHM}
        public = key.as_dict(private=False)
        self._jwk = {"alg": ALGORITHM, "e": public["e"], "kid": self.kid, "kty": "RSA", "n": public["n"], "use": "sig"}

    @classmethod
    def generate(cls) -> SigningKeys:
        """Makes a new key, which takes a tenth of a second or so."""
        return cls(RSAKey.generate_key(2048, auto_kid=False))

    @classmethod
    def from_pem(cls, pem: bytes, place: Place = NOWHERE) -> SigningKeys:
        """Reads what ``to_pem`` wrote. Raises LivebusError, naming ``place``, where it is no RSA private key."""
        try:
            key = RSAKey.import_key(pem)
            usable = key.is_private
        except (ValueError, TypeError, JoseError) as error:
            raise _no_key(place) from error
        if not usable:
            raise _no_key(place)
        return cls(key)

    def to_pem(self) -> bytes:
        """The private key, unencrypted, in PEM form: to be kept where only its owner can read it."""
        return self._key.as_pem(private=True)

    def jwks(self) -> dict[str, Any]:
        """The JWKS document: the public key, in the form that Cognito serves."""
        return {"keys": [dict(self._jwk)]}

    def secret(self, purpose: bytes) -> bytes:
        """Derives 32 secret bytes that stay the same as long as the key does."""
        return hmac.digest(hashlib.sha256(self.to_pem()).digest(), purpose, "sha256")

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Makes the token."""
        return jws.serialize_compact(self._header, orjson.dumps(claims), self._key, [ALGORITHM])

    def verified(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that this key signed, or None. Expiry and the claims' meaning are not looked at."""
        try:
            signed = jws.deserialize_compact(token, self._key, [ALGORITHM])
            claims = orjson.loads(signed.payload)
        except (ValueError, TypeError, JoseError):
            return None
        return claims if isinstance(claims, dict) else None


def _no_key(place: Place) -> LivebusError:
    return LivebusError(
        "the tokens' signing key cannot be read",
        place,
        expected="an unencrypted RSA private key in PEM form",
        advice="Move the file away: the runtime then makes a new key, and everybody signs in anew",
    )


def issuer(region: str, user_pool_id: str) -> str:
    """The ``iss`` of a pool's tokens: AWS's address, as AppSync expects it, wherever the runtime listens."""
    return f"https://cognito-idp.{region}.amazonaws.com/{user_pool_id}"


class TokenIssuer:
    """Makes access and id tokens."""

    def __init__(self, keys: SigningKeys, region: str, new_id: Callable[[], str]) -> None:
        self.keys = keys
        self.region = region
        self._new_id = new_id

    def issue(
        self,
        pool: UserPool,
        client: UserPoolClient,
        user: User,
        sign_in: SignIn,
        *,
        groups: Mapping[str, Group],
        now: float,
    ) -> dict[str, Any]:
        """Makes the AuthenticationResult without the refresh token. ``groups`` are the pool's, by name."""
        iat = int(now)
        common: dict[str, Any] = {"sub": user.sub}
        if user.groups:
            common["cognito:groups"] = list(user.groups)
        common |= {
            "iss": issuer(self.region, pool.user_pool_id),
            "origin_jti": sign_in.origin_jti,
            "event_id": sign_in.event_id,
            "auth_time": sign_in.auth_time,
            "iat": iat,
        }
        access = common | {
            "client_id": client.client_id,
            "token_use": "access",
            "scope": SCOPE,
            "exp": iat + client.access_token_validity,
            "jti": self._new_id(),
            "username": user.username,
        }
        identity = (
            _attribute_claims(user)
            | common
            | _role_claims(user, groups)
            | {
                "cognito:username": user.username,
                "aud": client.client_id,
                "token_use": "id",
                "exp": iat + client.id_token_validity,
                "jti": self._new_id(),
            }
        )
        return {
            "AccessToken": self.keys.sign(access),
            "ExpiresIn": client.access_token_validity,
            "TokenType": "Bearer",
            "IdToken": self.keys.sign(identity),
        }


def _attribute_claims(user: User) -> dict[str, Any]:
    # Attributes are text; the two that say whether an address is verified are booleans in a token.
    return {name: value == "true" if name in _BOOLEAN_CLAIMS else value for name, value in user.attributes.items()}


def _role_claims(user: User, groups: Mapping[str, Group]) -> dict[str, Any]:
    roles = [group for name in user.groups if (group := groups.get(name)) is not None and group.role_arn]
    if not roles:
        return {}
    claims: dict[str, Any] = {"cognito:roles": [group.role_arn for group in roles]}
    # Cognito prefers the role of the lowest precedence, and none where two groups with different roles share it.
    ranked = [group for group in roles if group.precedence is not None]
    first = min((group.precedence for group in ranked if group.precedence is not None), default=None)
    preferred = {group.role_arn for group in ranked if group.precedence == first}
    if len(preferred) == 1:
        claims["cognito:preferred_role"] = preferred.pop()
    return claims
