"""The lines of several stacks, as one account's event buses see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livebus.event.envelope import Event
from livebus.flow import Line
from livebus.runtime.eventbridge.lines import Lines
from livebus.template import Environment
from livebus.template.application import EventBus

LineWith = Callable[[str, str], Line]
PREFIX = "arn:aws:events:us-east-1:123456789012:event-bus"


def event(bus: str, source: str = "sample.source") -> Event:
    envelope: dict[str, Any] = {"source": source, "detail": {"msg": "hello"}}
    return Event(envelope, bus, "2026-01-01T00:00:00Z")


def test_without_stacks_there_is_the_default_bus() -> None:
    """Nothing is on it, and nothing is found."""
    lines = Lines(Environment())

    assert (lines.account, lines.region, lines.of) == ("123456789012", "us-east-1", {})
    assert lines.buses == (EventBus("default", f"{PREFIX}/default"),)
    assert (lines.rules, lines.queue("arn"), lines.compiled_rules("default")) == ((), None, [])
    assert (lines.rules_for(event("default")), lines.verdicts(event("default"))) == ([], [])


def test_one_stack(line: Line) -> None:
    """Its bus, its rule and its queue; events of other buses go nowhere."""
    lines = Lines(Environment(), {"livebus": line})
    [rule] = line.compiled_rules("livebus")
    [queue] = line.application.queues

    assert [(bus.name, bus.arn) for bus in lines.buses] == [
        ("default", f"{PREFIX}/default"),
        ("livebus", f"{PREFIX}/livebus"),
    ]
    assert (lines.has_bus("livebus"), lines.has_bus("other")) == (True, False)
    assert (lines.rules, lines.queue(queue.arn)) == (line.application.rules, queue)
    assert (lines.rules_for(event("livebus")), lines.rules_for(event("default"))) == ([rule], [])
    assert lines.rules_for(event("livebus", "other")) == []
    assert lines.compiled_rules("livebus") == [rule]
    assert [(each.rule, each.matches) for each in lines.verdicts(event("livebus", "other"))] == [(rule.rule, False)]


def test_rules_of_all_stacks_on_one_bus(line: Line, line_with: LineWith) -> None:
    """An event goes to each of them, stack by stack."""
    other = line_with("", "")
    lines = Lines(Environment(), {"one": line, "two": other})
    expected = [*line.compiled_rules("livebus"), *other.compiled_rules("livebus")]

    assert len(expected) == 2
    assert (lines.rules_for(event("livebus")), lines.compiled_rules("livebus")) == (expected, expected)
    assert lines.rules == (*line.application.rules, *other.application.rules)
    assert [each.rule for each in lines.verdicts(event("livebus"))] == [each.rule for each in expected]


def test_a_bus_that_no_stack_here_has(line_with: LineWith) -> None:
    """Events that are put to it by its name get to the rules on it all the same."""
    line = line_with("EventBusName: !Ref EventBus", "EventBusName: shared")
    lines = Lines(Environment(), {"livebus": line})

    assert [(bus.name, bus.arn) for bus in lines.buses] == [
        ("shared", f"{PREFIX}/shared"),
        ("default", f"{PREFIX}/default"),
        ("livebus", f"{PREFIX}/livebus"),
    ]
    assert len(line.compiled_rules("shared")) == 1
    assert lines.rules_for(event("shared")) == list(line.compiled_rules("shared"))
    assert lines.rules_for(event("livebus")) == []
