"""Which way in a request takes, and whom the API then sees."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from livebus.access.authentication import Authenticator, Unauthenticated, Undecided
from livebus.access.authorizers import Authorization
from livebus.access.role_session import RoleSession
from livebus.access.signature import SignedRequest
from livebus.caller import Caller
from livebus.template.application import AuthProvider, GraphQLApi

Sign = Callable[..., str]

NOW = 1_700_000_000.0
POOL = "us-east-1_AbCdEfGhI"
POOL_ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
COGNITO = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id=POOL, default_action="ALLOW")
OTHER_POOL = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id="us-east-1_Other")
OIDC = AuthProvider("OPENID_CONNECT", issuer="https://id.example")
IAM = AuthProvider("AWS_IAM")
API_KEY = AuthProvider("API_KEY")
LAMBDA = AuthProvider("AWS_LAMBDA")

ACCESS: dict[str, Any] = {
    "sub": "6f87d04b",
    "iss": POOL_ISSUER,
    "client_id": "client1",
    "token_use": "access",
    "username": "alice",
    "cognito:groups": ["rewards", "staff"],
    "exp": NOW + 60,
}
OIDC_CLAIMS: dict[str, Any] = {"sub": "u", "iss": "https://id.example", "aud": "x", "iat": NOW, "exp": NOW + 60}
DENIED = "You are not authorized to make this call."


def api(*providers: AuthProvider) -> GraphQLApi:
    """An API with these ways in, the first by default."""
    return GraphQLApi(
        "Api", "orders", "abc", "", "", "", "", providers[0], tuple(providers[1:]), api_keys=("da2-key", "da2-other")
    )


@pytest.fixture
def authenticator(jwks: dict[str, Any]) -> Callable[..., Authenticator]:
    """Makes an authenticator for an API with these providers."""

    def make(*providers: AuthProvider, keys: Mapping[str, Any] | None = jwks) -> Authenticator:
        return Authenticator(
            api(*providers),
            region="us-east-1",
            account="111111111111",
            jwks_for=lambda provider: keys,
            secret_for={"AKID": "secret"}.get,
        )

    return make


def enter(authenticator: Authenticator, request: SignedRequest | None = None, **headers: str) -> Caller:
    """Call with these headers; ``_`` stands for the hyphen."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return authenticator.authenticate(sent, request=request, now=NOW, source_ip="10.0.0.7")


def refused(authenticator: Authenticator, request: SignedRequest | None = None, **headers: str) -> Unauthenticated:
    """The refusal of these headers."""
    with pytest.raises(Unauthenticated) as refusal:
        enter(authenticator, request, **headers)
    return refusal.value


def signed(body: bytes = b"{}", credentials: Credentials = Credentials("AKID", "secret")) -> SignedRequest:  # noqa: B008
    """A request signed with the known key, or with other credentials."""
    request = AWSRequest("POST", "http://127.0.0.1/graphql", headers={"host": "127.0.0.1"}, data=body)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=dt.datetime.fromtimestamp(NOW, dt.UTC)):
        SigV4Auth(credentials, "appsync", "us-east-1").add_auth(request)
    return SignedRequest("POST", "/graphql", "", dict(request.headers.items()), body)


@pytest.mark.parametrize(
    ("token", "at", "refused"),
    [
        ("token", NOW + 59, ""),
        ("token", NOW + 60, "The security token included in the request is expired"),
        ("another", NOW, "The security token included in the request is invalid."),
    ],
)
def test_temporary_credentials_are_their_roles(token: str, at: float, refused: str) -> None:
    """They let in until they end, whoever holds their token too, to what the role's policies allow."""
    role = "arn:aws:iam::111111111111:role/apps/Guest"
    session = RoleSession("ASIA", "secret", "token", NOW + 60, role, "s", "pool", "id", "authenticated", "provider")
    authenticator = Authenticator(
        api(IAM),
        region="us-east-1",
        account="111111111111",
        jwks_for=lambda _: None,
        secret_for=lambda _: None,
        session_for={"ASIA": session}.get,
        fields_of={session.role_arn: frozenset({"Query.order"})}.__getitem__,
    )
    request = signed(credentials=Credentials("ASIA", "secret", token))

    def enter_at() -> Caller:
        return authenticator.authenticate(request.headers, request=request, now=at, source_ip="10.0.0.7")

    if refused:
        with pytest.raises(Unauthenticated) as raised:
            enter_at()
        assert raised.value.message == refused
        return
    caller = enter_at()
    assert (caller.mode, caller.expires, caller.allowed_fields) == ("AWS_IAM", NOW + 60, {"Query.order"})
    assert caller.identity == {
        "accountId": "111111111111",
        "cognitoIdentityPoolId": "pool",
        "cognitoIdentityId": "id",
        "sourceIp": ["10.0.0.7"],
        "username": "Guest:s",
        "userArn": "arn:aws:sts::111111111111:assumed-role/Guest/s",
        "cognitoIdentityAuthType": "authenticated",
        "cognitoIdentityAuthProvider": "provider",
    }


