"""Pages of foreign origins: what they send is answered 403 before anything is done, whatever it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from abuse.conftest import Attack, Attacked
from support.http import request

FOREIGN = ["https://example.com", "null", "http://localhost.example.com", "http://127.0.0.1.nip.io", ""]
S3 = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


def upgraded(runtime: Attacked, origin: str | None) -> int:
    """The status that a WebSocket upgrade from a page of this origin gets."""

    async def check() -> int:
        subprotocols: Any = ["graphql-ws"]
        url = str(runtime.outputs["RealtimeUrl"])
        try:
            async with connect(url, subprotocols=subprotocols, origin=origin, proxy=None):  # type: ignore[arg-type]
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    return asyncio.run(check())


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_gets_no_websocket(attacked: Attacked, origin: str) -> None:
    """CORS does not cover WebSockets: the upgrade itself is refused."""
    assert upgraded(attacked, origin) == 403


@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "http://[::1]:5173"])
def test_a_page_of_this_machine_gets_one(attacked: Attacked, origin: str | None) -> None:
    """So does a program, which has no origin."""
    assert upgraded(attacked, origin) == 101


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_deletes_nothing(attacked: Attacked, origin: str) -> None:
    """A request that a browser sends without asking first (text/plain) deletes no object."""
    s3 = attacked.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="treasure", Body=b"gold")
    body = b"<Delete><Object><Key>treasure</Key></Object></Delete>"
    headers = {"Content-Type": "text/plain", "Authorization": S3, "Origin": origin}

    assert request(attacked.port, "POST", "/kept?delete", body=body, headers=headers).status == 403
    assert s3.get_object(Bucket="kept", Key="treasure")["Body"].read() == b"gold"


def test_a_foreign_page_puts_no_event(attacked: Attacked) -> None:
    """A call with a foreign origin beside one of this machine is refused, too."""
    body = json.dumps({"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}).encode()
    headers = {"X-Amz-Target": "AWSEvents.PutEvents", "Origin": "https://example.com"}
    assert request(attacked.port, "POST", "/", body=body, headers=headers).status == 403


def test_an_image_of_a_foreign_page_is_refused(attacked: Attacked) -> None:
    """What a browser sends without an Origin it marks as cross-site."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert request(attacked.port, "GET", "/kept/treasure", headers={**headers, "Authorization": S3}).status == 403


def test_no_page_at_all_reaches_the_runtimes_own_paths(attacked: Attacked) -> None:
    """Pages of this machine included."""
    headers = {"Origin": "http://localhost:3000"}
    assert request(attacked.port, "GET", "/_livebus/faults", headers=headers).status == 403
    assert request(attacked.port, "GET", "/_livebus/faults").status == 200


def test_an_allowed_origin_is_let_in_everywhere(attack: Attack) -> None:
    """``--allow-origin`` counts for WebSockets as it does for calls."""
    runtime = attack("--allow-origin", "https://example.com")
    assert (upgraded(runtime, "https://example.com"), upgraded(runtime, "https://example.org")) == (101, 403)
