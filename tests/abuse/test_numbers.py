"""Numbers on the wire that are none, or are too large: refused, in no time."""

from __future__ import annotations

import pytest

from abuse.conftest import Attacked
from support.http import Answer, request

S3 = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


def put_chunked(runtime: Attacked, body: bytes) -> Answer:
    request(runtime.port, "PUT", "/chunks", headers={"Authorization": S3})
    headers = {"Authorization": S3, "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    return request(runtime.port, "PUT", "/chunks/key", body=body, headers=headers)


@pytest.mark.parametrize(
    "size", ["-6", "0x5", "1_0", "+3", " 3 ", "", "5.0", "\u0665", "f" * 5_000, "99999999999999999999", "-0", "3;\n"]
)
def test_a_chunk_size_that_is_none_ends_the_body(attacked: Attacked, size: str) -> None:
    """A size is hexadecimal digits; with anything else the body is incomplete. -6 went round for ever."""
    answer = put_chunked(attacked, f"{size}\r\nhello\r\n0\r\n\r\n".encode())
    assert (answer.status, b"IncompleteBody" in answer.body) == (400, True)


@pytest.mark.parametrize(
    "body", [b"5\r\nhello", b"5\r\nhelloXX0\r\n\r\n", b"5", b"\r\n\r\n", b"6\r\nhello\r\n0\r\n\r\n"]
)
def test_a_chunk_that_does_not_end_where_it_says_is_refused(attacked: Attacked, body: bytes) -> None:
    """Each chunk is as long as its size, and has an end of line behind it."""
    assert put_chunked(attacked, body).status == 400


def test_a_body_of_good_chunks_is_taken(attacked: Attacked) -> None:
    """Sizes in either case, with a signature behind them."""
    body = b"A;chunk-signature=0\r\n0123456789\r\n5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n"
    assert put_chunked(attacked, body).status == 200
    got = attacked.client("s3").get_object(Bucket="chunks", Key="key")
    assert got["Body"].read() == b"0123456789hello"


@pytest.mark.parametrize("number", ["-1", "1_0", "+5", "0x10", "9" * 5_000, "\u0661", "1e3", "nan"])
def test_a_number_of_keys_that_is_none_is_refused(attacked: Attacked, number: str) -> None:
    """``max-keys`` is digits."""
    request(attacked.port, "PUT", "/keys", headers={"Authorization": S3})
    from urllib.parse import quote

    answer = request(attacked.port, "GET", f"/keys?max-keys={quote(number)}", headers={"Authorization": S3})
    assert (answer.status, b"InvalidArgument" in answer.body) == (400, True)


@pytest.mark.parametrize("length", ["-1", "1_0", "+5", "0x10", "9" * 5_000, "5, 5", "\u00b2"])
def test_a_content_length_that_is_none_is_refused(attacked: Attacked, length: str) -> None:
    """HTTP's own number, read by the HTTP library."""
    import socket

    with socket.create_connection(("127.0.0.1", attacked.port), timeout=60) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode("latin-1"))
        assert connection.recv(100).split(b" ")[1] == b"400"


@pytest.mark.parametrize(
    "time", ["1" + "0" * 400, "-1e300", "1e308", "true", '"1_0"', "[]", '"' + "9" * 5_000 + '"', "253402300800"]
)
def test_a_time_that_no_clock_shows_is_refused(attacked: Attacked, time: str) -> None:
    """In PutEvents and in StartReplay alike."""
    entry = f'{{"Source":"s","DetailType":"d","Detail":"{{}}","Time":{time}}}'
    replay = f'{{"ReplayName":"r","EventSourceArn":"a","EventStartTime":{time},"EventEndTime":1,"Destination":{{"Arn":"a"}}}}'
    for action, body in (("PutEvents", f'{{"Entries":[{entry}]}}'), ("StartReplay", replay)):
        answer = request(
            attacked.port, "POST", "/", body=body.encode(), headers={"X-Amz-Target": f"AWSEvents.{action}"}
        )
        assert answer.status == 400, action


@pytest.mark.parametrize("handle", ["1_0:x", "-1:x", "\u0661:x", "9" * 5_000, " 1:x", ""])
def test_a_receipt_handle_that_is_none_is_refused(attacked: Attacked, handle: str) -> None:
    """The row in front is digits."""
    import json

    body = json.dumps({"QueueUrl": attacked.outputs["DeadLetterQueueUrl"], "ReceiptHandle": handle}).encode()
    answer = request(attacked.port, "POST", "/", body=body, headers={"X-Amz-Target": "AmazonSQS.DeleteMessage"})
    assert answer.status in (400, 404)
