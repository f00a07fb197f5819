"""
Expands AWS::Serverless::GraphQLApi into the AWS::AppSync resources that the SAM transform makes of it.

In: a template in long form. Out: the same with plain resources only, under the logical ids that SAM gives them; each member
keeps the place where the user wrote it, so that faults are told there.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-graphqlapi.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livebus.errors import Fault, did_you_mean
from livebus.template.document import Document, Path
from livebus.template.properties import shown
from livebus.template.serverless_data_sources import (
    SOURCE_KINDS,
    SourceKind,
    authorizer_permissions,
    role_and_policy,
    settings,
)
from livebus.template.serverless_expansion import Expansion, Sheet, expand
from livebus.template.serverless_functions import functions_expanded
from livebus.template.serverless_references import references_resolved
from livebus.template.serverless_state_machines import state_machines_expanded
from livebus.template.simple_tables import with_tables

TYPE = "AWS::Serverless::GraphQLApi"
_JS = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
# What SAM gives a resolver that has no code of its own: the last function's result.
_PASSING_ON = "export function request() { return {}; }\nexport function response(ctx) { return ctx.prev.result; }\n"
_AS_IT_IS = (
    "IntrospectionConfig",
    "OwnerContact",
    "QueryDepthLimit",
    "ResolverCountLimit",
    "Visibility",
    "XrayEnabled",
)
_PROPERTIES = {
    *_AS_IT_IS,
    *("ApiKeys", "Auth", "Cache", "DataSources", "DomainName", "Functions", "Logging", "Name", "Resolvers"),
    *("SchemaInline", "SchemaUri", "Tags"),
}
_OPTIONS = {"MaxBatchSize": "MaxBatchSize"}
_AUTH_CONFIGS = {
    "UserPool": "UserPoolConfig",
    "OpenIDConnect": "OpenIDConnectConfig",
    "LambdaAuthorizer": "LambdaAuthorizerConfig",
}


def expanded(document: Document) -> Document:
    """
    A template without AWS::Serverless::GraphQLApi, Function, LayerVersion, StateMachine and SimpleTable; the template itself
    where it has none.

    What SAM refuses is added to the document's faults. Caches and domain names are left out: nothing here reads them.
    """
    document = references_resolved(document)
    document = state_machines_expanded(functions_expanded(document))
    document = with_tables(document)
    return expand(document, (TYPE,), lambda *one: _Api(*one).resources())


class _Api(Expansion):
    """One AWS::Serverless::GraphQLApi."""

    def __init__(self, sheet: Sheet, logical_id: str, body: Mapping[str, Any]) -> None:
        super().__init__(sheet, logical_id, body)
        self._api_id = {"Fn::GetAtt": [logical_id, "ApiId"]}
        self._sources: dict[str, Any] = {}
        self._function_ids: dict[str, Any] = {}
        self._uses_none = False

    def resources(self) -> Iterator[tuple[str, Any]]:
        """The resources that SAM makes, by their logical ids."""
        for name in self._given:
            if name not in _PROPERTIES:
                found = f"property {name} not defined for resource of type {TYPE}"
                self._fault(found, (*self._root, name), did_you_mean(name, _PROPERTIES))
        yield self._api()
        yield from self._authorizers()
        schema = {"SchemaInline": "Definition", "SchemaUri": "DefinitionS3Location"}
        yield self._made("Schema", "GraphQLSchema", self._given, self._root, schema)
        for name, key, path in self._objects(self._given, self._root, "ApiKeys"):
            yield self._made(name, "ApiKey", key, path, {"Description": "Description", "ExpiresOn": "Expires"})
        yield from self._data_sources()
        yield from self._functions()
        yield from self._resolvers()
        if self._uses_none:
            name = f"{self._id}NoneDataSource"
            yield self._made("NoneDataSource", "DataSource", {}, self._root, {}, Name=name, Type="NONE")
        logging = self._given.get("Logging")
        if logging is not False and "CloudWatchLogsRoleArn" not in (logging if isinstance(logging, dict) else {}):
            yield self._log_role()

    def _made(
        self, suffix: str, kind: str, given: Mapping[str, Any], source: Path, members: Mapping[str, str], **others: Any
    ) -> tuple[str, Any]:
        """A resource of the API: ``members`` leads from SAM's names to AppSync's, ``others`` are what SAM adds."""
        logical_id = f"{self._id}{suffix}"
        at: Path = ("Resources", logical_id)
        self._places.setdefault(at, self._start(source))
        properties = {"ApiId": self._api_id, **others}
        for name, appsync_name in members.items():
            if given.get(name) is not None:
                properties[appsync_name] = given[name]
                self._places.move((*source, name), (*at, "Properties", appsync_name))
        return logical_id, {"Type": f"AWS::AppSync::{kind}", **self._attributes, "Properties": properties}

    # --- the API ----------------------------------------------------------------------------------------------------

    def _api(self) -> tuple[str, Any]:
        properties = {"Name": self._given.get("Name") or self._id}
        properties |= {name: self._given[name] for name in _AS_IT_IS if name in self._given}
        path = (*self._root, "Auth")
        auth = self._object(self._given.get("Auth"), path)
        if "Auth" not in self._given:
            self._fault(f"{TYPE} {self._id!r} has no Auth", self._root, "Write Auth, with Type: AWS_IAM in it.")
        properties |= self._provider(auth, path, self._root)
        additional = auth.get("Additional")
        if isinstance(additional, list):
            to = (*self._root, "AdditionalAuthenticationProviders")
            self._places.move((*path, "Additional"), to)
            properties["AdditionalAuthenticationProviders"] = [
                self._provider(each, (*path, "Additional", index), (*to, index), additional=True)
                for index, each in enumerate(additional)
                if isinstance(each, dict)
            ]
        if isinstance(self._given.get("Logging"), dict):
            role = {"Fn::GetAtt": [f"{self._id}CloudWatchRole", "Arn"]}
            properties["LogConfig"] = {"FieldLogLevel": "ALL", "CloudWatchLogsRoleArn": role, **self._given["Logging"]}
            self._places.move((*self._root, "Logging"), (*self._root, "LogConfig"))
        return self._id, {"Type": "AWS::AppSync::GraphQLApi", **self._attributes, "Properties": properties}

    def _provider(self, auth: Mapping[str, Any], path: Path, to: Path, *, additional: bool = False) -> dict[str, Any]:
        provider = {}
        if "Type" in auth:
            provider["AuthenticationType"] = auth["Type"]
            self._places.move((*path, "Type"), (*to, "AuthenticationType"))
        for name, appsync_name in _AUTH_CONFIGS.items():
            if name in auth:
                config = auth[name]
                if additional and isinstance(config, dict):
                    # SAM drops what AppSync has for the default user pool only.
                    config = {key: value for key, value in config.items() if key != "DefaultAction"}
                provider[appsync_name] = config
                self._places.move((*path, name), (*to, appsync_name))
        return provider

    def _log_role(self) -> tuple[str, Any]:
        principal = {"Service": ["appsync.amazonaws.com"]}
        trust = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}
        policy = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs"
        properties = {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": [{"Fn::Sub": policy}],
        }
        self._places.setdefault(("Resources", f"{self._id}CloudWatchRole"), self._start(self._root[:2]))
        return f"{self._id}CloudWatchRole", {"Type": "AWS::IAM::Role", **self._attributes, "Properties": properties}

    # --- data sources, functions, resolvers -------------------------------------------------------------------------

    def _data_sources(self) -> Iterator[tuple[str, Any]]:
        path = (*self._root, "DataSources")
        groups = self._object(self._given.get("DataSources"), path)
        for group, kind in SOURCE_KINDS.items():
            for name, source, below in self._objects(groups, path, group):
                yield from self._data_source(kind, name, source, below)

    def _data_source(
        self, kind: SourceKind, name: str, source: Mapping[str, Any], path: Path
    ) -> Iterator[tuple[str, Any]]:
        suffix = f"{name}{kind.suffix}DataSource"
        logical_id = f"{self._id}{suffix}"
        self._sources[name] = {"Fn::GetAtt": [logical_id, "Name"]}
        members = {each: each for each in ("Name", "Description", "ServiceRoleArn")}
        made = self._made(suffix, "DataSource", {"Name": name, **source}, path, members, Type=kind.type)
        properties, at = made[1]["Properties"], ("Resources", logical_id, "Properties")
        properties[kind.config] = settings(kind, source)
        for sam_name, member in kind.members.items():
            self._places.move((*path, sam_name), (*at, kind.config, member))
        if not source.get("ServiceRoleArn"):
            properties["ServiceRoleArn"] = {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}
            for other, body in role_and_policy(kind, logical_id, source):
                self._places.setdefault(("Resources", other), self._start(path))
                # The policy is a connector's, which has nothing of the API but its condition.
                attributes = self._attributes if body["Type"] == "AWS::IAM::Role" else {}
                yield other, {**attributes, **body}
        yield made

    def _authorizers(self) -> Iterator[tuple[str, Any]]:
        path = (*self._root, "Auth")
        auth = self._given.get("Auth")
        own = auth if isinstance(auth, dict) else {}
        additional = own.get("Additional")
        more = [each for each in additional if isinstance(each, dict)] if isinstance(additional, list) else []
        for logical_id, body in authorizer_permissions(self._id, [own, *more]):
            self._places.setdefault(("Resources", logical_id), self._start(path))
            yield logical_id, body

    def _functions(self) -> Iterator[tuple[str, Any]]:
        for name, function, path in self._objects(self._given, self._root, "Functions"):
            self._function_ids[name] = function.get("Id") or {"Fn::GetAtt": [f"{self._id}{name}", "FunctionId"]}
            if "Id" in function:
                continue
            members = {
                "Name": "Name",
                "InlineCode": "Code",
                "CodeUri": "CodeS3Location",
                "Runtime": "Runtime",
                **_OPTIONS,
            }
            made = self._made(name, "FunctionConfiguration", {"Name": name, **function}, path, members)
            properties = made[1]["Properties"]
            self._rename_version(properties, ("Resources", made[0], "Properties", "Runtime"))
            if "DataSource" in function:
                properties["DataSourceName"] = self._source(function["DataSource"])
                self._places.move((*path, "DataSource"), ("Resources", made[0], "Properties", "DataSourceName"))
            yield made

    def _source(self, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if given.lower() == "none":
            self._uses_none = True
            return {"Fn::GetAtt": [f"{self._id}NoneDataSource", "Name"]}
        return self._sources.get(given, given)  # what is not there is told with the resource

    def _resolvers(self) -> Iterator[tuple[str, Any]]:
        path = (*self._root, "Resolvers")
        types = self._object(self._given.get("Resolvers"), path)
        members = {
            "FieldName": "FieldName",
            "InlineCode": "Code",
            "CodeUri": "CodeS3Location",
            "Runtime": "Runtime",
            **_OPTIONS,
        }
        for type_name in types:
            for name, resolver, below in self._objects(types, path, type_name):
                given = {"FieldName": name, **resolver}
                if "InlineCode" not in resolver and "CodeUri" not in resolver:
                    given |= {"InlineCode": _PASSING_ON, "Runtime": _JS}
                suffix, steps = f"{type_name}{name}", self._steps(name, resolver, below)
                config: dict[str, Any] = {"Kind": "PIPELINE", "PipelineConfig": {"Functions": steps}}
                made = self._made(suffix, "Resolver", given, below, members, TypeName=type_name, **config)
                made[1]["DependsOn"] = f"{self._id}Schema"
                at: Path = ("Resources", made[0], "Properties")
                self._rename_version(made[1]["Properties"], (*at, "Runtime"))
                self._places.move((*below, "Pipeline"), (*at, "PipelineConfig"))
                yield made

    def _steps(self, name: str, resolver: Mapping[str, Any], path: Path) -> list[Any]:
        given = resolver.get("Pipeline")
        if not isinstance(given, list) or not given:
            found = f"Resolver '{name}' must have Pipeline defined. Unit resolvers are not supported."
            self._fault(found, path, "Name the functions to run, or write an AWS::AppSync::Resolver.")
            return []
        for index, step in enumerate(given):
            if not isinstance(step, str) or step not in self._function_ids:
                advice = did_you_mean(step, self._function_ids) if isinstance(step, str) else ""
                self._fault(f"Function {shown(step)} does not exist.", (*path, "Pipeline", index), advice)
        return [self._function_ids[step] for step in given if isinstance(step, str) and step in self._function_ids]

    def _rename_version(self, properties: dict[str, Any], at: Path) -> None:
        """SAM's Runtime has Version where AppSync's has RuntimeVersion."""
        runtime = properties.get("Runtime")
        if isinstance(runtime, dict) and "Version" in runtime:
            properties["Runtime"] = {
                "RuntimeVersion" if name == "Version" else name: value for name, value in runtime.items()
            }
            self._places.move((*at, "Version"), (*at, "RuntimeVersion"))

    # --- objects and places -----------------------------------------------------------------------------------------

    def _object(self, value: Any, path: Path) -> Mapping[str, Any]:
        if value is None or isinstance(value, dict):
            return value or {}
        self._faults.append(Fault(f"{path[-1]} is {shown(value)}", self._document.place(path), "an object"))
        return {}

    def _objects(self, owner: Mapping[str, Any], path: Path, member: str) -> Iterator[tuple[str, Any, Path]]:
        """The objects in a member of an object: name, object, path."""
        below = (*path, member)
        for name, value in self._object(owner.get(member), below).items():
            yield name, self._object(value, (*below, name)), (*below, name)

    def _fault(self, found: str, path: Path, advice: str = "") -> None:
        self._faults.append(Fault(found, self._document.place(path), advice=advice))
