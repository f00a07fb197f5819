"""IAM's policy language: who may do what, and why not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.access.policy import EVENTBRIDGE, Decision, Principal, evaluate, matches

QUEUE = "arn:aws:sqs:us-east-1:111111111111:dlq"
RULE = "arn:aws:events:us-east-1:111111111111:rule/bus/rule"


def decide(
    *statements: dict[str, Any],
    action: str = "sqs:SendMessage",
    resource: str | None = QUEUE,
    principal: Principal | None = None,
    **context: str,
) -> Decision:
    """The decision of some statements; context keys with ``__`` for the colon."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return evaluate(statements, action=action, resource=resource, principal=principal, context=keys)


def allow(**elements: Any) -> dict[str, Any]:
    """An Allow statement over everything, but for what is given."""
    return {"Effect": "Allow", "Action": "*", "Resource": "*"} | elements


def test_nothing_is_allowed_by_default() -> None:
    """Without statements nothing is allowed."""
    assert Decision(False, "no statement is there") == decide()


def test_a_deny_wins_over_an_allow_wherever_it_stands() -> None:
    """An explicit Deny decides, before or after the Allow, and is named."""
    deny = {"Sid": "Never", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}

    assert Decision(False, "statement 'Never' denies it") == decide(allow(), deny)
    assert Decision(False, "statement 'Never' denies it") == decide(deny, allow())


def test_a_deny_of_something_else_does_not_count() -> None:
    """A Deny whose elements do not fit leaves the Allow alone."""
    deny = {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}

    assert Decision(True, "statement 2 allows it") == decide(deny, allow())


@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        ({"Action": "sqs:SendMessage"}, True),
        ({"Action": "SQS:sendmessage"}, True),
        ({"Action": ["sns:Publish", "sqs:Send*"]}, True),
        ({"Action": "sqs:SendMessag?"}, True),
        ({"Action": "sqs:SendMessage?"}, False),
        ({"Action": "sqs:Send"}, False),
        ({"Action": []}, False),
        ({"Resource": QUEUE}, True),
        ({"Resource": QUEUE.upper()}, False),
        ({"Resource": "arn:aws:sqs:*:*:d?q"}, True),
        ({"Resource": ["arn:aws:sqs:us-east-1:111111111111:other", QUEUE]}, True),
        ({"Resource": QUEUE + "/"}, False),
    ],
)
def test_actions_and_resources_take_wildcards(elements: dict[str, Any], allowed: bool) -> None:
    """Actions compare without case, resources with it; * covers any characters and ? one."""
    assert allowed == decide(allow(**elements)).allowed


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": ["sqs:*", "iam:*"], "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:sqs:*:*:other"}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:sqs:*"}, False),
        ({"Effect": "Allow", "Action": "*"}, False),
        ({"Effect": "Allow", "Resource": "*"}, False),
        ({"Action": "*", "Resource": "*"}, True),
    ],
)
def test_not_elements_turn_the_meaning(statement: dict[str, Any], allowed: bool) -> None:
    """NotAction and NotResource cover all but what they name; a statement with neither form covers nothing."""
    assert allowed == decide(statement).allowed


def test_a_not_action_is_named_in_the_reason() -> None:
    """What the statement has in place of an Action is what one looks for in it."""
    decision = decide({"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"})

    assert decision.reason == "statement 1 does not: its NotAction is 'sqs:*', which leaves out 'sqs:SendMessage'"
    assert decide({"Effect": "Allow", "Resource": "*"}).reason == "statement 1 does not: it has no Action"


