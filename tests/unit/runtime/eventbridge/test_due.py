"""One event on its way to one target, and which targets it may have to wait for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.flow import CompiledDestination, CompiledRule, Line
from livebus.runtime.eventbridge.due import Due, is_api_destination, may_wait
from livebus.runtime.kept.journal import PendingRetry
from livebus.template.api_destination import ApiDestination, Basic, Connection
from livebus.template.application import Destination

EVENT = Event.restored(b'{"id":"e-1","detail":{}}', "livebus", "2026-11-29T00:00:00Z")

BASIC = Connection("c", "arn:c", Basic("user", "secret"))


@pytest.fixture
def rule(line: Line) -> CompiledRule:
    return line.compiled_rules("livebus")[0]


def test_the_journal_keeps_what_another_start_needs(rule: CompiledRule) -> None:
    """The event, whom it is for, when it was due first and is due next; not what is compiled."""
    due = Due(EVENT, rule, rule.targets[0], 7.0, 2, 5)
    target = rule.targets[0].target.id
    assert due.retry(9.0, attempts=3) == PendingRetry(EVENT, rule.rule.arn, target, 3, 7.0, 9.0, 5)


@pytest.mark.parametrize(
    ("api", "address", "refusal", "expected"),
    [
        (True, "http://127.0.0.1:9/", None, True),
        (True, "", None, False),
        (True, "http://127.0.0.1:9/", "no policy", False),
        (False, "", None, False),
    ],
)
def test_only_what_is_sent_waits_for_an_endpoint(
    api: bool, address: str, refusal: str | None, expected: bool, rule: CompiledRule
) -> None:
    """An API destination with an address on this machine, which the rule may call."""
    there = ApiDestination("d", "arn:d", "arn:d", "https://api.example", address, "POST", 300, BASIC)
    destination = Destination("events", api=there) if api else Destination("logs", log_group="group")
    target: Any = rule.targets[0]
    compiled = CompiledDestination(target.target, target.transformer, destination, refusal)
    assert (is_api_destination(compiled), may_wait(compiled)) == (expected, expected)


@pytest.mark.parametrize("asks", [False, True])
def test_a_mutation_waits_where_its_resolvers_ask(asks: bool, rule: CompiledRule) -> None:
    """For data sources; an API is no API destination."""

    class Executor:
        def __init__(self) -> None:
            self.asks = asks

    executor: Any = Executor()
    target = rule.targets[0]
    asking = replace(target, api=replace(target.api, executor=executor))
    assert (is_api_destination(asking), may_wait(asking)) == (False, asks)
