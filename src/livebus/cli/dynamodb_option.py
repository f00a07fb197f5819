"""
The flag ``--endpoint dynamodb=URL`` of ``livebus local``: whose tables resolvers write into, and who signs for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from livebus.cli.parser import Parser

if TYPE_CHECKING:
    from livebus.runtime.table_endpoint import DynamoDBEndpoint

_REGIONAL = re.compile(r"dynamodb(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def read(parser: Parser, given: Sequence[str]) -> str:
    """The URL of --endpoint dynamodb=URL; empty where there is none. Ends the command where it is none that may be."""
    found = ""
    for each in given:
        service, is_pair, url = each.partition("=")
        if service != "dynamodb" or not is_pair or not _is_plain(url):
            parser.error(
                "--endpoint takes dynamodb=http://127.0.0.1:8000, or dynamodb=https://dynamodb.REGION.amazonaws.com"
            )
        if urlsplit(url).scheme == "http" and not _is_local(url):
            parser.error(f"--endpoint {each}: over plain HTTP only an address of this machine is asked; write https://")
        found = url
    return found


def _is_plain(url: str) -> bool:
    """Whether it is an HTTP URL of a host, without a user or a query: who asks is said by a signature alone."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    has_more = "@" in parts.netloc or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not has_more


def lends_credentials(url: str, host: str) -> bool:
    """Whether others who reach the runtime at this host would write to tables of AWS with the credentials of whoever started it."""
    return bool(url) and not _is_local(url) and not _is_loopback(host)


def _is_local(url: str) -> bool:
    return _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    from livebus.template.endpoints import is_loopback  # a command that is told no endpoint does not need it

    return is_loopback(host)


def connected(url: str, region: str) -> DynamoDBEndpoint:
    """DynamoDB at a URL: boto3's parts sign for it, and are loaded for it only. A region's own host names its region."""
    from livebus.aws.dynamodb_endpoint import connect
    from livebus.runtime.table_endpoint import DynamoDBEndpoint

    local = _is_local(url)
    named = _REGIONAL.fullmatch(urlsplit(url).hostname or "")
    return DynamoDBEndpoint(url, connect(url, region=named[1] if named else region, local=local), is_local=local)