@pytest.mark.parametrize(
    ("statement_principal", "principal", "allowed"),
    [
        ({"Service": "events.amazonaws.com"}, EVENTBRIDGE, True),
        ({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, EVENTBRIDGE, True),
        ({"Service": "sns.amazonaws.com"}, EVENTBRIDGE, False),
        ({"Service": "*.amazonaws.com"}, EVENTBRIDGE, False),
        ({"AWS": "events.amazonaws.com"}, EVENTBRIDGE, False),
        ("*", EVENTBRIDGE, True),
        ({"AWS": "*"}, EVENTBRIDGE, True),
        ("events.amazonaws.com", EVENTBRIDGE, False),
        ({"AWS": "111111111111"}, Principal("AWS", "arn:aws:iam::111111111111:user/x"), True),
        ({"AWS": "arn:aws:iam::111111111111:root"}, Principal("AWS", "arn:aws:iam::111111111111:user/x"), True),
        ({"AWS": "arn:aws:iam::222222222222:root"}, Principal("AWS", "arn:aws:iam::111111111111:user/x"), False),
    ],
)
def test_principals_are_names_not_patterns(statement_principal: Any, principal: Principal, allowed: bool) -> None:
    """A service is named in full; "*" is anyone; an account covers who is in it."""
    assert allowed == decide(allow(Principal=statement_principal), principal=principal).allowed


def test_a_resource_policy_without_a_principal_allows_no_one() -> None:
    """Where somebody asks, a statement without Principal does not apply, and NotPrincipal turns it round."""
    assert not decide(allow(), principal=EVENTBRIDGE).allowed
    assert decide(allow(NotPrincipal={"Service": "sns.amazonaws.com"}), principal=EVENTBRIDGE).allowed
    assert not decide(allow(NotPrincipal={"Service": "events.amazonaws.com"}), principal=EVENTBRIDGE).allowed


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:SourceAccount": "111111111111"}}, True),
        ({"StringEquals": {"AWS:sourceaccount": ["2", "111111111111"]}}, True),
        ({"StringEquals": {"aws:SourceAccount": 111111111111}}, True),
        ({"StringEquals": {"aws:SourceAccount": "11111111111"}}, False),
        ({"StringEquals": {"aws:SourceArn": RULE.replace("bus/rule", "*")}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": ["2", "3"]}}, True),
        ({"StringNotEquals": {"aws:SourceAccount": ["2", "111111111111"]}}, False),
        ({"StringEqualsIgnoreCase": {"aws:SourceArn": RULE.upper()}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:SourceArn": RULE.upper()}}, False),
        ({"StringLike": {"aws:SourceArn": "arn:*:rule/bus/*"}}, True),
        ({"StringNotLike": {"aws:SourceArn": "arn:*:rule/other/*"}}, True),
        ({"ArnEquals": {"aws:SourceArn": RULE}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:111111111111:rule/bus/*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1:111111111111:rule/rule"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:*:rule/bus/rule"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": ["x", "arn:aws:events:us-????-1:*:*"]}}, True),
        ({"ArnNotEquals": {"aws:SourceArn": RULE}}, False),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Null": {"aws:SourceArn": "false"}}, True),
        ({"Null": {"aws:SourceVpce": True}}, True),
        ({"Null": {"aws:SourceArn": True}}, False),
        ({"StringEquals": {"aws:SourceVpce": "x"}}, False),
        ({"StringNotEquals": {"aws:SourceVpce": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpce": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "2"}}, False),
        ({"StringEquals": {"aws:SourceAccount": "111111111111"}, "ArnEquals": {"aws:SourceArn": "a:b:c:d:e:f"}}, False),
        ({"StringEquals": {"aws:SourceAccount": "111111111111", "aws:SourceVpce": "x"}}, False),
        ({}, True),
        (None, True),
    ],
)
def test_conditions_narrow_by_the_keys_of_the_request(condition: Any, allowed: bool) -> None:
    """Every operator and key has to hold, any one value will do, and a missing key fails all but negated operators."""
    decision = decide(
        allow(Condition=condition), aws__SourceArn=RULE, aws__SourceAccount="111111111111", aws__SecureTransport="true"
    )

    assert allowed == decision.allowed, decision.reason


def test_an_unknown_operator_never_allows_and_is_named() -> None:
    """What we cannot evaluate does not allow, neither in an Allow nor in a Deny."""
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}

    assert Decision(
        False, "statement 1 does not: its condition operator 'IpAddress' is not one that we evaluate"
    ) == decide(allow(Condition=condition))
    assert Decision(
        False, "statement 2 denies it unless its condition operator 'IpAddress', which we do not evaluate, says no"
    ) == decide(allow(), allow(Condition=condition) | {"Effect": "Deny"})


def test_the_reason_is_that_of_the_closest_statement() -> None:
    """Of several statements that do not allow, the one that came furthest is named, with what it wants and has."""
    near = allow(
        Sid="Near",
        Principal={"Service": "events.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": RULE}},
    )
    far = allow(Principal={"Service": "sns.amazonaws.com"})

    decision = decide(far, near, principal=EVENTBRIDGE, aws__SourceArn="arn:aws:events:us-east-1:1:rule/rule")

    assert (
        f"statement 'Near' does not: its Condition ArnEquals wants aws:SourceArn {RULE!r}, "
        "and it is 'arn:aws:events:us-east-1:1:rule/rule'"
    ) == decision.reason
    assert (
        f"statement 'Near' does not: its Condition ArnEquals wants aws:SourceArn {RULE!r}, "
        "and it is not known for the request"
    ) == decide(near, principal=EVENTBRIDGE).reason


@settings(max_examples=100, deadline=None)
@given(st.text("ab*?", max_size=6), st.text("ab.\n", max_size=6))
def test_wildcards_agree_with_their_definition(pattern: str, text: str) -> None:
    """The match agrees with a definition by recursion, for every pattern, dots and newlines included."""

    def by_definition(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return by_definition(pattern[1:], text) or (bool(text) and by_definition(pattern, text[1:]))
        return bool(text) and pattern[0] in ("?", text[0]) and by_definition(pattern[1:], text[1:])

    assert by_definition(pattern, text) == matches(pattern, text)
