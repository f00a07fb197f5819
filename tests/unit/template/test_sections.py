"""The sections of a template and the members of resources."""

from __future__ import annotations

import pytest

from livebus.template.document import read_document
from livebus.template.sections import checked_sections

TOPIC = "Resources: {A: {Type: 'AWS::SNS::Topic'}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TOPIC + "AWSTemplateFormatVersion: 2010-09-09\nTransform: [AWS::Serverless-2016-10-31]", []),
        (
            "Resorces: {}",
            [
                "At least one Resources member must be defined.",
                "Invalid template property or properties [Resorces]. Did you mean 'Resources'?",
            ],
        ),
        ("Resources: {}", ["At least one Resources member must be defined."]),
        ("Resources: [a]", ["Resources is a list; expected an object"]),
        (TOPIC + "Outputs: x", ["Outputs is 'x'; expected an object"]),
        (TOPIC + "Outputs: {A: x}", ["output 'A' is 'x'; expected an object with a Value"]),
        (TOPIC + "Outputs: {a-b: {Value: x}}", ["Output name a-b is non alphanumeric."]),
        (TOPIC + "Parameters: []", ["Parameters is a list; expected an object"]),
        (TOPIC + "Conditions: 5", ["Conditions is 5; expected an object"]),
        (
            TOPIC + "AWSTemplateFormatVersion: 2012-10-17",
            ["AWSTemplateFormatVersion is '2012-10-17'; expected 2010-09-09"],
        ),
        (
            TOPIC + "Transform: AWS::Include",
            [
                (
                    "Transform 'AWS::Include' is not emulated; expected one of "
                    "AWS::Serverless-2016-10-31, AWS::LanguageExtensions, or none"
                )
            ],
        ),
        (
            TOPIC + "Transform: {Name: x}",
            [
                (
                    "Transform an object is not emulated; expected one of "
                    "AWS::Serverless-2016-10-31, AWS::LanguageExtensions, or none"
                )
            ],
        ),
        ("Resources: {A: x}", ["resource 'A' is 'x'; expected an object with a Type"]),
        ("Resources: {A: {}}", ["resource 'A' has no Type; expected a type such as AWS::Events::Rule"]),
        ("Resources: {A: {Type: [x]}}", ["resource 'A' has no Type; expected a type such as AWS::Events::Rule"]),
        (
            "Resources: {A: {Type: 'AWS::Rule'}}",
            ["Unrecognized resource types: [AWS::Rule]; expected a type such as AWS::Events::Rule"],
        ),
        ("Resources: {a_b: {Type: 'AWS::SNS::Topic'}}", ["Resource name a_b is non alphanumeric."]),
        (
            "Resources: {A: {Type: 'AWS::SNS::Topic', Propertes: {}}}",
            ["Invalid template resource property 'Propertes'. Did you mean 'Properties'?"],
        ),
        ("Resources: {A: {Type: 'Custom::Thing', Version: '1.0', Properties: {ServiceToken: x}}}", []),
        (
            "Resources: {A: {Type: 'AWS::SNS::Topic', Version: '1.0'}}",
            ["Invalid template resource property 'Version'"],
        ),
        (
            "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: [a]}}",
            ["the Properties of 'A' are a list; expected an object"],
        ),
        (
            "Resources: {A: {Type: 'Custom::Thing-1'}, B: {Type: 'Org::Svc::Res::MODULE'}, C: {Type: 'Alexa::ASK::Skill'}}",
            [],
        ),
    ],
)
def test_faults(text: str, expected: list[str]) -> None:
    """Misspelt names, wrong types and what has no counterpart here are told, in CloudFormation's words if known."""
    document = read_document(text, "t.yaml")
    faults: list = []
    sections = checked_sections(document, faults)

    assert sorted(str(fault).split(": ", 1)[1] for fault in faults) == sorted(expected)
    assert set(sections) == {"Conditions", "Mappings", "Outputs", "Parameters", "Resources"}
    assert all(isinstance(section, dict) for section in sections.values())
