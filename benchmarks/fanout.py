"""
Measures what one publication costs before it meets a socket: matching, payload, frames.

For 1, 100 and 10,000 subscribers, with one selection for all and with a selection of its own for each of fifty, this
compares the registry with the naive way, which encodes the whole message once per subscriber. The last line is about
arguments: each of 10,000 subscribers waits for an order of its own, and the naive way asks each one. Both run in turns
in the same process; the median of the pairs' ratios is what counts, since it is the same on a slow machine.

    python benchmarks/fanout.py
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from livebus.operation import Publication, Selected, SubscriptionStart
from livebus.realtime import data_frame, data_prefix
from livebus.subscription import Subscriptions

PAIRS = 9
SECONDS_PER_RUN = 0.02
ORDER = {
    "id": "4711",
    "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
    "lines": [{"sku": f"sku-{number}", "count": number, "price": 9.5} for number in range(10)],
    "total": 95.0,
    "placedAt": "2025-01-01T12:00:00Z",
}


def scalar(name: str, type_text: str, parent: str) -> Selected:
    """A scalar field."""
    return Selected(name, name, parent, type_text, type_text.rstrip("!"))


def order_selection(alias: str) -> Selected:
    """The whole order, under an alias: a selection of its own for every alias."""
    customer = (scalar("name", "String!", "Customer"), scalar("email", "AWSEmail", "Customer"))
    line = (scalar("sku", "ID!", "Line"), scalar("count", "Int!", "Line"), scalar("price", "Float", "Line"))
    return Selected(
        alias,
        "onOrder",
        "Subscription",
        "Order",
        "Order",
        (
            scalar("id", "ID!", "Order"),
            Selected("customer", "customer", "Order", "Customer", "Customer", customer),
            Selected("lines", "lines", "Order", "[Line!]!", "Line", line),
            scalar("total", "Float", "Order"),
            scalar("placedAt", "AWSDateTime!", "Order"),
        ),
    )


def message_selection(alias: str) -> Selected:
    """A scalar subscription field, under an alias."""
    return Selected(alias, "onMsg", "Subscription", "String", "String")


def naive(selection: Selected, value: Any) -> Any:
    """The selection laid over a value, field by field, as a first version would."""
    if not selection.children:
        return value
    if isinstance(value, list):
        return [naive(selection, item) for item in value]
    return {child.response_key: naive(child, value.get(child.field_name)) for child in selection.children}


def ways(
    make: Callable[[str], Selected], value: Any, subscribers: int, selections: int
) -> tuple[Callable[[], int], Callable[[], int]]:
    """Both ways to serve the same subscribers, each returning the number of bytes that it made."""
    subscriptions = Subscriptions({})
    starts = [make(f"alias{number}") for number in range(selections)]
    clients: list[tuple[str, Selected]] = []
    for number in range(subscribers):
        selection = starts[number % selections]
        clients.append((str(number), selection))
        subscriptions.add(number, str(number), SubscriptionStart(selection, {}), data_prefix(str(number)))
    publication = Publication("publish", value)
    field_name = starts[0].field_name

    def ours() -> int:
        size = 0
        for batch in subscriptions.publish(field_name, publication).batches:
            payload = batch.payload
            for subscription in batch.subscriptions:
                size += len(data_frame(subscription.sink, payload))
        return size

    def theirs() -> int:
        size = 0
        for subscription_id, selection in clients:
            data = {selection.response_key: naive(selection, value)}
            size += len(orjson.dumps({"id": subscription_id, "type": "data", "payload": {"data": data}}))
        return size

    assert ours() == theirs()
    return ours, theirs


def ways_with_arguments(value: Any, subscribers: int) -> tuple[Callable[[], int], Callable[[], int]]:
    """Both ways where every subscriber's argument names another order and one of them is published."""
    subscriptions = Subscriptions({})
    selection = order_selection("onOrder")
    clients: list[tuple[str, dict[str, Any]]] = []
    for number in range(subscribers):
        arguments = {"id": str(number)}
        clients.append((str(number), arguments))
        subscriptions.add(number, str(number), SubscriptionStart(selection, arguments), data_prefix(str(number)))
    publication = Publication("publish", value)

    def ours() -> int:
        deliveries = subscriptions.publish("onOrder", publication)
        return sum(len(data_frame(subscription.sink, payload)) for subscription, payload in deliveries)

    def theirs() -> int:
        size = 0
        for subscription_id, arguments in clients:
            if all(value.get(name) == wanted for name, wanted in arguments.items()):
                data = {"onOrder": naive(selection, value)}
                size += len(orjson.dumps({"id": subscription_id, "type": "data", "payload": {"data": data}}))
        return size

    assert ours() == theirs()
    return ours, theirs


def seconds(run: Callable[[], int]) -> float:
    """The time of one call, taken over enough calls to be measured."""
    calls = 0
    begin = time.perf_counter()
    while True:
        run()
        calls += 1
        elapsed = time.perf_counter() - begin
        if elapsed >= SECONDS_PER_RUN:
            return elapsed / calls


def report(title: str, subscribers: int, selections: int, ours: Callable[[], int], theirs: Callable[[], int]) -> None:
    """Measures one case and prints its line."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(PAIRS)]
    print(
        f"{title:<12}{subscribers:>12,}{selections:>12}"
        f"{statistics.median(own for own, _ in pairs) * 1e6:>11,.1f} µs"
        f"{statistics.median(other for _, other in pairs) * 1e6:>11,.1f} µs"
        f"{statistics.median(other / own for own, other in pairs):>9.1f}"
    )


def main() -> None:
    """Prints one line per case: the median times, and how many times faster the registry is."""
    print(f"{'publication':<12}{'subscribers':>12}{'selections':>12}{'registry':>14}{'naive':>14}{'ratio':>9}")
    for title, make, value in (("scalar", message_selection, "hello, world"), ("order", order_selection, ORDER)):
        for subscribers in (1, 100, 10_000):
            for selections in (1, 50):
                if selections <= subscribers:
                    report(title, subscribers, selections, *ways(make, value, subscribers, selections))
    report("one's own", 10_000, 1, *ways_with_arguments(ORDER, 10_000))


if __name__ == "__main__":
    main()
