"""
Which addresses are called: those of this machine, and those that stand in for others by ``--map-endpoint``.

In: a URL of a template, the URLs that are mapped. Out: the URL that is called, on a loopback address, or nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from livebus.errors import closest
from livebus.template.api_destination import ClientCredentials
from livebus.template.application import Application, DataSource


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's, by itself: no name server is asked."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(url: str, mapped: Mapping[str, str]) -> str:
    """
    The URL that is called for another; empty where it would be one of another machine.

    The longest of the mapped URLs that the given one begins with counts, up to the end of a part of its path.
    """
    mapping = mapping_of(url, mapped)
    if mapping:
        url = mapped[mapping].rstrip("/") + url[len(mapping.rstrip("/")) :]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return ""
    is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return url if is_plain and is_loopback(host.lower()) else ""


def mapping_of(url: str, mapped: Iterable[str]) -> str:
    """The one of the mapped URLs that stands for a URL; empty where none does."""
    bare = url.rstrip("/")
    for each in sorted(mapped, key=lambda given: len(given.rstrip("/")), reverse=True):
        prefix = each.rstrip("/")
        if bare == prefix or bare.startswith((f"{prefix}/", f"{prefix}?")):
            return each
    return ""


def unused_mappings(application: Application, mapped: Iterable[str]) -> list[tuple[str, str]]:
    """The mapped URLs that stand for nothing in an application, each with the URL that may have been meant, or nothing."""
    urls = {source.endpoint.url for source in _sources(application) if source.endpoint is not None}
    targets = (target for rule in application.rules for target in rule.other_targets)
    for destination in (target.destination.api for target in targets if target.destination is not None):
        if destination is None:
            continue
        urls.add(destination.endpoint)
        authorization = destination.connection.authorization if destination.connection is not None else None
        if isinstance(authorization, ClientCredentials):
            urls.add(authorization.endpoint)
    mapped = list(mapped)
    used = {mapping_of(url, mapped) for url in urls}
    return [(each, closest(each, urls)) for each in mapped if each not in used]


def _sources(application: Application) -> Iterator[DataSource]:
    for api in application.apis:
        for resolver in api.resolvers:
            if resolver.data_source is not None:
                yield resolver.data_source
            yield from (function.data_source for function in resolver.functions)
