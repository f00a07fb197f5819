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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from livebus.errors import LivebusError, Place
from livebus.realtime import RealtimeSettings
from livebus.runtime.application_files import ApplicationFiles
from livebus.runtime.appsync.api_logs import ApiLogs
from livebus.runtime.appsync.data_sources import DataSources
from livebus.runtime.appsync.get_api import get_api
from livebus.runtime.appsync.http_calls import HttpCalls
from livebus.runtime.appsync.oidc_keys import OidcKeys
from livebus.runtime.aws_errors import Answer
from livebus.runtime.cloudformation.actions import NAMESPACE as CLOUDFORMATION_NAMESPACE
from livebus.runtime.cloudformation.actions import CloudFormation
from livebus.runtime.cloudformation.deployment import Deployer
from livebus.runtime.cloudformation.effects import Effects
from livebus.runtime.cloudformation.file_stack import FileStack
from livebus.runtime.cloudformation.kept_stacks import bring_back
from livebus.runtime.cloudformation.stack import Stack
from livebus.runtime.cloudformation.stack_files import StackFiles
from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.runtime.eventbridge.archive_api import ArchiveApi
from livebus.runtime.eventbridge.archive_store import ArchiveStore
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.events_api import EventsApi
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.replays import Replays
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.faults.control import FaultControl, check_targets
from livebus.runtime.faults.injection import Faults, Injection
from livebus.runtime.function_calls import FunctionCalls
from livebus.runtime.identity_pools import IdentityPools
from livebus.runtime.kept.journal import Journal
from livebus.runtime.kept.state import RUNTIME_FILE, StateFolder, write_outputs
from livebus.runtime.page.history import History
from livebus.runtime.port.aws_endpoint import AwsEndpoint, QueryService, Service
from livebus.runtime.port.callers import Gate
from livebus.runtime.port.connections import Connections, most_connections, raise_limit
from livebus.runtime.port.http_server import HttpServer
from livebus.runtime.port.listener import Listener, bind
from livebus.runtime.port.tls import make_ca, server_context
from livebus.runtime.s3.objects import S3Objects
from livebus.runtime.s3.service import S3
from livebus.runtime.served_stacks import LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY, ServedStacks
from livebus.runtime.sqs import Sqs
from livebus.runtime.ssm import Ssm
from livebus.runtime.sts import NAMESPACE as STS_NAMESPACE
from livebus.runtime.sts import Sts
from livebus.runtime.tables import TARGET as DYNAMODB_TARGET
from livebus.runtime.tables import Tables
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.sandbox import Worker
from livebus.subscription import SubscriptionSettings
from livebus.template import Environment
from livebus.template.endpoints import is_loopback
from livebus.terminal.counts import counted, noun

if TYPE_CHECKING:
    from livebus.runtime.page.service import Page

_KEY_FILE = "signing-key.pem"
_TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How to run. ``template`` None starts without an application, to deploy into. ``user`` is a name and a password;
    without it a user is made, with a random password. ``parameters`` have to be the template's; of ``overrides``
    (samconfig.toml's) those count that are.

    ``shares_state``: where another runtime holds the state folder, a folder inside it is used.
    ``time_scale`` divides the waiting between retries, ``latency`` (seconds) delays each first attempt. ``faults`` are
    failures on purpose. Without ``functions`` no code of the template's functions runs. ``mapped_endpoints`` are the URLs
    that HTTP data sources call in place of others.
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
    realtime: RealtimeSettings = field(default_factory=RealtimeSettings)
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)


