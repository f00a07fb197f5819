"""
Data sources, functions and resolvers of GraphQL APIs, as an Application has them.

Properties follow AWS::AppSync::DataSource, FunctionConfiguration and Resolver. What AppSync has and the local runtime has
not is refused by its name.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-appsync-resolver.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from livebus.errors import Fault, LivebusError, Place, did_you_mean, listed
from livebus.template.application import (
    DataSource,
    HttpEndpoint,
    MappingTemplates,
    PipelineFunction,
    ResolverConfig,
    Role,
    Signing,
    SourceTable,
    TemplateText,
)
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.resources import Resources
from livebus.template.text_places import INSIDE
from livebus.template.values import is_opaque

ReadFile = Callable[[str], str]
"""The text of a file that the template names, by the name that stands there. Raises LivebusError where it has none."""

_EMULATED_DATA_SOURCES = ("NONE", "AMAZON_EVENTBRIDGE", "AMAZON_DYNAMODB", "AWS_LAMBDA", "HTTP")
_DATA_SOURCES = (
    "NONE",
    "AMAZON_EVENTBRIDGE",
    "AMAZON_BEDROCK_RUNTIME",
    "AMAZON_DYNAMODB",
    "AMAZON_ELASTICSEARCH",
    "AMAZON_OPENSEARCH_SERVICE",
    "AWS_LAMBDA",
    "HTTP",
    "RELATIONAL_DATABASE",
)
_MOST_IN_BATCH = 2000
_ENDPOINT = re.compile(r"https?://[^/?#@\s]+/?")
_NAME = re.compile("[_A-Za-z][_0-9A-Za-z]*")
_ID = re.compile("[a-z0-9]{26}")
_NAME_EXPECTED = "letters, digits and '_', and no digit first"
_VTL = ("RequestMappingTemplate", "ResponseMappingTemplate")  # inline, or in a file with S3Location behind the name
_CODE = ("Code", "CodeS3Location", "Runtime")
_ELSEWHERE = "Those of other stacks are not emulated: a field that needs it fails here."


def read_text(resource: Resource, member: str, read_file: ReadFile) -> tuple[str, Place]:
    """The text of the file that a property names, and its first place; what keeps it from being read is a fault."""
    properties, location = resource.properties, resource.properties.text(member)
    if not location or "\0" in location:
        if member in properties:
            properties.fault(f"{member} is {location!r}", member, expected="the name of a file")
        return "", properties.place(member)
    location = resource.located(location)
    try:
        return read_file(location), Place(location, 1, 1)
    except LivebusError as error:
        for fault in error.faults:
            properties.fault(fault.found, member, expected=fault.expected, advice=fault.advice)
        return "", properties.place(member)


def read_resolvers(
    resources: Resources, of_api: list[Resource], read_file: ReadFile, roles: Mapping[str, Role]
) -> tuple[ResolverConfig, ...]:
    """The resolvers among the resources of one API, in the template's order; ``roles`` are by ARN."""
    return tuple(_ResolverReader(resources, of_api, read_file, roles).resolvers())


