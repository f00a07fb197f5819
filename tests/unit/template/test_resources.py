"""Resources, once parameters, conditions and functions are evaluated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livebus.template.environment import Environment
from livebus.template.resources import Resources

Read = Callable[..., Resources]


def told(resources: Resources) -> list[str]:
    return [str(fault) for fault in resources.all_faults]


def test_only_resources_whose_conditions_hold_are_made(resources: Read) -> None:
    """Conditions choose resources, outputs and branches."""
    text = """
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  A: {Type: 'AWS::SNS::Topic', Condition: Prod}
  B: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !If [Prod, !Ref A, b]}}
Outputs:
  A: {Condition: Prod, Value: !Ref A}
  B: {Value: !GetAtt B.TopicName}
"""
    dev, prod = resources(text), resources(text, Stage="prod")

    assert [resource.logical_id for resource in dev.all()] == ["B"]
    assert (dev.outputs, told(dev)) == ({"B": "b"}, [])
    assert [resource.logical_id for resource in prod.all()] == ["A", "B"]
    assert (set(prod.outputs), told(prod)) == ({"A", "B"}, [])


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            "Properties: {TopicName: !Ref Absent}",
            (
                "Unresolved resource dependencies [Absent] in the Resources block of the "
                "template. Its condition 'Never' does not hold; refer to it in Fn::If only."
            ),
        ),
        (
            "Properties: {TopicName: !If [Never, !Ref Topik, x]}",
            "Unresolved resource dependencies [Topik] in the Resources block of the template. Did you mean 'Topic'?",
        ),
        (
            "Properties: {TopicName: !If [Never, !GetAtt Topik.Arn, x]}",
            "instance of Fn::GetAtt references undefined resource Topik. Did you mean 'Topic'?",
        ),
        (
            "DependsOn: Topik",
            "Unresolved resource dependencies [Topik] in the Resources block of the template. Did you mean 'Topic'?",
        ),
        ("DependsOn: [[a]]", "DependsOn has a list; expected logical ids"),
        ("Condition: Nevr", "condition 'Nevr' is not there. Did you mean 'Never'?"),
        ("Condition: [Never]", "a condition's name is ['Never']; expected the name of a condition"),
        ("Properties: !Sub x", "the Properties of 'Topic' are 'x'; expected an object"),
    ],
)
def test_names_that_lead_nowhere(resources: Read, rest: str, expected: str) -> None:
    """A name that is not there is told wherever it stands, a branch that is not taken included."""
    made = resources(
        "Conditions: {Never: !Equals [a, b]}\nResources:\n  Absent: {Type: 'AWS::SNS::Topic', Condition: Never}\n"
        f"  Topic:\n    Type: AWS::SNS::Topic\n    {rest}\n"
    )

    assert [fault.split(": ", 1)[1] for fault in told(made)] == [expected]


def test_names_in_resources_that_are_not_made(resources: Read) -> None:
    """CloudFormation looks at every resource's references, whether or not its condition holds."""
    made = resources(
        "Conditions: {Never: !Equals [a, b]}\nResources:\n"
        "  A: {Type: 'AWS::SNS::Topic', Condition: Never, Properties: {TopicName: !Ref X}}\n"
        "  B: {Type: 'AWS::SNS::Topic'}"
    )

    assert told(made) == [
        (
            "t.yaml:3:74 (Resources/A/Properties/TopicName/Ref): Unresolved resource dependencies [X] in the Resources block "
            "of the template"
        )
    ]


def test_a_policy_that_names_nothing(resources: Read) -> None:
    """A Sub inside a policy is looked at like any other, with the line where it stands."""
    made = resources("""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - Resource: !Sub "${Apii.Arn}/types/Mutation/*"
  Api: {Type: 'AWS::AppSync::GraphQLApi'}
""")

    assert told(made) == [
        (
            "t.yaml:9:27 (Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource/Fn::Sub): "
            "Unresolved resource dependencies [Apii] in the Resources block of the template. Did you mean 'Api'?"
        )
    ]


def test_circles(resources: Read) -> None:
    """A circle is told in CloudFormation's words, and does not hide other faults."""
    made = resources("""
Resources:
  Rule: {Type: 'AWS::Events::Rule', Properties: {RoleArn: !GetAtt Role.Arn, Name: !Ref X}}
  Role: {Type: 'AWS::IAM::Role', Properties: {Description: !GetAtt Rule.Arn}}
""")

    assert [fault.split(": ", 1)[1] for fault in told(made)] == [
        (
            "Circular dependency between resources: [Rule, Role]. "
            "Build one of the ARNs with !Sub from the resource's name instead of !GetAtt."
        ),
        "Unresolved resource dependencies [X] in the Resources block of the template",
    ]


