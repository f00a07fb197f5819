"""Data: GraphQL APIs with who may come in, their data sources and resolvers; and DynamoDB's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.caller import Mode
from livebus.errors import Fault, Place
from livebus.template.application.bus import Role


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
    ``elsewhere`` is what has been told of data sources and functions of another stack that it uses: it cannot be run here.
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
    elsewhere: tuple[Fault, ...] = ()

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
