"""CloudFormation's functions and conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from livebus.errors import Place
from livebus.template.intrinsics import Evaluator, Path

TEMPLATE: dict[str, Any] = {
    "Mappings": {"Sizes": {"dev": {"n": 1, "l": ["a", "b"]}, "prod": {"n": 2}}},
    "Conditions": {
        "Yes": {"Fn::Equals": ["a", "a"]},
        "No": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "NotNo": {"Fn::Not": [{"Condition": "No"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "NotNo"}]},
        "Either": {"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]},
        "Flag": {"Fn::Equals": [True, "true"]},
        "Circle": {"Fn::Not": [{"Condition": "Elcric"}]},
        "Elcric": {"Fn::Not": [{"Condition": "Circle"}]},
        "Text": "true",
        "Number": {"Fn::Not": [1]},
        "OfResource": {"Fn::Equals": [{"Ref": "Queue"}, "x"]},
        "Broken": {"Fn::Equals": ["a"]},
        "Misspelt": {"Fn::Not": [{"Condition": "Yess"}]},
    },
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Absent": {"Type": "AWS::SQS::Queue", "Condition": "No"},
        "Odd": {"Type": "AWS::SQS::Queue", "Condition": ["No"]},
    },
}
PARAMETERS = {"Stage": "dev", "List": ["a", "b"], "Empty": ""}
PSEUDO = {"AWS::Region": "eu-west-1", "AWS::NotificationARNs": []}


class Answers:
    """Every resource has an Arn and a URL, which is its Ref."""

    def ref(self, logical_id: str) -> Any:
        return f"https://{logical_id}"

    def get(self, logical_id: str, attribute: str) -> Any:
        return {"Arn": f"arn:{logical_id}", "Dns.Http": "host"}[attribute]

    def names(self, logical_id: str) -> Iterable[str]:
        return ["Arn", "Dns.Http"]


@pytest.fixture
def evaluator() -> Evaluator:
    def place_of(path: Path) -> Place:
        return Place(path="/".join(map(str, path)))

    return Evaluator(TEMPLATE, parameters=PARAMETERS, pseudo_parameters=PSEUDO, attributes=Answers(), place_of=place_of)


NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Queue"}, "https://Queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:Queue"),
        ({"Fn::GetAtt": "Queue.Dns.Http"}, "host"),
        ({"Fn::GetAtt": ["Queue", {"Fn::Sub": "Arn"}]}, "arn:Queue"),
        (
            {"Fn::Sub": "${Stage}-${Queue}-${Queue.Arn}-${!Stage}-${AWS::Region}"},
            "dev-https://Queue-arn:Queue-${Stage}-eu-west-1",
        ),
        ({"Fn::Sub": ["${a}${Stage}", {"a": {"Ref": "Stage"}, "Stage": True}]}, "devtrue"),
        ({"Fn::Sub": "<id> $x ${AWS::NoValue}$"}, "<id> $x $"),
        ({"Fn::Sub": "${ Stage }-${ Queue.Arn}-${ !Stage }"}, "dev-arn:Queue-${Stage}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1, True, NO_VALUE]]}, "a-dev-1-true"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Split": [",", "a,b,,"]}, ["a", "b", "", ""]),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Select": [0, {"Fn::Split": ["-", "x-y"]}]}, "x"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "n"]}, 1),
        ({"Fn::FindInMap": ["Sizes", "dev", "l"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Sizes", "test", "n", {"DefaultValue": 9}]}, 9),
        # What is only known where it is deployed has as many parts as are asked for, and any key.
        ({"Fn::Select": [5, {"Fn::Split": [":", "{{resolve:parameter:Arn}}"]}]}, "{{resolve:parameter:Arn}}"),
        ({"Fn::Select": [1, ["{{resolve:parameter:Nets}}"]]}, "{{resolve:parameter:Nets}}"),
        ({"Fn::FindInMap": ["Sizes", "{{resolve:parameter:Stage}}", "n"]}, 1),
        ({"Fn::Base64": "ü"}, "w7w="),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::Length": {"Ref": "List"}}, 2),
        ({"Fn::ToJsonString": {"a": [{"Ref": "Stage"}, "ü"]}}, '{"a":["dev","ü"]}'),
        ({"Fn::If": ["Yes", {"Ref": "Stage"}, {"Ref": "Nothing"}]}, "dev"),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"a": {"Fn::If": ["No", 1, NO_VALUE]}, "b": NO_VALUE, "c": 0}, {"c": 0}),
        ([NO_VALUE, {"Fn::If": ["Yes", NO_VALUE, 1]}, 2], [2]),
        ({"Condition": "anything"}, {"Condition": "anything"}),
        ({"Condition": {"StringEquals": {"a": {"Ref": "Stage"}}}}, {"Condition": {"StringEquals": {"a": "dev"}}}),
        ({"Ref": "Stage", "other": 1}, {"Ref": "Stage", "other": 1}),
        ([1, 1.5, "x", True, None], [1, 1.5, "x", True, None]),
    ],
    ids=str,
)
def test_values(evaluator: Evaluator, value: Any, expected: Any) -> None:
    """Every function gives what CloudFormation hands to the resource."""
    assert (evaluator.resolve(value, ("Resources", "X")), evaluator.faults) == (expected, [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"Ref": "Quueue"},
            ("Unresolved resource dependencies [Quueue] in the Resources block of the template. Did you mean 'Queue'?"),
        ),
        ({"Ref": ["Queue"]}, "Ref takes a name, found ['Queue']; expected the name of a parameter or a resource"),
        (
            {"Ref": "Absent"},
            (
                "Unresolved resource dependencies [Absent] in the Resources block of the template. "
                "Its condition 'No' does not hold; refer to it in Fn::If only."
            ),
        ),
        (
            {"Fn::GetAtt": ["Quueue", "Arn"]},
            "instance of Fn::GetAtt references undefined resource Quueue. Did you mean 'Queue'?",
        ),
        (
            {"Fn::GetAtt": ["Absent", "Arn"]},
            (
                "Unresolved resource dependencies [Absent] in the Resources block of the "
                "template. Its condition 'No' does not hold; refer to it in Fn::If only."
            ),
        ),
        (
            {"Fn::GetAtt": ["Queue", "Arm"]},
            "Requested attribute Arm does not exist in schema for AWS::SQS::Queue. Did you mean 'Arn'?",
        ),
        (
            {"Fn::GetAtt": "Queue"},
            ("Fn::GetAtt has 'Queue'; expected two non-empty parameters, the resource name and the resource attribute"),
        ),
        (
            {"Fn::GetAtt": [1, {}]},
            ("Fn::GetAtt has [1, {}]; expected two non-empty parameters, the resource name and the resource attribute"),
        ),
        (
            {"Fn::Sub": "${Stagge}"},
            ("Unresolved resource dependencies [Stagge] in the Resources block of the template. Did you mean 'Stage'?"),
        ),
        (
            {"Fn::Sub": "${}"},
            (
                "Unresolved resource dependencies [] in the Resources block of the template. "
                "Write ${!…} where the text itself is meant."
            ),
        ),
        (
            {"Fn::Sub": "${ctx.args}"},
            (
                "Unresolved resource dependencies [ctx] in the Resources block of the template. "
                "Write ${!…} where the text itself is meant."
            ),
        ),
        ({"Fn::Sub": "${List}"}, "variable List in Fn::Sub expression does not resolve to a string"),
        ({"Fn::Sub": ["a"]}, "Fn::Sub has ['a']; expected a text, or a list of a text and its variables"),
        ({"Fn::Join": ["", [["a"]]]}, "Fn::Join has ['', [['a']]]; expected a string delimiter and a list of strings"),
        ({"Fn::Join": "a"}, "Fn::Join has 'a'; expected a string delimiter and a list of strings"),
        ({"Fn::Split": ["", "a"]}, "Fn::Split has ['', 'a']; expected a delimiter and a text"),
        ({"Fn::Select": [2, ["a"]]}, "Fn::Select cannot select nonexistent value at index 2"),
        ({"Fn::Select": ["-1", ["a"]]}, "Fn::Select cannot select nonexistent value at index -1"),
        ({"Fn::Select": [0, "a"]}, "Fn::Select has [0, 'a']; expected an index and a list"),
        ({"Fn::FindInMap": ["Sizes", "def", "n"]}, "Unable to get mapping for Sizes::def::n. Did you mean 'dev'?"),
        ({"Fn::FindInMap": ["Sizes", "dev", "n", "x"]}, None),
        (
            {"Fn::FindInMap": ["Sizes", "dev"]},
            ("Fn::FindInMap has ['Sizes', 'dev']; expected a map's name, a top-level and a second-level key"),
        ),
        (
            {"Fn::FindInMap": [["a"], "b", "c"]},
            ("Fn::FindInMap has [['a'], 'b', 'c']; expected a map's name, a top-level and a second-level key"),
        ),
        ({"Fn::Base64": ["a"]}, "Fn::Base64 has ['a']; expected a text"),
        ({"Fn::Length": "abc"}, "Fn::Length has 'abc'; expected a list"),
        ({"Fn::If": ["Yess", 1, 2]}, "condition 'Yess' is not there. Did you mean 'Yes'?"),
        ({"Fn::If": [["Yes"], 1, 2]}, "Fn::If has [['Yes'], 1, 2]; expected a condition's name and two values"),
        ({"Fn::Equals": ["a"]}, "Fn::Equals has ['a']; expected two values"),
        ({"Fn::Iff": []}, "unknown function 'Fn::Iff'. Did you mean 'Fn::If'?"),
        (
            {"Fn::ImportValue": "x"},
            "Fn::ImportValue is not emulated. Write the value itself, or give it as a parameter.",
        ),
        (
            {"Fn::ForEach::Loop": []},
            "Fn::ForEach::Loop is not emulated. Write the value itself, or give it as a parameter.",
        ),
        ({"Fn::Sub": "a", "b": 1}, "Fn::Sub stands beside other keys; expected a function alone in its object"),
    ],
    ids=str,
)
def test_faults(evaluator: Evaluator, value: dict[str, Any], expected: str | None) -> None:
    """What CloudFormation refuses is told in its words where they are known, and evaluation goes on."""
    evaluator.resolve(value, ("Resources", "X"))

    told = [str(fault).split(": ", 1)[1] for fault in evaluator.faults]
    assert told == ([] if expected is None else [expected])


def test_a_fault_has_the_path_of_the_function() -> None:
    """The place asked for is that of the function, through lists, objects and the branch that is taken."""
    asked: list[Path] = []

    def place_of(path: Path) -> Place:
        asked.append(path)
        return Place()

    evaluator = Evaluator(
        TEMPLATE, parameters={"Stage": "x"}, pseudo_parameters={}, attributes=Answers(), place_of=place_of
    )
    evaluator.resolve({"a": [{"Fn::If": ["Yes", {"b": {"Fn::Sub": "${X}"}}, 1]}]}, ("Resources", "R"))

    assert asked == [("Resources", "R", "a", 0, "Fn::If", 1, "b", "Fn::Sub")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Yes", True), ("No", False), ("NotNo", True), ("Both", True), ("Either", True), ("Flag", True)],
)
def test_conditions(evaluator: Evaluator, name: str, expected: bool) -> None:
    """Conditions hold by parameters and by other conditions; truth values are compared as their text."""
    assert (evaluator.condition(name, ()), evaluator.faults) == (expected, [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Circle", "Circular dependency between conditions: [Circle, Elcric]"),
        ("Text", "condition 'Text' is 'true'; expected Fn::Equals, Fn::And, Fn::Or or Fn::Not"),
        ("Number", "Fn::Not has 1; expected a condition"),
        (
            "OfResource",
            (
                "Unresolved dependencies [Queue]. Cannot reference resources in the Conditions block of the "
                "template. A condition is evaluated before there are resources."
            ),
        ),
        ("Broken", "Fn::Equals has ['a']; expected two values"),
        ("Misspelt", "condition 'Yess' is not there. Did you mean 'Yes'?"),
    ],
)
def test_conditions_that_cannot_be_had(evaluator: Evaluator, name: str, expected: str) -> None:
    """A condition without a truth value is told once."""
    evaluator.condition(name, ())

    assert [str(fault).split(": ", 1)[1] for fault in evaluator.faults] == [expected]


def test_conditions_that_name_each_other_without_end() -> None:
    """However long the chain is, it ends in a fault and not in Python's stack."""
    chain: dict[str, Any] = {f"C{n}": {"Fn::Not": [{"Condition": f"C{n + 1}"}]} for n in range(500)}
    evaluator = Evaluator(
        {"Conditions": chain}, parameters={}, pseudo_parameters={}, attributes=Answers(), place_of=lambda _: Place()
    )
    evaluator.condition("C0", ())

    assert [fault.found for fault in evaluator.faults] == ["conditions name each other more than 30 deep"]


def test_whether_a_resource_is_made(evaluator: Evaluator) -> None:
    """A resource is made unless its condition does not hold; what is no condition's name is told."""
    made = [evaluator.is_made(name) for name in ("Queue", "Absent", "Odd")]

    assert made == [True, False, False]
    assert [fault.found for fault in evaluator.faults] == ["a condition's name is ['No']"]


def test_where_a_value_is_from(evaluator: Evaluator) -> None:
    """Objects and lists know their paths, though items before them are left out and a branch is taken."""
    value = evaluator.resolve({"a": [NO_VALUE, {"Fn::If": ["Yes", {"b": []}, 1]}]}, ("Resources", "R"))

    assert evaluator.origin(value["a"][0]) == ("Resources", "R", "a", 1, "Fn::If", 1)
    assert evaluator.origin(value["a"][0]["b"]) == ("Resources", "R", "a", 1, "Fn::If", 1, "b")
    assert evaluator.origin([]) is None
