"""The AWS SDK for JavaScript 3 publishing to the local runtime, gql listening."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import gql
import pytest

SUBSCRIPTION = gql.gql("subscription { onPublishMsgFromEb }")


@pytest.fixture(scope="module")
def events(start_worker: Callable[..., Any]) -> Iterator[Any]:
    with start_worker("eventbridge.mjs") as program:
        yield program


def _entry(outputs: dict[str, str], message: str, source: str = "sample.source") -> dict[str, str]:
    detail = json.dumps({"msg": message})
    return {"EventBusName": outputs["EventBusName"], "Source": source, "DetailType": "message", "Detail": detail}


@pytest.mark.parametrize("name", ["fromEnvironment", "local"])
@pytest.mark.parametrize("is_secure", [False, True], ids=["http", "https"])
def test_gql_receives_what_it_published(
    events: Any,
    outputs: dict[str, str],
    secure_outputs: dict[str, str],
    tokens: dict[str, str],
    python_clients: ModuleType,
    name: str,
    is_secure: bool,
) -> None:
    """Of two events, published with PutEvents, the one that matches the rule arrives, and nothing else."""
    events.call("configure", name=name, outputs=secure_outputs if is_secure else outputs)
    entries = [_entry(outputs, "withheld", "another.source"), _entry(outputs, f"by {name}")]

    async def receive() -> tuple[Any, Any, bool]:
        transport = python_clients.subscription_transport(outputs, tokens["IdToken"])
        async with gql.Client(transport=transport) as session:
            arriving = session.subscribe(SUBSCRIPTION)
            first = asyncio.ensure_future(anext(arriving))
            ...
        return None, None, False

    assert asyncio.run(receive())
