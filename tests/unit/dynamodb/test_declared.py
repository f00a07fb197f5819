"""Tables that a template declares: made once, changed to what it says, never lost by accident."""

from __future__ import annotations

from typing import Any

from livebus.dynamodb.declared import put_table, refusal, remove_table

TABLE: dict[str, Any] = {
    "TableName": "Orders",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
OTHER_KEYS = {
    **TABLE,
    "AttributeDefinitions": [{"AttributeName": "number", "AttributeType": "N"}],
    "KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}],
}


def put(db: Any, request: dict[str, Any], ttl: str = "", *, named: bool = True) -> str:
    return put_table(db.engine.call, request, ttl, is_name_given=named)


def described(db: Any) -> dict[str, Any]:
    told: dict[str, Any] = db.call("DescribeTable", TableName="Orders")["Table"]
    return told


def test_a_table_is_made_once_and_keeps_its_items(db: Any) -> None:
    """The same request again changes nothing."""
    assert put(db, TABLE, "expires") == ""
    before = described(db)
    db.put("Orders", id="a")
    db.now += 100
    assert put(db, TABLE, "expires") == ""
    assert described(db) == {**before, "ItemCount": 1, "TableSizeBytes": 3}


def test_a_table_is_changed_to_what_the_template_says(db: Any) -> None:
    """Indexes, billing, protection, stream and expiry; back again too."""
    put(db, TABLE)
    db.put("Orders", id="a", g="G")
    index = {
        "IndexName": "by-g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }
    changed = {
        **TABLE,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        "AttributeDefinitions": [*TABLE["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}],
        "GlobalSecondaryIndexes": [index],
        "DeletionProtectionEnabled": True,
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    }
    assert put(db, changed, "expires") == ""
    told = described(db)
    assert told["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    assert told["GlobalSecondaryIndexes"][0]["ItemCount"] == 1
    assert (told["DeletionProtectionEnabled"], "LatestStreamArn" in told) == (True, True)
    assert db.call("DescribeTimeToLive", TableName="Orders")["TimeToLiveDescription"]["AttributeName"] == "expires"
    put(db, {**changed, "GlobalSecondaryIndexes": [{**index, "Projection": {"ProjectionType": "KEYS_ONLY"}}]}, "other")
    assert described(db)["GlobalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert db.call("DescribeTimeToLive", TableName="Orders")["TimeToLiveDescription"]["AttributeName"] == "other"
    assert put(db, TABLE) == ""
    again = described(db)
    assert {"GlobalSecondaryIndexes", "LatestStreamArn"} & again.keys() == set()
    assert (again["ItemCount"], again["DeletionProtectionEnabled"]) == (1, False)


def test_other_keys_make_another_table(db: Any) -> None:
    """Where CloudFormation made up the name; a table with a name of its own keeps its keys and items."""
    put(db, TABLE)
    db.put("Orders", id="a")
    assert put(db, OTHER_KEYS).startswith("keeps the keys that it has")
    assert described(db)["ItemCount"] == 1
    reason = refusal(db.engine.call, OTHER_KEYS, is_name_given=True)
    assert reason.startswith("CloudFormation cannot update a stack when a custom-named resource requires replacing.")
    assert refusal(db.engine.call, OTHER_KEYS, is_name_given=False) == ""
    assert put(db, OTHER_KEYS, named=False) == "has other keys than before: it is made anew, empty"
    assert (described(db)["KeySchema"], described(db)["ItemCount"]) == (OTHER_KEYS["KeySchema"], 0)


def test_a_table_is_removed_with_its_items(db: Any) -> None:
    """Protected or not; one that is not there is no error."""
    put(db, {**TABLE, "DeletionProtectionEnabled": True})
    for _ in range(2):
        remove_table(db.engine.call, "Orders")
        assert db.call("ListTables")["TableNames"] == ["Pairs", "Single"]
