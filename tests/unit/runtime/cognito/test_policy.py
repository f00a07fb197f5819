"""What a pool's settings say of passwords and names, and the user that the runtime itself offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("lower-case 1", "uppercase"),
        ("UPPER-CASE 1", "lowercase"),
        ("No digits at all!", "numeric"),
        ("Nothing else 1", "symbol"),
    ],
)
def test_a_password_lacks_a_kind_of_characters(make_service: Make, password: str, kind: str) -> None:
    """Each kind that the pool requires is asked for in Cognito's words."""
    service = make_service()
    pool = replace(service.pool, password_requires=frozenset({"uppercase", "lowercase", "numeric", "symbol"}))
    service = make_service(None, pool)
    service.administer("CreateUser", MessageAction="SUPPRESS")

    refusal = service.refusal(
        "AdminSetUserPassword", UserPoolId=pool.user_pool_id, Username="alice", Password=password, Permanent=True
    )

    assert ("InvalidPasswordException", f"Password must have {kind} characters") == (
        refusal[0],
        refusal[1].partition("policy: ")[2],
    )


@pytest.mark.parametrize(("case_sensitive", "signs_in"), [(True, False), (False, True)])
def test_case_of_a_username(make_service: Make, case_sensitive: bool, signs_in: bool) -> None:
    """A pool that is not case-sensitive knows ALICE as alice."""
    service = make_service()
    service = make_service(None, replace(service.pool, username_case_sensitive=case_sensitive))
    service.add_user("alice", "Correct horse 1")
    request = {
        "ClientId": "open",
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ALICE", "PASSWORD": "Correct horse 1"},
    }

    if signs_in:
        assert "AuthenticationResult" in service.call("InitiateAuth", **request)
    else:
        assert service.refusal("InitiateAuth", **request)[0] == "UserNotFoundException"


def test_the_runtimes_own_user_may_have_any_password(make_service: Make) -> None:
    """The user that the runtime offers is there, confirmed, whatever the policy; a second time only the password changes."""
    service = make_service()
    pool = replace(service.pool, password_requires=frozenset({"symbol"}), password_minimum_length=20)
    service = make_service(None, pool)

    service.cognito.ensure_user(pool.user_pool_id, "alice", "short")
    service.cognito.ensure_user(pool.user_pool_id, "alice", "other")

    answer = service.call(
        "InitiateAuth",
        ClientId="open",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": "other"},
    )
    assert answer["AuthenticationResult"]["TokenType"] == "Bearer"
    assert service.administer("GetUser")["UserStatus"] == "CONFIRMED"
