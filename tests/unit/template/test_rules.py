"""The assertions of a template's Rules."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.document import read_document
from livebus.template.rules import Given, check_rules

VALUES: dict[str, Any] = {
    "Stage": "prod",
    "Count": "3",
    "Zones": ["a", "b"],
    "Nothing": "",
    "Some": ["a", ""],
    "Hidden": "{{resolve:ssm:/x}}",
    "Guess": "1",
    "Net": "vpc-1",
    "Nets": ["vpc-1", "vpc-2"],
    "AWS::Region": "us-east-1",
}
DECLARED = {
    "Net": {"Type": "AWS::EC2::VPC::Id"},
    "Nets": {"Type": "List<AWS::EC2::VPC::Id>"},
    "Stage": {"Type": "String"},
}
GIVEN = Given(DECLARED, VALUES, ("Guess",))


def rules(text: str) -> list[str]:
    """What is wrong with a section, each with its place; what is not evaluated has a note before it."""
    faults = check_rules(read_document(f"Rules:\n{text}", "t.yaml"), GIVEN)
    return [f"{'not emulated: ' if each.not_emulated else ''}{each.place.line}: {each.found}" for each in faults]


def asserted(assertion: str) -> list[str]:
    return rules(f'  R:\n    Assertions:\n      - Assert: {assertion}\n        AssertDescription: "Choose another."\n')


BROKEN = ["4: rule 'R' does not hold: Choose another."]


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ("!Equals [!Ref Stage, prod]", True),
        ("!Equals [!Ref Stage, test]", False),
        ("!Equals [!Ref Count, 3]", True),
        ("!Equals [!Ref Nothing, '']", True),
        ("!Not [!Equals [!Ref Nothing, '']]", False),
        ('"Fn::Contains": [!Ref Some, ""]', True),
        ('"Fn::EachMemberEquals": [!Ref Some, a]', False),
        ('"Fn::EachMemberIn": [["", a], !Ref Some]', True),
        ('"Fn::EachMemberIn": [[""], !Ref Zones]', False),
        ('"Fn::Contains": [[test, prod], !Ref Stage]', True),
        ('"Fn::Contains": [[test], !Ref Stage]', False),
        ('"Fn::Contains": [!Ref Zones, b]', True),
        ('"Fn::EachMemberEquals": [!Ref Zones, a]', False),
        ('"Fn::EachMemberEquals": [[a, a], a]', True),
        ('"Fn::EachMemberIn": [!Ref Zones, [a, b, c]]', True),
        ('"Fn::EachMemberIn": [!Ref Zones, [a]]', False),
        ('"Fn::EachMemberIn": [[[a]], [[a], b]]', True),
        ('"Fn::EachMemberIn": [["[a]"], [[a]]]', False),
        ('"Fn::EachMemberIn": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, [vpc-1, vpc-2]]', True),
        ('"Fn::EachMemberIn": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, [vpc-1]]', False),
        ("!Not [!Equals [!Ref Stage, prod]]", False),
        ("!And [!Equals [a, a], !Equals [!Ref AWS::Region, us-east-1]]", True),
        ("!And [!Equals [a, a], !Equals [a, b]]", False),
        ("!Or [!Equals [a, b], !Equals [a, a]]", True),
        ("!Or [!Equals [a, b], !Equals [b, c]]", False),
        ("true", True),
        ('"false"', False),
        # What is not known decides nothing, but where the rest does.
        ("!Equals [!Ref Hidden, x]", True),
        ("!Equals [!Ref Guess, 2]", True),
        ("!Not [!Equals [!Ref Guess, 1]]", True),
        ("!And [!Equals [!Ref Hidden, x], !Equals [a, b]]", False),
        ("!Or [!Equals [!Ref Hidden, x], !Equals [a, b]]", True),
    ],
)
def test_assertions(assertion: str, *, holds: bool) -> None:
    """As CloudFormation evaluates them; what does not hold is told in the words of its description."""
    written = f"{{{assertion}}}" if assertion.startswith('"Fn') else assertion
    assert asserted(written) == ([] if holds else BROKEN)


def test_a_condition() -> None:
    """The assertions of a rule whose condition does not hold, or is not known, are not held against anybody."""
    text = "  R:\n    RuleCondition: {}\n    Assertions: [{{Assert: !Equals [a, b]}}]\n"

    def found(condition: str) -> list[str]:
        return rules(text.replace("{}", condition, 1).replace("{{", "{").replace("}}", "}"))

    assert found("!Equals [!Ref Stage, prod]") == ["4: rule 'R' does not hold: an assertion is false"]
    assert found("!Equals [!Ref Stage, test]") == []
    assert found("!Equals [!Ref Hidden, test]") == []


def test_attributes_of_resources() -> None:
    """Are in an account: the rule is named once, and fails nothing."""
    assertion = (
        '{"Fn::EachMemberIn": [{"Fn::ValueOfAll": [AWS::EC2::Subnet::Id, VpcId]}, {"Fn::ValueOf": [Net, Tags.x]}]}'
    )

    assert asserted(assertion) == [
        "not emulated: 2: rule 'R' asks for attributes of resources in an account, and is not evaluated here"
    ]


@pytest.mark.parametrize(
    "assertion",
    [
        # No parameter is a security group's: there is nothing whose attribute could be another.
        '{"Fn::EachMemberEquals": [{"Fn::ValueOfAll": ["AWS::EC2::SecurityGroup::Id", Tags.Department]}, it]}',
        '{"Fn::EachMemberIn": [{"Fn::ValueOfAll": ["AWS::EC2::SecurityGroup::Id", Tags.x]}, {"Fn::RefAll": X}]}',
        '{"Fn::Or": [{"Fn::Equals": [a, a]}, {"Fn::Equals": [{"Fn::ValueOf": [Net, Tags.x]}, it]}]}',
        '{"Fn::Not": [{"Fn::And": [{"Fn::Equals": [a, b]}, {"Fn::Contains": [[it], {"Fn::ValueOf": [Net, DefaultVpc]}]}]}]}',
    ],
)
def test_what_is_decided_without_an_account(assertion: str) -> None:
    """Where no parameter names a resource, or the rest decides, nothing is left open."""
    assert asserted(assertion) == []


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ('{"Fn::ValueOf": [Net, DefaultSecurityGroups]}', "Did you mean 'DefaultSecurityGroup'?"),
        ('{"Fn::ValueOf": [Net, defaultNetworkACL]}', "Did you mean 'DefaultNetworkAcl'?"),
        ('{"Fn::ValueOf": [Net, tags.Department]}', "Did you mean 'Tags.Department'?"),
        ('{"Fn::ValueOf": [Net, Tag.Department]}', "Did you mean 'Tags.Department'?"),
        ('{"Fn::ValueOf": [Net, Tags]}', "Did you mean 'Tags.KEY'?"),
        ('{"Fn::ValueOf": [Net, Tags.]}', "Did you mean 'Tags.KEY'?"),
        ('{"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", VpcID]}', "Did you mean 'VpcId'?"),
        (
            '{"Fn::ValueOfAll": ["List<AWS::EC2::VPC::Id>", DefaultSecurityGrup]}',
            "Did you mean 'DefaultSecurityGroup'?",
        ),
        ('{"Fn::ValueOf": [Stage, AvailabiltyZone]}', "Did you mean 'AvailabilityZone'?"),
    ],
)
def test_a_misspelt_attribute_is_told(asked: str, advice: str) -> None:
    """At its place, though nobody here knows its value; beside what is left open."""
    text = f'  R:\n    Assertions:\n      - Assert: {{"Fn::Or": [true, {{"Fn::Contains": [[it], {asked}]}}]}}\n'
    faults = [each for each in check_rules(read_document(f"Rules:\n{text}", "t.yaml"), GIVEN) if not each.not_emulated]
    assert [(each.advice, each.place.line) for each in faults] == [(advice, 4)]


@pytest.mark.parametrize(
    "asked",
    [
        *('{"Fn::ValueOf": [Net, DefaultNetworkAcl]}', '{"Fn::ValueOf": [Nets, Tags.a.b]}'),
        *('{"Fn::ValueOf": [Stage, VpcId]}', '{"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", AvailabilityZone]}'),
        '{"Fn::ValueOf": [Net, CidrBlock]}',  # AWS may have more than it lists
    ],
)
def test_what_may_be_an_attribute_is_none_of_our_business(asked: str) -> None:
    text = f'  R:\n    Assertions:\n      - Assert: {{"Fn::Or": [true, {{"Fn::Contains": [[it], {asked}]}}]}}\n'
    assert [each for each in rules(text) if not each.startswith("not emulated: ")] == []


def test_a_rule_that_does_not_apply_asks_nobody() -> None:
    """Its assertions count for nothing, whatever they ask for."""
    text = (
        "  R:\n    RuleCondition: !Equals [a, b]\n"
        '    Assertions: [{Assert: {"Fn::Equals": [{"Fn::ValueOf": [Net, Tags.x]}, it]}}]\n'
    )

    assert rules(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  []\n", "Rules is a list"),
        ("  R: 1\n", "rule 'R' is 1"),
        ("  R: {}\n", "rule 'R' has no Assertions"),
        ("  R: {Assertions: {}}\n", "rule 'R' has an object for Assertions"),
        ("  R: {Assertions: [{}]}\n", "an assertion of rule 'R' has no Assert"),
        ("  R: {Assertions: [{Assert: true, Description: x}]}\n", "rule 'R' has 'Description'"),
        ("  R: {Assertion: [], Assertions: [{Assert: true}]}\n", "rule 'R' has 'Assertion'"),
        ("  R: {Assertions: [{Assert: !Ref Stages}]}\n", "rule 'R' refers to 'Stages'"),
        ("  R: {Assertions: [{Assert: !Ref Stage}]}\n", "rule 'R' has 'prod' where it has to be true or false"),
        ("  R: {Assertions: [{Assert: !Sub x}]}\n", "rule 'R' has 'Fn::Sub'"),
        ("  R: {Assertions: [{Assert: {'Fn::Contains': x}}]}\n", "Fn::Contains has 'x'"),
        ("  R: {Assertions: [{Assert: !Not []}]}\n", "Fn::Not has a list"),
        (
            "  R: {Assertions: [{Assert: !Equals [a, {'Fn::ValueOf': [Nett, Tags.x]}]}]}\n",
            "Fn::ValueOf refers to 'Nett'",
        ),
        ("  R: {Assertions: [{Assert: !Equals [a, {'Fn::ValueOf': Net}]}]}\n", "Fn::ValueOf has 'Net'"),
        ("  R: {Assertions: [{Assert: !Equals [a, {'Fn::ValueOfAll': [x]}]}]}\n", "Fn::ValueOfAll has a list"),
        ("  R: {Assertions: [{Assert: !And [true]}]}\n", "Fn::And has a list"),
        ("  R: {Assertions: [{Assert: {'Fn::EachMemberIn': [{'Fn::RefAll': []}, [a]]}}]}\n", "Fn::RefAll has a list"),
    ],
)
def test_what_is_no_rule(text: str, expected: str) -> None:
    """Is told by its kind."""
    assert [each.partition(": ")[2] for each in rules(text)] == [expected]


def test_depth() -> None:
    """Is bounded."""
    assertion = "!Not [" * 60 + "true" + "]" * 60

    assert [each.partition(": ")[2] for each in asserted(assertion)] == ["rule 'R' is nested too deeply"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  R: 5\n", "rule 'R' is 5; expected an object with Assertions"),
        ("  R: {}\n", "rule 'R' has no Assertions; expected a list of one or more"),
        ("  R: {Assertions: []}\n", "rule 'R' has a list for Assertions; expected a list of one or more"),
        ("  R: {Assertions: [{}]}\n", "an assertion of rule 'R' has no Assert; expected an object with an Assert"),
        (
            "  R: {Assertions: [{Assert: 5}]}\n",
            "rule 'R' has '5' where it has to be true or false; expected a truth value",
        ),
        ("  R: {Assertions: [{Assert: !Not [true, false]}]}\n", "Fn::Not has a list; expected a list of one"),
        ("  R: {Assertions: [{Assert: !And [true]}]}\n", "Fn::And has a list; expected a list of 2 to 10"),
        ("  R: {Assertions: [{Assert: !Equals [a]}]}\n", "Fn::Equals has a list; expected two values"),
        (
            "  R: {Assertions: [{Assert: {'Fn::Contains': a}}]}\n",
            "Fn::Contains has 'a'; expected a list of texts, and a text",
        ),
        (
            "  R: {Assertions: [{Assert: {'Fn::EachMemberIn': [a]}}]}\n",
            "Fn::EachMemberIn has a list; expected two lists of texts",
        ),
        (
            "  R: {Assertions: [{Assert: !Equals [!Ref Stge, a]}]}\n",
            "rule 'R' refers to 'Stge'; expected a parameter. Did you mean 'Stage'?",
        ),
        (
            "  R: {Assertions: [{Assert: !Equals [{'Fn::RefAll': []}, a]}]}\n",
            "Fn::RefAll has a list; expected a parameter's type",
        ),
        (
            "  R: {Assertions: [{Assert: {'Fn::Equal': [a, a]}}]}\n",
            (
                "rule 'R' has 'Fn::Equal'; expected one of Ref, Fn::And, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, "
                "Fn::Equals, Fn::Not, Fn::Or, Fn::RefAll, Fn::ValueOf, Fn::ValueOfAll. Did you mean 'Fn::Equals'?"
            ),
        ),
        (
            "  R: {Assertions: [{Assert: true, AssertDescriptoin: x}]}\n",
            "rule 'R' has 'AssertDescriptoin'; expected one of Assert, AssertDescription. Did you mean 'AssertDescription'?",
        ),
        (
            "  R: {Condition: true, Assertions: [{Assert: true}]}\n",
            "rule 'R' has 'Condition'; expected one of Assertions, RuleCondition. Did you mean 'RuleCondition'?",
        ),
        (
            "  R: {Assertions: [{Assert: !Equals [!Ref Stage, x]}]}\n",
            "rule 'R' does not hold: an assertion is false. It is about the parameters Stage.",
        ),
        (
            "  R: {Assertions: [{Assert: !Equals [a, x]}]}\n",
            "rule 'R' does not hold: an assertion is false. It is about no parameter.",
        ),
    ],
)
def test_what_is_told_in_whole(text: str, expected: str) -> None:
    """What was found, what was expected, and the next step."""
    faults = check_rules(read_document(f"Rules:\n{text}", "t.yaml"), GIVEN)
    assert [str(fault).split(": ", 1)[1] for fault in faults] == [expected]


def test_a_function_that_is_like_none_has_the_page() -> None:
    """That lists them all."""
    text = "Rules:\n  R: {Assertions: [{Assert: {Zzzzzzzzzzzzzz: []}}]}\n"
    (fault,) = check_rules(read_document(text, "t.yaml"), GIVEN)
    assert fault.advice.startswith("https://docs.aws.amazon.com/")
