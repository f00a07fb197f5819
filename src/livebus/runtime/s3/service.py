"""
Amazon S3 as far as a deployment needs it: buckets, and objects that are put, read, listed and deleted. REST, XML.

Other calls are refused by their names: parts of uploads (files above 8 MB are uploaded in parts), copies, versions.
https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, unquote
from xml.etree import ElementTree as ET

import orjson

from livebus.errors import LivebusError, Place
from livebus.numerals import hexadecimal, whole
from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.port.refusals import NOT_IN_XML
from livebus.runtime.s3.objects import NoRoom, S3Objects, StoredObject

_MOST_KEYS = 1000
_LONGEST_KEY = 1024  # bytes of UTF-8
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
# What a header can carry: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
_HEADER_TEXT = re.compile(r"[\x20-\x7e\xa0-\xff\t]*")
_METADATA = "x-amz-meta-"
_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
# Settings of a bucket that change nothing here: taken, and not kept.
_SETTINGS = ("acl", "encryption", "ownershipControls", "policy", "publicAccessBlock", "tagging", "versioning")


# As of version 1.46 `aws cloudformation package` uploads DefinitionS3Location and mapping templates, and no CodeS3Location.
_LEFT_LOCAL = "Let sam deploy, or sam package, upload it: aws cloudformation package leaves CodeS3Location as it is."


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class S3Request:
    """A request of S3; ``path`` as it came, percent-encoded, ``host`` without its port."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class S3:
    def __init__(
        self, objects: S3Objects, *, region: str, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self.objects = objects
        self._region = region
        self._clock = clock
        self._new_id = new_id

    def call(self, request: S3Request) -> HttpAnswer:
        """The answer to one call, errors included."""
        try:
            answer = self._answer(request)
        except _Refused as refused:
            answer = _error(refused)
        except NoRoom as error:
            answer = _error(_Refused(500, "InternalError", str(error)))
        return answer.with_header("x-amz-request-id", self._new_id())

    def read_text(self, location: str) -> str:
        """
        The text of an object by its location, ``s3://bucket/key`` or an URL.

        Raises LivebusError, in S3's words, where it is not there or is no text.
        """
        if "://" not in location:
            found = f"{location!r} is a path beside the template: it was not uploaded"
            raise LivebusError(found, Place(location), expected="s3://bucket/key", advice=_LEFT_LOCAL)
        bucket, key = split_location(location)
        if not self.objects.has_bucket(bucket):
            raise LivebusError("The specified bucket does not exist", Place(location))
        body = self.objects.body(bucket, key)
        if body is None:
            raise LivebusError("The specified key does not exist.", Place(location))
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise LivebusError(f"the object is not UTF-8 (byte {error.start})", Place(location)) from None

    def _answer(self, request: S3Request) -> HttpAnswer:
        bucket, key = _split(request.host, request.path)
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if not bucket:
            return self._buckets(request)
        if not key:
            return self._bucket(request, bucket, query)
        if unknown := [name for name in query if name not in ("x-id", "versionId") and not name.startswith("X-Amz-")]:
            raise _not_emulated(f"{request.method} of an object with ?{unknown[0]}")
        if not self.objects.has_bucket(bucket):
            raise _Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        if len(key.encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
            raise _Refused(400, "KeyTooLongError", "Your key is too long")
        return self._object(request, bucket, key)

    # --- buckets ----------------------------------------------------------------------------------------------------

    def _buckets(self, request: S3Request) -> HttpAnswer:
        if request.method != "GET":
            raise _not_emulated(f"{request.method} /")
        listed = "".join(
            f"<Bucket><Name>{name}</Name><CreationDate>{_iso(made)}</CreationDate></Bucket>"
            for name, made in self.objects.buckets()
        )
        return _xml(f"<ListAllMyBucketsResult xmlns={_XMLNS!r}><Buckets>{listed}</Buckets></ListAllMyBucketsResult>")

    def _bucket(self, request: S3Request, bucket: str, query: Mapping[str, str]) -> HttpAnswer:
        setting = next((name for name in _SETTINGS if name in query), None)
        if not _BUCKET.fullmatch(bucket):
            raise _Refused(400, "InvalidBucketName", "The specified bucket is not valid.")
        if request.method == "PUT" and setting is None:
            self.objects.make_bucket(bucket, self._clock())
            return HttpAnswer(200, {"Location": f"/{bucket}"}, b"")
        if not self.objects.has_bucket(bucket):
            raise _Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        if request.method == "HEAD":
            return HttpAnswer(200, {"x-amz-bucket-region": self._region}, b"")
        if request.method == "PUT":
            return HttpAnswer(200, {}, b"")
        if request.method == "GET":
            return self._read_bucket(bucket, query, setting)
        if request.method == "POST" and "delete" in query:
            return self._delete_objects(bucket, request.body)
        if request.method == "DELETE" and setting is None:
            return self._delete_bucket(bucket)
        raise _not_emulated(f"{request.method} of a bucket with ?{next(iter(query), '')}")

    def _read_bucket(self, bucket: str, query: Mapping[str, str], setting: str | None) -> HttpAnswer:
        if "location" in query:
            # us-east-1 has no location constraint.
            region = "" if self._region == "us-east-1" else self._region
            return _xml(f"<LocationConstraint xmlns={_XMLNS!r}>{region}</LocationConstraint>")
        if "versioning" in query:
            return _xml(f"<VersioningConfiguration xmlns={_XMLNS!r}/>")
        if setting is None and "uploads" not in query:
            return self._list(bucket, query)
        raise _not_emulated(f"GET of a bucket with ?{next(iter(query), '')}")

    def _delete_bucket(self, bucket: str) -> HttpAnswer:
        if not self.objects.is_empty(bucket):
            raise _Refused(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        self.objects.remove_bucket(bucket)
        return HttpAnswer(204, {}, b"")

    def _list(self, bucket: str, query: Mapping[str, str]) -> HttpAnswer:
        """ListObjectsV2, ListObjects, and ListObjectVersions of a bucket without versions."""
        asked = whole(query.get("max-keys", str(_MOST_KEYS)), 2**31 - 1)
        if asked is None:
            raise _Refused(400, "InvalidArgument", "Provided max-keys not an integer or within integer range")
        limit = min(asked, _MOST_KEYS)
        encoding = query.get("encoding-type", "")
        if encoding not in ("", "url"):
            raise _Refused(400, "InvalidArgument", "Invalid Encoding Method specified in Request")
        shown_key = _percent if encoding else _escaped
        prefix, after = query.get("prefix", ""), ""
        for name in ("continuation-token", "start-after", "marker", "key-marker"):
            after = after or query.get(name, "")
        if query.get("delimiter"):
            raise _not_emulated("listing with a delimiter")
        found = self.objects.listed(bucket, prefix, after, limit + 1)
        # Whoever asks for none is told of no more, as on AWS: it has no key to go on from.
        shown, more = found[:limit], len(found) > limit > 0
        element = "Version" if "versions" in query else "Contents"
        version = "<VersionId>null</VersionId><IsLatest>true</IsLatest>" if "versions" in query else ""
        told = "".join(f"<{element}>{version}{_described(each, shown_key)}</{element}>" for each in shown)
        next_page = "<EncodingType>url</EncodingType>" if encoding else ""
        if more:
            last = shown[-1].key
            next_page += f"<NextContinuationToken>{_escaped(last)}</NextContinuationToken>"
            next_page += f"<NextKeyMarker>{shown_key(last)}</NextKeyMarker>"
        root = "ListVersionsResult" if "versions" in query else "ListBucketResult"
        return _xml(
            f"<{root} xmlns={_XMLNS!r}><Name>{bucket}</Name><Prefix>{shown_key(prefix)}</Prefix><MaxKeys>{limit}</MaxKeys>"
            f"<KeyCount>{len(shown)}</KeyCount><IsTruncated>{'true' if more else 'false'}</IsTruncated>{next_page}{told}</{root}>"
        )

    def _delete_objects(self, bucket: str, body: bytes) -> HttpAnswer:
        try:
            root = ET.fromstring(body)  # noqa: S314 - expat refuses what makes XML dangerous: entities within bounds only
        except ET.ParseError:
            raise _Refused(400, "MalformedXML", "The XML you provided was not well-formed") from None
        told = []
        for element in root.iter():
            if element.tag.rpartition("}")[2] == "Key" and element.text:
                self.objects.remove(bucket, element.text)
                told.append(f"<Deleted><Key>{_escaped(element.text)}</Key></Deleted>")
        return _xml(f"<DeleteResult xmlns={_XMLNS!r}>{''.join(told)}</DeleteResult>")

    # --- objects ----------------------------------------------------------------------------------------------------

    def _object(self, request: S3Request, bucket: str, key: str) -> HttpAnswer:
        if request.method == "PUT":
            return self._put(request, bucket, key)
        if request.method == "DELETE":
            self.objects.remove(bucket, key)
            return HttpAnswer(204, {}, b"")
        if request.method not in ("GET", "HEAD"):
            raise _not_emulated(f"{request.method} of an object")
        found = self.objects.find(bucket, key)
        if found is None:
            raise _Refused(404, "NoSuchKey", "The specified key does not exist.")
        metadata: dict[str, str] = orjson.loads(found.metadata)
        headers = {
            "Content-Type": found.content_type,
            "ETag": f'"{found.etag}"',
            "Last-Modified": formatdate(found.modified, usegmt=True),
            **{f"{_METADATA}{name}": value for name, value in metadata.items()},
        }
        if request.method == "HEAD":
            return HttpAnswer(200, {**headers, "Content-Length": str(found.size)}, b"")
        return HttpAnswer(200, headers, self.objects.body(bucket, key) or b"")

    def _put(self, request: S3Request, bucket: str, key: str) -> HttpAnswer:
        headers = request.headers
        if "x-amz-copy-source" in headers:
            raise _not_emulated("copying an object")
        body = request.body
        if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
            body = _unchunked(body)
        metadata = {
            name.lower().removeprefix(_METADATA): value
            for name, value in headers.items()
            if name.lower().startswith(_METADATA)
        }
        content_type = headers.get("Content-Type", "binary/octet-stream")
        if not all(map(_HEADER_TEXT.fullmatch, (content_type, *metadata, *metadata.values()))):
            raise _Refused(400, "InvalidArgument", "Header values are Latin-1 without control characters.")
        etag = self.objects.put(
            bucket,
            key,
            body,
            content_type=content_type,
            metadata=json.dumps(metadata),
            now=self._clock(),
        )
        return HttpAnswer(200, {"ETag": f'"{etag}"'}, b"")


def split_location(location: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key`` or of an object's URL; empty texts where it is neither."""
    scheme, _, rest = location.partition("://")
    host, _, path = rest.partition("/")
    path = path.partition("?")[0]
    if scheme == "s3":
        return host, unquote(path)
    return _split(host.partition(":")[0], f"/{path}")


def _split(host: str, path: str) -> tuple[str, str]:
    """Bucket and key: the bucket stands before S3's own name or before localhost, or first in the path."""
    for suffix in (".localhost", ".s3.amazonaws.com"):
        if host.endswith(suffix):
            return host.removesuffix(suffix), unquote(path.removeprefix("/"))
    before, found, _ = host.partition(".s3.")
    if found and host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return before, unquote(path.removeprefix("/"))
    bucket, _, key = path.removeprefix("/").partition("/")
    return unquote(bucket), unquote(key)


def _unchunked(body: bytes) -> bytes:
    """
    The content of an aws-chunked body: sizes in hex, chunks, and trailers that are not checked here.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    content, offset = bytearray(), 0
    while True:
        end = body.find(b"\r\n", offset)
        # A chunk cannot be larger than what holds it; a missing end of line leaves no size.
        text = body[offset : max(end, offset)].partition(b";")[0].decode("latin-1")
        size = hexadecimal(text, len(body))
        if size == 0:
            return bytes(content)
        begin = end + 2
        if size is None or begin + size > len(body):
            raise _Refused(400, "IncompleteBody", "The request body terminated unexpectedly")
        content += body[begin : begin + size]
        offset = begin + size
        if body[offset : offset + 2] != b"\r\n":
            raise _Refused(400, "IncompleteBody", "The request body terminated unexpectedly")
        offset += 2


def _percent(key: str) -> str:
    """A key as ``encoding-type=url`` asks for it, so that XML can carry every character."""
    return quote(key, safe="/-_.*", errors="surrogatepass")


def _escaped(text: str) -> str:
    """
    A text in XML. Control characters become references, which few parsers take: as on AWS, ``encoding-type=url`` is the
    way out.
    """
    return NOT_IN_XML.sub(lambda found: f"&#x{ord(found.group()):x};", html.escape(text, quote=False))


def _described(found: StoredObject, shown_key: Callable[[str], str]) -> str:
    return (
        f"<Key>{shown_key(found.key)}</Key><LastModified>{_iso(found.modified)}</LastModified>"
        f"<ETag>&quot;{found.etag}&quot;</ETag><Size>{found.size}</Size><StorageClass>STANDARD</StorageClass>"
    )


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xml(xml: str) -> HttpAnswer:
    return HttpAnswer(200, {"Content-Type": "application/xml"}, xml.encode())


def _error(refused: _Refused) -> HttpAnswer:
    message = html.escape(NOT_IN_XML.sub("?", refused.message), quote=False)
    xml = f"<Error><Code>{refused.code}</Code><Message>{message}</Message></Error>"
    return HttpAnswer(refused.status, {"Content-Type": "application/xml"}, xml.encode())


def _not_emulated(what: str) -> _Refused:
    return _Refused(501, "NotImplemented", f"s3: {quote(what, safe=' /?.')} is not emulated by the local runtime.")
