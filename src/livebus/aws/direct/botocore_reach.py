"""
How a service is reached without boto3's client, as botocore's configuration and chain of credentials have it.

In: a profile, a region, an endpoint (each may be empty). Out: a :class:`~livebus.aws.direct.reach.Reach`, with any kind of
credentials; those that expire are renewed by botocore.
https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from __future__ import annotations

import os
from typing import Any

from botocore.exceptions import NoCredentialsError, NoRegionError
from botocore.session import Session

from livebus.aws.direct.reach import PROXIES, REGION, NeedsBoto3, Reach, address
from livebus.aws.refusal import told_as_faults
from livebus.publish.signer import Credentials


def from_botocore(service: str, profile: str, *, doing: str, region: str = "", endpoint_url: str = "") -> Reach:
    """Ask botocore. Raises Unreachable for what is wrong there, NeedsBoto3 for what only boto3's client speaks."""
    session = Session(profile=profile or None)
    with told_as_faults("use the AWS configuration"):
        scoped = session.get_scoped_config()
    with told_as_faults(f"set up {service}"):
        for name, words in (
            ("use_fips_endpoint", "FIPS endpoints"),
            ("use_dualstack_endpoint", "dual-stack endpoints"),
        ):
            if session.get_config_variable(name):
                raise NeedsBoto3(words)
        if any(os.environ.get(name) for name in PROXIES):
            raise NeedsBoto3("a proxy")
        region = region or session.get_config_variable("region") or ""
        if not region:
            raise NoRegionError
        where = address(endpoint_url or _endpoint_url(session, scoped, service, region), service)
    with told_as_faults(doing):
        found = session.get_credentials()
        if found is None:
            raise NoCredentialsError

        def frozen() -> Credentials:
            now = found.get_frozen_credentials()
            return Credentials(str(now.access_key), str(now.secret_key), now.token or "")

        frozen()  # credentials that cannot be had are told now
    ca_file = session.get_config_variable("ca_bundle") or ""
    return Reach(where, region, frozen, ca_file, renewed=hasattr(found, "refresh_needed"))


def _endpoint_url(session: Session, scoped: dict[str, Any], service: str, region: str) -> str:
    """The usual host name; a client is made only to ask it where that is configured, or of another partition."""
    configured = {*scoped, *(name.lower() for name in os.environ)}
    if REGION.fullmatch(region) and not any("endpoint_url" in name or name == "services" for name in configured):
        return f"https://{service}.{region}.amazonaws.com"
    return str(session.create_client(service, region_name=region).meta.endpoint_url)
