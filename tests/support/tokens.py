"""
Tokens that are not quite right, made with the runtime's own key or with another.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

from livebus.runtime.cognito.tokens import SigningKeys


def claims_of(token: str) -> dict[str, Any]:
    """A token's claims, unverified."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def runtime_key(state: Path) -> SigningKeys:
    """The key that a runtime with this state folder signs with."""
    return SigningKeys.from_pem((state / "signing-key.pem").read_bytes())


def expired(token: str, key: SigningKeys) -> str:
    """The same token, whose time was over a minute ago."""
    return key.sign({**claims_of(token), "exp": int(time.time()) - 60})


def tampered(token: str) -> str:
    """The same signature under other claims."""
    header, _, signature = token.split(".")
    claims = {**claims_of(token), "username": "mallory", "cognito:username": "mallory"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{payload}.{signature}"


def foreign(token: str, key: SigningKeys, **claims: Any) -> str:
    """The same token with other claims, signed with a key."""
    return key.sign({**claims_of(token), **claims})
