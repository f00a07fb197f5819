"""
GraphQL APIs with their schema, ways in, resolvers and keys, as an Application has them.

Properties follow AWS::AppSync::GraphQLApi, GraphQLSchema and ApiKey. What AppSync has and the local runtime has not is
refused by its name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-appsync-graphqlapi.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast, get_args

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Mode
from livebus.errors import Place
from livebus.template.application import AuthProvider, GraphQLApi, Role
from livebus.template.properties import Properties
from livebus.template.resolvers import ReadFile, read_resolvers, read_text, wrong_api
from livebus.template.resource import Resource
from livebus.template.resources import Resources

_OF_APIS = tuple(
    f"AWS::AppSync::{kind}" for kind in ("ApiKey", "DataSource", "FunctionConfiguration", "GraphQLSchema", "Resolver")
)
_SWITCH = ("ENABLED", "DISABLED")
_VARIABLES = "EnvironmentVariables"
_VARIABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_LONGEST_VARIABLE = 512
_MOST_VARIABLES = 50


def read_apis(resources: Resources, read_file: ReadFile, roles: Iterable[Role] = ()) -> tuple[GraphQLApi, ...]:
    apis = resources.of_type("AWS::AppSync::GraphQLApi")
    members = _members(resources, apis)
    reader = _ApiReader(resources, read_file, {role.arn: role for role in roles})
    return tuple(reader.api(resource, members[resource.logical_id]) for resource in apis)


def _members(resources: Resources, apis: list[Resource]) -> dict[str, list[Resource]]:
    """What belongs to each API, by the API's logical id; what belongs to none is told."""
    api_ids = {resources.attribute(api, "ApiId"): api.logical_id for api in apis}
    arns = {resources.attribute(api, "Arn"): api.logical_id for api in apis}
    of_events = {resources.attribute(api, "ApiId") for api in resources.of_type("AWS::AppSync::Api")}
    members: dict[str, list[Resource]] = {api.logical_id: [] for api in apis}
    for resource in resources.of_type(*_OF_APIS):
        if not resource.required("ApiId"):
            continue
        if resource.properties.text("ApiId") in of_events:
            continue  # an Events API has keys, too
        if fault := wrong_api(resource, api_ids, arns):
            resources.faults.append(fault)
        elif logical_id := api_ids.get(resource.properties.text("ApiId")):
            members[logical_id].append(resource)
    return members


def _environment_variables(properties: Properties) -> dict[str, str]:
    """
    What resolvers have as ``ctx.env``, within the bounds that AppSync documents:
    https://docs.aws.amazon.com/appsync/latest/APIReference/API_PutGraphqlApiEnvironmentVariables.html
    """
    variables = properties.map_of_texts(_VARIABLES)
    for name, text in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            expected = "a letter, then one or more letters, digits and '_'"
            properties.fault(f"{name!r} is no name of a variable in {_VARIABLES}", _VARIABLES, name, expected=expected)
        if len(text) > _LONGEST_VARIABLE:
            found = f"the variable {name!r} has {len(text):,} characters"
            properties.fault(found, _VARIABLES, name, expected=f"{_LONGEST_VARIABLE} at the most")
    if len(variables) > _MOST_VARIABLES:
        found = f"{_VARIABLES} has {len(variables)} variables"
        properties.fault(found, _VARIABLES, expected=f"{_MOST_VARIABLES} at the most")
    return variables


