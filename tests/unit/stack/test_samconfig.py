"""samconfig.toml: what ``sam deploy`` would use, and where in the file it stands."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from livebus.errors import LivebusError, Place
from livebus.stack.samconfig import DeployConfig, SamConfig, read_deploy_config, read_overrides

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


OVERRIDES: list[tuple[Any, dict[str, str]]] = [
    ("A=1 B=two", {"A": "1", "B": "two"}),
    ('A="x y" B=z', {"A": "x y", "B": "z"}),
    ('A=\\"x\\"', {"A": '"x"'}),
    ("ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue='x y'", {"A": "1", "B": "x y"}),
    (["A=1", "B=2"], {"A": "1", "B": "2"}),
    ([["A=1"], {"B": 2, "C": ["x", "y"]}], {"A": "1", "B": "2", "C": "x,y"}),
    ({"A": 1, "B": True}, {"A": "1", "B": "True"}),
    ("", {}),
    ("A=https://x/?a=b", {"A": "https://x/?a=b"}),
]


@pytest.mark.parametrize(("value", "expected"), OVERRIDES)
def test_each_form_of_overrides_is_read(value: Any, expected: dict[str, str]) -> None:
    """A text of pairs, CloudFormation's own form, a list, a table."""
    assert read_overrides(value, Place("samconfig.toml")) == expected


@pytest.mark.parametrize(("value", "expected"), OVERRIDES)
def test_sam_reads_the_same(value: Any, expected: dict[str, str]) -> None:
    """The SAM CLI's own reader of the option that parameter_overrides in samconfig.toml becomes."""
    sam = import_module("samcli.cli.types").CfnParameterOverridesType()
    assert sam.convert(value, None, None) == expected


@pytest.mark.parametrize("value", [["A"], [7], "A", "A=1 B"])
def test_what_sam_refuses_is_refused_or_more_strictly(value: Any) -> None:
    """SAM takes what it finds in a text and passes over the rest of it; here that is an error."""
    with pytest.raises(LivebusError):
        read_overrides(value, Place("samconfig.toml"))
    sam = import_module("samcli.cli.types").CfnParameterOverridesType()
    if value == "A=1 B":
        assert sam.convert(value, None, None) == {"A": "1"}
    else:
        with pytest.raises(import_module("click").BadParameter):
            sam.convert(value, None, None)


def test_what_is_no_override_is_told_all_at_once() -> None:
    """With its place; a file that SAM CLI would read is named as not read."""
    with pytest.raises(LivebusError) as raised:
        read_overrides(["A", "file://x.yaml", 7, "B=2"], Place("samconfig.toml", 4))
    assert [str(fault) for fault in raised.value.faults] == [
        (
            "samconfig.toml:4: parameter_overrides has 'A'; expected \"Name=Value …\" or "
            '"ParameterKey=Name,ParameterValue=Value …"'
        ),
        (
            "samconfig.toml:4: parameter_overrides names 'file://x.yaml'; expected the values themselves. "
            "SAM CLI reads other files there, Livebus does not: give them with --set."
        ),
        "samconfig.toml:4: parameter_overrides has 7; expected a text, a list of texts, or a table",
    ]


def test_the_template_is_deploys_then_builds() -> None:
    """What is deployed counts first."""
    text = (
        '[default.build.parameters]\ntemplate_file = "b.yaml"\n[default.global.parameters]\ntemplate_file = "g.yaml"\n'
    )
    assert read_deploy_config(text, "f", "default").template_file == "b.yaml"
    text += '[default.deploy.parameters]\ntemplate_file = "d.yaml"\nparameter_overrides = "A=1"\n'
    assert read_deploy_config(text, "f", "default") == DeployConfig(
        template_file="d.yaml", parameter_overrides={"A": "1"}
    )


def test_places_are_lines() -> None:
    """Of a table's header and of a name in it; a file that is written in another way has no lines."""
    text = "# one\n[default.livebus_publish.parameters]  # two\n\nrate = 5\n'stack_name' = \"x\"\n[other]\nrate = 1\n"
    config = SamConfig.read(text, "samconfig.toml")
    assert config.place("default", "livebus_publish") == Place("samconfig.toml", 2)
    assert config.place("default", "livebus_publish", "rate") == Place("samconfig.toml", 4)
    assert config.place("default", "livebus_publish", "stack_name") == Place("samconfig.toml", 5)
    inline = SamConfig.read("default = {livebus_publish = {parameters = {rate = 5}}}", "samconfig.toml")
    assert inline.parameters("default", "livebus_publish") == {"rate": 5}
    assert inline.place("default", "livebus_publish", "rate") == Place(
        "samconfig.toml", path="default.livebus_publish.parameters.rate"
    )
