"""The Admin actions, lists with filters and pages, groups, descriptions, and a reloaded template."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import pytest

from livebus.errors import Place
from livebus.template.application import UserPoolClient

POOL_ID = "eu-west-1_Names"
NO_USER = ("UserNotFoundException", "User does not exist.")


def _names(service: Any, **request: Any) -> list[str]:
    return [user["Username"] for user in service.call("ListUsers", UserPoolId=POOL_ID, **request)["Users"]]


def test_a_created_user_has_to_change_the_password(service: Any) -> None:
    """AdminCreateUser answers with the user in the API's form; the invitation goes to the log."""
    attributes = [{"Name": "email", "Value": "a@example.com"}, {"Name": "email_verified", "Value": "true"}]
    user = service.administer("CreateUser", UserAttributes=attributes, TemporaryPassword="Temporary 1")["User"]
    sub = user["Attributes"][0]["Value"]
    assert user == {
        "Username": "alice",
        "Attributes": [{"Name": "sub", "Value": sub}, *attributes],
        "UserCreateDate": 1_800_000_000.25,
        "UserLastModifiedDate": 1_800_000_000.25,
        "Enabled": True,
        "UserStatus": "FORCE_CHANGE_PASSWORD",
    }
    assert service.messages == ["temporary password Temporary 1 for alice"]


def test_a_temporary_password_is_made_where_none_is_given(service: Any) -> None:
    """It has every kind of character, signs in, and reaches the log."""
    service.administer("CreateUser")
    password = service.messages[-1].split()[2]
    kinds = [string.ascii_uppercase, string.ascii_lowercase, string.digits, string.punctuation]
    assert [any(letter in kind for letter in password) for kind in kinds] == [True] * 4
    answer = service.call("InitiateAuth", **service.sign_in_request(password))
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_an_invitation_is_suppressed_or_sent_again(service: Any) -> None:
    """SUPPRESS sends nothing; RESEND sets a new temporary password, and only while there is one."""
    service.administer("CreateUser", TemporaryPassword="Temporary 1", MessageAction="SUPPRESS")
    assert service.messages == []
    service.administer("CreateUser", TemporaryPassword="Temporary 2", MessageAction="RESEND")
    assert service.messages == ["temporary password Temporary 2 for alice"]
    assert "Session" in service.call("InitiateAuth", **service.sign_in_request("Temporary 2"))
    service.administer("SetUserPassword", Password="Correct horse 1", Permanent=True)
    refusal = service.refusal("AdminCreateUser", UserPoolId=POOL_ID, Username="alice", MessageAction="RESEND")
    assert refusal == (
        "UnsupportedUserStateException",
        "Resend not possible. alice status is not FORCE_CHANGE_PASSWORD",
    )


def test_a_name_is_created_once(service: Any) -> None:
    """The wording differs from SignUp's."""
    service.add_user()
    refusal = service.refusal("AdminCreateUser", UserPoolId=POOL_ID, Username="alice")
    assert refusal == ("UsernameExistsException", "User account already exists")


def test_a_set_password_is_temporary_unless_said_otherwise(service: Any) -> None:
    """Permanent decides the user's status."""
    service.administer("CreateUser")
    statuses = []
    for more in ({"Permanent": True}, {}, {"Permanent": False}):
        assert service.administer("SetUserPassword", Password="Correct horse 1", **more) == {}
        statuses.append(service.administer("GetUser")["UserStatus"])
    assert statuses == ["CONFIRMED", "FORCE_CHANGE_PASSWORD", "FORCE_CHANGE_PASSWORD"]


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("AdminGetUser", {}),
        ("AdminDeleteUser", {}),
        ("AdminSetUserPassword", {"Password": "Correct horse 1"}),
        ("AdminConfirmSignUp", {}),
        ("AdminDisableUser", {}),
        ("AdminUserGlobalSignOut", {}),
        ("AdminUpdateUserAttributes", {"UserAttributes": []}),
        ("AdminListGroupsForUser", {}),
        ("AdminAddUserToGroup", {"GroupName": "readers"}),
    ],
)
def test_what_does_not_exist_is_named(service: Any, action: str, more: dict[str, Any]) -> None:
    """An unknown pool and an unknown user have their own refusals."""
    user = service.refusal(action, UserPoolId=POOL_ID, Username="nobody", **more)
    pool = service.refusal(action, UserPoolId="eu-west-1_None", Username="nobody", **more)
    assert user == NO_USER
    assert pool == ("ResourceNotFoundException", "User pool eu-west-1_None does not exist.")


def test_a_user_is_found_by_name_sub_and_alias(service: Any) -> None:
    """The email address serves only where the pool signs in with it."""
    alice = service.add_user(email="alice@example.com")
    bob = service.add_user("bob@example.com", pool=service.mail_pool)
    sub = alice["Attributes"][0]["Value"]
    assert service.administer("GetUser", sub)["Username"] == "alice"
    assert service.administer("GetUser", "bob@example.com", service.mail_pool)["Username"] == bob["Username"]
    assert service.refusal("AdminGetUser", UserPoolId=POOL_ID, Username="alice@example.com") == NO_USER


