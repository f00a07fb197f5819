"""Refresh tokens: use, rotation, expiry, revocation, and what they do to access tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest


def _refresh(service: Any, token: str, client: str = "open") -> dict[str, Any]:
    answer = service.call("GetTokensFromRefreshToken", ClientId=client, RefreshToken=token)
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def _refusal(service: Any, token: str, client: str = "open") -> tuple[str, str]:
    refusal: tuple[str, str] = service.refusal("GetTokensFromRefreshToken", ClientId=client, RefreshToken=token)
    return refusal


def test_both_ways_to_refresh_give_new_tokens_of_the_same_sign_in(service: Any) -> None:
    """iat and jti are new, auth_time and origin_jti stay, and the refresh token is not sent again."""
    service.add_user()
    first = service.sign_in()
    service.clock.now += 600
    request = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": first["RefreshToken"]}}
    by_flow = service.call("InitiateAuth", ClientId="open", **request)["AuthenticationResult"]
    by_action = _refresh(service, first["RefreshToken"])
    before = service.claims(first["AccessToken"])
    for result in (by_flow, by_action):
        claims = service.claims(result["AccessToken"])
        kept = ("auth_time", "origin_jti", "event_id", "sub")
        assert {name: claims[name] for name in kept} == {name: before[name] for name in kept}
        assert (claims["iat"], claims["exp"]) == (1_800_000_600, 1_800_004_200)
        assert claims["jti"] != before["jti"]
        assert sorted(result) == ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]


def test_a_refresh_sees_what_has_changed(service: Any) -> None:
    """New groups and attributes are in the tokens of the next refresh."""
    service.add_user()
    token = service.sign_in()["RefreshToken"]
    service.administer("AddUserToGroup", GroupName="readers")
    service.administer("UpdateUserAttributes", UserAttributes=[{"Name": "name", "Value": "Alice"}])
    claims = service.claims(_refresh(service, token)["IdToken"])
    assert (claims["cognito:groups"], claims["name"]) == (["readers"], "Alice")


def test_a_refresh_token_lives_as_long_as_the_client_says(service: Any) -> None:
    """Thirty days are AWS's default."""
    service.add_user()
    token = service.sign_in()["RefreshToken"]
    service.clock.now += 30 * 86_400 - 1
    assert "AccessToken" in _refresh(service, token)
    service.clock.now += 1
    assert _refusal(service, token) == ("NotAuthorizedException", "Refresh Token has expired")


def test_a_token_that_was_never_issued_is_invalid(service: Any) -> None:
    """Neither an invented token, nor a changed one, nor one of another client or pool serves."""
    service.add_user()
    token = service.sign_in()["RefreshToken"]
    origin, _, secret = token.partition(".")
    changed = f"{origin}.{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}"
    found = [_refusal(service, each) for each in ("token", origin, f"{origin}.", changed)]
    found += [_refusal(service, token, client) for client in ("discreet", "mail")]
    assert found == [("NotAuthorizedException", "Invalid Refresh Token.")] * 6


def test_rotation_replaces_the_token(service: Any) -> None:
    """Each refresh brings a new token; the old one is refused by its own exception, and the new one goes on."""
    service.add_user()
    tokens = [service.sign_in(client="rotating")["RefreshToken"]]
    for _ in range(3):
        tokens.append(_refresh(service, tokens[-1], "rotating")["RefreshToken"])
    assert len(set(tokens)) == 4
    refusals = {_refusal(service, token, "rotating")[0] for token in tokens[:-1]}
    assert refusals == {"RefreshTokenReuseException"}
    assert "RefreshToken" in _refresh(service, tokens[-1], "rotating")


def test_rotation_does_not_lengthen_a_sign_in(service: Any) -> None:
    """The last token ends when the first would have."""
    service.add_user()
    token = service.sign_in(client="rotating")["RefreshToken"]
    service.clock.now += 29 * 86_400
    token = _refresh(service, token, "rotating")["RefreshToken"]
    service.clock.now += 86_400
    assert _refusal(service, token, "rotating") == ("NotAuthorizedException", "Refresh Token has expired")


