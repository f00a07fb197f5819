"""
Lambda functions with their layers, permissions and what becomes of asynchronous invocations, as an Application has them.

Properties follow AWS::Lambda::Function, LayerVersion, Permission and EventInvokeConfig. What AWS takes and no process here
can run is told in a warning, and again by each invocation.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from livebus.template.application import AsynchronousInvocation, Function, FunctionCode, Layer
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.resources import Resources

_Statement = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}|arn:.*")
_RUNS_HERE = re.compile(r"(?:python3\.[0-9]{1,2}|nodejs[0-9]{1,2}\.x)")
_LONGEST_TIMEOUT = 900  # seconds
_LEAST_MEMORY, _MOST_MEMORY = 128, 32_768  # MB
# SAM's own ways to copy what is there as it is; every other makes something of the source.
_PLAIN_BUILDS = re.compile(r"python3\.[0-9]{1,2}|nodejs[0-9]{1,2}\.x")


def read_functions(resources: Resources) -> tuple[Function, ...]:
    """The functions that are made, each with what other resources say about it."""
    layers = {layer.arn: layer for layer in _layers(resources)}
    statements = _statements(resources)
    asynchronous = _asynchronous(resources)
    return tuple(
        _function(resources, resource, layers, statements, asynchronous)
        for resource in resources.of_type("AWS::Lambda::Function")
    )


def _function(
    resources: Resources,
    resource: Resource,
    layers: Mapping[str, Layer],
    statements: Mapping[str, list[_Statement]],
    asynchronous: Mapping[str, AsynchronousInvocation],
) -> Function:
    properties = resource.properties
    resource.required("Code", "Role")
    name, arn = resources.ref(resource), resources.attribute(resource, "Arn")
    properties.matching("FunctionName", _NAME, "1 to 64 letters, digits, '-' and '_'")
    metadata = _metadata(resources, resource)
    code = _code(resource, "Code", metadata)
    is_image = bool(code.image) or properties.text("PackageType") == "Image"
    if not is_image and "Code" in properties:
        properties.required("Handler", "Runtime", what=str(resource))
    config = asynchronous.get(name, AsynchronousInvocation())
    method = metadata.get("BuildMethod")
    function = Function(
        name=name,
        arn=arn,
        logical_id=resource.logical_id,
        runtime=properties.text("Runtime"),
        handler=properties.text("Handler"),
        code=code,
        timeout=properties.number("Timeout", 3, 1, _LONGEST_TIMEOUT),
        memory_size=properties.number("MemorySize", _LEAST_MEMORY, _LEAST_MEMORY, _MOST_MEMORY),
        environment=properties.mapping("Environment").map_of_texts("Variables"),
        layers=tuple(layers[each] for each in properties.texts("Layers") if each in layers),
        asynchronous=_with_dead_letter(config, properties.mapping("DeadLetterConfig").text("TargetArn")),
        policies=tuple(statements.get(name, ())),
        description=properties.text("Description"),
        role=properties.text("Role"),
        needs_build=isinstance(method, str) and not _PLAIN_BUILDS.fullmatch(method),
        unrunnable=_unrunnable(properties, layers, is_image=is_image),
        place=resource.place(),
    )
    if function.unrunnable:
        resources.warn(resource.place(), f"function {name!r} does not run here: {function.unrunnable}")
    return function


def _unrunnable(properties: Properties, layers: Mapping[str, Layer], *, is_image: bool) -> str:
    """Why no process here can run a function; empty where one can."""
    if is_image:
        return "container images are not emulated; Python and Node.js functions from a folder or a zip file run"
    runtime = properties.text("Runtime")
    if runtime and not _RUNS_HERE.fullmatch(runtime):
        return (
            f"the runtime {runtime!r} is not emulated; Python (python3.x) and Node.js (nodejs22.x, say) functions run"
        )
    for layer in properties.texts("Layers"):
        if layer not in layers:
            return f"its layer {layer!r} is not in this template, and is not fetched"
    return ""


def _with_dead_letter(config: AsynchronousInvocation, arn: str) -> AsynchronousInvocation:
    return AsynchronousInvocation(
        config.maximum_retry_attempts,
        config.maximum_event_age_in_seconds,
        arn,
        config.on_success,
        config.on_failure,
    )


# --- code -----------------------------------------------------------------------------------------------------------


def _code(resource: Resource, member: str, metadata: Mapping[str, Any]) -> FunctionCode:
    """
    Where code is. A text is a path beside the template, as `sam` and `aws cloudformation package` take it, or an s3:// URI.

    What CDK and `sam build` say of it in the resource's Metadata counts where the template names an object in S3.
    """
    properties = resource.properties
    value = properties.values.get(member)
    asset = metadata.get("aws:asset:path") if metadata.get("aws:asset:property", member) == member else None
    if isinstance(value, str):
        scheme, found, rest = value.partition("://")
        if found and scheme == "s3":
            bucket, _, key = rest.partition("/")
            return FunctionCode(bucket=bucket, key=key)
        return FunctionCode(path=resource.located(value))
    given = properties.mapping(member)
    if "ImageUri" in given:
        return FunctionCode(image=given.text("ImageUri"))
    if "ZipFile" in given:
        return FunctionCode(inline=given.text("ZipFile"))
    if "S3Bucket" in given or "S3Key" in given:
        given.required("S3Bucket", "S3Key", what="Code")
        path = resource.located(asset) if isinstance(asset, str) and asset else ""
        return FunctionCode(bucket=given.text("S3Bucket"), key=given.text("S3Key"), asset=path)
    if member in properties:
        properties.fault("Please provide a source for function code.", member, expected="ZipFile, S3Bucket or ImageUri")
    return FunctionCode()


def _metadata(resources: Resources, resource: Resource) -> Mapping[str, Any]:
    given = resources.raw(resource.logical_id).get("Metadata")
    return given if isinstance(given, dict) else {}


def _layers(resources: Resources) -> Iterable[Layer]:
    for resource in resources.of_type("AWS::Lambda::LayerVersion"):
        resource.required("Content")
        code = _code(resource, "Content", _metadata(resources, resource))
        yield Layer(resources.ref(resource), code, resource.logical_id)


# --- what other resources say ---------------------------------------------------------------------------------------


def _statements(resources: Resources) -> dict[str, list[_Statement]]:
    """The statements that permissions add to the policies of functions, by the functions' names."""
    statements: dict[str, list[_Statement]] = {}
    for resource in resources.of_type("AWS::Lambda::Permission"):
        if not resource.required("Action", "FunctionName", "Principal"):
            continue
        properties = resource.properties
        name = function_name(properties.text("FunctionName"))
        principal = properties.text("Principal")
        kind = "AWS" if principal.isdecimal() or principal.startswith("arn:") else "Service"
        conditions: dict[str, dict[str, str]] = {}
        if source := properties.text("SourceArn"):
            conditions["ArnLike"] = {"AWS:SourceArn": source}
        if account := properties.text("SourceAccount"):
            conditions["StringEquals"] = {"AWS:SourceAccount": account}
        statement: dict[str, Any] = {
            "Sid": resource.logical_id,
            "Effect": "Allow",
            "Principal": principal if principal == "*" else {kind: principal},
            "Action": properties.text("Action"),
            "Resource": resources.environment.arn("lambda", f"function:{name}"),
        }
        statements.setdefault(name, []).append({**statement, "Condition": conditions} if conditions else statement)
    return statements


def _asynchronous(resources: Resources) -> dict[str, AsynchronousInvocation]:
    """What EventInvokeConfigs say, by the functions' names."""
    found = {}
    for resource in resources.of_type("AWS::Lambda::EventInvokeConfig"):
        if not resource.required("FunctionName", "Qualifier"):
            continue
        properties = resource.properties
        destinations = properties.mapping("DestinationConfig")
        found[function_name(properties.text("FunctionName"))] = AsynchronousInvocation(
            properties.number("MaximumRetryAttempts", 2, 0, 2),
            properties.number("MaximumEventAgeInSeconds", 21_600, 60, 21_600),
            on_success=destinations.mapping("OnSuccess").text("Destination"),
            on_failure=destinations.mapping("OnFailure").text("Destination"),
        )
    return found


def function_name(given: str) -> str:
    """The function's name in what Lambda takes for one: a name, a partial or a whole ARN, with a qualifier or without."""
    parts = given.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    return parts[0]
