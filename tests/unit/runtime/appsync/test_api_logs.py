"""What APIs log, and how CloudWatch Logs gives it back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.execution import GraphQLResponse
from livebus.runtime.appsync.api_logs import MAX_LINES, ApiLogs
from livebus.runtime.aws_errors import AwsError

GROUP = "/aws/appsync/apis/api-1"
FAILED = GraphQLResponse(None, ({"path": ["a", 0, "b"], "message": "no"},), logs=('INFO - a.js:1:1: "asked"',))


@pytest.fixture
def logs(clock: Any, new_id: Any) -> ApiLogs:
    return ApiLogs(lambda: ["api-1", "api-2"], clock=clock, new_id=new_id)


def messages(logs: ApiLogs, **given: Any) -> list[str]:
    return [each["message"] for each in logs.call("FilterLogEvents", {"logGroupName": GROUP, **given})["events"]]


def test_a_field_in_error_is_a_line(logs: ApiLogs) -> None:
    """What the resolver wrote comes first, then the field, by its name, as the template's metric filter counts it."""
    logs.write("api-1", FAILED)
    written, field = messages(logs)
    assert written == 'INFO - a.js:1:1: "asked"'
    assert json.loads(field) == {
        "graphQLAPIId": "api-1",
        "requestId": "id-1",
        "fieldName": "b",
        "path": ["a", 0, "b"],
        "fieldInError": True,
        "errors": ["no"],
    }


def test_what_went_well_is_not_logged(logs: ApiLogs) -> None:
    """As with FieldLogLevel ERROR."""
    logs.write("api-1", GraphQLResponse({"a": 1}))
    assert messages(logs) == []


def test_lines_are_found_by_time_and_terms(logs: ApiLogs, clock: Any) -> None:
    """Between two times, with all of the terms."""
    logs.write("api-1", FAILED)
    clock.now += 10
    logs.write("api-1", GraphQLResponse(None, ({"path": None, "message": "Validation error"},)))
    assert len(messages(logs, startTime=int(clock.now * 1000))) == 1
    assert len(messages(logs, endTime=int(clock.now * 1000) - 1)) == 2
    assert len(messages(logs, filterPattern='"Validation error" errors')) == 1
    assert len(messages(logs, limit=1)) == 1


def test_old_lines_go(logs: ApiLogs) -> None:
    """The last lines of each API are kept, and no more."""
    for _ in range(MAX_LINES):
        logs.write("api-1", FAILED)
    assert len(messages(logs)) == MAX_LINES


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("FilterLogEvents", {"logGroupName": "/aws/appsync/apis/other"}, "ResourceNotFoundException"),
        ("FilterLogEvents", {"logGroupName": GROUP, "filterPattern": "{ $.a = 1 }"}, "InvalidParameterException"),
        ("FilterLogEvents", {"logGroupName": GROUP, "filterPattern": '"a'}, "InvalidParameterException"),
        ("PutLogEvents", {}, "UnknownOperationException"),
    ],
)
def test_what_is_not_there_is_refused(logs: ApiLogs, action: str, body: dict[str, Any], code: str) -> None:
    """Groups of APIs that do not run, patterns that are not plain terms, other actions."""
    with pytest.raises(AwsError) as caught:
        logs.call(action, body)
    assert caught.value.error_type == code


def test_the_groups_are_those_of_the_apis(logs: ApiLogs) -> None:
    """One for each API that runs."""
    assert logs.call("DescribeLogGroups", {"logGroupNamePrefix": "/aws/appsync/apis/api-2"}) == {
        "logGroups": [{"logGroupName": "/aws/appsync/apis/api-2"}]
    }


def test_groups_of_functions_are_beside_those_of_apis(clock: Any, new_id: Any) -> None:
    """They are there before they have lines; a line is found in its own group only."""
    logs = ApiLogs(lambda: ["api-1"], clock=clock, new_id=new_id, other_groups=lambda: ["/aws/lambda/f"])
    groups = logs.call("DescribeLogGroups", {})["logGroups"]
    assert [each["logGroupName"] for each in groups] == [GROUP, "/aws/lambda/f"]
    assert messages(logs, logGroupName="/aws/lambda/f") == []
    logs.append("/aws/lambda/f", "said")
    assert (messages(logs, logGroupName="/aws/lambda/f"), messages(logs)) == (["said"], [])
