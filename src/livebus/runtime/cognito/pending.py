"""
What waits for a client's next request: challenges, SRP exchanges and codes. Bounded in number, and not for ever.

Nothing of it survives a restart: the client then starts its sign-in anew, or asks for a new code.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow.html
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from livebus.runtime.cognito.errors import CognitoError, not_authorized

# Cognito's default AuthSessionValidity is 3 minutes.
SESSION_SECONDS: Final = 180.0
LIMIT: Final = 1000

T = TypeVar("T")


@dataclass(slots=True)
class Waiting(Generic[T]):
    """One thing that waits; ``deadline`` in epoch seconds."""

    value: T
    deadline: float
    used: bool = False
    failures: int = 0


class Pending(Generic[T]):
    """Things by key, at most ``limit`` of them: the oldest goes first. An expired one stays until it is pushed out."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: dict[str, Waiting[T]] = {}

    def put(self, key: str, value: T, deadline: float) -> None:
        """Keeps a thing, in the place of an older one under the same key."""
        self._waiting.pop(key, None)
        self._waiting[key] = Waiting(value, deadline)
        if len(self._waiting) > self._limit:
            del self._waiting[next(iter(self._waiting))]

    def get(self, key: str) -> Waiting[T] | None:
        """What waits under a key, expired or not."""
        return self._waiting.get(key)

    def take(self, key: str) -> Waiting[T] | None:
        """As ``get``, and nothing waits there any more."""
        return self._waiting.pop(key, None)

    def __len__(self) -> int:
        return len(self._waiting)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that a user has still to answer, after the password was right."""

    name: str
    client_id: str
    username: str


@dataclass(frozen=True, slots=True)
class SrpExchange:
    """
    The server's half of one USER_SRP_AUTH. ``username`` is None where the user only seems to exist.

    ``verifier`` is the one that SRP_B was made from: a password that changes meanwhile does not matter.
    """

    client_id: str
    user_id: str
    username: str | None
    client_public: int
    server_public: int
    private: int
    verifier: int


def session(sessions: Pending[Challenge], key: str | None, now: float) -> Waiting[Challenge]:
    """The challenge that a Session stands for, or NotAuthorizedException in the words that Cognito has for each case."""
    waiting = sessions.get(key) if key else None
    if waiting is None:
        raise not_authorized("Invalid session for the user.")
    if waiting.used:
        raise not_authorized("Invalid session for the user, session can only be used once.")
    if waiting.deadline <= now:
        raise not_authorized("Invalid session for the user, session is expired.")
    return waiting


class Codes:
    """
    Six-digit codes by purpose and user.

    Five wrong guesses end a code. AWS documents that attempts are limited, not how far for each call.
    """

    GUESSES: Final = 5

    def __init__(self) -> None:
        self._pending: Pending[str] = Pending()

    def issue(self, key: str, random: bytes, deadline: float) -> str:
        """Makes the code for a key; an older one is worth nothing from then on."""
        code = f"{int.from_bytes(random) % 1_000_000:06d}"
        self._pending.put(key, code, deadline)
        return code

    def accept(self, key: str, code: str, now: float) -> None:
        """Spends a code. Raises CodeMismatchException, ExpiredCodeException or LimitExceededException."""
        waiting = self._pending.get(key)
        if waiting is None or waiting.deadline <= now:
            raise expired_code()
        if waiting.failures >= self.GUESSES:
            raise CognitoError("LimitExceededException", "Attempt limit exceeded, please try after some time.")
        if not hmac.compare_digest(waiting.value.encode(), code.encode()):
            waiting.failures += 1
            raise CognitoError("CodeMismatchException", "Invalid verification code provided, please try again.")
        self._pending.take(key)


def expired_code() -> CognitoError:
    """Makes the refusal of a code that is too old, or that nobody asked for."""
    return CognitoError("ExpiredCodeException", "Invalid code provided, please request a code again.")
