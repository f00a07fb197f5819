"""
The checks described: a list, a table for docs/checks.md, and one of them explained.

In: checks. Out: lines of text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from livebus.checks.check import Check
from livebus.terminal.table import wrapped

WIDTH = 100


def listing(checks: Sequence[Check], width: int | None = None) -> Iterator[str]:
    """One line for each check: id, severity, summary; more than one where a terminal has no more columns than ``width``."""
    for check in _ordered(checks):
        yield from wrapped(f"{check.id}  {check.severity:8} {check.summary}", width)


def markdown_table(checks: Sequence[Check]) -> Iterator[str]:
    """A Markdown table: id, summary, why, and where AWS says so."""
    yield "| id | what holds | what happens on AWS where it does not | source |"
    yield "|---|---|---|---|"
    for check in _ordered(checks):
        source = check.source.removeprefix("docs/")
        label = "AWS" if "amazon" in source else "page"
        yield f"| {check.id} | {_cell(check.summary)} | {_cell(check.why)} | [{label}]({source}) |"


def explanation(checks: Sequence[Check], width: int | None = None) -> Iterator[str]:
    """Everything about an id: several checks may share one."""
    for check in checks:
        yield from wrapped(f"{check.id} ({check.severity}): {check.summary}", width)
        yield ""
        yield from wrap(check.why, min(WIDTH, width or WIDTH))
        yield ""
        yield from wrapped(f"Source: {check.source}", width)
        yield ""
    check_id = checks[0].id
    for line in (
        "To leave it out, say why:",
        f'  once              --ignore "{check_id}:reason"',
        f'  in .livebus.toml  [validate] ignore = [{{ id = "{check_id}", reason = "…" }}]',
        "  in the template   Metadata, of the template or of one resource:",
        "                      Livebus:",
        f"                        Ignore: [{{Id: {check_id}, Reason: …}}]",
    ):
        yield from wrapped(line, width)


def _ordered(checks: Sequence[Check]) -> list[Check]:
    """By number, so that they can be looked up; the letter says how severe it is."""
    return sorted(checks, key=lambda check: (check.id[1:], check.id[0]))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