def test_an_administrator_writes_what_a_user_may_not(service: Any) -> None:
    """email_verified may be set; an address that changes without it is not verified; sub stays."""
    service.add_user(email="alice@example.com", email_verified="true")

    def update(**attributes: str) -> dict[str, str]:
        listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
        assert service.administer("UpdateUserAttributes", UserAttributes=listed) == {}
        return {each["Name"]: each["Value"] for each in service.administer("GetUser")["UserAttributes"]}

    assert update(email="new@example.org")["email_verified"] == "false"
    assert update(email="newer@example.org", email_verified="true")["email_verified"] == "true"
    service.administer("DeleteUserAttributes", UserAttributeNames=["email"])
    assert sorted(update(name="Alice")) == ["name", "sub"]
    request = {"UserPoolId": POOL_ID, "Username": "alice", "UserAttributes": [{"Name": "sub", "Value": "1"}]}
    refusal = service.refusal("AdminUpdateUserAttributes", **request)
    assert refusal == ("InvalidParameterException", "Cannot modify the non-mutable attribute sub")


def test_an_address_that_signs_in_belongs_to_one_user(service: Any) -> None:
    """Another user cannot take it, and the refused update leaves everything as it was."""
    service.add_user("a@example.com", pool=service.mail_pool)
    service.add_user("b@example.com", pool=service.mail_pool)
    request = {
        "UserPoolId": "eu-west-1_Mail",
        "Username": "b@example.com",
        "UserAttributes": [{"Name": "name", "Value": "B"}, {"Name": "email", "Value": "a@example.com"}],
    }
    refusal = service.refusal("AdminUpdateUserAttributes", **request)
    assert refusal == ("AliasExistsException", "An account with the email already exists.")
    kept = service.administer("GetUser", "b@example.com", service.mail_pool)["UserAttributes"]
    assert [each["Name"] for each in kept] == ["sub", "email"]


