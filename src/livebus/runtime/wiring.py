"""
What the runtime consists of: every part made, in the order in which they need each other, and connected.

The one place where the line, the services and the port meet. ``server.py`` starts and stops what is made here.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

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
from livebus.runtime.port.http_server import HttpServer
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


class Wiring:
    """
    ``opened`` gets the end of each part that has one, in the order in which they are made: closed the other way round, also where a
    later one cannot be made. ``changed`` is called when another application runs.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Environment,
        state: StateFolder,
        clockwork: Clockwork,
        *,
        opened: AsyncExitStack,
        changed: Callable[[], None],
    ) -> None:
        """Raises LivebusError or OSError: a template with faults, files of the state folder that cannot be opened."""
        self._settings = settings
        self._environment = environment
        self._state = state
        self._clockwork = clockwork
        self._tell = clockwork.tell
        self._opened = opened
        self._changed = changed
        self._credentials = TemporaryCredentials(time.time, secrets.token_bytes)
        self.file_stack: FileStack | None = None
        self.journal = DeliveryJournal(state.file("journal.sqlite"))
        opened.callback(self.journal.close)
        self._make_trace()
        self._oidc_keys = OidcKeys(self._tell)
        opened.push_async_callback(self._oidc_keys.close)
        users = self._start_cognito()
        archived = ArchiveStore(state.file("archive.sqlite"))
        opened.callback(archived.close)
        self.archives = Archives(archived, clock=time.time, tell=self._tell)
        opened.callback(self.archives.close)
        objects = S3Objects(state.file("s3.sqlite"))
        opened.callback(objects.close)
        self._s3 = S3(objects, region=settings.region, clock=time.time, new_id=_new_id)
        self._start_buses(objects)
        self._start_stacks(users, objects)
        if settings.template is not None:  # what is deployed later brings targets of its own
            check_targets(settings.failing_targets, settings.faults, self._target_ids())
            self._tell_of_mappings()

    # --- the parts ----------------------------------------------------------------------------------------------------

    def _make_trace(self) -> None:
        """The trace, and behind it what the page shows; there is none where others than this machine can ask."""
        self.history = History(time.time) if is_loopback(self._settings.host) else None
        page = f"{self._environment.endpoint}/" if self.history is not None else ""
        self.trace = Trace(self._tell, time.time, verbose=self._settings.verbose, history=self.history, page=page)
        self._opened.callback(self.trace.tick, ends=True)
        if self._settings.trace is not None:
            self._opened.callback(TraceFile(self._settings.trace, self.trace, self._tell).close)

    def _start_cognito(self) -> UserStore:
        """User pools and identity pools, with the keys that sign the tokens of both."""
        settings = self._settings
        users, keys = UserStore(self._state.file("users.json")), kept_signing_keys(self._state)
        self._identities = IdentityPools(keys, self._credentials, self._environment, time.time, secrets.token_bytes)
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

    def _start_buses(self, objects: S3Objects) -> None:
        """The buses, with what resolvers call and where targets lead."""
        settings = self._settings
        self._logs = ApiLogs(
            lambda: [api.compiled.api.api_id for api in self.served.paths.values()],
            clock=time.time,
            new_id=_new_id,
            other_groups=lambda: [*self._functions.log_groups, *self._log_group_targets()],
        )
        self._functions = self._function_calls(objects)
        self._opened.push_async_callback(self._functions.close)
        sources = self._data_sources()
        self._opened.push_async_callback(sources.close)
        self._faults = Faults(settings.failing_targets, settings.latency, _chance)
        self._faults.inject(settings.faults)
        sandbox = Worker()
        self._opened.callback(sandbox.close)
        self.buses = EventBuses(
            Lines(self._environment),
            self.journal,
            self.trace,
            self._clockwork,
            neighbours=Neighbours(
                log=self._logs.write,
                archive=self.archives.offer,
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
        self.replays = Replays(self.archives, self.buses.replay, clock=time.time, tell=self._tell)
        archives = ArchiveApi(self.archives, self.replays, lambda: self.buses.lines.buses, clock=time.time)
        self.events = EventsApi(self.buses, archives)
        self.sqs = Sqs((), self.journal, clock=time.time, new_id=_new_id)

    def _close_buses(self) -> None:
        waiting = self.buses.close()
        if waiting:
            self._tell(
                f"{counted(waiting, 'event waits', 'events wait')} for another try; the next start goes on with "
                f"{noun(waiting, 'it', 'them')}"
            )

    def _function_calls(self, objects: S3Objects) -> FunctionCalls:
        return FunctionCalls(
            self._environment,
            self.journal,
            self.trace,
            self._clockwork,
            unpacked=self._state.empty_folder("functions"),
            read_object=objects.body,
            log=self._logs.append,
            time_scale=self._settings.time_scale,
            is_on=self._settings.functions,
        )

    def _data_sources(self) -> DataSources:
        elsewhere = self._settings.dynamodb
        self.tables: Tables | TableEndpoint = (
            Tables(self._state.file("dynamodb.sqlite"), self._environment, clock=time.time, tell=self._tell)
            if elsewhere is None
            else TableEndpoint(elsewhere, self._tell, time.sleep)
        )
        self._opened.callback(self.tables.close)
        credentials = LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY
        mapped = self._settings.mapped_endpoints
        http = HttpCalls(self._environment.endpoint, mapped, credentials=credentials, clock=time.time)
        in_thread = self.tables.in_thread if isinstance(self.tables, TableEndpoint) else None
        return DataSources(_new_id, self.tables.operation, self._functions.invoke, http, in_thread=in_thread)

    def _log_group_targets(self) -> list[str]:
        rules = self.buses.lines.rules
        groups = [each.destination.log_group for rule in rules for each in rule.other_targets if each.destination]
        return [group for group in dict.fromkeys(groups) if group]

    def _start_stacks(self, users: UserStore, objects: S3Objects) -> None:
        """What deploys and serves stacks, with those that there are at the start."""
        settings = self._settings
        self.served = ServedStacks(
            self._environment,
            self.buses,
            self.sqs,
            self.archives,
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
            StackFiles(self._state.path / "stacks", self._tell),
            Effects(
                self._environment, self.served, objects, self.journal, users, self.archives, self.tables, time.time
            ),
            self._s3.read_text,
            self._clockwork,
            self._changed,
        )
        self._cloudformation = CloudFormation(deployer, _new_id)
        self._opened.push_async_callback(self._cloudformation.close)
        with self.served.all_at_once():
            self._put_stacks(deployer)

    def _put_stacks(self, deployer: Deployer) -> None:
        """Bring back what was deployed before, and load the template on disk."""
        settings = self._settings
        beside: tuple[str, ...] = () if settings.template is None else (settings.stack_name,)
        if settings.application is not None:
            beside = tuple(each.name for each in settings.application.stacks)
        bring_back(self._cloudformation, deployer, deployer.files.read(), beside=beside)
        if settings.template is None:
            return
        stack = Stack(
            self._environment.stack_id, settings.stack_name, "CREATE_IN_PROGRESS", time.time(), follows_files=True
        )
        files = ApplicationFiles.of(
            settings.template,
            self._environment,
            settings.parameters,
            settings.overrides,
            anywhere=settings.allow_outside,
            application=settings.application,
        )
        stacks = self._cloudformation.stacks
        self.file_stack = FileStack(stack, files, deployer, stacks)
        self.file_stack.load()
        if settings.application is None:
            stacks[stack.name] = stack

    def _template_folder(self, stack: str) -> Path | None:
        """The folder of a stack's template: of the one on disk. Those that are deployed have none."""
        followed = self.file_stack
        if followed is None or followed.stack.name != stack or not followed.is_followed:
            return None
        return followed.files.folder

    def http_server(self) -> HttpServer:
        """What answers requests, with all services behind it. It is the caller's to close."""
        services: dict[str, Service] = {
            "AWSEvents": self.events,
            "AWSCognitoIdentityProviderService": self._cognito,
            "AWSCognitoIdentityService": self._identities,
            "AmazonSQS": self.sqs,
            "Logs_20140328": self._logs,
            "AmazonSSM": Ssm(lambda: list(self._deployer.running.values()), time.time),
            DYNAMODB_TARGET: self.tables,
        }
        queries: dict[str, QueryService] = {
            "cloudformation": QueryService(self._cloudformation.call, CLOUDFORMATION_NAMESPACE, self._settings.region),
            "sts": QueryService(Sts(self._environment, self._credentials, self._identities).call, STS_NAMESPACE),
        }
        documents = {
            "jwks.json": self._cognito.jwks,
            "openid-configuration": lambda pool_id: self._cognito.openid_configuration(
                pool_id, self._environment.endpoint
            ),
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
            page=None if self.history is None else lambda: self._page(fault_control),
        )

    def _page(self, fault_control: FaultControl) -> Page:
        """The page; loaded when the first browser asks for it."""
        from livebus.runtime.page.parts import Parts
        from livebus.runtime.page.service import Page

        assert self.history is not None
        settings = self._settings
        files = self.file_stack
        return Page(
            Parts(
                environment=self._environment,
                history=self.history,
                buses=self.buses,
                served=self.served,
                journal=self.journal,
                cognito=self._cognito,
                tables=self.tables,
                logs=self._logs,
                events=self.events,
                replays=self.replays,
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
        line, mapped = self.served.line(self._settings.stack_name), self._settings.mapped_endpoints
        for url, meant in unused_mappings(line.application, mapped) if line is not None else ():
            advice = f" Did you mean {meant!r}?" if meant else ""
            found = f"--map-endpoint {url}: no target and no data source of the template has this URL."
            self._tell(f"warning: {found}{advice}")


def _chance(seed: int | None) -> Callable[[], float]:
    """A source of numbers from 0 to 1 for faults: the same ones for the same seed."""
    return random.Random(seed).random  # noqa: S311 - nothing is kept secret with it
