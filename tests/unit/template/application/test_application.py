"""An application: which of its queues hold dead letters."""

from __future__ import annotations

from dataclasses import replace

from livebus.template.application import (
    Application,
    AsynchronousInvocation,
    Destination,
    Function,
    FunctionCode,
    Queue,
    Rule,
    Target,
)


def queue(name: str) -> Queue:
    return Queue(name, f"arn:{name}", f"http://{name}", name)


NONE = Application("s", "r", "a", (), (), (), (), (), {}, {})
RULE = Rule("r", "arn:r", "b", None, "R")


def letters(*queues: str, rule: Rule = RULE, functions: tuple[Function, ...] = ()) -> list[str]:
    application = replace(NONE, queues=tuple(map(queue, queues)), rules=(rule,), functions=functions)
    return [each.name for each in application.letter_queues]


def to(name: str, *, dead_letter: str = "") -> Target:
    return Target(
        "t", f"arn:{name}", "", "", destination=Destination("sqs", queue=queue(name)),
        dead_letter=queue(dead_letter) if dead_letter else None,
    )  # fmt: skip


def test_a_queue_that_nobody_sends_to_may_hold_dead_letters() -> None:
    """Whoever names it is not known: all of them do."""
    assert letters("a", "b") == ["a", "b"]


def test_a_queue_that_a_rule_sends_to_holds_events() -> None:
    """Unless somebody's dead letters go there as well: a target's of any kind, or a function's."""
    rule = replace(RULE, other_targets=(to("a"), to("b"), to("c"), to("d")))
    assert letters("a", "b", "c", "d", "e", rule=rule) == ["e"]
    api, function = (Target("t", "arn", "Api", "mutation"), Target("t", "arn", "", "", function="f"))
    rule = replace(
        rule,
        targets=(replace(api, dead_letter=queue("a")),),
        function_targets=(replace(function, dead_letter=queue("b")),),
        other_targets=(to("a"), to("b"), to("c"), to("d", dead_letter="c")),
    )
    assert letters("a", "b", "c", "d", "e", rule=rule) == ["a", "b", "c", "e"]
    failing = Function(
        name="f", arn="arn:f", logical_id="F", runtime="", handler="", code=FunctionCode(), timeout=3, memory_size=128,
        asynchronous=AsynchronousInvocation(dead_letter="arn:d"),
    )  # fmt: skip
    assert letters("a", "d", rule=rule, functions=(failing,)) == ["a", "d"]
