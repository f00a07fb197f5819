"""Signing in: passwords and SRP, right and wrong, what the client allows, and the challenge of a new password."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.runtime.cognito.errors import CognitoError

INCORRECT = ("NotAuthorizedException", "Incorrect username or password.")
# Letters of every script, marks, symbols and emoji, with a blank inside or not.
_WORD = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=4, max_size=12)
PASSWORDS = st.tuples(_WORD, st.sampled_from(["", " ", "\u00a0"]), _WORD).map("".join)


def _srp(service: Any, client: Any, username: str = "alice", client_id: str = "open", **more: str) -> dict[str, str]:
    """The ChallengeParameters of a USER_SRP_AUTH."""
    parameters = {"USERNAME": username, "SRP_A": client.srp_a, **more}
    answer = service.call("InitiateAuth", ClientId=client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters)
    assert answer["ChallengeName"] == "PASSWORD_VERIFIER"
    challenge: dict[str, str] = answer["ChallengeParameters"]
    return challenge


def _verifier(responses: dict[str, str], client_id: str = "open") -> dict[str, Any]:
    return {"ClientId": client_id, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}


def test_the_right_password_signs_in(service: Any) -> None:
    """USER_PASSWORD_AUTH answers with three tokens, their lifetime and their type."""
    service.add_user()
    answer = service.call("InitiateAuth", **service.sign_in_request())
    result = answer["AuthenticationResult"]
    assert answer["ChallengeParameters"] == {}
    assert sorted(result) == ["AccessToken", "ExpiresIn", "IdToken", "RefreshToken", "TokenType"]
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")


def test_a_wrong_password_does_not_say_what_was_wrong(service: Any) -> None:
    """The refusal is Cognito's general one."""
    service.add_user()
    assert service.refusal("InitiateAuth", **service.sign_in_request("wrong horse 1")) == INCORRECT


