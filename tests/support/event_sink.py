"""
A PutEvents endpoint that takes whatever comes, fast: for tests and benchmarks of publishers. It keeps no events.

    python tests/support/event_sink.py --port 0 --ready ready.json [--log accepted.txt] [--limit 600] [--fail 0.3 --seed 7]

Once it listens, the file of ``--ready`` has its URL. ``GET /statistics`` answers what it has done so far (with ``?restart`` it
counts from then on); ``GET /hold?after=N`` lets requests wait once N more entries are accepted, ``GET /release`` answers those that come later.
SIGTERM ends it, and it prints the same on stdout. Of each accepted entry the log has a line: the member ``n`` of its detail, or a digest.

What ``--fail`` picks from, with equal chances, for its share of the requests: see FAILURES. What is retryable says
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html; a request beyond ``--limit`` is
answered as https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html has it: 400, ThrottlingException.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import resource
import signal
import socket
import ssl
import struct
import sys
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, cast

import orjson

MAX_ENTRIES = 10
BURST_SECONDS = 0.1  # of --limit, that may come at once: AWS does not tell its own
SLOW_SECONDS = 0.3
HELD_SECONDS = 600.0  # a request that is held is reset at last: whoever sent it is gone by then
FAILURES = (
    "throttled",  # the whole request: 400 ThrottlingException
    "broken",  # 500 InternalFailure
    "unavailable",  # 503, and no JSON
    "reset before",  # the connection is reset, nothing was accepted
    "reset after",  # the connection is reset, all was accepted
    "cut off",  # half of the answer comes, all was accepted
    "slow",  # the answer takes SLOW_SECONDS
    "closing",  # a good answer with Connection: close
    "partial",  # half of the entries: ThrottlingException or InternalFailure
)

_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search
_target = re.compile(rb"\r\nx-amz-target: *AWSEvents\.(\w+)", re.IGNORECASE).search
_closing = re.compile(rb"\r\nconnection: *close", re.IGNORECASE).search

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing tells the other side of a reset, not of an end
_JSON = "application/x-amz-json-1.1"
_ID = b'{"EventId":"%08x-0000-4000-8000-%012x"}'


def response(status: str, body: bytes, *, kind: str = _JSON, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def error(status: str, code: str, message: str) -> bytes:
    return response(status, orjson.dumps({"__type": code, "message": message}))


THROTTLED = error("400 Bad Request", "ThrottlingException", "Rate exceeded")
BROKEN = error("500 Internal Server Error", "InternalFailure", "Unexpected failure")
UNAVAILABLE = response("503 Service Unavailable", b"<html>busy</html>", kind="text/html")


def identity(detail: str) -> str:
    """What an entry is known by in the log: the member ``n`` of its detail, else a digest of the text."""
    try:
        number = orjson.loads(detail)["n"]
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(detail.encode()).hexdigest()[:16]
    return str(number)


def is_final(name: str, share: float) -> bool:
    """Whether the entry of this identity is one of the share that is always refused: with the same answer each time."""
    return zlib.crc32(name.encode()) < share * 2**32


class Sink:
    """What all connections share: settings, counts, chance."""

    def __init__(self, options: argparse.Namespace, log: TextIO | None) -> None:
        self.latency = options.latency_ms / 1000
        self.limit = options.limit
        self.burst = options.burst_seconds
        self.throttle = options.throttle
        self.fail = options.fail
        self.final = options.final
        self.buses = frozenset(options.bus)
        self.verify = Verifier(options) if options.verify else None
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(options.seed)
        self._log = log
        # Beyond so many accepted entries requests are not answered, and nothing of them is accepted.
        self._hold_at: int | None = None
        self._tokens = 0.0
        self._first = self._last = 0.0  # when the first and the last request came
        self._refilled = time.monotonic()
        # Entries are only counted where nothing depends on what they are.
        self._exact = bool(log is not None or self.fail or self.final)

    def answer(self, head: bytes, body: bytes) -> tuple[bytes | None, float, bool]:
        """What to answer (None: a reset), after how many seconds, and whether the connection is closed then."""
        if self.verify is not None and (wrong := self.verify(head, body)):
            self.counts["wrongly signed"] += 1
            return error("403 Forbidden", "InvalidSignatureException", wrong), 0.0, False
        target = _target(head)
        if target is None or target[1] != b"PutEvents":
            return self._other(head, target[1].decode() if target else "", body), 0.0, False
        self.counts["requests"] += 1
        if self._hold_at is not None and self.counts["accepted"] >= self._hold_at:
            self.counts["held"] += 1
            return None, HELD_SECONDS, True
        self._last = time.monotonic()
        self._first = self._first or self._last
        if self.limit and not self._admitted():
            self.counts["throttled"] += 1
            return THROTTLED, self.latency, False
        if self.throttle and self._chance.random() < self.throttle:
            self.counts["throttled"] += 1
            return THROTTLED, self.latency, False
        if self.fail and self._chance.random() < self.fail:
            return self._failure(self._chance.choice(FAILURES), body)
        return self._put(body), self.latency, False

    def _failure(self, kind: str, body: bytes) -> tuple[bytes | None, float, bool]:
        self.counts[kind] += 1
        match kind:
            case "throttled" | "broken" | "unavailable":
                return {"throttled": THROTTLED, "broken": BROKEN, "unavailable": UNAVAILABLE}[kind], self.latency, False
            case "reset before":
                return None, self.latency, True
            case "reset after":
                self._put(body)
                return None, self.latency, True
            case "cut off":
                whole = self._put(body)
                return whole[: len(whole) // 2], self.latency, True
            case "slow":
                return self._put(body), self.latency + SLOW_SECONDS, False
            case "closing":
                return self._put(body).replace(b"\r\n", b"\r\nConnection: close\r\n", 1), self.latency, True
        return self._put(body, partial=True), self.latency, False

    def _put(self, body: bytes, *, partial: bool = False) -> bytes:
        number = self.counts["answers"] = self.counts["answers"] + 1
        if not self._exact:
            # In a JSON string the quotes would be escaped: what is counted is members.
            count = body.count(b'"DetailType"')
            self.counts["accepted"] += count
            ids = b",".join([_ID % (number, index) for index in range(count)])
            return response("200 OK", b'{"FailedEntryCount":0,"Entries":[%b]}' % ids)
        entries = orjson.loads(body)["Entries"]
        if not 1 <= len(entries) <= MAX_ENTRIES:
            return error("400 Bad Request", "ValidationException", f"1 to {MAX_ENTRIES} entries, not {len(entries)}")
        results = [self._put_entry(entry, number, index, partial=partial) for index, entry in enumerate(entries)]
        failed = sum(b"ErrorCode" in result for result in results)
        return response("200 OK", b'{"FailedEntryCount":%d,"Entries":[%b]}' % (failed, b",".join(results)))

    def _put_entry(self, entry: dict[str, Any], number: int, index: int, *, partial: bool) -> bytes:
        name = identity(entry["Detail"])
        code = ""
        if is_final(name, self.final):
            code = "NotAuthorizedForSourceException"
        elif partial and self._chance.random() < 0.5:
            code = self._chance.choice(("ThrottlingException", "InternalFailure"))
        if code:
            self.counts[f"entries with {code}"] += 1
            return orjson.dumps({"ErrorCode": code, "ErrorMessage": "by chance"})
        self.counts["accepted"] += 1
        if self._log is not None:
            self._log.write(f"{name}\n")
        return _ID % (number, index)

    def _admitted(self) -> bool:
        now = time.monotonic()
        refill = (now - self._refilled) * self.limit
        self._tokens = min(max(1.0, self.limit * self.burst), self._tokens + refill)
        self._refilled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _other(self, head: bytes, target: str, body: bytes) -> bytes:
        if head.startswith(b"GET /hold?after="):
            self._hold_at = self.counts["accepted"] + int(head.split(b"=")[1].split(b" ")[0])
            self.counts["held"] = 0
            return response("200 OK", b"{}", kind="application/json")
        if head.startswith(b"GET /release "):
            self._hold_at = None
            return response("200 OK", b"{}", kind="application/json")
        if head.startswith(b"GET /statistics"):
            found = self.statistics()
            if head.startswith(b"GET /statistics?restart "):
                self.restart()
            return response("200 OK", orjson.dumps(found), kind="application/json")
        if target == "DescribeEventBus":
            name = str((orjson.loads(body) if body else {}).get("Name", "default")).rpartition("/")[2]
            if self.buses and name not in self.buses:
                return error("400 Bad Request", "ResourceNotFoundException", f"Event bus {name} does not exist.")
            arn = f"arn:aws:events:us-east-1:123456789012:event-bus/{name}"
            return response("200 OK", orjson.dumps({"Name": name, "Arn": arn}))
        return error("400 Bad Request", "UnknownOperationException", target)

    def statistics(self) -> dict[str, Any]:
        if self._log is not None:
            self._log.flush()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu = round(usage.ru_utime + usage.ru_stime, 3)
        return {**self.counts, "firstRequestAt": self._first, "lastRequestAt": self._last, "cpuSeconds": cpu}

    def restart(self) -> None:
        """Count from now on."""
        self.counts.clear()
        self._first = self._last = 0.0


class Verifier:
    """Signs a request again, with botocore, and compares: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""

    def __init__(self, options: argparse.Namespace) -> None:
        from botocore.credentials import Credentials

        self._credentials = Credentials(options.access_key, options.secret_key)

    def __call__(self, head: bytes, body: bytes) -> str:
        """What is wrong with the signature; nothing where it is right."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        given = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
        if scheme != "AWS4-HMAC-SHA256":
            return "the request is not signed"
        _, _, region, service, _ = given["Credential"].split("/")
        if service != "events":
            return f"the signature is for {service!r}"
        method, path, _ = request_line.split(" ")
        signed = {name: headers[name] for name in given["SignedHeaders"].split(";")}
        if missing := {"host", "x-amz-date", "x-amz-target"} - set(signed):
            return f"not signed: {', '.join(sorted(missing))}"
        request = AWSRequest(method, f"http://{headers['host']}{path}", headers=signed, data=body)
        request.context["timestamp"] = headers["x-amz-date"]
        auth = SigV4Auth(self._credentials, service, region)
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return "" if signature == given["Signature"] else "the signature does not match"


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive; requests may come before earlier ones are answered, and are answered in their order."""

    def __init__(self, sink: Sink, call_later: Callable[..., object]) -> None:
        self._sink = sink
        self._call_later = call_later
        self._buffer = b""
        # Answers that are due: [bytes, or None for a reset; whether the connection ends]; empty until it is time.
        self._due: deque[list[Any]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none of asyncio's
        self._sink.counts["connections"] += 1

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        start = 0
        while (end := buffer.find(b"\r\n\r\n", start)) >= 0:
            head = buffer[start : end + 2]
            length = _length(head)
            after = end + 4 + (int(length[1]) if length else 0)
            if after > len(buffer):
                break
            answer, delay, ends = self._sink.answer(head, buffer[end + 4 : after])
            start = after
            if not delay and not ends and not self._due:
                assert answer is not None
                self._transport.write(answer)
                if _closing(head):
                    self._transport.close()
                continue
            slot: list[Any] = []
            self._due.append(slot)
            if delay:
                self._call_later(delay, self._answer, slot, answer, ends or bool(_closing(head)))
            else:
                self._answer(slot, answer, ends or bool(_closing(head)))
        self._buffer = buffer[start:] if start else buffer

    def _answer(self, slot: list[Any], answer: bytes | None, ends: bool) -> None:
        slot += [answer, ends]
        while self._due and self._due[0]:
            data, last = self._due.popleft()
            if data is None:
                connection = self._transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self._transport.abort()
            elif not self._transport.is_closing():
                self._transport.write(data)
                if last:
                    self._transport.close()


def tls_context(ca_file: Path) -> ssl.SSLContext:
    """A certificate for localhost, of a new CA whose own certificate is written into the file."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


async def serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    log = open(options.log, "a", encoding="utf-8") if options.log else None  # noqa: SIM115, PTH123, ASYNC230
    sink = Sink(options, log)
    context = tls_context(options.tls) if options.tls else None
    server = await loop.create_server(
        lambda: Connection(sink, loop.call_later), "127.0.0.1", options.port, ssl=context, backlog=2048
    )
    port = server.sockets[0].getsockname()[1]
    url = f"https://localhost:{port}" if context else f"http://127.0.0.1:{port}"
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if options.ready:
        made = options.ready.with_name(options.ready.name + ".new")
        made.write_text(json.dumps({"url": url, "pid": os.getpid()}))
        made.replace(options.ready)
    sys.stderr.write(f"{url}\n")
    await ended.wait()
    server.close()
    sys.stdout.write(f"{json.dumps(sink.statistics())}\n")
    if log is not None:
        log.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready", type=Path, metavar="FILE", help="written once it listens: JSON with url and pid")
    parser.add_argument("--log", type=Path, metavar="FILE", help="a line for each accepted entry")
    parser.add_argument("--tls", type=Path, metavar="FILE", help="speak TLS; write the CA's certificate into FILE")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument(
        "--limit", type=float, default=0.0, metavar="N", help="requests per second; the rest is throttled"
    )
    parser.add_argument(
        "--burst-seconds",
        type=float,
        default=BURST_SECONDS,
        metavar="S",
        help="of --limit, that may come at once; a request at the least",
    )
    parser.add_argument("--throttle", type=float, default=0.0, metavar="SHARE", help="of the requests, at any rate")
    parser.add_argument("--fail", type=float, default=0.0, metavar="SHARE", help="of the requests, in one of all ways")
    parser.add_argument("--final", type=float, default=0.0, metavar="SHARE", help="of the entries, always refused")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--bus", action="append", default=[], metavar="NAME", help="the only buses there are (default: any)"
    )
    parser.add_argument("--verify", action="store_true", help="refuse what is not signed with the keys below")
    parser.add_argument("--access-key", default="test")
    parser.add_argument("--secret-key", default="test")
    options = parser.parse_args()
    import uvloop

    uvloop.run(serve(options))


if __name__ == "__main__":
    sys.path.pop(0)  # this file's folder: support.http would hide Python's own
    main()