class _ApiReader:
    def __init__(self, resources: Resources, read_file: ReadFile, roles: Mapping[str, Role]) -> None:
        self._resources = resources
        self._read_file = read_file
        self._roles = roles
        self._pools = {resources.ref(pool) for pool in resources.of_type("AWS::Cognito::UserPool")}

    def api(self, resource: Resource, members: list[Resource]) -> GraphQLApi:
        properties = resource.properties
        resource.required("Name", "AuthenticationType")
        for member, emulated, other, advice in (
            ("ApiType", "GRAPHQL", "MERGED", "Write the schema into one API."),
            ("Visibility", "GLOBAL", "PRIVATE", "EventBridge does not reach private APIs."),
        ):
            if (given := properties.text(member, emulated, choices=(emulated, other))) != emulated:
                properties.not_emulated(f"{member} {given!r} is not emulated", member, expected=emulated, advice=advice)
        schema, schema_place = self._schema(resource, members)
        return GraphQLApi(
            logical_id=resource.logical_id,
            name=properties.text("Name"),
            api_id=self._resources.attribute(resource, "ApiId"),
            arn=self._resources.attribute(resource, "Arn"),
            endpoint_arn=self._resources.attribute(resource, "GraphQLEndpointArn"),
            graphql_url=self._resources.attribute(resource, "GraphQLUrl"),
            realtime_url=self._resources.attribute(resource, "RealtimeUrl"),
            default_provider=self._provider(properties),
            additional_providers=self._additional_providers(properties),
            schema=schema,
            schema_place=schema_place,
            resolvers=read_resolvers(self._resources, members, self._read_file, self._roles),
            api_keys=tuple(
                self._resources.attribute(key, "ApiKey") for key in members if key.type == "AWS::AppSync::ApiKey"
            ),
            introspection=properties.text("IntrospectionConfig", "ENABLED", choices=_SWITCH) == "ENABLED",
            query_depth_limit=properties.number("QueryDepthLimit", 0, 0, 75),
            resolver_count_limit=properties.number("ResolverCountLimit", 0, 0, 10_000),
            environment_variables=_environment_variables(properties),
            place=resource.place(),
        )

    # --- ways in ----------------------------------------------------------------------------------------------------

    def _additional_providers(self, properties: Properties) -> tuple[AuthProvider, ...]:
        seen = {properties.text("AuthenticationType")}
        providers = []
        for item in properties.mappings("AdditionalAuthenticationProviders"):
            if not item.required("AuthenticationType", what="an additional authentication provider"):
                continue
            provider = self._provider(item)
            if provider.mode in seen and provider.mode in (API_KEY, AWS_IAM, LAMBDA):
                item.fault(f"{provider.mode} is there twice", "AuthenticationType", expected="each mode once")
            seen.add(provider.mode)
            providers.append(provider)
        return tuple(providers)

    def _provider(self, given: Properties) -> AuthProvider:
        mode = cast(Mode, given.text("AuthenticationType", AWS_IAM, choices=get_args(Mode)))
        if mode == LAMBDA:
            config = given.mapping("LambdaAuthorizerConfig")
            # A configuration that is not there is told by a check, and by AppSync when the API is made.
            return AuthProvider(
                mode,
                authorizer_arn=config.text_or_none("AuthorizerUri"),
                authorizer_ttl=config.number("AuthorizerResultTtlInSeconds", 300, 0, 3600),
                token_pattern=config.text_or_none("IdentityValidationExpression"),
            )
        if mode == COGNITO:
            pool = given.mapping("UserPoolConfig")
            pool.required("UserPoolId", what=f"{COGNITO}, in UserPoolConfig,")
            user_pool_id = pool.text("UserPoolId")
            if user_pool_id and user_pool_id not in (*self._pools, *self._resources.environment.elsewhere):
                text = f"user pool {user_pool_id!r} is not in the template: nobody can sign in to it here"
                self._resources.warn(pool.place("UserPoolId"), text)
            return AuthProvider(
                mode,
                user_pool_id=user_pool_id,
                app_id_client_regex=pool.text_or_none("AppIdClientRegex"),
                default_action=pool.text("DefaultAction", choices=("ALLOW", "DENY")) or None,
            )
        if mode == OIDC:
            config = given.mapping("OpenIDConnectConfig")
            config.required("Issuer", what=f"{OIDC}, in OpenIDConnectConfig,")
            return AuthProvider(mode, issuer=config.text("Issuer"), client_id=config.text_or_none("ClientId"))
        return AuthProvider(mode)

    # --- schema -----------------------------------------------------------------------------------------------------

    def _schema(self, api: Resource, members: list[Resource]) -> tuple[str, Place]:
        found = [member for member in members if member.type == "AWS::AppSync::GraphQLSchema"]
        if not found:
            api.properties.fault(f"API {api.logical_id!r} has no AWS::AppSync::GraphQLSchema")
            return "", api.place()
        schema = found[0]
        for other in found[1:]:
            other.properties.fault(f"API {api.logical_id!r} has another schema: {schema.logical_id!r}")
        given = [member for member in ("Definition", "DefinitionS3Location") if member in schema.properties.values]
        if len(given) != 1:
            what = "both" if given else "neither"
            schema.properties.fault(
                f"the schema has {what} Definition and DefinitionS3Location", expected="one of the two"
            )
            return "", schema.place()
        if given == ["Definition"]:
            return schema.properties.text("Definition"), schema.place("Definition")
        return read_text(schema, "DefinitionS3Location", self._read_file)
