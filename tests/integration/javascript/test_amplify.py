"""
Amplify 6 against the local runtime, in node and in Chromium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.program import Program
from support.running import USER

QUERY = "query { placeholder }"
MUTATION = "mutation Publish($msg: String!) { publishMsgFromEB(msg: $msg) }"
SUBSCRIPTION = "subscription { onPublishMsgFromEb }"
FLOWS = ("USER_PASSWORD_AUTH", "USER_SRP_AUTH")
NAME, PASSWORD = USER


@pytest.fixture
def signed_in(request: pytest.FixtureRequest, amplify: Program, outputs: dict[str, str]) -> Iterator[Program]:
    """Amplify with the user signed in, by the flow that is the parameter."""
    flow = getattr(request, "param", "USER_SRP_AUTH")
    amplify.call("configure", name="local", outputs=outputs)
    answer = amplify.call("signIn", username=NAME, password=PASSWORD, flow=flow)
    assert answer == {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
    yield amplify
    amplify.call("signOut")


@pytest.mark.parametrize(
    "route",
    [("local", "http", "ws"), ("localOverTls", "http", "wss"), ("localOverTls", "https", "wss")],
    ids=" ".join,
)
def test_receives_what_boto3_published(
    amplify: Program,
    outputs_by_protocol: dict[str, dict[str, str]],
    tokens: dict[str, str],
    assert_receives: Callable[..., None],
    route: tuple[str, str, str],
) -> None:
    """With tokens from elsewhere an event arrives, over the socket that the configuration means, and queries work."""
    configuration, protocol, scheme = route
    outputs = outputs_by_protocol[protocol]
    amplify.call("configure", name=configuration, outputs=outputs, tokens=tokens)
    url = amplify.call("subscribe", query=SUBSCRIPTION)
    assert url == f"{scheme}://{urlsplit(outputs['GraphQLUrl']).netloc}/graphql/realtime"
    assert_receives(amplify)
    amplify.call("unsubscribe")
    assert amplify.call("graphql", query=QUERY) == {"data": {"placeholder": None}}


@pytest.mark.parametrize("signed_in", FLOWS, indirect=True)
def test_a_user_signs_in_and_receives(signed_in: Program, assert_receives: Callable[..., None]) -> None:
    """A user who signed in to the runtime's Cognito, with the password or with SRP, receives an event."""
    assert signed_in.call("currentUser")["username"] == NAME
    signed_in.call("subscribe", query=SUBSCRIPTION)
    assert_receives(signed_in)
    signed_in.call("unsubscribe")


@pytest.mark.parametrize("flow", FLOWS)
def test_a_wrong_password_is_told(amplify: Program, secure_outputs: dict[str, str], flow: str) -> None:
    """Cognito's refusal reaches the app by its name, over TLS and from another origin too."""
    amplify.call("configure", name="localOverTls", outputs=secure_outputs)
    refused = amplify.ask("signIn", username=NAME, password=f"not {PASSWORD}", flow=flow)
    assert refused == {"error": {"name": "NotAuthorizedException", "message": "Incorrect username or password."}}


def test_the_mutation_is_refused(signed_in: Program) -> None:
    """Only EventBridge's role may publish: a signed-in user who calls the mutation is told Unauthorized."""
    answer = signed_in.ask("graphql", query=MUTATION, variables={"msg": "forged"})
    message = "Not Authorized to access publishMsgFromEB on type Mutation"
    expected = [{"errorType": "Unauthorized", "message": message, "path": ["publishMsgFromEB"]}]
    assert answer["error"]["errors"] == expected


def test_tokens_are_refreshed(signed_in: Program) -> None:
    """GetTokensFromRefreshToken brings another access token, and the API takes it."""
    before = signed_in.call("accessToken", refresh=False)
    after = signed_in.call("accessToken", refresh=True)
    assert [before.count("."), after.count(".")] == [2, 2]
    assert before != after
    assert signed_in.call("graphql", query=QUERY) == {"data": {"placeholder": None}}


def test_sign_out_revokes(signed_in: Program, cognito: Any) -> None:
    """After signOut the app has no user, and Cognito no longer takes the access token of that sign-in."""
    token = signed_in.call("accessToken", refresh=False)
    assert cognito.get_user(AccessToken=token)["Username"] == NAME
    signed_in.call("signOut")
    assert signed_in.ask("currentUser")["error"]["name"] == "UserUnAuthenticatedException"
    with pytest.raises(cognito.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        cognito.get_user(AccessToken=token)


def test_a_forged_token_is_refused(amplify: Program, outputs: dict[str, str], tokens: dict[str, str]) -> None:
    """A subscription with a token whose signature is wrong ends with an error, not with silence."""
    head, claims, _ = tokens["AccessToken"].split(".")
    forged = {**tokens, "AccessToken": f"{head}.{claims}.AAAA"}
    amplify.call("configure", name="local", outputs=outputs, tokens=forged)
    answer = amplify.ask("subscribe", query=SUBSCRIPTION)
    assert "UnauthorizedException" in answer["error"]["errors"][0]["message"]


def test_an_untrusted_certificate_is_refused(
    start_browser: Callable[..., Program], secure_outputs: dict[str, str]
) -> None:
    """A browser that was not told of the runtime's certificate does not talk to it over TLS."""
    url = f"{secure_outputs['EndpointUrl']}/{secure_outputs['UserPoolId']}/.well-known/jwks.json"
    with start_browser() as browser:
        assert browser.ask("fetch", url=url) == {"error": {"name": "TypeError", "message": "Failed to fetch"}}


def test_on_aws_it_dials_the_realtime_endpoint(
    start_worker: Callable[..., Program], on_aws: dict[str, str], tokens: dict[str, str]
) -> None:
    """The configuration for AWS makes Amplify dial AppSync's real-time host."""
    with start_worker("amplify.mjs", "--offline") as amplify:
        amplify.call("configure", name="aws", outputs=on_aws, tokens=tokens)
        url = amplify.call("dial", query=SUBSCRIPTION)
    assert url == "wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.us-east-1.amazonaws.com/graphql"
