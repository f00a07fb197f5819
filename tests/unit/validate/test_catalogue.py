"""docs/checks.md says what the checks say of themselves, and each check says enough."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livebus.checks.check import Check
from livebus.validate.catalogue import explanation, markdown_table
from livebus.validate.findings import LISTED

PROJECT = Path(__file__).parents[3]


def test_the_table_is_that_of_the_checks() -> None:
    """Made anew by `livebus validate --list --markdown`, at the end of the file."""
    text = (PROJECT / "docs" / "checks.md").read_text(encoding="utf-8")
    table = text[text.index("| id |") :].splitlines()

    assert list(markdown_table(LISTED)) == table


@pytest.mark.parametrize("check", LISTED, ids=lambda check: check.id)
def test_a_check_describes_itself(check: Check) -> None:
    """An id that cfn-lint leaves to others, a summary without a full stop, a reason in sentences, and a source."""
    assert re.fullmatch("[EWI]9[12][0-9]{2}", check.id)
    assert check.summary
    assert not check.summary.endswith(".")
    assert check.why.endswith(".")
    assert re.match(r"https://(docs\.aws\.amazon\.com|aws\.amazon\.com|github\.com|[\w.-]+)/|docs/", check.source)


def test_pages_of_our_own_are_there() -> None:
    """What a check names in docs/ can be read."""
    ours = {check.source for check in LISTED if not check.source.startswith("https://")}

    assert [source for source in ours if not (PROJECT / source).is_file()] == []


def test_an_explanation_says_how_to_leave_it_out() -> None:
    """In all three ways."""
    shown = "\n".join(explanation([LISTED[0]]))

    assert '--ignore "E9100:reason"' in shown
    assert 'ignore = [{ id = "E9100", reason = "…" }]' in shown
    assert "Ignore: [{Id: E9100, Reason: …}]" in shown
