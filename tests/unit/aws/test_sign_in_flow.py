"""How a password signs in: what the app client allows, and SRP against a server's half of it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from livebus import srp
from livebus.aws.sign_in import SignIn
from livebus.aws.sign_in_flow import PASSWORD, SRP, allowed_flows, timestamp_of
from livebus.errors import Refused, Unreachable

POOL = "eu-west-1_Names"
SALT, SERVER_PRIVATE = 2**127 + 1, 2**255 + 12345
BLOCK = b64encode(b"secret block").decode()


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")  # type: ignore[typeddict-item]


class SrpPool:
    """A pool whose client allows some flows; alice's password is "secret". It keeps what it was asked."""

    def __init__(self, *flows: str, describes: Exception | None = None, then: Mapping[str, Any] | None = None) -> None:
        self.flows = flows
        self.calls: list[str] = []
        self._describes = describes
        self._then = then or {"AuthenticationResult": {"AccessToken": "access", "IdToken": "id", "ExpiresIn": 3600}}

    def describe_user_pool_client(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append("describe")
        if self._describes is not None:
            raise self._describes
        return {"UserPoolClient": {"ExplicitAuthFlows": list(self.flows)}}

    def initiate_auth(self, **request: Any) -> Mapping[str, Any]:
        flow, given = request["AuthFlow"], request["AuthParameters"]
        self.calls.append(flow)
        if f"ALLOW_{flow}" not in self.flows:
            raise refused("InvalidParameterException", f"{flow} flow not enabled for this client")
        if flow == PASSWORD:
            assert given == {"USERNAME": "alice", "PASSWORD": "secret"}
            return self._then
        self._client_public = int(given["SRP_A"], 16)
        self._verifier = srp.verifier("Names", "alice-id", "secret", SALT)
        public = srp.server_public(self._verifier, SERVER_PRIVATE)
        parameters = {"USER_ID_FOR_SRP": "alice-id", "SALT": f"{SALT:x}", "SRP_B": f"{public:x}", "SECRET_BLOCK": BLOCK}
        return {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters}

    def respond_to_auth_challenge(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append(request["ChallengeName"])
        given = request["ChallengeResponses"]
        public = srp.server_public(self._verifier, SERVER_PRIVATE)
        key = srp.session_key(self._client_public, public, self._verifier, SERVER_PRIVATE)
        assert key is not None
        proof = srp.claim_signature(key, "Names", "alice-id", b"secret block", given["TIMESTAMP"])
        assert (given["USERNAME"], given["PASSWORD_CLAIM_SECRET_BLOCK"]) == ("alice-id", BLOCK)
        if b64decode(given["PASSWORD_CLAIM_SIGNATURE"]) != proof:
            raise refused("NotAuthorizedException", "Incorrect username or password.")
        return self._then


def sign_in(pool: SrpPool, password: str = "secret", pool_id: str = POOL, **options: Any) -> SignIn:
    return SignIn(pool, client_id="client", user_name="alice", password=password, pool_id=pool_id, **options)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"], (SRP, PASSWORD)),
        (["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], (PASSWORD,)),
        (["USER_PASSWORD_AUTH"], (SRP, PASSWORD)),
        ([], (SRP,)),
        (["ALLOW_CUSTOM_AUTH"], ()),
    ],
)
def test_the_app_client_says_how(given: list[str], expected: tuple[str, ...]) -> None:
    """SRP first; a client that names nothing has it, and so has one of the older form."""
    assert allowed_flows(SrpPool(*given), POOL, "client", print) == expected


def test_the_password_is_proved_and_not_sent() -> None:
    """Where SRP is allowed: the pool sees a signature."""
    pool = SrpPool("ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH")
    assert (sign_in(pool).token(), pool.calls) == ("access", ["describe", SRP, "PASSWORD_VERIFIER"])


def test_a_wrong_password_is_refused() -> None:
    """In Cognito's words; nothing else is tried."""
    pool = SrpPool("ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH")
    with pytest.raises(Refused, match="sign-in of 'alice' was refused: NotAuthorizedException: Incorrect username"):
        sign_in(pool, "other").token()
    assert pool.calls == ["describe", SRP, "PASSWORD_VERIFIER"]


@pytest.mark.parametrize(
    ("error", "why"),
    [(refused("AccessDeniedException"), "AccessDeniedException"), (NoCredentialsError(), "NoCredentialsError")],
)
def test_who_may_not_ask_tries_both(error: Exception, why: str) -> None:
    """And says so, once: the next sign-in knows which it was."""
    told: list[str] = []
    pool = SrpPool("ALLOW_USER_PASSWORD_AUTH", describes=error)
    user = sign_in(pool, tell=told.append)
    assert user.token() == "access"
    user.renew()
    assert user.token() == "access"
    assert (pool.calls, told) == (
        ["describe", SRP, PASSWORD, PASSWORD],
        [f"cannot see which sign-in the app client allows ({why}): trying USER_SRP_AUTH, then USER_PASSWORD_AUTH"],
    )


@pytest.mark.parametrize(
    ("pool", "pool_id"),
    [
        (SrpPool("ALLOW_USER_PASSWORD_AUTH"), ""),
        (SrpPool("ALLOW_USER_PASSWORD_AUTH", describes=refused("ResourceNotFoundException")), POOL),
    ],
)
def test_without_the_right_pool_there_is_no_srp(pool: SrpPool, pool_id: str) -> None:
    """Its name goes into the proof: a wrong one would look like a wrong password."""
    sign_in(pool, pool_id=pool_id).token()
    assert [call for call in pool.calls if call != "describe"] == [PASSWORD]


def test_a_client_without_passwords_is_told() -> None:
    """What it needs, and what works without."""
    with pytest.raises(Refused) as raised:
        sign_in(SrpPool("ALLOW_CUSTOM_AUTH")).token()
    assert "lets nobody sign in with a password" in str(raised.value)
    assert "--token-file, LIVEBUS_TOKEN" in str(raised.value)


def test_a_second_factor_is_told_by_its_name() -> None:
    """And what to do about it."""
    pool = SrpPool("ALLOW_USER_SRP_AUTH", then={"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"})
    with pytest.raises(Refused) as raised:
        sign_in(pool).token()
    assert str(raised.value) == (
        "sign-in of 'alice' asks for SOFTWARE_TOKEN_MFA (a code of an authenticator app), which only an app can answer. "
        "Use a user without it, or the token that an app got: --token-file, LIVEBUS_TOKEN."
    )


def test_attributes_that_a_new_password_comes_with_are_told() -> None:
    """Nobody is asked for a password that Cognito would not take."""
    parameters = {"USER_ID_FOR_SRP": "alice-id", "requiredAttributes": '["userAttributes.name"]'}
    then = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s", "ChallengeParameters": parameters}
    with pytest.raises(Refused, match="asks for a new password, and for name"):
        sign_in(SrpPool("ALLOW_USER_SRP_AUTH", then=then), new_password=lambda: "never asked").token()


def test_what_is_no_srp_is_told() -> None:
    """A proxy, a mock: one line, no traceback."""
    pool = SrpPool("ALLOW_USER_SRP_AUTH")
    pool.initiate_auth = lambda **request: {"ChallengeName": "PASSWORD_VERIFIER"}  # type: ignore[method-assign]
    with pytest.raises(Unreachable, match="something that is not SRP"):
        sign_in(pool).token()


def test_a_time_is_in_english_without_a_zero() -> None:
    """Cognito refuses a padded day."""
    assert timestamp_of(datetime(2026, 3, 5, 8, 6, 7, tzinfo=UTC)) == "Thu Mar 5 08:06:07 UTC 2026"
