"""S3: where a request's bucket and key are, bodies in chunks, listings, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.runtime.s3.objects import S3Objects
from livebus.runtime.s3.service import S3, S3Request, split_location


@pytest.fixture
def s3(tmp_path: Path, clock: Any, new_id: Any) -> Iterator[S3]:
    objects = S3Objects(tmp_path / "s3.sqlite")
    yield S3(objects, region="eu-west-1", clock=clock, new_id=new_id)
    objects.close()


def call(
    s3: S3, method: str, path: str, body: bytes = b"", *, host: str = "127.0.0.1", **headers: str
) -> tuple[int, str]:
    plain, _, query = path.partition("?")
    answer = s3.call(S3Request(method, host, plain, query, {k.replace("_", "-"): v for k, v in headers.items()}, body))
    return answer.status, answer.body.decode()


LOCATIONS = [
    ("s3://bucket/a/b%20c", ("bucket", "a/b c")),
    ("http://127.0.0.1:4566/bucket/a/b?versionId=1", ("bucket", "a/b")),
    ("http://bucket.localhost:4566/a/b", ("bucket", "a/b")),
    ("https://s3.us-east-1.amazonaws.com/bucket/a", ("bucket", "a")),
    ("https://bucket.s3.us-east-1.amazonaws.com/a", ("bucket", "a")),
    ("https://bucket.s3.amazonaws.com/a", ("bucket", "a")),
    ("nonsense", ("", "")),
]


@pytest.mark.parametrize(("location", "expected"), LOCATIONS)
def test_an_object_is_found_by_every_form_of_its_location(location: str, expected: tuple[str, str]) -> None:
    """The bucket stands in the path, before S3's host name, or after s3://."""
    assert split_location(location) == expected


def test_an_object_is_what_was_put(s3: S3) -> None:
    """Put by path, read by host name; its metadata and type come back."""
    assert call(s3, "PUT", "/bucket")[0] == 200
    assert call(s3, "PUT", "/bucket/a%20b", b"text", x_amz_meta_who="me", Content_Type="text/x")[0] == 200
    answer = s3.call(S3Request("GET", "bucket.localhost", "/a%20b", "", {}, b""))
    assert (answer.body, answer.headers["Content-Type"], answer.headers["x-amz-meta-who"]) == (b"text", "text/x", "me")
    head = s3.call(S3Request("HEAD", "127.0.0.1", "/bucket/a%20b", "", {}, b""))
    assert (head.body, head.headers["Content-Length"]) == (b"", "4")
    assert s3.read_text("s3://bucket/a b") == "text"


def test_a_body_in_chunks_is_put_together(s3: S3) -> None:
    """aws-chunked: sizes in hex, with signatures or without, and trailers at the end."""
    call(s3, "PUT", "/bucket")
    body = b"4;chunk-signature=0\r\ntext\r\n2\r\n!!\r\n0\r\nx-amz-checksum-crc32:AAAA==\r\n\r\n"
    streaming = {"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    assert call(s3, "PUT", "/bucket/k", body, **streaming)[0] == 200
    assert s3.read_text("s3://bucket/k") == "text!!"


@pytest.mark.parametrize("body", [b"", b"zz\r\ntext", b"10\r\ntext\r\n0\r\n\r\n", b"4\r\ntext\r\n"])
def test_a_body_that_ends_too_soon_is_refused(s3: S3, body: bytes) -> None:
    """What is cut off in the middle of a chunk is not kept."""
    call(s3, "PUT", "/bucket")
    status, told = call(s3, "PUT", "/bucket/k", body, x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert (status, "IncompleteBody" in told) == (400, True)
    assert call(s3, "GET", "/bucket/k")[0] == 404


def test_a_listing_goes_page_by_page(s3: S3) -> None:
    """Keys in their order, by prefix, so many at a time; the token leads to the next."""
    call(s3, "PUT", "/bucket")
    for key in ("a/1", "a/2", "a/3", "b"):
        call(s3, "PUT", f"/bucket/{key}", b"x")
    first = call(s3, "GET", "/bucket?list-type=2&prefix=a/&max-keys=2")[1]
    assert first.count("<Contents>") == 2
    assert "<IsTruncated>true</IsTruncated><NextContinuationToken>a/2</NextContinuationToken>" in first
    last = call(s3, "GET", "/bucket?list-type=2&prefix=a/&max-keys=2&continuation-token=a/2")[1]
    assert ("<Key>a/3</Key>" in last, last.count("<Contents>")) == (True, 1)


def test_many_are_deleted_at_once(s3: S3) -> None:
    """DeleteObjects names what it deleted; XML that is none is refused."""
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/bucket/a", b"x")
    told = call(s3, "POST", "/bucket?delete", b"<Delete><Object><Key>a</Key></Object></Delete>")
    assert told == (
        200,
        "<DeleteResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Deleted><Key>a</Key></Deleted></DeleteResult>",
    )
    assert call(s3, "POST", "/bucket?delete", b"<Delete>")[0] == 400
    assert call(s3, "DELETE", "/bucket")[0] == 204


REFUSED = [
    ("GET", "/nowhere", 404, "NoSuchBucket"),
    ("GET", "/nowhere/key", 404, "NoSuchBucket"),
    ("GET", "/bucket/nothing", 404, "NoSuchKey"),
    ("POST", "/bucket/key?uploads", 501, "NotImplemented"),
    ("PUT", "/bucket/key?partNumber=1&uploadId=x", 501, "NotImplemented"),
    ("GET", "/bucket?lifecycle&delimiter=x", 501, "NotImplemented"),
    ("PATCH", "/bucket", 501, "NotImplemented"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), REFUSED)
def test_what_is_not_there_is_refused_in_s3s_shape(s3: S3, method: str, path: str, status: int, code: str) -> None:
    """Missing buckets and keys, and calls that are not emulated."""
    call(s3, "PUT", "/bucket")
    answered, told = call(s3, method, path)
    assert (answered, f"<Error><Code>{code}</Code>" in told) == (status, True), told


def test_a_bucket_with_objects_is_not_deleted(s3: S3) -> None:
    """S3's words; emptied, it goes."""
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/bucket/a", b"x")
    assert call(s3, "DELETE", "/bucket")[0] == 409
    call(s3, "DELETE", "/bucket/a")
    assert call(s3, "DELETE", "/bucket")[0] == 204


def test_text_that_is_none_is_told(s3: S3) -> None:
    """An artefact has to be UTF-8; what is not there is told in S3's words."""
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/bucket/a", b"\xff")
    with pytest.raises(LivebusError, match=r"s3://bucket/a: the object is not UTF-8 \(byte 0\)"):
        s3.read_text("s3://bucket/a")
    with pytest.raises(LivebusError, match=r"The specified key does not exist\."):
        s3.read_text("s3://bucket/b")
