"""
Puts the lines of stacks to work: their buses, queues, tables, user pools and APIs, each at the place that answers for it.

What goes on across a reload or a deployment is kept here: connections and subscriptions of an API that is still there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from livebus.access import Authenticator
from livebus.access.role_session import allowed_fields
from livebus.caller import COGNITO, OIDC
from livebus.errors import Fault, LivebusError
from livebus.execution import GraphQLResponse
from livebus.flow import CompiledApi, Line
from livebus.linking import link
from livebus.operation import Called
from livebus.realtime import RealtimeSettings
from livebus.runtime.appsync.oidc_keys import OidcKeys
from livebus.runtime.appsync.served_api import ServedApi
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.cognito.actions import CognitoIdp
from livebus.runtime.cognito.directory import own_user_name
from livebus.runtime.eventbridge.archives import Archives
from livebus.runtime.eventbridge.event_buses import EventBuses
from livebus.runtime.eventbridge.lines import Lines
from livebus.runtime.identity_pools import IdentityPools
from livebus.runtime.sqs import Sqs
from livebus.runtime.table_endpoint import TableEndpoint
from livebus.runtime.tables import Tables
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.subscription import Subscriptions, SubscriptionSettings
from livebus.template import Environment
from livebus.template.application import Application, AuthProvider, UserPool

# What AWS's own tools are given where there is no account. The secret lets IAM requests be verified like any other.
LOCAL_ACCESS_KEY = "test"
LOCAL_SECRET_KEY = "test"  # noqa: S105 - no secret: it opens nothing but this runtime


@dataclass(frozen=True, slots=True)
class Change:
    """
    The last change of what runs: which since the start, when (epoch seconds), of which stack, and whether that was added, changed,
    deleted or refused. Of one that is refused there are ``faults``, and the application before goes on.
    """

    number: int
    at: float
    stack: str
    kind: Literal["added", "changed", "deleted", "refused"]
    faults: Sequence[Fault] = ()


@dataclass(slots=True)
class ServedStacks:
    """
    ``user`` may sign in to every pool. Where nobody is named, each pool has one whose name is of its kind (a text, an email, a
    phone number), ``new_password`` makes the password, and ``user`` is that of the first pool. ``paths`` are the APIs by path.

    ``environment`` is what all stacks have in common: account, region, endpoint. ``log`` takes an API's id and answers,
    ``asked`` an API's name, a request's id and the calls of data sources that it made.
    ``use_functions`` is told of the stacks' functions. ``change`` is the last one, None before the first stack.
    """

    environment: Environment
    buses: EventBuses
    sqs: Sqs
    archives: Archives
    tables: Tables | TableEndpoint
    cognito: CognitoIdp
    oidc_keys: OidcKeys
    realtime: RealtimeSettings
    subscriptions: SubscriptionSettings
    clockwork: Clockwork
    log: Callable[[str, GraphQLResponse], None]
    asked: Callable[[str, str, Sequence[Called]], None]
    new_password: Callable[[], str]
    credentials: TemporaryCredentials
    identities: IdentityPools
    user: tuple[str, str] | None = None
    use_functions: Callable[[Mapping[str, Application]], None] = lambda _: None
    paths: Mapping[str, ServedApi] = field(default_factory=dict)
    change: Change | None = None
    _lines: dict[str, Line] = field(default_factory=dict)
    _apis: dict[tuple[str, str], ServedApi] = field(default_factory=dict)
    _of_links: Sequence[str] = ()
    _told_of_links: frozenset[str] = frozenset()
    _is_whole: bool = True
    _pool_ids: set[str] = field(default_factory=set)
    _is_named: bool = True

    def line(self, stack: str) -> Line | None:
        return self._lines.get(stack)

    def applications(self) -> Mapping[str, Application]:
        """What runs, by the stack's name."""
        return {stack: line.application for stack, line in self._lines.items()}

    def environment_of(self, stack: str, *, stack_id: str = "", is_primary: bool = True) -> Environment:
        """
        What a template of this stack finds around it: exports and buses of the other stacks, and whether its first API
        has the path /graphql (``is_primary``: it would like to; the path may be taken).
        """
        others = {name: line.application for name, line in self._lines.items() if name != stack}
        taken = {api_path(api.graphql_url) for application in others.values() for api in application.apis}
        return replace(
            self.environment,
            stack_name=stack,
            given_stack_id=stack_id,
            exports={name: value for each in others.values() for name, value in each.exports.items()},
            outputs={name: each for one in others.values() for name, each in one.deployed.items()},
            buses={bus.name: bus.arn for each in others.values() for bus in each.buses if bus.logical_id},
            elsewhere=frozenset(name for each in others.values() for name in _found_by_others(each)),
            is_primary=is_primary and "/graphql" not in taken,
        )

    def kept(self, stack: str) -> dict[str, Subscriptions]:
        """The registries of a stack's APIs by logical id: its next line goes on with them."""
        return {logical_id: api.compiled.subscriptions for (of, logical_id), api in self._apis.items() if of == stack}

    def put(self, stack: str, line: Line) -> None:
        """
        Put a stack's line to work, in place of the one that it had.

        Raises LivebusError where the user that the runtime offers cannot be made; the line is at work all the same.
        """
        for logical_id, registry in self.kept(stack).items():
            if logical_id in line.apis:
                registry.links = line.apis[logical_id].schema.links
        self._note(stack, "changed" if stack in self._lines else "added")
        self._lines[stack] = line
        for key in [key for key in self._apis if key[0] == stack and key[1] not in line.apis]:
            self._apis.pop(key).end("the template has this API no more")
        for logical_id, compiled in line.apis.items():
            self._serve((stack, logical_id), compiled, line.application)
        self._announce()
        for warning in line.warnings:
            self.clockwork.tell(f"warning: {warning}")

    def take(self, stack: str) -> None:
        """End the work of a stack: its subscribers are told to go."""
        if self._lines.pop(stack, None) is not None:
            self._note(stack, "deleted")
        for key in [key for key in self._apis if key[0] == stack]:
            self._apis.pop(key).end("the stack is deleted")
        self._announce()

    @contextmanager
    def all_at_once(self) -> Iterator[None]:
        """While stacks come one after another that belong together: what one lacks of another is told when all are there."""
        self._is_whole = False
        try:
            yield
        finally:
            self._is_whole = True
            self._tell_of_links()

    def _tell_of_links(self) -> None:
        for warning in self._of_links:
            if warning not in self._told_of_links:
                self.clockwork.tell(f"warning: {warning}")
        self._told_of_links = frozenset(self._of_links)

    def refuse(self, stack: str, faults: Sequence[Fault]) -> None:
        """Note that another application of a stack has faults: the one before goes on."""
        self._note(stack, "refused", faults)

    def _note(
        self, stack: str, kind: Literal["added", "changed", "deleted", "refused"], faults: Sequence[Fault] = ()
    ) -> None:
        number = self.change.number + 1 if self.change is not None else 1
        self.change = Change(number, self.clockwork.clock(), stack, kind, faults)

    def _announce(self) -> None:
        applications = [line.application for line in self._lines.values()]
        pools = [pool for application in applications for pool in application.user_pools]
        linked = link(self._lines)
        self.buses.lines = Lines(self.environment, linked.lines)
        self._of_links = linked.warnings
        if self._is_whole:
            self._tell_of_links()
        self.use_functions(self.applications())
        self.credentials.roles = {role.arn: role for application in applications for role in application.roles}
        self.sqs.replace_queues(queue for application in applications for queue in application.queues)
        self.archives.use(archive for application in applications for archive in application.archives)
        self.tables.use(table for application in applications for table in application.tables)
        self.cognito.replace_pools(pools)
        self.identities.pools = {
            pool.identity_pool_id: pool for application in applications for pool in application.identity_pools
        }
        providers = [each for api in self._apis.values() for each in api.compiled.api.providers if each.mode == OIDC]
        self.oidc_keys.use(provider.issuer for provider in providers if provider.issuer)
        self.paths = {api_path(api.compiled.api.graphql_url): api for api in self._apis.values()}
        new = [pool for pool in pools if pool.user_pool_id not in self._pool_ids]
        self._pool_ids = {pool.user_pool_id for pool in pools}
        self._make_user(new)

    def _make_user(self, pools: Sequence[UserPool]) -> None:
        """The user that may sign in, in every pool; nobody is named before there is a pool."""
        if not pools:
            return
        if self.user is None:
            self.user = (own_user_name(pools[0]), self.new_password())
            self._is_named = False
        given, password = self.user
        for pool in pools:
            name = given if self._is_named else own_user_name(pool)
            try:
                self.cognito.ensure_user(pool.user_pool_id, name, password)
            except AwsError as error:
                raise LivebusError(
                    f"cannot make the user {name!r}: {error.message}", advice="Give another with --user NAME:PASSWORD."
                ) from None

    # --- APIs -------------------------------------------------------------------------------------------------------

    def _serve(self, key: tuple[str, str], compiled: CompiledApi, application: Application) -> None:
        authenticator = Authenticator(
            compiled.api,
            region=application.region,
            account=application.account,
            jwks_for=self._jwks_for,
            secret_for={LOCAL_ACCESS_KEY: LOCAL_SECRET_KEY}.get,
            session_for=self.credentials.find,
            fields_of=partial(self._fields_of, compiled),
        )
        served = self._apis.get(key)
        if served is None:
            self._apis[key] = ServedApi(
                compiled,
                authenticator,
                self.buses.services,
                self.realtime,
                self.clockwork.tell,
                self.log,
                self.buses.sources,
                self.asked,
            )
        else:
            served.compiled, served.authenticator = compiled, authenticator

    def _fields_of(self, compiled: CompiledApi, role_arn: str) -> frozenset[str]:
        """What a role may use of an API: nothing, where it is gone."""
        role = self.credentials.roles.get(role_arn)
        types = compiled.schema.graphql
        roots = [each for each in (types.query_type, types.mutation_type, types.subscription_type) if each is not None]
        fields = ((each.name, name) for each in roots for name in each.fields)
        return allowed_fields(role.statements if role else (), compiled.api.arn, fields)

    def _jwks_for(self, provider: AuthProvider) -> Mapping[str, object] | None:
        if provider.mode == OIDC and provider.issuer is not None:
            return self.oidc_keys.document(provider.issuer)
        if provider.mode != COGNITO or provider.user_pool_id is None:
            return None
        try:
            return self.cognito.jwks(provider.user_pool_id)
        except AwsError:
            return None


def _found_by_others(application: Application) -> Iterator[str]:
    """What a template may name of another stack and then finds at work, by ARN or id."""
    yield from (queue.arn for queue in application.queues)
    yield from (role.arn for role in application.roles)
    yield from (pool.user_pool_id for pool in application.user_pools)


def api_path(graphql_url: str) -> str:
    """The path that an API is served at."""
    return urlsplit(graphql_url).path
