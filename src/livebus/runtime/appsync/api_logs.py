"""
What APIs and functions log, and Amazon CloudWatch Logs as far as `sam logs` and `aws logs tail` need it to read that.

An API logs as with ``FieldLogLevel: ERROR``: each field that ended in an error, and what resolvers write themselves. The
last lines of each API and of each function are kept, in memory.
https://docs.aws.amazon.com/appsync/latest/devguide/monitoring.html#cwl
"""

from __future__ import annotations

import json
import shlex
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.execution import GraphQLResponse
from livebus.runtime.aws_errors import AwsError

MAX_LINES = 1000
_LONGEST_LINE = 16 * 1024
_GROUP = "/aws/appsync/apis/"
_STREAM = "local"


@dataclass(frozen=True, slots=True)
class _Line:
    """``number`` counts the lines of all APIs; ``time`` in epoch milliseconds."""

    number: int
    time: int
    text: str


class ApiLogs:
    """
    ``api_ids`` are the APIs that run: their log groups are there, with lines or without. So are ``other_groups``, by their
    names: those of functions.
    """

    def __init__(
        self,
        api_ids: Callable[[], Iterable[str]],
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        other_groups: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._api_ids = api_ids
        self._other_groups = other_groups
        self._clock = clock
        self._new_id = new_id
        self._lines: dict[str, deque[_Line]] = {}
        self._count = 0

    # --- writing ----------------------------------------------------------------------------------------------------

    def write(self, api_id: str, response: GraphQLResponse) -> None:
        """Log a response that has errors, or whose resolvers logged something."""
        if not response.errors and not response.logs:
            return
        request_id, now = self._new_id(), int(self._clock() * 1000)
        for text in (*response.logs, *(_field_in_error(api_id, request_id, error) for error in response.errors)):
            self._append(f"{_GROUP}{api_id}", now, text)

    def append(self, group: str, text: str) -> None:
        """Log a line in a group of this name."""
        self._append(group, int(self._clock() * 1000), text)

    def _append(self, group: str, now: int, text: str) -> None:
        self._count += 1
        lines = self._lines.setdefault(group, deque(maxlen=MAX_LINES))
        lines.append(_Line(self._count, now, text[:_LONGEST_LINE]))

    def _groups(self) -> list[str]:
        return [*(f"{_GROUP}{api_id}" for api_id in self._api_ids()), *self._other_groups()]

    # --- reading ----------------------------------------------------------------------------------------------------

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call of CloudWatch Logs. Raises AwsError."""
        if action == "DescribeLogGroups":
            prefix = str(body.get("logGroupNamePrefix") or "")
            return {"logGroups": [{"logGroupName": name} for name in self._groups() if name.startswith(prefix)]}
        if action == "FilterLogEvents":
            return self._filter(body)
        raise AwsError("UnknownOperationException", f"logs:{action} is not emulated by the local runtime.")

    def _filter(self, body: Mapping[str, Any]) -> dict[str, Any]:
        name = str(body.get("logGroupName") or body.get("logGroupIdentifier") or "").rpartition("log-group:")[2]
        group = name.removesuffix(":*")
        if group not in self._groups():
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        since, until = body.get("startTime") or 0, body.get("endTime")
        terms = _terms(str(body.get("filterPattern") or ""))
        limit = body.get("limit") or 10_000
        events = [
            {
                "logStreamName": _STREAM,
                "timestamp": line.time,
                "ingestionTime": line.time,
                "message": line.text,
                "eventId": str(line.number),
            }
            for line in self._lines.get(group, ())
            if since <= line.time and (until is None or line.time <= until) and all(term in line.text for term in terms)
        ]
        return {"events": events[:limit], "searchedLogStreams": []}


def _field_in_error(api_id: str, request_id: str, error: Mapping[str, Any]) -> str:
    """A line with the members that AppSync's have, as far as metric filters count by them."""
    path = error.get("path") or []
    names = [step for step in path if isinstance(step, str)]
    members = {
        "graphQLAPIId": api_id,
        "requestId": request_id,
        "fieldName": names[-1] if names else None,
        "path": path,
        "fieldInError": bool(names),
        "errors": [error.get("message")],
    }
    return json.dumps(members, ensure_ascii=False, default=str)


def _terms(pattern: str) -> list[str]:
    """A filter pattern's terms, all of which a line has to hold. Raises AwsError for patterns of other kinds."""
    if pattern.lstrip().startswith(("{", "[", "%")):
        raise AwsError("InvalidParameterException", "The local runtime takes filter patterns of plain terms only.")
    try:
        return shlex.split(pattern)
    except ValueError:
        raise AwsError("InvalidParameterException", "Invalid filter pattern") from None
