"""How a local runtime is to run: what its command line says, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livebus.cdk_assembly import CdkApplication
from livebus.realtime import RealtimeSettings
from livebus.runtime.faults.injection import Injection
from livebus.runtime.table_endpoint import DynamoDBEndpoint
from livebus.subscription import SubscriptionSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How to run. ``template`` None starts without an application, to deploy into; ``application`` is one of AWS CDK with several
    stacks, of which ``template`` is the manifest and ``stack_name`` the name for all. ``user`` is a name and a password;
    without it a user is made, with a random password. ``parameters`` have to be the template's; of ``overrides``
    (samconfig.toml's) those count that are.

    ``shares_state``: where another runtime holds the state folder, a folder inside it is used.
    ``time_scale`` divides the waiting between retries, ``latency`` (seconds) delays each first attempt. ``faults`` are
    failures on purpose. Without ``functions`` no code of the template's functions runs. ``mapped_endpoints`` are the URLs
    that HTTP data sources call in place of others. ``dynamodb`` is where tables are, in place of the runtime's own.
    """

    template: Path | None
    state: Path
    host: str = "127.0.0.1"
    shares_state: bool = False
    port: int = 4566
    user: tuple[str, str] | None = None
    outputs: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    stack_name: str = "livebus"
    region: str = "us-east-1"
    verbose: bool = False
    trace: Path | None = None
    time_scale: float = 1.0
    failing_targets: frozenset[str] = frozenset()
    latency: float = 0.0
    faults: tuple[Injection, ...] = ()
    strict: bool = False
    origins: tuple[str, ...] = ()
    reload: bool = True
    functions: bool = True
    allow_outside: bool = False
    mapped_endpoints: Mapping[str, str] = field(default_factory=dict)
    dynamodb: DynamoDBEndpoint | None = None
    realtime: RealtimeSettings = field(default_factory=RealtimeSettings)
    application: CdkApplication | None = None
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)
