"""
How a service is reached without boto3's client: address, region, credentials, certificates.

In: environment variables. Out: a :class:`Reach`, or None where they do not say it all; then ``botocore_reach`` is asked,
which takes 0.15 s to import.
https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from livebus.errors import Unreachable
from livebus.files import MAX_SETTINGS_BYTES, content
from livebus.publish.signer import Credentials

# AWS's service ids, which stand in AWS_ENDPOINT_URL_<ID>.
_IDS = {"events": "EVENTBRIDGE", "cloudformation": "CLOUDFORMATION"}
# Partitions whose host names end in amazonaws.com.
REGION = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us|us-gov)-[a-z]+-[0-9]{1,2}")
# What in ~/.aws/config would change where a request goes, or how.
_CONFIGURED = re.compile(r"endpoint_url|services|fips|dualstack|ca_bundle|sigv4a|auth_scheme")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# A path that is signed as it is sent: nothing in it is encoded, no dot segments, no empty ones.
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")


class NeedsBoto3(Exception):
    """What is configured needs boto3's own client; the text says what it is."""


class Address(NamedTuple):
    """Where to connect to. ``header`` is the Host header, ``url`` what to tell people."""

    secure: bool
    host: str
    port: int
    path: str
    header: str
    url: str


class Reach(NamedTuple):
    """``credentials`` may take a while: it renews those that expire. ``ca_file`` is empty for the system's."""

    address: Address
    region: str
    credentials: Callable[[], Credentials]
    ca_file: str = ""
    renewed: bool = False


def address(url: str, service: str) -> Address:
    """Take a URL apart. Raises Unreachable where it is none, NeedsBoto3 for a path that has to be encoded."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or parts.query or parts.fragment:
        raise Unreachable(f"cannot set up {service}: Invalid endpoint: {url}")
    if not _PATH.fullmatch(parts.path) or "@" in parts.netloc:
        raise NeedsBoto3(f"the endpoint URL {url}")
    secure = parts.scheme == "https"
    shown = f"[{host}]" if ":" in host else host
    usual = 443 if secure else 80
    header = shown if port in (None, usual) else f"{shown}:{port}"
    path = f"{parts.path.rstrip('/')}/"
    return Address(secure, host, usual if port is None else port, path, header, url)


def fixed(credentials: Credentials) -> Callable[[], Credentials]:
    """Credentials that never change."""
    return lambda: credentials


def from_environment(
    service: str, environment: Mapping[str, str], *, region: str = "", endpoint_url: str = ""
) -> Reach | None:
    """
    What environment variables (and the flags ``region`` and ``endpoint_url``) say, or None where they do not say it all.

    None too where a profile is named, or ~/.aws/config has something that may matter: then botocore has the word.
    """
    get = environment.get
    key, secret = get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")
    region = region or get("AWS_DEFAULT_REGION", "")
    if not (key and secret and region) or get("AWS_PROFILE") or get("AWS_DEFAULT_PROFILE"):
        return None
    if any(get(name) for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", *PROXIES)):
        return None
    file = Path(get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
    try:
        # People write /dev/null for no file at all, which is no regular one.
        if str(file) != os.devnull and _CONFIGURED.search(content(file, most=MAX_SETTINGS_BYTES).decode()):
            return None
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, UnicodeDecodeError):
        return None
    if not endpoint_url and get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
        endpoint_url = get(f"AWS_ENDPOINT_URL_{_IDS[service]}") or get("AWS_ENDPOINT_URL") or ""
    if not endpoint_url:
        if not REGION.fullmatch(region):
            return None
        endpoint_url = f"https://{service}.{region}.amazonaws.com"
    credentials = Credentials(key, secret, get("AWS_SESSION_TOKEN") or get("AWS_SECURITY_TOKEN") or "")
    return Reach(address(endpoint_url, service), region, fixed(credentials), get("AWS_CA_BUNDLE") or "")
