"""
Data: what Ref and Fn::GetAtt give for every resource type that AWS's schemas know; resource_types.txt, read on first use.

In: a type. Out: the member that Ref gives the value of, and the attributes that Fn::GetAtt takes. The table is made by
tools/resource_types.py from the schemas that cfn-lint brings along; AWS has newer types and attributes at any time, so that
what is not in it is no fault.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from livebus.record import dataclass

# The service in the ARNs of a type, where it is not the type's own second part in lower case.
_SERVICES = {
    "ApiGateway": "apigateway",
    "ApiGatewayV2": "apigateway",
    "CertificateManager": "acm",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "KinesisFirehose": "firehose",
    "MSK": "kafka",
    "OpenSearchService": "es",
    "StepFunctions": "states",
}
# What stands before the name in the ARNs of a type, where it is not the type's third part in lower case and a slash.
_BEFORE_NAMES = {
    "AWS::Events::ApiDestination": "api-destination/",
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


@cache
def known_types() -> Mapping[str, ResourceType]:
    """Every type of the table, by its name."""
    text = files("livebus.template").joinpath("resource_types.txt").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind != "#":
            ref, *attributes = rest.split()
            found[kind] = ResourceType("" if ref == "-" else ref, tuple(attributes))
    return found


def arn_parts(kind: str) -> tuple[str, str]:
    """The service in the ARNs of a type, and what stands before the name."""
    _, service, resource = kind.split("::", 2)
    return _SERVICES.get(service, service.lower()), _BEFORE_NAMES.get(kind, f"{resource.lower()}/")
