"""examples/orders: one event, two teams, and what a third one changes for them: nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from livebus.testing import NOW, LocalLine, Outcome, Subscriber
from livebus.validate.project import Project
from livebus.validate.validation import Options, Validation

ORDERS = Path(__file__).parents[2] / "examples" / "orders"
EVENTS = ORDERS / "events"
IMPORT = 'Fn::ImportValue: !Sub "${OrdersStack}-EventBusName"'

POINTS = "subscription { onPoints { orderId customerId points total { amount currency } placedAt } }"
SHIPMENTS = "{ orderId warehouse items { sku quantity } shipTo { name street city country } }"
SALES = "subscription { onSale(country: %s) { orderId amount currency country } }"


@pytest.fixture
def orders(livebus_line: Callable[..., LocalLine]) -> LocalLine:
    """The example, with nobody subscribed."""
    return livebus_line(ORDERS / "template.yaml")


def order(name: str, **detail: object) -> dict[str, Any]:
    """A sample event, with other members in its detail."""
    event: dict[str, Any] = json.loads((EVENTS / f"order-{name}.json").read_text(encoding="utf-8"))
    event["detail"] |= detail
    return event


def customer(line: LocalLine, name: str) -> Subscriber:
    return line.subscribe(POINTS, api="RewardsApi", claims={"username": name})


def warehouse(line: LocalLine, name: str) -> Subscriber:
    return line.subscribe(
        f"subscription ($warehouse: String) {{ onShipment(warehouse: $warehouse) {SHIPMENTS} }}",
        variables={"warehouse": name},
        api="FulfillmentApi",
    )


def received(subscriber: Subscriber) -> list[Any]:
    """What came, without what is around it."""
    return [next(iter(message["data"].values())) for message in subscriber.messages]


def errors(outcome: Outcome) -> dict[str, list[Any]]:
    """The GraphQL errors of each team's mutation."""
    return {each.target.target.id: list(each.response.errors) for each in outcome.attempts if each.response is not None}


def test_everybody_gets_their_own_and_nothing_else(orders: LocalLine) -> None:
    """A customer the points of their orders, a warehouse what it has to pack: exactly these fields of it."""
    ada, grace = customer(orders, "ada"), customer(orders, "grace")
    hamburg, porto = warehouse(orders, "hamburg"), warehouse(orders, "porto")
    everything = orders.subscribe(f"subscription {{ onShipment {SHIPMENTS} }}", api="FulfillmentApi")
    for name in ("ada-hamburg", "grace-porto", "free-for-ada"):
        orders.publish(order(name))

    time = "2026-01-01T00:00:00Z"
    for_ada = {"orderId": "o-1001", "customerId": "ada", "points": 129, "placedAt": time}
    for_grace = {"orderId": "o-1002", "customerId": "grace", "points": 24, "placedAt": time}
    assert received(ada) == [for_ada | {"total": {"amount": 129.9, "currency": "EUR"}}]
    assert received(grace) == [for_grace | {"total": {"amount": 24.0, "currency": "EUR"}}]

    to_ada = {"name": "Ada Lovelace", "street": "Deichstraße 12", "city": "Hamburg", "country": "DE"}
    to_grace = {"name": "Grace Hopper", "street": "Rua das Flores 7", "city": "Porto", "country": "PT"}
    first = {
        "orderId": "o-1001",
        "warehouse": "hamburg",
        "items": [{"sku": "lamp-04", "quantity": 1}, {"sku": "bulb-e27", "quantity": 4}],
        "shipTo": to_ada,
    }
    second = {
        "orderId": "o-1002",
        "warehouse": "porto",
        "items": [{"sku": "mug-blue", "quantity": 2}],
        "shipTo": to_grace,
    }
    third = {
        "orderId": "o-1003",
        "warehouse": "porto",
        "items": [{"sku": "sample-card", "quantity": 1}],
        "shipTo": to_ada,
    }
    assert received(hamburg) == [first]
    assert received(porto) == [second, third]
    assert received(everything) == [first, second, third]


