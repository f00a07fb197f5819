"""
Sign-ins and their refresh tokens: opened, refreshed, rotated, revoked. They survive a restart, hashed.

A refresh token is ``<origin_jti>.<secret>``: opaque to clients, as Cognito's are, and found without a search.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from livebus.runtime.cognito.errors import CognitoError, not_authorized
from livebus.runtime.cognito.users import PoolRecord, SignIn, User
from livebus.template.application import UserPoolClient

PER_USER: Final = 100
SPENT: Final = 10
SECRET_BYTES: Final = 48


class SignIns:
    """
    The sign-ins of a pool's record. Nothing here saves the record: the action that changed it does.

    AWS documents no limit on a user's sign-ins; we keep the last hundred, so that the store stays small.
    """

    def __init__(self, new_id: Callable[[], str], random_bytes: Callable[[int], bytes]) -> None:
        self._new_id = new_id
        self._random_bytes = random_bytes

    def open(self, record: PoolRecord, client: UserPoolClient, user: User, now: float) -> tuple[SignIn, str]:
        """Begins a sign-in; with it comes its refresh token, which is not kept."""
        origin_jti = self._new_id()
        token = self._token(origin_jti)
        sign_in = SignIn(
            origin_jti=origin_jti,
            username=user.username,
            client_id=client.client_id,
            event_id=self._new_id(),
            auth_time=int(now),
            expires=now + client.refresh_token_validity,
            token_hash=_hashed(token),
        )
        record.sign_ins[origin_jti] = sign_in
        _prune(record, user.username, now)
        return sign_in, token

    def presented(self, record: PoolRecord, client: UserPoolClient, token: str, now: float) -> SignIn:
        """
        The sign-in that a refresh token stands for.

        Raises NotAuthorizedException where the token is unknown, another client's, revoked or expired, and
        RefreshTokenReuseException where rotation has replaced it.
        """
        sign_in = self._known(record, client, token)
        if sign_in is None:
            raise not_authorized("Invalid Refresh Token.")
        if sign_in.revoked:
            raise not_authorized("Refresh Token has been revoked")
        if sign_in.expires <= now:
            raise not_authorized("Refresh Token has expired")
        if not hmac.compare_digest(sign_in.token_hash, _hashed(token)):
            raise CognitoError("RefreshTokenReuseException", "Refresh token has been invalidated by rotation.")
        return sign_in

    def _known(self, record: PoolRecord, client: UserPoolClient, token: str) -> SignIn | None:
        sign_in = record.sign_ins.get(token.partition(".")[0])
        if sign_in is None or sign_in.client_id != client.client_id:
            return None
        hashed = _hashed(token)
        kept = (sign_in.token_hash, *sign_in.spent)
        return sign_in if any(hmac.compare_digest(hashed, each) for each in kept) else None

    def rotate(self, sign_in: SignIn) -> str:
        """Replaces the refresh token; the new one lives as long as the old one would have."""
        token = self._token(sign_in.origin_jti)
        sign_in.spent = [*sign_in.spent, sign_in.token_hash][-SPENT:]
        sign_in.token_hash = _hashed(token)
        return token

    def revoke(self, record: PoolRecord, client: UserPoolClient, token: str) -> bool:
        """Ends the sign-in of a refresh token, if it is one of the client's. Tells whether anything changed."""
        sign_in = self._known(record, client, token)
        if sign_in is None or sign_in.revoked:
            return False
        sign_in.revoked = True
        return True

    def _token(self, origin_jti: str) -> str:
        return f"{origin_jti}.{urlsafe_b64encode(self._random_bytes(SECRET_BYTES)).decode()}"


def revoke_all(record: PoolRecord, user: User) -> None:
    """Ends every sign-in of a user."""
    for sign_in in record.sign_ins.values():
        if sign_in.username == user.username:
            sign_in.revoked = True


def forget_all(record: PoolRecord, user: User) -> None:
    """Drops every sign-in of a user who is being deleted."""
    for sign_in in [each for each in record.sign_ins.values() if each.username == user.username]:
        del record.sign_ins[sign_in.origin_jti]


def is_open(record: PoolRecord, origin_jti: str) -> bool:
    """Tells whether the sign-in that a token comes from is known and not revoked."""
    sign_in = record.sign_ins.get(origin_jti)
    return sign_in is not None and not sign_in.revoked


def _prune(record: PoolRecord, username: str, now: float) -> None:
    """Drops a user's expired sign-ins, and the oldest above the limit."""
    own = [each for each in record.sign_ins.values() if each.username == username]
    expired = [each for each in own if each.expires <= now]
    live = [each for each in own if each.expires > now]
    for sign_in in (*expired, *live[: max(0, len(live) - PER_USER)]):
        del record.sign_ins[sign_in.origin_jti]


def _hashed(token: str) -> str:
    # The token is 48 random bytes: a plain hash cannot be searched, so that no salt or stretching is needed.
    return hashlib.sha256(token.encode()).hexdigest()
