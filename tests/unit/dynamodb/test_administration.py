"""Tables themselves: made, told of, changed, deleted."""

from __future__ import annotations

from typing import Any

import pytest

TABLE: dict[str, Any] = {
    "TableName": "Other",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
}
INDEX = {
    "IndexName": "by-b",
    "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["c"]},
}
B = {"AttributeName": "b", "AttributeType": "N"}


def test_a_table_is_told_as_it_was_made(db: Any) -> None:
    """CREATING in the answer, ACTIVE from then on."""
    made = db.call("CreateTable", **TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    told = db.call("DescribeTable", TableName="Other")["Table"]
    assert made["TableDescription"] == {**told, "TableStatus": "CREATING"}
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Other"
    assert told == {
        "TableName": "Other",
        "TableStatus": "ACTIVE",
        "TableArn": arn,
        "TableId": told["TableId"],
        "CreationDateTime": 1_000_000.0,
        "AttributeDefinitions": TABLE["AttributeDefinitions"],
        "KeySchema": TABLE["KeySchema"],
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "ItemCount": 0,
        "TableSizeBytes": 0,
        "DeletionProtectionEnabled": False,
        "BillingModeSummary": {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": 1_000_000.0,
        },
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "LatestStreamLabel": "2020-01-01T00:00:00.000",
        "LatestStreamArn": f"{arn}/stream/2020-01-01T00:00:00.000",
    }
    assert db.call("DescribeTable", TableName=arn)["Table"] == told


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("a short name", {"TableName": "ab"}, "length greater than or equal to 3"),
    ("a name with spaces", {"TableName": "a b c"}, "[a-zA-Z0-9_.-]+"),
    ("a key without a type", {"AttributeDefinitions": []}, "not defined in AttributeDefinitions. Keys: [a]"),
    ("a type of no key", {"AttributeDefinitions": [*TABLE["AttributeDefinitions"], B]}, "not the key of anything: b"),
    ("a sort key first", {"KeySchema": [{"AttributeName": "a", "KeyType": "RANGE"}]}, "is not a HASH key type"),
    ("no throughput", {"BillingMode": "PROVISIONED"}, "No provisioned throughput specified for the table"),
    ("a throughput too many", {"ProvisionedThroughput": {"ReadCapacityUnits": 1}}, "Neither ReadCapacityUnits nor"),
    ("a billing mode", {"BillingMode": "FREE"}, "enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
    ("a stream without a view", {"StreamSpecification": {"StreamEnabled": True}}, "StreamViewType is required"),
    (
        "a short name of an index",
        {"GlobalSecondaryIndexes": [{**INDEX, "IndexName": "i"}]},
        "Value 'i' at 'indexName' failed to satisfy constraint",
    ),
    (
        "a local index",
        {"LocalSecondaryIndexes": [{**INDEX, "KeySchema": TABLE["KeySchema"]}]},
        "does not have a range key",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_tables_that_are_refused(db: Any, case: tuple[str, dict[str, Any], str]) -> None:
    """Nothing is made of them."""
    _, change, words = case
    code, message = db.refused("CreateTable", **{**TABLE, **change})
    assert code == "ValidationException"
    assert words in message
    assert db.call("ListTables")["TableNames"] == ["Pairs", "Single"]


def test_a_name_is_taken_once(db: Any) -> None:
    """ResourceInUseException."""
    assert db.refused("CreateTable", **{**TABLE, "TableName": "Single"}) == (
        "ResourceInUseException",
        "Table already exists: Single",
    )


def test_an_index_is_made_of_the_items_that_are_there(db: Any) -> None:
    """Of those with its keys; it can go and come again."""
    db.put("Single", id="with", b=1, c="c", d="d")
    db.put("Single", id="without")
    db.put("Single", id="other type", b="text")
    create = {"AttributeDefinitions": [B], "GlobalSecondaryIndexUpdates": [{"Create": INDEX}]}
    for _ in range(2):
        db.call("UpdateTable", TableName="Single", **create)
        found = db.call("Scan", TableName="Single", IndexName="by-b")["Items"]
        assert found == [{"id": {"S": "with"}, "b": {"N": "1"}, "c": {"S": "c"}}]
        (told,) = db.call("DescribeTable", TableName="Single")["Table"]["GlobalSecondaryIndexes"]
        assert (told["IndexStatus"], told["ItemCount"], told["Projection"]) == ("ACTIVE", 1, INDEX["Projection"])
        db.call("UpdateTable", TableName="Single", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-b"}}])
        assert "does not have the specified index" in db.refused("Scan", TableName="Single", IndexName="by-b")[1]
    gone = db.refused(
        "UpdateTable", TableName="Single", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-b"}}]
    )
    assert gone == ("ResourceNotFoundException", "Requested resource not found: Index: by-b not found")


def test_tables_are_listed_in_pages(db: Any) -> None:
    """By name, with the last one of a page to go on from."""
    first = db.call("ListTables", Limit=1)
    assert first == {"TableNames": ["Pairs"], "LastEvaluatedTableName": "Pairs"}
    assert db.call("ListTables", ExclusiveStartTableName="Pairs") == {"TableNames": ["Single"]}


def test_a_protected_table_stays(db: Any) -> None:
    """Until the protection is taken away."""
    db.call("UpdateTable", TableName="Single", DeletionProtectionEnabled=True)
    assert "currently protected against deletion" in db.refused("DeleteTable", TableName="Single")[1]
    db.call("UpdateTable", TableName="Single", DeletionProtectionEnabled=False)
    assert db.call("DeleteTable", TableName="Single")["TableDescription"]["TableStatus"] == "DELETING"
    words = "Requested resource not found: Table: Single not found"
    assert db.refused("DescribeTable", TableName="Single") == ("ResourceNotFoundException", words)


def test_a_table_of_an_old_name_begins_empty(db: Any) -> None:
    """Nothing of the one before comes back."""
    db.put("Single", id="old")
    db.call("DeleteTable", TableName="Single")
    db.call("CreateTable", **{**TABLE, "TableName": "Single"})
    assert db.call("Scan", TableName="Single")["Count"] == 0


def test_tags_and_backups(db: Any) -> None:
    """Tags come and go; there are no backups."""
    arn = db.call("DescribeTable", TableName="Single")["Table"]["TableArn"]
    db.call("TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    db.call("UntagResource", ResourceArn=arn, TagKeys=["a"])
    assert db.call("ListTagsOfResource", ResourceArn=arn) == {"Tags": [{"Key": "b", "Value": "2"}]}
    described = db.call("DescribeContinuousBackups", TableName="Single")["ContinuousBackupsDescription"]
    assert described["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert db.refused("DescribeContinuousBackups", TableName="None") == (
        "TableNotFoundException",
        "Table not found: None",
    )


def test_expiry_is_switched_once(db: Any) -> None:
    """On, not on again, off by its own name only."""

    def switch(name: str, *, on: bool) -> dict[str, Any]:
        return {"TableName": "Single", "TimeToLiveSpecification": {"AttributeName": name, "Enabled": on}}

    assert db.refused("UpdateTimeToLive", **switch("t", on=False))[1] == "TimeToLive is already disabled"
    db.call("UpdateTimeToLive", **switch("t", on=True))
    assert db.refused("UpdateTimeToLive", **switch("t", on=True))[1] == "TimeToLive is already enabled"
    assert "current AttributeName is t" in db.refused("UpdateTimeToLive", **switch("u", on=False))[1]
    db.call("UpdateTimeToLive", **switch("t", on=False))
    told = db.call("DescribeTimeToLive", TableName="Single")["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "DISABLED"}
