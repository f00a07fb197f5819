"""
docs/clients.md says what the tests run.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import gql
import pytest

SUBSCRIPTION = gql.gql("subscription { onPublishMsgFromEb }")
WITHHELD_SECONDS = 0.25
ARRIVAL_SECONDS = 15.0


@pytest.fixture(scope="session")
def page(project: Path) -> str:
    return (project / "docs" / "clients.md").read_text()


def test_the_code_is_that_of_the_tests(page: str, clients: Path) -> None:
    """Each piece of JavaScript and Python on the page stands like that in a file that the tests run."""
    files = [file.read_text() for file in sorted((clients / "config").iterdir()) if file.is_file()]
    pieces = re.findall(r"^```(?:js|python)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    strange = [piece for piece in pieces if not any(piece in text for text in files)]
    assert (len(pieces), strange) == (10, [])


def test_the_versions_are_those_of_the_tests(page: str, clients: Path) -> None:
    """The page's versions are those of package.json."""
    installed = json.loads((clients / "package.json").read_text())["dependencies"]
    named = dict(re.findall(r"^\| `([^`]+)` \| ([0-9.]+) \|", page, flags=re.MULTILINE))
    assert named == {name: installed.get(name) for name in named}
    assert len(named) == 5


@pytest.mark.parametrize("token", ["AccessToken", "IdToken"])
def test_gql_receives_what_boto3_published(
    outputs: dict[str, str],
    tokens: dict[str, str],
    python_clients: ModuleType,
    publish: Callable[..., None],
    token: str,
) -> None:
    """With the page's transport an event arrives, and after one that no rule matches nothing does."""

    async def receive() -> tuple[Any, Any]:
        transport = python_clients.subscription_transport(outputs, tokens[token])
        acknowledged = _acknowledgement(transport)
        async with gql.Client(transport=transport) as session:
            messages = session.subscribe(SUBSCRIPTION)
            message = asyncio.ensure_future(anext(messages))
            await asyncio.wait_for(acknowledged.wait(), ARRIVAL_SECONDS)
            await asyncio.to_thread(publish, "withheld", source="another.source")
            arrived, _ = await asyncio.wait([message], timeout=WITHHELD_SECONDS)
            await asyncio.to_thread(publish, "through gql")
            received = await asyncio.wait_for(message, ARRIVAL_SECONDS)
            await messages.aclose()
        return arrived, received

    assert asyncio.run(receive()) == (set(), {"onPublishMsgFromEb": "through gql"})


def _acknowledgement(transport: Any) -> asyncio.Event:
    """Set once the subscription is acknowledged, which gql does not tell."""
    acknowledged = asyncio.Event()
    parse = transport._parse_answer

    def watch(answer: str) -> Any:
        if json.loads(answer)["type"] == "start_ack":
            acknowledged.set()
        return parse(answer)

    transport._parse_answer = watch
    return acknowledged
