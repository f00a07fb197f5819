"""A template's Outputs: their values, what they export, and where a fault of one stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livebus.template.resources import Resources

Read = Callable[..., Resources]
BEGIN = """
Parameters:
  Stage: {Type: String, Default: dev}
  Path: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: t}}}
Outputs:
"""


def test_values_are_texts_and_exports_lead_to_outputs(resources: Read) -> None:
    """Of outputs whose conditions hold."""
    made = resources(
        BEGIN + "  A: {Value: !GetAtt T.TopicName, Export: {Name: !Sub '${Stage}-topic'}}\n"
        "  B: {Value: 5}\n"
        "  D: {Value: x, Condition: Prod, Export: {Name: d}}\n"
        "  E: {Value: true, Export: {Name: e}}\n"
    )

    assert made.outputs == {"A": "t", "B": "5", "E": "true"}
    assert made.exports == {"dev-topic": "A", "e": "E"}
    assert [str(fault) for fault in made.all_faults] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A: {Description: x}\n", ["t.yaml:8:3 (Outputs/A): output 'A' has no Value"]),
        (
            "  A: {Value: [1]}\n",
            [
                (
                    "t.yaml:8:7 (Outputs/A/Value): The Value field of every Outputs member must evaluate to a String: 'A' is a"
                    " list"
                )
            ],
        ),
        (
            "  A: {Value: x, Export: topic}\n",
            ["t.yaml:8:25 (Outputs/A/Export): Export of 'A' is 'topic'; expected a Name"],
        ),
        (
            "  A: {Value: x, Export: {Nam: y}}\n",
            ["t.yaml:8:17 (Outputs/A/Export): Export of 'A' is an object; expected a Name"],
        ),
        (
            "  A: {Value: x, Export: {Name: ''}}\n",
            ["t.yaml:8:17 (Outputs/A/Export): Export of 'A' is an object; expected a Name"],
        ),
        (
            "  A: {Value: x, Export: {Name: y}}\n  B: {Value: x, Export: {Name: y}}\n",
            ["t.yaml:9:17 (Outputs/B/Export): Duplicate Export names, y; expected each name once"],
        ),
        ("  A: {Value: x, Export: {Name: !Ref Path}}\n", []),
        ("  A: {Value: x, Export: !If [Prod, {Name: y}, {Name: !Ref Path}]}\n", []),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text: str, expected: list[str], resources: Read) -> None:
    """A name that is not known before the stack is deployed is none that could be wrong."""
    assert [str(fault) for fault in resources(BEGIN + text).all_faults] == expected
