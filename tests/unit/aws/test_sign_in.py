"""Sign-in against a user pool in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from livebus.aws.sign_in import MARGIN_SECONDS, SignIn
from livebus.errors import Refused, Unreachable


class FakePool:
    """One user, alice, with a password; ``temporary`` asks for a new one first. Tokens count up."""

    def __init__(
        self, password: str = "secret", *, temporary: bool = False, refreshes: bool = True, life: int = 3600
    ) -> None:
        self.calls: list[str] = []
        self.password = password
        self._temporary = temporary
        self._refreshes = refreshes
        self._life = life

    def initiate_auth(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append(request["AuthFlow"])
        assert request["ClientId"] == "client"
        parameters = request["AuthParameters"]
        if request["AuthFlow"] == "REFRESH_TOKEN_AUTH":
            if not self._refreshes:
                raise refused("NotAuthorizedException", "Refresh Token has expired")
            assert parameters == {"REFRESH_TOKEN": "refresh"}
            return self._tokens()
        if parameters != {"USERNAME": "alice", "PASSWORD": self.password}:
            raise refused("NotAuthorizedException", "Incorrect username or password.")
        if self._temporary:
            return {
                "ChallengeName": "NEW_PASSWORD_REQUIRED",
                "Session": "session",
                "ChallengeParameters": {"USER_ID_FOR_SRP": "alice-id"},
            }
        return self._tokens(RefreshToken="refresh")

    def respond_to_auth_challenge(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append(request["ChallengeName"])
        assert request["Session"] == "session"
        assert request["ChallengeResponses"]["USERNAME"] == "alice-id"
        self.password = request["ChallengeResponses"]["NEW_PASSWORD"]
        self._temporary = False
        return self._tokens(RefreshToken="refresh")

    def _tokens(self, **more: str) -> Mapping[str, Any]:
        number = len(self.calls)
        tokens = {"AccessToken": f"access-{number}", "IdToken": f"id-{number}", "ExpiresIn": self._life, **more}
        return {"AuthenticationResult": tokens, "ChallengeParameters": {}}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(code: str, message: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}}
    return ClientError(answer, "InitiateAuth")


def sign_in(pool: FakePool, **options: Any) -> SignIn:
    options = {"password": "secret", "clock": Clock(), **options}
    return SignIn(pool, client_id="client", user_name="alice", **options)


@pytest.mark.parametrize(("member", "expected"), [("AccessToken", "access-1"), ("IdToken", "id-1")])
def test_the_asked_for_token_comes(member: str, expected: str) -> None:
    """A sign-in gives the access token or the ID token."""
    assert expected == sign_in(FakePool(), member=member).token()


def test_a_fresh_token_is_used_again() -> None:
    """Cognito is asked once until the token is about to expire."""
    pool, clock = FakePool(), Clock()
    user = sign_in(pool, clock=clock)
    user.token()
    clock.now = 3600 - MARGIN_SECONDS - 1
    assert user.token() == "access-1"
    assert pool.calls == ["USER_PASSWORD_AUTH"]


def test_a_token_about_to_expire_is_refreshed_again_and_again() -> None:
    """A refresh brings no new refresh token; the old one serves on."""
    pool, clock = FakePool(), Clock()
    user = sign_in(pool, clock=clock)
    user.token()
    clock.now = 3600 - MARGIN_SECONDS
    assert user.token() == "access-2"
    clock.now = 7200
    assert user.token() == "access-3"
    assert pool.calls == ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN_AUTH"]


def test_where_the_refresh_is_refused_the_password_signs_in() -> None:
    """An expired or rotated refresh token costs one more call."""
    pool, clock = FakePool(refreshes=False), Clock()
    user = sign_in(pool, clock=clock)
    user.token()
    clock.now = 4000
    assert user.token() == "access-3"
    assert pool.calls == ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH", "USER_PASSWORD_AUTH"]


def test_a_temporary_password_is_replaced() -> None:
    """NEW_PASSWORD_REQUIRED is answered with the new password, under Cognito's own name for the user."""
    pool = FakePool(temporary=True)
    assert sign_in(pool, new_password=lambda: "new secret").token() == "access-2"
    assert pool.password == "new secret"
    assert pool.calls == ["USER_PASSWORD_AUTH", "NEW_PASSWORD_REQUIRED"]


def test_without_a_new_password_the_way_out_is_told() -> None:
    """Nobody is there who could type one."""
    with pytest.raises(Unreachable, match=r"asks for a new password .* `aws cognito-idp admin-set-user-password"):
        sign_in(FakePool(temporary=True)).token()


