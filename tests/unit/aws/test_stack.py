"""samconfig.toml and a stack's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from livebus.aws.stack import required, stack_outputs
from livebus.errors import LivebusError, Unreachable
from livebus.stack.samconfig import DeployConfig, read_deploy_config

SAMCONFIG = """
version = 0.1
[default.global.parameters]
stack_name = "everywhere"
region = "eu-west-1"
[default.deploy.parameters]
stack_name = "deployed"
[local.global.parameters]
profile = "local"
"""


class FakeCloudFormation:
    """Answers with one stack."""

    def __init__(self, **stack: Any) -> None:
        self._stack = stack

    def describe_stacks(self, **request: Any) -> Mapping[str, Any]:
        return {"Stacks": [{"StackName": request["StackName"], **self._stack}]}


def test_deploys_own_parameters_stand_above_the_global_ones() -> None:
    """As in SAM CLI, a command's table wins."""
    assert DeployConfig("deployed", "eu-west-1", "") == read_deploy_config(SAMCONFIG, "samconfig.toml", "default")


def test_another_environment_has_its_own_values() -> None:
    """--config-env chooses the tables, nothing is inherited."""
    assert DeployConfig("", "", "local") == read_deploy_config(SAMCONFIG, "samconfig.toml", "local")


def test_an_empty_file_names_nothing() -> None:
    """The environment "default" need not be there."""
    assert DeployConfig() == read_deploy_config("", "samconfig.toml", "default")


def test_an_unknown_environment_is_told() -> None:
    """A misspelt --config-env is told with what there is."""
    with pytest.raises(LivebusError) as raised:
        read_deploy_config(SAMCONFIG, "samconfig.toml", "lokal")
    assert (
        str(raised.value)
        == "samconfig.toml: no configuration environment 'lokal'; expected one of default, local. Did you mean 'local'?"
    )


def test_broken_toml_is_told_with_its_place() -> None:
    """The fault has the file, the line and the column."""
    with pytest.raises(LivebusError, match=r"^samconfig.toml:2:5: not TOML: "):
        read_deploy_config("a = 1\nb = ?\n", "samconfig.toml", "default")


def test_outputs_come_by_name() -> None:
    """DescribeStacks' list becomes a mapping."""
    client = FakeCloudFormation(Outputs=[{"OutputKey": "EventBusName", "OutputValue": "bus"}])
    assert stack_outputs(client, "s") == {"EventBusName": "bus"}


def test_a_stack_without_outputs_is_told_with_its_status() -> None:
    """A failed first deployment leaves a stack that has nothing."""
    with pytest.raises(Unreachable, match=r"the stack 's' has no outputs, it is in ROLLBACK_COMPLETE. Deploy it"):
        stack_outputs(FakeCloudFormation(StackStatus="ROLLBACK_COMPLETE"), "s")


def test_a_missing_output_is_told_with_what_there_is() -> None:
    """The template lacks an output that a verb needs."""
    assert required({"EventBusName": "bus"}, "EventBusName", "the stack 's'") == "bus"
    with pytest.raises(Unreachable, match="the stack 's' has no output 'RuleArn'; expected it among EventBusName"):
        required({"EventBusName": "bus"}, "RuleArn", "the stack 's'")
