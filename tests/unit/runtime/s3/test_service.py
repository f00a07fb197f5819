"""S3: where a request's bucket and key are, bodies in chunks, listings, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.runtime.s3.objects import NoRoom, S3Objects
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


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/nowhere", "NoSuchBucket", "The specified bucket does not exist"),
        ("/nowhere/key", "NoSuchBucket", "The specified bucket does not exist"),
        ("/bucket/nothing", "NoSuchKey", "The specified key does not exist."),
    ],
)
def test_what_is_not_there_is_told_in_s3s_words(s3: S3, path: str, code: str, message: str) -> None:
    """With the full stop that it has for keys alone."""
    call(s3, "PUT", "/bucket")
    assert call(s3, "GET", path) == (404, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")


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


XMLNS = "'http://s3.amazonaws.com/doc/2006-03-01/'"


def test_a_bucket_is_made_and_listed(s3: S3, clock: Any) -> None:
    """By its name; making it again changes nothing. Every answer has a request's id."""
    assert call(s3, "GET", "/") == (
        200,
        f"<ListAllMyBucketsResult xmlns={XMLNS}><Buckets></Buckets></ListAllMyBucketsResult>",
    )
    made = s3.call(S3Request("PUT", "127.0.0.1", "/bucket", "", {}, b""))
    assert (made.status, made.headers, made.body) == (200, {"Location": "/bucket", "x-amz-request-id": "id-2"}, b"")
    clock.now += 60
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/another.bucket-1")
    assert call(s3, "GET", "/")[1] == (
        f"<ListAllMyBucketsResult xmlns={XMLNS}><Buckets>"
        "<Bucket><Name>another.bucket-1</Name><CreationDate>2027-01-15T08:01:00.000Z</CreationDate></Bucket>"
        "<Bucket><Name>bucket</Name><CreationDate>2027-01-15T08:00:00.000Z</CreationDate></Bucket>"
        "</Buckets></ListAllMyBucketsResult>"
    )
    head = s3.call(S3Request("HEAD", "127.0.0.1", "/bucket", "", {}, b""))
    assert (head.status, head.headers["x-amz-bucket-region"], head.body) == (200, "eu-west-1", b"")


@pytest.mark.parametrize("name", ["ab", "a" * 64, "Bucket", "-bucket", "bucket-", "buc_ket"])
def test_a_name_that_no_bucket_has_is_refused(s3: S3, name: str) -> None:
    """3 to 63 small letters, digits, dots and hyphens."""
    assert call(s3, "PUT", f"/{name}") == (
        400,
        "<Error><Code>InvalidBucketName</Code><Message>The specified bucket is not valid.</Message></Error>",
    )
    assert call(s3, "PUT", f"/{'a' * 63}")[0] == call(s3, "PUT", "/a.b")[0] == 200


def test_settings_of_a_bucket_are_taken(s3: S3) -> None:
    """And not kept; but for its region and its versions, none can be read."""
    call(s3, "PUT", "/bucket")
    for setting in ("acl", "encryption", "ownershipControls", "policy", "publicAccessBlock", "tagging", "versioning"):
        assert call(s3, "PUT", f"/bucket?{setting}") == (200, "")
    assert call(s3, "PUT", "/nowhere?tagging")[0] == 404
    assert call(s3, "GET", "/bucket?versioning") == (200, f"<VersioningConfiguration xmlns={XMLNS}/>")
    assert call(s3, "GET", "/bucket?location") == (
        200,
        f"<LocationConstraint xmlns={XMLNS}>eu-west-1</LocationConstraint>",
    )
    assert call(s3, "DELETE", "/bucket?policy") == not_emulated("DELETE of a bucket with ?policy")
    assert call(s3, "GET", "/bucket?policy") == not_emulated("GET of a bucket with ?policy")
    assert call(s3, "GET", "/bucket?uploads") == not_emulated("GET of a bucket with ?uploads")
    assert call(s3, "POST", "/bucket") == not_emulated("POST of a bucket with ?")
    assert call(s3, "DELETE", "/") == not_emulated("DELETE /")


