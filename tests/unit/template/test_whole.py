"""A template with its nested ones as one document."""

from __future__ import annotations

from livebus.template.document import Document, read_document
from livebus.template.whole import whole

CHILD = """\
Parameters: {Name: {Type: String}}
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref Name}}
  Rule:
    Type: AWS::Events::Rule
    DependsOn: Bus
    Properties:
      EventBusName: !GetAtt Bus.Name
      Name: !Sub "${Bus}-${Name}-${AWS::StackName}-${!Bus}"
      Description: !Sub ["${Name}-${Own}", {Own: !Ref Bus}]
      RoleArn: {Fn::GetAtt: Bus.Arn}
"""
ROOT = """\
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Child: {Type: AWS::CloudFormation::Stack, DependsOn: Topic, Properties: {Parameters: {Name: x}}}
  After: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt Child.Outputs.X}}
"""


def both() -> Document:
    return whole(read_document(ROOT, "root.yaml"), {"Child": read_document(CHILD, "child.yaml")})


def test_names_of_a_nested_stack() -> None:
    """Stand behind the stack's own, wherever they are referred to; what is no name of it stays as it is."""
    rule = both().body["Resources"]["Child:Rule"]

    assert rule["Properties"] == {
        "EventBusName": {"Fn::GetAtt": ["Child:Bus", "Name"]},
        "Name": {"Fn::Sub": "${Child:Bus}-${Child:Name}-${AWS::StackName}-${!Bus}"},
        "Description": {"Fn::Sub": ["${Child:Name}-${Own}", {"Own": {"Ref": "Child:Bus"}}]},
        "RoleArn": {"Fn::GetAtt": "Child:Bus.Arn"},
    }
    assert [*both().body["Parameters"]] == ["Child:Name"]


def test_what_stacks_wait_for() -> None:
    """A resource of a nested stack waits for what the stack waits for; one that uses an output for all in the stack."""
    resources = both().body["Resources"]

    assert resources["Child:Rule"]["DependsOn"] == ["Child:Bus", "Topic"]
    assert resources["After"]["DependsOn"] == ["Child", "Child:Bus", "Child:Rule"]


def test_a_list_of_what_a_resource_waits_for() -> None:
    """Each by the name that it has now."""
    child = read_document(CHILD.replace("DependsOn: Bus", "DependsOn: [Bus, Elsewhere]"), "child.yaml")
    document = whole(read_document(ROOT, "root.yaml"), {"Child": child})

    assert document.body["Resources"]["Child:Rule"]["DependsOn"] == ["Child:Bus", "Elsewhere", "Topic"]


def test_places() -> None:
    """Are those of the file that a resource stands in."""
    document = both()

    assert str(document.place(("Resources", "Child:Rule", "Type"))) == "child.yaml:5:11 (Resources/Rule/Type)"
    assert document.place(("Resources", "Topic")).file == "root.yaml"
    assert [each.file for each in document.documents] == ["root.yaml", "child.yaml"]
    assert document.of_file("child.yaml") is document.parts["Child"]
    assert document.of_file("other.yaml") is None


def test_a_template_that_nests_nothing() -> None:
    """Is what it was."""
    document = read_document(ROOT, "root.yaml")

    assert whole(document, {}) is document
