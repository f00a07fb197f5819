"""Tokens: their claims, their signature as a stranger checks it, and the key's way through a file."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from livebus.errors import LivebusError, Place
from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.tokens import SigningKeys

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Names"


def _base64(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")


def test_an_access_token_has_cognitos_claims(service: Any) -> None:
    """The claims are those that AWS documents, with neither the email address nor an audience."""
    sub = service.add_user(email="alice@example.com")["Attributes"][0]["Value"]
    claims = service.claims(service.sign_in()["AccessToken"])
    expected = {
        "sub": sub,
        "iss": ISSUER,
        "client_id": "open",
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": 1_800_000_000,
        "iat": 1_800_000_000,
        "exp": 1_800_003_600,
        "username": "alice",
    }
    assert {name: claims.pop(name) for name in expected} == expected
    assert sorted(claims) == ["event_id", "jti", "origin_jti"]


def test_an_id_token_has_the_attributes_and_the_audience(service: Any) -> None:
    """An id token names the client as its audience and carries the attributes; verified flags are booleans."""
    service.add_user(email="alice@example.com", email_verified="true", **{"custom:team": "rewards"})
    claims = service.claims(service.sign_in()["IdToken"])
    expected = {
        "aud": "open",
        "cognito:username": "alice",
        "token_use": "id",
        "email": "alice@example.com",
        "email_verified": True,
        "custom:team": "rewards",
        "iss": ISSUER,
    }
    assert {name: claims.get(name) for name in expected} == expected
    assert {"client_id", "scope", "username"} & claims.keys() == set()


def test_both_tokens_of_a_sign_in_share_its_origin(service: Any) -> None:
    """origin_jti and event_id are the sign-in's, jti is each token's own."""
    service.add_user()
    result = service.sign_in()
    access, identity = service.claims(result["AccessToken"]), service.claims(result["IdToken"])
    assert (access["origin_jti"], access["event_id"]) == (identity["origin_jti"], identity["event_id"])
    assert len({access["jti"], identity["jti"], access["origin_jti"]}) == 3


def test_groups_stand_in_both_tokens_and_only_if_there_are_any(service: Any) -> None:
    """cognito:groups is left out of a token of a user without groups."""
    service.add_user()
    without = service.claims(service.sign_in()["AccessToken"])
    service.administer("AddUserToGroup", GroupName="readers")
    result = service.sign_in()
    groups = [service.claims(result[name]).get("cognito:groups") for name in ("AccessToken", "IdToken")]
    assert groups == [["readers"], ["readers"]]
    assert "cognito:groups" not in without


def test_the_role_of_the_first_group_is_preferred(service: Any) -> None:
    """An id token lists the groups' roles and prefers the one of the lowest precedence."""
    service.add_user()
    for name, precedence in (("second", 2), ("first", 1)):
        role = f"arn:aws:iam::123456789012:role/{name}"
        pool_id = "eu-west-1_Names"
        service.call("CreateGroup", UserPoolId=pool_id, GroupName=name, RoleArn=role, Precedence=precedence)
        service.administer("AddUserToGroup", GroupName=name)
    claims = service.claims(service.sign_in()["IdToken"])
    roles = [f"arn:aws:iam::123456789012:role/{name}" for name in ("second", "first")]
    assert (claims["cognito:roles"], claims["cognito:preferred_role"]) == (roles, roles[1])


def test_a_stranger_verifies_a_token_with_the_jwks_document(service: Any) -> None:
    """The public key under the token's kid verifies it; the header is RS256's and names nothing else."""
    service.add_user()
    token = service.sign_in()["AccessToken"]
    key_set = KeySet.import_key_set(service.cognito.jwks("eu-west-1_Names"))
    verified = jwt.decode(token, key_set, algorithms=["RS256"])
    assert verified.claims["username"] == "alice"
    assert verified.header == {"alg": "RS256", "kid": service.keys.kid}


def test_the_jwks_document_holds_no_private_number(service: Any) -> None:
    """The document has the members that Cognito's has."""
    (key,) = service.cognito.jwks("eu-west-1_Names")["keys"]
    assert sorted(key) == ["alg", "e", "kid", "kty", "n", "use"]


def test_a_token_that_was_changed_is_not_verified(service: Any) -> None:
    """Neither other claims under the old signature, nor another key's, nor no signature at all passes."""
    service.add_user()
    header, payload, signature = service.sign_in()["AccessToken"].split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    forged = _base64(json.dumps(claims | {"username": "mallory"}).encode())
    none = _base64(b'{"alg":"none"}')
    foreign = SigningKeys.generate().sign(claims)
    tokens = [f"{header}.{forged}.{signature}", f"{none}.{payload}.", foreign, "", "a.b", "a.b.c", "é.é.é"]
    assert [service.keys.verified(token) for token in tokens] == [None] * len(tokens)


def test_the_public_key_is_no_secret_to_sign_with(service: Any) -> None:
    """A token signed with HS256 and the public key as its secret is refused: the algorithm is ours to choose."""
    public = RSAKey.import_key(service.cognito.jwks("eu-west-1_Names")["keys"][0]).as_pem(private=False)
    signed = ".".join(_base64(part) for part in (b'{"alg":"HS256"}', b'{"username":"alice"}'))
    signature = _base64(hmac.digest(public, signed.encode(), "sha256"))
    assert service.keys.verified(f"{signed}.{signature}") is None


def test_a_key_keeps_its_kid_in_a_file(keys: SigningKeys) -> None:
    """A key that was written and read has the same kid and verifies the older tokens."""
    token = keys.sign({"username": "alice"})
    again = SigningKeys.from_pem(keys.to_pem())
    assert (again.kid, again.verified(token)) == (keys.kid, {"username": "alice"})


@pytest.mark.parametrize(
    "pem", [b"", b"no key", b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_named(pem: bytes) -> None:
    """The message says which file is wrong and what to do."""
    with pytest.raises(LivebusError) as caught:
        SigningKeys.from_pem(pem, Place(file="state/key.pem"))
    assert str(caught.value) == (
        "state/key.pem: the tokens' signing key cannot be read; expected an unencrypted RSA private key in PEM form."
        " Move the file away: the runtime then makes a new key, and everybody signs in anew"
    )


def test_a_public_key_does_not_sign(keys: SigningKeys) -> None:
    """A file with the public half only is refused when it is read."""
    public = RSAKey.import_key(keys.jwks()["keys"][0]).as_pem(private=False)
    with pytest.raises(LivebusError):
        SigningKeys.from_pem(public)


def test_the_openid_configuration_points_at_the_runtime(service: Any) -> None:
    """The keys are fetched from where the runtime listens; the issuer is AWS's, as in the tokens."""
    document = service.cognito.openid_configuration("eu-west-1_Names", "http://127.0.0.1:4566/")
    assert document["issuer"] == ISSUER
    assert document["jwks_uri"] == "http://127.0.0.1:4566/eu-west-1_Names/.well-known/jwks.json"


def test_documents_of_an_unknown_pool_are_refused(service: Any) -> None:
    """An unknown pool has neither a JWKS document nor a configuration."""
    found = []
    for ask in (service.cognito.jwks, lambda pool_id: service.cognito.openid_configuration(pool_id, "http://x")):
        with pytest.raises(CognitoError) as caught:
            ask("eu-west-1_None")
        found.append((caught.value.error_type, caught.value.message))
    assert found == [("ResourceNotFoundException", "User pool eu-west-1_None does not exist.")] * 2
