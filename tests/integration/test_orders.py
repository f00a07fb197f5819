"""examples/orders in the local runtime, with real clients: two user pools, two APIs, two queues, one event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from livebus.event.document import read_entries
from support.running import RunningRuntime
from support.sockets import opened, run
from support.waiting import until

ORDERS = Path(__file__).parents[2] / "examples" / "orders"
PASSWORD = "Passw0rd!"
POINTS = "subscription { onPoints { orderId points total { amount } } }"
# What is sent last reaches every subscriber, so that each of them can tell that nothing else came before it.
FILES = ("order-ada-hamburg.json", "order-grace-porto.json", "order-free-for-ada.json")


def shipments(warehouse: str) -> str:
    return f'subscription {{ onShipment(warehouse: "{warehouse}") {{ orderId items {{ sku quantity }} }} }}'


def started(start_runtime: Callable[..., RunningRuntime], **options: Any) -> RunningRuntime:
    return start_runtime(template=ORDERS / "template.yaml", **options)


def token(runtime: RunningRuntime, team: str, name: str) -> str:
    """Make a user of a team's pool, as an administrator does, and sign in."""
    cognito = runtime.client("cognito-idp")
    pool, client = runtime.outputs[f"{team}UserPoolId"], runtime.outputs[f"{team}UserPoolClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username=name)
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    answer = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD}
    )
    return str(answer["AuthenticationResult"]["AccessToken"])


def put(runtime: RunningRuntime, *entries: dict[str, Any]) -> list[str]:
    bus = runtime.outputs["EventBusName"]
    answer = runtime.client("events").put_events(Entries=[{**each, "EventBusName": bus} for each in entries])
    assert answer["FailedEntryCount"] == 0
    return [str(item["EventId"]) for item in answer["Entries"]]


def sample(name: str, **detail: object) -> dict[str, Any]:
    """The entry of a sample file, with other members in its detail."""
    (found,) = read_entries((ORDERS / "events" / name).read_bytes(), name)
    return {**found.entry, "Detail": json.dumps({**json.loads(found.entry["Detail"]), **detail})}


async def messages(runtime: RunningRuntime, url: str, jwt: str, query: str, last: str) -> list[Any]:
    """Subscribe, and return all that comes until the order of this id."""
    async with opened(url, {"Authorization": jwt, "host": runtime.host}) as socket:
        assert (await socket.init())["type"] == "connection_ack"
        assert (await socket.start("1", query))["type"] == "start_ack"
        found: list[Any] = []
        while not found or found[-1]["orderId"] != last:
            frame = await socket.receive()
            assert frame["type"] == "data", frame
            found += frame["payload"]["data"].values()
        return found


async def heard(
    runtime: RunningRuntime, subscriptions: list[tuple[str, str, str, str]], entries: list[dict[str, Any]]
) -> list[list[Any]]:
    """What the subscribers (team, token, query, the last order that is theirs) hear of events, in order."""
    waiting = [
        asyncio.ensure_future(messages(runtime, str(runtime.outputs[f"{team}RealtimeUrl"]), jwt, query, last))
        for team, jwt, query, last in subscriptions
    ]
    await asyncio.to_thread(runtime.wait_for_subscribers, len(subscriptions))
    await asyncio.to_thread(put, runtime, *entries)
    return list(await asyncio.gather(*waiting))


def test_who_receives_what(start_runtime: Any) -> None:
    """Two customers and two warehouses: each hears of their own orders, in both teams' APIs, and of no others."""
    runtime = started(start_runtime)
    ada, grace = token(runtime, "Rewards", "ada"), token(runtime, "Rewards", "grace")
    staff = token(runtime, "Fulfillment", "staff")
    ends = [
        sample(FILES[0], orderId="last-ada", customerId="ada", warehouse="hamburg"),
        sample(FILES[0], orderId="last-grace", customerId="grace", warehouse="porto"),
    ]
    subscriptions = [
        ("Rewards", ada, POINTS, "last-ada"),
        ("Rewards", grace, POINTS, "last-grace"),
        ("Fulfillment", staff, shipments("hamburg"), "last-ada"),
        ("Fulfillment", staff, shipments("porto"), "last-grace"),
    ]
    for_ada, for_grace, in_hamburg, in_porto = run(
        heard(runtime, subscriptions, [*(sample(name) for name in FILES), *ends])
    )

    last = {"points": 129, "total": {"amount": 129.9}}
    lamps = [{"sku": "lamp-04", "quantity": 1}, {"sku": "bulb-e27", "quantity": 4}]
    assert for_ada == [{"orderId": "o-1001", **last}, {"orderId": "last-ada", **last}]
    assert for_grace == [
        {"orderId": "o-1002", "points": 24, "total": {"amount": 24.0}},
        {"orderId": "last-grace", **last},
    ]
    assert in_hamburg == [{"orderId": "o-1001", "items": lamps}, {"orderId": "last-ada", "items": lamps}]
    assert in_porto == [
        {"orderId": "o-1002", "items": [{"sku": "mug-blue", "quantity": 2}]},
        {"orderId": "o-1003", "items": [{"sku": "sample-card", "quantity": 1}]},
        {"orderId": "last-grace", "items": lamps},
    ]


def letters(runtime: RunningRuntime, team: str) -> list[dict[str, Any]]:
    url = runtime.outputs[f"{team}DeadLetterQueueUrl"]
    answer = runtime.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    return list(answer.get("Messages", []))


def test_one_teams_failure_is_not_the_others(start_runtime: Any) -> None:
    """Fulfillment fails: the event lies in its queue and in no other, and Rewards' customer has the message."""
    runtime = started(start_runtime, failing_targets=frozenset({"Fulfillment"}), time_scale=10_000.0)
    ada = token(runtime, "Rewards", "ada")
    (received,) = run(heard(runtime, [("Rewards", ada, POINTS, "o-1001")], [sample(FILES[0])]))
    (letter,) = until(lambda: letters(runtime, "Fulfillment"), "a dead letter")

    assert received == [{"orderId": "o-1001", "points": 129, "total": {"amount": 129.9}}]
    assert json.loads(letter["Body"])["detail"]["orderId"] == "o-1001"
    assert letter["MessageAttributes"]["RULE_ARN"]["StringValue"].endswith("/fulfillment-order-placed")
    assert letters(runtime, "Rewards") == []


def test_neither_team_lets_the_others_users_in(start_runtime: Any) -> None:
    """A token of one team's pool opens its own API, and is refused by the other."""
    runtime = started(start_runtime)
    tokens = {"Rewards": token(runtime, "Rewards", "ada"), "Fulfillment": token(runtime, "Fulfillment", "staff")}

    async def connected(team: str, jwt: str) -> str:
        url = str(runtime.outputs[f"{team}RealtimeUrl"])
        async with opened(url, {"Authorization": jwt, "host": runtime.host}) as socket:
            return str((await socket.init())["type"])

    async def answers() -> dict[tuple[str, str], str]:
        return {(team, of): await connected(team, jwt) for team in tokens for of, jwt in tokens.items()}

    assert run(answers()) == {
        ("Rewards", "Rewards"): "connection_ack",
        ("Rewards", "Fulfillment"): "connection_error",
        ("Fulfillment", "Rewards"): "connection_error",
        ("Fulfillment", "Fulfillment"): "connection_ack",
    }