def test_an_access_token_gives_the_identity_of_a_pool_user(
    authenticator: Callable[..., Authenticator], sign: Sign
) -> None:
    """ctx.identity of a user pool has sub, issuer, username, claims, source, strategy and groups."""
    token = sign(ACCESS)
    caller = enter(authenticator(COGNITO), Authorization=token)

    assert caller.identity == {
        "sub": "6f87d04b",
        "issuer": POOL_ISSUER,
        "username": "alice",
        "claims": ACCESS,
        "sourceIp": ["10.0.0.7"],
        "defaultAuthStrategy": "ALLOW",
        "groups": ["rewards", "staff"],
    }
    assert caller.mode == "AMAZON_COGNITO_USER_POOLS"
    assert {"rewards", "staff"} == caller.groups
    assert ACCESS["exp"] == caller.expires
    assert {"authorization": token} == caller.headers
    assert caller.allowed_fields is None


def test_an_id_token_has_its_own_name_for_the_user(authenticator: Callable[..., Authenticator], sign: Sign) -> None:
    """An ID token's user is in cognito:username; without groups the identity has null and the caller none."""
    claims = {
        "sub": "s",
        "iss": POOL_ISSUER,
        "aud": "client1",
        "token_use": "id",
        "cognito:username": "bob",
        "exp": NOW + 60,
    }
    denying = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id=POOL, default_action="DENY")
    caller = enter(authenticator(denying), authorization=f"Bearer {sign(claims)}")

    assert caller.identity is not None
    assert tuple(caller.identity[name] for name in ("username", "groups", "defaultAuthStrategy")) == (
        "bob",
        None,
        "DENY",
    )
    assert frozenset() == caller.groups


def test_an_oidc_token_gives_sub_issuer_and_claims(authenticator: Callable[..., Authenticator], sign: Sign) -> None:
    """ctx.identity of an OpenID Connect user has these three."""
    caller = enter(authenticator(COGNITO, OIDC), Authorization=sign(OIDC_CLAIMS))

    assert caller.identity == {"sub": "u", "issuer": "https://id.example", "claims": OIDC_CLAIMS}
    assert ("OPENID_CONNECT", OIDC_CLAIMS["exp"]) == (caller.mode, caller.expires)


def test_an_api_key_has_no_identity(authenticator: Callable[..., Authenticator]) -> None:
    """ctx.identity of an API key is null."""
    caller = enter(authenticator(COGNITO, API_KEY), X_Api_Key="da2-other")

    assert (caller.mode, caller.identity, caller.expires) == ("API_KEY", None, None)


def test_a_signature_gives_the_identity_of_an_iam_caller(authenticator: Callable[..., Authenticator]) -> None:
    """ctx.identity of IAM has the account and a user ARN; Cognito's members are null; no policy narrows."""
    request = signed()
    caller = enter(authenticator(COGNITO, IAM), request, **dict(request.headers))

    assert caller.identity == {
        "accountId": "111111111111",
        "cognitoIdentityPoolId": None,
        "cognitoIdentityId": None,
        "sourceIp": ["10.0.0.7"],
        "username": "AKID",
        "userArn": "arn:aws:iam::111111111111:user/AKID",
        "cognitoIdentityAuthType": None,
        "cognitoIdentityAuthProvider": None,
    }
    assert (caller.mode, caller.allowed_fields) == ("AWS_IAM", None)


def test_a_signature_goes_before_an_api_key(authenticator: Callable[..., Authenticator]) -> None:
    """Of a signature and an API key the signature is used; a bad signature is not saved by a good key."""
    request = signed()
    both = dict(request.headers) | {"x-api-key": "da2-key"}

    assert enter(authenticator(API_KEY, IAM), request, **both).mode == "AWS_IAM"
    other = SignedRequest("POST", "/graphql", "", request.headers, b"{ }")
    assert refused(authenticator(API_KEY, IAM), other, **both).error_type == "InvalidSignatureException"


def test_a_token_is_not_tried_in_other_modes(authenticator: Callable[..., Authenticator], sign: Sign) -> None:
    """One mode is chosen by the header's form: a bad token is not saved by a good API key."""
    headers = {"Authorization": sign(ACCESS | {"exp": NOW - 1}), "x-api-key": "da2-key"}

    assert refused(authenticator(API_KEY, COGNITO), **headers).message == "Token has expired."


def test_nothing_at_all_is_its_own_message(authenticator: Callable[..., Authenticator]) -> None:
    """Without credentials AppSync says that there is no header, with 401 and UnauthorizedException."""
    refusal = refused(authenticator(COGNITO), host="x")

    assert (
        refusal.message,
        refusal.error_type,
        refusal.status,
    ) == ("Valid authorization header not provided.", "UnauthorizedException", 401)


def test_a_wrong_api_key_does_not_let_in(authenticator: Callable[..., Authenticator]) -> None:
    """An API key that is none of the API's is refused."""
    refusal = refused(authenticator(API_KEY), x_api_key="da2-wrong")

    assert (refusal.message, refusal.reason) == (DENIED, "the API key is none of API 'orders'")


