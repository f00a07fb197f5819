"""Signing up and a forgotten password: users, codes, and where they would have been sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")


def _sign_up(username: str = "carol", client: str = "open", **attributes: str) -> dict[str, Any]:
    listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
    return {"ClientId": client, "Username": username, "Password": "Correct horse 1", "UserAttributes": listed}


def _confirm(code: str, username: str = "carol", client: str = "open") -> dict[str, str]:
    return {"ClientId": client, "Username": username, "ConfirmationCode": code}


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_sign_up_sends_a_code_to_the_log(service: Any) -> None:
    """The answer masks the address, the line has the code, and the user is not confirmed yet."""
    answer = service.call("SignUp", **_sign_up(email="carol@example.com"))
    assert answer == {
        "UserConfirmed": False,
        "UserSub": answer["UserSub"],
        "CodeDeliveryDetails": {"Destination": "c***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"},
    }
    code = service.last_code()
    assert service.messages == [f"code {code} for carol (carol@example.com) to confirm the sign-up"]
    assert (len(code), code.isdigit()) == (6, True)
    user = service.administer("GetUser", "carol")
    assert user["UserStatus"] == "UNCONFIRMED"
    assert {"Name": "email_verified", "Value": "false"} in user["UserAttributes"]


def test_the_code_confirms_the_user_and_the_address(service: Any) -> None:
    """After ConfirmSignUp the user signs in, and the address counts as verified."""
    service.call("SignUp", **_sign_up(email="carol@example.com"))
    assert service.call("ConfirmSignUp", **_confirm(service.last_code())) == {}
    claims = service.claims(service.sign_in(username="carol")["IdToken"])
    assert claims["email_verified"] is True


def test_a_wrong_code_and_an_old_one_do_not_confirm(service: Any) -> None:
    """The wording is Cognito's for each; a code lives for a day."""
    service.call("SignUp", **_sign_up(email="carol@example.com"))
    code = service.last_code()
    wrong = service.refusal("ConfirmSignUp", **_confirm(_other(code)))
    service.clock.now += 86_400
    old = service.refusal("ConfirmSignUp", **_confirm(code))
    assert (wrong, old) == (MISMATCH, EXPIRED)


def test_a_code_cannot_be_guessed_at_leisure(service: Any) -> None:
    """After five wrong guesses even the right code is refused, until a new one is asked for."""
    service.call("SignUp", **_sign_up(email="carol@example.com"))
    code = service.last_code()
    guesses = [service.refusal("ConfirmSignUp", **_confirm(_other(code))) for _ in range(5)]
    assert guesses == [MISMATCH] * 5
    assert service.refusal("ConfirmSignUp", **_confirm(code)) == LIMIT
    service.call("ResendConfirmationCode", ClientId="open", Username="carol")
    assert service.call("ConfirmSignUp", **_confirm(service.last_code())) == {}


def test_a_new_code_replaces_the_old_one(service: Any) -> None:
    """ResendConfirmationCode sends another, and the first is worth nothing."""
    service.call("SignUp", **_sign_up(email="carol@example.com"))
    first = service.last_code()
    answer = service.call("ResendConfirmationCode", ClientId="open", Username="carol")
    assert answer["CodeDeliveryDetails"]["Destination"] == "c***@e***"
    assert service.last_code() != first
    assert service.refusal("ConfirmSignUp", **_confirm(first)) == MISMATCH


def test_a_confirmed_user_is_not_confirmed_again(service: Any) -> None:
    """Each action has its own refusal for that."""
    service.add_user("carol")
    confirmed = ("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
    assert service.refusal("ConfirmSignUp", **_confirm("123456")) == confirmed
    assert service.refusal("AdminConfirmSignUp", UserPoolId="eu-west-1_Names", Username="carol") == confirmed
    resend = service.refusal("ResendConfirmationCode", ClientId="open", Username="carol")
    assert resend == ("InvalidParameterException", "User is already confirmed.")


def test_without_an_address_no_code_is_sent_and_the_log_says_why(service: Any) -> None:
    """As on AWS there are no CodeDeliveryDetails then; an administrator confirms, and no address becomes verified."""
    answer = service.call("SignUp", **_sign_up())
    assert sorted(answer) == ["UserConfirmed", "UserSub"]
    assert service.messages == [
        (
            "no code for carol: the pool's AutoVerifiedAttributes name no address that the user has; "
            "AdminConfirmSignUp confirms without one"
        )
    ]
    assert service.refusal("ResendConfirmationCode", ClientId="open", Username="carol") == (
        "InvalidParameterException",
        "Auto verification not turned on.",
    )
    service.administer("ConfirmSignUp", "carol")
    assert "AccessToken" in service.sign_in(username="carol")


def test_a_phone_number_is_preferred_and_masked(make_service: Any, service: Any) -> None:
    """Where both addresses would do, Cognito takes the telephone."""
    pool = replace(service.pool, auto_verified_attributes=("email", "phone_number"))
    both = make_service(None, pool)
    answer = both.call("SignUp", **_sign_up(email="carol@example.com", phone_number="+4915550123"))
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "+*******0123",
        "DeliveryMedium": "SMS",
        "AttributeName": "phone_number",
    }


