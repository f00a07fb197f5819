"""AWS::Serverless::SimpleTable: the table that the SAM transform makes of it, and what is told of its properties."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.document import Document, read_document
from livebus.template.simple_tables import is_simple_table, with_tables

TYPE = "AWS::Serverless::SimpleTable"


def made(properties: str = "", **attributes: str) -> Document:
    lines = ["Resources:", "  T:", f"    Type: {TYPE}"]
    lines += [f"    {name}: {value}" for name, value in attributes.items()]
    lines += [f"    Properties: {properties}"] if properties else []
    return with_tables(read_document("\n".join(lines), "t.yaml"))


def table(document: Document) -> dict[str, Any]:
    body: dict[str, Any] = document.body["Resources"]["T"]
    assert body["Type"] == "AWS::DynamoDB::Table"
    return body


@pytest.mark.parametrize("properties", ["", "{}"])
def test_a_table_without_properties(properties: str) -> None:
    """A key that is called id, a string; paid by request."""
    document = made(properties)
    assert document.faults == ()
    assert table(document)["Properties"] == {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


@pytest.mark.parametrize(("kind", "letter"), [("String", "S"), ("Number", "N"), ("Binary", "B")])
def test_a_tables_key(kind: str, letter: str) -> None:
    """Its name, and its type in DynamoDB's letter; either may be left out."""
    properties = table(made(f"{{PrimaryKey: {{Name: k, Type: {kind}}}}}"))["Properties"]
    assert properties["AttributeDefinitions"] == [{"AttributeName": "k", "AttributeType": letter}]
    assert properties["KeySchema"] == [{"AttributeName": "k", "KeyType": "HASH"}]
    named = table(made("{PrimaryKey: {Name: k}}"))["Properties"]
    typed = table(made(f"{{PrimaryKey: {{Type: {kind}}}}}"))["Properties"]
    assert named["AttributeDefinitions"] == [{"AttributeName": "k", "AttributeType": "S"}]
    assert typed["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": letter}]


def test_what_goes_as_it_is() -> None:
    """Throughput takes the place of paying by request; tags are a list of pairs; the resource's attributes stay."""
    document = made(
        "{TableName: t, ProvisionedThroughput: {ReadCapacityUnits: 1}, SSESpecification: {SSEEnabled: true}, "
        "PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}, Tags: {a: b, c: d}}",
        Condition="Wanted",
        DeletionPolicy="Retain",
    )
    assert document.faults == ()
    body = table(document)
    assert (body["Condition"], body["DeletionPolicy"]) == ("Wanted", "Retain")
    properties = body["Properties"]
    assert "BillingMode" not in properties
    assert {name: properties[name] for name in properties if name not in ("AttributeDefinitions", "KeySchema")} == {
        "TableName": "t",
        "ProvisionedThroughput": {"ReadCapacityUnits": 1},
        "SSESpecification": {"SSEEnabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (
            "{TabelName: t}",
            (
                f"t.yaml:4:29 (Resources/T/Properties/TabelName): property TabelName not defined for resource of type {TYPE}. Did "
                "you mean 'TableName'?"
            ),
        ),
        (
            "{PrimaryKey: id}",
            "t.yaml:4:30 (Resources/T/Properties/PrimaryKey): PrimaryKey is no object; expected Name and Type",
        ),
        (
            "{PrimaryKey: {Type: S}}",
            (
                "t.yaml:4:37 (Resources/T/Properties/PrimaryKey/Type): Type of the primary key is 'S'; expected one of String, "
                "Number, Binary"
            ),
        ),
    ],
)
def test_faults(properties: str, expected: str) -> None:
    """At their places; a table is made all the same, so that the rest is looked at."""
    document = made(properties)
    assert [str(fault) for fault in document.faults] == [expected]
    assert table(document)["Properties"]["AttributeDefinitions"] == [{"AttributeName": "id", "AttributeType": "S"}]


def test_a_key_that_is_a_function_is_left_to_whoever_evaluates_it() -> None:
    """A type that is no text yet has no fault."""
    document = made("{PrimaryKey: {Name: !Ref N, Type: !Ref K}}")
    assert document.faults == ()
    assert table(document)["Properties"]["KeySchema"] == [{"AttributeName": {"Ref": "N"}, "KeyType": "HASH"}]


def test_a_template_without_simple_tables_stays_as_it_is() -> None:
    """The very same; other resources of one that has some stay, too."""
    for text in ("Resources: {Q: {Type: 'AWS::SQS::Queue'}}", "Resources: text", "Outputs: {}"):
        document = read_document(text, "t.yaml")
        assert with_tables(document) is document
    both = with_tables(read_document(f"Resources: {{Q: {{Type: 'AWS::SQS::Queue'}}, T: {{Type: '{TYPE}'}}}}", "t.yaml"))
    assert both.body["Resources"]["Q"] == {"Type": "AWS::SQS::Queue"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Type": TYPE}, True),
        ({"Type": TYPE, "Properties": {}}, True),
        ({"Type": TYPE, "Properties": None}, True),
        ({"Type": TYPE, "Properties": [1]}, False),
        ({"Type": "AWS::DynamoDB::Table"}, False),
        ("text", False),
    ],
)
def test_what_a_simple_table_is(body: Any, expected: bool) -> None:
    """By its type; properties that are no object are told elsewhere."""
    assert is_simple_table(body) is expected
