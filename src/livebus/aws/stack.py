"""
Which CloudFormation stack is meant, and what it tells about itself.

In: the text of samconfig.toml, or a CloudFormation client and a stack's name. Out: the values that SAM CLI would use,
and the stack's Outputs by name.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from livebus.errors import Unreachable


class CloudFormationClient(Protocol):
    """As much of boto3's CloudFormation client as is used here."""

    def describe_stacks(self, **request: Any) -> Mapping[str, Any]: ...


def stack_outputs(client: CloudFormationClient, stack_name: str) -> dict[str, str]:
    """
    Fetch the Outputs of a stack by name.

    Raises Unreachable for a stack without outputs, in words that hold its status; what botocore raises passes through.
    """
    stack = client.describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs") or ()}
    if not outputs:
        raise Unreachable(
            f"the stack {stack_name!r} has no outputs, it is in {stack.get('StackStatus', 'an unknown state')}",
            advice="Deploy it: `sam deploy`.",
        )
    return outputs


def required(outputs: Mapping[str, str], name: str, owner: str) -> str:
    """One output, or Unreachable naming what there is. ``owner`` is whose outputs these are, in words."""
    value = outputs.get(name)
    if not value:
        raise Unreachable(
            f"{owner} has no output {name!r}",
            expected=f"it among {', '.join(sorted(outputs)) or 'none'}",
            advice="Add it to the template's Outputs.",
        )
    return value
