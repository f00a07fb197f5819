"""Nested stacks whose templates are at hand: found, given their values, read as stacks of their own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from livebus.errors import LivebusError
from livebus.template import Environment
from livebus.template.document import read_document
from livebus.template.nesting import MAX_DEPTH, Nesting, OpenedTemplate, folder_of, located
from livebus.template.resources import Resources

BUS = """
Parameters:
  Name: {Type: String, AllowedPattern: "[a-z]+"}
  Tags: {Type: CommaDelimitedList, Default: "a,b"}
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref Name, Description: !Select [1, !Ref Tags]}}
  Stack: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref AWS::StackName}}
Outputs:
  Arn: {Value: !GetAtt Bus.Arn}
"""
ROOT = """
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: parts/bus.yaml
      Parameters: {Name: orders}
  Rule:
    Type: AWS::Events::Rule
    Properties: {EventBusName: !GetAtt Child.Outputs.Arn, EventPattern: {source: [s]}}
"""


def read(root: str = ROOT, left: Mapping[str, int] | None = None, **files: str) -> Resources:
    """``left`` is how much may still be nested."""
    known = {"parts/bus.yaml": BUS, **files}

    def opened(name: str) -> OpenedTemplate:
        if name not in known:
            raise LivebusError(f"{name!r} is not there")
        return OpenedTemplate(name, known[name])

    return Resources(read_document(root, "t.yaml"), Environment(), {}, Nesting(opened, **(left or {})))


def faults(resources: Resources) -> list[str]:
    return [str(fault) for fault in resources.all_faults]


def test_a_nested_stack_is_read_with_its_parents_values() -> None:
    """Its resources stand beside the parent's, with the names of its own stack; its outputs are the parent's to use."""
    found = read()

    assert faults(found) == []
    assert [each.logical_id for each in found.all()] == ["Child", "Child:Bus", "Child:Stack", "Rule"]
    bus, rule, stack = found.get("Child:Bus"), found.get("Rule"), found.get("Child:Stack")
    assert bus is not None
    assert rule is not None
    assert stack is not None
    assert bus.properties.values == {"Name": "orders", "Description": "b"}
    assert rule.properties.values["EventBusName"] == found.attribute(bus, "Arn")
    assert stack.properties.values["Value"] == found.nested["Child"].environment.stack_name
    assert str(stack.properties.values["Value"]).startswith("livebus-Child-")
    assert str(bus.place("Name")) == "parts/bus.yaml:6:57 (Resources/Bus/Properties/Name)"
    assert [each.logical_id for each in found.in_order()] == ["Child", "Rule"]
    assert found.ref(found.all()[0]) == found.nested["Child"].environment.stack_id


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "Outputs.Arn",
            "Outputs.Arm",
            (
                "t.yaml:10:32 (Resources/Rule/Properties/EventBusName/Fn::GetAtt): Requested attribute Outputs.Arm does not exist"
                " in schema for AWS::CloudFormation::Stack. Did you mean 'Outputs.Arn'?"
            ),
        ),
        (
            "{Name: orders}",
            "{Name: orders, Nam: x}",
            (
                "t.yaml:7:39 (Resources/Child/Properties/Parameters/Nam): Parameters: [Nam] do not exist in the template."
                " Did you mean 'Name'?"
            ),
        ),
        (
            "{Name: orders}",
            "{}",
            (
                "t.yaml:7:7 (Resources/Child/Properties/Parameters): Parameters: [Name] must have values."
                " Give them in the Parameters of 'Child'."
            ),
        ),
        (
            "{Name: orders}",
            "{Name: Orders}",
            "parts/bus.yaml:3:3 (Parameters/Name): parameter 'Name' has the value 'Orders'; expected a text that matches '[a-z]+'",
        ),
        (
            "{Name: orders}",
            "[]",
            "t.yaml:7:7 (Resources/Child/Properties/Parameters): Parameters of 'Child' is a list; expected an object",
        ),
        (
            "parts/bus.yaml",
            "parts/bas.yaml",
            "t.yaml:6:20 (Resources/Child/Properties/TemplateURL): 'parts/bas.yaml' is not there",
        ),
    ],
)
def test_what_is_wrong_between_the_two(old: str, new: str, expected: str) -> None:
    """Is told where it is written; it is no fault of the template as a whole, which a change set would fail for."""
    found = read(ROOT.replace(old, new))

    assert expected in faults(found)
    assert [str(fault) for fault in found.template_faults if fault.place.path.startswith("Resources/Child")] == []


def test_a_template_in_s3_is_not_at_hand() -> None:
    """Then its outputs are made up, as before; nothing is wrong with it."""
    found = read(ROOT.replace("parts/bus.yaml", "https://bucket.s3.amazonaws.com/bus.yaml"))

    assert faults(found) == []
    assert (found.nested, found.is_read(found.all()[0])) == ({}, False)


def test_an_asset_is_found_by_the_resources_metadata() -> None:
    """AWS CDK names the file there; the URL is that of a bucket which nobody asks."""
    url = "https://s3.us-east-1.amazonaws.com/assets/1.json"
    metadata = "    Metadata: {aws:asset:path: parts/bus.yaml, aws:asset:property: TemplateURL}\n"
    text = ROOT.replace("parts/bus.yaml", url).replace(
        "    Properties:\n      TemplateURL", f"{metadata}    Properties:\n      TemplateURL"
    )

    assert [*read(text).nested] == ["Child"]
    assert [*read(text.replace("TemplateURL}", "Other}")).nested] == []


def test_values_that_are_not_known_are_handed_on() -> None:
    """No constraint is held against them: what they are is only known where the stacks are."""
    parameters = "Parameters: {Bus: {Type: AWS::SSM::Parameter::Value<String>, Default: /bus}}\n"
    found = read(parameters + ROOT.replace("{Name: orders}", "{Name: !Ref Bus}"))

    assert faults(found) == []
    assert found.unknown_parameters == {"Child:Name"}
    assert found.parameter_names == {"Bus", "Child:Name", "Child:Tags"}


def test_a_template_that_nests_itself_is_bounded() -> None:
    """As deep as stacks may be nested it is read; what lies below is named, and not called wrong."""
    loop = (
        ROOT.replace("parts/bus.yaml", "loop.yaml")
        .replace("{Name: orders}", "{}")
        .replace("!GetAtt Child.Outputs.Arn", "x")
    )
    found = read(loop, **{"loop.yaml": loop})

    assert len(list(found.stacks)) == MAX_DEPTH + 1
    (bound,) = [fault for fault in found.all_faults if fault.is_bound]
    assert bound.found == f"stacks are nested more than {MAX_DEPTH} deep: 'Child' is not read"
    assert bound.not_emulated


def test_many_stacks_are_bounded() -> None:
    """Their resources count together, however often one template is nested."""
    children = "".join(
        f"  C{number}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: many.yaml}}}}\n"
        for number in range(20)
    )
    many = "Resources:\n" + "".join(f"  T{number}: {{Type: AWS::SNS::Topic}}\n" for number in range(200))
    found = read(f"Resources:\n{children}", **{"many.yaml": many})

    assert len(found.nested) == 12
    assert {fault.found.partition(":")[0] for fault in found.all_faults} == {"the template nests too much"}


@pytest.mark.parametrize(
    ("left", "read_of_them"),
    [
        ({"stacks_left": 2}, 2),
        ({"stacks_left": 3}, 3),
        ({"characters_left": 2 * len(BUS)}, 2),
        ({"characters_left": 3 * len(BUS) - 1}, 2),
        ({"resources_left": 7}, 3),
        ({"resources_left": 6}, 3),
        ({"resources_left": 5}, 2),
    ],
)
def test_stacks_characters_and_resources_are_counted(left: Mapping[str, int], read_of_them: int) -> None:
    """Each time that a template is nested, whichever is spent first; what is just enough is enough."""
    children = "".join(
        f"  C{number}: {{Type: AWS::CloudFormation::Stack, Properties:"
        " {TemplateURL: parts/bus.yaml, Parameters: {Name: orders}}}\n"
        for number in range(3)
    )
    assert len(read(f"Resources:\n{children}", left).nested) == read_of_them


@pytest.mark.parametrize(
    ("tags", "second"),
    [("[x, y]", "y"), ("[x, true]", "true"), ("[x, 2]", "2"), ("[x, !Ref 'AWS::Region']", "us-east-1"), ("'x,z'", "z")],
)
def test_a_list_is_handed_on_with_commas(tags: str, second: str) -> None:
    """As CloudFormation writes it, whatever its members are."""
    found = read(ROOT.replace("{Name: orders}", f"{{Name: orders, Tags: {tags}}}"))

    bus = found.get("Child:Bus")
    assert bus is not None
    assert (faults(found), bus.properties.values["Description"]) == ([], second)


def test_a_circle_of_two_stacks_ends() -> None:
    """CloudFormation refuses it, and so it is told."""
    text = "Resources:\n" + "".join(
        f"  {one}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: parts/bus.yaml,"
        f" Parameters: {{Name: !GetAtt {other}.Outputs.Arn}}}}}}\n"
        for one, other in (("A", "B"), ("B", "A"))
    )

    assert any("Circular dependency between resources" in each for each in faults(read(text)))


def test_a_nested_template_that_cannot_be_read() -> None:
    """Is told at its own place, once."""
    found = read(ROOT.replace("!GetAtt Child.Outputs.Arn", "x"), **{"parts/bus.yaml": "["})

    assert [fault.place.file for fault in found.all_faults] == ["parts/bus.yaml"]
    assert found.is_read(found.all()[0])


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("", "a.js", "a.js"),
        ("parts", "./a.js", "parts/a.js"),
        ("parts/api", "../a.js", "parts/a.js"),
        ("parts", "s3://bucket/a.js", "s3://bucket/a.js"),
        ("parts", "/a.js", "/a.js"),
    ],
)
def test_names_of_a_nested_template_go_on_from_its_folder(folder: str, name: str, expected: str) -> None:
    """As `sam package` and `aws cloudformation package` take them."""
    assert located(folder, name) == expected


def test_a_template_in_s3_has_no_folder() -> None:
    """What it names lies in S3 too."""
    assert (folder_of("nested template https://s3.amazonaws.com/b/t.yaml"), folder_of("parts/t.yaml")) == ("", "parts")


def test_a_nested_stack_sees_what_another_exports() -> None:
    """One that is made before it, as on AWS; what none exports is known to be another stack's."""
    exporting = BUS.replace("Arn: {Value: !GetAtt Bus.Arn}", "Arn: {Value: !GetAtt Bus.Arn, Export: {Name: bus}}")
    importing = """
        Resources:
          Rule: {Type: AWS::Events::Rule, Properties: {EventBusName: {"Fn::ImportValue": NAME}, EventPattern: {source: [s]}}}
    """
    root = (
        ROOT + "  Second: {Type: AWS::CloudFormation::Stack, DependsOn: Child, Properties: {TemplateURL: rules.yaml}}\n"
    )
    files = {"parts/bus.yaml": exporting, "rules.yaml": importing.replace("NAME", "bus")}
    found = read(root, **files)

    assert faults(found) == []
    rule, bus = found.get("Second:Rule"), found.get("Child:Bus")
    assert rule is not None
    assert bus is not None
    assert rule.properties.values["EventBusName"] == found.attribute(bus, "Arn")
    meant = found.whole.body["Resources"]["Second:Rule"]["Properties"]["EventBusName"]
    assert meant == {"Fn::GetAtt": ["Child:Bus", "Arn"]}
    none = read(root, **{**files, "rules.yaml": importing.replace("NAME", "none")})
    (fault,) = none.all_faults
    assert (fault.found, fault.not_emulated) == ("No export named none found.", True)
