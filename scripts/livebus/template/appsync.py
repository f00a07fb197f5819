"""
GraphQL APIs with schema, data sources, resolvers, functions and keys, as an Application has them.

Properties follow the AWS::AppSync::* types. What AppSync has and the local runtime has not is refused by its name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_AppSync.html
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast, get_args

from livebus.errors import Fault, LivebusError, Place
from livebus.identity import AWS_IAM, COGNITO, LAMBDA, OIDC, Mode
from livebus.template.application import (
    AuthProvider,
    DataSource,
    GraphQLApi,
    PipelineFunction,
    ResolverConfig,
)
from livebus.template.resources import Resource, Resources

ReadFile = Callable[[str], str]
"""The text of a file that the template names, by the name that stands there. Raises LivebusError where it has none."""

_EMULATED_DATA_SOURCES = ("NONE", "AMAZON_EVENTBRIDGE")


def read_apis(resources: Resources, read_file: ReadFile) -> tuple[GraphQLApi, ...]:
    return tuple(_ApiReader(resources, read_file).apis())


class _ApiReader:
    def __init__(self, resources: Resources, read_file: ReadFile) -> None:
        self._resources = resources
        self._read_file = read_file

    def apis(self) -> Iterator[GraphQLApi]:
        for resource in self._resources.of_type("AWS::AppSync::GraphQLApi"):
            if self._resources.required(resource, "Name", "AuthenticationType"):
                yield self._api(resource)

    def _api(self, resource: Resource) -> GraphQLApi:
        def attribute(name: str) -> str:
            return str(self._resources.attributes.get(resource.logical_id, name))

        properties, api_id = resource.properties, attribute("ApiId")
        schema, schema_place = self._schema(resource, api_id)
        sources = {source.name: source for source in self._data_sources(api_id)}
        functions = {function.function_id: function for function in self._functions(api_id, sources)}
        variables = properties.get("EnvironmentVariables") or {}
        return GraphQLApi(
            logical_id=resource.logical_id,
            name=str(properties["Name"]),
            api_id=api_id,
            arn=attribute("Arn"),
            endpoint_arn=attribute("GraphQLEndpointArn"),
            graphql_url=attribute("GraphQLUrl"),
            realtime_url=attribute("RealtimeUrl"),
            default_provider=self._provider(resource, properties),
            additional_providers=tuple(
                self._provider(resource, provider, "AdditionalAuthenticationProviders", index)
                for index, provider in enumerate(properties.get("AdditionalAuthenticationProviders") or ())
            ),
            schema=schema,
            schema_place=schema_place,
            resolvers=tuple(self._resolvers(api_id, sources, functions)),
            api_keys=tuple(
                str(self._resources.attributes.get(key.logical_id, "ApiKey"))
                for key in self._of_api("AWS::AppSync::ApiKey", api_id)
            ),
            introspection=properties.get("IntrospectionConfig", "ENABLED") != "DISABLED",
            query_depth_limit=int(properties.get("QueryDepthLimit", 0)),
            resolver_count_limit=int(properties.get("ResolverCountLimit", 0)),
            environment_variables={str(key): str(value) for key, value in variables.items()},
            place=resource.place(),
        )

    def _of_api(self, kind: str, api_id: str) -> Iterator[Resource]:
        for resource in self._resources.of_type(kind):
            if self._resources.required(resource, "ApiId") and resource.properties["ApiId"] == api_id:
                yield resource

    # --- authentication ---------------------------------------------------------------------------------------------

    def _provider(self, resource: Resource, given: Mapping[str, Any], *path: str | int) -> AuthProvider:
        mode = given.get("AuthenticationType")
        place = resource.place(*path, "AuthenticationType")
        if mode not in get_args(Mode):
            close = difflib.get_close_matches(str(mode), get_args(Mode), n=1)
            advice = f"Did you mean {close[0]}?" if close else ""
            self._fault(f"AuthenticationType is {mode!r}", place, f"one of {', '.join(get_args(Mode))}", advice)
            return AuthProvider(AWS_IAM)
        mode = cast(Mode, mode)
        if mode == LAMBDA:
            self._fault("a Lambda authorizer (AWS_LAMBDA) is not emulated", place, "", "Use another mode to run it here.")
        if mode == COGNITO:
            pool = given.get("UserPoolConfig")
            if not isinstance(pool, Mapping) or not pool.get("UserPoolId"):
                self._fault(f"{COGNITO} without a user pool", place, "UserPoolConfig with a UserPoolId")
                return AuthProvider(mode)
            return AuthProvider(
                mode,
                user_pool_id=str(pool["UserPoolId"]),
                app_id_client_regex=pool.get("AppIdClientRegex"),
                default_action=pool.get("DefaultAction"),
            )
        if mode == OIDC:
            config = given.get("OpenIDConnectConfig")
            if not isinstance(config, Mapping) or not config.get("Issuer"):
                self._fault(f"{OIDC} without an issuer", place, "OpenIDConnectConfig with an Issuer")
                return AuthProvider(mode)
            return AuthProvider(mode, issuer=str(config["Issuer"]), client_id=config.get("ClientId"))
        return AuthProvider(mode)

    # --- schema and code --------------------------------------------------------------------------------------------

    def _schema(self, api: Resource, api_id: str) -> tuple[str, Place]:
        found = list(self._of_api("AWS::AppSync::GraphQLSchema", api_id))
        if not found:
            self._fault(f"API {api.logical_id!r} has no AWS::AppSync::GraphQLSchema", api.place())
            return "", api.place()
        schema = found[0]
        if "Definition" in schema.properties:
            return str(schema.properties["Definition"]), schema.place("Definition")
        location = schema.properties.get("DefinitionS3Location")
        if not isinstance(location, str):
            self._fault("the schema has neither Definition nor DefinitionS3Location", schema.place())
            return "", schema.place()
        return self._text(location, schema.place("DefinitionS3Location")), Place(location, 1, 1)

    def _code(self, resource: Resource) -> tuple[str, str]:
        """APPSYNC_JS code and the file that it is from. Inline code is padded, so that its lines are the template's."""
        properties = resource.properties
        runtime = properties.get("Runtime") or {}
        is_javascript = runtime.get("Name") == "APPSYNC_JS" and str(runtime.get("RuntimeVersion")) == "1.0.0"
        if not is_javascript:
            self._fault(
                f"{resource.type} {resource.logical_id!r} has the runtime {dict(runtime) or None!r}",
                resource.place("Runtime"),
                "Name APPSYNC_JS and RuntimeVersion 1.0.0",
                "" if runtime else "Mapping templates in VTL are not emulated.",
            )
        if "Code" in properties:
            place = resource.place("Code")
            return "\n" * ((place.line or 1) - 1) + str(properties["Code"]), place.file
        location = properties.get("CodeS3Location")
        if not isinstance(location, str):
            if is_javascript:
                self._fault(f"{resource.logical_id!r} has neither Code nor CodeS3Location", resource.place())
            return "", ""
        return self._text(location, resource.place("CodeS3Location")), location

    def _text(self, location: str, place: Place) -> str:
        try:
            return self._read_file(location)
        except LivebusError as error:
            self._resources.faults.extend(
                Fault(fault.found, place, fault.expected, fault.advice) for fault in error.faults
            )
            return ""

    # --- data sources, functions, resolvers -------------------------------------------------------------------------

    def _data_sources(self, api_id: str) -> Iterator[DataSource]:
        for resource in self._of_api("AWS::AppSync::DataSource", api_id):
            if not self._resources.required(resource, "Name", "Type"):
                continue
            kind = resource.properties["Type"]
            if kind not in _EMULATED_DATA_SOURCES:
                expected = f"one of {', '.join(_EMULATED_DATA_SOURCES)}"
                self._fault(f"data source type {kind!r} is not emulated", resource.place("Type"), expected)
            bus = (resource.properties.get("EventBridgeConfig") or {}).get("EventBusArn")
            yield DataSource(str(resource.properties["Name"]), str(kind), bus, resource.logical_id)

    def _source(self, resource: Resource, sources: Mapping[str, DataSource]) -> DataSource | None:
        name = str(resource.properties.get("DataSourceName"))
        if name in sources:
            return sources[name]
        close = difflib.get_close_matches(name, sources, n=1)
        advice = f"Did you mean {close[0]!r}?" if close else f"The API has: {', '.join(sources) or 'none'}."
        self._fault(f"data source {name!r} is not there", resource.place("DataSourceName"), "", advice)
        return None

    def _functions(self, api_id: str, sources: Mapping[str, DataSource]) -> Iterator[PipelineFunction]:
        for resource in self._of_api("AWS::AppSync::FunctionConfiguration", api_id):
            source, (code, file) = self._source(resource, sources), self._code(resource)
            if source:
                function_id = str(self._resources.attributes.get(resource.logical_id, "FunctionId"))
                name = str(resource.properties.get("Name", resource.logical_id))
                yield PipelineFunction(name, function_id, source, code, file, resource.logical_id, resource.place())

    def _resolvers(
        self, api_id: str, sources: Mapping[str, DataSource], functions: Mapping[str, PipelineFunction]
    ) -> Iterator[ResolverConfig]:
        seen: dict[tuple[str, str], str] = {}
        for resource in self._of_api("AWS::AppSync::Resolver", api_id):
            if not self._resources.required(resource, "TypeName", "FieldName"):
                continue
            key = (str(resource.properties["TypeName"]), str(resource.properties["FieldName"]))
            if key in seen:
                self._fault(f"{'.'.join(key)} has a resolver already: {seen[key]!r}", resource.place())
            seen[key] = resource.logical_id
            code, file = self._code(resource)
            if resource.properties.get("Kind", "UNIT") == "PIPELINE":
                steps = tuple(self._steps(resource, functions))
                yield ResolverConfig(*key, code, file, None, steps, resource.logical_id, resource.place())
            elif source := self._source(resource, sources):
                yield ResolverConfig(*key, code, file, source, (), resource.logical_id, resource.place())

    def _steps(self, resource: Resource, functions: Mapping[str, PipelineFunction]) -> Iterator[PipelineFunction]:
        named = (resource.properties.get("PipelineConfig") or {}).get("Functions") or ()
        for index, function_id in enumerate(named):
            if function_id in functions:
                yield functions[function_id]
            else:
                place = resource.place("PipelineConfig", "Functions", index)
                self._fault(f"function {function_id!r} is not there", place, "the FunctionId of a function of this API")

    def _fault(self, found: str, place: Place, expected: str = "", advice: str = "") -> None:
        self._resources.faults.append(Fault(found, place, expected, advice))

