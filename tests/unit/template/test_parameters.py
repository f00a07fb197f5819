"""Parameters: their values and their constraints."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.document import read_document
from livebus.template.parameters import assumed, read_parameters


def read(text: str, **given: str) -> tuple[dict[str, Any], list[str]]:
    document = read_document(f"Parameters:\n  P: {text}", "t.yaml")
    values, faults = read_parameters(document, document.body["Parameters"], given)
    return values, [str(fault) for fault in faults]


@pytest.mark.parametrize(
    ("definition", "given", "expected"),
    [
        ("{Type: String, Default: a}", None, "a"),
        ("{Type: String, Default: a}", "b", "b"),
        ("{Type: String, Default: a}", "", ""),
        ("{Type: String, Default: ''}", None, ""),
        ("{Type: String, Default: true, AllowedValues: [true, false]}", None, "true"),
        ("{Type: Number, Default: 5, MinValue: 5, MaxValue: 5}", None, "5"),
        ("{Type: Number, Default: 1.5}", "-2e3", "-2e3"),
        ("{Type: CommaDelimitedList, Default: 'a, b'}", None, ["a", "b"]),
        ("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "b,a", ["b", "a"]),
        ("{Type: List<Number>}", "1,2", ["1", "2"]),
        ("{Type: 'AWS::EC2::VPC::Id'}", "vpc-1", "vpc-1"),
        ("{Type: 'List<AWS::EC2::Subnet::Id>'}", "a,b", ["a", "b"]),
        ("{Type: String, AllowedPattern: '[a-z&&b]+'}", "b", "b"),
        ("{Type: String, MinLength: 1, MaxLength: '2'}", "ab", "ab"),
    ],
)
def test_values(definition: str, given: str | None, expected: Any) -> None:
    """A value is the one that is given, or the default; lists are split."""
    values, faults = read(definition, **({} if given is None else {"P": given}))

    assert (values, faults) == ({"P": expected}, [])


@pytest.mark.parametrize(
    ("definition", "given", "expected"),
    [
        ("{Type: String}", None, "Parameters: [P] must have values. Give it one with --set P=… or add a Default."),
        ("{Type: String, Default: [a]}", None, "the Default of parameter 'P' is a list; expected a text"),
        (
            "{Default: a}",
            None,
            "parameter 'P' has no Type; expected one of String, Number, CommaDelimitedList, List<Number>",
        ),
        (
            "{Type: Strin, Default: a}",
            None,
            (
                "parameter 'P' has the type 'Strin'; expected one of String, Number, "
                "CommaDelimitedList, List<Number>. Did you mean 'String'?"
            ),
        ),
        ("5", None, "parameter 'P' is 5; expected an object with a Type"),
        (
            "{Type: String, AllowedValues: [dev, prod]}",
            "def",
            ("parameter 'P' has the value 'def'; expected one of dev, prod. Did you mean 'dev'?"),
        ),
        ("{Type: String, AllowedValues: dev}", "dev", "AllowedValues of 'P' is 'dev'; expected a list"),
        ("{Type: CommaDelimitedList, AllowedValues: [a]}", "a,x", "parameter 'P' has the value 'x'; expected one of a"),
        (
            "{Type: String, AllowedPattern: '[a-z]+'}",
            "ab1",
            "parameter 'P' has the value 'ab1'; expected a text that matches '[a-z]+'",
        ),
        (
            "{Type: String, AllowedPattern: x, ConstraintDescription: an x}",
            "y",
            "parameter 'P' has the value 'y'; expected an x",
        ),
        (
            "{Type: String, AllowedPattern: '('}",
            "a",
            (
                "AllowedPattern of 'P' is '(': missing ), unterminated subpattern at "
                "position 0; expected a regular expression"
            ),
        ),
        ("{Type: String, MinLength: 2}", "a", "parameter 'P' has the value 'a'; expected at least 2 characters"),
        ("{Type: String, MaxLength: 2}", "abc", "parameter 'P' has the value 'abc'; expected at most 2 characters"),
        ("{Type: String, MaxLength: [2]}", "a", "MaxLength of 'P' is a list; expected a number"),
        ("{Type: Number}", "nan", "parameter 'P' has the value 'nan'; expected a number"),
        ("{Type: Number}", "1_0", "parameter 'P' has the value '1_0'; expected a number"),
        (
            "{Type: Number, MinValue: 0, MaxValue: 9}",
            "10",
            "parameter 'P' has the value '10'; expected a number of at least 0 and at most 9",
        ),
        ("{Type: List<Number>}", "1,x", "parameter 'P' has the value 'x'; expected a number"),
    ],
)
def test_faults(definition: str, given: str | None, expected: str) -> None:
    """A value that breaks a constraint is told with what would keep it."""
    _, faults = read(definition, **({} if given is None else {"P": given}))

    assert [fault.split(": ", 1)[1] for fault in faults] == [expected]


def test_values_for_parameters_that_are_not_there() -> None:
    """A value for an unknown name is refused, with the name that may be meant or those there are."""
    assert read("{Type: String, Default: a}", p="1", Other="2")[1] == [
        "Parameters: [p] do not exist in the template. The template has: P.",
        "Parameters: [Other] do not exist in the template. The template has: P.",
    ]


def test_the_place_of_a_fault() -> None:
    """A fault has the place of the member that it is about."""
    assert read("\n    Type: Number\n    Default: 1\n    MinValue: x")[1] == [
        "t.yaml:5:15 (Parameters/P/MinValue): MinValue of 'P' is 'x'; expected a number"
    ]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("{Type: String, AllowedValues: [dev, prod]}", "dev"),
        ("{Type: String, AllowedValues: [1, 2]}", "1"),
        ("{Type: String, AllowedValues: []}", assumed("P")),
        ("{Type: String, AllowedValues: [[a]]}", assumed("P")),
        ("{Type: String, AllowedPattern: '[a-z]+', MinLength: 2}", assumed("P")),
        ("{Type: Number}", assumed("P")),
        ("{Type: Number, MinValue: 7, MaxValue: 9}", assumed("P")),
        ("{Type: Number, AllowedValues: [60, 300]}", "60"),
        ("{Type: Number, MaxValue: 0.5}", assumed("P")),
        ("{Type: List<Number>, MinValue: 3}", [assumed("P")]),
        ("{Type: CommaDelimitedList}", [assumed("P")]),
        ("{Type: String, Default: a}", "a"),
    ],
)
def test_a_parameter_without_a_value_is_assumed(definition: str, expected: Any) -> None:
    """Where nothing is deployed: the first that is allowed, or a text that says nothing, of a number as well."""
    document = read_document(f"Parameters:\n  P: {definition}", "t.yaml")
    values, faults = read_parameters(document, document.body["Parameters"], {}, assumes=True)

    assert (values, [fault.found for fault in faults]) == ({"P": expected}, [])


def test_values_of_systems_manager_are_not_known_here() -> None:
    """What Ref gives is the value behind the name: a dynamic reference, for each of a list."""
    assert read("{Type: 'AWS::SSM::Parameter::Value<String>'}", P="/a/b")[0] == {"P": "{{resolve:ssm:/a/b}}"}
    assert read("{Type: 'AWS::SSM::Parameter::Value<List<String>>'}", P="/a, /b")[0] == {
        "P": ["{{resolve:ssm:/a}}", "{{resolve:ssm:/b}}"]
    }


def test_a_value_has_its_length() -> None:
    """4,096 bytes of UTF-8."""
    assert read("{Type: String}", P="é" * 2048) == ({"P": "é" * 2048}, [])
    (fault,) = read("{Type: String}", P="é" * 2048 + "x")[1]
    assert fault.split(": ", 1)[1].startswith(
        "the value of parameter 'P' has more than 4,096 bytes; expected at most 4,096 bytes. https://docs.aws.amazon.com/"
    )


def test_a_misspelt_type_is_told_where_it_stands() -> None:
    """At the type, not at the parameter."""
    assert read("\n    Default: a\n    Type: Strin")[1][0].startswith("t.yaml:4:11 (Parameters/P/Type): ")
