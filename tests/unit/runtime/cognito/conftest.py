"""
A user pool with a stopped clock and counted ids, and the client's half of SRP, written from the algorithm alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.template.application import UserPool, UserPoolClient
from support.srp_client import SrpClient

FLOWS = frozenset(
    {
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    }
)
POOL = UserPool(
    user_pool_id="eu-west-1_Names",
    arn="arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Names",
    logical_id="Names",
    clients=(
        UserPoolClient("open", FLOWS, logical_id="OpenClient"),
        UserPoolClient("discreet", FLOWS, prevent_user_existence_errors=True),
        UserPoolClient("secret", FLOWS, secret="0123456789abcdefghijklmnop"),
        UserPoolClient("rotating", frozenset({"ALLOW_USER_PASSWORD_AUTH"}), refresh_token_rotation=True),
        UserPoolClient("default", frozenset()),
    ),
    groups=("readers",),
    auto_verified_attributes=("email",),
)
MAIL_POOL = UserPool(
    user_pool_id="eu-west-1_Mail",
    arn="arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Mail",
    logical_id="Mail",
    clients=(UserPoolClient("mail", FLOWS),),
    username_attributes=("email",),
    auto_verified_attributes=("email",),
)


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.25

    def __call__(self) -> float:
        return self.now


class Service:
    """A CognitoIdp with everything that it was made from at hand."""

    def __init__(self, keys: SigningKeys, store: UserStore, pools: Sequence[UserPool] = (POOL, MAIL_POOL)) -> None:
        self.keys = keys
        self.pool = POOL
        self.mail_pool = MAIL_POOL
        self.store = store
        self.clock = Clock()
        self.messages: list[str] = []
        self.randomness = random.Random(7)
        self._ids = 0
        self.cognito = CognitoIdp(
            pools,
            keys,
            store,
            region="eu-west-1",
            clock=self.clock,
            new_id=self.new_id,
            random_bytes=self.randomness.randbytes,
            notify=self.messages.append,
        )

    def new_id(self) -> str:
        self._ids += 1
        return str(UUID(int=self.randomness.getrandbits(96) << 32 | self._ids))

    def call(self, action: str, **request: Any) -> dict[str, Any]:
        return self.cognito.call(action, request)

    def refusal(self, action: str, **request: Any) -> tuple[str, str]:
        """The exception's name and message that a call is refused with."""
        with pytest.raises(CognitoError) as caught:
            self.cognito.call(action, request)
        assert caught.value.status == 400
        return caught.value.error_type, caught.value.message

    def administer(self, action: str, username: str = "alice", pool: UserPool = POOL, **request: Any) -> dict[str, Any]:
        return self.call(f"Admin{action}", UserPoolId=pool.user_pool_id, Username=username, **request)

    def add_user(
        self, username: str = "alice", password: str = "Correct horse 1", pool: UserPool = POOL, **attributes: str
    ) -> dict[str, Any]:
        listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
        user = self.administer("CreateUser", username, pool, UserAttributes=listed, MessageAction="SUPPRESS")["User"]
        self.administer("SetUserPassword", username, pool, Password=password, Permanent=True)
        return user

    def sign_in_request(self, password: str = "Correct horse 1", username: str = "alice", client: str = "open") -> Any:
        return {
            "ClientId": client,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": username, "PASSWORD": password},
        }

    def sign_in(self, *arguments: str, **more: str) -> dict[str, Any]:
        answer = self.call("InitiateAuth", **self.sign_in_request(*arguments, **more))
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    def claims(self, token: str) -> dict[str, Any]:
        claims = self.keys.verified(token)
        assert claims is not None
        return claims

    def last_code(self) -> str:
        return self.messages[-1].split()[1]


@pytest.fixture(scope="session")
def keys() -> SigningKeys:
    return SigningKeys.generate()


@pytest.fixture
def service(keys: SigningKeys) -> Service:
    """A service whose users are kept in memory."""
    return Service(keys, UserStore())


@pytest.fixture(scope="session")
def make_service(keys: SigningKeys) -> Callable[..., Service]:
    """Makes a service from a store and, where it matters, other pools."""

    def make(store: UserStore | None = None, *pools: UserPool) -> Service:
        return Service(keys, store or UserStore(), pools or (POOL, MAIL_POOL))

    return make


@pytest.fixture
def srp_client() -> SrpClient:
    return SrpClient()


@pytest.fixture(scope="session")
def srp_client_class() -> type[SrpClient]:
    return SrpClient
