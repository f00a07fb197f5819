"""
The few calls that publishing makes beside PutEvents, without boto3: DescribeEventBus, DescribeStacks, ListStackResources.

In: a :class:`~livebus.aws.direct.reach.Reach`. Out: what botocore would make of the answers, or Unreachable in its words.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from livebus.aws import advice
from livebus.aws.advice import told_of_bus
from livebus.aws.direct.http_connection import HttpConnection, NoAnswer
from livebus.aws.direct.reach import Reach
from livebus.errors import Unreachable
from livebus.publish.answer import Result, service_error
from livebus.publish.http_response import Response
from livebus.publish.signer import Signer

USER_AGENT = "User-Agent: livebus"


def signer_of(reach: Reach, service: str, headers: dict[str, str]) -> Signer:
    """Signs requests to a service; ``headers`` in lower case."""
    return Signer(
        reach.credentials(),
        host=reach.address.header,
        region=reach.region,
        service=service,
        headers=headers,
        path=reach.address.path,
        unsigned=USER_AGENT,
    )


def put_events_signer(reach: Reach) -> Signer:
    """Signs PutEvents."""
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSEvents.PutEvents"}
    return signer_of(reach, "events", headers)


def bus_exists(reach: Reach, bus: str, connection: HttpConnection | None = None) -> bool | None:
    """
    Ask whether a bus (name or ARN) is there; None where the answer is not for us to know.

    PutEvents takes events for a bus that does not exist, answers with event ids, and drops them. Raises Unreachable
    where no request can succeed.
    """
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSEvents.DescribeEventBus"}
    own = connection or HttpConnection(reach.address, reach.ca_file)
    body = orjson.dumps({"Name": bus})
    try:
        response = _send(own, signer_of(reach, "events", headers).head(body, time.time()) + body, "publish")
    finally:
        if connection is None:
            own.close()
    if response.status == 200:
        return True
    error = service_error(response.status, _json(response.body))
    return told_of_bus(error.error_code, error.error_message)


class CloudFormationClient:
    """As much of boto3's CloudFormation client as is used for what a stack tells about itself."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def describe_stacks(self, **request: Any) -> Mapping[str, Any]:
        """The stack of the name ``StackName``: its StackStatus, Parameters and Outputs. Raises Unreachable."""
        doing = f"read the outputs of the stack {request['StackName']!r}"
        stack = self._call("DescribeStacks", request, doing).find("./DescribeStacksResult/Stacks/member")
        if stack is None:
            raise Unreachable(f"cannot {doing}: the answer has no stack in it", advice=advice.UNREACHABLE)
        outputs = [
            {"OutputKey": _text(output, "OutputKey"), "OutputValue": _text(output, "OutputValue")}
            for output in stack.findall("./Outputs/member")
        ]
        parameters = [
            {"ParameterKey": _text(each, "ParameterKey"), "ParameterValue": _text(each, "ParameterValue")}
            for each in stack.findall("./Parameters/member")
        ]
        status = _text(stack, "StackStatus") or "an unknown state"
        return {"Stacks": [{"StackStatus": status, "Parameters": parameters, "Outputs": outputs}]}

    def list_stack_resources(self, **request: Any) -> Mapping[str, Any]:
        """One page of the resources of the stack ``StackName``, from ``NextToken`` on. Raises Unreachable."""
        doing = f"read the resources of the stack {request['StackName']!r}"
        document = self._call("ListStackResources", request, doing)
        names = ("LogicalResourceId", "PhysicalResourceId", "ResourceType")
        summaries = document.findall("./ListStackResourcesResult/StackResourceSummaries/member")
        return {
            "StackResourceSummaries": [{name: _text(each, name) for name in names} for each in summaries],
            "NextToken": _text(document, "./ListStackResourcesResult/NextToken"),
        }

    def _call(self, action: str, request: Mapping[str, str], doing: str) -> Any:
        """The answer's document, without namespaces."""
        body = urlencode({"Action": action, "Version": "2010-05-15", **request}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        signed = signer_of(self._reach, "cloudformation", headers).head(body, time.time()) + body
        connection = HttpConnection(self._reach.address, self._reach.ca_file)
        try:
            response = _send(connection, signed, doing)
        finally:
            connection.close()
        document = _xml(response.body, doing)
        if response.status != 200:
            error = Result("", *(_text(document, f".//{each}") for each in ("Code", "Message")))
            raise advice.refused(error.error_code or f"HTTP {response.status}", error.error_message, doing)
        return document


def _send(connection: HttpConnection, request: bytes, doing: str) -> Response:
    try:
        return connection.request(request)
    except NoAnswer as error:
        raise Unreachable(f"cannot {doing}: {error}", advice=advice.UNREACHABLE) from None


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _xml(body: bytes, doing: str) -> Any:
    """The document without namespaces."""
    from xml.etree import ElementTree as ET

    try:
        document = ET.fromstring(body)  # noqa: S314 - of the service that the request was signed for
    except ET.ParseError:
        raise Unreachable(f"cannot {doing}: the answer is not CloudFormation's", advice=advice.UNREACHABLE) from None
    for element in document.iter():
        element.tag = element.tag.rpartition("}")[2]
    return document


def _text(document: Any, path: str) -> str:
    element = document.find(path)
    return (element.text or "") if element is not None else ""