def test_names_by_way_of_many_names(resources: Read) -> None:
    """However long a chain of names is, it is followed without a stack frame for each link."""
    chain = "".join(
        f"  Q{n}: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: !Sub '${{Q{n + 1}.QueueName}}'}}}}\n"
        for n in range(300)
    )
    made = resources(
        f"Resources:\n{chain}  Q300: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: end}}}}\n"
        "Outputs: {Name: {Value: !GetAtt Q0.QueueName}}"
    )

    assert (made.outputs, told(made)) == ({"Name": "end"}, [])


@pytest.mark.parametrize(
    ("text", "outputs", "expected"),
    [
        ("{A: {Value: 5}}", {"A": "5"}, []),
        ("{A: {Value: true}}", {"A": "true"}, []),
        ("{A: {Description: x}}", {}, ["output 'A' has no Value"]),
        (
            "{A: {Value: !Split [',', a]}}",
            {"A": ""},
            ["The Value field of every Outputs member must evaluate to a String: 'A' is a list"],
        ),
        (
            "{A: {Value: !Ref B}}",
            {"A": ""},
            ["Unresolved resource dependencies [B] in the Outputs block of the template"],
        ),
        (
            "{A: {Value: !GetAtt T.Nam}}",
            {"A": ""},
            ["Requested attribute Nam does not exist in schema for AWS::SNS::Topic"],
        ),
        ("{A: {Value: x, Condition: C}}", {}, ["condition 'C' is not there"]),
    ],
)
def test_outputs(resources: Read, text: str, outputs: dict[str, str], expected: list[str]) -> None:
    """Outputs are texts; what is none is told."""
    made = resources(f"Resources: {{T: {{Type: 'AWS::SNS::Topic'}}}}\nOutputs: {text}")

    assert made.outputs == outputs
    assert [fault.split(": ", 1)[1] for fault in told(made)] == expected


def test_faults_stand_in_the_order_of_the_text(resources: Read) -> None:
    """Faults are told from top to bottom, each once."""
    made = resources("Resources: {A: x}\nOutputs: {B: {Value: !Ref C}}\nFoo: 1\n")
    assert made.outputs == {"B": ""}

    assert [fault.place.line for fault in made.all_faults] == [1, 2, 3]


def test_overrides_are_values_for_what_is_declared(resources: Read) -> None:
    """As samconfig.toml has them: what the template does not declare is passed over; what is given stands above them."""
    text = """
Parameters: {A: {Type: String, Default: a}, B: {Type: String, Default: b}}
Resources: {T: {Type: 'AWS::SNS::Topic'}}
"""
    made = resources(text, Environment(overrides={"A": "over", "B": "over", "C": "over"}), B="given")

    assert {name: made.parameters[name] for name in ("A", "B")} == {"A": "over", "B": "given"}
    assert told(made) == []


def test_what_a_resource_depends_on(resources: Read) -> None:
    """What its properties refer to and what it names, as far as they are made; what is no name is told elsewhere."""
    text = """
Conditions: {Never: !Equals [a, b]}
Resources:
  A: {Type: 'AWS::SNS::Topic'}
  B: {Type: 'AWS::SNS::Topic'}
  C: {Type: 'AWS::SNS::Topic', Condition: Never}
  D: {Type: 'AWS::SNS::Topic', DependsOn: [B, C, [x]], Properties: {TopicName: !GetAtt A.TopicName}}
"""
    assert resources(text).depends_on("D") == {"A", "B"}
    assert resources(text).depends_on("A") == frozenset()


def test_policies_of_a_resource(resources: Read) -> None:
    """Delete where it has none, or none that is a text."""
    text = """
Resources:
  A: {Type: 'AWS::SNS::Topic', DeletionPolicy: Retain}
  B: {Type: 'AWS::SNS::Topic', UpdateReplacePolicy: 5}
"""
    made = resources(text)
    assert (made.policy("A", "DeletionPolicy"), made.policy("A", "UpdateReplacePolicy")) == ("Retain", "Delete")
    assert made.policy("B", "UpdateReplacePolicy") == "Delete"