def not_emulated(what: str) -> tuple[int, str]:
    message = f"s3: {what} is not emulated by the local runtime."
    return 501, f"<Error><Code>NotImplemented</Code><Message>{message}</Message></Error>"


def test_the_first_region_has_no_location(tmp_path: Path, clock: Any, new_id: Any) -> None:
    """us-east-1 has no constraint."""
    objects = S3Objects(tmp_path / "other.sqlite")
    s3 = S3(objects, region="us-east-1", clock=clock, new_id=new_id)
    call(s3, "PUT", "/bucket")
    assert call(s3, "GET", "/bucket?location")[1] == f"<LocationConstraint xmlns={XMLNS}></LocationConstraint>"
    objects.close()


def test_an_object_has_what_headers_say(s3: S3) -> None:
    """Its MD5 as the etag, when it was put, and a type where none was given; HEAD tells as much as GET."""
    call(s3, "PUT", "/bucket")
    put = s3.call(S3Request("PUT", "127.0.0.1", "/bucket/k", "", {"X-Amz-Meta-Who": "m\xe9"}, b"text"))
    etag = '"1cb251ec0d568de6a929b520c4aed8d1"'
    assert (put.status, put.headers["ETag"], put.body) == (200, etag, b"")
    expected = {
        "Content-Type": "binary/octet-stream",
        "ETag": etag,
        "Last-Modified": "Fri, 15 Jan 2027 08:00:00 GMT",
        "x-amz-meta-who": "m\xe9",
    }
    got = s3.call(S3Request("GET", "127.0.0.1", "/bucket/k", "x-id=GetObject&versionId=null&X-Amz-Date=1", {}, b""))
    assert (got.status, got.body, got.headers) == (200, b"text", {**expected, "x-amz-request-id": "id-3"})
    head = s3.call(S3Request("HEAD", "127.0.0.1", "/bucket/k", "", {}, b""))
    assert (head.body, head.headers) == (b"", {**expected, "Content-Length": "4", "x-amz-request-id": "id-4"})


@pytest.mark.parametrize(
    "headers", [{"Content_Type": "a\x00b"}, {"x_amz_meta_who": "\u20ac"}, {"x_amz_meta_w\u20acho": "x"}]
)
def test_what_no_header_can_carry_is_refused(s3: S3, headers: dict[str, str]) -> None:
    """The answer to GET could not be sent."""
    call(s3, "PUT", "/bucket")
    assert call(s3, "PUT", "/bucket/k", **headers) == (
        400,
        "<Error><Code>InvalidArgument</Code><Message>Header values are Latin-1 without control characters.</Message></Error>",
    )


def test_calls_of_objects_that_are_not_emulated(s3: S3) -> None:
    """By what they ask for: settings, copies, other methods."""
    call(s3, "PUT", "/bucket")
    assert call(s3, "PUT", "/bucket/k?tagging") == not_emulated("PUT of an object with ?tagging")
    assert call(s3, "PUT", "/bucket/k", x_amz_copy_source="/bucket/a") == not_emulated("copying an object")
    assert call(s3, "PATCH", "/bucket/k") == not_emulated("PATCH of an object")