def test_a_wrong_password_is_told() -> None:
    """Cognito's own words, and who it was; never the password."""
    with pytest.raises(Unreachable) as raised:
        sign_in(FakePool(), password="wrong").token()
    assert (
        str(raised.value) == "sign-in of 'alice' was refused: NotAuthorizedException: Incorrect username or password."
    )


def test_another_challenge_is_told() -> None:
    """A second factor cannot be answered here."""

    class SecondFactor(FakePool):
        def initiate_auth(self, **request: Any) -> Mapping[str, Any]:
            return {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"}

    with pytest.raises(Unreachable, match="sign-in of 'alice' asks for SOFTWARE_TOKEN_MFA"):
        sign_in(SecondFactor()).token()


def test_an_endpoint_that_does_not_answer_is_told() -> None:
    """A connection fault is one clear line."""

    class Dead(FakePool):
        def initiate_auth(self, **request: Any) -> Mapping[str, Any]:
            raise EndpointConnectionError(endpoint_url="http://x")

    with pytest.raises(Unreachable, match="cannot sign 'alice' in: Could not connect"):
        sign_in(Dead()).token()


def test_a_short_token_is_refreshed_at_half_its_life() -> None:
    """And it is told when that is: always ahead of us, so that whoever waits for it does not turn in circles."""
    pool, clock = FakePool(life=20), Clock()
    user = sign_in(pool, clock=clock)
    user.token()
    assert user.refresh_in() == 10
    clock.now = 10
    assert (user.token(), user.refresh_in()) == ("access-2", 10)


def test_a_token_that_was_refused_is_given_up() -> None:
    """Whatever its age: the refresh token gives another."""
    pool = FakePool()
    user = sign_in(pool)
    user.token()
    user.renew()
    assert user.token() == "access-2"
    assert pool.calls == ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("NotAuthorizedException", Refused),
        ("UserNotFoundException", Refused),
        ("TooManyRequestsException", Unreachable),
        ("InternalErrorException", Unreachable),
        ("LimitExceededException", Unreachable),
    ],
)
def test_only_what_stays_refused_is_a_refusal(code: str, expected: type[Exception]) -> None:
    """Load and faults on AWS's side are worth another attempt, with the password as with the refresh token."""

    class Pool(FakePool):
        broken = True

        def initiate_auth(self, **request: Any) -> Mapping[str, Any]:
            if self.broken:
                self.calls.append(request["AuthFlow"])
                raise refused(code, "no")
            return super().initiate_auth(**request)

    pool = Pool()
    user = sign_in(pool)
    with pytest.raises(Unreachable) as raised:
        user.token()
    assert type(raised.value) is expected
    pool.broken = False
    user.token()
    user.renew()
    pool.broken = True
    with pytest.raises(Unreachable) as raised:
        user.token()
    assert type(raised.value) is expected
    flows = ["REFRESH_TOKEN_AUTH", "USER_PASSWORD_AUTH"] if expected is Refused else ["REFRESH_TOKEN_AUTH"]
    assert pool.calls[2:] == flows


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "without AuthenticationResult"),
        ({"AuthenticationResult": []}, "without AuthenticationResult"),
        ({"AuthenticationResult": {"ExpiresIn": 3600}}, "without AccessToken"),
        ({"AuthenticationResult": {"AccessToken": 5, "ExpiresIn": 3600}}, "without AccessToken"),
        ({"AuthenticationResult": {"AccessToken": "a"}}, "ExpiresIn is None"),
        ({"AuthenticationResult": {"AccessToken": "a", "ExpiresIn": -5}}, "ExpiresIn is -5"),
        ({"AuthenticationResult": {"AccessToken": "a", "ExpiresIn": 0}}, "ExpiresIn is 0"),
        ({"AuthenticationResult": {"AccessToken": "a", "ExpiresIn": True}}, "ExpiresIn is True"),
        ({"AuthenticationResult": {"AccessToken": "a", "ExpiresIn": 86_401}}, "ExpiresIn is 86401"),
        ({"AuthenticationResult": {"AccessToken": "a", "ExpiresIn": float("nan")}}, "ExpiresIn is nan"),
    ],
)
def test_an_answer_without_a_token_that_lives_is_told(answer: Mapping[str, Any], words: str) -> None:
    """It is not believed, and leaves no token behind."""
    pool = FakePool()
    pool._tokens = lambda **more: answer  # type: ignore[method-assign]
    user = sign_in(pool)
    for _ in range(2):
        with pytest.raises(Unreachable, match=words):
            user.token()
    assert pool.calls == ["USER_PASSWORD_AUTH"] * 2


@pytest.mark.parametrize("life", [1, 86_400])
def test_lives_at_the_limits_are_taken(life: int) -> None:
    """A second, and a day."""
    assert sign_in(FakePool(life=life)).token() == "access-1"
