"""Retry and dead-lettering, decided without a clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.event.envelope import Event
from livebus.retry_policy import DeadLetter, Failure, Retry, dead_letter_message, decide, delay, http_failure
from livebus.template.application import RetryPolicy, Rule, Target

TIMEOUT = Failure("TIMEOUT", "no answer within 30 s", retryable=True)
FORBIDDEN = Failure("NO_PERMISSIONS", "not allowed", retryable=False)


def test_a_first_failure_is_tried_again_soon() -> None:
    """A failure that may pass is tried again after half a second to a second, as jitter has it."""
    assert Retry(0.5) == decide(TIMEOUT, RetryPolicy(), attempt=1, age=0.2, jitter=0.0)
    assert Retry(1.0) == decide(TIMEOUT, RetryPolicy(), attempt=1, age=0.2, jitter=1.0)


def test_delays_double_up_to_the_longest() -> None:
    """Each delay is twice the one before, up to ten minutes, and jitter takes at most half of it."""
    assert [delay(attempt, 1.0) for attempt in range(1, 13)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert [delay(attempt, 0.0) for attempt in (1, 2, 3, 2000)] == [0.5, 1, 2, 300]


def test_a_permanent_failure_goes_straight_to_the_queue() -> None:
    """Missing permissions are not retried, and no limit of the policy is named."""
    assert DeadLetter("NO_PERMISSIONS", "not allowed", 0, None) == decide(
        FORBIDDEN, RetryPolicy(), attempt=1, age=0.0, jitter=0.5
    )


def test_a_permanent_failure_after_retries_counts_them() -> None:
    """What turns permanent after two retries says so."""
    assert DeadLetter("NO_PERMISSIONS", "not allowed", 2, None) == decide(
        FORBIDDEN, RetryPolicy(maximum_retry_attempts=2), attempt=3, age=0.0, jitter=0.5
    )


@pytest.mark.parametrize(("attempt", "ends"), [(1, False), (3, False), (4, True)])
def test_the_number_of_retries_is_limited(attempt: int, ends: bool) -> None:
    """Three retries mean four attempts in all; the queue learns which limit it was."""
    decision = decide(TIMEOUT, RetryPolicy(maximum_retry_attempts=3), attempt=attempt, age=1.0, jitter=0.5)

    assert ends == (decision == DeadLetter("TIMEOUT", "no answer within 30 s", attempt - 1, "MaximumRetryAttempts"))


def test_no_retries_means_none() -> None:
    """A policy of zero retries ends with the first attempt: zero is not absent."""
    assert DeadLetter("TIMEOUT", "no answer within 30 s", 0, "MaximumRetryAttempts") == decide(
        TIMEOUT, RetryPolicy(maximum_retry_attempts=0), attempt=1, age=0.0, jitter=0.5
    )


def test_the_age_of_the_event_is_limited() -> None:
    """Beyond the age limit no more tries are made, however many are left."""
    policy = RetryPolicy(maximum_event_age_in_seconds=60)

    assert DeadLetter("TIMEOUT", "no answer within 30 s", 6, "MaximumEventAgeInSeconds") == decide(
        TIMEOUT, policy, attempt=7, age=60.0, jitter=0.5
    )


def test_the_last_try_comes_no_later_than_the_age_limit() -> None:
    """A delay that would reach beyond the age limit is cut to it."""
    policy = RetryPolicy(maximum_event_age_in_seconds=60)

    assert Retry(7.5) == decide(TIMEOUT, policy, attempt=7, age=52.5, jitter=1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 185), st.integers(60, 86_400), st.floats(0, 1), st.floats(0, 30))
def test_every_event_ends_within_both_limits(retries: int, age_limit: int, jitter: float, took: float) -> None:
    """Whatever the policy, tries end, in time, and never exceed it."""
    policy = RetryPolicy(retries, age_limit)
    age, attempt = took, 1
    while isinstance(decision := decide(TIMEOUT, policy, attempt=attempt, age=age, jitter=jitter), Retry):
        assert decision.after > 0
        assert age + decision.after <= age_limit + 1e-6
        age += decision.after + took
        attempt += 1

    assert decision.retry_attempts <= retries
    assert decision.exhausted_condition in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")


def test_the_defaults_of_aws_end_at_about_the_same_time() -> None:
    """With the mean jitter, 185 retries take most of 24 hours."""
    assert 75_000 < sum(delay(attempt, 0.5) for attempt in range(1, 186)) < 86_400


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "ERROR_FROM_TARGET", False),
        (401, "NO_PERMISSIONS", False),
        (403, "NO_PERMISSIONS", False),
        (404, "NO_RESOURCE", False),
        (408, "TIMEOUT", True),
        (413, "ERROR_FROM_TARGET", False),
        (429, "THROTTLING", True),
        (500, "ERROR_FROM_TARGET", True),
        (502, "ERROR_FROM_TARGET", True),
        (504, "TIMEOUT", True),
    ],
)
def test_http_statuses_are_failures_of_their_kind(status: int, code: str, retryable: bool) -> None:
    """Permissions and other 4xx are final, throttling, timeouts and 5xx are tried again."""
    assert Failure(code, "m", retryable) == http_failure(status, "m")


def message(dead_letter: DeadLetter) -> tuple[str, dict[str, str]]:
    """The queue's message for an event of a rule."""
    event = Event({"id": "1", "detail": {"msg": "grüße"}}, "bus", "2025-03-12T10:00:00Z")
    rule = Rule("rule", "arn:aws:events:r:1:rule/bus/rule", "bus", "{}", "Rule")
    target = Target("t", "arn:aws:appsync:r:1:endpoints/graphql-api/x", "Api", "mutation { a }")
    return dead_letter_message(event, rule, target, dead_letter)


def test_the_queue_gets_the_event_as_it_came() -> None:
    """The body is the original event, the error is in the attributes, and all of them are texts."""
    body, attributes = message(DeadLetter("TIMEOUT", "late", 185, "MaximumRetryAttempts"))

    assert json.loads(body) == {"id": "1", "detail": {"msg": "grüße"}}
    assert attributes == {
        "RULE_ARN": "arn:aws:events:r:1:rule/bus/rule",
        "TARGET_ARN": "arn:aws:appsync:r:1:endpoints/graphql-api/x",
        "ERROR_CODE": "TIMEOUT",
        "ERROR_MESSAGE": "late",
        "RETRY_ATTEMPTS": "185",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }


def test_a_permanent_failure_names_no_exhausted_condition() -> None:
    """EXHAUSTED_RETRY_CONDITION is absent, not empty, where no retry ran out."""
    _, attributes = message(DeadLetter("NO_PERMISSIONS", "no", 0))

    assert attributes["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
