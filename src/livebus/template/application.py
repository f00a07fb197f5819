"""
Data: an application, as read from its template. What the stations are made from.

Every resource on the event's way has a class here, with the members that matter on that way under AWS's own names
(snake-cased), its logical id, and the place in the template where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from livebus.caller import Mode
from livebus.errors import Place
from livebus.template.api_destination import NO_PARAMETERS, ApiDestination, HttpParameters


@dataclass(frozen=True, slots=True)
class EventBus:
    """AWS::Events::EventBus, or the account's ``default`` bus (which has no logical id)."""

    name: str
    arn: str
    logical_id: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Queue:
    """
    AWS::SQS::Queue. ``policies`` are the statements of its QueuePolicy.

    One that the template names by its ARN only has no logical id and no URL; its policy is not known, and admits everyone.
    """

    name: str
    arn: str
    url: str
    logical_id: str
    fifo: bool = False
    policies: tuple[Mapping[str, Any], ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Role:
    """
    AWS::IAM::Role: who may assume it, and what it may do. Statements are as in the template, intrinsics resolved.

    One that the template names by its ARN only has no logical id; what it may do is not known, and counts as everything.
    """

    name: str
    arn: str
    logical_id: str
    trust: tuple[Mapping[str, Any], ...] = ()
    statements: tuple[Mapping[str, Any], ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long EventBridge tries. AWS's defaults: 185 retries, 24 hours."""

    maximum_retry_attempts: int = 185
    maximum_event_age_in_seconds: int = 86_400


@dataclass(frozen=True, slots=True)
class Destination:
    """
    Where a target leads that is neither an API nor a function of the template: ``service`` is the third part of its ARN.

    One of ``queue``, ``event_bus`` (a name), ``log_group`` (a name) and ``api`` is there where the local runtime delivers to
    it; none of them where the service, or that resource of it, is not emulated. ``parameters`` are the target's, for ``api``.
    """

    service: str
    queue: Queue | None = None
    event_bus: str = ""
    log_group: str = ""
    api: ApiDestination | None = None
    parameters: HttpParameters = NO_PARAMETERS

    @property
    def unsent(self) -> str:
        """Why the local runtime sends nothing there; empty where it does."""
        if self.api is not None:
            return self.api.out_of_reach
        if self.queue is not None or self.event_bus or self.log_group:
            return ""
        return f"a target of {self.service!r} is not emulated by the local runtime: nothing is sent"

    @property
    def is_emulated(self) -> bool:
        return not self.unsent


@dataclass(frozen=True, slots=True)
class Target:
    """
    One target of a rule: an AppSync API, the mutation, and the role that EventBridge assumes to run it; or a function.

    At most one of ``input`` (JSON text), ``input_path`` and ``input_transformer`` (``InputPathsMap`` and
    ``InputTemplate``) is not None; with none of them the whole event becomes the variables, or the function's event.
    ``arn`` is the API's GraphQLEndpointArn; ``api`` the logical id of that API in the same template. ``function`` is
    that of a Lambda function, where the target is one: ``api`` and ``graphql_operation`` are empty then. So they are where
    the target is a ``destination`` of any other kind.
    """

    id: str
    arn: str
    api: str
    graphql_operation: str
    operation_place: Place = Place()
    role: Role | None = None
    input: str | None = None
    input_path: str | None = None
    input_transformer: Mapping[str, Any] | None = None
    input_place: Place = Place()
    retry_policy: RetryPolicy = RetryPolicy()
    dead_letter: Queue | None = None
    place: Place = Place()
    function: str = ""
    destination: Destination | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """
    AWS::Events::Rule with an event pattern (JSON text; scheduled rules carry None and never match).

    ``targets`` are AppSync APIs, ``function_targets`` Lambda functions, ``other_targets`` everything else.
    """

    name: str
    arn: str
    bus: str
    event_pattern: str | None
    logical_id: str
    enabled: bool = True
    targets: tuple[Target, ...] = ()
    pattern_place: Place = Place()
    place: Place = Place()
    function_targets: tuple[Target, ...] = ()
    other_targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """
    Where the code of a function or a layer is, in one of these ways.

    ``inline`` is the text of one source file. ``path`` is a folder or a zip file, as the template has it: relative to the
    template's own folder. ``bucket`` and ``key`` are an object in S3, ``asset`` what CDK tells of it: a path beside the
    template. ``image`` is the URI of a container image.
    """

    inline: str | None = None
    path: str = ""
    bucket: str = ""
    key: str = ""
    asset: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class AsynchronousInvocation:
    """
    What Lambda does about an asynchronous invocation: how often it tries again, for how many seconds, and who is told.

    The three ARNs are empty where nobody is: ``dead_letter`` is that of the function's DeadLetterConfig.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    maximum_retry_attempts: int = 2
    maximum_event_age_in_seconds: int = 21_600
    dead_letter: str = ""
    on_success: str = ""
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """AWS::Lambda::LayerVersion of the same template."""

    arn: str
    code: FunctionCode
    logical_id: str


@dataclass(frozen=True, slots=True)
class Function:
    """
    AWS::Lambda::Function, or what SAM makes of AWS::Serverless::Function. ``timeout`` in seconds, memory in MB.

    ``policies`` are the statements of its resource policy: what AWS::Lambda::Permission adds. ``needs_build``: SAM says
    how it is built, so that its source is not what runs. ``unrunnable`` says why it cannot run here; empty where it can.
    """

    name: str
    arn: str
    logical_id: str
    runtime: str = ""
    handler: str = ""
    code: FunctionCode = FunctionCode()
    timeout: int = 3
    memory_size: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    asynchronous: AsynchronousInvocation = AsynchronousInvocation()
    policies: tuple[Mapping[str, Any], ...] = ()
    description: str = ""
    role: str = ""
    needs_build: bool = False
    unrunnable: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Archive:
    """AWS::Events::Archive of a bus: a pattern (JSON text, None for every event), days of retention, 0 for ever."""

    name: str
    arn: str
    bus: str
    bus_arn: str
    event_pattern: str | None = None
    retention_days: int = 0
    description: str = ""
    logical_id: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Table:
    """
    AWS::DynamoDB::Table or GlobalTable: ``request`` is the CreateTable that CloudFormation would make of it.

    ``is_name_given``: the template names it, so that CloudFormation would not replace it.
    """

    name: str
    arn: str
    request: Mapping[str, Any]
    ttl_attribute: str = ""
    is_name_given: bool = False
    logical_id: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """
    One way into an API. Members that the mode does not use are None.

    ``authorizer_arn`` is the function of AWS_LAMBDA, whose word on a token counts for ``authorizer_ttl`` seconds;
    ``token_pattern`` is a regular expression that tokens have to match before it is asked.
    """

    mode: Mode
    user_pool_id: str | None = None
    app_id_client_regex: str | None = None
    default_action: str | None = None
    issuer: str | None = None
    client_id: str | None = None
    authorizer_arn: str | None = None
    authorizer_ttl: int = 300
    token_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The table of a data source of type AMAZON_DYNAMODB. ``versioned``: with conflict detection."""

    name: str
    region: str
    versioned: bool = False


@dataclass(frozen=True, slots=True)
class Signing:
    """What Signature Version 4 is made for: a region, and a service by the name in its endpoints."""

    region: str
    service: str


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """The endpoint of a data source of type HTTP: a URL without a path, and how requests are signed, if they are."""

    url: str
    signing: Signing | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """
    AWS::AppSync::DataSource, with what its type needs; the other members are None.

    AMAZON_EVENTBRIDGE has the bus's ARN, AMAZON_DYNAMODB its ``table``, AWS_LAMBDA the function's ARN, HTTP its ``endpoint``.
    ``role`` is what AppSync assumes to call it, where the template makes that role.
    """

    name: str
    type: str
    event_bus_arn: str | None = None
    logical_id: str = ""
    table: SourceTable | None = None
    function_arn: str | None = None
    endpoint: HttpEndpoint | None = None
    role: Role | None = None
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The text of a mapping template in VTL, and the place of its first character."""

    text: str
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class MappingTemplates:
    """The request and the response mapping template of a resolver or a function; None where it has none."""

    request: TemplateText | None = None
    response: TemplateText | None = None

    @property
    def texts(self) -> tuple[TemplateText, ...]:
        return tuple(text for text in (self.request, self.response) if text is not None)


@dataclass(frozen=True, slots=True)
class PipelineFunction:
    """
    AWS::AppSync::FunctionConfiguration: one step of a pipeline resolver, in code or in ``templates``.

    With neither it invokes a Lambda function directly. ``max_batch_size`` 0: its invocations are not gathered.
    """

    name: str
    function_id: str
    data_source: DataSource
    code: str
    code_file: str
    logical_id: str = ""
    place: Place = Place()
    templates: MappingTemplates | None = None
    max_batch_size: int = 0
    is_direct: bool = False


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """
    AWS::AppSync::Resolver. ``data_source`` for UNIT; ``functions`` for PIPELINE; code is APPSYNC_JS text.

    With ``templates`` it is written in VTL, and has no code; with neither it is a direct Lambda resolver (``is_direct``).
    """

    type_name: str
    field_name: str
    code: str
    code_file: str
    data_source: DataSource | None = None
    functions: tuple[PipelineFunction, ...] = ()
    logical_id: str = ""
    place: Place = Place()
    templates: MappingTemplates | None = None
    max_batch_size: int = 0
    is_direct: bool = False

    @property
    def parts(self) -> tuple[ResolverConfig | PipelineFunction, ...]:
        """What has code or templates: the resolver itself, then its functions."""
        return (self, *self.functions)


@dataclass(frozen=True, slots=True)
class GraphQLApi:
    """AWS::AppSync::GraphQLApi with its schema (SDL text), resolvers and API keys."""

    logical_id: str
    name: str
    api_id: str
    arn: str
    endpoint_arn: str
    graphql_url: str
    realtime_url: str
    default_provider: AuthProvider
    additional_providers: tuple[AuthProvider, ...] = ()
    schema: str = ""
    schema_place: Place = Place()
    resolvers: tuple[ResolverConfig, ...] = ()
    api_keys: tuple[str, ...] = ()
    introspection: bool = True
    query_depth_limit: int = 0
    resolver_count_limit: int = 0
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    place: Place = Place()

    @property
    def providers(self) -> tuple[AuthProvider, ...]:
        return (self.default_provider, *self.additional_providers)


@dataclass(frozen=True, slots=True)
class UserPoolClient:
    """AWS::Cognito::UserPoolClient. Validity in seconds; ``auth_flows`` as in ExplicitAuthFlows."""

    client_id: str
    auth_flows: frozenset[str]
    secret: str | None = None
    access_token_validity: int = 3600
    id_token_validity: int = 3600
    refresh_token_validity: int = 30 * 86_400
    prevent_user_existence_errors: bool = False
    refresh_token_rotation: bool = False
    logical_id: str = ""


@dataclass(frozen=True, slots=True)
class UserPool:
    """
    AWS::Cognito::UserPool with its clients and groups.

    ``password_requires`` names kinds of characters: uppercase, lowercase, numeric, symbol.
    """

    user_pool_id: str
    arn: str
    logical_id: str
    clients: tuple[UserPoolClient, ...] = ()
    groups: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    auto_verified_attributes: tuple[str, ...] = ()
    password_minimum_length: int = 8
    password_requires: frozenset[str] = frozenset()
    username_case_sensitive: bool = True
    admin_create_user_only: bool = False
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A user pool whose users an identity pool takes: ``cognito-idp.REGION.amazonaws.com/POOL``, and the app client."""

    name: str
    client_id: str


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A rule that chooses a role by a claim of the token; ``match_type`` as the template names it."""

    claim: str
    match_type: str
    value: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """How one provider's users get their role: by the token's own claims, else by rules, the first that matches."""

    uses_token: bool
    denies_if_ambiguous: bool
    rules: tuple[RoleRule, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityPool:
    """
    AWS::Cognito::IdentityPool with what IdentityPoolRoleAttachment gives it.

    Roles are ARNs, empty where there is none; ``role_mappings`` are by ``PROVIDER:CLIENT``.
    """

    identity_pool_id: str
    logical_id: str
    name: str = ""
    allow_unauthenticated: bool = False
    allow_classic_flow: bool = False
    providers: tuple[IdentityProvider, ...] = ()
    authenticated_role: str = ""
    unauthenticated_role: str = ""
    role_mappings: Mapping[str, RoleMapping] = field(default_factory=dict)
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Application:
    """
    Everything that the template declares on the event's way, and its Outputs.

    ``exports`` are the values that other stacks may import, by the export's name; ``imports`` the names of those that
    it imports itself. ``outside_buses`` are the names of other stacks' buses that rules of this one are on.
    """

    stack_name: str
    region: str
    account: str
    buses: tuple[EventBus, ...]
    rules: tuple[Rule, ...]
    apis: tuple[GraphQLApi, ...]
    user_pools: tuple[UserPool, ...]
    queues: tuple[Queue, ...]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    outside_buses: tuple[str, ...] = ()
    exports: Mapping[str, str] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    warnings: Sequence[str] = ()
    archives: tuple[Archive, ...] = ()
    functions: tuple[Function, ...] = ()
    tables: tuple[Table, ...] = ()
    roles: tuple[Role, ...] = ()
    identity_pools: tuple[IdentityPool, ...] = ()
