"""The user store: what survives a restart, what the file holds and does not, what a damaged one is answered with."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.runtime.cognito.store import UserStore

POOL_IDS = ("eu-west-1_Names", "eu-west-1_Mail")


def _restarted(make_service: Any, path: Path) -> Any:
    return make_service(UserStore(path))


def test_a_store_without_a_file_is_empty(tmp_path: Path) -> None:
    """A missing file is a first start, and nothing is written before there is something to keep."""
    path = tmp_path / "users.json"
    assert UserStore(path).pool("eu-west-1_Names").users == {}
    assert not path.exists()


def test_users_survive_a_restart(make_service: Any, tmp_path: Path) -> None:
    """A user, the groups and the password are there again for a new process."""
    path = tmp_path / "state" / "users.json"
    service = _restarted(make_service, path)
    service.add_user(email="alice@example.com")
    service.administer("AddUserToGroup", GroupName="readers")
    before = service.administer("GetUser")
    again = _restarted(make_service, path)
    assert again.administer("GetUser") == before
    assert again.claims(again.sign_in()["AccessToken"])["cognito:groups"] == ["readers"]


def test_a_signed_in_user_stays_so_over_a_restart(make_service: Any, tmp_path: Path) -> None:
    """Both an access token and a refresh token of before serve after."""
    path = tmp_path / "users.json"
    service = _restarted(make_service, path)
    service.add_user()
    result = service.sign_in()
    again = _restarted(make_service, path)
    assert again.call("GetUser", AccessToken=result["AccessToken"])["Username"] == "alice"
    fresh = again.call("GetTokensFromRefreshToken", ClientId="open", RefreshToken=result["RefreshToken"])
    origins = [again.claims(each["AccessToken"])["origin_jti"] for each in (result, fresh["AuthenticationResult"])]
    assert origins[0] == origins[1]


def test_signed_out_is_signed_out_over_a_restart(make_service: Any, tmp_path: Path) -> None:
    """A revoked refresh token does not come back with the next process."""
    path = tmp_path / "users.json"
    service = _restarted(make_service, path)
    service.add_user()
    result = service.sign_in()
    service.call("GlobalSignOut", AccessToken=result["AccessToken"])
    again = _restarted(make_service, path)
    refusal = again.refusal("GetTokensFromRefreshToken", ClientId="open", RefreshToken=result["RefreshToken"])
    assert refusal == ("NotAuthorizedException", "Refresh Token has been revoked")


def test_every_change_is_in_the_file_before_its_answer(make_service: Any, tmp_path: Path) -> None:
    """After each call the file holds exactly what the memory does: a crash then loses nothing."""
    path = tmp_path / "users.json"
    service = _restarted(make_service, path)
    plain: Any = service.call

    def call(action: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = plain(action, **request)
        kept = UserStore(path)
        assert {name: kept.pool(name) for name in POOL_IDS} == {name: service.store.pool(name) for name in POOL_IDS}
        return answer

    service.call = call
    user = {"UserPoolId": POOL_IDS[0], "Username": "alice"}
    group = {"UserPoolId": POOL_IDS[0], "GroupName": "writers"}
    service.add_user(email="alice@example.com", email_verified="true")
    call("CreateGroup", **group)
    call("UpdateGroup", **group, Precedence=1)
    call("AdminAddUserToGroup", **user, GroupName="writers")
    call("AdminRemoveUserFromGroup", **user, GroupName="writers")
    call("DeleteGroup", **group)
    call("AdminUpdateUserAttributes", **user, UserAttributes=[{"Name": "name", "Value": "Alice"}])
    call("AdminDeleteUserAttributes", **user, UserAttributeNames=["name"])
    result = service.sign_in()
    call("RevokeToken", ClientId="open", Token=result["RefreshToken"])
    rotating = service.sign_in(client="rotating")
    call("GetTokensFromRefreshToken", ClientId="rotating", RefreshToken=rotating["RefreshToken"])
    token = {"AccessToken": service.sign_in()["AccessToken"]}
    call("UpdateUserAttributes", **token, UserAttributes=[{"Name": "email", "Value": "new@example.org"}])
    call("VerifyUserAttribute", **token, AttributeName="email", Code=service.last_code())
    call("ForgotPassword", ClientId="open", Username="alice")
    recovery = {"ConfirmationCode": service.last_code(), "Password": "Battery staple 2"}
    call("ConfirmForgotPassword", ClientId="open", Username="alice", **recovery)
    call("ChangePassword", **token, PreviousPassword="Battery staple 2", ProposedPassword="Correct horse 1")
    call("DeleteUserAttributes", **token, UserAttributeNames=["email"])
    call("GlobalSignOut", **token)
    token = {"AccessToken": service.sign_in()["AccessToken"]}
    call("AdminUserGlobalSignOut", **user)
    call("AdminDisableUser", **user)
    call("AdminEnableUser", **user)
    call("DeleteUser", AccessToken=service.sign_in()["AccessToken"])
    mail = {"ClientId": "mail", "Username": "carol@example.com"}
    call("SignUp", **mail, Password="Correct horse 1")
    call("ConfirmSignUp", **mail, ConfirmationCode=service.last_code())
    in_mail_pool = {"UserPoolId": POOL_IDS[1], "Username": "carol@example.com"}
    call("AdminResetUserPassword", **in_mail_pool)
    call("AdminSetUserPassword", **in_mail_pool, Password="Temporary 1")
    answer = call("InitiateAuth", **service.sign_in_request("Temporary 1", "carol@example.com", "mail"))
    responses = {"USERNAME": "carol@example.com", "NEW_PASSWORD": "Correct horse 1"}
    challenge = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": answer["Session"]}
    call("RespondToAuthChallenge", ClientId="mail", **challenge, ChallengeResponses=responses)
    call("AdminDeleteUser", **in_mail_pool)
    call("SignUp", ClientId="open", Username="dan", Password="Correct horse 1")
    call("AdminConfirmSignUp", UserPoolId=POOL_IDS[0], Username="dan")


def test_the_file_holds_neither_passwords_nor_tokens(make_service: Any, tmp_path: Path) -> None:
    """What somebody could sign in with is in the file in no form that can be used."""
    path = tmp_path / "users.json"
    service = _restarted(make_service, path)
    service.add_user(password="Correct horse 1")
    result = service.sign_in()
    text = path.read_text()
    secrets = ["Correct horse 1", result["AccessToken"], result["IdToken"], result["RefreshToken"]]
    secrets.append(result["RefreshToken"].partition(".")[2])
    assert [secret in text for secret in secrets] == [False] * 5


def test_only_the_owner_reads_the_file(make_service: Any, tmp_path: Path) -> None:
    """The mode is 0600, also where a killed process left a readable file under the temporary name."""
    path = tmp_path / "users.json"
    service = _restarted(make_service, path)
    leftover = tmp_path / f".users.json.{os.getpid()}"
    leftover.write_text("half a document")
    leftover.chmod(0o644)
    service.administer("CreateUser")
    assert [(each.name, each.stat().st_mode & 0o777) for each in tmp_path.iterdir()] == [("users.json", 0o600)]


def test_a_failed_write_leaves_the_old_file(make_service: Any, tmp_path: Path) -> None:
    """Where the new file cannot take the old one's place, the error names it, and no half-written file stays."""
    path = tmp_path / "users.json"
    service = _restarted(make_service, path)
    service.add_user()
    path.unlink()
    path.mkdir()
    with pytest.raises(LivebusError) as caught:
        service.sign_in()
    assert str(caught.value).startswith(f"{path}: the user store cannot be written: ")
    assert [each.name for each in tmp_path.iterdir()] == ["users.json"]


