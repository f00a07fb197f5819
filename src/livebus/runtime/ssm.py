"""
AWS Systems Manager's Parameter Store as far as a deployment reads it: the parameters that the stacks declare.

What `cdk bootstrap` makes, `cdk deploy` looks for. Nothing is written by calls: PutParameter and others are refused by name.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.runtime.aws_errors import AwsError
from livebus.template.resources import Resources

PARAMETER = "AWS::SSM::Parameter"
_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    type: str
    value: str
    arn: str


class Ssm:
    """``stacks`` gives the resources of the stacks at work, at each call."""

    def __init__(self, stacks: Callable[[], Iterable[Resources]], clock: Callable[[], float]) -> None:
        self._stacks = stacks
        self._clock = clock

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises AwsError."""
        if action == "GetParameter":
            name = body.get("Name")
            found = self._find(name)
            if found is None:
                raise AwsError("ParameterNotFound", f"Parameter {name} not found." if name else "")
            return {"Parameter": self._told(found)}
        if action == "GetParameters":
            names = body.get("Names")
            if not isinstance(names, list) or not 1 <= len(names) <= _MOST_NAMES:
                expected = "Member must have length less than or equal to 10"
                raise AwsError(
                    "ValidationException",
                    f"1 validation error detected: Value at 'names' failed to satisfy constraint: {expected}",
                )
            found_names = {name: self._find(name) for name in map(str, names)}
            return {
                "Parameters": [self._told(each) for each in found_names.values() if each is not None],
                "InvalidParameters": [name for name, each in found_names.items() if each is None],
            }
        raise AwsError("UnknownOperationException", f"ssm:{action} is not emulated by the local runtime.")

    def _find(self, name: object) -> _Parameter | None:
        """A parameter by its name or ARN."""
        for resources in self._stacks():
            for resource in resources.of_type(PARAMETER):
                properties = resource.properties
                called = properties.text("Name") or resources.ref(resource)
                arn = resources.environment.arn("ssm", f"parameter/{called.removeprefix('/')}")
                if name in (called, arn):
                    return _Parameter(called, properties.text("Type", "String"), properties.text("Value"), arn)
        return None

    def _told(self, found: _Parameter) -> dict[str, Any]:
        return {
            "Name": found.name,
            "Type": found.type,
            "Value": found.value,
            "Version": 1,
            "LastModifiedDate": self._clock(),
            "ARN": found.arn,
            "DataType": "text",
        }