def test_srp_signs_in_without_sending_the_password(service: Any, srp_client: Any) -> None:
    """A client that computes from the challenge alone gets the same kind of result."""
    service.add_user()
    challenge = _srp(service, srp_client)
    assert sorted(challenge) == ["SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "USER_ID_FOR_SRP"]
    answer = service.call("RespondToAuthChallenge", **_verifier(srp_client.responses(challenge, "Correct horse 1")))
    assert service.claims(answer["AuthenticationResult"]["AccessToken"])["username"] == "alice"


@settings(max_examples=12, deadline=None)
@given(password=PASSWORDS, other=PASSWORDS)
def test_any_password_works_and_no_other_does(
    make_service: Any, srp_client_class: Any, password: str, other: str
) -> None:
    """Whatever its letters, the password itself passes by both flows, and another one by neither."""
    service = make_service()
    service.add_user(password=password)
    client = srp_client_class()
    for tried in {password, other}:
        challenge = _srp(service, client)
        by_srp = _verifier(client.responses(challenge, tried))
        by_password = service.sign_in_request(tried)
        if tried == password:
            assert "AuthenticationResult" in service.call("RespondToAuthChallenge", **by_srp)
            assert "AuthenticationResult" in service.call("InitiateAuth", **by_password)
        else:
            assert service.refusal("RespondToAuthChallenge", **by_srp) == INCORRECT
            assert service.refusal("InitiateAuth", **by_password) == INCORRECT


@pytest.mark.parametrize(
    "near", ["correct horse 1", "Correct horse 1 ", "Correct horse", "Correct  horse 1", "Correct horse 1\0", "x"]
)
def test_a_password_that_is_nearly_right_is_wrong(service: Any, near: str) -> None:
    """Case, blanks and length all count."""
    service.add_user()
    assert service.refusal("InitiateAuth", **service.sign_in_request(near)) == INCORRECT


def test_the_salt_is_new_with_each_password(service: Any, srp_client: Any) -> None:
    """Setting the same password again changes what is kept of it."""
    service.add_user()
    first = _srp(service, srp_client)["SALT"]
    service.administer("SetUserPassword", Password="Correct horse 1", Permanent=True)
    assert _srp(service, srp_client)["SALT"] != first


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_public_value_that_is_nothing_is_refused(service: Any, srp_client: Any, times: int) -> None:
    """SRP_A of 0 modulo N, which would let anybody in, does not get a challenge."""
    service.add_user()
    parameters = {"USERNAME": "alice", "SRP_A": f"{times * srp_client.prime:x}"}
    request = {"ClientId": "open", "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    assert service.refusal("InitiateAuth", **request) == ("InvalidParameterException", "Invalid SRP_A")


@pytest.mark.parametrize("srp_a", ["xyz", "-1", "0x10", " 1", "1_0", "f" * 1025])
def test_a_public_value_that_is_no_number_is_refused(service: Any, srp_a: str) -> None:
    """SRP_A is hexadecimal and has a sensible length."""
    service.add_user()
    parameters = {"USERNAME": "alice", "SRP_A": srp_a}
    request = {"ClientId": "open", "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    assert service.refusal("InitiateAuth", **request) == ("InvalidParameterException", "Invalid SRP_A")


def test_an_exchange_serves_once(service: Any, srp_client: Any) -> None:
    """The same claim does not sign in twice, nor does a right one after a wrong one."""
    service.add_user()
    session = ("NotAuthorizedException", "Invalid session for the user.")
    challenge = _srp(service, srp_client)
    right = _verifier(srp_client.responses(challenge, "Correct horse 1"))
    service.call("RespondToAuthChallenge", **right)
    assert service.refusal("RespondToAuthChallenge", **right) == session
    challenge = _srp(service, srp_client)
    wrong = _verifier(srp_client.responses(challenge, "wrong horse 1"))
    assert service.refusal("RespondToAuthChallenge", **wrong) == INCORRECT
    right = _verifier(srp_client.responses(challenge, "Correct horse 1"))
    assert service.refusal("RespondToAuthChallenge", **right) == session


def test_an_exchange_ends_after_three_minutes(service: Any, srp_client: Any) -> None:
    """A claim that comes too late is refused."""
    service.add_user()
    challenge = _srp(service, srp_client)
    service.clock.now += 180
    claim = _verifier(srp_client.responses(challenge, "Correct horse 1"))
    expected = ("NotAuthorizedException", "Invalid session for the user, session is expired.")
    assert service.refusal("RespondToAuthChallenge", **claim) == expected


def test_a_claim_counts_for_its_own_client_and_user_only(service: Any, srp_client: Any) -> None:
    """An exchange that one client began is nothing to another, and a claim under another name fails."""
    service.add_user()
    service.add_user("bob", "Battery staple 2")
    claim = srp_client.responses(_srp(service, srp_client), "Correct horse 1")
    other_client = _verifier(claim, client_id="default")
    assert service.refusal("RespondToAuthChallenge", **other_client)[1] == "Invalid session for the user."
    claim = srp_client.responses(_srp(service, srp_client), "Correct horse 1")
    assert service.refusal("RespondToAuthChallenge", **_verifier({**claim, "USERNAME": "bob"})) == INCORRECT


def test_a_day_written_with_a_zero_fails_as_on_aws(service: Any, srp_client: Any) -> None:
    """Cognito signs the date with an unpadded day, so that a client that pads it never gets in."""
    service.add_user()
    found = []
    for day in ("5", "05"):
        challenge = _srp(service, srp_client)
        claim = srp_client.responses(challenge, "Correct horse 1", timestamp=f"Thu Nov {day} 08:36:46 UTC 2026")
        try:
            service.call("RespondToAuthChallenge", **_verifier(claim))
            found.append("in")
        except CognitoError as error:
            found.append(str(error))
    assert found == ["in", "NotAuthorizedException: Incorrect username or password."]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMESTAMP", "Mon Nov 23 08:36:47 UTC 2026"),
        ("PASSWORD_CLAIM_SIGNATURE", "c2lnbmF0dXJl"),
        ("PASSWORD_CLAIM_SIGNATURE", "é"),
    ],
)
def test_a_claim_that_was_changed_fails(service: Any, srp_client: Any, name: str, value: str) -> None:
    """The signature covers the timestamp, and is compared as a whole."""
    service.add_user()
    claim = srp_client.responses(_srp(service, srp_client), "Correct horse 1")
    assert service.refusal("RespondToAuthChallenge", **_verifier({**claim, name: value})) == INCORRECT


def test_a_timestamp_of_another_form_is_named(service: Any, srp_client: Any) -> None:
    """The form that Cognito expects is said."""
    service.add_user()
    claim = srp_client.responses(_srp(service, srp_client), "Correct horse 1", timestamp="2026-11-23T08:36:46Z")
    expected = ("InvalidParameterException", "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
    assert service.refusal("RespondToAuthChallenge", **_verifier(claim)) == expected


def test_an_unknown_user_is_named_or_not_as_the_client_wants(service: Any, srp_client: Any) -> None:
    """PreventUserExistenceErrors turns UserNotFoundException into the general refusal."""
    by_client = [
        service.refusal("InitiateAuth", **service.sign_in_request(username="nobody", client=client))
        for client in ("open", "discreet")
    ]
    assert by_client == [("UserNotFoundException", "User does not exist."), INCORRECT]


def test_a_simulated_exchange_is_steady_and_opens_nothing(service: Any, make_service: Any, srp_client: Any) -> None:
    """For an unknown name the salt and user id stay the same, after a restart as well, and no claim passes."""
    challenges = [_srp(each, srp_client, "nobody", "discreet") for each in (service, service, make_service())]
    kept = [(each["SALT"], each["USER_ID_FOR_SRP"]) for each in challenges]
    assert kept == [kept[0]] * 3
    assert challenges[0]["SRP_B"] != challenges[1]["SRP_B"]
    claim = _verifier(srp_client.responses(challenges[0], "Correct horse 1"), client_id="discreet")
    assert service.refusal("RespondToAuthChallenge", **claim) == INCORRECT


def test_an_unconfirmed_user_is_told_so_with_the_right_password_only(service: Any) -> None:
    """A wrong password hides that the user still has to confirm."""
    service.call("SignUp", ClientId="open", Username="carol", Password="Correct horse 1")
    right = service.refusal("InitiateAuth", **service.sign_in_request(username="carol"))
    wrong = service.refusal("InitiateAuth", **service.sign_in_request("wrong horse 1", "carol"))
    assert (right, wrong) == (("UserNotConfirmedException", "User is not confirmed."), INCORRECT)


def test_a_disabled_user_does_not_get_in(service: Any) -> None:
    """Disabling ends the sign-ins that there are, and enabling lets the user in again."""
    service.add_user()
    before = service.sign_in()
    service.administer("DisableUser")
    disabled = ("NotAuthorizedException", "User is disabled.")
    assert service.refusal("InitiateAuth", **service.sign_in_request()) == disabled
    service.administer("EnableUser")
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert service.refusal("GetUser", AccessToken=before["AccessToken"]) == revoked
    assert service.call("GetUser", AccessToken=service.sign_in()["AccessToken"])["Username"] == "alice"


FLOW_REFUSALS = [
    (set(), "USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
    ({"ALLOW_USER_SRP_AUTH"}, "USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
    ({"ALLOW_USER_PASSWORD_AUTH"}, "USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
    ({"ALLOW_USER_SRP_AUTH"}, "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN_AUTH flow not enabled for this client"),
    ({"ALLOW_USER_SRP_AUTH"}, "REFRESH_TOKEN", "REFRESH_TOKEN_AUTH flow not enabled for this client"),
    ({"ALLOW_USER_PASSWORD_AUTH"}, "ADMIN_USER_PASSWORD_AUTH", "Auth flow not enabled for this client"),
]


@pytest.mark.parametrize(("allowed", "flow", "message"), FLOW_REFUSALS)
def test_a_flow_that_the_client_leaves_out_is_refused(
    make_service: Any, service: Any, allowed: set[str], flow: str, message: str
) -> None:
    """ExplicitAuthFlows is obeyed, before anything is said about user or password."""
    pool = service.pool
    client = replace(pool.clients[0], auth_flows=frozenset(allowed))
    narrow = make_service(None, replace(pool, clients=(client,)))
    action = "AdminInitiateAuth" if flow.startswith("ADMIN_") else "InitiateAuth"
    request = {"UserPoolId": pool.user_pool_id, "ClientId": "open", "AuthFlow": flow, "AuthParameters": {}}
    assert narrow.refusal(action, **request) == ("InvalidParameterException", message)


def test_a_client_without_flows_has_awss_default(service: Any, srp_client: Any) -> None:
    """A template that says nothing allows SRP and refresh."""
    service.add_user()
    challenge = _srp(service, srp_client, client_id="default")
    claim = _verifier(srp_client.responses(challenge, "Correct horse 1"), client_id="default")
    token = service.call("RespondToAuthChallenge", **claim)["AuthenticationResult"]["RefreshToken"]
    request = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    assert "AuthenticationResult" in service.call("InitiateAuth", ClientId="default", **request)


@pytest.mark.parametrize(
    ("action", "flow"),
    [
        ("InitiateAuth", "ADMIN_USER_PASSWORD_AUTH"),
        ("InitiateAuth", "ADMIN_NO_SRP_AUTH"),
        ("AdminInitiateAuth", "USER_PASSWORD_AUTH"),
    ],
)
def test_a_flow_of_the_other_action_is_refused(service: Any, action: str, flow: str) -> None:
    """The flows with ADMIN in their names are for AdminInitiateAuth only, and USER_PASSWORD_AUTH is not."""
    request = {"UserPoolId": "eu-west-1_Names", "ClientId": "open", "AuthFlow": flow}
    assert service.refusal(action, **request) == ("InvalidParameterException", "Initiate Auth method not supported.")


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_an_administrator_signs_a_user_in(service: Any, flow: str) -> None:
    """AdminInitiateAuth takes the password under both names of its flow."""
    service.add_user()
    parameters = {"USERNAME": "alice", "PASSWORD": "Correct horse 1"}
    request = {"UserPoolId": "eu-west-1_Names", "ClientId": "open", "AuthFlow": flow, "AuthParameters": parameters}
    assert "AuthenticationResult" in service.call("AdminInitiateAuth", **request)


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_AUTH"])
def test_a_flow_that_is_not_emulated_is_named(service: Any, flow: str) -> None:
    """The refusal says that it is the runtime, not the request."""
    expected = ("InvalidParameterException", f"AuthFlow {flow} is not emulated by the local runtime.")
    assert service.refusal("InitiateAuth", ClientId="open", AuthFlow=flow) == expected


@pytest.mark.parametrize(
    ("flow", "parameters", "missing"),
    [
        ("USER_PASSWORD_AUTH", {}, "USERNAME"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "alice"}, "PASSWORD"),
        ("USER_PASSWORD_AUTH", {"USERNAME": "alice", "PASSWORD": ""}, "PASSWORD"),
        ("USER_SRP_AUTH", {"USERNAME": "alice"}, "SRP_A"),
        ("REFRESH_TOKEN_AUTH", {}, "REFRESH_TOKEN"),
    ],
)
def test_a_missing_auth_parameter_is_named(service: Any, flow: str, parameters: dict[str, str], missing: str) -> None:
    """An absent parameter and an empty one are the same to Cognito."""
    request = {"ClientId": "open", "AuthFlow": flow, "AuthParameters": parameters}
    expected = ("InvalidParameterException", f"Missing required parameter {missing}")
    assert service.refusal("InitiateAuth", **request) == expected


def test_an_unknown_client_is_refused(service: Any) -> None:
    """Neither an unknown client nor one of another pool serves."""
    none = service.refusal("InitiateAuth", **service.sign_in_request(client="none"))
    request = {"UserPoolId": "eu-west-1_Mail", "ClientId": "open", "AuthFlow": "ADMIN_NO_SRP_AUTH"}
    foreign = service.refusal("AdminInitiateAuth", **request)
    message = "User pool client {} does not exist."
    assert (none, foreign) == (
        ("ResourceNotFoundException", message.format("none")),
        ("ResourceNotFoundException", message.format("open")),
    )


def _secret_hash(name: str, client_id: str = "secret") -> str:
    digest = hmac.digest(b"0123456789abcdefghijklmnop", f"{name}{client_id}".encode(), "sha256")
    return b64encode(digest).decode()


@pytest.mark.parametrize(
    ("client", "secret_hash", "message"),
    [
        ("secret", None, "Client secret is configured with secret but SECRET_HASH was not received"),
        ("secret", _secret_hash("bob"), "Unable to verify secret hash for client secret"),
        ("secret", "é", "Unable to verify secret hash for client secret"),
        ("open", _secret_hash("alice", "open"), "Unable to verify secret hash for client open"),
    ],
)
def test_a_secret_hash_must_fit(service: Any, client: str, secret_hash: str | None, message: str) -> None:
    """A client with a secret needs the right hash, one without takes none."""
    service.add_user()
    request = service.sign_in_request(client=client)
    if secret_hash is not None:
        request["AuthParameters"]["SECRET_HASH"] = secret_hash
    assert service.refusal("InitiateAuth", **request) == ("NotAuthorizedException", message)


def test_a_client_with_a_secret_signs_in_with_the_hash(service: Any, srp_client: Any) -> None:
    """Both steps of SRP carry the hash, and so does the refresh."""
    service.add_user()
    hashed = _secret_hash("alice")
    challenge = _srp(service, srp_client, client_id="secret", SECRET_HASH=hashed)
    claim = {**srp_client.responses(challenge, "Correct horse 1"), "SECRET_HASH": hashed}
    answer = service.call("RespondToAuthChallenge", **_verifier(claim, client_id="secret"))
    parameters = {"REFRESH_TOKEN": answer["AuthenticationResult"]["RefreshToken"]}
    request = {"ClientId": "secret", "AuthFlow": "REFRESH_TOKEN_AUTH"}
    without = service.refusal("InitiateAuth", **request, AuthParameters=parameters)
    assert without[0] == "NotAuthorizedException"
    again = service.call("InitiateAuth", **request, AuthParameters={**parameters, "SECRET_HASH": hashed})
    assert "AccessToken" in again["AuthenticationResult"]


def _challenged(service: Any) -> tuple[str, dict[str, Any]]:
    """A user with a temporary password who has just signed in: the session and the challenge's parameters."""
    service.administer(
        "CreateUser", UserAttributes=[{"Name": "email", "Value": "a@example.com"}], TemporaryPassword="Temporary 1"
    )
    answer = service.call("InitiateAuth", **service.sign_in_request("Temporary 1"))
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    return answer["Session"], answer["ChallengeParameters"]


def _new_password(session: str | None, password: str = "Permanent 1", **responses: str) -> dict[str, Any]:
    return {
        "ClientId": "open",
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session,
        "ChallengeResponses": {"USERNAME": "alice", "NEW_PASSWORD": password, **responses},
    }


def test_a_temporary_password_asks_for_a_new_one(service: Any) -> None:
    """The challenge lists what the user has; its answer signs in, and the user is confirmed from then on."""
    session, parameters = _challenged(service)
    assert json.loads(parameters["userAttributes"]) == {"email": "a@example.com"}
    assert (parameters["requiredAttributes"], parameters["USER_ID_FOR_SRP"]) == ("[]", "alice")
    responses = {"userAttributes.name": "Alice"}
    answer = service.call("RespondToAuthChallenge", **_new_password(session, **responses))
    assert service.claims(answer["AuthenticationResult"]["IdToken"])["name"] == "Alice"
    assert service.administer("GetUser")["UserStatus"] == "CONFIRMED"
    assert service.refusal("InitiateAuth", **service.sign_in_request("Temporary 1")) == INCORRECT
    assert "AccessToken" in service.sign_in("Permanent 1")


def test_a_temporary_password_by_srp_asks_for_a_new_one(service: Any, srp_client: Any) -> None:
    """After PASSWORD_VERIFIER comes NEW_PASSWORD_REQUIRED, which the Admin action answers as well."""
    service.administer("CreateUser", TemporaryPassword="Temporary 1")
    challenge = _srp(service, srp_client)
    answer = service.call("RespondToAuthChallenge", **_verifier(srp_client.responses(challenge, "Temporary 1")))
    request = {"UserPoolId": "eu-west-1_Names", **_new_password(answer["Session"])}
    assert "AuthenticationResult" in service.call("AdminRespondToAuthChallenge", **request)


def test_a_new_password_that_is_too_short_may_be_mended(service: Any) -> None:
    """The session stays good after InvalidPasswordException, and is spent by success."""
    session, _ = _challenged(service)
    short = service.refusal("RespondToAuthChallenge", **_new_password(session, "Short 1"))
    assert short == ("InvalidPasswordException", "Password does not conform to policy: Password not long enough")
    service.call("RespondToAuthChallenge", **_new_password(session))
    again = service.refusal("RespondToAuthChallenge", **_new_password(session))
    assert again == ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")


def test_a_session_must_be_known_and_fresh(service: Any) -> None:
    """Without a session, with an invented one, and after three minutes there is no new password."""
    session, _ = _challenged(service)
    found = [service.refusal("RespondToAuthChallenge", **_new_password(each)) for each in (None, "x" * 20)]
    assert found == [("NotAuthorizedException", "Invalid session for the user.")] * 2
    service.clock.now += 180
    late = service.refusal("RespondToAuthChallenge", **_new_password(session))
    assert late == ("NotAuthorizedException", "Invalid session for the user, session is expired.")


def test_a_session_belongs_to_its_user(service: Any) -> None:
    """Somebody else's session sets nobody's password."""
    session, _ = _challenged(service)
    service.add_user("bob")
    stolen = service.refusal("RespondToAuthChallenge", **_new_password(session, USERNAME="bob"))
    assert stolen == ("NotAuthorizedException", "Invalid session for the user.")
    assert service.administer("GetUser", "bob")["UserStatus"] == "CONFIRMED"


def test_a_temporary_password_ends_after_a_week(service: Any) -> None:
    """The administrator has to set another one then."""
    service.administer("CreateUser", TemporaryPassword="Temporary 1")
    service.clock.now += 7 * 86_400
    expected = ("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator.")
    assert service.refusal("InitiateAuth", **service.sign_in_request("Temporary 1")) == expected


def test_a_challenge_that_is_not_emulated_is_named(service: Any) -> None:
    """There is no MFA here, and the refusal says so."""
    request = {"ClientId": "open", "ChallengeName": "SMS_MFA", "ChallengeResponses": {}}
    expected = ("InvalidParameterException", "Challenge SMS_MFA is not emulated by the local runtime.")
    assert service.refusal("RespondToAuthChallenge", **request) == expected


def test_an_email_address_signs_in_where_the_pool_says_so(service: Any, srp_client: Any) -> None:
    """The user's name is then an id, which SRP hashes and tokens carry."""
    user = service.add_user("alice@example.com", pool=service.mail_pool)
    challenge = _srp(service, srp_client, "alice@example.com", "mail")
    assert challenge["USER_ID_FOR_SRP"] == user["Username"] != "alice@example.com"
    claim = _verifier(srp_client.responses(challenge, "Correct horse 1", pool_name="Mail"), client_id="mail")
    answer = service.call("RespondToAuthChallenge", **claim)
    claims = service.claims(answer["AuthenticationResult"]["IdToken"])
    assert (claims["sub"], claims["cognito:username"], claims["email"]) == (
        user["Username"],
        user["Username"],
        "alice@example.com",
    )


def test_secret_blocks_differ(service: Any, srp_client: Any) -> None:
    """Every exchange has a block and a public value of its own."""
    service.add_user()
    challenges = [_srp(service, srp_client) for _ in range(5)]
    assert len({each["SECRET_BLOCK"] for each in challenges}) == len({each["SRP_B"] for each in challenges}) == 5
    assert {len(b64decode(each["SECRET_BLOCK"])) for each in challenges} == {96}


def test_the_callables_that_came_in_decide_everything(make_service: Any) -> None:
    """Two services with the same key, clock, ids and random bytes issue the same tokens: nothing draws its own."""
    results = []
    for each in (make_service(), make_service()):
        each.add_user()
        results.append(each.sign_in())
    assert results[0] == results[1]