class Runtime:
    """A running runtime. ``outputs`` are the template's Outputs, and where and as whom to reach it."""

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        """``tell`` prints a line for people. Where nobody reads any more (a closed pipe), lines are let go."""
        self._settings = settings
        self._print = tell
        self._closers: list[Callable[[], object]] = []
        self._oidc_keys = OidcKeys(self._tell)
        self._ticking: asyncio.Task[None] | None = None
        self._file_stack: FileStack | None = None
        self._announce: dict[str, str] = {}
        self._credentials = TemporaryCredentials(time.time, secrets.token_bytes)
        self.outputs: dict[str, Any] = {}

    @property
    def state(self) -> Path:
        """The folder in which this runtime keeps its state."""
        return self._state.path

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
        environment = Environment(
            settings.stack_name,
            settings.region,
            endpoint=_endpoint(settings.host, listening),
            mapped_endpoints=settings.mapped_endpoints,
        )
        self._state = state
        self._journal = Journal(state.file("journal.sqlite"))
        self._closers.append(self._journal.close)
        self._make_trace(environment)
        self._closers.append(lambda: self.trace.tick(ends=True))
        if settings.trace is not None:
            self._open_trace(settings.trace)
        self._logs = ApiLogs(
            lambda: [api.compiled.api.api_id for api in self.served.paths.values()],
            clock=time.time,
            new_id=_new_id,
            other_groups=lambda: [*self._functions.log_groups, *self._log_group_targets()],
        )
        users = self._start_cognito(environment)
        self._archives = Archives(ArchiveStore(state.file("archive.sqlite")), clock=time.time, tell=self._tell)
        self._closers.append(self._archives.close)
        objects = S3Objects(state.file("s3.sqlite"))
        self._closers.append(objects.close)
        self._s3 = S3(objects, region=settings.region, clock=time.time, new_id=_new_id)
        self._functions = self._function_calls(environment, state, objects)
        self._sources = self._data_sources(environment, state)
        self._faults = Faults(settings.failing_targets, settings.latency, _chance)
        self._faults.inject(settings.faults)
        sandbox = Worker()
        self._closers.append(sandbox.close)
        self.buses = EventBuses(
            Lines(environment),
            self._journal,
            self.trace,
            clock=time.time,
            new_id=_new_id,
            jitter=secrets.SystemRandom().random,
            time_scale=settings.time_scale,
            strict=settings.strict,
            faults=self._faults,
            log=self._logs.write,
            archive=self._archives.offer,
            hand_over=self._functions.hand_over,
            sandbox=sandbox,
            log_line=self._logs.append,
            sources=self._sources,
        )
        self._replays = Replays(self._archives, self.buses.replay, clock=time.time, tell=self._tell)
        self._closers.append(self._close_buses)
        self._sqs = Sqs((), self._journal, clock=time.time, new_id=_new_id)
        self.served = ServedStacks(
            environment,
            self.buses,
            self._sqs,
            self._archives,
            self.tables,
            self._cognito,
            self._oidc_keys,
            settings.realtime,
            settings.subscriptions,
            self._tell,
            self._logs.write,
            lambda: secrets.token_urlsafe(15),
            self._credentials,
            self._identities,
            settings.user,
            lambda applications: self._functions.use(applications, self._template_folder),
        )
        self._start_stacks(environment, users, objects)
        if settings.template is not None:  # what is deployed later brings targets of its own
            check_targets(settings.failing_targets, settings.faults, self._target_ids())
        http = self._http_server(environment)
        listener = Listener(listening, http.protocol, lambda: server_context(state, settings.host), self._connections())
        ca = make_ca(state)
        self._resume()
        listener.start()
        self._listener, self._http = listener, http
        self._announce = {
            "EndpointUrl": environment.endpoint,
            "ConsoleUrl": self.trace.page,
            "CaFile": str(ca),
            "Region": settings.region,
        }
        self._write_outputs()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    def _resume(self) -> None:
        """Go on with what an earlier runtime left."""
        waiting = self.buses.resume()
        if waiting:
            self._tell(f"{counted(waiting, 'event')} from before {noun(waiting, 'waits', 'wait')} for another try")
        replaying = self._replays.resume()
        if replaying:
            self._tell(f"{counted(replaying, 'replay')} from before {noun(replaying, 'goes', 'go')} on")

    def _connections(self) -> Connections:
        """How many sockets there may be: as many as the system lets this process have files."""
        files, low = raise_limit()
        if low:
            self._tell(low)
        return Connections(most_connections(files), tell=self._tell, clock=time.monotonic)

    def _function_calls(self, environment: Environment, state: StateFolder, objects: S3Objects) -> FunctionCalls:
        return FunctionCalls(
            environment,
            self._journal,
            self.trace,
            unpacked=state.empty_folder("functions"),
            read_object=objects.body,
            log=self._logs.append,
            clock=time.time,
            new_id=_new_id,
            tell=self._tell,
            time_scale=self._settings.time_scale,
            is_on=self._settings.functions,
        )

    async def stop(self) -> None:
        """Close the sockets, leave the journal whole, take back the state file. Safe to call at any point of a start."""
        if hasattr(self, "buses"):
            self.buses.stop()
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
            await self._cloudformation.close()
        if hasattr(self, "_sources"):
            await self._sources.close()
        if hasattr(self, "buses"):
            await self.buses.api_destinations.close()
        if hasattr(self, "_functions"):
            await self._functions.close()
        while self._closers:
            self._closers.pop()()

    def _close_buses(self) -> None:
        waiting = self.buses.close()
        if waiting:
            self._tell(
                f"{counted(waiting, 'event waits', 'events wait')} for another try; the next start goes on with "
                f"{noun(waiting, 'it', 'them')}"
            )

    # --- parts ------------------------------------------------------------------------------------------------------

    def _start_cognito(self, environment: Environment) -> UserStore:
        """User pools and identity pools, with the keys that sign the tokens of both."""
        state, settings = self._state, self._settings
        users, keys = UserStore(state.file("users.json")), _signing_keys(state)
        self._identities = IdentityPools(keys, self._credentials, environment, time.time, secrets.token_bytes)
        self._cognito = CognitoIdp(
            (),
            keys,
            users,
            region=settings.region,
            clock=time.time,
            new_id=_new_id,
            random_bytes=secrets.token_bytes,
            notify=self._tell,
        )
        return users

    def _template_folder(self, stack: str) -> Path | None:
        """The folder of a stack's template: of the one on disk. Those that are deployed have none."""
        followed = self._file_stack
        if followed is None or followed.stack.name != stack or not followed.is_followed:
            return None
        return followed.files.template.parent

    def _start_stacks(self, environment: Environment, users: UserStore, objects: S3Objects) -> None:
        """Put the template on disk to work, and what was deployed before."""
        settings, state = self._settings, self._state
        deployer = self._deployer = Deployer(
            self.served,
            StackFiles(state.path / "stacks", self._tell),
            Effects(environment, self.served, objects, self._journal, users, self._archives, self.tables, time.time),
            self._s3.read_text,
            self._tell,
            time.time,
            _new_id,
            self._changed,
        )
        self._cloudformation = CloudFormation(deployer, _new_id)
        beside = settings.stack_name if settings.template is not None else ""
        bring_back(self._cloudformation, deployer, deployer.files.read(), beside=beside)
        if settings.template is None:
            return
        stack = Stack(environment.stack_id, settings.stack_name, "CREATE_IN_PROGRESS", time.time(), follows_files=True)
        files = ApplicationFiles.of(
            settings.template, environment, settings.parameters, settings.overrides, anywhere=settings.allow_outside
        )
        self._file_stack = FileStack(stack, files, deployer)
        self._file_stack.load()
        self._cloudformation.stacks[stack.name] = stack

    def _data_sources(self, environment: Environment, state: StateFolder) -> DataSources:
        self.tables = Tables(state.file("dynamodb.sqlite"), environment, clock=time.time, tell=self._tell)
        self._closers.append(self.tables.close)
        credentials = LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY
        mapped = self._settings.mapped_endpoints
        http = HttpCalls(environment.endpoint, mapped, credentials=credentials, clock=time.time)
        return DataSources(_new_id, self.tables.operation, self._functions.invoke, http)

    def _http_server(self, environment: Environment) -> HttpServer:
        archives = ArchiveApi(self._archives, self._replays, lambda: self.buses.lines.buses, clock=time.time)
        services: dict[str, Service] = {
            "AWSEvents": EventsApi(self.buses, archives),
            "AWSCognitoIdentityProviderService": self._cognito,
            "AWSCognitoIdentityService": self._identities,
            "AmazonSQS": self._sqs,
            "Logs_20140328": self._logs,
            "AmazonSSM": Ssm(lambda: list(self._deployer.running.values()), time.time),
            DYNAMODB_TARGET: self.tables,
        }
        queries: dict[str, QueryService] = {
            "cloudformation": QueryService(self._cloudformation.call, CLOUDFORMATION_NAMESPACE, self._settings.region),
            "sts": QueryService(Sts(environment, self._credentials, self._identities).call, STS_NAMESPACE),
        }
        documents = {
            "jwks.json": self._cognito.jwks,
            "openid-configuration": lambda pool_id: self._cognito.openid_configuration(pool_id, environment.endpoint),
        }
        fault_control = FaultControl(self._faults, self._target_ids, self._tell)
        return HttpServer(
            AwsEndpoint(services, queries, self._s3, _new_id, self._appsync),
            lambda: self.served.paths,
            documents,
            new_id=_new_id,
            gate=Gate(self._settings.origins, check_host=is_loopback(self._settings.host)),
            faults=self._faults,
            fault_control=fault_control,
            functions=self._functions,
            page=None if self.history is None else lambda: self._page(environment, services, fault_control),
        )

    def _page(self, environment: Environment, services: Mapping[str, Service], fault_control: FaultControl) -> Page:
        """The page; loaded when the first browser asks for it."""
        from livebus.runtime.page.parts import Parts
        from livebus.runtime.page.service import Page

        assert self.history is not None
        settings = self._settings
        files = self._file_stack
        return Page(
            Parts(
                environment=environment,
                history=self.history,
                buses=self.buses,
                served=self.served,
                journal=self._journal,
                cognito=self._cognito,
                tables=self.tables,
                events=services["AWSEvents"],
                faults=fault_control,
                trace=self.trace,
                clock=time.time,
                new_id=_new_id,
                random_token=lambda: secrets.token_urlsafe(16),
                template=files.files.template if files is not None else None,
                parameters=settings.parameters,
                time_scale=settings.time_scale,
            )
        )

    def _appsync(self, method: str, path: str) -> Answer | None:
        return get_api(method, path, lambda: (each.compiled.api for each in self.served.paths.values()), _new_id())

    def _target_ids(self) -> list[str]:
        rules = self.buses.lines.rules
        targets = [target for rule in rules for target in (*rule.targets, *rule.function_targets, *rule.other_targets)]
        return list(dict.fromkeys(target.id for target in targets))

    def _log_group_targets(self) -> list[str]:
        rules = self.buses.lines.rules
        groups = [each.destination.log_group for rule in rules for each in rule.other_targets if each.destination]
        return [group for group in dict.fromkeys(groups) if group]

    def _make_trace(self, environment: Environment) -> None:
        """The trace, and behind it what the page shows; there is none where others than this machine can ask."""
        self.history = History(time.time) if is_loopback(self._settings.host) else None
        page = f"{environment.endpoint}/" if self.history is not None else ""
        self.trace = Trace(self._tell, time.time, verbose=self._settings.verbose, history=self.history, page=page)

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

    # --- outputs ----------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        """Another application runs: tell those who look for it."""
        if not self._announce:
            return
        try:
            self._write_outputs()
        except (LivebusError, OSError) as error:
            self._tell(f"the outputs cannot be written: {error}")

    def _write_outputs(self) -> None:
        user_name, password = self.served.user or ("", "")
        if self.outputs and user_name and not self.outputs["UserName"]:
            # The first user pool came with a deployment: only now is there somebody who may sign in to it.
            shown = "" if self._settings.user else f" with password {password}"
            self._tell(f"sign in    {user_name}{shown}")
        own = {**self._announce, "UserName": user_name, "Password": password}
        stacks = {name: dict(each.outputs) for name, each in self.served.applications().items()}
        self.outputs = {**self._main_outputs(stacks), **own}
        template = self._settings.template if self._file_stack and self._file_stack.is_followed else None
        of_the_process = {
            "TemplateFile": str(template.absolute()) if template else "",
            "TemplateStack": self._settings.stack_name if template else "",
            "Pid": os.getpid(),
        }
        state = {**self.outputs, "Stacks": stacks, **of_the_process}
        self._state.write(RUNTIME_FILE, json.dumps(state, indent=2) + "\n")
        if self._settings.outputs is not None:
            write_outputs(self._settings.outputs, self.outputs)

    def _main_outputs(self, stacks: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """Those of the stack that the runtime is started for; else of the first that has an event bus of its own."""
        first = (outputs for outputs in stacks.values() if "EventBusName" in outputs)
        return stacks.get(self._settings.stack_name) or next(first, {})

    # --- the files on disk ------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """What is done now and then: look for changes in the files, tell what the trace left out."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.trace.tick()
            self._archives.tick()
            self.tables.tick()
            if self._file_stack is None or not self._settings.reload or not self._file_stack.changed():
                continue
            try:
                self.reload()
            except Exception:  # a bug of ours in a station must not be the end of all reloads
                logging.getLogger("livebus").exception("unexpected error")
                self._tell("not reloaded: unexpected error; the last good application goes on")

    def reload(self) -> bool:
        """Load the files again. A fault keeps the last good application and is told; whether the new one is in use."""
        if self._file_stack is None or not self._file_stack.reload():
            return False
        self._changed()
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