def test_modes_that_the_api_does_not_have_are_named(authenticator: Callable[..., Authenticator], sign: Sign) -> None:
    """A key, a signature or a token for an API without that mode is refused, with the modes that it has."""
    request = signed()

    assert (
        refused(authenticator(COGNITO), x_api_key="da2-key").reason
        == "an x-api-key header is for API_KEY, which API 'orders' does not take, but AMAZON_COGNITO_USER_POOLS"
    )
    assert (
        refused(authenticator(COGNITO, API_KEY), request, **dict(request.headers)).reason
        == "a signature is for AWS_IAM, which API 'orders' does not take, but AMAZON_COGNITO_USER_POOLS, API_KEY"
    )
    assert refused(authenticator(IAM), Authorization=sign(ACCESS)).reason == "API 'orders' takes no tokens, but AWS_IAM"


def test_a_token_is_verified_with_the_keys_of_its_own_issuer(
    authenticator: Callable[..., Authenticator], sign: Sign
) -> None:
    """With several pools and issuers the token's iss says which; another iss is refused and quoted."""
    several = authenticator(OTHER_POOL, COGNITO, OIDC)

    assert (enter(several, Authorization=sign(ACCESS)).identity or {})["username"] == "alice"
    assert refused(several, Authorization=sign(ACCESS | {"iss": "https://evil.example"})).reason == (
        "the token's iss is 'https://evil.example', not one of "
        "'https://id.example', 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI', "
        "'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other'"
    )


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.é.c", "bnVsbA.bnVsbA.bnVsbA", "e30.e30.e30", "", "Bearer"])
def test_what_is_no_token_does_not_let_in(authenticator: Callable[..., Authenticator], token: str) -> None:
    """Malformed Authorization headers are refused, with one provider and with several."""
    assert refused(authenticator(COGNITO), Authorization=token).message == DENIED
    assert refused(authenticator(COGNITO, OIDC), Authorization=token).message == DENIED


def test_a_lambda_token_is_told_apart(authenticator: Callable[..., Authenticator], sign: Sign) -> None:
    """A token of no configured issuer is the function's to decide on, for its time; a pool's token is not."""
    both = authenticator(LAMBDA, COGNITO)

    with pytest.raises(Undecided) as undecided:
        enter(both, Authorization="opaque")
    assert (undecided.value.token, undecided.value.provider) == ("opaque", LAMBDA)
    both.decide("opaque", Authorization(True, frozenset({"Query.secret"}), {"team": "a"}, 300.0), NOW)
    caller = enter(both, Authorization="opaque")
    assert (caller.mode, caller.identity, caller.denied_fields) == (
        "AWS_LAMBDA",
        {"resolverContext": {"team": "a"}},
        frozenset({"Query.secret"}),
    )
    both.decide("opaque", Authorization(False), NOW)
    assert refused(both, Authorization="opaque").reason == "the Lambda authorizer does not let the token in"
    assert enter(both, Authorization=sign(ACCESS)).mode == "AMAZON_COGNITO_USER_POOLS"


def test_keys_that_cannot_be_had_let_nobody_in(authenticator: Callable[..., Authenticator], sign: Sign) -> None:
    """Without a JWKS document no token can be verified."""
    refusal = refused(authenticator(COGNITO, keys=None), Authorization=sign(ACCESS))

    assert (DENIED, f"the keys of {POOL_ISSUER!r} cannot be had") == (refusal.message, refusal.reason)


def test_changed_keys_are_taken_up(jwks: dict[str, Any], sign: Sign) -> None:
    """A new JWKS document replaces the verifier, and with it the tokens that it remembered."""
    current: list[Mapping[str, Any]] = [jwks]
    authenticator = Authenticator(
        api(COGNITO), region="us-east-1", account="1", jwks_for=lambda _: current[0], secret_for={}.get
    )
    token = sign(ACCESS)
    enter(authenticator, Authorization=token)
    current[0] = {"keys": []}

    assert refused(authenticator, Authorization=token).reason == "its kid 'key-1' is not among the provider's keys"


def test_an_equal_document_keeps_what_is_remembered(jwks: dict[str, Any], sign: Sign) -> None:
    """A JWKS document made anew for each request, with the same keys in it, costs no second signature check."""
    authenticator = Authenticator(
        api(COGNITO), region="us-east-1", account="1", jwks_for=lambda _: copy.deepcopy(jwks), secret_for={}.get
    )
    token = sign(ACCESS)
    first, second = (enter(authenticator, Authorization=token).identity or {} for _ in range(2))

    assert first["claims"] is second["claims"]


def test_a_signature_over_nothing_does_not_let_in(authenticator: Callable[..., Authenticator]) -> None:
    """Where there is no request that can have been signed, a signature proves nothing."""
    assert refused(authenticator(IAM), **dict(signed().headers)).message == DENIED
    broken = {"authorization": "AWS4-HMAC-SHA256 x"}
    assert refused(authenticator(IAM), SignedRequest("POST", "/graphql", "", broken, b""), **broken).status == 403
