"""
Data: what Ref and Fn::GetAtt give for every resource type that AWS's schemas know; resource_types.txt, read on first use.

In: a type. Out: the member that Ref gives the value of, and the attributes that Fn::GetAtt takes. The table is made by
tools/resource_types.py from the schemas that cfn-lint brings along; AWS has newer types and attributes at any time, so that
what is not in it is no fault.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# The service in the ARNs of a type, where it is not the type's own second part in lower case.
_SERVICES = {
    "ApiGateway": "apigateway",
    "ApiGatewayV2": "apigateway",
    "CertificateManager": "acm",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "EventsV2": "events",
    "KinesisFirehose": "firehose",
    "MSK": "kafka",
    "OpenSearchService": "es",
    "StepFunctions": "states",
}
# What stands before the name in the ARNs of a type, where it is not the type's third part in lower case and a slash.
_BEFORE_NAMES = {
    "AWS::Events::ApiDestination": "api-destination/",
    "AWS::EventsV2::EventBus": "event-busv2/",
    "AWS::KinesisFirehose::DeliveryStream": "deliverystream/",
    "AWS::SecretsManager::Secret": "secret:",
    "AWS::StepFunctions::Activity": "activity:",
    "AWS::StepFunctions::StateMachine": "stateMachine:",
    "AWS::WAFv2::WebACL": "regional/webacl/",
}


@dataclass(frozen=True, slots=True)
class ResourceType:
    """``ref`` is a property or an attribute; empty where a type's identifier has several parts."""

    ref: str
    attributes: tuple[str, ...]


class _Types(Mapping[str, ResourceType]):
    """The table, whose lines are read when they are asked for: a template has some types of nearly two thousand."""

    def __init__(self, text: str) -> None:
        self._lines = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    def __getitem__(self, kind: str) -> ResourceType:
        ref, *attributes = self._lines[kind].split()
        return ResourceType("" if ref == "-" else ref, tuple(attributes))

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@cache
def known_types() -> Mapping[str, ResourceType]:
    """Every type of the table, by its name."""
    return _Types(files("livebus.template").joinpath("resource_types.txt").read_text(encoding="utf-8"))


def arn_parts(kind: str) -> tuple[str, str]:
    """The service in the ARNs of a type, and what stands before the name."""
    _, service, resource = kind.split("::")
    return _SERVICES.get(service, service.lower()), _BEFORE_NAMES.get(kind, f"{resource.lower()}/")
