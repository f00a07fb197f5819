"""What an access token lets its user do, and which tokens are none."""

from __future__ import annotations

from typing import Any

import pytest


def _token(service: Any) -> str:
    token: str = service.sign_in()["AccessToken"]
    return token


def _values(service: Any, token: str) -> dict[str, str]:
    listed = service.call("GetUser", AccessToken=token)["UserAttributes"]
    return {each["Name"]: each["Value"] for each in listed}


def _attributes(**attributes: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def test_a_user_sees_the_own_attributes(service: Any) -> None:
    """GetUser answers with the name and all attributes, sub first."""
    service.add_user(email="alice@example.com")
    answer = service.call("GetUser", AccessToken=_token(service))
    assert answer["Username"] == "alice"
    assert [each["Name"] for each in answer["UserAttributes"]] == ["sub", "email"]


def test_an_access_token_ends_with_its_lifetime(service: Any) -> None:
    """After an hour it is refused as expired."""
    service.add_user()
    token = _token(service)
    service.clock.now += 3599
    assert service.call("GetUser", AccessToken=token)["Username"] == "alice"
    service.clock.now += 1
    expired = ("NotAuthorizedException", "Access Token has expired")
    assert service.refusal("GetUser", AccessToken=token) == expired


def test_only_our_access_tokens_are_taken(service: Any) -> None:
    """An id token, a token of another issuer or pool, and text that is no token are invalid."""
    service.add_user()
    result = service.sign_in()
    claims = service.claims(result["AccessToken"])
    foreign = service.keys.sign({**claims, "iss": "https://example.com/eu-west-1_Names"})
    unknown = service.keys.sign({**claims, "iss": claims["iss"].replace("_Names", "_None")})
    tokens = [result["IdToken"], foreign, unknown, "a.b.c", result["RefreshToken"]]
    invalid = ("NotAuthorizedException", "Invalid Access Token")
    assert [service.refusal("GetUser", AccessToken=token) for token in tokens] == [invalid] * 5


def test_a_token_without_the_scope_is_not_enough(service: Any) -> None:
    """The user's own actions need aws.cognito.signin.user.admin."""
    service.add_user()
    token = service.keys.sign({**service.claims(_token(service)), "scope": "openid"})
    expected = ("NotAuthorizedException", "Access Token does not have required scopes")
    assert service.refusal("GetUser", AccessToken=token) == expected


def test_a_new_address_is_verified_by_code(service: Any) -> None:
    """It is not verified until VerifyUserAttribute has the code that went to it."""
    service.add_user(email="alice@example.com", email_verified="true")
    token = _token(service)
    answer = service.call(
        "UpdateUserAttributes", AccessToken=token, UserAttributes=_attributes(email="new@example.org", name="Alice")
    )
    assert [each["Destination"] for each in answer["CodeDeliveryDetailsList"]] == ["n***@e***"]
    assert service.messages[-1].endswith("for alice (new@example.org) to verify email")
    values = _values(service, token)
    assert (values["email"], values["email_verified"], values["name"]) == ("new@example.org", "false", "Alice")
    code = service.last_code()
    assert service.call("VerifyUserAttribute", AccessToken=token, AttributeName="email", Code=code) == {}
    assert _values(service, token)["email_verified"] == "true"


def test_the_same_address_stays_verified(service: Any) -> None:
    """Writing what is there already sends nothing and unsets nothing."""
    service.add_user(email="alice@example.com", email_verified="true")
    token = _token(service)
    request = {"AccessToken": token, "UserAttributes": _attributes(email="alice@example.com")}
    assert service.call("UpdateUserAttributes", **request) == {"CodeDeliveryDetailsList": []}
    assert (_values(service, token)["email_verified"], service.messages) == ("true", [])


def test_a_code_is_sent_again_on_demand(service: Any) -> None:
    """GetUserAttributeVerificationCode sends one for an address that the user has, and only for such."""
    service.add_user(email="alice@example.com")
    token = _token(service)
    answer = service.call("GetUserAttributeVerificationCode", AccessToken=token, AttributeName="email")
    assert answer["CodeDeliveryDetails"]["AttributeName"] == "email"
    wrong = service.refusal("VerifyUserAttribute", AccessToken=token, AttributeName="email", Code="no")
    assert wrong[0] == "CodeMismatchException"
    for name in ("phone_number", "nickname"):
        refusal = service.refusal("GetUserAttributeVerificationCode", AccessToken=token, AttributeName=name)
        assert refusal[0] == "InvalidParameterException"


def test_a_user_does_not_verify_an_address_by_hand(service: Any) -> None:
    """Writing email_verified is refused, and so is taking it away."""
    service.add_user(email="alice@example.com")
    token = _token(service)
    expected = ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
    written = service.refusal(
        "UpdateUserAttributes", AccessToken=token, UserAttributes=_attributes(email_verified="true")
    )
    deleted = service.refusal("DeleteUserAttributes", AccessToken=token, UserAttributeNames=["sub"])
    assert (written, deleted) == (expected, expected)


def test_an_attribute_goes_by_deletion_or_by_an_empty_value(service: Any) -> None:
    """With an address goes whether it was verified."""
    service.add_user(email="alice@example.com", email_verified="true", name="Alice")
    token = _token(service)
    service.call("DeleteUserAttributes", AccessToken=token, UserAttributeNames=["email"])
    service.call("UpdateUserAttributes", AccessToken=token, UserAttributes=_attributes(name=""))
    assert sorted(_values(service, token)) == ["sub"]


def test_a_password_is_changed_with_the_old_one(service: Any) -> None:
    """A wrong or missing old password changes nothing; tokens stay good."""
    service.add_user()
    token = _token(service)
    for previous in ({"PreviousPassword": "wrong horse 1"}, {}):
        refusal = service.refusal("ChangePassword", AccessToken=token, ProposedPassword="Battery staple 2", **previous)
        assert refusal == ("NotAuthorizedException", "Incorrect username or password.")
    request = {"AccessToken": token, "PreviousPassword": "Correct horse 1"}
    short = service.refusal("ChangePassword", **request, ProposedPassword="Short 1")
    assert short == ("InvalidPasswordException", "Password does not conform to policy: Password not long enough")
    assert service.call("ChangePassword", **request, ProposedPassword="Battery staple 2") == {}
    assert "AccessToken" in service.sign_in("Battery staple 2")
    assert service.call("GetUser", AccessToken=token)["Username"] == "alice"


def test_a_user_deletes_the_own_account(service: Any) -> None:
    """The user is gone, with everything that was kept of the sign-ins."""
    service.add_user()
    token = _token(service)
    assert service.call("DeleteUser", AccessToken=token) == {}
    record = service.store.pool("eu-west-1_Names")
    assert (record.users, record.sign_ins) == ({}, {})
    assert service.refusal("GetUser", AccessToken=token)[0] == "UserNotFoundException"


@pytest.mark.parametrize("disable", ["DisableUser", "UserGlobalSignOut"])
def test_an_administrator_ends_a_users_tokens(service: Any, disable: str) -> None:
    """Both actions revoke what the user has."""
    service.add_user()
    token = _token(service)
    service.administer(disable)
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert service.refusal("GetUser", AccessToken=token) == revoked