def test_a_key_has_its_length(s3: S3) -> None:
    """1024 bytes of UTF-8."""
    call(s3, "PUT", "/bucket")
    assert call(s3, "PUT", f"/bucket/{'%C3%A9' * 512}")[0] == 200
    assert call(s3, "PUT", f"/bucket/{'%C3%A9' * 512}x") == (
        400,
        "<Error><Code>KeyTooLongError</Code><Message>Your key is too long</Message></Error>",
    )


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"A;chunk-signature=x;y\r\n01234\r\n789\r\n0;chunk-signature=z\r\n\r\n", b"01234\r\n789"),
        (b"0\r\n\r\n", b""),
        (b"0\r\n", b""),
    ],
)
def test_chunks_hold_whatever_they_hold(s3: S3, body: bytes, content: bytes) -> None:
    """Sizes count: an end of line within a chunk is content."""
    call(s3, "PUT", "/bucket")
    assert call(s3, "PUT", "/bucket/k", body, x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD")[0] == 200
    assert s3.objects.body("bucket", "k") == content


@pytest.mark.parametrize(
    "body",
    [
        b"4\r\ntextX\n0\r\n\r\n",
        b"4\r\ntext\rX0\r\n\r\n",
        b"4\r\ntext",
        b"4\r\ntex",
        b"-4\r\ntext\r\n0\r\n\r\n",
        b"0x4\r\ntext\r\n0\r\n\r\n",
        b"4",
    ],
)
def test_chunks_that_are_none_are_refused(s3: S3, body: bytes) -> None:
    """Each ends with an end of line, and its size is hexadecimal digits."""
    call(s3, "PUT", "/bucket")
    assert call(s3, "PUT", "/bucket/k", body, x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER") == (
        400,
        "<Error><Code>IncompleteBody</Code><Message>The request body terminated unexpectedly</Message></Error>",
    )


def test_a_body_that_is_not_streamed_has_no_chunks(s3: S3) -> None:
    """Whatever it looks like."""
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/bucket/k", b"0\r\n\r\n", x_amz_content_sha256="UNSIGNED-PAYLOAD")
    assert s3.objects.body("bucket", "k") == b"0\r\n\r\n"


def contents(key: str, *, element: str = "Contents", version: str = "") -> str:
    return (
        f"<{element}>{version}<Key>{key}</Key><LastModified>2027-01-15T08:00:00.000Z</LastModified>"
        "<ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass>"
        f"</{element}>"
    )


def listing(body: str, *, prefix: str = "", most: int = 1000, count: int, more: str = "false") -> str:
    return (
        f"<ListBucketResult xmlns={XMLNS}><Name>bucket</Name><Prefix>{prefix}</Prefix><MaxKeys>{most}</MaxKeys>"
        f"<KeyCount>{count}</KeyCount><IsTruncated>{more}</IsTruncated>{body}</ListBucketResult>"
    )


@pytest.fixture
def three(s3: S3) -> S3:
    """A bucket with three objects: a, b&c and d."""
    call(s3, "PUT", "/bucket")
    for key in ("d", "a", "b%26c"):
        call(s3, "PUT", f"/bucket/{key}", b"x")
    return s3


NEXT = "<NextContinuationToken>{0}</NextContinuationToken><NextKeyMarker>{0}</NextKeyMarker>"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", listing(contents("a") + contents("b&amp;c") + contents("d"), count=3)),
        ("max-keys=3", listing(contents("a") + contents("b&amp;c") + contents("d"), count=3, most=3)),
        (
            "max-keys=2",
            listing(NEXT.format("b&amp;c") + contents("a") + contents("b&amp;c"), count=2, most=2, more="true"),
        ),
        ("max-keys=0", listing("", count=0, most=0)),
        ("max-keys=2147483647&marker=b%26c", listing(contents("d"), count=1)),
        ("start-after=c", listing(contents("d"), count=1)),
        ("start-after=a&continuation-token=c", listing(contents("d"), count=1)),
        ("key-marker=c", listing(contents("d"), count=1)),
        ("prefix=b%26", listing(contents("b&amp;c"), count=1, prefix="b&amp;")),
        (
            "encoding-type=url&prefix=b%26",
            listing("<EncodingType>url</EncodingType>" + contents("b%26c"), count=1, prefix="b%26"),
        ),
    ],
)
def test_a_listing_says_what_is_there(three: S3, query: str, expected: str) -> None:
    """In the order of the keys; whoever asks for none is told of no more."""
    assert call(three, "GET", f"/bucket?{query}") == (200, expected)


