"""
What botocore raises, as one fault with the next step.

In: an exception of botocore. Out: an :class:`~livebus.errors.Unreachable` that a verb prints on one line.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions

from livebus.aws import advice
from livebus.errors import Unreachable


@contextmanager
def told_as_faults(doing: str) -> Iterator[None]:
    """Turn what botocore raises inside into Unreachable; ``doing`` is the attempt, such as "publish to the bus"."""
    try:
        yield
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        raise unreachable(error, doing) from None


def unreachable(error: exceptions.BotoCoreError | exceptions.ClientError, doing: str) -> Unreachable:
    """The one clear line for an exception of botocore."""
    if isinstance(error, exceptions.ClientError):
        return advice.refused(*code_and_message(error), doing)
    step = next((step for kinds, step in _ADVICE_BY_KIND if isinstance(error, kinds)), "")
    return Unreachable(f"cannot {doing}: {str(error).rstrip('.')}", advice=step)


def code_and_message(error: exceptions.ClientError) -> tuple[str, str]:
    """The code and the message of an error answer. Answers without a body have their HTTP status as the code."""
    answer = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return str(answer.get("Code") or f"HTTP {status}"), str(answer.get("Message") or error)


_ADVICE_BY_KIND: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((exceptions.NoRegionError,), advice.REGION),
    ((exceptions.ProfileNotFound,), advice.PROFILE),
    (
        (
            exceptions.TokenRetrievalError,
            exceptions.SSOTokenLoadError,
            exceptions.UnauthorizedSSOTokenError,
            exceptions.SSOError,
        ),
        advice.LOGIN,
    ),
    (
        (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.NoAuthTokenError,
        ),
        advice.CREDENTIALS,
    ),
    ((exceptions.HTTPClientError, exceptions.ConnectionError), advice.UNREACHABLE),
)
