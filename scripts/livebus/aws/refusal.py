"""
What botocore raises, as one fault with the next step.

In: an exception of botocore. Out: an :class:`~livebus.errors.Unreachable` that a verb prints on one line.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions

from livebus.errors import Unreachable

_LOGIN = "Sign in again: `aws sso login`, or renew the credentials of your profile."
_CREDENTIALS = "Run `aws configure` or pass --profile; --local needs none."
_REGION = "Pass --region, or set AWS_REGION or region in samconfig.toml."
_PROFILE = "`aws configure list-profiles` shows what there is."
_UNREACHABLE = "See that the region and the endpoint are right, and that the network and a proxy let it through."

_ADVICE_BY_CODE = {
    "ExpiredToken": _LOGIN,
    "ExpiredTokenException": _LOGIN,
    "RequestExpired": "See that this machine's clock is right.",
    "UnrecognizedClientException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "MissingAuthenticationToken": _CREDENTIALS,
    "MissingAuthenticationTokenException": _CREDENTIALS,
    "InvalidSignatureException": "See that the secret key and this machine's clock are right.",
    "SignatureDoesNotMatch": "See that the secret key and this machine's clock are right.",
    "AccessDenied": "The policy of this role or user has to allow it.",
    "AccessDeniedException": "The policy of this role or user has to allow it.",
}
# What the next request would be answered with as well.
HOPELESS = frozenset(_ADVICE_BY_CODE)


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
        code, message = code_and_message(error)
        if code == "ValidationError" and "does not exist" in message:
            advice = "Deploy it with `sam deploy`, name another one with --stack-name, or use --local."
        else:
            advice = _ADVICE_BY_CODE.get(code, "")
        return Unreachable(f"cannot {doing}: {code}: {message}", advice=advice)
    advice = next((advice for kinds, advice in _ADVICE_BY_KIND if isinstance(error, kinds)), "")
    return Unreachable(f"cannot {doing}: {str(error).rstrip('.')}", advice=advice)


def code_and_message(error: exceptions.ClientError) -> tuple[str, str]:
    """The code and the message of an error answer. Answers without a body have their HTTP status as the code."""
    answer = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return str(answer.get("Code") or f"HTTP {status}"), str(answer.get("Message") or error)


_ADVICE_BY_KIND: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((exceptions.NoRegionError,), _REGION),
    ((exceptions.ProfileNotFound,), _PROFILE),
    (
        (
            exceptions.TokenRetrievalError,
            exceptions.SSOTokenLoadError,
            exceptions.UnauthorizedSSOTokenError,
            exceptions.SSOError,
        ),
        _LOGIN,
    ),
    (
        (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.NoAuthTokenError,
        ),
        _CREDENTIALS,
    ),
    ((exceptions.HTTPClientError, exceptions.ConnectionError), _UNREACHABLE),
)
