"""Signatures, held against botocore's."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.publish.signer import Credentials, Signer

KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", min_size=1, max_size=60)
TOKENS = st.one_of(st.just(""), st.text("abcXYZ0123456789+/=", min_size=1, max_size=400))
PATHS = st.sampled_from(["/", "/prefix/", "/a/b-c/d_e~f/", "/v1.0/"])
TARGETS = st.sampled_from(["AWSEvents.PutEvents", "AWSEvents.DescribeEventBus"])
MOMENTS = st.integers(0, 4_000_000_000)


def headers_of(head: bytes) -> dict[str, str]:
    _, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


def signed_by_botocore(head: bytes, body: bytes, credentials: Credentials, now: int, region: str) -> str:
    """The Authorization header that botocore makes for a request with this head."""
    sent = headers_of(head)
    path = head.split(b" ")[1].decode()
    signed = {name: sent[name] for name in sent if name not in ("authorization", "content-length", "user-agent")}
    request = AWSRequest("POST", f"http://{sent['host']}{path}", headers=signed, data=body)
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    request.context["timestamp"] = moment
    keys = BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token or None)
    auth = botocore.auth.SigV4Auth(keys, "events", region)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    names = auth.signed_headers(auth.headers_to_sign(request))
    scope = f"{credentials.access_key}/{moment[:8]}/{region}/events/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


@settings(max_examples=700, deadline=None)
@given(
    st.builds(Credentials, KEYS, KEYS, TOKENS),
    PATHS,
    TARGETS,
    st.lists(st.tuples(st.binary(max_size=300), MOMENTS), min_size=3, max_size=3),
)
def test_each_request_is_signed_as_botocore_does(
    credentials: Credentials, path: str, target: str, requests: list[tuple[bytes, int]]
) -> None:
    """One signer, several bodies and days: 2,100 random requests, with and without a session token."""
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    signer = Signer(
        credentials,
        host="events.eu-west-1.amazonaws.com:8443",
        region="eu-west-1",
        service="events",
        headers=headers,
        path=path,
    )
    for body, now in requests:
        head = signer.head(body, now)
        sent = headers_of(head)
        assert sent["authorization"] == signed_by_botocore(head, body, credentials, now, "eu-west-1")
        assert sent["content-length"] == str(len(body))
        assert sent.get("x-amz-security-token", "") == credentials.token


def test_new_credentials_hold_at_once() -> None:
    """Renewed in the middle of a second: the next request has the new key and token."""
    signer = Signer(Credentials("A", "a", "t1"), host="h", region="r-1", service="events", headers={})
    signer.head(b"", 1_000.1)
    signer.credentials = Credentials("B", "b", "t2")
    head = signer.head(b"", 1_000.2)
    assert headers_of(head)["authorization"] == signed_by_botocore(head, b"", signer.credentials, 1000, "r-1")
    assert headers_of(head)["x-amz-security-token"] == "t2"


@pytest.mark.parametrize("shown", [repr, str])
def test_secrets_are_not_shown(shown: object) -> None:
    """Whoever prints credentials sees the access key alone."""
    assert callable(shown)
    assert shown(Credentials("AKIA", "secret", "token")) == "Credentials('AKIA')"


def test_a_header_that_is_not_signed_stands_in_the_head() -> None:
    """What a proxy may change, such as who asks, is no part of the signature."""
    made = [
        Signer(
            Credentials("key", "secret", ""),
            host="events.eu-west-1.amazonaws.com",
            region="eu-west-1",
            service="events",
            headers={"x-amz-target": "AWSEvents.PutEvents"},
            unsigned=unsigned,
        ).head(b"{}", 1_800_000_000)
        for unsigned in ("", "User-Agent: livebus/1")
    ]
    plain, told = map(headers_of, made)
    assert told == {**plain, "user-agent": "livebus/1"}
    assert "SignedHeaders=host;x-amz-date;x-amz-target," in told["authorization"]