def test_what_costs_nothing_is_fulfillments_alone(orders: LocalLine) -> None:
    """Each team's pattern is its own: an order of 0 EUR brings no points, and has to be packed all the same."""
    assert orders.publish(order("ada-hamburg")).matched == ["rewards-order-placed", "fulfillment-order-placed"]
    assert orders.publish(order("free-for-ada")).matched == ["fulfillment-order-placed"]


@pytest.mark.parametrize("name", sorted(path.name for path in (EVENTS / "undelivered").iterdir()))
def test_what_is_no_order_reaches_no_team(name: str, orders: LocalLine) -> None:
    """No rule matches."""
    (outcome,) = orders.publish_file(EVENTS / "undelivered" / name)
    assert outcome.matched == []


@pytest.mark.parametrize(
    "change",
    [
        {"coupon": "SPRING"},
        {"payment": None},
        {"total": {"amount": 129.9, "currency": "EUR", "tax": 20.74}},
        {"shipTo": {**order("ada-hamburg")["detail"]["shipTo"], "phone": "+49 40 0"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_producer_adds_changes_nothing(change: Mapping[str, object], orders: LocalLine) -> None:
    """Teams take single fields: members that nobody asked for, or that are gone, disturb neither."""
    ada, hamburg = customer(orders, "ada"), warehouse(orders, "hamburg")
    orders.publish(order("ada-hamburg"))
    outcome = orders.publish(order("ada-hamburg", **change))

    assert list(errors(outcome).values()) == [[], []]
    for messages in (received(ada), received(hamburg)):
        assert len(messages) == 2
        assert messages[0] == messages[1]


def test_items_are_the_one_thing_that_is_taken_whole(orders: LocalLine) -> None:
    """A member that the producer adds to an item is refused by Fulfillment's input type, and by nobody else."""
    ada, hamburg = customer(orders, "ada"), warehouse(orders, "hamburg")
    outcome = orders.publish(order("ada-hamburg", items=[{"sku": "lamp-04", "quantity": 1, "gift": True}]))

    found = errors(outcome)
    assert found["Rewards"] == []
    assert "gift" in found["Fulfillment"][0]["message"]
    assert (len(ada.messages), len(hamburg.messages)) == (1, 0)


# --- the third team ---------------------------------------------------------------------------------------------------


@pytest.fixture
def both_stacks(tmp_path: Path, livebus_line: Callable[..., LocalLine]) -> LocalLine:
    """The first template with the third team's resources beside it, where they find the bus as they import it."""
    for folder in ("schemas", "resolvers"):
        shutil.copytree(ORDERS / folder, tmp_path / folder)
    first = (ORDERS / "template.yaml").read_text(encoding="utf-8")
    third = (ORDERS / "third-team.yaml").read_text(encoding="utf-8")
    added = third.partition("\nResources:\n")[2].partition("\nOutputs:\n")[0]
    assert IMPORT in added
    # Two stacks have parameters of the same name; in one template the third team's borrow the first's.
    added = added.replace(IMPORT, "Ref: EventBus").replace("AlarmTopic", "RewardsAlarmTopic")
    template = tmp_path / "template.yaml"
    template.write_text(first.replace("\nOutputs:\n", f"\n{added}\nOutputs:\n"), encoding="utf-8")
    return livebus_line(template)


def test_a_third_team_changes_nothing_for_the_others(orders: LocalLine, both_stacks: LocalLine) -> None:
    """The same events bring the same variables, results and messages to the first two, and sales to the third."""
    germany = both_stacks.subscribe(SALES % '"DE"', api="AnalyticsApi")
    seen = []
    for line in (orders, both_stacks):
        subscribers = [customer(line, "ada"), customer(line, "grace"), warehouse(line, "porto")]
        outcomes = [line.publish(order(name)) for name in ("ada-hamburg", "grace-porto", "free-for-ada")]
        attempts = [
            (each.target.target.id, each.variables, each.response.data)
            for outcome in outcomes
            for each in outcome.attempts
            if each.response is not None and each.target.target.id != "Analytics"
        ]
        seen.append((attempts, [received(subscriber) for subscriber in subscribers]))

    assert seen[0] == seen[1]
    assert [len(messages) for messages in seen[0][1]] == [1, 1, 2]
    assert received(germany) == [
        {"orderId": "o-1001", "amount": 129.9, "currency": "EUR", "country": "DE"},
        {"orderId": "o-1003", "amount": 0.0, "currency": "EUR", "country": "DE"},
    ]


def test_the_bus_is_all_that_the_third_team_knows_of_the_first() -> None:
    """What it imports is what the first stack exports; it names none of its resources, and the first none of its."""
    first = (ORDERS / "template.yaml").read_text(encoding="utf-8")
    third = (ORDERS / "third-team.yaml").read_text(encoding="utf-8")

    assert third.count("ImportValue") == third.count(IMPORT) == 3
    assert 'Name: !Sub "${AWS::StackName}-EventBusName"' in first
    assert "Default: livebus-orders\n" in third
    assert 'stack_name = "livebus-orders"\n' in (ORDERS / "samconfig.toml").read_text(encoding="utf-8")
    for theirs in ("Rewards", "Fulfillment"):
        assert theirs not in third
    assert "Analytics" not in first


@pytest.mark.parametrize("template", ["template.yaml", "third-team.yaml"])
def test_every_check_passes(template: str) -> None:
    """No errors, no warnings, and each sample does what its folder says."""
    options = Options(now=NOW, undelivered=(EVENTS / "undelivered",))
    report = Validation(Project(ORDERS / template), options).run(None)
    assert report.is_sound(lenient=False), [str(finding) for finding in report.findings]


def history(line: LocalLine, customer_id: str, name: str = "ada", page: str = "") -> Any:
    """What the customer of this name is answered about orders."""
    response = line.execute(
        f'{{ orders(customerId: "{customer_id}"{page}) {{ items {{ orderId points placedAt }} nextToken }} }}',
        api="RewardsApi",
        caller=line.caller(api="RewardsApi", claims={"username": name}, mode="AMAZON_COGNITO_USER_POOLS"),
    )
    return response.data["orders"] or response.errors[0]["errorType"]


def test_history_the_newest_first(orders: LocalLine) -> None:
    """What was announced is in the table, a page at a time, for the customer that it is about and nobody else."""
    for hour in (1, 3, 2):
        orders.publish(order("ada-hamburg", orderId=f"o-{hour}") | {"time": f"2026-01-01T0{hour}:00:00Z"})
    orders.publish(order("grace-porto"))

    first = history(orders, "ada", page=", limit: 2")
    rest = history(orders, "ada", page=f', limit: 2, nextToken: "{first["nextToken"]}"')
    assert [item["orderId"] for item in first["items"] + rest["items"]] == ["o-3", "o-2", "o-1"]
    assert rest["nextToken"] is None
    assert history(orders, "grace") == "Unauthorized"


def test_an_event_that_is_delivered_twice_changes_nothing(orders: LocalLine) -> None:
    """The second delivery is no error, and one item is there; other points under the same key are refused."""
    outcomes = [orders.publish(order("ada-hamburg")) for _ in range(2)]
    assert [errors(outcome)["Rewards"] for outcome in outcomes] == [[], []]
    other = orders.publish(order("ada-hamburg", total={"amount": 1, "currency": "EUR"}))
    assert [error["errorType"] for error in errors(other)["Rewards"]] == ["DynamoDB:ConditionalCheckFailedException"]
    assert [item["points"] for item in other.tables["RewardsTable"]] == [129]


def test_history_then_live_without_a_gap_or_a_double(orders: LocalLine) -> None:
    """As the README has it: subscribe, then query, then merge by orderId; an event between the two comes on both ways."""
    orders.publish(order("ada-hamburg", orderId="before"))
    ada = customer(orders, "ada")
    orders.publish(order("ada-hamburg", orderId="between"))
    found = history(orders, "ada")["items"]
    orders.publish(order("ada-hamburg", orderId="after"))

    merged = {item["orderId"]: item["points"] for item in [*found, *received(ada)]}
    assert (sorted(merged), len(found), len(received(ada))) == (["after", "before", "between"], 2, 2)
