"""Sizes that it takes a megabyte to reach: no event file is kept for them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.checks.events import sizes
from livebus.checks.inspection import Inspection, Sample
from livebus.checks.running import run_checks
from livebus.errors import Place
from livebus.event.envelope import Event
from livebus.event.put_events import accept
from livebus.template.document import read_document

SOUND = Path(__file__).parents[3] / "vectors" / "checks" / "sound.yaml"
WARNING = "large.json:1:1: the sample event large.json has 1,000,001 bytes as a PutEvents entry"


def sample_of(size: int) -> Sample:
    """A sample of a source that no rule looks for, of so many bytes as a PutEvents entry."""
    members = len("another.source") + len("message") + len('{"msg":""}')
    event = accept(
        {"Source": "another.source", "DetailType": "message", "Detail": f'{{"msg":"{"x" * (size - members)}"}}'},
        bus="livebus",
        event_id="00000000-0000-4000-8000-000000000000",
        now=datetime(2026, 1, 15, tzinfo=UTC),
        account="123456789012",
        region="us-east-1",
    )
    assert isinstance(event, Event)
    return Sample("large.json", 0, event, Place("large.json", 1, 1))


def findings_of(text: str, *samples: Sample) -> list[tuple[str, str]]:
    def read_file(name: str) -> str:
        raise AssertionError(name)

    inspection = Inspection(read_document(text, "sound.yaml"), read_file, samples=samples)
    return [(finding.check.id, str(finding.fault)) for finding in run_checks(sizes.CHECKS, inspection)]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (65_536, []),
        (
            65_537,
            [("I9195", "large.json:1:1: the sample event large.json is billed as 2 events (65,537 bytes)")],
        ),
        (
            1_000_000,
            [("I9195", "large.json:1:1: the sample event large.json is billed as 16 events (1,000,000 bytes)")],
        ),
        (
            1_000_001,
            [
                ("I9195", "large.json:1:1: the sample event large.json is billed as 16 events (1,000,001 bytes)"),
                (
                    "W9195",
                    f"{WARNING}; expected at most 1,000,000 to be sure",
                ),
            ],
        ),
    ],
)
def test_events_are_counted_as_put_events_does(size: int, expected: list[tuple[str, str]]) -> None:
    """Each started 64 KB is noted, and what lies between the two readings of 1 MB is warned of."""
    assert expected == findings_of(SOUND.read_text(encoding="utf-8"), sample_of(size))