def test_versions_of_a_bucket_without_versions(three: S3) -> None:
    """Each object is its only one."""
    version = "<VersionId>null</VersionId><IsLatest>true</IsLatest>"
    told = call(three, "GET", "/bucket?versions&prefix=a")[1]
    assert told == listing(contents("a", element="Version", version=version), count=1, prefix="a").replace(
        "ListBucketResult", "ListVersionsResult"
    )


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("max-keys=-1", "Provided max-keys not an integer or within integer range"),
        ("max-keys=2147483648", "Provided max-keys not an integer or within integer range"),
        ("encoding-type=xml", "Invalid Encoding Method specified in Request"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(three: S3, query: str, answer: str) -> None:
    """In S3's words."""
    assert call(three, "GET", f"/bucket?{query}") == (
        400,
        f"<Error><Code>InvalidArgument</Code><Message>{answer}</Message></Error>",
    )
    assert call(three, "GET", "/bucket?delimiter=/") == not_emulated("listing with a delimiter")


def test_keys_that_xml_cannot_carry(s3: S3) -> None:
    """Are references, or percent-encoded where that is asked for."""
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/bucket/a%01%22%C3%A9", b"x")
    plain = call(s3, "GET", "/bucket")[1]
    encoded = call(s3, "GET", "/bucket?encoding-type=url")[1]
    assert ('<Key>a&#x1;"é</Key>' in plain, "<Key>a%01%22%C3%A9</Key>" in encoded) == (True, True)


def test_what_is_deleted_is_told(three: S3) -> None:
    """Also what was not there; with a namespace or without."""
    body = b'<Delete xmlns="urn:x"><Object><Key>a</Key></Object><Object><Key>&lt;</Key></Object><Key/><Quiet>x</Quiet></Delete>'
    told = "<Deleted><Key>a</Key></Deleted><Deleted><Key>&lt;</Key></Deleted>"
    assert call(three, "POST", "/bucket?delete", body) == (200, f"<DeleteResult xmlns={XMLNS}>{told}</DeleteResult>")
    assert three.objects.find("bucket", "a") is None
    assert call(three, "POST", "/bucket?delete", b"<") == (
        400,
        "<Error><Code>MalformedXML</Code><Message>The XML you provided was not well-formed</Message></Error>",
    )


def test_texts_that_are_not_there_are_told_in_s3s_words(s3: S3) -> None:
    """A bucket, a key, or a path that nobody uploaded; a mark of order is no text."""
    call(s3, "PUT", "/bucket")
    call(s3, "PUT", "/bucket/bom", b"\xef\xbb\xbftext")
    call(s3, "PUT", "/bucket/bad", b"ab\xff")
    assert s3.read_text("s3://bucket/bom") == "text"
    for location, told in (
        ("s3://nowhere/a", "s3://nowhere/a: The specified bucket does not exist"),
        ("s3://bucket/a", "s3://bucket/a: The specified key does not exist."),
        ("s3://bucket/bad", "s3://bucket/bad: the object is not UTF-8 (byte 2)"),
        (
            "code/a.js",
            (
                "code/a.js: 'code/a.js' is a path beside the template: it was not uploaded; expected s3://bucket/key. Let "
                "sam deploy, or sam package, upload it: aws cloudformation package leaves CodeS3Location as it is."
            ),
        ),
    ):
        with pytest.raises(LivebusError) as error:
            s3.read_text(location)
        assert str(error.value) == told


def test_a_file_without_room_is_an_error_of_the_service(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """500, on which SDKs try again."""
    call(s3, "PUT", "/bucket")

    def full(*_: Any, **__: Any) -> str:
        raise NoRoom("the disk is full")

    monkeypatch.setattr(s3.objects, "put", full)
    assert call(s3, "PUT", "/bucket/k", b"x") == (
        500,
        "<Error><Code>InternalError</Code><Message>the disk is full</Message></Error>",
    )


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://bucket.s3.cn-north-1.amazonaws.com.cn/a%2Fb", ("bucket", "a/b")),
        ("https://bucket.s3.example.com/a", ("a", "")),
        ("http://bucket.localhost/", ("bucket", "")),
        ("http://localhost:1/b%C3%A9/a", ("bé", "a")),
        ("s3://bucket", ("bucket", "")),
        ("s3://bucket/a?versionId=1", ("bucket", "a")),
    ],
)
def test_other_locations(location: str, expected: tuple[str, str]) -> None:
    """China's names; hosts that are not S3's have the bucket in the path."""
    assert split_location(location) == expected
