"""Tokens of user pools and OpenID Connect issuers: what lets in, and every reason that does not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from livebus.access import tokens
from livebus.access.tokens import TokenRefused, TokenVerifier, bare, issuer_of
from livebus.errors import InvalidTemplate
from livebus.template.application import AuthProvider

Sign = Callable[..., str]

NOW = 1_700_000_000.0
POOL = "us-east-1_AbCdEfGhI"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
PROVIDER = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id=POOL)

ACCESS: dict[str, Any] = {
    "sub": "6f87d04b",
    "iss": ISSUER,
    "client_id": "client1",
    "token_use": "access",
    "username": "alice",
    "cognito:groups": ["rewards"],
    "iat": NOW - 10,
    "exp": NOW + 3590,
}
ID: dict[str, Any] = {
    "sub": "6f87d04b",
    "iss": ISSUER,
    "aud": "client1",
    "token_use": "id",
    "cognito:username": "alice",
    "iat": NOW - 10,
    "exp": NOW + 3590,
}


def refusal(verifier: TokenVerifier, token: str, now: float = NOW) -> tuple[str, str]:
    """Message and reason with which a token is refused."""
    with pytest.raises(TokenRefused) as refused:
        verifier.verify(token, now)
    return refused.value.message, refused.value.reason


@pytest.fixture
def verifier(jwks: dict[str, Any]) -> TokenVerifier:
    """The pool's verifier."""
    return TokenVerifier(PROVIDER, jwks, "us-east-1")


def test_a_pool_without_a_region_in_its_id_is_of_the_apis(jwks: dict[str, Any], sign: Sign) -> None:
    """Ids that somebody has written by hand: the issuer is then in the API's own region."""
    provider = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id="mine")
    verifier = TokenVerifier(provider, jwks, "eu-west-1")
    token = sign({**ACCESS, "iss": "https://cognito-idp.eu-west-1.amazonaws.com/mine"})

    assert verifier.verify(token, NOW)["username"] == "alice"
    assert refusal(verifier, sign(ACCESS))[1] == (
        f"its iss is {ISSUER!r}, not 'https://cognito-idp.eu-west-1.amazonaws.com/mine'"
    )


@pytest.mark.parametrize("claims", [ACCESS, ID])
@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_access_and_id_tokens_let_in(verifier: TokenVerifier, sign: Sign, claims: dict[str, Any], prefix: str) -> None:
    """Both kinds of token give their claims, bare as Amplify sends them or after "Bearer "."""
    assert claims == verifier.verify(prefix + sign(claims), NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ISSUER + "x"}, f"its iss is '{ISSUER}x', not '{ISSUER}'"),
        ({"iss": None}, f"its iss is None, not '{ISSUER}'"),
        ({"token_use": "refresh"}, "its token_use is 'refresh', neither 'id' nor 'access'"),
        ({"token_use": None}, "its token_use is None, neither 'id' nor 'access'"),
        ({"exp": None}, "its exp is None, not a time in seconds"),
        ({"exp": "9999999999"}, "its exp is '9999999999', not a time in seconds"),
        ({"exp": True}, "its exp is True, not a time in seconds"),
        ({"sub": None}, "its sub is None"),
        ({"nbf": NOW + 1}, f"nbf is {NOW + 1}, it is {int(NOW)}"),
        ({"cognito:groups": "staff"}, "its cognito:groups is 'staff', not a list of texts"),
        ({"cognito:groups": ["staff", 1]}, "its cognito:groups is ['staff', 1], not a list of texts"),
        ({"username": 5}, "its username is 5, not a text"),
        ({"cognito:username": ["alice"]}, "its cognito:username is ['alice'], not a text"),
    ],
)
def test_claims_that_do_not_fit_are_named(
    verifier: TokenVerifier, sign: Sign, changes: dict[str, Any], reason: str
) -> None:
    """AppSync's client hears one sentence; the reason names the claim."""
    claims = {name: value for name, value in (ACCESS | changes).items() if value is not None}

    assert ("You are not authorized to make this call.", reason) == refusal(verifier, sign(claims))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_null_is_no_time(verifier: TokenVerifier, sign: Sign, claim: str) -> None:
    """A signed token may have it; it is refused, and fails nothing else."""
    expected = f"its {claim} is None, not a time in seconds"
    assert refusal(verifier, sign(ACCESS | {claim: None}))[1] == expected


