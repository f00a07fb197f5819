"""
Temporary credentials that the runtime has given out, for roles of the stacks: kept until they expire, and for this run.

In: who assumed which role. Out: keys that look like AWS's, and the session that belongs to an access key id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from livebus.access.role_session import RoleSession
from livebus.template.application import Role

# The oldest are forgotten first: a test that asks for credentials in a loop must not fill the memory.
_MOST_SESSIONS = 10_000
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class TemporaryCredentials:
    """``roles`` are those of the stacks at work, by ARN. ``random_bytes`` gives that many bytes nobody can guess."""

    def __init__(self, clock: Callable[[], float], random_bytes: Callable[[int], bytes]) -> None:
        self.roles: Mapping[str, Role] = {}
        self._clock = clock
        self._random_bytes = random_bytes
        self._sessions: dict[str, RoleSession] = {}

    def issue(self, role_arn: str, name: str, seconds: float, **identity: str) -> RoleSession:
        """
        Credentials for a role; whether it may be assumed is for the caller to have decided.

        ``identity`` are the members of RoleSession that begin with ``cognito``.
        """
        key = "ASIA" + "".join(_CHARACTERS[byte % 32] for byte in self._random_bytes(16))
        secret, token = self._random_bytes(20).hex(), self._random_bytes(48).hex()
        session = RoleSession(key, secret, token, self._clock() + seconds, role_arn, name, **identity)
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[key] = session
        return session

    def find(self, access_key_id: str) -> RoleSession | None:
        """The session of an access key id; one that has expired is still told, with its time."""
        return self._sessions.get(access_key_id)
