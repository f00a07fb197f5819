"""
Passwords: what is kept of one, whether another is the same, whether the pool's policy allows it.

The password itself is never kept: an SRP salt and verifier serve both USER_SRP_AUTH and the flows that send it.
https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
"""

from __future__ import annotations

import hashlib
import hmac
import string
from collections.abc import Callable
from typing import Final

from livebus import srp
from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.users import Credential
from livebus.template.application import UserPool

RandomBytes = Callable[[int], bytes]

_SYMBOLS: Final = "^$*.[]{}()?!@#%&/,><:;|_~=+-"
_KINDS: Final = {
    "uppercase": string.ascii_uppercase,
    "lowercase": string.ascii_lowercase,
    "numeric": string.digits,
    "symbol": _SYMBOLS,
}


def pool_name(user_pool_id: str) -> str:
    """The part of a pool's id that goes into SRP's hashes: what follows the underscore."""
    return user_pool_id.partition("_")[2]


def new_credential(user_pool_id: str, user_id: str, password: str, random_bytes: RandomBytes) -> Credential:
    """Makes what is kept of a password."""
    salt = int.from_bytes(random_bytes(srp.SALT_BYTES))
    return Credential(f"{salt:x}", f"{srp.verifier(pool_name(user_pool_id), user_id, password, salt):x}")


def simulated_credential(user_pool_id: str, name: str, secret: bytes) -> Credential:
    """
    Makes the credential of a user who does not exist: no password fits, and the salt stays the same for a name.

    That is what Cognito answers with where the client prevents user existence errors (RFC 5054 section 2.5.1.3).
    """
    seed = hmac.digest(secret, f"{user_pool_id}\n{name}".encode(), "sha256")
    stretched = hashlib.shake_256(seed).digest(384 + srp.SALT_BYTES)
    salt, number = stretched[: srp.SALT_BYTES], stretched[srp.SALT_BYTES :]
    return Credential(f"{int.from_bytes(salt):x}", f"{int.from_bytes(number) % srp.N:x}")


def matches(credential: Credential, user_pool_id: str, user_id: str, password: str) -> bool:
    """Tells, in time that does not depend on the difference, whether a password is the one that was kept."""
    found = srp.verifier(pool_name(user_pool_id), user_id, password, int(credential.salt, 16))
    return hmac.compare_digest(srp.pad(found), srp.pad(int(credential.verifier, 16)))


def check_policy(pool: UserPool, password: str, verb: str = "did not conform with") -> None:
    """
    Raises InvalidPasswordException where a password is too short for the pool, or lacks a kind of character.

    ``verb`` is the middle of Cognito's sentence: "did not conform with" where an account is made or administered,
    "does not conform to" where a user sets a new password.
    """
    if len(password) < pool.password_minimum_length:
        raise CognitoError("InvalidPasswordException", f"Password {verb} policy: Password not long enough")
    for kind, characters in _KINDS.items():
        if kind in pool.password_requires and not any(character in characters for character in password):
            raise CognitoError(
                "InvalidPasswordException", f"Password {verb} policy: Password must have {kind} characters"
            )


def temporary_password(pool: UserPool, random_bytes: RandomBytes) -> str:
    """Makes a password with every kind of character, as AdminCreateUser does where none is given."""
    length = max(pool.password_minimum_length, 12)
    kinds = list(_KINDS.values())
    drawn = [_draw(kinds[place % len(kinds)], random_bytes) for place in range(length)]
    return "".join(drawn)


def _draw(letters: str, random_bytes: RandomBytes) -> str:
    # Four bytes against at most 28 letters: the bias is below one in a hundred million.
    return letters[int.from_bytes(random_bytes(4)) % len(letters)]
