"""
Starts and stops the local runtime: the one place where the line, the services and the sockets are put together.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.errors import LivebusError, Place
from livebus.runtime.announcement import Announcement
from livebus.runtime.application_files import ApplicationFiles
from livebus.runtime.appsync.api_logs import ApiLogs
from livebus.runtime.appsync.data_sources import DataSources
from livebus.runtime.appsync.get_api import get_api
from livebus.runtime.appsync.http_calls import HttpCalls
from livebus.runtime.appsync.oidc_keys import OidcKeys
from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.cloudformation.actions import NAMESPACE as CLOUDFORMATION_NAMESPACE
from livebus.runtime.cloudformation.actions import CloudFormation
from livebus.runtime.cloudformation.deployment import Deployer
from livebus.runtime.cloudformation.effects import Effects
from livebus.runtime.cloudformation.file_stack import FileStack
from livebus.runtime.cloudformation.kept_stacks import bring_back
from livebus.runtime.cloudformation.stack import Stack
from livebus.runtime.cloudformation.stack_files import StackFiles
from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.cognito.kept_keys import kept_signing_keys
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.eventbridge.archive_api import ArchiveApi
from livebus.runtime.eventbridge.archive_store import ArchiveStore
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.eventbridge.attempts import Neighbours
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.events_api import EventsApi
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.eventbridge.replays import Replays
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.eventbridge.trace_file import TraceFile
from livebus.runtime.faults.control import FaultControl, check_targets
from livebus.runtime.faults.injection import Faults
from livebus.runtime.function_calls import FunctionCalls
from livebus.runtime.identity_pools import IdentityPools
from livebus.runtime.ids import new_id as _new_id
from livebus.runtime.kept.journal import DeliveryJournal
from livebus.runtime.kept.state import StateFolder
from livebus.runtime.page.history import History
from livebus.runtime.port.aws_endpoint import AwsEndpoint, QueryService, Service
from livebus.runtime.port.callers import Gate
from livebus.runtime.port.connections import Connections, most_connections, raise_limit
from livebus.runtime.port.http_server import HttpServer
from livebus.runtime.port.listener import Listener, bind, endpoint_url
from livebus.runtime.port.tls import make_ca, server_context
from livebus.runtime.s3.objects import S3Objects
from livebus.runtime.s3.service import S3
from livebus.runtime.served_stacks import LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY, ServedStacks
from livebus.runtime.settings import Settings
from livebus.runtime.sqs import Sqs
from livebus.runtime.ssm import Ssm
from livebus.runtime.sts import NAMESPACE as STS_NAMESPACE
from livebus.runtime.sts import Sts
from livebus.runtime.table_endpoint import TableEndpoint
from livebus.runtime.tables import TARGET as DYNAMODB_TARGET
from livebus.runtime.tables import Tables
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.sandbox import Worker
from livebus.template import Environment
from livebus.template.endpoints import is_loopback, unused_mappings
from livebus.terminal.counts import counted, noun

if TYPE_CHECKING:
    from livebus.runtime.page.service import Page

_TICK_SECONDS = 0.5


class Runtime:
    """A running runtime. ``outputs`` are the template's Outputs, and where and as whom to reach it."""

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        """``tell`` prints a line for people. Where nobody reads any more (a closed pipe), lines are let go."""
        self._settings = settings
        self._print = tell
        self._clockwork = Clockwork(time.time, _new_id, secrets.SystemRandom().random, self._tell)
        # What has been opened, to be closed in reverse order; a start that fails closes what it had come to.
        self._opened = AsyncExitStack()
        self._stopping = asyncio.Lock()
        self._file_stack: FileStack | None = None
        self._announcement: Announcement | None = None
        self._credentials = TemporaryCredentials(time.time, secrets.token_bytes)

    @property
    def outputs(self) -> Mapping[str, Any]:
        return self._announcement.outputs if self._announcement is not None else {}

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

    async def stop(self) -> None:
        """
        Close the sockets, leave the journal whole, take back the state file. Safe to call at any point of a start, and again.

        One who calls it while it goes on waits for its end: nothing is closed out of turn.
        """
        async with self._stopping:
            await self._opened.aclose()

    async def _start(self) -> None:
        settings = self._settings
        state = StateFolder.first_free(settings.state) if settings.shares_state else StateFolder(settings.state)
        if state.path != settings.state:
            self._tell(f"another runtime holds {settings.state}: this one keeps its state in {state.path}")
        self._opened.callback(state.close)
        listening = bind(settings.host, settings.port)
        self._opened.callback(listening.close)
        environment = Environment(
            settings.stack_name,
            settings.region,
            endpoint=endpoint_url(settings.host, listening),
            mapped_endpoints=settings.mapped_endpoints,
        )
        self._state = state
        self._journal = DeliveryJournal(state.file("journal.sqlite"))
        self._opened.callback(self._journal.close)
        self._make_trace(environment)
        self._oidc_keys = OidcKeys(self._tell)
        self._opened.push_async_callback(self._oidc_keys.close)
        users = self._start_cognito(environment)
        archived = ArchiveStore(state.file("archive.sqlite"))
        self._opened.callback(archived.close)
        self._archives = Archives(archived, clock=time.time, tell=self._tell)
        self._opened.callback(self._archives.close)
        objects = S3Objects(state.file("s3.sqlite"))
        self._opened.callback(objects.close)
        self._s3 = S3(objects, region=settings.region, clock=time.time, new_id=_new_id)
        self._start_buses(environment, objects)
        self._start_stacks(environment, users, objects)
        if settings.template is not None:  # what is deployed later brings targets of its own
            check_targets(settings.failing_targets, settings.faults, self._target_ids())
            self._tell_of_mappings()
        await self._listen(environment, listening)

    async def _listen(self, environment: Environment, listening: socket.socket) -> None:
        """Take up what waits from before, then open the doors."""
        settings, state = self._settings, self._state
        self._http = self._http_server(environment)
        self._opened.push_async_callback(self._http.close)
        # Those who wait for a message are answered before their connections are waited for.
        self._opened.callback(self._sqs.close)
        self._opened.push_async_callback(self._replays.close)
        listener = Listener(
            listening, self._http.protocol, lambda: server_context(state, settings.host), self._connections()
        )
        ca = make_ca(state)
        self._resume()
        listener.start()
        self._opened.push_async_callback(listener.close)
        reached_at = {
            "EndpointUrl": environment.endpoint,
            "ConsoleUrl": self.trace.page,
            "CaFile": str(ca),
            "Region": settings.region,
        }
        self._announcement = Announcement(settings, state, self.served, self._clockwork, reached_at)
        self._announcement.write(follows_template=self._follows_template())
        self._opened.push_async_callback(_cancel, asyncio.get_running_loop().create_task(self._tick()))
        # First of all: nothing is begun any more.
        self._opened.callback(self.buses.stop)

    def _resume(self) -> None:
        """Go on with what an earlier runtime left."""
        waiting = self.buses.resume()
        if waiting:
            self._tell(f"{counted(waiting, 'event')} from before {noun(waiting, 'waits', 'wait')} for another try")
        replaying = self._replays.resume()
        if replaying:
            self._tell(f"{counted(replaying, 'replay')} from before {noun(replaying, 'goes', 'go')} on")

    def _close_buses(self) -> None:
        waiting = self.buses.close()
        if waiting:
            self._tell(
                f"{counted(waiting, 'event waits', 'events wait')} for another try; the next start goes on with "
                f"{noun(waiting, 'it', 'them')}"
            )

    # --- parts ------------------------------------------------------------------------------------------------------

    def _start_buses(self, environment: Environment, objects: S3Objects) -> None:
        """The buses, with what resolvers call and where targets lead."""
        settings, state = self._settings, self._state
        self._logs = ApiLogs(
            lambda: [api.compiled.api.api_id for api in self.served.paths.values()],
            clock=time.time,
            new_id=_new_id,
            other_groups=lambda: [*self._functions.log_groups, *self._log_group_targets()],
        )
        self._functions = self._function_calls(environment, state, objects)
        self._opened.push_async_callback(self._functions.close)
        sources = self._data_sources(environment, state)
        self._opened.push_async_callback(sources.close)
        self._faults = Faults(settings.failing_targets, settings.latency, _chance)
        self._faults.inject(settings.faults)
        sandbox = Worker()
        self._opened.callback(sandbox.close)
        self.buses = EventBuses(
            Lines(environment),
            self._journal,
            self.trace,
            self._clockwork,
            neighbours=Neighbours(
                log=self._logs.write,
                archive=self._archives.offer,
                hand_over=self._functions.hand_over,
                log_line=self._logs.append,
                sandbox=sandbox,
            ),
            sources=sources,
            faults=self._faults,
            time_scale=settings.time_scale,
            strict=settings.strict,
        )
        self._opened.push_async_callback(self.buses.api_destinations.close)
        self._opened.callback(self._close_buses)
        self._replays = Replays(self._archives, self.buses.replay, clock=time.time, tell=self._tell)
        self._sqs = Sqs((), self._journal, clock=time.time, new_id=_new_id)

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

    def _start_cognito(self, environment: Environment) -> UserStore:
        """User pools and identity pools, with the keys that sign the tokens of both."""
        state, settings = self._state, self._settings
        users, keys = UserStore(state.file("users.json")), kept_signing_keys(state)
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
        return followed.files.folder

    def _start_stacks(self, environment: Environment, users: UserStore, objects: S3Objects) -> None:
        """Put the template on disk to work, and what was deployed before."""
        settings, state = self._settings, self._state
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
            self._clockwork,
            self._logs.write,
            self.trace.asked,
            lambda: secrets.token_urlsafe(15),
            self._credentials,
            self._identities,
            settings.user,
            lambda applications: self._functions.use(applications, self._template_folder),
        )
        deployer = self._deployer = Deployer(
            self.served,
            StackFiles(state.path / "stacks", self._tell),
            Effects(environment, self.served, objects, self._journal, users, self._archives, self.tables, time.time),
            self._s3.read_text,
            self._clockwork,
            self._changed,
        )
        self._cloudformation = CloudFormation(deployer, _new_id)
        self._opened.push_async_callback(self._cloudformation.close)
        with self.served.all_at_once():
            self._put_stacks(environment, deployer)

    def _put_stacks(self, environment: Environment, deployer: Deployer) -> None:
        settings = self._settings
        beside: tuple[str, ...] = () if settings.template is None else (settings.stack_name,)
        if settings.application is not None:
            beside = tuple(each.name for each in settings.application.stacks)
        bring_back(self._cloudformation, deployer, deployer.files.read(), beside=beside)
        if settings.template is None:
            return
        stack = Stack(environment.stack_id, settings.stack_name, "CREATE_IN_PROGRESS", time.time(), follows_files=True)
        files = ApplicationFiles.of(
            settings.template,
            environment,
            settings.parameters,
            settings.overrides,
            anywhere=settings.allow_outside,
            application=settings.application,
        )
        stacks = self._cloudformation.stacks
        self._file_stack = FileStack(stack, files, deployer, stacks)
        self._file_stack.load()
        if settings.application is None:
            stacks[stack.name] = stack

    def _data_sources(self, environment: Environment, state: StateFolder) -> DataSources:
        elsewhere = self._settings.dynamodb
        self.tables: Tables | TableEndpoint = (
            Tables(state.file("dynamodb.sqlite"), environment, clock=time.time, tell=self._tell)
            if elsewhere is None
            else TableEndpoint(elsewhere, self._tell, time.sleep)
        )
        self._opened.callback(self.tables.close)
        credentials = LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY
        mapped = self._settings.mapped_endpoints
        http = HttpCalls(environment.endpoint, mapped, credentials=credentials, clock=time.time)
        in_thread = self.tables.in_thread if isinstance(self.tables, TableEndpoint) else None
        return DataSources(_new_id, self.tables.operation, self._functions.invoke, http, in_thread=in_thread)

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
                logs=self._logs,
                events=services["AWSEvents"],
                faults=fault_control,
                trace=self.trace,
                clock=time.time,
                new_id=_new_id,
                random_token=lambda: secrets.token_urlsafe(16),
                template=files.files.template if files is not None else None,
                application=files.files.application if files is not None else None,
                parameters=settings.parameters,
                time_scale=settings.time_scale,
            )
        )

    def _appsync(self, method: str, path: str) -> HttpAnswer | None:
        return get_api(method, path, lambda: (each.compiled.api for each in self.served.paths.values()), _new_id())

    def _target_ids(self) -> list[str]:
        rules = self.buses.lines.rules
        targets = [target for rule in rules for target in (*rule.targets, *rule.function_targets, *rule.other_targets)]
        return list(dict.fromkeys(target.id for target in targets))

    def _tell_of_mappings(self) -> None:
        """What --map-endpoint names and the template does not: nothing is called in its place."""
        line = self.served.line(self._settings.stack_name)
        for url, meant in (
            unused_mappings(line.application, self._settings.mapped_endpoints) if line is not None else ()
        ):
            advice = f" Did you mean {meant!r}?" if meant else ""
            found = f"--map-endpoint {url}: no target and no data source of the template has this URL."
            self._tell(f"warning: {found}{advice}")

    def _log_group_targets(self) -> list[str]:
        rules = self.buses.lines.rules
        groups = [each.destination.log_group for rule in rules for each in rule.other_targets if each.destination]
        return [group for group in dict.fromkeys(groups) if group]

    def _make_trace(self, environment: Environment) -> None:
        """The trace, and behind it what the page shows; there is none where others than this machine can ask."""
        self.history = History(time.time) if is_loopback(self._settings.host) else None
        page = f"{environment.endpoint}/" if self.history is not None else ""
        self.trace = Trace(self._tell, time.time, verbose=self._settings.verbose, history=self.history, page=page)
        self._opened.callback(self.trace.tick, ends=True)
        if self._settings.trace is not None:
            self._opened.callback(TraceFile(self._settings.trace, self.trace, self._tell).close)

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

    def _follows_template(self) -> bool:
        return self._file_stack is not None and self._file_stack.is_followed

    def _changed(self) -> None:
        """Another application runs: tell those who look for it."""
        if self._announcement is not None:
            self._announcement.changed(follows_template=self._follows_template())


def _chance(seed: int | None) -> Callable[[], float]:
    """A source of numbers from 0 to 1 for faults: the same ones for the same seed."""
    return random.Random(seed).random  # noqa: S311 - nothing is kept secret with it


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
