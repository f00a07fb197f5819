"""
A user pool with a stopped clock and counted ids, and the client's half of SRP, written from the algorithm alone.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.template.application import UserPool, UserPoolClient

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


class SrpClient:
    """The client's half of SRP in hexadecimal text, as a browser computes it; ``a`` is its private number."""

    N = (
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
        "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
        "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
        "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
        "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
    )

    def __init__(self, a: int = 2**1023 + 12345) -> None:
        self.prime = int(self.N, 16)
        self.a = a
        self.srp_a = f"{pow(2, a, self.prime):x}"

    @staticmethod
    def padded(text: str) -> str:
        text = text if len(text) % 2 == 0 else "0" + text
        return text if text[0] in "01234567" else "00" + text

    @staticmethod
    def digest(text: str) -> str:
        return hashlib.sha256(bytes.fromhex(text)).hexdigest()

    def key(self, pool_name: str, user_id: str, password: str, salt: str, srp_b: str) -> bytes:
        k = self.digest(self.padded(self.N.lower()) + self.padded("2"))
        inner = hashlib.sha256(f"{pool_name}{user_id}:{password}".encode()).hexdigest()
        x = int(self.digest(self.padded(salt) + inner), 16)
        u_text = self.digest(self.padded(self.srp_a) + self.padded(srp_b))
        base = (int(srp_b, 16) - int(k, 16) * pow(2, x, self.prime)) % self.prime
        shared = pow(base, self.a + int(u_text, 16) * x, self.prime)
        extracted = hmac.digest(
            bytes.fromhex(self.padded(f"{int(u_text, 16):x}")), bytes.fromhex(self.padded(f"{shared:x}")), "sha256"
        )
        return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]

    def responses(
        self,
        challenge: Mapping[str, str],
        password: str,
        pool_name: str = "Names",
        timestamp: str = "Mon Nov 23 08:36:46 UTC 2026",
    ) -> dict[str, str]:
        """The ChallengeResponses to a PASSWORD_VERIFIER."""
        user_id = challenge["USER_ID_FOR_SRP"]
        key = self.key(pool_name, user_id, password, challenge["SALT"], challenge["SRP_B"])
        block = b64decode(challenge["SECRET_BLOCK"])
        message = pool_name.encode() + user_id.encode() + block + timestamp.encode()
        return {
            "USERNAME": challenge["USERNAME"],
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": b64encode(hmac.digest(key, message, "sha256")).decode(),
            "TIMESTAMP": timestamp,
        }


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
