"""
Starts and stops the local runtime: the one place where the line, the services and the sockets are put together.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import secrets
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import orjson

from livebus.access import Authenticator
from livebus.errors import LivebusError, Place
from livebus.faults import Faults, Injection
from livebus.flow import CompiledApi, Line
from livebus.identity import COGNITO, OIDC
from livebus.realtime import RealtimeSettings
from livebus.runtime.application_files import ApplicationFiles
from livebus.runtime.archive_api import ArchiveApi
from livebus.runtime.archive_store import ArchiveStore
from livebus.runtime.archives import Archives
from livebus.runtime.aws_endpoint import AwsEndpoint, Service
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.callers import is_loopback
from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.runtime.event_buses import EventBuses
from livebus.runtime.events_api import EventsApi
from livebus.runtime.fault_control import FaultControl
from livebus.runtime.http_server import HttpServer
from livebus.runtime.journal import Journal
from livebus.runtime.listener import Listener, bind
from livebus.runtime.oidc_keys import OidcKeys
from livebus.runtime.replays import Replays
from livebus.runtime.served_api import ServedApi
from livebus.runtime.sqs import Sqs
from livebus.runtime.state import RUNTIME_FILE, StateFolder, write_outputs
from livebus.runtime.tls import make_ca, server_context
from livebus.runtime.trace import Trace
from livebus.subscription import SubscriptionSettings
from livebus.template import Environment
from livebus.template.application import Application, AuthProvider, UserPool

_KEY_FILE = "signing-key.pem"
# What AWS's own tools are given where there is no account. The secret lets IAM requests be verified like any other.
LOCAL_ACCESS_KEY = "test"
LOCAL_SECRET_KEY = "test"  # noqa: S105 - no secret: it opens nothing but this runtime
_TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How to run. ``user`` is a name and a password; without it a user is made, with a random password.

    ``shares_state``: where another runtime holds the state folder, a folder inside it is used.
    ``time_scale`` divides the waiting between retries, ``latency`` (seconds) delays each first attempt. ``faults`` are
    failures on purpose.
    """

    template: Path
    state: Path
    host: str = "127.0.0.1"
    shares_state: bool = False
    port: int = 4566
    user: tuple[str, str] | None = None
    outputs: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
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
    realtime: RealtimeSettings = field(default_factory=RealtimeSettings)
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)


