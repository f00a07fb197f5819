"""DynamoDB tables of a template: as CreateTable requests, with what DynamoDB would refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Load = Callable[..., Any]
Faults = Callable[..., list[str]]

ORDERS = """
Parameters: {Units: {Type: Number, Default: 5}}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: Orders
      AttributeDefinitions:
        - {AttributeName: id, AttributeType: S}
        - {AttributeName: at, AttributeType: N}
        - {AttributeName: customer, AttributeType: S}
      KeySchema:
        - {AttributeName: id, KeyType: HASH}
        - {AttributeName: at, KeyType: RANGE}
      ProvisionedThroughput: {ReadCapacityUnits: !Ref Units, WriteCapacityUnits: "2"}
      GlobalSecondaryIndexes:
        - IndexName: by-customer
          KeySchema: [{AttributeName: customer, KeyType: HASH}]
          Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [total]}
          ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: expires, Enabled: "true"}
      DeletionProtectionEnabled: true
      Tags: [{Key: team, Value: shop}]
      KinesisStreamSpecification: {StreamArn: arn}
Outputs:
  Name: {Value: !Ref Orders}
  Arn: {Value: !GetAtt Orders.Arn}
  Stream: {Value: !GetAtt Orders.StreamArn}
"""


def test_a_table_is_read_as_the_request_that_makes_it(load: Load) -> None:
    """Parameters and texts become numbers; what answers to Ref and GetAtt is what DescribeTable will say."""
    application = load(ORDERS)
    (table,) = application.tables
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders"
    assert (table.name, table.arn, table.ttl_attribute, table.is_name_given) == ("Orders", arn, "expires", True)
    assert application.outputs == {"Name": "Orders", "Arn": arn, "Stream": f"{arn}/stream/2020-01-01T00:00:00.000"}
    index = {
        "IndexName": "by-customer",
        "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }
    assert table.request == {
        "TableName": "Orders",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "customer", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "BillingMode": "PROVISIONED",
        "DeletionProtectionEnabled": True,
        "Tags": [{"Key": "team", "Value": "shop"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2},
        "GlobalSecondaryIndexes": [index],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }
    assert [warning.split(": ", 1)[1] for warning in application.warnings] == [
        "KinesisStreamSpecification of AWS::DynamoDB::Table 'Orders' does nothing here"
    ]


SIMPLE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Plain: {Type: AWS::Serverless::SimpleTable}
  Named:
    Type: AWS::Serverless::SimpleTable
    DeletionPolicy: Retain
    Properties:
      TableName: Counts
      PrimaryKey: {Name: number, Type: Number}
      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}
      Tags: {team: shop}
"""


def test_simple_tables_are_what_sam_makes_of_them(load: Load) -> None:
    """A text ``id`` on demand by default; names and types as they are given."""
    plain, named = load(SIMPLE).tables
    assert plain.name.startswith("livebus-Plain-")
    assert plain.request == {
        "TableName": plain.name,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": False,
        "Tags": [],
    }
    assert named.request == {
        "TableName": "Counts",
        "AttributeDefinitions": [{"AttributeName": "number", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}],
        "BillingMode": "PROVISIONED",
        "DeletionProtectionEnabled": False,
        "Tags": [{"Key": "team", "Value": "shop"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }


def test_a_global_table_is_its_replica_here(load: Load) -> None:
    """What the replica of this region says counts; replicas elsewhere are told."""
    text = """
Resources:
  T:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      Replicas: [{Region: eu-west-1}, {Region: us-east-1, DeletionProtectionEnabled: true}]
Outputs: {Id: {Value: !GetAtt T.TableId}}
"""
    application = load(text)
    (table,) = application.tables
    assert table.request["DeletionProtectionEnabled"] is True
    assert [len(part) for part in application.outputs["Id"].split("-")] == [8, 4, 4, 4, 12]
    assert [warning.split(": ", 1)[1] for warning in application.warnings] == [
        "replicas in eu-west-1 are not made here"
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "        - {AttributeName: at, AttributeType: N}\n",
            "",
            "AWS::DynamoDB::Table 'Orders' is refused by DynamoDB: One or more parameter values were invalid: Some",
        ),
        ("KeyType: RANGE", "KeyType: HASH", "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
        ('"2"', "many", "WriteCapacityUnits is 'many'; expected a number from 0 to 9007199254740992"),
        (
            "TableName: Orders",
            "TableNam: Orders",
            "Encountered unsupported property TableNam. Did you mean 'TableName'?",
        ),
        ("      TableName: Orders", "      TableName: It", "length greater than or equal to 3"),
    ],
)
def test_what_cannot_be_is_told(faults: Faults, old: str, new: str, fault: str) -> None:
    """With its place, before anything runs."""
    assert old in ORDERS
    (told,) = faults(ORDERS.replace(old, new))
    assert told.startswith("t.yaml:")
    assert fault in told


def test_simple_tables_that_cannot_be_are_told(faults: Faults) -> None:
    """Properties that there are not, and types of keys that there are not."""
    text = SIMPLE.replace("Type: Number", "Type: Nmber").replace("TableName", "Tablename")
    assert [fault.split(": ", 1)[1] for fault in faults(text)] == [
        "property Tablename not defined for resource of type AWS::Serverless::SimpleTable. Did you mean 'TableName'?",
        "Type of the primary key is 'Nmber'; expected one of String, Number, Binary",
    ]
