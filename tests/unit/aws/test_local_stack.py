"""What the local runtime runs as a stack, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from livebus.aws.local_runtime import LocalRuntime
from livebus.aws.local_stack import running_source, running_stack, running_values, values_of
from livebus.cdk_assembly import applications_of
from livebus.errors import Unnamed

ASSEMBLIES = Path(__file__).parents[2] / "foreign" / "assemblies"
RUNTIME = LocalRuntime("", "us-east-1", "", "", "", {"one": {}, "two": {}, "three": {}})
DESCRIBED: Mapping[str, Mapping[str, str]] = {
    "one": {"Stage": "dev", "Secret": "****"},
    "two": {"Stage": "prod"},
    "three": {},
}


def session(stack_name: str, runtime: LocalRuntime = RUNTIME) -> Any:
    return SimpleNamespace(runtime=runtime, stack_name=stack_name, parameters_of=DESCRIBED.__getitem__)


def test_values_are_those_of_the_stack_that_is_meant() -> None:
    """One of NoEcho is only known where it is deployed; a stack of an application brings the others of it."""
    one = {"Stage": "dev", "Secret": "{{resolve:parameter:Secret}}"}
    assert running_values(session("one")) == {"one": one}
    together = replace(RUNTIME, template_stack="cdk.out", together=("one", "two"))
    both = {"one": one, "two": {"Stage": "prod"}}
    assert [running_values(session(name, together)) for name in ("cdk.out", "two", "three")] == [
        both,
        both,
        {"three": {}},
    ]


def test_no_stack_is_meant_where_none_can_be_told() -> None:
    """Of several one has to be named: that is for those to tell who need it."""

    class Several:
        @property
        def stack_name(self) -> str:
            raise Unnamed("the local runtime has 2 stacks")

    several: Any = Several()
    assert (running_stack(session("one")), running_stack(several)) == ("one", "")


def test_an_application_is_the_one_of_its_name() -> None:
    """A template is its path; of an assembly with two the one that runs; none where it is gone."""
    folder = ASSEMBLIES / "two-stages"
    applications = applications_of(folder)
    assert len(applications) == 2
    found = [running_source(replace(RUNTIME, template_stack=each.name), folder) for each in applications]
    assert found == applications
    assert running_source(RUNTIME, Path("template.yaml")) == Path("template.yaml")
    assert running_source(RUNTIME, None) is None
    assert running_source(replace(RUNTIME, template_stack="gone/"), folder) is None


def test_a_template_has_the_values_of_its_own_stack() -> None:
    """The one that its assembly names; of a template that none names it is the only stack's, and of several nobody's."""
    folder = ASSEMBLIES / "two-stacks"
    both = {"Api": {"Stage": "dev"}, "Bus": {"Stage": "prod"}}
    asked = [(both, "Bus.template.json"), (both, "Users.template.json"), (both, "template.yaml")]
    assert [values_of(values, folder / name) for values, name in asked] == [{"Stage": "prod"}, {}, {}]
    assert values_of({"shop": {"Stage": "dev"}}, Path("template.yaml")) == {"Stage": "dev"}