def test_an_expired_token_says_so(verifier: TokenVerifier, sign: Sign) -> None:
    """A token is good up to its exp and no longer; AWS's message is one of its own."""
    token = sign(ACCESS)

    assert verifier.verify(token, NOW + 3589.9) == ACCESS
    assert ("Token has expired.", f"exp is {NOW + 3590}, it is {int(NOW + 3590)}") == refusal(
        verifier, token, NOW + 3590
    )


def test_a_remembered_token_expires_all_the_same(verifier: TokenVerifier, sign: Sign) -> None:
    """Remembering a verified token spares the signature check, not the clock."""
    token = sign(ACCESS)
    first, second = verifier.verify(token, NOW), verifier.verify(token, NOW)

    assert first is second
    assert refusal(verifier, token, NOW + 4000)[0] == "Token has expired."
    assert refusal(verifier, token, NOW + 4000)[0] == "Token has expired."


def test_remembered_tokens_are_bounded(verifier: TokenVerifier, sign: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more tokens are kept than the bound; the oldest goes first, and is verified anew."""
    monkeypatch.setattr(tokens, "REMEMBERED", 2)
    signed = [sign(ACCESS | {"jti": str(number)}) for number in range(3)]
    first = [verifier.verify(token, NOW) for token in signed]

    again = [verifier.verify(token, NOW) for token in reversed(signed)]

    assert [a is b for a, b in zip(reversed(first), again, strict=True)] == [True, True, False]


def test_a_refused_token_is_not_remembered(verifier: TokenVerifier, sign: Sign) -> None:
    """A token of another issuer is refused each time."""
    token = sign(ACCESS | {"iss": "other"})

    assert refusal(verifier, token) == refusal(verifier, token)


def segment(value: Any) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_an_unsigned_token_does_not_let_in(verifier: TokenVerifier) -> None:
    """alg none is refused, with and without a signature part, in any case."""
    for algorithm in ("none", "None", "NONE"):
        header = segment({"alg": algorithm, "kid": "key-1", "typ": "JWT"})
        assert refusal(verifier, f"{header}.{segment(ACCESS)}.")[0] == "You are not authorized to make this call."
        assert refusal(verifier, f"{header}.{segment(ACCESS)}.eA")[0] == "You are not authorized to make this call."


def test_a_token_signed_with_the_public_key_as_a_secret_does_not_let_in(
    verifier: TokenVerifier, jwks: dict[str, Any]
) -> None:
    """HS256 over the public key, the classic confusion, is refused by its algorithm."""
    secret = OctKey.import_key(json.dumps(jwks["keys"][0]).encode())
    token = jwt.encode({"alg": "HS256", "kid": "key-1"}, ACCESS, secret, algorithms=["HS256"])

    assert refusal(verifier, token)[0] == "You are not authorized to make this call."


def test_another_rsa_algorithm_does_not_let_in(key: RSAKey) -> None:
    """Cognito signs with RS256 and nothing else."""
    undesigned = RSAKey.import_key({name: value for name, value in key.as_dict(private=True).items() if name != "alg"})
    token = jwt.encode({"alg": "RS512", "kid": "key-1"}, ACCESS, undesigned, algorithms=["RS512"])
    verifier = TokenVerifier(PROVIDER, {"keys": [undesigned.as_dict(private=False)]}, "us-east-1")

    assert refusal(verifier, token)[0] == "You are not authorized to make this call."


@pytest.mark.parametrize(
    ("algorithm", "curve"),
    [
        *((f"{family}{size}", "") for family in ("RS", "PS") for size in (256, 384, 512)),
        *(("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521")),
    ],
)
def test_which_algorithms_let_in(key: RSAKey, algorithm: str, curve: str) -> None:
    """An OpenID Connect issuer may sign with whatever a public key can verify, a user pool with RS256 only."""
    members = {name: value for name, value in key.as_dict(private=True).items() if name != "alg"}
    signing = ECKey.generate_key(curve, {"kid": "key-1"}) if curve else RSAKey.import_key(members)
    keys = {"keys": [signing.as_dict(private=False)]}
    header = {"alg": algorithm, "kid": "key-1"}

    by_issuer = jwt.encode(header, OIDC_CLAIMS, signing, algorithms=[algorithm])
    assert oidc(keys).verify(by_issuer, NOW) == OIDC_CLAIMS

    by_pool = jwt.encode(header, ACCESS, signing, algorithms=[algorithm])
    pool = TokenVerifier(PROVIDER, keys, "us-east-1")
    if algorithm == "RS256":
        assert pool.verify(by_pool, NOW) == ACCESS
    else:
        assert refusal(pool, by_pool)[0] == "You are not authorized to make this call."


def test_another_key_does_not_let_in(verifier: TokenVerifier) -> None:
    """A signature of another key is refused, be its kid ours or its own."""
    other = RSAKey.generate_key(2048)
    ours = jwt.encode({"alg": "RS256", "kid": "key-1"}, ACCESS, other)
    its_own = jwt.encode({"alg": "RS256", "kid": "key-2"}, ACCESS, other)
    none = jwt.encode({"alg": "RS256"}, ACCESS, other)

    assert "bad_signature" in refusal(verifier, ours)[1]
    assert refusal(verifier, its_own)[1] == "its kid 'key-2' is not among the provider's keys"
    assert refusal(verifier, none)[1] == "its kid None is not among the provider's keys"


def test_a_tampered_token_does_not_let_in(verifier: TokenVerifier, sign: Sign) -> None:
    """A changed claim breaks the signature."""
    header, _, signature = sign(ACCESS).split(".")

    assert "bad_signature" in refusal(verifier, f"{header}.{segment(ACCESS | {'username': 'eve'})}.{signature}")[1]


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "..", "é.é.é", "ey.ey.ey", "Bearer ", f"{segment([])}.{segment([])}.eA"],
)
def test_what_is_no_token_does_not_let_in(verifier: TokenVerifier, token: str) -> None:
    """Malformed texts are refused, never a crash."""
    assert refusal(verifier, token)[0] == "You are not authorized to make this call."


def test_claims_that_are_no_object_do_not_let_in(verifier: TokenVerifier, key: RSAKey) -> None:
    """A well-signed list is no set of claims."""
    token = jws.serialize_compact({"alg": "RS256", "kid": "key-1"}, b'["x"]', key)

    assert refusal(verifier, token)[0] == "You are not authorized to make this call."


@pytest.mark.parametrize(
    ("regex", "allowed"),
    [
        ("client1", True),
        ("other|client1", True),
        ("client[0-9]", True),
        ("client", False),
        ("^client1$", True),
        ("x", False),
    ],
)
@pytest.mark.parametrize("claims", [ACCESS, ID])
def test_the_client_regex_covers_aud_or_client_id(
    jwks: dict[str, Any], sign: Sign, claims: dict[str, Any], regex: str, allowed: bool
) -> None:
    """AppIdClientRegex is held against aud of an ID token and client_id of an access token, as a whole."""
    narrowed = TokenVerifier(
        AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id=POOL, app_id_client_regex=regex), jwks, "us-east-1"
    )

    if allowed:
        assert claims == narrowed.verify(sign(claims), NOW)
    else:
        assert f"its client ['client1'] does not match {regex!r}" == refusal(narrowed, sign(claims))[1]


def test_a_regex_that_is_none_is_the_templates_fault(jwks: dict[str, Any]) -> None:
    """A broken regex is told when the verifier is made, not to each caller."""
    with pytest.raises(InvalidTemplate) as invalid:
        TokenVerifier(AuthProvider("OPENID_CONNECT", issuer="https://i", client_id="("), jwks, "us-east-1")

    assert "The client regex '(' is not a regular expression" in str(invalid.value)


def test_issuers_follow_the_region_of_the_pool() -> None:
    """A user pool's issuer has the region of the pool's id; an OpenID Connect issuer is as configured."""
    assert issuer_of(PROVIDER, "eu-west-1") == ISSUER
    assert (
        issuer_of(AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id="local"), "eu-west-1")
        == "https://cognito-idp.eu-west-1.amazonaws.com/local"
    )
    assert issuer_of(AuthProvider("OPENID_CONNECT", issuer="https://id.example/"), "r") == "https://id.example/"


def test_a_token_is_stripped_of_bearer_only() -> None:
    """Only "Bearer " is taken off, not a token that begins with these letters."""
    assert [bare("Bearer a.b.c"), bare(" a.b.c "), bare("Bearera.b.c")] == ["a.b.c", "a.b.c", "Bearera.b.c"]


OIDC_CLAIMS: dict[str, Any] = {"sub": "u", "iss": "https://id.example", "aud": ["app1"], "iat": NOW, "exp": NOW + 60}


def oidc(jwks: dict[str, Any], client_id: str | None = None) -> TokenVerifier:
    """An OpenID Connect issuer's verifier."""
    return TokenVerifier(
        AuthProvider("OPENID_CONNECT", issuer="https://id.example", client_id=client_id), jwks, "us-east-1"
    )


@pytest.mark.parametrize("client_id", [None, "app1", "app[0-9]", "x|app1"])
def test_oidc_tokens_let_in(jwks: dict[str, Any], sign: Sign, client_id: str | None) -> None:
    """A token of the configured issuer, for one of the clients, needs no token_use."""
    assert oidc(jwks, client_id).verify(sign(OIDC_CLAIMS), NOW) == OIDC_CLAIMS


def test_oidc_clients_may_stand_in_azp(jwks: dict[str, Any], sign: Sign) -> None:
    """The client regex is held against azp too."""
    claims = OIDC_CLAIMS | {"aud": "api", "azp": "app1"}

    assert claims == oidc(jwks, "app1").verify(sign(claims), NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "other"}, "its client ['other'] does not match 'app1'"),
        ({"aud": None}, "its client [] does not match 'app1'"),
        ({"iat": None}, "its iat is None, not a time in seconds"),
        ({"iss": "https://id.example/"}, "its iss is 'https://id.example/', not 'https://id.example'"),
    ],
)
def test_oidc_claims_that_do_not_fit_are_named(
    jwks: dict[str, Any], sign: Sign, changes: dict[str, Any], reason: str
) -> None:
    """Client, time of issue and issuer are required."""
    claims = {name: value for name, value in (OIDC_CLAIMS | changes).items() if value is not None}

    assert ("You are not authorized to make this call.", reason) == refusal(oidc(jwks, "app1"), sign(claims))


