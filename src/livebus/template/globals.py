"""
The Globals section of a SAM template: types and properties that SAM takes there; a misspelt one is told.

A name that is close to none of these is no mistake for certain, since SAM gets new ones: it is named as not known here. The words of a
fault begin as the transform's.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from livebus.errors import Fault, did_you_mean, listed
from livebus.template.document import Document, Path
from livebus.template.properties import shown

TRANSFORM = "AWS::Serverless-2016-10-31"
_GLOBALS = "Globals"
# How alike a name has to be to one that SAM takes to count as misspelt.
_NEARLY = 0.75
# By the third part of a type, the properties; of none only the type is known.
SUPPORTED = {
    kind: frozenset(names.split())
    for kind, names in {
        "Api": (
            "AccessLogSetting AlwaysDeploy Auth BinaryMediaTypes CacheClusterEnabled CacheClusterSize CanarySetting Cors "
            "DefinitionUri Domain EndpointAccessMode EndpointConfiguration GatewayResponses MergeDefinitions MethodSettings "
            "MinimumCompressionSize Name OpenApiVersion PropagateTags SecurityPolicy TracingEnabled Variables"
        ),
        "CapacityProvider": (
            "InstanceRequirements KmsKeyArn LoggingConfig ManagedResourceTags OperatorRole PropagateTags ScalingConfig Tags VpcConfig"
        ),
        "Function": (
            "Architectures AssumeRolePolicyDocument AutoPublishAlias AutoPublishAliasAllProperties CapacityProviderConfig "
            "CodeSigningConfigArn CodeUri DeadLetterQueue DeploymentPreference Description DurableConfig Environment EphemeralStorage "
            "EventInvokeConfig FileSystemConfigs FunctionScalingConfig FunctionUrlConfig Handler KmsKeyArn Layers LoggingConfig "
            "MemorySize PermissionsBoundary PropagateTags ProvisionedConcurrencyConfig PublishToLatestPublished RecursiveLoop "
            "ReservedConcurrentExecutions RolePath Runtime RuntimeManagementConfig SnapStart SourceKMSKeyArn Tags TenancyConfig Timeout "
            "Tracing VersionDeletionPolicy VpcConfig"
        ),
        "HttpApi": (
            "AccessLogSettings Auth CorsConfiguration DefaultRouteSettings Domain FailOnWarnings PropagateTags RouteSettings "
            "StageVariables Tags"
        ),
        "LayerVersion": "PublishLambdaVersion",
        "MicrovmImage": (
            "AdditionalOsCapabilities BaseImageArn BaseImageVersion BuildRoleArn CpuConfigurations EgressNetworkConnectors "
            "EnvironmentVariables Hooks Logging PropagateTags Resources Tags"
        ),
        "NetworkConnector": "OperatorRole PropagateTags Tags",
        "SimpleTable": "SSESpecification",
        "StateMachine": "PropagateTags",
        "WebFunction": "",
        "WebSocketApi": (
            "AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint DisableSchemaValidation "
            "Domain FailOnWarnings IpAddressType PropagateTags RouteSelectionExpression RouteSettings StageVariables Tags"
        ),
    }.items()
}
# Properties of the types that SAM's page names as left out on purpose.
_OF_EACH_ITS_OWN = {"Function": ("Events", "FunctionName", "Policies", "Role")}


def check_globals(document: Document) -> Iterator[Fault]:
    """What SAM refuses of a template's Globals, and names that are not known here."""
    if _GLOBALS not in document.body:
        return
    section = document.body[_GLOBALS]
    if "Transform" not in document.body:
        found = f"Invalid template property or properties [{_GLOBALS}]"
        yield Fault(found, document.place((_GLOBALS,)), advice=f"It is SAM's: write Transform: {TRANSFORM}.")
    elif not isinstance(section, dict):
        yield Fault(f"{_GLOBALS} is {_shown(section)}", document.place((_GLOBALS,)), "an object")
    elif _is_of_sam(document.body["Transform"]):
        for kind, properties in section.items():
            yield from _of_type(document, kind, properties)


def _shown(value: Any) -> str:
    return "empty" if value is None else shown(value)


def _is_of_sam(transform: Any) -> bool:
    return TRANSFORM in (transform if isinstance(transform, list) else [transform])


def _of_type(document: Document, kind: str, properties: Any) -> Iterator[Fault]:
    path: Path = (_GLOBALS, kind)
    if kind not in SUPPORTED:
        yield _unsupported(document, path, SUPPORTED, f"{kind!r} is not supported")
        return
    if not isinstance(properties, dict):
        yield Fault(f"{kind} of {_GLOBALS} is {_shown(properties)}", document.place(path), "an object")
        return
    for name in properties:
        found = f"{name!r} is not a supported property of {kind!r}"
        if name in _OF_EACH_ITS_OWN.get(kind, ()):
            advice = f"Write it in each AWS::Serverless::{kind}."
            yield Fault(_refused(found), document.place((*path, name)), advice=advice)
        elif SUPPORTED[kind] and name not in SUPPORTED[kind]:
            yield _unsupported(document, (*path, name), SUPPORTED[kind], found)


def _unsupported(document: Document, path: Path, known: Collection[str], found: str) -> Fault:
    """A fault where a name is nearly one that is known; else that it is not known here."""
    name, place = str(path[-1]), document.place(path)
    spelt = {each.lower(): each for each in known}.get(name.lower())
    if advice := f"Did you mean {spelt!r}?" if spelt else did_you_mean(name, known, _NEARLY):
        return Fault(_refused(found), place, advice=advice)
    expected = f"one of {listed(sorted(known))}" if known is SUPPORTED else ""
    return Fault(f"{'/'.join(map(str, path))} is not known here", place, expected, not_emulated=True)


def _refused(found: str) -> str:
    return f"'{_GLOBALS}' section is invalid. {found}"
