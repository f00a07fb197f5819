"""Parameters that stacks declare, as SSM tells them."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.ssm import Ssm
from livebus.template import Environment
from livebus.template.document import read_document
from livebus.template.resources import Resources

TEMPLATE = """
Resources:
  Version: {Type: AWS::SSM::Parameter, Properties: {Name: /cdk-bootstrap/x/version, Type: String, Value: "30"}}
  Unnamed: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Sub "${AWS::StackName}!"}}
"""


@pytest.fixture
def ssm() -> Ssm:
    resources = Resources(read_document(TEMPLATE, "t"), Environment("stack"), {})
    return Ssm(lambda: [resources], lambda: 5.0)


def test_a_parameter_is_found_by_its_name_or_arn(ssm: Ssm) -> None:
    """The value of the template."""
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/cdk-bootstrap/x/version"
    for name in ("/cdk-bootstrap/x/version", arn):
        told: dict[str, Any] = ssm.call("GetParameter", {"Name": name})["Parameter"]
        assert (told["Value"], told["Type"], told["ARN"], told["LastModifiedDate"]) == ("30", "String", arn, 5.0)


def test_several_are_told_at_once_and_those_that_are_not_there(ssm: Ssm) -> None:
    """Up to ten."""
    answer = ssm.call("GetParameters", {"Names": ["/cdk-bootstrap/x/version", "gone"]})
    assert ([each["Value"] for each in answer["Parameters"]], answer["InvalidParameters"]) == (["30"], ["gone"])
    with pytest.raises(AwsError) as raised:
        ssm.call("GetParameters", {"Names": [str(number) for number in range(11)]})
    assert raised.value.error_type == "ValidationException"


@pytest.mark.parametrize(
    ("action", "error_type"),
    [("GetParameter", "ParameterNotFound"), ("PutParameter", "UnknownOperationException")],
)
def test_what_is_not_there_is_refused(ssm: Ssm, action: str, error_type: str) -> None:
    """A parameter, an action."""
    with pytest.raises(AwsError) as raised:
        ssm.call(action, {"Name": "gone"})
    assert raised.value.error_type == error_type