def test_rotation_excludes_the_older_flow(make_service: Any, service: Any) -> None:
    """A client with rotation refreshes by GetTokensFromRefreshToken only."""
    client = replace(service.pool.clients[0], refresh_token_rotation=True)
    rotating = make_service(None, replace(service.pool, clients=(client,)))
    rotating.add_user()
    parameters = {"REFRESH_TOKEN": rotating.sign_in()["RefreshToken"]}
    request = {"ClientId": "open", "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters}
    expected = ("InvalidParameterException", "REFRESH_TOKEN_AUTH flow not enabled for this client")
    assert rotating.refusal("InitiateAuth", **request) == expected


def test_revoking_ends_one_sign_in_and_no_other(service: Any) -> None:
    """The refresh token and its access tokens are revoked; another device stays signed in."""
    service.add_user()
    here, there = service.sign_in(), service.sign_in()
    assert service.call("RevokeToken", ClientId="open", Token=here["RefreshToken"]) == {}
    assert _refusal(service, here["RefreshToken"]) == ("NotAuthorizedException", "Refresh Token has been revoked")
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert service.refusal("GetUser", AccessToken=here["AccessToken"]) == revoked
    assert service.call("GetUser", AccessToken=there["AccessToken"])["Username"] == "alice"
    assert "AccessToken" in _refresh(service, there["RefreshToken"])


def test_revoking_takes_refresh_tokens_only(service: Any) -> None:
    """An access token is of an unsupported type; a token that nobody knows is as good as revoked."""
    service.add_user()
    token = service.sign_in()["AccessToken"]
    assert service.refusal("RevokeToken", ClientId="open", Token=token)[0] == "UnsupportedTokenTypeException"
    assert service.call("RevokeToken", ClientId="open", Token="unknown") == {}


def test_revoking_is_for_the_clients_own_tokens(service: Any) -> None:
    """Another client's call changes nothing."""
    service.add_user()
    token = service.sign_in()["RefreshToken"]
    assert service.call("RevokeToken", ClientId="discreet", Token=token) == {}
    assert "AccessToken" in _refresh(service, token)


@pytest.mark.parametrize(("action", "by_token"), [("GlobalSignOut", True), ("AdminUserGlobalSignOut", False)])
def test_a_global_sign_out_ends_every_sign_in(service: Any, action: str, by_token: bool) -> None:
    """All of the user's tokens are revoked, nobody else's, and the user may sign in again."""
    service.add_user()
    service.add_user("bob")
    own, others = [service.sign_in(), service.sign_in()], service.sign_in(username="bob")
    who = {"AccessToken": own[0]["AccessToken"]} if by_token else {"UserPoolId": "eu-west-1_Names", "Username": "alice"}
    assert service.call(action, **who) == {}
    refusals = {_refusal(service, each["RefreshToken"])[1] for each in own}
    assert refusals == {"Refresh Token has been revoked"}
    assert "AccessToken" in _refresh(service, others["RefreshToken"])
    assert "AccessToken" in _refresh(service, service.sign_in()["RefreshToken"])


def test_a_deleted_user_is_not_refreshed_even_if_the_name_comes_back(service: Any) -> None:
    """A new user of the same name does not inherit the old one's sign-ins."""
    service.add_user()
    old = service.sign_in()
    service.administer("DeleteUser")
    gone = ("UserNotFoundException", "User does not exist.")
    assert service.refusal("GetUser", AccessToken=old["AccessToken"]) == gone
    service.add_user()
    assert service.refusal("GetUser", AccessToken=old["AccessToken"]) == gone
    assert _refusal(service, old["RefreshToken"]) == ("NotAuthorizedException", "Invalid Refresh Token.")


def test_a_disabled_user_is_not_refreshed(service: Any) -> None:
    """Disabling revokes; enabling does not bring the old sign-in back."""
    service.add_user()
    token = service.sign_in()["RefreshToken"]
    service.administer("DisableUser")
    service.administer("EnableUser")
    assert _refusal(service, token) == ("NotAuthorizedException", "Refresh Token has been revoked")


def test_a_users_sign_ins_are_bounded(service: Any) -> None:
    """The hundred and first pushes out the first, and only the user's own."""
    service.add_user()
    service.add_user("bob")
    bob = service.sign_in(username="bob")
    tokens = [service.sign_in()["RefreshToken"] for _ in range(101)]
    assert len(service.store.pool("eu-west-1_Names").sign_ins) == 101
    assert _refusal(service, tokens[0])[1] == "Invalid Refresh Token."
    assert all("AccessToken" in _refresh(service, token) for token in (tokens[1], tokens[100], bob["RefreshToken"]))


def test_expired_sign_ins_are_dropped(service: Any) -> None:
    """They do not pile up in the store."""
    service.add_user()
    for _ in range(3):
        service.sign_in()
    service.clock.now += 31 * 86_400
    service.sign_in()
    assert len(service.store.pool("eu-west-1_Names").sign_ins) == 1


SECRET = "0123456789abcdefghijklmnop"


@pytest.mark.parametrize(
    ("client", "given", "message"),
    [
        ("secret", None, "Client secret is configured for secret but secret was not received"),
        ("secret", "x" * 24, "Unable to verify secret for client secret"),
        ("open", SECRET, "Unable to verify secret for client open"),
    ],
)
def test_a_client_secret_must_fit(service: Any, client: str, given: str | None, message: str) -> None:
    """A wrong secret is refused by both actions, each with the exception that it declares."""
    secret = {} if given is None else {"ClientSecret": given}
    refresh = service.refusal("GetTokensFromRefreshToken", ClientId=client, RefreshToken="token", **secret)
    revoke = service.refusal("RevokeToken", ClientId=client, Token="token", **secret)
    assert (refresh, revoke) == (("NotAuthorizedException", message), ("UnauthorizedException", message))


def test_the_right_client_secret_passes(service: Any) -> None:
    """With it the call goes on to the token."""
    refusal = service.refusal("GetTokensFromRefreshToken", ClientId="secret", RefreshToken="token", ClientSecret=SECRET)
    assert refusal == ("NotAuthorizedException", "Invalid Refresh Token.")
    assert service.call("RevokeToken", ClientId="secret", Token="token", ClientSecret=SECRET) == {}