def test_a_name_is_taken_once(service: Any) -> None:
    """The same name is refused, another case is another name: AWS's default is that case counts."""
    service.call("SignUp", **_sign_up())
    assert service.refusal("SignUp", **_sign_up()) == ("UsernameExistsException", "User already exists")
    assert service.call("SignUp", **_sign_up("Carol"))["UserConfirmed"] is False


def test_an_email_address_is_taken_once_where_it_is_the_name(service: Any) -> None:
    """The username is an id then, the address an attribute of one user only."""
    answer = service.call("SignUp", **_sign_up("carol@example.com", "mail"))
    user = service.administer("GetUser", "carol@example.com", service.mail_pool)
    assert user["Username"] == answer["UserSub"]
    assert {"Name": "email", "Value": "carol@example.com"} in user["UserAttributes"]
    again = service.refusal("SignUp", **_sign_up("carol@example.com", "mail"))
    assert again == ("UsernameExistsException", "An account with the given email already exists.")


@pytest.mark.parametrize(
    ("kinds", "name", "message"),
    [
        (("email",), "carol", "Username should be an email."),
        (("phone_number",), "carol", "Username should be a phone number."),
        (("email", "phone_number"), "carol", "Username should be either an email or a phone number."),
        (("email",), "carol@", "Invalid email address format."),
        (("phone_number",), "+49x", "Invalid phone number format."),
    ],
)
def test_a_name_must_be_what_the_pool_signs_in_with(
    make_service: Any, service: Any, kinds: tuple[str, ...], name: str, message: str
) -> None:
    """UsernameAttributes decide what a name looks like."""
    narrow = make_service(None, replace(service.mail_pool, username_attributes=kinds))
    assert narrow.refusal("SignUp", **_sign_up(name, "mail")) == ("InvalidParameterException", message)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"email": "no address"}, ("InvalidParameterException", "Invalid email address format.")),
        ({"phone_number": "0155"}, ("InvalidParameterException", "Invalid phone number format.")),
        (
            {"email_verified": "true"},
            ("NotAuthorizedException", "A client attempted to write unauthorized attribute"),
        ),
        ({"sub": "1"}, ("NotAuthorizedException", "A client attempted to write unauthorized attribute")),
        (
            {"colour": "green", "shoe": "7"},
            (
                "InvalidParameterException",
                (
                    "Attributes did not conform to the schema: colour: Attribute does not exist in the schema.\n"
                    "shoe: Attribute does not exist in the schema.\n"
                ),
            ),
        ),
    ],
)
def test_an_attribute_that_may_not_be_is_refused(
    service: Any, attributes: dict[str, str], expected: tuple[str, str]
) -> None:
    """A refused sign-up leaves no user behind."""
    assert service.refusal("SignUp", **_sign_up(**attributes)) == expected
    assert service.call("ListUsers", UserPoolId="eu-west-1_Names")["Users"] == []


def test_a_short_password_is_refused(service: Any) -> None:
    """The pool's MinimumLength counts, and no user is made."""
    request = {**_sign_up(), "Password": "Short 1"}
    expected = ("InvalidPasswordException", "Password did not conform with policy: Password not long enough")
    assert service.refusal("SignUp", **request) == expected
    assert service.refusal("AdminGetUser", UserPoolId="eu-west-1_Names", Username="carol")[0] == "UserNotFoundException"


def test_a_sign_up_without_a_password_is_refused(service: Any) -> None:
    """The parameter is optional in the model, for pools with passwordless sign-in."""
    refusal = service.refusal("SignUp", ClientId="open", Username="carol")
    assert refusal == ("InvalidParameterException", "Password is required for this user pool.")


def test_a_pool_may_be_closed_to_sign_ups(make_service: Any, service: Any) -> None:
    """AllowAdminCreateUserOnly leaves AdminCreateUser."""
    closed = make_service(None, replace(service.pool, admin_create_user_only=True))
    expected = ("NotAuthorizedException", "SignUp is not permitted for this user pool")
    assert closed.refusal("SignUp", **_sign_up()) == expected
    assert closed.add_user()["Username"] == "alice"


def test_a_secret_hash_is_asked_for_without_a_sign_in_too(service: Any) -> None:
    """Every public action of a client with a secret needs the hash."""
    requests = {
        "SignUp": _sign_up(client="secret"),
        "ConfirmSignUp": _confirm("123456", client="secret"),
        "ResendConfirmationCode": {"ClientId": "secret", "Username": "carol"},
        "ForgotPassword": {"ClientId": "secret", "Username": "carol"},
    }
    expected = ("NotAuthorizedException", "Client secret is configured with secret but SECRET_HASH was not received")
    assert {action: service.refusal(action, **each) for action, each in requests.items()} == dict.fromkeys(
        requests, expected
    )


