"""
Which CloudFormation stack is meant, and what it tells about itself.

In: the text of samconfig.toml, or a CloudFormation client and a stack's name. Out: the values that SAM CLI would use,
and the stack's Outputs by name.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from livebus.errors import LivebusError, Place, Unreachable, did_you_mean


class CloudFormationClient(Protocol):
    """As much of boto3's CloudFormation client as is used here."""

    def describe_stacks(self, **request: Any) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class DeployConfig:
    """What samconfig.toml says about the deployed stack. Empty where it says nothing."""

    stack_name: str = ""
    region: str = ""
    profile: str = ""


def read_deploy_config(text: str, file: str, environment: str) -> DeployConfig:
    """
    Read what ``sam deploy`` would use in this configuration environment (``--config-env``).

    As in SAM CLI, ``[ENV.deploy.parameters]`` stands above ``[ENV.global.parameters]``. Raises LivebusError where the
    text is not TOML or has no such environment (only "default" may be missing).
    """
    import tomllib  # a tenth of a verb's start, and not every verb reads samconfig.toml

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"at line (\d+), column (\d+)", str(error))
        line, column = (int(where[1]), int(where[2])) if where else (None, None)
        raise LivebusError(f"not TOML: {error}", Place(file, line, column)) from None
    if environment not in document and environment != "default":
        environments = [name for name, value in document.items() if isinstance(value, dict)]
        raise LivebusError(
            f"no configuration environment {environment!r}",
            Place(file),
            expected=f"one of {', '.join(environments) or 'none'}",
            advice=did_you_mean(environment, environments),
        )
    values: dict[str, Any] = {}
    for command in ("global", "deploy"):
        values |= _table(_table(_table(document, environment), command), "parameters")
    return DeployConfig(*(str(values.get(name, "")) for name in ("stack_name", "region", "profile")))


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


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    return value if isinstance(value, dict) else {}
