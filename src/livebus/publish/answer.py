"""
What came back for a request, and whether another attempt can help.

In: an HTTP status and a body. Out: an :class:`PutEventsAnswer`. A body is parsed only where something failed in it, or where the
event ids are wanted.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

# The API reference names ThrottlingException and InternalFailure as retryable for an entry, and InternalException for
# a request; the others are what the services' front doors answer under load.
THROTTLED = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException"})
PASSING = THROTTLED | {"InternalFailure", "InternalException", "ServiceUnavailable", "ServiceUnavailableException"}
# No answer came: the code is ours. The entries may have been accepted.
NO_ANSWER = "NoAnswer"
# An answer came that PutEvents does not give: the code is ours.
NOT_PUT_EVENTS = "UnexpectedAnswer"
# No request can be made at all: the code is ours.
NOT_SENT = "CannotSend"
# What every later request would be answered with as well.
HOPELESS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AccessDenied",
        "AccessDeniedException",
        NOT_PUT_EVENTS,
        NOT_SENT,
    }
)


class Result(NamedTuple):
    """What became of one entry: an ``event_id``, or an error's code and message."""

    event_id: str = ""
    error_code: str = ""
    error_message: str = ""


class PutEventsAnswer(NamedTuple):
    """
    What came back for one request.

    ``error`` is that of the whole request, or None. ``results`` are one for each entry; None stands for "all accepted"
    where nobody asked for their ids.
    """

    error: Result | None = None
    results: Sequence[Result] | None = None


ALL_ACCEPTED = PutEventsAnswer()


def failed(code: str, message: str) -> PutEventsAnswer:
    """The whole request failed."""
    return PutEventsAnswer(Result("", code, message))


def read_answer(status: int, body: bytes, count: int, *, ids: bool = False) -> PutEventsAnswer:
    """Read PutEvents' answer to a request of ``count`` entries; ``ids`` asks for the event ids."""
    if status == 200 and not ids and b'"FailedEntryCount":0' in body and body.count(b'"EventId"') == count:
        return ALL_ACCEPTED
    try:
        document = orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError:
        document = None
    if status != 200:
        return PutEventsAnswer(service_error(status, document))
    entries = document.get("Entries") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) != count:
        came = len(entries) if isinstance(entries, list) else 0
        return failed(NOT_PUT_EVENTS, f"{came} results came back for {count} entries")
    return from_entries(entries)


def from_entries(entries: Sequence[Any]) -> PutEventsAnswer:
    """The ``Entries`` of PutEvents' answer, one result for each."""
    return PutEventsAnswer(None, [_result(item if isinstance(item, dict) else {}) for item in entries])


def service_error(status: int, document: Any) -> Result:
    """
    The error of a whole request, in AWS's JSON protocol: ``__type`` and ``message``.

    Errors on AWS's side whose code is not known pass as InternalFailure, and 429 as throttling.
    """
    members = document if isinstance(document, dict) else {}
    code = str(members.get("__type") or members.get("code") or "").rsplit("#", 1)[-1].split(":", 1)[0]
    message = str(members.get("message") or members.get("Message") or "")
    if not code:
        code, message = f"HTTP {status}", message or "the answer has no error in it"
    return passing(code, message, status)


def passing(code: str, message: str, status: int) -> Result:
    """An error with its code, or where the status alone says that it will pass, with the code that says so."""
    if code not in PASSING and status == 429:
        return Result("", "ThrottlingException", f"{code}: {message}")
    if code not in PASSING and status >= 500:
        return Result("", "InternalFailure", f"{code}: {message}")
    return Result("", code, message)


def _result(item: Mapping[str, Any]) -> Result:
    event_id = item.get("EventId") or ""
    return Result(event_id, "" if event_id else item.get("ErrorCode") or "NoEventId", item.get("ErrorMessage") or "")