def test_a_forgotten_password_is_replaced_by_code(service: Any) -> None:
    """The code goes to a verified address, the old password ends, the new one signs in."""
    service.add_user(email="alice@example.com", email_verified="true")
    answer = service.call("ForgotPassword", ClientId="open", Username="alice")
    assert answer["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert service.messages[-1].endswith("for alice (alice@example.com) to set a new password")
    request = {**_confirm(service.last_code(), "alice"), "Password": "Battery staple 2"}
    assert service.call("ConfirmForgotPassword", **request) == {}
    assert service.refusal("InitiateAuth", **service.sign_in_request())[0] == "NotAuthorizedException"
    assert "AccessToken" in service.sign_in("Battery staple 2")
    assert service.refusal("ConfirmForgotPassword", **request) == EXPIRED


def test_a_short_new_password_does_not_spend_the_code(service: Any) -> None:
    """The user mends the password and sends the same code."""
    service.add_user(email="alice@example.com", email_verified="true")
    service.call("ForgotPassword", ClientId="open", Username="alice")
    request = _confirm(service.last_code(), "alice")
    short = service.refusal("ConfirmForgotPassword", **request, Password="Short 1")
    assert short == ("InvalidPasswordException", "Password does not conform to policy: Password not long enough")
    assert service.call("ConfirmForgotPassword", **request, Password="Battery staple 2") == {}


def test_a_recovery_code_ends_after_an_hour(service: Any) -> None:
    """It lives shorter than a sign-up's."""
    service.add_user(email="alice@example.com", email_verified="true")
    service.call("ForgotPassword", ClientId="open", Username="alice")
    service.clock.now += 3600
    request = {**_confirm(service.last_code(), "alice"), "Password": "Battery staple 2"}
    assert service.refusal("ConfirmForgotPassword", **request) == EXPIRED


def test_a_sign_ups_code_sets_no_password(service: Any) -> None:
    """A code serves the purpose that it was sent for."""
    service.call("SignUp", **_sign_up(email="carol@example.com"))
    request = {**_confirm(service.last_code()), "Password": "Battery staple 2"}
    assert service.refusal("ConfirmForgotPassword", **request) == EXPIRED


def test_a_password_cannot_be_recovered_without_a_verified_address(service: Any) -> None:
    """An address that is not verified is none; a temporary password is the administrator's business."""
    service.add_user(email="alice@example.com")
    service.administer("CreateUser", "bob")
    found = [service.refusal("ForgotPassword", ClientId="open", Username=name) for name in ("alice", "bob")]
    assert found == [
        (
            "InvalidParameterException",
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
        ),
        ("NotAuthorizedException", "User password cannot be reset in the current state."),
    ]


def test_an_administrator_can_demand_a_new_password(service: Any) -> None:
    """After AdminResetUserPassword nothing signs in until the code has set a new password."""
    service.add_user(email="alice@example.com", email_verified="true")
    assert service.administer("ResetUserPassword") == {}
    assert service.administer("GetUser")["UserStatus"] == "RESET_REQUIRED"
    required = ("PasswordResetRequiredException", "Password reset required for the user")
    assert service.refusal("InitiateAuth", **service.sign_in_request()) == required
    service.call("ConfirmForgotPassword", **_confirm(service.last_code(), "alice"), Password="Battery staple 2")
    assert "AccessToken" in service.sign_in("Battery staple 2")


@pytest.mark.parametrize(
    ("action", "more", "discreet"),
    [
        ("ConfirmSignUp", {"ConfirmationCode": "123456"}, EXPIRED),
        ("ConfirmForgotPassword", {"ConfirmationCode": "123456", "Password": "Battery staple 2"}, EXPIRED),
        ("ResendConfirmationCode", {}, "n***@y***"),
        ("ForgotPassword", {}, "n***@y***"),
    ],
)
def test_an_unknown_user_is_hidden_where_the_client_wants(
    service: Any, action: str, more: dict[str, str], discreet: Any
) -> None:
    """The plain client is told; the discreet one gets a simulated delivery or an expired code."""
    plain = service.refusal(action, ClientId="open", Username="nobody", **more)
    assert plain == ("UserNotFoundException", "Username/client id combination not found.")
    request = {"ClientId": "discreet", "Username": "nobody", **more}
    if isinstance(discreet, tuple):
        assert service.refusal(action, **request) == discreet
    else:
        assert service.call(action, **request)["CodeDeliveryDetails"]["Destination"] == discreet
    assert service.messages == []
