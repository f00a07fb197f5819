"""Identity pools: identities, credentials of the template's roles, tokens; and how they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.runtime.identity_pools import IdentityPools
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.template import Environment
from livebus.template.application import IdentityPool, IdentityProvider, Role, RoleMapping, RoleRule

NOW = 1_800_000_000.0
POOL = "us-east-1:11111111-2222-3333-4444-555555555555"
PROVIDER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"
KEYS = SigningKeys.generate()


def role(name: str, amr: str) -> Role:
    condition = {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": POOL},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr},
    }
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return Role(name, f"arn:aws:iam::123456789012:role/{name}", name, (trust,))


USER, GUEST, EDITOR = role("User", "authenticated"), role("Guest", "unauthenticated"), role("Editor", "authenticated")
IDENTITY_POOL = IdentityPool(
    POOL,
    "Pool",
    allow_unauthenticated=True,
    allow_classic_flow=True,
    providers=(IdentityProvider(PROVIDER, "client"),),
    authenticated_role=USER.arn,
    unauthenticated_role=GUEST.arn,
)


class Desk:
    def __init__(self) -> None:
        self.numbers = iter(range(1, 256))
        self.credentials = TemporaryCredentials(lambda: NOW, self.random_bytes)
        self.credentials.roles = {each.arn: each for each in (USER, GUEST, EDITOR)}
        self.service = IdentityPools(KEYS, self.credentials, Environment(), lambda: NOW, self.random_bytes)
        self.use(IDENTITY_POOL)

    def random_bytes(self, count: int) -> bytes:
        return bytes([next(self.numbers)]) * count

    def use(self, pool: IdentityPool) -> None:
        self.service.pools = {pool.identity_pool_id: pool}

    def id(self, logins: Mapping[str, str] | None = None) -> str:
        return str(self.service.call("GetId", {"IdentityPoolId": POOL, "Logins": logins or {}})["IdentityId"])

    def credentials_for(self, identity_id: str, logins: Mapping[str, str] | None = None, **more: str) -> dict[str, Any]:
        body = {"IdentityId": identity_id, "Logins": logins or {}, **more}
        return self.service.call("GetCredentialsForIdentity", body)

    def role_of(self, answer: Mapping[str, Any]) -> str:
        session = self.credentials.find(answer["Credentials"]["AccessKeyId"])
        assert session is not None
        return session.role_name


@pytest.fixture
def desk() -> Desk:
    return Desk()


def login(**claims: Any) -> dict[str, str]:
    said = {"sub": "anna", "aud": "client", "token_use": "id", "exp": NOW + 60, "iat": NOW}
    issuer = f"https://{PROVIDER}"
    return {PROVIDER: KEYS.sign({**said, "iss": issuer, **claims})}


def refused(desk: Desk, action: str, body: Mapping[str, Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as raised:
        desk.service.call(action, body)
    return raised.value.error_type, raised.value.message


def test_a_user_has_one_identity_and_the_role_of_the_signed_in(desk: Desk) -> None:
    """The same at each sign-in, another for another user; ctx.identity will tell which."""
    identity = desk.id(login())
    assert identity == desk.id(login(iat=NOW - 5))
    assert identity != desk.id(login(sub="bert"))

    answer = desk.credentials_for(identity, login())
    assert (answer["IdentityId"], desk.role_of(answer)) == (identity, "User")
    assert answer["Credentials"]["Expiration"] == NOW + 3600
    session = desk.credentials.find(answer["Credentials"]["AccessKeyId"])
    assert session is not None
    assert session.arn == "arn:aws:sts::123456789012:assumed-role/User/CognitoIdentityCredentials"
    assert session.cognito_identity_id == identity
    assert session.cognito_identity_auth_provider == f'"{PROVIDER}","{PROVIDER}:CognitoSignIn:anna"'


def test_a_pool_tells_of_itself(desk: Desk) -> None:
    """DescribeIdentityPool, and how it refuses one that is not there."""
    answer = desk.service.call("DescribeIdentityPool", {"IdentityPoolId": POOL})
    assert answer == {
        "IdentityPoolId": POOL,
        "IdentityPoolName": "",
        "AllowUnauthenticatedIdentities": True,
        "AllowClassicFlow": True,
        "CognitoIdentityProviders": [{"ProviderName": PROVIDER, "ClientId": "client"}],
    }
    told = ("ResourceNotFoundException", "IdentityPool 'other' not found.")
    assert refused(desk, "DescribeIdentityPool", {"IdentityPoolId": "other"}) == told


def test_guests_have_an_identity_each_and_their_role(desk: Desk) -> None:
    """Another runtime knows them again: nothing of them is kept."""
    first, second = desk.id(), desk.id()
    assert first != second
    assert desk.role_of(Desk().credentials_for(first) and desk.credentials_for(first)) == "Guest"


def test_a_guest_who_signs_in_is_the_user(desk: Desk) -> None:
    """Credentials that are asked for with the guest's identity and a login are the user's."""
    answer = desk.credentials_for(desk.id(), login())
    assert (answer["IdentityId"], desk.role_of(answer)) == (desk.id(login()), "User")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [({"group": "editors"}, "Editor"), ({"group": "readers"}, "User"), ({}, "User")],
)
def test_rules_choose_a_role(desk: Desk, claims: dict[str, str], expected: str) -> None:
    """By a claim of the token; where none matches it is that of the signed-in."""
    rules = (RoleRule("group", "StartsWith", "edit", EDITOR.arn),)
    mapping = RoleMapping(uses_token=False, denies_if_ambiguous=False, rules=rules)
    desk.use(replace(IDENTITY_POOL, role_mappings={f"{PROVIDER}:client": mapping}))
    assert desk.role_of(desk.credentials_for(desk.id(login()), login(**claims))) == expected


def test_tokens_choose_a_role(desk: Desk) -> None:
    """The preferred role, the one that is wished for of those that the token has; else as the template decides."""
    mapping = RoleMapping(uses_token=True, denies_if_ambiguous=True)
    desk.use(replace(IDENTITY_POOL, role_mappings={f"{PROVIDER}:client": mapping}))
    identity, roles = desk.id(login()), [USER.arn, EDITOR.arn]
    preferred = login(**{"cognito:roles": roles, "cognito:preferred_role": EDITOR.arn})
    assert desk.role_of(desk.credentials_for(identity, preferred)) == "Editor"
    assert desk.role_of(desk.credentials_for(identity, preferred, CustomRoleArn=USER.arn)) == "User"
    with pytest.raises(AwsError, match="forbidden"):
        desk.credentials_for(identity, login(**{"cognito:roles": roles}))


NO_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool."


def test_logins_are_verified(desk: Desk) -> None:
    """Of this pool's provider and client, signed by the user pool, not expired, an ID token."""
    body = {"IdentityPoolId": POOL}
    told = [
        refused(desk, "GetId", {**body, "Logins": given})
        for given in ({"accounts.google.com": "x"}, login(aud="other"), login(token_use="access", client_id="client"))
    ]
    assert told == [
        ("NotAuthorizedException", NO_MATCH),
        ("NotAuthorizedException", "Token is not from a supported provider of this identity pool."),
        ("NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect identity token."),
    ]
    for given in (login(exp=NOW - 1), {PROVIDER: "no.token.atall"}, {PROVIDER: login()[PROVIDER][:-8] + "AAAAAAAA"}):
        kind, message = refused(desk, "GetId", {**body, "Logins": given})
        assert (kind, message.startswith("Invalid login token. ")) == ("NotAuthorizedException", True)


