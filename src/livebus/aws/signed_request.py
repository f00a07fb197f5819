"""
One POST request, signed with Signature Version 4, by botocore's own parts: for AppSync's GraphQL, which has no client.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError, NoRegionError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from livebus.aws.refusal import told_as_faults

_SECONDS = 40  # AppSync's own limit for a request is 30


def signed_post(session: Any, service: str, *, local: bool) -> Callable[[str, bytes], tuple[int, bytes]]:
    """``session`` is boto3's. With ``local`` no proxy stands between. Raises Unreachable."""
    with told_as_faults("sign requests"):
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        region = session.region_name
        if not region:
            raise NoRegionError
    http: dict[str, URLLib3Session] = {}

    def post(url: str, body: bytes) -> tuple[int, bytes]:
        if url not in http:
            http[url] = URLLib3Session(timeout=_SECONDS, proxies={} if local else get_environ_proxies(url))
        with told_as_faults(f"call {url}"):
            request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
            # Frozen anew for each request: credentials that end are renewed.
            SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(request)
            response = http[url].send(request.prepare())
            return response.status_code, response.content

    return post
