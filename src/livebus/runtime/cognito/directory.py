"""
The pools of the application and the users in the store, looked up by the names that requests carry.

In: the template's user pools, a UserStore. Out: pools, clients, users, or Cognito's refusal where there is none.
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from livebus.runtime.cognito.errors import CognitoError, invalid_parameter, user_not_found
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.cognito.users import Group, PoolRecord, User
from livebus.template.application import UserPool, UserPoolClient

EMAIL: Final = "email"
PHONE_NUMBER: Final = "phone_number"


def not_found(message: str) -> CognitoError:
    """Makes the refusal for a pool, client or group that is not there."""
    return CognitoError("ResourceNotFoundException", message)


class Directory:
    """Pools and clients by id, users by username, sub, or the attribute that their pool signs in with."""

    def __init__(self, pools: Sequence[UserPool], store: UserStore, clock: Callable[[], float]) -> None:
        self.store = store
        self._clock = clock
        self.replace(pools)

    def replace(self, pools: Sequence[UserPool]) -> None:
        """Takes the pools of a reloaded template. Users stay with their pool's id; declared groups follow it."""
        self.pools = {pool.user_pool_id: pool for pool in pools}
        self._clients = {client.client_id: (pool, client) for pool in pools for client in pool.clients}
        changed = [pool for pool in pools if self._declare_groups(pool)]
        if changed:
            self.store.save()

    def _declare_groups(self, pool: UserPool) -> bool:
        """Makes the template's groups, and drops those that it had and has no more. Tells whether anything changed."""
        record = self.record(pool)
        gone = [group.name for group in record.groups.values() if group.declared and group.name not in pool.groups]
        for name in gone:
            remove_group(record, name)
        fresh = [name for name in pool.groups if name not in record.groups or not record.groups[name].declared]
        now = self._clock()
        for name in fresh:
            record.groups.setdefault(name, Group(name, now, now)).declared = True
        return bool(gone or fresh)

    def pool(self, user_pool_id: str) -> UserPool:
        """The pool, or ResourceNotFoundException."""
        pool = self.pools.get(user_pool_id)
        if pool is None:
            raise not_found(f"User pool {user_pool_id} does not exist.")
        return pool

    def client(self, client_id: str) -> tuple[UserPool, UserPoolClient]:
        """The client and its pool, or ResourceNotFoundException."""
        found = self._clients.get(client_id)
        if found is None:
            raise not_found(f"User pool client {client_id} does not exist.")
        return found

    def client_of(self, user_pool_id: str, client_id: str) -> tuple[UserPool, UserPoolClient]:
        """The client, where it is one of that pool; else ResourceNotFoundException."""
        pool = self.pool(user_pool_id)
        owner, client = self.client(client_id)
        if owner.user_pool_id != pool.user_pool_id:
            raise not_found(f"User pool client {client_id} does not exist.")
        return pool, client

    def record(self, pool: UserPool) -> PoolRecord:
        """What is kept of a pool."""
        return self.store.pool(pool.user_pool_id)

    def find(self, pool: UserPool, name: str) -> User | None:
        """
        The user whom a name means, or None.

        AWS documents that an alias or the sub of a local user serves where a username is asked for.
        """
        users = self.record(pool).users
        user = users.get(name)
        if user is not None:
            return user
        if not pool.username_case_sensitive:
            folded = name.lower()
            for each in users.values():
                if each.username.lower() == folded:
                    return each
        return self.find_by_alias(pool, name) or next((user for user in users.values() if user.sub == name), None)

    def find_by_alias(self, pool: UserPool, value: str) -> User | None:
        """The user who has an email address or phone number, where the pool signs in with it; or None."""
        for user in self.record(pool).users.values():
            if any(_is_alike(pool, user.attributes.get(attribute), value) for attribute in pool.username_attributes):
                return user
        return None

    def user(self, pool: UserPool, name: str) -> User:
        """The user whom a name means, or UserNotFoundException."""
        user = self.find(pool, name)
        if user is None:
            raise user_not_found()
        return user

    def group(self, pool: UserPool, name: str) -> Group:
        """The group, or ResourceNotFoundException."""
        group = self.record(pool).groups.get(name)
        if group is None:
            raise not_found("Group not found.")
        return group


def _is_alike(pool: UserPool, kept: str | None, given: str) -> bool:
    return kept == given or (kept is not None and not pool.username_case_sensitive and kept.lower() == given.lower())


def username_attribute(pool: UserPool, name: str) -> str | None:
    """
    The attribute that a new user's name is the value of, or None where the pool has plain usernames.

    Raises InvalidParameterException where the pool signs in with an attribute and the name is none.
    """
    kinds = pool.username_attributes
    if not kinds:
        return None
    if EMAIL in kinds and "@" in name:
        return EMAIL
    if PHONE_NUMBER in kinds and name.startswith("+"):
        return PHONE_NUMBER
    if len(kinds) > 1:
        raise invalid_parameter("Username should be either an email or a phone number.")
    raise invalid_parameter(f"Username should be {'an email' if EMAIL in kinds else 'a phone number'}.")


def own_user_name(pool: UserPool) -> str:
    """The name of the runtime's own user in a pool where nobody named one: of the kind that the pool's usernames are."""
    if EMAIL in pool.username_attributes:
        return "subscriber@example.com"
    return "+15555550100" if PHONE_NUMBER in pool.username_attributes else "subscriber"


def remove_group(record: PoolRecord, name: str) -> None:
    """Takes a group, and everybody's membership of it, out of a pool's record."""
    del record.groups[name]
    for user in record.users.values():
        if name in user.groups:
            user.groups.remove(name)
