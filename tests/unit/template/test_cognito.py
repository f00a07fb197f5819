"""User pools with their clients and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Load = Callable[..., Any]
Faults = Callable[..., list[str]]

TEMPLATE = """
Resources:
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {UserPoolId: !Ref Pool}
  Group:
    Type: AWS::Cognito::UserPoolGroup
    Properties: {UserPoolId: !Ref Pool, GroupName: managers}
"""


def of_client(members: str) -> str:
    return TEMPLATE.replace("{UserPoolId: !Ref Pool}", f"{{UserPoolId: !Ref Pool, {members}}}")


def of_pool(members: str) -> str:
    return TEMPLATE.replace("Properties: {}", f"Properties: {{{members}}}")


def test_defaults(load: Load) -> None:
    """A pool and a client without properties have Cognito's defaults."""
    (pool,) = load(TEMPLATE).user_pools
    (client,) = pool.clients

    assert (pool.groups, pool.username_attributes, pool.password_minimum_length) == (("managers",), (), 8)
    assert (pool.admin_create_user_only, pool.auto_verified_attributes) == (False, ())
    assert client.auth_flows == {"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"}
    assert (client.access_token_validity, client.id_token_validity) == (3600, 3600)
    assert (client.refresh_token_validity, client.secret) == (2_592_000, None)
    assert (client.prevent_user_existence_errors, client.refresh_token_rotation) == (False, False)


def test_the_members_of_a_pool(load: Load) -> None:
    """Policies, attributes and sign-up are read."""
    members = (
        "UsernameAttributes: [email], AutoVerifiedAttributes: [email], Policies: {PasswordPolicy: {MinimumLength: "
    )
    members += "'12'}}, AdminCreateUserConfig: {AllowAdminCreateUserOnly: true}"
    (pool,) = load(of_pool(members)).user_pools

    assert (pool.username_attributes, pool.auto_verified_attributes) == (("email",), ("email",))
    assert (pool.password_minimum_length, pool.admin_create_user_only) == (12, True)


@pytest.mark.parametrize(
    ("members", "attribute", "expected"),
    [
        ("AccessTokenValidity: 5, TokenValidityUnits: {AccessToken: minutes}", "access_token_validity", 300),
        ("IdTokenValidity: 2", "id_token_validity", 7200),
        ("RefreshTokenValidity: 1", "refresh_token_validity", 86_400),
        ("RefreshTokenValidity: 0", "refresh_token_validity", 2_592_000),
        ("ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]", "auth_flows", {"ALLOW_USER_PASSWORD_AUTH"}),
        ("ExplicitAuthFlows: []", "auth_flows", set()),
        ("PreventUserExistenceErrors: ENABLED", "prevent_user_existence_errors", True),
        ("RefreshTokenRotation: {Feature: ENABLED}", "refresh_token_rotation", True),
    ],
)
def test_the_members_of_a_client(load: Load, members: str, attribute: str, expected: object) -> None:
    """Validity is in seconds whatever its unit, and 0 is Cognito's default."""
    assert getattr(load(of_client(members)).user_pools[0].clients[0], attribute) == expected


def test_a_secret(load: Load) -> None:
    """A client that is to have a secret has one."""
    secret = load(of_client("GenerateSecret: true")).user_pools[0].clients[0].secret

    assert len(secret) == 51


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            of_client("TokenValidityUnits: {IdToken: weeks}"),
            "IdToken is 'weeks'; expected one of seconds, minutes, hours, days",
        ),
        (
            of_client("AccessTokenValidity: 1, TokenValidityUnits: {AccessToken: seconds}"),
            "AccessTokenValidity is 1 seconds; expected 300 to 86400 seconds",
        ),
        (
            of_client("RefreshTokenValidity: soon"),
            "RefreshTokenValidity is 'soon'; expected a number from 0 to 315360000",
        ),
        (
            of_client("ExplicitAuthFlows: ALLOW_USER_SRP_AUTH"),
            "ExplicitAuthFlows is 'ALLOW_USER_SRP_AUTH'; expected a list",
        ),
        (
            of_client("ExplicitAuthFlows: [ALLOW_USER_SRP]"),
            (
                "ExplicitAuthFlows holds 'ALLOW_USER_SRP'; expected one of ADMIN_NO_SRP_AUTH, ALLOW_ADMIN_USER_PASSWORD_AUTH, "
                "ALLOW_CUSTOM_AUTH, ALLOW_REFRESH_TOKEN_AUTH, ALLOW_USER_AUTH, ALLOW_USER_PASSWORD_AUTH, ALLOW_USER_SRP_AUTH, "
                "CUSTOM_AUTH_FLOW_ONLY, USER_PASSWORD_AUTH. Did you mean 'ALLOW_USER_SRP_AUTH'?"
            ),
        ),
        (
            of_client("PreventUserExistenceErrors: true"),
            "PreventUserExistenceErrors is 'true'; expected one of ENABLED, LEGACY",
        ),
        (of_client("GenerateSecret: maybe"), "GenerateSecret is 'maybe'; expected true or false"),
        (
            of_pool("UsernameAttributes: [mail]"),
            "UsernameAttributes holds 'mail'; expected one of email, phone_number. Did you mean 'email'?",
        ),
        (
            of_pool("Policies: {PasswordPolicy: {MinimumLength: 5}}"),
            "MinimumLength is 5; expected a number from 6 to 99",
        ),
        (of_pool("Policies: [x]"), "Policies is a list; expected an object"),
        (TEMPLATE.replace("{UserPoolId: !Ref Pool}", "{}"), "AWS::Cognito::UserPoolClient 'Client' has no UserPoolId"),
        (
            TEMPLATE.replace("managers", "'the managers'"),
            "GroupName is 'the managers'; expected 1 to 128 characters and no space",
        ),
    ],
)
def test_faults(faults: Faults, text: str, expected: str) -> None:
    """What Cognito refuses is told."""
    assert [fault.split(": ", 1)[1] for fault in faults(text)] == [expected]


def test_a_pool_of_another_stack(load: Load) -> None:
    """A client of a pool that is not in the template is told, and not there."""
    application = load(TEMPLATE.replace("UserPoolId: !Ref Pool}", "UserPoolId: us-east-1_abc}"))

    assert application.user_pools[0].clients == ()
    assert [warning.split(": ", 1)[1] for warning in application.warnings] == [
        "user pool 'us-east-1_abc' is not in the template: AWS::Cognito::UserPoolClient 'Client' does nothing here"
    ]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("", {"uppercase", "lowercase", "numeric", "symbol"}),
        ("Policies: {PasswordPolicy: {MinimumLength: 10}}", set()),
        ("Policies: {PasswordPolicy: {RequireNumbers: true, RequireSymbols: false}}", {"numeric"}),
    ],
)
def test_a_password_needs_all_kinds_unless_a_policy_names_some(load: Load, members: str, expected: set[str]) -> None:
    """Without a policy Cognito asks for all four kinds of characters; with one, for those that it names."""
    (pool,) = load(of_pool(members)).user_pools

    assert expected == pool.password_requires


@pytest.mark.parametrize(
    ("members", "expected"), [("", True), ("UsernameConfiguration: {CaseSensitive: false}", False)]
)
def test_case_of_usernames(load: Load, members: str, expected: bool) -> None:
    """Usernames are case-sensitive unless the pool says otherwise."""
    (pool,) = load(of_pool(members)).user_pools

    assert expected is pool.username_case_sensitive
