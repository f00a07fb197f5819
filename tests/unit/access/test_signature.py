"""Signature Version 4 against botocore's signer, and every way in which a signature does not hold."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest import mock
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.access.signature import SignatureRefused, SignedRequest, canonical_request, verify
from livebus.access.signature import sign as own_sign

ACCESS_KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "127.0.0.1:4000"
NOW = 1_700_000_000.0
EMPTY_OBJECT_HASH = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def sign(
    body: bytes,
    *,
    path: str = "/graphql",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    service: str = "appsync",
    region: str = "us-east-1",
    token: str | None = None,
    secret: str = SECRET,
) -> SignedRequest:
    """A request as botocore signs it."""
    url = f"http://{HOST}{path}{'?' if query else ''}{query}"
    request = AWSRequest(method, url, headers={"host": HOST} | dict(headers or {}), data=body)
    # botocore signs at the clock's time; ours is fixed, so that the tests hold however long a run takes.
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=dt.datetime.fromtimestamp(NOW, dt.UTC)):
        SigV4Auth(Credentials(ACCESS_KEY, secret, token), service, region).add_auth(request)
    return SignedRequest(method, path, query, dict(request.headers.items()), body)


def secret_for(access_key_id: str) -> str | None:
    """The one secret that is known."""
    return SECRET if access_key_id == ACCESS_KEY else None


def accepted(request: SignedRequest, now: float = NOW) -> str:
    """The access key id of a request that holds."""
    return verify(request, secret_for=secret_for, now=now)


def refused(request: SignedRequest, now: float = NOW) -> tuple[str, str]:
    """Error type and message of a request that does not hold."""
    with pytest.raises(SignatureRefused) as refusal:
        verify(request, secret_for=secret_for, now=now)
    return refusal.value.error_type, refusal.value.message


REALTIME_HEADERS = {
    "accept": "application/json, text/javascript",
    "content-encoding": "amz-1.0",
    "content-type": "application/json; charset=UTF-8",
}
MUTATION = json.dumps({"query": 'mutation { publishMsgFromEB(msg: "é") }', "variables": {}}).encode()


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(sign(MUTATION, headers={"content-type": "application/json"}), id="gql over HTTP"),
        pytest.param(
            sign(MUTATION, headers={"content-type": "application/json; charset=UTF-8"}, service="execute-api"),
            id="Amplify over HTTP with a custom endpoint",
        ),
        pytest.param(
            sign(MUTATION, headers={"accept": "*/*", "content-type": "application/json"}), id="Apollo over HTTP"
        ),
        pytest.param(sign(b"{}", path="/graphql/connect", headers=REALTIME_HEADERS), id="real-time connect"),
        pytest.param(
            sign(b'{"query":"subscription { onPublishMsgFromEb }"}', headers=REALTIME_HEADERS), id="real-time start"
        ),
        pytest.param(sign(MUTATION, token="session/token=="), id="temporary credentials"),
        pytest.param(sign(MUTATION, region="eu-central-1"), id="another region"),
        pytest.param(sign(b"", method="GET", query="query=%7B%20a%20%7D&b=2&a=1"), id="GET with a query"),
    ],
)
def test_what_clients_sign_is_accepted(request_: SignedRequest) -> None:
    """The requests of gql, Amplify and Apollo hold, with header names in any case."""
    lowered = {name.lower(): value for name, value in request_.headers.items()}
    raised = {name.upper(): value for name, value in request_.headers.items()}

    for headers in (request_.headers, lowered, raised):
        request = SignedRequest(request_.method, request_.path, request_.query, headers, request_.body)
        assert accepted(request) == ACCESS_KEY


@pytest.mark.parametrize("path", ["/graphql/.", "/./graphql", "//graphql", "/a/../graphql", "/graphql/", "/."])
def test_a_path_is_signed_without_what_leads_nowhere(path: str) -> None:
    """Dots and empty segments, which botocore takes out before it signs, and we before we compare."""
    assert accepted(sign(b"{}", path=path)) == ACCESS_KEY


def test_headers_that_are_not_signed_are_ignored() -> None:
    """Clients add x-amz-user-agent after signing: what is not in SignedHeaders may change."""
    request = sign(b"{}", headers=REALTIME_HEADERS)
    headers = dict(request.headers) | {"x-amz-user-agent": "aws-amplify/6"}

    assert accepted(SignedRequest("POST", "/graphql", "", headers, b"{}")) == ACCESS_KEY


def test_the_canonical_request_of_a_connection_is_the_known_one() -> None:
    """The text that is signed for a connection is, line by line, what clients sign."""
    headers = REALTIME_HEADERS | {"Host": HOST, "X-Amz-Date": "20251112T131415Z"}
    names = ("accept", "content-encoding", "content-type", "host", "x-amz-date")

    assert canonical_request(SignedRequest("POST", "/graphql/connect", "", headers, b"{}"), names).split("\n") == [
        "POST",
        "/graphql/connect",
        "",
        "accept:application/json, text/javascript",
        "content-encoding:amz-1.0",
        "content-type:application/json; charset=UTF-8",
        "host:127.0.0.1:4000",
        "x-amz-date:20251112T131415Z",
        "",
        "accept;content-encoding;content-type;host;x-amz-date",
        EMPTY_OBJECT_HASH,
    ]


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
HEADERS = st.dictionaries(
    st.sampled_from(["accept", "content-type", "x-custom", "X-Mixed-Case"]),
    st.text("ab,;:= \t/\"'", min_size=1, max_size=12).filter(lambda value: bool(value.strip())),
)


REQUESTS = st.fixed_dictionaries(
    {
        "body": st.binary(max_size=40),
        "path": st.lists(TEXT.filter(bool), max_size=3).map(
            lambda segments: "/" + "/".join(quote(segment, safe="") for segment in segments)
        ),
        "query": st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=3).map(
            lambda pairs: "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
        ),
        "headers": HEADERS,
        "method": st.sampled_from(["GET", "POST"]),
        "service": st.sampled_from(["appsync", "execute-api"]),
        "token": st.sampled_from([None, "token"]),
    }
)


@settings(max_examples=150, deadline=None)
@given(REQUESTS)
def test_every_request_that_botocore_signs_is_accepted(members: dict[str, Any]) -> None:
    """Whatever stands in path, query, headers and body: botocore's signature holds, and none holds for another body."""
    request = sign(**members)

    assert accepted(request) == ACCESS_KEY
    assert refused(replace(request, body=request.body + b" "))[0] == "InvalidSignatureException"


