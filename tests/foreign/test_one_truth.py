"""
Checks and the execution say the same: what the execution takes is no error, what it refuses is one.

Templates and events are generated: every scalar as the type of a variable, between quotes and without, with values of
every kind from the event.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from livebus.checks.every import EVERY_CHECK
from livebus.checks.inspection import Inspection, Sample
from livebus.checks.running import run_checks
from livebus.errors import NOWHERE
from livebus.event.envelope import Event
from livebus.flow import Line
from livebus.operation import Services
from livebus.template.document import read_document

FOLDER = Path(__file__).parent
TYPES = (
    *("Int", "Float", "String", "Boolean", "ID", "AWSJSON", "AWSDate", "AWSDateTime", "AWSTimestamp", "AWSEmail"),
    *("[Int]", "[String!]", "Order"),
)
PATHS = ("$.detail.x", "$.detail", "$.source", "$.time", "$.account", "$.version", "$.resources")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "5", "5.5", "true", "a b", '"', "2026-01-15", "2026-01-15T12:00:00Z", "a@example.com"]),
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(st.sampled_from(["id", "n"]), st.integers(0, 9), max_size=2),
)


@cache
def template(kind: str, path: str, *, quoted: bool) -> str:
    text = (FOLDER / "number-in-quotes.yaml").read_text("utf-8")
    for old, new in (
        ("n: $.detail.n", f"n: {path}"),
        ('"n": "<n>"', '"n": "<n>"' if quoted else '"n": <n>'),
        ("$n: Int)", f"$n: {kind})"),
        ("n: Int): String!", f"n: {kind}): String!"),
        ("        type Mutation {", "        input Order {\n          id: Int\n        }\n        type Mutation {"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def _event(value: Any) -> Event:
    envelope = {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": "d",
        "source": "sample.source",
        "account": "123456789012",
        "time": "2026-01-15T12:00:00Z",
        "region": "us-east-1",
        "resources": ["r"],
        "detail": {"msg": "hello", "x": value},
    }
    return Event(envelope, "livebus", "2026-01-15T12:00:00Z")


def _errors(line: Line, event: Event) -> list[str]:
    """Why the mutation does not run: a failure of the delivery, or errors inside the answer."""
    numbers = count()
    services = Services(1_768_478_400.0, lambda: str(next(numbers)))
    (rule,) = line.rules_for(event)
    attempt = line.attempt(event, rule.targets[0], services)
    if attempt.failure is not None:
        return [attempt.failure.message]
    assert attempt.response is not None
    return [str(error) for error in attempt.response.errors]


@settings(
    max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)
@given(st.sampled_from(TYPES), st.sampled_from(PATHS), st.booleans(), VALUES)
def test_an_error_is_what_the_execution_refuses(kind: str, path: str, quoted: bool, value: Any) -> None:
    """With a sample event that comes to the target: errors are there where the mutation fails, and only there."""
    event = _event(value)
    sample = Sample("e.json", 0, event, NOWHERE)
    text = template(kind, path, quoted=quoted)
    inspection = Inspection(read_document(text, "t.yaml"), lambda _: "", samples=[sample])

    found = {finding.check.id for finding in run_checks(EVERY_CHECK, inspection) if finding.check.severity == "error"}
    refused = _errors(inspection.compilation.line, event)

    assert bool(found) == bool(refused), (found, refused)