def test_oidc_takes_elliptic_curves_but_no_shared_secrets(sign: Sign) -> None:
    """An issuer may sign with ES256; a symmetric key in its JWKS verifies nothing."""
    curve = ECKey.generate_key("P-256", {"kid": "ec"})
    shared = OctKey.generate_key(256, {"kid": "oct"})
    verifier = oidc({"keys": [curve.as_dict(private=False), shared.as_dict(), {"kty": "RSA"}]})
    by_curve = jwt.encode({"alg": "ES256", "kid": "ec"}, OIDC_CLAIMS, curve)
    by_secret = jwt.encode({"alg": "HS256", "kid": "oct"}, OIDC_CLAIMS, shared, algorithms=["HS256"])

    assert verifier.verify(by_curve, NOW) == OIDC_CLAIMS
    assert refusal(verifier, by_secret)[0] == "You are not authorized to make this call."


def test_a_client_regex_that_takes_too_long_refuses(jwks: dict[str, Any], sign: Sign) -> None:
    """``^(([a-z]|[a-z0-9])+)+[A-Z]$`` would try for years: it is given up, and lets nobody in."""
    regex = "^(([a-z]|[a-z0-9])+)+[A-Z]$"
    provider = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id=POOL, app_id_client_regex=regex)
    narrowed = TokenVerifier(provider, jwks, "us-east-1")
    claims = {**ACCESS, "client_id": "a" * 60}
    told = f"{regex!r} takes too long to tell whether it matches a client of ['{'a' * 60}']"
    assert refusal(narrowed, sign(claims))[1] == told
