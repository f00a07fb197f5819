"""Where a target leads, and why nothing is sent there."""

from __future__ import annotations

import pytest

from livebus.template.api_destination import ApiDestination, ApiKey, Connection
from livebus.template.application import Destination, Queue

CONNECTION = Connection("c", "arn:c", ApiKey("k", "v"))


def destination(address: str) -> ApiDestination:
    return ApiDestination("d", "arn:d", "arn:d", "https://a.example", address, "POST", 300, CONNECTION)


@pytest.mark.parametrize(
    ("where", "unsent"),
    [
        (Destination("sqs", queue=Queue("q", "arn:q", "http://q", "Q")), ""),
        (Destination("events", event_bus="b"), ""),
        (Destination("logs", log_group="/l"), ""),
        (Destination("events", api=destination("http://127.0.0.1:1")), ""),
        (Destination("states"), "a target of 'states' is not emulated by the local runtime: nothing is sent"),
        (Destination(""), "a target of 'another stack' is not emulated by the local runtime: nothing is sent"),
        (
            Destination("events", api=destination("")),
            "https://a.example is not called by the local runtime: nothing is sent; --map-endpoint names a stand-in",
        ),
    ],
)
def test_why_nothing_is_sent(where: Destination, unsent: str) -> None:
    """Empty where something is: a queue, a bus, a log group, an API destination that can be reached."""
    assert (where.unsent, where.is_emulated) == (unsent, not unsent)
