"""
Station: what becomes of an event whose delivery to a target failed: another try, and when, or the dead-letter queue.

In: the failure, the target's retry policy, how often and for how long it was tried. Out: :class:`Retry` or
:class:`DeadLetter`, and the message for the queue. There is no clock here: age and jitter are arguments.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from livebus.event.envelope import Event
from livebus.template.application import RetryPolicy, Rule, Target

# The back-off. AWS says "exponential back off and jitter" and does not document the curve; with ours, AWS's two
# defaults (185 retries, 24 hours) end at about the same time.
FIRST_DELAY = 1.0  # seconds
LONGEST_DELAY = 600.0

NO_PERMISSIONS = "NO_PERMISSIONS"
NO_RESOURCE = "NO_RESOURCE"
THROTTLING = "THROTTLING"
TIMEOUT = "TIMEOUT"
ERROR_FROM_TARGET = "ERROR_FROM_TARGET"
INVALID_JSON = "INVALID_JSON"

Condition = Literal["MaximumRetryAttempts", "MaximumEventAgeInSeconds"]


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Why an attempt failed: ``code`` is one of EventBridge's ERROR_CODEs.

    ``after`` are the seconds that the target asks to be left alone for, where it does.
    """

    code: str
    message: str
    retryable: bool
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again ``after`` so many seconds."""

    after: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """
    No more tries. ``retry_attempts`` does not count the first attempt.

    ``exhausted_condition`` is the limit of the retry policy that was reached, None for a failure that is never retried.
    """

    error_code: str
    error_message: str
    retry_attempts: int
    exhausted_condition: Condition | None = None


def decide(failure: Failure, policy: RetryPolicy, *, attempt: int, age: float, jitter: float) -> Retry | DeadLetter:
    """
    Decide what follows on a failed attempt.

    ``attempt`` is the attempt that failed, counted from 1; ``age`` the seconds since the bus received the event;
    ``jitter`` a random number from 0 to 1.
    """
    retries = attempt - 1
    exhausted: Condition | None = None
    if failure.retryable:
        if retries >= policy.maximum_retry_attempts:
            exhausted = "MaximumRetryAttempts"
        elif age >= policy.maximum_event_age_in_seconds:
            exhausted = "MaximumEventAgeInSeconds"
        else:
            # The last try comes no later than the age limit: a delay beyond it would give time away.
            wait = max(delay(attempt, jitter), failure.after)
            return Retry(min(wait, policy.maximum_event_age_in_seconds - age))
    return DeadLetter(failure.code, failure.message, retries, exhausted)


def delay(attempt: int, jitter: float) -> float:
    """Seconds to wait after the given attempt (from 1): doubled each time up to a longest, of which jitter takes half."""
    # 2.0 ** 1024 is beyond a float; the longest delay is reached long before.
    ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempt - 1, 64))
    return ceiling * (1.0 + jitter) / 2.0


def http_failure(status: int, message: str) -> Failure:
    """
    The failure that an HTTP status of AppSync (400 and above) means.

    AWS documents none for AppSync; we take what it documents for API destinations: permissions are not retried,
    throttling and the server's own faults are, any other 4xx is not.
    """
    if status in (401, 403):
        return Failure(NO_PERMISSIONS, message, retryable=False)
    if status == 404:
        return Failure(NO_RESOURCE, message, retryable=False)
    if status == 429:
        return Failure(THROTTLING, message, retryable=True)
    if status in (408, 504):
        return Failure(TIMEOUT, message, retryable=True)
    return Failure(ERROR_FROM_TARGET, message, retryable=status >= 500)


def dead_letter_message(
    event: Event, rule: Rule, target: Target, dead_letter: DeadLetter
) -> tuple[str, dict[str, str]]:
    """
    The message for the queue: its body, the event as it came (not as transformed), and its attributes, all Strings.

    EXHAUSTED_RETRY_CONDITION is there only if retries ran out.
    """
    attributes = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target.arn,
        "ERROR_CODE": dead_letter.error_code,
        "ERROR_MESSAGE": dead_letter.error_message,
        "RETRY_ATTEMPTS": str(dead_letter.retry_attempts),
    }
    if dead_letter.exhausted_condition is not None:
        attributes["EXHAUSTED_RETRY_CONDITION"] = dead_letter.exhausted_condition
    return event.text.decode(), attributes
