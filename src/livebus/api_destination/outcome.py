"""
What the answer of an API destination means: delivered, tried again, or given up.

401, 407, 409, 429 and 5xx are tried again, other statuses are not, and 2xx is success.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

import re

from livebus.retry_policy import ERROR_FROM_TARGET, NO_PERMISSIONS, NO_RESOURCE, THROTTLING, TIMEOUT, Failure

_RETRIED = frozenset((401, 407, 409, 429))
_SECONDS = re.compile(r"-?[0-9]{1,9}")
_CODES = {
    401: NO_PERMISSIONS,
    403: NO_PERMISSIONS,
    404: NO_RESOURCE,
    407: NO_PERMISSIONS,
    408: TIMEOUT,
    429: THROTTLING,
    504: TIMEOUT,
}


def failure_of(status: int, wait: float | None = None, *, who: str = "the endpoint") -> Failure | None:
    """
    The failure that a status is; None for 2xx. ``wait`` is its Retry-After: negative where nothing is to follow.

    The error codes of dead letters, AWS does not document for HTTP statuses: ours are those of AppSync's.
    """
    if 200 <= status < 300:
        return None
    retryable = (status in _RETRIED or status >= 500) and (wait is None or wait >= 0)
    code = _CODES.get(status, ERROR_FROM_TARGET)
    return Failure(code, f"{who} answered with HTTP status {status}", retryable, max(wait or 0.0, 0.0))


def retry_after(header: str | None) -> float | None:
    """The seconds of a Retry-After header; None without one, or with a date, which AWS does not say that it reads."""
    return float(header.strip()) if header is not None and _SECONDS.fullmatch(header.strip()) else None


def late(seconds: float, *, who: str = "the endpoint") -> Failure:
    """No answer came within so many seconds."""
    return Failure(TIMEOUT, f"{who} did not answer within {seconds:g} seconds", retryable=True)


def unreached(reason: str, *, who: str = "the endpoint") -> Failure:
    """No answer came at all, or one that is no HTTP. AWS does not document that it tries again; we do."""
    return Failure(ERROR_FROM_TARGET, f"{who} gave no answer: {reason}", retryable=True)