def test_users_are_listed_by_filter(service: Any) -> None:
    """A filter is one attribute, equal or beginning with a value; quotes inside are escaped."""
    service.add_user("ada", email="ada@example.com")
    service.add_user("adam", email="adam@example.com", name='A "D" M')
    service.administer("CreateUser", "bob")
    service.administer("DisableUser", "ada")
    filters = {
        'username = "ada"': ["ada"],
        'username ^= "ada"': ["ada", "adam"],
        '"email"="adam@example.com"': ["adam"],
        'cognito:user_status = "force_change_password"': ["bob"],
        'status = "Disabled"': ["ada"],
        r'name = "A \"D\" M"': ["adam"],
        'email ^= ""': ["ada", "adam", "bob"],
        "": ["ada", "adam", "bob"],
    }
    assert {text: _names(service, Filter=text) for text in filters} == filters


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("email", "Error while parsing filter."),
        ("email = ada", "Error while parsing filter."),
        ('email > "a"', "Error while parsing filter."),
        ('email = "a" and name = "b"', "Error while parsing filter."),
        ('custom:team = "a"', "Invalid search attribute: custom:team"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(service: Any, text: str, message: str) -> None:
    """Custom attributes are not searchable on AWS."""
    refusal = service.refusal("ListUsers", UserPoolId=POOL_ID, Filter=text)
    assert refusal == ("InvalidParameterException", message)


def test_a_list_comes_in_pages(service: Any) -> None:
    """The token leads to the next page, and there is none on the last."""
    names = [f"user{place}" for place in range(5)]
    for name in names:
        service.administer("CreateUser", name, TemporaryPassword="Temporary 1")
    found, token = [], None
    while True:
        more = {"PaginationToken": token} if token else {}
        answer = service.call("ListUsers", UserPoolId=POOL_ID, Limit=2, AttributesToGet=["email"], **more)
        found.append([user["Username"] for user in answer["Users"]])
        assert {len(user["Attributes"]) for user in answer["Users"]} == {0}
        token = answer.get("PaginationToken")
        if token is None:
            break
    assert found == [names[0:2], names[2:4], names[4:5]]


@pytest.mark.parametrize("token", ["x", "OTk5", "LTE=", "é"])
def test_a_page_token_that_was_not_issued_is_refused(service: Any, token: str) -> None:
    """An invented token is no place in the list."""
    refusal = service.refusal("ListUsers", UserPoolId=POOL_ID, PaginationToken=token)
    assert refusal == ("InvalidParameterException", "Invalid pagination token.")


def test_a_group_is_made_changed_and_deleted(service: Any) -> None:
    """The API's form leaves out what was not given."""
    made = service.call("CreateGroup", UserPoolId=POOL_ID, GroupName="writers", Precedence=0)["Group"]
    assert made == {
        "GroupName": "writers",
        "UserPoolId": POOL_ID,
        "Precedence": 0,
        "LastModifiedDate": 1_800_000_000.25,
        "CreationDate": 1_800_000_000.25,
    }
    again = service.refusal("CreateGroup", UserPoolId=POOL_ID, GroupName="writers")
    assert again == ("GroupExistsException", "A group with the name writers already exists.")
    service.call("UpdateGroup", UserPoolId=POOL_ID, GroupName="writers", Description="They write")
    group = service.call("GetGroup", UserPoolId=POOL_ID, GroupName="writers")["Group"]
    assert (group["Description"], group["Precedence"]) == ("They write", 0)
    assert service.call("DeleteGroup", UserPoolId=POOL_ID, GroupName="writers") == {}
    gone = service.refusal("GetGroup", UserPoolId=POOL_ID, GroupName="writers")
    assert gone == ("ResourceNotFoundException", "Group not found.")


def test_membership_is_seen_from_both_sides(service: Any) -> None:
    """Joining twice is joining once; leaving, and the group's deletion, end it."""
    service.add_user()
    for _ in range(2):
        assert service.administer("AddUserToGroup", GroupName="readers") == {}

    def groups() -> list[str]:
        return [each["GroupName"] for each in service.administer("ListGroupsForUser")["Groups"]]

    def members() -> list[str]:
        listed = service.call("ListUsersInGroup", UserPoolId=POOL_ID, GroupName="readers")["Users"]
        return [user["Username"] for user in listed]

    assert (groups(), members()) == (["readers"], ["alice"])
    for _ in range(2):
        assert service.administer("RemoveUserFromGroup", GroupName="readers") == {}
    assert (groups(), members()) == ([], [])
    service.administer("AddUserToGroup", GroupName="readers")
    service.call("DeleteGroup", UserPoolId=POOL_ID, GroupName="readers")
    assert groups() == []
    refusal = service.refusal("AdminAddUserToGroup", UserPoolId=POOL_ID, Username="alice", GroupName="readers")
    assert refusal == ("ResourceNotFoundException", "Group not found.")


def test_a_reloaded_template_keeps_users_and_changes_groups(service: Any) -> None:
    """Users, sign-ins and groups made by calls stay; a group that the template dropped goes, with its members."""
    service.add_user()
    service.call("CreateGroup", UserPoolId=POOL_ID, GroupName="made")
    for name in ("readers", "made"):
        service.administer("AddUserToGroup", GroupName=name)
    token = service.sign_in()["AccessToken"]
    service.cognito.replace_pools([replace(service.pool, groups=("editors",), place=Place(line=9))])
    listed = service.call("ListGroups", UserPoolId=POOL_ID)["Groups"]
    assert [group["GroupName"] for group in listed] == ["made", "editors"]
    assert service.store.pool(POOL_ID).users["alice"].groups == ["made"]
    assert service.call("GetUser", AccessToken=token)["Username"] == "alice"
    assert service.refusal("AdminGetUser", UserPoolId="eu-west-1_Mail", Username="x")[0] == "ResourceNotFoundException"


def test_a_reloaded_template_takes_new_clients(service: Any) -> None:
    """A client that is new serves, and one that was dropped does not."""
    service.add_user()
    client = UserPoolClient("new", service.pool.clients[0].auth_flows, access_token_validity=300)
    service.cognito.replace_pools([replace(service.pool, clients=(client,))])
    assert service.sign_in(client="new")["ExpiresIn"] == 300
    assert service.refusal("InitiateAuth", **service.sign_in_request())[0] == "ResourceNotFoundException"


def test_pools_and_clients_are_described_from_the_template(service: Any) -> None:
    """What boto3 users look up is there: ids, flows, validity, the secret only where there is one."""
    service.add_user()
    pool = service.call("DescribeUserPool", UserPoolId=POOL_ID)["UserPool"]
    assert (pool["Id"], pool["Name"], pool["EstimatedNumberOfUsers"]) == (POOL_ID, "Names", 1)
    assert pool["Policies"] == {"PasswordPolicy": {"MinimumLength": 8}}
    pools = service.call("ListUserPools", MaxResults=1)
    assert [each["Id"] for each in pools["UserPools"]] == [POOL_ID]
    following = service.call("ListUserPools", MaxResults=1, NextToken=pools["NextToken"])
    assert [each["Id"] for each in following["UserPools"]] == ["eu-west-1_Mail"]
    clients = service.call("ListUserPoolClients", UserPoolId=POOL_ID)["UserPoolClients"]
    assert clients[0] == {"ClientId": "open", "UserPoolId": POOL_ID, "ClientName": "OpenClient"}
    described = {
        client_id: service.call("DescribeUserPoolClient", UserPoolId=POOL_ID, ClientId=client_id)["UserPoolClient"]
        for client_id in ("open", "discreet", "secret", "rotating")
    }
    assert described["open"]["AccessTokenValidity"] == 3600
    assert [each.get("ClientSecret") for each in described.values()] == [None, None, "0123456789abcdefghijklmnop", None]
    assert described["discreet"]["PreventUserExistenceErrors"] == "ENABLED"
    assert described["rotating"]["RefreshTokenRotation"]["Feature"] == "ENABLED"