class Runtime:
    """A running runtime. ``outputs`` are the template's Outputs, and where and as whom to reach it."""

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        """``tell`` prints a line for people. Where nobody reads any more (a closed pipe), lines are let go."""
        self._settings = settings
        self._print = tell
        self._closers: list[Callable[[], object]] = []
        self._apis: dict[str, ServedApi] = {}
        self._paths: dict[str, ServedApi] = {}
        self._oidc_keys = OidcKeys(self._tell)
        self._pool_ids: set[str] = set()
        self._user: tuple[str, str] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.outputs: dict[str, Any] = {}

    def _tell(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._print(line)

    # --- start and stop ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """
        Start everything, or raise LivebusError having stopped what was started: a port that is taken, a template with
        faults, a state folder in use.
        """
        try:
            await self._start()
        except OSError as error:
            await self.stop()
            reason = error.strerror or str(error)
            raise LivebusError(f"cannot start: {reason}", Place(str(error.filename or ""))) from None
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self._settings
        state = StateFolder.first_free(settings.state) if settings.shares_state else StateFolder(settings.state)
        if state.path != settings.state:
            self._tell(f"another runtime holds {settings.state}: this one keeps its state in {state.path}")
        self._closers.append(state.close)
        listening = bind(settings.host, settings.port)
        self._closers.append(listening.close)
        environment = Environment(settings.stack_name, settings.region, endpoint=_endpoint(settings.host, listening))
        self._files = ApplicationFiles.of(settings.template, environment, settings.parameters)
        line = self._files.load(settings=settings.subscriptions)
        self._state = state
        self._journal = Journal(state.file("journal.sqlite"))
        self._closers.append(self._journal.close)
        self.trace = Trace(self._tell, time.time, verbose=settings.verbose)
        self._closers.append(lambda: self.trace.tick(ends=True))
        if settings.trace is not None:
            self._open_trace(settings.trace)
        self._cognito = CognitoIdp(
            line.application.user_pools,
            _signing_keys(state),
            UserStore(state.file("users.json")),
            region=settings.region,
            clock=time.time,
            new_id=_new_id,
            random_bytes=secrets.token_bytes,
            notify=self._tell,
        )
        self._archives = Archives(ArchiveStore(state.file("archive.sqlite")), clock=time.time, tell=self._tell)
        self._closers.append(self._archives.close)
        self._faults = Faults(settings.failing_targets, settings.latency, _chance)
        self._faults.inject(settings.faults)
        self.buses = EventBuses(
            line,
            self._journal,
            self.trace,
            clock=time.time,
            new_id=_new_id,
            jitter=secrets.SystemRandom().random,
            time_scale=settings.time_scale,
            strict=settings.strict,
            faults=self._faults,
            archive=self._archives.offer,
        )
        self._replays = Replays(self._archives, self.buses.replay, clock=time.time, tell=self._tell)
        self._closers.append(self._close_buses)
        self._sqs = Sqs(line.application.queues, self._journal, clock=time.time, new_id=_new_id)
        self._use(line)
        http = self._http_server(environment.endpoint)
        listener = Listener(listening, http.protocols, lambda: server_context(state, settings.host))
        ca = make_ca(state)
        waiting = self.buses.resume()
        if waiting:
            self._tell(f"{waiting} events from before wait for another try")
        replaying = self._replays.resume()
        if replaying:
            self._tell(f"{replaying} replays from before go on")
        listener.start()
        self._listener, self._http = listener, http
        user_name, password = self._user or ("", "")
        self._announce = {
            "EndpointUrl": environment.endpoint,
            "ConsoleUrl": "",
            "UserName": user_name,
            "Password": password,
            "CaFile": str(ca),
            "Region": settings.region,
        }
        self._write_outputs()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        """Close the sockets, leave the journal whole, take back the state file. Safe to call at any point of a start."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
            self._ticking = None
        await self._oidc_keys.close()
        if hasattr(self, "_listener"):
            await self._listener.close()
            self._sqs.close()
            await self._replays.close()
            await self._http.close()
        while self._closers:
            self._closers.pop()()

    def _close_buses(self) -> None:
        waiting = self.buses.close()
        if waiting:
            self._tell(f"{waiting} events wait for another try; the next start goes on with them")

    # --- parts ------------------------------------------------------------------------------------------------------

    def _http_server(self, endpoint: str) -> HttpServer:
        archives = ArchiveApi(self._archives, self._replays, lambda: self.buses.line.application.buses, clock=time.time)
        services: dict[str, Service] = {
            "AWSEvents": EventsApi(self.buses, archives),
            "AWSCognitoIdentityProviderService": self._cognito,
            "AmazonSQS": self._sqs,
        }
        documents = {
            "jwks.json": self._cognito.jwks,
            "openid-configuration": lambda pool_id: self._cognito.openid_configuration(pool_id, endpoint),
        }
        return HttpServer(
            AwsEndpoint(services, _new_id),
            lambda: self._paths,
            documents,
            new_id=_new_id,
            origins=self._settings.origins,
            check_host=is_loopback(self._settings.host),
            faults=self._faults,
            fault_control=FaultControl(self._faults, self._target_ids, self._tell),
        )

    def _target_ids(self) -> list[str]:
        rules = self.buses.line.application.rules
        return list(dict.fromkeys(target.id for rule in rules for target in rule.targets))

    def _open_trace(self, path: Path) -> None:
        try:
            file: IO[bytes] = path.open("ab", buffering=0)
        except OSError as error:
            raise LivebusError(f"cannot write the trace: {error.strerror}", Place(str(path))) from None
        path.chmod(0o600)
        self._closers.append(file.close)

        def write(record: dict[str, Any]) -> None:
            try:
                file.write(_json_line(record))
            except OSError as error:
                self.trace.listeners.remove(write)
                self._tell(f"the trace ends here: {path}: {error.strerror}")

        self.trace.listeners.append(write)

    def _make_user(self, pools: Sequence[UserPool]) -> None:
        """The user that may sign in, in every pool of the template; none where there is no pool."""
        if not pools:
            return
        if self._user is None:
            self._user = self._settings.user or ("subscriber", secrets.token_urlsafe(15))
        name, password = self._user
        for pool in pools:
            try:
                self._cognito.ensure_user(pool.user_pool_id, name, password)
            except AwsError as error:
                raise LivebusError(
                    f"cannot make the user {name!r}: {error.message}", advice="Give another with --user NAME:PASSWORD."
                ) from None

    def _write_outputs(self) -> None:
        self.outputs = {**self.buses.line.application.outputs, **self._announce}
        self._state.write(RUNTIME_FILE, json.dumps({**self.outputs, "Pid": os.getpid()}, indent=2) + "\n")
        if self._settings.outputs is not None:
            write_outputs(self._settings.outputs, self.outputs)

    # --- the line ---------------------------------------------------------------------------------------------------

    def _use(self, line: Line) -> None:
        """Put a line to work; on a reload the connections and subscriptions of what is kept go on."""
        application = line.application
        self.buses.line = line
        self._sqs.replace_queues(application.queues)
        self._archives.use(application.archives)
        self._cognito.replace_pools(application.user_pools)
        pool_ids = {pool.user_pool_id for pool in application.user_pools}
        self._make_user([pool for pool in application.user_pools if pool.user_pool_id not in self._pool_ids])
        self._pool_ids = pool_ids
        providers = [provider for api in application.apis for provider in api.providers if provider.mode == OIDC]
        self._oidc_keys.use(provider.issuer for provider in providers if provider.issuer)
        for logical_id in [known for known in self._apis if known not in line.apis]:
            self._apis.pop(logical_id).end("the template has this API no more")
        for logical_id, compiled in line.apis.items():
            self._serve(logical_id, compiled, self._authenticator(compiled, application))
        self._paths = {urlsplit(api.compiled.api.graphql_url).path: api for api in self._apis.values()}
        for warning in line.warnings:
            self._tell(f"warning: {warning}")

    def _serve(self, logical_id: str, compiled: CompiledApi, authenticator: Authenticator) -> None:
        served = self._apis.get(logical_id)
        if served is None:
            self._apis[logical_id] = ServedApi(
                compiled, authenticator, self.buses.services, self._settings.realtime, self._tell
            )
        else:
            served.compiled, served.authenticator = compiled, authenticator

    def _authenticator(self, compiled: CompiledApi, application: Application) -> Authenticator:
        return Authenticator(
            compiled.api,
            region=application.region,
            account=application.account,
            jwks_for=self._jwks_for,
            secret_for={LOCAL_ACCESS_KEY: LOCAL_SECRET_KEY}.get,
        )

    def _jwks_for(self, provider: AuthProvider) -> Mapping[str, Any] | None:
        if provider.mode == OIDC and provider.issuer is not None:
            return self._oidc_keys.document(provider.issuer)
        if provider.mode != COGNITO or provider.user_pool_id is None:
            return None
        try:
            return self._cognito.jwks(provider.user_pool_id)
        except AwsError:
            return None

    async def _tick(self) -> None:
        """What is done now and then: look for changes in the files, tell what the trace left out."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.trace.tick()
            self._archives.tick()
            if not self._settings.reload or not self._files.changed():
                continue
            try:
                self.reload()
            except Exception:  # a bug of ours in a station must not be the end of all reloads
                logging.getLogger("livebus").exception("unexpected error")
                self._tell("not reloaded: unexpected error; the last good application goes on")

    def reload(self) -> bool:
        """Load the files again. A fault keeps the last good application and is told; whether the new one is in use."""
        kept = {logical_id: api.compiled.subscriptions for logical_id, api in self._apis.items()}
        try:
            line = self._files.load(kept, self._settings.subscriptions)
        except LivebusError as error:
            for fault in error.faults:
                self._tell(f"not reloaded: {fault}")
            self._tell("the last good application goes on")
            return False
        for logical_id, compiled in line.apis.items():
            if logical_id in kept:
                kept[logical_id].links = compiled.schema.links
        try:
            self._use(line)
            self._write_outputs()
        except (LivebusError, OSError) as error:
            self._tell(f"reloaded, but: {error}")
            return True
        self._tell("reloaded: the application's files changed")
        return True


def _json_line(record: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a whole number beyond 64 bits, from a resolver say
        return f"{json.dumps(record, default=str)}\n".encode()


def _chance(seed: int | None) -> Callable[[], float]:
    """A source of numbers from 0 to 1 for faults: the same ones for the same seed."""
    return random.Random(seed).random  # noqa: S311 - nothing is kept secret with it


def _new_id() -> str:
    return str(uuid.uuid4())


def _endpoint(host: str, listening: socket.socket) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    name = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{name}:{listening.getsockname()[1]}"


def _signing_keys(state: StateFolder) -> SigningKeys:
    pem = state.read_bytes(_KEY_FILE)
    if pem is not None:
        return SigningKeys.from_pem(pem, Place(str(state.file(_KEY_FILE))))
    keys = SigningKeys.generate()
    state.write(_KEY_FILE, keys.to_pem())
    return keys
