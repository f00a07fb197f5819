"""
What AWS's protocols have in common: an answer, and an error with a type, a message and an HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer: status, headers, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def with_header(self, name: str, value: str) -> HttpAnswer:
        """The same answer with a header more."""
        return HttpAnswer(self.status, {**self.headers, name: value}, self.body)


class AwsError(Exception):
    """
    Answers an AWS call with an error; ``status`` is the HTTP status.

    ``query_code`` is the code that the error had when the service still spoke the query protocol (SQS): SDKs show it
    as the error's code. ``members`` stand beside the message in a JSON answer.
    """

    def __init__(
        self,
        error_type: str,
        message: str,
        status: int = 400,
        *,
        query_code: str = "",
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.status = status
        self.query_code = query_code
        self.members: Mapping[str, Any] = members or {}


def validation(violations: Sequence[str]) -> AwsError:
    """A ValidationException for all violations of a request's constraints, in AWS's words."""
    count = len(violations)
    plural = "s" if count > 1 else ""
    return AwsError("ValidationException", f"{count} validation error{plural} detected: {'; '.join(violations)}")


def unexpected(error: BaseException) -> str:
    """What a caller is told of a bug of ours: its kind. What it was about may be nobody's but the log's."""
    return f"{type(error).__name__} in the local runtime; its log has more"
