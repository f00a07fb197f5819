"""Where the parts of event patterns stand in a template: objects by their paths, texts by their lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.checks.bus.rules import CHECKS
from livebus.checks.inspection import Inspection
from livebus.checks.running import run_checks
from livebus.errors import InvalidEventPattern
from livebus.template.document import read_document
from livebus.template.event_patterns import _path_at, _starts, written_patterns

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def inspection_of(resources: str) -> Inspection:
    return Inspection(read_document(f"Resources:\n{resources}", "t.yaml"), lambda name: "")


def rule(number: int, pattern: str) -> str:
    return f"""
  Rule{number}:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {pattern}
      Targets: [{{Id: a, Arn: 'arn:aws:sqs:us-east-1:123456789012:q'}}]
"""


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_places_in_the_text_of_an_object(value: Any) -> None:
    """Each value begins in the JSON text where it is said to, counted in UTF-16 units as AWS's columns are."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")

    for start, path in _starts(value, 0, ()):
        own = json.dumps(at(value, path), ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        assert own == text[2 * start : 2 * start + len(own)]


COLUMNS: list[tuple[int, tuple[str | int, ...]]] = [
    (1, ()),
    (12, ("source",)),
    (13, ("source", 0)),
    (29, ("detail",)),
    (35, ("detail", "a")),
    (37, ("detail", "a", 0)),
]


@pytest.mark.parametrize(("units", "path"), COLUMNS)
def test_the_path_of_a_column(units: int, path: tuple[str | int, ...]) -> None:
    """A column leads to the last value that begins before it."""
    assert path == _path_at({"source": ["x"], "detail": {"a": [1]}}, units)


def test_a_pattern_in_a_block_of_text_has_lines_of_its_own() -> None:
    """A line of AWS's message is one of the block's; without a place the pattern itself is shown."""
    (pattern,) = written_patterns(inspection_of(rule(1, '|\n        {\n          "source": "x"\n        }')).resources)

    assert pattern.place_of(InvalidEventPattern("x", line=1, column=1)).line == 7
    assert pattern.place_of(InvalidEventPattern("x", line=2, column=13)).line == 8
    assert pattern.place_of(InvalidEventPattern("x")) == pattern.place()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (
            '"prefix" must be an object or an array',
            '"prefix" must be an object or an array. An operator stands in a list: [prefix: …].',
        ),
        ('"a" must be an object or an array', '"a" must be an object or an array. Write the values in a list: a: […].'),
        ("Unrecognized match type Prefix", "Unrecognized match type Prefix. Did you mean 'prefix'?"),
        (
            "Unrecognized match type x",
            (
                "Unrecognized match type x. There are prefix, suffix, equals-ignore-case, anything-but, numeric, exists, "
                "cidr, wildcard."
            ),
        ),
        (
            'No end [Source: (String)"{"source": [1"; line: 1, column: 12]',
            "No end line 1, column 12",
        ),
        ("Something else", "Something else"),
    ],
)
def test_what_is_told_of_a_refusal(reason: str, expected: str) -> None:
    """AWS's reason without the pattern in it, which may be long, and what to write; the reason itself stays AWS's."""
    (pattern,) = written_patterns(inspection_of(rule(1, "{source: [x]}")).resources)
    refused = pattern.refused(InvalidEventPattern(reason, line=1, column=13))

    assert refused.reason == reason
    assert str(refused) == (
        "t.yaml:6:22 (Resources/Rule1/Properties/EventPattern/source): Event pattern is not valid. Reason: " + expected
    )


def test_rules_with_wildcards_are_counted_by_bus() -> None:
    """The thirty-first rule of a bus with a wildcard is one too many; rules without one do not count."""
    wild = [rule(number, "{source: [wildcard: 'a*']}") for number in range(31)]
    plain = rule(99, "{source: [wildcard]}")
    checks = [check for check in CHECKS if check.id == "E9120"]

    enough = run_checks(checks, inspection_of("".join([*wild[:30], plain])))
    (finding,) = run_checks(checks, inspection_of("".join([*wild, plain])))

    assert enough == []
    assert finding.fault.found == "the bus 'default' has more than 30 rules with a wildcard"
    assert finding.fault.place.path == "Resources/Rule30/Properties/EventPattern"