class _ResolverReader:
    def __init__(
        self, resources: Resources, of_api: list[Resource], read_file: ReadFile, roles: Mapping[str, Role]
    ) -> None:
        self._resources = resources
        self._roles = roles
        self._of_api = of_api
        self._read_file = read_file
        # What is declared, and refused where it stands: who refers to it is told nothing again.
        self._refused = set(self._of_no_api())
        self._elsewhere: dict[str, Fault] = {}  # what functions use of another stack, by their ids
        self._sources = self._data_sources()
        self._functions = {function.function_id: function for function in self._pipeline_functions()}

    def _of_type(self, kind: str) -> Iterator[Resource]:
        return (resource for resource in self._of_api if resource.type == f"AWS::AppSync::{kind}")

    def _of_no_api(self) -> Iterator[str]:
        """The names and ids that resources would have which say wrongly of which API they are."""
        apis = {
            self._resources.attribute(each, "ApiId") for each in self._resources.of_type("AWS::AppSync::GraphQLApi")
        }
        for kind, attribute in (("DataSource", "Name"), ("FunctionConfiguration", "FunctionId")):
            for resource in self._resources.of_type(f"AWS::AppSync::{kind}"):
                given = resource.properties.text("ApiId")
                if given not in apis and not is_of_another_stack(given):
                    yield self._resources.attribute(resource, attribute)

    def _data_sources(self) -> dict[str, DataSource]:
        sources: dict[str, DataSource] = {}
        for resource in self._of_type("DataSource"):
            properties = resource.properties
            if not resource.required("Name", "Type"):
                self._refused.add(self._resources.attribute(resource, "Name"))
                continue
            name = properties.matching("Name", _NAME, _NAME_EXPECTED)
            kind = properties.text("Type", choices=_DATA_SOURCES)
            if kind and kind not in _EMULATED_DATA_SOURCES:
                expected = f"one of {', '.join(_EMULATED_DATA_SOURCES)}"
                properties.not_emulated(f"data source type {kind!r} is not emulated", "Type", expected=expected)
            if name in sources:
                properties.fault(f"the API has another data source {name!r}", "Name")
            sources[name] = self._data_source(resource, name, kind)
        return sources

    def _data_source(self, resource: Resource, name: str, kind: str) -> DataSource:
        """A data source with what its type needs."""
        properties = resource.properties
        bus, function, table = (properties.mapping(f"{of}Config") for of in ("EventBridge", "Lambda", "DynamoDB"))
        if kind == "AMAZON_EVENTBRIDGE":
            bus.required("EventBusArn", what=f"{resource}, in EventBridgeConfig,")
        if kind == "AWS_LAMBDA":
            function.required("LambdaFunctionArn", what=f"{resource}, in LambdaConfig,")
        source_table = None
        if kind == "AMAZON_DYNAMODB" and table.required(
            "AwsRegion", "TableName", what=f"{resource}, in DynamoDBConfig,"
        ):
            source_table = SourceTable(table.text("TableName"), table.text("AwsRegion"), table.flag("Versioned"))
            if source_table.versioned:
                found = f"data source {name!r} is versioned, which is not emulated"
                table.not_emulated(found, "Versioned", expected="a table without conflict detection")
        return DataSource(
            name,
            kind,
            bus.text_or_none("EventBusArn"),
            resource.logical_id,
            source_table,
            function.text_or_none("LambdaFunctionArn"),
            self._endpoint(resource) if kind == "HTTP" else None,
            self._roles.get(properties.text("ServiceRoleArn")),
            resource.place(),
        )

    @staticmethod
    def _endpoint(resource: Resource) -> HttpEndpoint | None:
        config = resource.properties.mapping("HttpConfig")
        if not config.required("Endpoint", what=f"{resource}, in HttpConfig,"):
            return None
        url = config.matching("Endpoint", _ENDPOINT, "https://<host>, without a path")
        authorization = config.mapping("AuthorizationConfig")
        if authorization.text("AuthorizationType", choices=("AWS_IAM",)) != "AWS_IAM":
            return HttpEndpoint(url)
        iam = authorization.mapping("AwsIamConfig")
        return HttpEndpoint(url, Signing(iam.text("SigningRegion"), iam.text("SigningServiceName")))

    def _source(self, properties: Properties, what: str) -> DataSource | Fault | None:
        """The data source that is named; what has been told where it is another stack's; None where it is none."""
        if not properties.required("DataSourceName", what=what):
            return None
        name = properties.text("DataSourceName")
        if name and name not in self._sources and name not in self._refused:
            if self._resources.is_given(name):
                found = f"{what} uses the data source {name!r}, which is not in this template"
                return properties.not_emulated(found, "DataSourceName", advice=_ELSEWHERE)
            found, advice = self._meant(name, "DataSource", "Name") or (f"data source {name!r} is not there", "")
            advice = advice or did_you_mean(name, self._sources) or f"The API has: {listed(map(repr, self._sources))}."
            properties.fault(found, "DataSourceName", advice=advice)
        return self._sources.get(name)

    def _meant(self, given: str, kind: str, attribute: str) -> tuple[str, str] | None:
        """What is wrong with a text that is the ``attribute`` of nothing that this API has, and what to write, where a resource is meant."""
        for resource in self._resources.of_type(f"AWS::AppSync::{kind}"):
            if given == self._resources.attribute(resource, attribute):
                return f"{resource} is of another API", ""
            others = {"ARN": self._resources.ref(resource), "logical id": resource.own_id}
            if attribute != "Name":
                others["Name"] = self._resources.attribute(resource, "Name")
            for what, value in others.items():
                if given == value:
                    return f"this is the {what} of {resource}", f"Write !GetAtt {resource.own_id}.{attribute}."
        return None

    def _code(self, resource: Resource, *, may_be_direct: bool) -> tuple[str, str]:
        """
        APPSYNC_JS code and the file that it is from. A block of code is padded, so that its lines are the template's.

        Without any a function is invoked directly, where the data source may be one.
        """
        properties = resource.properties
        if _template_members(properties) or (may_be_direct and not _has_code(properties)):
            return "", ""
        runtime = properties.mapping("Runtime")
        if resource.required("Runtime") and isinstance(properties.values["Runtime"], Mapping):
            runtime.text("Name", choices=("APPSYNC_JS",))
            runtime.text("RuntimeVersion", choices=("1.0.0",))
            runtime.required("Name", "RuntimeVersion", what=f"the Runtime of {resource}")
        if "Code" in properties:
            place = properties.place("Code")
            if place.column != 1:  # its lines are no lines of the file
                return properties.text("Code"), f"{place.file}{INSIDE}{place.path}"
            return "\n" * ((place.line or 1) - 1) + properties.text("Code"), place.file
        if "CodeS3Location" not in properties.values:
            properties.fault(f"{resource.logical_id!r} has neither Code nor CodeS3Location")
            return "", ""
        text, place = read_text(resource, "CodeS3Location", self._read_file)
        return text, place.file

    def _templates(self, resource: Resource) -> MappingTemplates | None:
        """The mapping templates, where the resource is written in VTL."""
        properties = resource.properties
        members = _template_members(properties)
        if not members:
            return None
        if code := [member for member in _CODE if member in properties.values]:
            found = f"{resource.logical_id!r} has {' and '.join((*code, *members))}"
            properties.fault(found, code[0], expected="Code and Runtime, or mapping templates")
        return MappingTemplates(*(self._template(resource, member) for member in _VTL))

    def _template(self, resource: Resource, member: str) -> TemplateText | None:
        properties = resource.properties
        if member in properties:
            return TemplateText(properties.text(member), properties.place(member))
        if f"{member}S3Location" in properties:
            return TemplateText(*read_text(resource, f"{member}S3Location", self._read_file))
        return None

    def _pipeline_functions(self) -> Iterator[PipelineFunction]:
        for resource in self._of_type("FunctionConfiguration"):
            resource.required("Name")
            name = resource.properties.matching("Name", _NAME, _NAME_EXPECTED)
            source = self._source(resource.properties, str(resource))
            code, file = self._code(resource, may_be_direct=_may_be_direct(source))
            templates = self._templates(resource)
            batch, is_direct = self._max_batch_size(resource), _is_direct(resource.properties, source)
            if templates is not None:
                resource.properties.text("FunctionVersion", choices=("2018-05-29",))
            function_id = self._resources.attribute(resource, "FunctionId")
            if source is None:
                self._refused.add(function_id)
            elif isinstance(source, Fault):
                self._elsewhere[function_id] = source
            else:
                place = resource.place()
                yield PipelineFunction(
                    name, function_id, source, code, file, resource.logical_id, place, templates, batch, is_direct
                )

    def resolvers(self) -> Iterator[ResolverConfig]:
        seen: dict[tuple[str, str], str] = {}
        for resource in self._of_type("Resolver"):
            properties = resource.properties
            if not resource.required("TypeName", "FieldName"):
                continue
            key = properties.text("TypeName"), properties.text("FieldName")
            if key in seen:
                properties.fault(f"{'.'.join(key)} has a resolver already: {seen[key]!r}")
            seen[key] = resource.logical_id
            templates, place = self._templates(resource), resource.place()
            if properties.text("Kind", "UNIT", choices=("UNIT", "PIPELINE")) == "PIPELINE":
                code, file = self._code(resource, may_be_direct=False)
                found = list(self._steps(resource))
                steps = tuple(each for each in found if isinstance(each, PipelineFunction))
                elsewhere = tuple(dict.fromkeys(each for each in found if isinstance(each, Fault)))
                yield ResolverConfig(
                    *key, code, file, None, steps, resource.logical_id, place, templates, elsewhere=elsewhere
                )
                continue
            source = self._source(properties, str(resource))
            code, file = self._code(resource, may_be_direct=_may_be_direct(source))
            batch, is_direct = self._max_batch_size(resource), _is_direct(properties, source)
            if isinstance(source, Fault):
                yield ResolverConfig(
                    *key, code, file, None, (), resource.logical_id, place, templates, elsewhere=(source,)
                )
            elif source:
                yield ResolverConfig(
                    *key, code, file, source, (), resource.logical_id, place, templates, batch, is_direct
                )

    @staticmethod
    def _max_batch_size(resource: Resource) -> int:
        return resource.properties.number("MaxBatchSize", 0, 0, _MOST_IN_BATCH)

    def _steps(self, resource: Resource) -> Iterator[PipelineFunction | Fault]:
        """The functions of a pipeline; what has been told of one that is another stack's, or uses what is."""
        config = resource.properties.mapping("PipelineConfig")
        for index, function_id in enumerate(config.texts("Functions")):
            if function_id in self._functions:
                yield self._functions[function_id]
            elif function_id in self._elsewhere:
                yield self._elsewhere[function_id]
            elif function_id not in self._refused:
                meant = self._meant(function_id, "FunctionConfiguration", "FunctionId")
                if meant is None and (self._resources.is_given(function_id) or is_of_another_stack(function_id)):
                    found = f"{resource} runs the function {function_id!r}, which is not in this template"
                    yield config.not_emulated(found, "Functions", index, advice=_ELSEWHERE)
                    continue
                found, advice = meant or (f"function {function_id!r} is not there", "")
                expected = "the FunctionId of a function of this API"
                config.fault(found, "Functions", index, expected=expected, advice=advice)


