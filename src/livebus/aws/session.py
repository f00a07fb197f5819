"""
What a verb means of a stack, on AWS or in the local runtime: its Outputs, its resources, its APIs.

In: a :class:`~livebus.aws.clients.ReachFlags`. Out: names, ids and URLs, asked for when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from livebus.aws import stack
from livebus.aws.clients import Clients
from livebus.aws.direct.reach import NeedsBoto3
from livebus.errors import LivebusError, Place, Unnamed, Unreachable
from livebus.files import MAX_FILE_BYTES
from livebus.stack.api_address import ApiAddress, find_api, find_client_id, find_pool_id, has_api
from livebus.stack.resources import (
    API,
    CLIENT,
    IN_STACK,
    POOL,
    RULE,
    StackResource,
    find_bus,
    find_queue,
    of_type,
    own_name,
    resources_of_all,
)

if TYPE_CHECKING:
    from livebus.aws.sign_in import SignIn

T = TypeVar("T")


class Session(Clients):
    """Clients of one destination, and what is meant of the stack there: its bus, its queue, its APIs and who may sign in to them."""

    @cached_property
    def stack_name(self) -> str:
        """The stack's name. Raises LivebusError where none is named, and the runtime has several or none."""
        wanted = self._destination.stack_name
        if self.runtime is not None:
            return self.runtime.stack_name(wanted, "" if wanted else self._config.stack_name)
        name = wanted or self._config.stack_name
        if not name:
            raise Unnamed(
                "no stack is named",
                expected="--stack-name, or stack_name in samconfig.toml",
                advice="--local uses the local runtime.",
            )
        return name

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The Outputs by name; none where the template has none. Raises Unreachable where the stack is not there."""
        name = self.stack_name
        if self.runtime is not None:
            return self.runtime.outputs_of(name)
        return self._of_cloudformation(
            lambda client: stack.stack_outputs(client, name), f"read the outputs of the stack {name!r}"
        )

    @cached_property
    def resources(self) -> Sequence[StackResource]:
        """What the stack consists of, with what is nested in it. Raises Unreachable where CloudFormation does not tell."""
        names = [self.stack_name] if self.runtime is None else self.runtime.stacks_of(self.stack_name)
        return resources_of_all({name: stack.resources_with_nested(self._resources_of, name) for name in names})

    def _resources_of(self, name: str) -> Sequence[StackResource]:
        return self._of_cloudformation(
            lambda client: stack.stack_resources(client, name), f"read the resources of the stack {name!r}"
        )

    def parameters_of(self, name: str) -> Mapping[str, str]:
        """The values of a stack's parameters. Raises Unreachable where CloudFormation does not tell."""
        return self._of_cloudformation(
            lambda client: stack.stack_parameters(client, name), f"read the parameters of the stack {name!r}"
        )

    def deployed_template(self) -> str:
        """The text of the template that the stack was deployed with. Raises Unreachable where CloudFormation does not tell."""
        import json

        from livebus.aws.refusal import told_as_faults

        name = self.stack_name
        client = self.client("cloudformation")
        with told_as_faults(f"read the template of the stack {name!r}"):
            body = client.get_template(StackName=name)["TemplateBody"]
        # boto3 hands a template in JSON over as what it says.
        return body if isinstance(body, str) else json.dumps(body)

    def stored(self, location: str) -> str:
        """The text of a file in S3, by its address (``s3://bucket/key``). Raises LivebusError where it cannot be read."""
        from livebus.aws.refusal import told_as_faults

        bucket, _, key = location.removeprefix("s3://").partition("/")
        client = self.client("s3")
        with told_as_faults(f"read {location!r}"):
            content = client.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_FILE_BYTES + 1)
        try:
            if len(content) > MAX_FILE_BYTES:
                raise LivebusError(f"it has more than {MAX_FILE_BYTES} bytes", Place(location))
            return str(content, "utf-8")
        except UnicodeDecodeError as error:
            raise LivebusError(f"not UTF-8 (byte {error.start})", Place(location)) from None

    def _of_cloudformation(self, ask: Callable[[stack.CloudFormationClient], T], doing: str) -> T:
        try:
            reach = self.reach("cloudformation", doing)
        except NeedsBoto3:
            from livebus.aws.refusal import told_as_faults

            with told_as_faults(doing):
                return ask(self.client("cloudformation"))
        from livebus.aws.direct.service_client import CloudFormationClient

        return ask(CloudFormationClient(reach))

    @property
    def event_bus(self) -> str:
        """The bus that events are published to. Raises as :func:`~livebus.stack.resources.find_bus`."""
        return find_bus(self.outputs, lambda: self.resources, self.owner)

    def queue_url(self, wanted: str) -> str:
        """The dead-letter queue, or the one that is ``wanted``. Raises as :func:`~livebus.stack.resources.find_queue`."""
        return find_queue(self.outputs, lambda: self.resources, wanted, self.owner, self._dead_letter_queues)

    def _dead_letter_queues(self) -> set[str] | None:
        """
        The names of the queues that take what the stack's rules cannot deliver, as EventBridge has its targets.

        None where the stack has no rules, and where CloudFormation or EventBridge does not tell (events:ListTargetsByRule).
        """
        from livebus.aws.refusal import told_as_faults

        names: set[str] = set()
        try:
            rules = of_type(self.resources, RULE).values()
        except Unreachable:
            return None
        if not rules:
            return None
        client = self.client("events")
        for rule in rules:
            bus, bar, name = rule.rpartition("|")
            try:
                with told_as_faults(f"read the targets of the rule {rule!r}"):
                    # A rule has at most 5 targets: there is no second page.
                    answer = client.list_targets_by_rule(Rule=name, **({"EventBusName": bus} if bar else {}))
            except Unreachable:
                return None
            arns = [(target.get("DeadLetterConfig") or {}).get("Arn") or "" for target in answer.get("Targets") or ()]
            names |= {arn.rpartition(":")[2] for arn in arns if arn}
        return names

    @property
    def api_names(self) -> Mapping[str, str]:
        """
        The logical ids of the APIs, those of all stacks of a runtime, by the last part of their endpoints' ARNs; none where
        CloudFormation or AppSync does not tell.
        """
        try:
            if self.runtime is not None:
                return {endpoint: logical_id for endpoint, (logical_id, _) in self._running_apis.items()}
            # On AWS that part is in the API's URL.
            return {
                (urlsplit(url).hostname or "").partition(".")[0]: logical_id for logical_id, url in self.apis.items()
            }
        except LivebusError:
            return {}

    def running_url(self, endpoint_arn: str) -> str:
        """The URL of the API of whichever stack of a runtime whose endpoint has this ARN; "" where there is none. Raises as ``apis``."""
        found = self._running_apis.get(endpoint_arn.rpartition("/")[2])
        return str(self._described(*found)["uris"]["GRAPHQL"]) if found is not None else ""

    @cached_property
    def _running_apis(self) -> Mapping[str, tuple[str, str]]:
        """Logical id and ARN of each API of a runtime, by the last part of its endpoint's ARN, which the runtime derives of names."""
        from livebus.template.environment import Environment  # no command needs it to begin

        assert self.runtime is not None
        found: dict[str, tuple[str, str]] = {}
        for name in self.runtime.stacks:
            for logical_id, arn in of_type(self._resources_of(name), API).items():
                environment = Environment(stack_name=name, region=self.runtime.region, account=arn.split(":")[4])
                found[environment.endpoint_id(logical_id)] = logical_id, arn
        return found

    @cached_property
    def clients(self) -> Mapping[str, str]:
        """The app clients of the stack's user pools: ids by logical id."""
        return of_type(self.resources, CLIENT)

    @cached_property
    def described_apis(self) -> Mapping[str, Mapping[str, Any]]:
        """
        What AppSync says of the stack's APIs, by logical id: ``graphqlApi`` of GetGraphqlApi. CloudFormation lists their ARNs.

        Raises Unreachable where AppSync does not tell (appsync:GetGraphqlApi).
        """
        return {
            logical_id: self._described(logical_id, arn) for logical_id, arn in of_type(self.resources, API).items()
        }

    def _described(self, logical_id: str, api_arn: str) -> Mapping[str, Any]:
        from livebus.aws.refusal import told_as_faults

        client = self.client("appsync")
        with told_as_faults(f"ask AppSync where the API {logical_id!r} is"):
            described: Mapping[str, Any] = client.get_graphql_api(apiId=api_arn.rsplit("/", 1)[-1])["graphqlApi"]
        return described

    @property
    def apis(self) -> Mapping[str, str]:
        """The GraphQL URLs of the stack's APIs by logical id. Raises as :attr:`described_apis`."""
        return {logical_id: str(api["uris"]["GRAPHQL"]) for logical_id, api in self.described_apis.items()}

    def api(self, wanted: str = "", logical_ids: Mapping[str, Collection[str]] | None = None) -> ApiAddress:
        """
        The API that is meant: among the Outputs, else among the stack's resources.

        Raises as :func:`~livebus.stack.api_address.find_api`.
        """
        if "://" in wanted:
            return find_api({}, "", wanted)
        if IN_STACK in wanted and wanted not in self._known_apis:
            # As the templates of an application have it together; CloudFormation knows it by its own name.
            wanted, logical_ids = own_name(wanted), {own_name(name): each for name, each in (logical_ids or {}).items()}
        if wanted or has_api(self.outputs):
            try:
                return find_api(self.outputs, self.owner, wanted, logical_ids=logical_ids)
            except Unreachable:
                if wanted not in self._known_apis:
                    raise
        return find_api({**self.outputs, **self.apis}, self.owner, wanted)

    @property
    def _known_apis(self) -> Collection[str]:
        """The logical ids of the stack's APIs; none where CloudFormation does not tell."""
        try:
            return of_type(self.resources, API)
        except Unreachable:
            return ()

    def client_id(self, api: ApiAddress, wanted: str = "") -> str:
        """The app client that users of an API sign in with. Raises as :func:`~livebus.stack.api_address.find_client_id`."""
        return find_client_id(self.outputs, self.owner, api, wanted, more=lambda: self.clients)

    def pool_id(self, client_id: str, wanted: str = "") -> str:
        """
        The user pool of an app client, by the Outputs, else the stack's only one; "" where none can be told.

        Raises as :func:`~livebus.stack.api_address.find_pool_id`.
        """
        return find_pool_id(self.outputs, client_id, wanted, more=lambda: self.pools)

    @property
    def pools(self) -> Mapping[str, str]:
        """The ids of the stack's user pools, by logical id; none where CloudFormation does not tell."""
        try:
            return of_type(self.resources, POOL)
        except Unreachable:
            return {}

    @property
    def owner(self) -> str:
        """Whose Outputs these are, in words."""
        if self.runtime is not None and len(self.runtime.stacks_of(self.stack_name)) > 1:
            return f"the application {self.stack_name!r}"
        if self.runtime is not None and not self._destination.stack_name and len(self.runtime.stacks) < 2:
            return "the runtime's template"
        return f"the stack {self.stack_name!r}"

    def sign_in(self, api: ApiAddress, user_name: str, password: str) -> SignIn:
        """A user's sign-in where an API's users sign in. Raises as ``client_id`` and ``pool_id`` do."""
        from livebus.aws.sign_in import SignIn

        client_id = self.client_id(api)
        return SignIn(
            self.client("cognito-idp"),
            client_id=client_id,
            pool_id=self.pool_id(client_id),
            user_name=user_name,
            password=password,
        )
