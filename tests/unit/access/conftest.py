"""A user pool's key pair, made once, and tokens signed with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

Sign = Callable[..., str]


@pytest.fixture(scope="session")
def key() -> RSAKey:
    """The pool's private key."""
    return RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": "RS256"})


@pytest.fixture(scope="session")
def jwks(key: RSAKey) -> dict[str, Any]:
    """The pool's JWKS document: the public half."""
    return {"keys": [key.as_dict(private=False)]}


@pytest.fixture(scope="session")
def sign(key: RSAKey) -> Sign:
    """Signs claims with the pool's key; members of the header can be replaced."""

    def signed(claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode({"alg": "RS256", "kid": "key-1"} | header, claims, key)

    return signed
