"""Requests that are signed and odd: refused as AWS does, with a 4xx that its SDKs read, and never with a 500."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws

from abuse.conftest import Attacked
from support.http import Answer, request
from support.tokens import claims_of, runtime_key

S3 = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
QUERY = json.dumps({"query": "{ __typename }"}).encode()
HUGE = "1" + "0" * 400


@pytest.fixture(scope="module")
def signed(attacked: Attacked) -> Any:
    """Signs claims, as JSON text, with the runtime's own key: those of a good token, some replaced."""
    key, good = runtime_key(attacked.state), claims_of(attacked.token())

    def sign(claims: dict[str, str]) -> str:
        texts = {name: json.dumps(value) for name, value in good.items()}
        texts["exp"] = str(int(time.time()) + 600)
        payload = ", ".join(f"{json.dumps(name)}: {text}" for name, text in {**texts, **claims}.items())
        return jws.serialize_compact({"kid": key.kid, "alg": "RS256"}, f"{{{payload}}}".encode(), key._key, ["RS256"])

    return sign


def graphql(runtime: Attacked, token: str) -> Answer:
    headers = {"Authorization": token, "Content-Type": "application/json"}
    return request(runtime.port, "POST", "/graphql", body=QUERY, headers=headers)


def test_a_good_token_is_let_in(attacked: Attacked, signed: Any) -> None:
    """So that what follows is refused for its claims, and for nothing else."""
    assert graphql(attacked, signed({})).status == 200
    assert graphql(attacked, signed({"cognito:groups": '["admin"]'})).status == 200


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *(
            (claim, value)
            for claim in ("exp", "nbf", "iat")
            for value in (HUGE, "1e999", "-1", "true", '"1"', "[]", "NaN")
        ),
        *(("cognito:groups", value) for value in ('"admin"', "1", "{}", '["a", 1]', "[null]", "true")),
        ("cognito:username", "[]"),
        ("username", "{}"),
        ("sub", "1"),
        ("client_id", "[]"),
    ],
)
def test_odd_claims_are_refused(attacked: Attacked, signed: Any, claim: str, value: str) -> None:
    """Whoever signed them: 401 in AppSync's shape."""
    answer = graphql(attacked, signed({claim: value}))
    assert (answer.status, answer.json()["errors"][0]["errorType"]) == (401, "UnauthorizedException")


SCALARS = st.sampled_from(
    [HUGE, "1e999", "-0", "null", "true", '""', '"\\ud800"', "[]", "{}", "[[]]", "1.5", '"\\u0000"']
)


@MANY
@given(claims=st.dictionaries(st.sampled_from(["exp", "nbf", "iat", "iss", "sub", "aud", "client_id", "token_use", "username",
    "cognito:groups", "cognito:username", "auth_time", "jti", "\x00"]), SCALARS, min_size=1, max_size=4))  # fmt: skip
def test_any_signed_claims_are_let_in_or_refused(attacked: Attacked, signed: Any, claims: dict[str, str]) -> None:
    """Nothing in a token is a 500."""
    assert graphql(attacked, signed(claims)).status in (200, 401)


def sent(runtime: Attacked, head: bytes, body: bytes = b"") -> int:
    """The status of a request whose bytes are put on the wire as they are."""
    with socket.create_connection(("127.0.0.1", runtime.port), timeout=60) as connection:
        connection.sendall(head + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return int(received.split(b" ", 2)[1])


NAMES = st.sampled_from(
    [b"Authorization", b"x-api-key", b"X-Amz-Target", b"Content-Type", b"X-Amz-Date", b"x-amz-content-sha256", b"Host",
     b"x-amz-meta-a", b"x-amz-meta-\xc3\xa9", b"Cookie", b"Expect", b"x-amz-copy-source"]
)  # fmt: skip
BYTES = st.binary(max_size=12).map(lambda value: value.translate(None, b"\r\n\0")) | st.sampled_from(
    [b"\xff\xfe", "ü".encode(), b"\xed\xa0\x80", b"Bearer \xff.\xff.\xff", b"AWS4-HMAC-SHA256 Credential=\xff/\xff/\xff/\xff/aws4_request",
     S3.encode(), b"AWSEvents.\xff", b"application/x-amz-json-1.1; \xff", b"STREAMING-\xff"]
)  # fmt: skip
REQUESTS = st.sampled_from(
    [b"POST / HTTP/1.1", b"POST /graphql HTTP/1.1", b"GET /graphql?query=%ff HTTP/1.1", b"PUT /bucket/key HTTP/1.1",
     b"GET /bucket/key HTTP/1.1", b"GET /bucket HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /%ed%a0%80 HTTP/1.1",
     b"GET /graphql/realtime?header=%ff HTTP/1.1", b"GET /x/.well-known/jwks.json HTTP/1.1"]
)  # fmt: skip


@MANY
@given(line=REQUESTS, headers=st.lists(st.tuples(NAMES, BYTES), max_size=4), body=st.binary(max_size=20))
def test_any_bytes_in_headers_are_answered(
    attacked: Attacked, line: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Non-ASCII, half characters, the same header twice: a status below 500, or a 501 that names what is not emulated."""
    lines = [line, b"Host: localhost", *(b"%b: %b" % header for header in headers)]
    assert sent(attacked, b"\r\n".join(lines), body) in {*range(200, 500), 501}


KEYS = st.text(min_size=1, max_size=20) | st.sampled_from(
    ["\x01", "a\r\nb", "\x00", "\x7f", "../..", "é", "\U0001f600", "a" * 1_025, "<&>", "\ufffe", " ", "%", "a//b", "\t"]
)


@MANY
@given(key=KEYS, value=st.text(max_size=8))
def test_any_key_is_kept_or_refused(attacked: Attacked, key: str, value: str) -> None:
    """Control characters in keys are what S3 takes; they are listed so that an SDK reads them."""
    headers = {"Authorization": S3}
    request(attacked.port, "PUT", "/any-keys", headers=headers)
    path = f"/any-keys/{quote(key, safe='', errors='surrogatepass')}"
    put = request(attacked.port, "PUT", path, body=value.encode("utf-8", "replace"), headers=headers)
    assert put.status in (200, 400)
    if put.status == 200 and key.isprintable():
        assert request(attacked.port, "GET", path, headers=headers).status == 200
    listed = request(attacked.port, "GET", "/any-keys?list-type=2&encoding-type=url", headers=headers)
    assert listed.status == 200
    from xml.etree import ElementTree as ET

    assert ET.fromstring(listed.body).tag.endswith("ListBucketResult")
    request(attacked.port, "DELETE", path, headers=headers)


@pytest.mark.parametrize("bucket", ["a%0d%0aX-Evil: 1", "%00", "..", "A", "a", "é", "x" * 64, "%ff"])
def test_a_bucket_is_named_as_s3_names_them(attacked: Attacked, bucket: str) -> None:
    """What is no name of a bucket is none: an end of line in it would become a header."""
    path = quote(bucket, safe="%")
    answer = request(attacked.port, "PUT", f"/{path}", headers={"Authorization": S3})
    assert (answer.status, b"InvalidBucketName" in answer.body) == (400, True)


def test_the_log_has_nothing_unexpected(attacked: Attacked) -> None:
    """The last test of the file: what came before has left no traceback."""
    assert "Traceback" not in attacked.stderr
    assert "unexpected error" not in attacked.stderr