GOOD: dict[str, Any] = {"version": 1, "pools": {"p": {"users": {}, "groups": {}, "sign_ins": {}}}}
USER: dict[str, Any] = {
    "username": "alice",
    "attributes": {"sub": "1"},
    "status": "CONFIRMED",
    "created": 1.0,
    "modified": 1.0,
    "credential": {"salt": "1f", "verifier": "2f"},
}


def _with_user(**changes: Any) -> dict[str, Any]:
    return {"version": 1, "pools": {"p": {**GOOD["pools"]["p"], "users": {"alice": {**USER, **changes}}}}}


def test_a_store_that_is_whole_is_read(tmp_path: Path) -> None:
    """The document that the damaged ones below are made from is sound."""
    path = tmp_path / "users.json"
    path.write_text(json.dumps(_with_user()))
    assert UserStore(path).pool("p").users["alice"].sub == "1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"text"',
        json.dumps({"version": 1}),
        json.dumps({"version": 1, "pools": []}),
        json.dumps({"version": 1, "pools": {"p": {}}}),
        json.dumps(_with_user(credential={"salt": "1f", "verifier": "not hexadecimal"})),
        json.dumps(_with_user(credential={"salt": "1f"})),
        json.dumps(_with_user(attributes={})),
        json.dumps(_with_user(colour="green")),
    ],
)
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    """The error says which file is damaged and what to do; the file keeps its text."""
    path = tmp_path / "users.json"
    path.write_text(text)
    with pytest.raises(LivebusError) as caught:
        UserStore(path)
    (fault,) = caught.value.faults
    assert (fault.place.file, fault.found.startswith("the user store is damaged: ")) == (str(path), True)
    assert fault.advice.startswith("Mend it, or move it away")
    assert path.read_text() == text


def test_a_file_of_a_later_version_is_not_guessed_at(tmp_path: Path) -> None:
    """Another version is refused with both versions named."""
    path = tmp_path / "users.json"
    path.write_text(json.dumps({**GOOD, "version": 2}))
    with pytest.raises(LivebusError) as caught:
        UserStore(path)
    (fault,) = caught.value.faults
    assert (fault.found, fault.expected) == ("the user store has version 2", "1")


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder in the file's place is no empty store."""
    with pytest.raises(LivebusError) as caught:
        UserStore(tmp_path)
    (fault,) = caught.value.faults
    assert (fault.place.file, fault.found.startswith("the user store cannot be read: ")) == (str(tmp_path), True)
