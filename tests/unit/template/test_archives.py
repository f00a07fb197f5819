"""Archives of the template's buses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from livebus.errors import InvalidEventPattern
from livebus.pattern import EventPattern

Line = Callable[..., str]
Load = Callable[..., Any]

ARCHIVE = """
  Kept:
    Type: AWS::Events::Archive
    Properties:
      SourceArn: !GetAtt Bus.Arn
      Description: all of it
      EventPattern: {source: [!Ref Source]}
      RetentionDays: 3
"""


def with_archive(line: Line, text: str = ARCHIVE) -> str:
    return line(("\nResources:\n", f"\nResources:{text}"))


def test_an_archive_is_read(line: Line, load: Load) -> None:
    """With its bus, its pattern as JSON, its days; its name is made up where there is none."""
    (archive,) = load(with_archive(line)).archives
    assert (archive.bus, archive.retention_days, archive.description) == ("orders", 3, "all of it")
    assert json.loads(archive.event_pattern) == {"source": ["shop.orders"]}
    assert archive.bus_arn == "arn:aws:events:us-east-1:123456789012:event-bus/orders"
    assert archive.arn == f"arn:aws:events:us-east-1:123456789012:archive/{archive.name}"
    assert archive.name.startswith("livebus-Kept-")


def test_without_a_pattern_everything_is_kept_for_ever(line: Line, load: Load) -> None:
    """As AWS::Events::Archive's defaults have it."""
    text = ARCHIVE.replace("      EventPattern: {source: [!Ref Source]}\n      RetentionDays: 3\n", "")
    (archive,) = load(with_archive(line, text)).archives
    assert (archive.event_pattern, archive.retention_days) == (None, 0)


def test_an_archive_of_another_stacks_bus_keeps_nothing(line: Line, load: Load) -> None:
    """It is sound on AWS: a warning says what is not done here."""
    text = ARCHIVE.replace("!GetAtt Bus.Arn", "arn:aws:events:us-east-1:123456789012:event-bus/elsewhere")
    application = load(with_archive(line, text))
    assert application.archives == ()
    line_number = 1 + next(
        index for index, each in enumerate(with_archive(line, text).splitlines()) if "elsewhere" in each
    )
    assert application.warnings[0].startswith(f"t.yaml:{line_number}:")
    assert [warning.split(": ", 1)[1] for warning in application.warnings] == [
        "AWS::Events::Archive 'Kept' is of a bus that is not there, and keeps nothing here"
    ]


def test_a_refused_pattern_is_told_of_its_own_text(line: Line, load: Load) -> None:
    """Where it stands in the template, and what to write."""
    text = with_archive(line, ARCHIVE.replace("[!Ref Source]", "shop"))
    (archive,) = load(text).archives
    number = 1 + next(index for index, each in enumerate(text.splitlines()) if "source: shop" in each)

    with pytest.raises(InvalidEventPattern) as refused:
        EventPattern(archive.event_pattern)
    assert str(archive.pattern_refused(refused.value)) == (
        f"t.yaml:{number}:30 (Resources/Kept/Properties/EventPattern/source): Event pattern is not valid. Reason: "
        '"source" must be an object or an array. Write the values in a list: source: […].'
    )


def test_what_cannot_be_is_told(line: Line, faults: Callable[..., list[str]]) -> None:
    text = ARCHIVE.replace("      SourceArn: !GetAtt Bus.Arn\n", "").replace(": 3", ": -1")
    assert [fault.split(": ", 1)[1] for fault in faults(with_archive(line, text))] == [
        "AWS::Events::Archive 'Kept' has no SourceArn",
        "RetentionDays is -1; expected a number from 0 to 1000000",
    ]