@pytest.mark.parametrize("changed", ["method", "path", "query", "body", "content-type", "host", "x-amz-date"])
def test_whatever_is_signed_cannot_change(changed: str) -> None:
    """A change in any signed part is a signature that does not match, in AWS's words."""
    request = sign(MUTATION, headers={"content-type": "application/json"})
    members: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "body": request.body,
    }
    headers = {name.lower(): value for name, value in request.headers.items()}
    if changed in members:
        members[changed] = {"method": "PUT", "path": "/graphql/connect", "query": "a=1", "body": b"{}"}[changed]
    else:
        headers[changed] = headers[changed][:-2] + ("9Z" if headers[changed].endswith("0Z") else "0Z")

    error_type, message = refused(SignedRequest(headers=headers, **members))

    assert error_type == "InvalidSignatureException"
    assert message.startswith("The request signature we calculated does not match the signature you provided.")


def test_another_secret_and_another_key_do_not_hold() -> None:
    """A wrong secret is a mismatch; an unknown access key is AWS's invalid security token."""
    unknown = sign(MUTATION)
    headers = {name: value.replace(ACCESS_KEY, "AKIDOTHER") for name, value in unknown.headers.items()}

    assert refused(sign(MUTATION, secret="other"))[0] == "InvalidSignatureException"
    assert refused(SignedRequest("POST", "/graphql", "", headers, MUTATION)) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize(
    ("skew", "holds"), [(300, True), (-300, True), (300.001, False), (-300.001, False), (302, False), (-302, False)]
)
def test_a_signature_holds_for_five_minutes_around_its_time(skew: float, holds: bool) -> None:
    """Signatures from more than five minutes ago or ahead are refused, with both times."""
    request = sign(MUTATION)
    if holds:
        assert accepted(request, NOW + skew) == ACCESS_KEY
    else:
        here = dt.datetime.fromtimestamp(NOW + skew, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        assert refused(request, NOW + skew) == (
            "InvalidSignatureException",
            f"Signature expired: 20231114T221320Z is now earlier than {here} - 5 min."
            if skew > 0
            else f"Signature not yet current: 20231114T221320Z is still later than {here} + 5 min.",
        )


@pytest.mark.parametrize("missing", ["Credential", "SignedHeaders", "Signature"])
def test_an_incomplete_authorization_names_what_it_lacks(missing: str) -> None:
    """Each part of the Authorization header is required by its name."""
    request = sign(MUTATION)
    authorization = request.headers["Authorization"].replace(f"{missing}=", "X=")

    assert ("IncompleteSignatureException", f"Authorization header requires '{missing}' parameter.") == refused(
        SignedRequest("POST", "/graphql", "", dict(request.headers) | {"Authorization": authorization}, MUTATION)
    )


@pytest.mark.parametrize(
    ("old", "new", "error_type"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", "IncompleteSignatureException"),
        ("/appsync/", "/execute/", "InvalidSignatureException"),
        ("/aws4_request", "/aws5_request", "IncompleteSignatureException"),
        ("/us-east-1/", "/", "IncompleteSignatureException"),
        ("SignedHeaders=host;", "SignedHeaders=", "InvalidSignatureException"),
        ("SignedHeaders=host;", "SignedHeaders=absent;host;", "InvalidSignatureException"),
        ("Signature=", "Signature=é", "InvalidSignatureException"),
        ("Signature=", "Signature=\ud800", "InvalidSignatureException"),
    ],
)
def test_a_changed_authorization_does_not_hold(old: str, new: str, error_type: str) -> None:
    """Another algorithm, service, terminator or list of headers is refused, never a crash."""
    request = sign(MUTATION)
    assert old in request.headers["Authorization"]
    authorization = request.headers["Authorization"].replace(old, new)

    assert (
        error_type
        == refused(
            SignedRequest("POST", "/graphql", "", dict(request.headers) | {"Authorization": authorization}, MUTATION)
        )[0]
    )


@pytest.mark.parametrize(
    ("date", "error_type"),
    [
        ("", "IncompleteSignatureException"),
        ("yesterday", "IncompleteSignatureException"),
        ("20259999T999999Z", "InvalidSignatureException"),
    ],
)
def test_a_date_that_is_none_does_not_hold(date: str, error_type: str) -> None:
    """A missing, odd or impossible X-Amz-Date is refused."""
    request = sign(MUTATION)
    day = request.headers["X-Amz-Date"][:8]
    authorization = request.headers["Authorization"].replace(f"/{day}/", f"/{date[:8]}/")
    headers = dict(request.headers) | {"X-Amz-Date": date, "Authorization": authorization}

    assert error_type == refused(SignedRequest("POST", "/graphql", "", headers, MUTATION))[0]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.text(max_size=20))
def test_no_header_is_a_crash(rest: str, date: str) -> None:
    """Whatever a client writes into Authorization and X-Amz-Date, it is refused in AWS's terms."""
    headers = {"authorization": f"AWS4-HMAC-SHA256 {rest}", "x-amz-date": date, "host": HOST}

    assert refused(SignedRequest("POST", "/graphql", "", headers, b""))[0].endswith("Exception")


def test_what_we_sign_is_what_we_verify() -> None:
    """A request with a query and a path that is encoded, signed here: the signature holds, and breaks with the body."""
    headers = {"Host": "api.example", "X-Own": "a  b", "Content-Type": "application/json"}
    request = SignedRequest("POST", "/a%20b", "y=2&x=1%202", headers, b'{"n": 1}')
    signed = {**headers, **own_sign(request, access_key_id="k", secret="s", region="r", service="appsync", now=NOW)}

    assert verify(replace(request, headers=signed), secret_for={"k": "s"}.get, now=NOW) == "k"
    with pytest.raises(SignatureRefused):
        verify(replace(request, headers=signed, body=b"{}"), secret_for={"k": "s"}.get, now=NOW)
