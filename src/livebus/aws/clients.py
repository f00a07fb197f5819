"""
From a verb's flags to AWS clients, or to the local runtime's.

In: a :class:`ReachFlags`. Out: boto3 clients, and how a service is reached without one. boto3 costs 0.2 s to import: that is paid when
the first client is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from livebus.aws import local_runtime
from livebus.aws.direct.reach import Reach, address, fixed, from_environment
from livebus.aws.local_runtime import LocalRuntime
from livebus.errors import LivebusError, Place, Unreachable
from livebus.files import MAX_SETTINGS_BYTES, content, is_file, reason_of
from livebus.publish.signer import Credentials
from livebus.stack.samconfig import DeployConfig, read_deploy_config


@dataclass(frozen=True, slots=True)
class ReachFlags:
    """
    Where a verb is to go, as its flags say; an empty string where a flag is not given.

    ``folders`` are where ``samconfig.toml`` and ``.livebus/`` are looked for, the first one first.
    """

    folders: Sequence[Path]
    local: bool = False
    endpoint_url: str = ""
    profile: str = ""
    region: str = ""
    stack_name: str = ""
    config_env: str = "default"


class Clients:
    """
    Clients of one destination.

    With ``local`` no AWS configuration is read at all: the local runtime's address and region come from its state
    file, the credentials are fixed dummies, and proxies are not used. Else a flag stands above samconfig.toml (as in
    SAM CLI, so that the stack is looked for where ``sam deploy`` put it), and that above the rest of AWS's chain.
    """

    def __init__(self, destination: ReachFlags) -> None:
        self._destination = destination
        self._reached: dict[str, Reach] = {}

    @cached_property
    def runtime(self) -> LocalRuntime | None:
        """The local runtime with ``local``, else None. Raises Unreachable where it does not run."""
        where = self._destination
        return local_runtime.find(where.folders) if where.local else None

    def reach(self, service: str, doing: str) -> Reach:
        """
        How a service is reached without boto3's client; ``doing`` is what for, such as "publish".

        Raises Unreachable for what is wrong with the configuration, NeedsBoto3 for what only boto3 speaks.
        """
        if service not in self._reached:
            self._reached[service] = self._reach(service, doing)
        return self._reached[service]

    def _reach(self, service: str, doing: str) -> Reach:
        if self.runtime is not None:
            where = address(self.runtime.endpoint_url, service)
            return Reach(where, self.runtime.region, fixed(Credentials("test", "test")))
        region = self._destination.region or self._config.region
        profile = self._destination.profile or self._config.profile
        endpoint_url = self._destination.endpoint_url
        if not profile:
            reach = from_environment(service, os.environ, region=region, endpoint_url=endpoint_url)
            if reach is not None:
                return reach
        from livebus.aws.direct.botocore_reach import from_botocore

        return from_botocore(service, profile, doing=doing, region=region, endpoint_url=endpoint_url)

    def client(self, service: str, **options: Any) -> Any:
        """
        Make a boto3 client that sends each request once: who calls it decides what is worth another attempt.

        ``options`` go into botocore's Config.

        Raises Unreachable for what is wrong with the profile, the region or the credentials' configuration.
        """
        from botocore.config import Config

        from livebus.aws.refusal import told_as_faults

        once: dict[str, Any] = {
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 10,
            "read_timeout": 30,
            **options,
        }
        if self.runtime is not None:
            endpoint_url: str | None = self.runtime.endpoint_url
            once |= {"proxies": {}, "use_fips_endpoint": False, "use_dualstack_endpoint": False}
        else:
            endpoint_url = self._destination.endpoint_url or None
        with told_as_faults(f"set up {service}"):
            try:
                return self._boto3.client(service, endpoint_url=endpoint_url, config=Config(**once))
            except ValueError as error:  # botocore's for an endpoint URL that is none
                raise Unreachable(f"cannot set up {service}: {error}") from None

    def post(self, service: str) -> Callable[[str, bytes], tuple[int, bytes]]:
        """
        Make a function for POST requests with a JSON body, signed for a service (SigV4): the answer's status and body.

        Raises Unreachable where there are no credentials; the function does where no answer comes.
        """
        from livebus.aws.signed_request import signed_post

        return signed_post(self._boto3, service, local=self.runtime is not None)

    @property
    def where(self) -> str:
        """The place in words, for people: an endpoint, or a region."""
        if self.runtime is not None:
            return self.runtime.endpoint_url
        if self._destination.endpoint_url:
            return self._destination.endpoint_url
        return next((reach.region for reach in self._reached.values()), "") or str(self._boto3.region_name)

    @cached_property
    def _boto3(self) -> Any:
        import boto3
        import botocore.session

        from livebus.aws.refusal import told_as_faults

        with told_as_faults("use the AWS configuration"):
            if self.runtime is None:
                return boto3.Session(
                    profile_name=self._destination.profile or self._config.profile or None,
                    region_name=self._destination.region or self._config.region or None,
                )
            nothing = (None, None, os.devnull, None)
            core = botocore.session.Session(
                session_vars={
                    "profile": (None, None, None, None),
                    "config_file": nothing,
                    "credentials_file": nothing,
                }
            )
            return boto3.Session("test", "test", region_name=self.runtime.region, botocore_session=core)

    @cached_property
    def _config(self) -> DeployConfig:
        environment = self._destination.config_env
        for folder in self._destination.folders:
            file = folder / "samconfig.toml"
            if is_file(file):
                try:
                    text = content(file, most=MAX_SETTINGS_BYTES).decode()
                except (OSError, UnicodeDecodeError) as error:
                    raise LivebusError(f"cannot be read: {reason_of(error)}", Place(str(file))) from None
                return read_deploy_config(text, str(file), environment)
        return DeployConfig()
