"""Several stacks that are deployed beside each other, read together."""

from __future__ import annotations

import textwrap

import pytest

from livebus.errors import InvalidTemplate, LivebusError
from livebus.template import Environment
from livebus.template.assembly import StackTemplate, outputs_of_all, read_together
from livebus.template.document import read_document
from livebus.template.nesting import Nesting, OpenedTemplate
from livebus.template.resources import Resources

BUS = """
    Resources: {Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref AWS::StackName}}}
    Outputs: {Name: {Value: !Ref Bus, Export: {Name: !Sub "${AWS::StackName}:Bus"}}}
"""
RULE = """
    Parameters: {Stack: {Type: String, Default: Shop}}
    Resources:
      Rule:
        Type: AWS::Events::Rule
        Properties:
          EventBusName: {"Fn::ImportValue": !Sub "${Stack}:Bus"}
          EventPattern: {source: [a]}
    Outputs: {Name: {Value: !GetAtt Rule.Arn, Export: {Name: Rule}}}
"""


def opened(name: str) -> OpenedTemplate:
    raise LivebusError(name)


def together(given: dict[str, str] | None = None, /, **templates: str) -> Resources:
    stacks = [
        StackTemplate(name, read_document(textwrap.dedent(text), f"{name}.yaml")) for name, text in templates.items()
    ]
    return read_together(stacks, Environment(), given or {}, lambda: Nesting(opened), "manifest.json")


def told(resources: Resources) -> list[str]:
    return [f"{fault.place.file}: {fault.found}" for fault in resources.all_faults]


def test_each_finds_what_the_others_export_whatever_comes_first() -> None:
    """A chain of three, the last one first; the view has all of them, and the text sees through imports."""
    chain = (
        RULE.replace("a]", "b]")
        .replace("Default: Shop", "Default: x")
        .replace('{"Fn::ImportValue": !Sub "${Stack}:Bus"}', "{'Fn::ImportValue': Rule}")
    )
    resources = together(Last=chain.replace("Name: Rule}", "Name: Last}"), Rules=RULE, Shop=BUS)

    assert told(resources) == []
    assert [each.logical_id for each in resources.of_type("AWS::Events::Rule")] == ["Last:Rule", "Rules:Rule"]
    (rule,) = [each for each in resources.of_type("AWS::Events::Rule") if each.logical_id == "Rules:Rule"]
    assert rule.properties.text("EventBusName") == "Shop"
    body = resources.whole.body["Resources"]["Rules:Rule"]
    assert body["Properties"]["EventBusName"] == {"Ref": "Shop:Bus"}
    assert "Shop:Bus" in body["DependsOn"]
    assert rule.place("EventBusName").file == "Rules.yaml"
    assert [document.file for document in resources.whole.documents] == ["Last.yaml", "Rules.yaml", "Shop.yaml"]
    assert (resources.stack_name("Rules:Rule"), resources.stack_name("Shop:Bus")) == ("Rules", "Shop")


def test_weak_references_are_seen_through_as_well() -> None:
    """Fn::GetStackOutput of the same region."""
    weak = RULE.replace(
        '{"Fn::ImportValue": !Sub "${Stack}:Bus"}', '{"Fn::GetStackOutput": {StackName: Shop, OutputName: Name}}'
    )
    resources = together(Rules=weak, Shop=BUS)

    assert told(resources) == []
    assert resources.whole.body["Resources"]["Rules:Rule"]["Properties"]["EventBusName"] == {"Ref": "Shop:Bus"}


def test_what_nobody_exports_is_told_once_and_known_to_be_unknown() -> None:
    """Two that import from each other are told, and come to an end."""
    around = "Resources: {{Bus: {{Type: AWS::Events::EventBus, Properties: {{Name: {{'Fn::ImportValue': {0}}}}}}}}}\nOutputs: {{O: {{Value: !Ref Bus, Export: {{Name: {1}}}}}}}\n"
    resources = together(A=around.format("b", "a"), B=around.format("a", "b"), C=around.format("none", "c"))

    assert [each for each in told(resources) if "C.yaml" in each] == ["C.yaml: No export named none found."]
    assert any("Circular dependency" in each for each in told(resources))


def test_names_that_logical_ids_do_not_take() -> None:
    """Two that are alike without their hyphens are two all the same, each with its own name."""
    resources = together(**{"Prod-Bus": BUS, "ProdBus": BUS})

    assert told(resources) == []
    assert [each.logical_id for each in resources.of_type("AWS::Events::EventBus")] == ["ProdBus:Bus", "ProdBus2:Bus"]
    assert [each.environment.stack_name for each in resources.nested.values()] == ["Prod-Bus", "ProdBus"]


def test_an_export_that_two_have_is_a_fault() -> None:
    """In CloudFormation's words, at the second one."""
    resources = together(Shop=BUS, Depot=BUS.replace("${AWS::StackName}:Bus", "Shop:Bus"))

    assert told(resources) == ["Depot.yaml: Export with name Shop:Bus is already exported by stack Shop."]


def test_values_are_given_to_the_stacks_that_declare_them() -> None:
    """One that none declares is told."""
    resources = together({"Stack": "Depot", "Stak": "x"}, Rules=RULE, Depot=BUS)

    assert told(resources) == [": Parameters: [Stak] do not exist in the template"]


def test_a_template_that_is_refused_hides_nothing_of_others() -> None:
    """Beyond a quota it is not looked at; where that is each of them, nothing is."""
    large = "Resources: {" + ", ".join(f"R{n}: {{Type: AWS::SNS::Topic}}" for n in range(501)) + "}\n"
    resources = together(Large=large, Shop=BUS)

    assert [each.logical_id for each in resources.of_type("AWS::Events::EventBus")] == ["Shop:Bus"]
    assert any("Number of resources, 501, is greater" in each for each in told(resources))
    with pytest.raises(InvalidTemplate, match="501"):
        together(Large=large)


def test_an_output_that_two_stacks_have_is_no_ones_unless_they_agree() -> None:
    """Nobody can tell which is meant."""
    assert outputs_of_all([{"A": "1", "B": "2"}, {"A": "1", "B": "3", "C": "4"}]) == {"A": "1", "C": "4"}