def test_what_is_not_there_is_refused(desk: Desk) -> None:
    """Pools, identities, roles that the identity pool is not trusted by, actions."""
    invented = f"us-east-1:{'0' * 8}-0000-0000-0000-{'0' * 12}"
    assert refused(desk, "GetId", {"IdentityPoolId": "x"}) == (
        "ResourceNotFoundException",
        "IdentityPool 'x' not found.",
    )
    assert refused(desk, "GetId", {})[0] == "ValidationException"
    assert refused(desk, "GetCredentialsForIdentity", {"IdentityId": invented}) == (
        "ResourceNotFoundException",
        f"Identity '{invented}' not found.",
    )
    others = {"IdentityId": desk.id(login()), "Logins": login(sub="bert")}
    assert refused(desk, "GetCredentialsForIdentity", others) == ("NotAuthorizedException", NO_MATCH)
    desk.use(replace(IDENTITY_POOL, authenticated_role=GUEST.arn))
    kind, _ = refused(desk, "GetCredentialsForIdentity", {"IdentityId": desk.id(login()), "Logins": login()})
    assert kind == "InvalidIdentityPoolConfigurationException"
    desk.use(replace(IDENTITY_POOL, allow_unauthenticated=False))
    told = refused(desk, "GetId", {"IdentityPoolId": POOL})
    assert told == ("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
    assert refused(desk, "ListIdentities", {})[0] == "UnknownOperationException"


def test_the_classic_flow(desk: Desk) -> None:
    """A token for an identity, and with it the role that STS is asked for, if it trusts the pool."""
    identity = desk.id(login())
    token = desk.service.call("GetOpenIdToken", {"IdentityId": identity, "Logins": login()})["Token"]
    session = desk.service.assume(EDITOR.arn, "app", token, 900)
    assert (session.role_name, session.cognito_identity_id, session.expires) == ("Editor", identity, NOW + 900)
    for arn, given, kind in (
        (GUEST.arn, token, "AccessDenied"),
        (USER.arn, login()[PROVIDER], "InvalidIdentityToken"),
        (USER.arn, "x", "InvalidIdentityToken"),
    ):
        with pytest.raises(AwsError) as raised:
            desk.service.assume(arn, "app", given, 900)
        assert raised.value.error_type == kind