def _template_members(properties: Properties) -> list[str]:
    """The members that hold mapping templates."""
    return [name for member in _VTL for name in (member, f"{member}S3Location") if name in properties.values]


def _has_code(properties: Properties) -> bool:
    return any(name in properties.values for name in (*_CODE, *_template_members(properties)))


def _may_be_direct(source: DataSource | Fault | None) -> bool:
    """Whether a data source may be a Lambda function: of one that has been told of, more is not known."""
    return not isinstance(source, DataSource) or source.type == "AWS_LAMBDA"


def _is_direct(properties: Properties, source: DataSource | Fault | None) -> bool:
    """Whether a Lambda function is invoked as it is: neither code nor mapping templates stand between."""
    return isinstance(source, DataSource) and _may_be_direct(source) and not _has_code(properties)


def is_of_another_stack(given_id: str) -> bool:
    """Whether an id of AppSync's making (an API's, a function's) that is none of the template's may be one all the same."""
    return is_opaque(given_id) or _ID.fullmatch(given_id) is not None


def wrong_api(resource: Resource, api_ids: Mapping[str, str], arns: Mapping[str, str]) -> Fault | None:
    """
    A fault where a resource's ApiId is that of no API of the template; the mappings lead to logical ids.

    The id of an API of another stack (26 letters and digits, or a value that is only known where it is deployed) is taken.
    """
    given = resource.properties.text("ApiId")
    if not given or given in api_ids:
        return None
    if is_of_another_stack(given):
        advice = "APIs of other stacks are not emulated."
        found = f"{resource} belongs to the API {given!r}, which is not in this template"
        return Fault(found, resource.place("ApiId"), advice=advice, not_emulated=True)
    if given in arns:
        advice = f"Write !GetAtt {arns[given]}.ApiId: Ref is the API's ARN."
    else:
        advice = "Write !GetAtt, the API's logical id, and .ApiId behind it."
    return Fault(f"ApiId {given!r} is not an API of this template", resource.place("ApiId"), advice=advice)
