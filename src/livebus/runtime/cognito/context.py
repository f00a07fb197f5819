"""
What every action works with: the directory, the tokens, what waits, and the clock, ids and randomness handed in.

Out for the modules of actions: Context, Action, and what several of them need (secret hashes, codes and their delivery).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from livebus.runtime.cognito.directory import EMAIL, PHONE_NUMBER, Directory
from livebus.runtime.cognito.errors import invalid_parameter, not_authorized
from livebus.runtime.cognito.passwords import new_credential
from livebus.runtime.cognito.pending import Challenge, Codes, Pending, SrpExchange
from livebus.runtime.cognito.sign_ins import SignIns
from livebus.runtime.cognito.tokens import TokenIssuer
from livebus.runtime.cognito.users import PoolRecord, User
from livebus.template.application import UserPool, UserPoolClient

Request = Mapping[str, Any]
Answer = dict[str, Any]

SIGN_UP: Final = "confirm the sign-up"
RECOVERY: Final = "set a new password"
_DAY: Final = 86_400.0
# How long Cognito's codes live: a day, and an hour for a forgotten password.
CODE_SECONDS: Final = {SIGN_UP: _DAY, RECOVERY: 3600.0}
MEDIUMS: Final = {EMAIL: "EMAIL", PHONE_NUMBER: "SMS"}
# Cognito prefers the telephone where both would do.
_DELIVERY_ORDER: Final = (PHONE_NUMBER, EMAIL)


@dataclass(slots=True)
class Context:
    """The state that actions share. ``notify`` gets one line for each message that Cognito would send somebody."""

    directory: Directory
    issuer: TokenIssuer
    sign_ins: SignIns
    clock: Callable[[], float]
    new_id: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    notify: Callable[[str], None]
    simulation_secret: bytes
    codes: Codes = field(default_factory=Codes)
    challenges: Pending[Challenge] = field(default_factory=Pending)
    srp_exchanges: Pending[SrpExchange] = field(default_factory=Pending)

    def record(self, pool: UserPool) -> PoolRecord:
        return self.directory.record(pool)

    def save(self) -> None:
        self.directory.store.save()

    def set_password(self, pool: UserPool, user: User, password: str, status: str) -> None:
        """Gives a user a password, and the status that comes with it. Does not save."""
        now = self.clock()
        user.credential = new_credential(pool.user_pool_id, user.username, password, self.random_bytes)
        user.password_set = user.modified = now
        user.status = status

    def send_code(self, pool: UserPool, user: User, purpose: str, attribute: str) -> Answer:
        """Makes a code, tells ``notify``, and returns the CodeDeliveryDetails. ``purpose`` may be an attribute."""
        deadline = self.clock() + CODE_SECONDS.get(purpose, _DAY)
        code = self.codes.issue(code_key(pool, user, purpose), self.random_bytes(8), deadline)
        reason = purpose if purpose in CODE_SECONDS else f"verify {purpose}"
        self.notify(f"code {code} for {user.username} ({user.attributes[attribute]}) to {reason}")
        return delivery_details(attribute, user.attributes[attribute])

    def accept_code(self, pool: UserPool, user: User, purpose: str, code: str) -> None:
        """Spends a code, or raises what Cognito says of a wrong or old one."""
        self.codes.accept(code_key(pool, user, purpose), code, self.clock())


@dataclass(frozen=True, slots=True)
class Action:
    """One API action: what it does, and the parameters that it cannot do without."""

    run: Callable[[Context, Request], Answer]
    required: tuple[str, ...]


def code_key(pool: UserPool, user: User, purpose: str) -> str:
    """What a code is kept under."""
    return f"{pool.user_pool_id}\n{user.username}\n{purpose}"


def delivery_details(attribute: str, value: str) -> Answer:
    """CodeDeliveryDetails, with the address masked as Cognito does."""
    if attribute == EMAIL:
        local, _, domain = value.partition("@")
        destination = f"{local[:1]}***@{domain[:1]}***"
    else:
        destination = f"+*******{value[-4:]}"
    return {"Destination": destination, "DeliveryMedium": MEDIUMS[attribute], "AttributeName": attribute}


def simulated_delivery(name: str) -> Answer:
    """CodeDeliveryDetails for a user who does not exist, where the client prevents user existence errors."""
    return delivery_details(EMAIL, name if "@" in name else f"{name[:1]}@{name[-1:]}")


def deliverable(pool: UserPool, user: User) -> str | None:
    """The attribute that a sign-up's code goes to: one that the pool verifies by itself, and the user has."""
    for attribute in _DELIVERY_ORDER:
        if attribute in pool.auto_verified_attributes and user.attributes.get(attribute):
            return attribute
    return None


def recoverable(user: User) -> str | None:
    """The attribute that a forgotten password's code goes to: a verified one."""
    for attribute in _DELIVERY_ORDER:
        if user.attributes.get(attribute) and user.attributes.get(f"{attribute}_verified") == "true":
            return attribute
    return None


def required(parameters: Mapping[str, str], name: str) -> str:
    """A member of AuthParameters or ChallengeResponses that may be neither absent nor empty."""
    value = parameters.get(name)
    if not value:
        raise invalid_parameter(f"Missing required parameter {name}")
    return value


def check_secret_hash(client: UserPoolClient, names: tuple[str, ...], given: str | None) -> None:
    """
    Raises NotAuthorizedException where a client with a secret gets no hash, or one that fits none of the names.

    The hash is base64(HMAC-SHA256(secret, name + client id)). A hash for a client without a secret does not fit.
    """
    if client.secret is None and given is None:
        return
    if given is None:
        raise not_authorized(f"Client {client.client_id} is configured with secret but SECRET_HASH was not received")
    if client.secret is not None:
        for name in names:
            digest = hmac.digest(client.secret.encode(), f"{name}{client.client_id}".encode(), "sha256")
            if hmac.compare_digest(b64encode(digest), given.encode()):
                return
    raise not_authorized(f"Unable to verify secret hash for client {client.client_id}")
