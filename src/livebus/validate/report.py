"""
What a validation found, in the forms that people and programs read: lines, and JSON.

In: findings, and what came of each sample event. Out: lines of text in which nothing can steer a terminal; JSON members.
SARIF is in ``sarif``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from livebus import steps
from livebus.checks.check import Check, Finding, Severity
from livebus.checks.suppression import Suppressed, Suppression
from livebus.errors import NOWHERE, Fault, Place
from livebus.event.put_events import Refused
from livebus.rehearsal.stage import Rehearsal
from livebus.steps import Step, words
from livebus.terminal.counts import counted
from livebus.terminal.escape import escaped

# So many events of a file are shown with their whole way.
MOST_TREES = 50
_COLOURS: Mapping[Severity, str] = {"error": "\x1b[31m", "warning": "\x1b[33m", "info": "\x1b[36m"}
_PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What came of one sample event. ``refused`` is what PutEvents answers where it does not take the event at all."""

    template: str
    file: str
    index: int
    place: Place
    expected: bool
    rehearsal: Rehearsal | None = None
    refused: Refused | None = None

    @property
    def arrives(self) -> bool:
        return self.rehearsal is not None and self.rehearsal.arrives

    @property
    def is_unproven(self) -> bool:
        """Whether it cannot be told here if the event arrives; that is nobody's fault."""
        return self.rehearsal is not None and bool(self.rehearsal.unproven)

    @property
    def as_expected(self) -> bool:
        return self.is_unproven or self.arrives == self.expected

    @property
    def steps(self) -> list[Step]:
        if self.refused is not None:
            return [steps.refused(self.refused)]
        return self.rehearsal.steps if self.rehearsal is not None else []

    @property
    def reasons(self) -> list[str]:
        """Why it does not arrive, in words; empty where it does."""
        if self.refused is not None:
            return [words(steps.refused(self.refused))]
        return self.rehearsal.reasons if self.rehearsal is not None else []

    @property
    def fault(self) -> Fault:
        """Why it does not do what is expected of it."""
        if not self.expected:
            return Fault(f"event {self.index} arrives", self.place, "that it does not", "It is among the undelivered.")
        return Fault(f"event {self.index} does not arrive: {'; '.join(self.reasons)}", self.place)


@dataclass(frozen=True, slots=True)
class Report:
    """
    Everything that was found in some templates and their sample events.

    ``has_nothing_to_prove``: no rule leads to a GraphQL API, so that no event could be shown to arrive. ``asked`` is what was to be
    ignored, of checks that have run; None where a template could not be read, so that nobody knows.
    """

    findings: Sequence[Finding] = ()
    events: Sequence[EventOutcome] = ()
    suppressed: Sequence[Suppressed] = ()
    checks: Sequence[Check] = field(default=(), repr=False)
    has_nothing_to_prove: bool = False
    asked: Sequence[Suppression] | None = ()

    @property
    def in_vain(self) -> list[Suppression]:
        """What was to be ignored, and nothing was found that it could be about."""
        used = {each.suppression for each in self.suppressed}
        ids = {each.finding.check.id for each in self.suppressed}
        return [
            each
            for each in dict.fromkeys(self.asked or ())
            # What another one took was there all the same.
            if each not in used and not (each.resource is None and any(name.startswith(each.id) for name in ids))
        ]

    def count(self, severity: Severity) -> int:
        return sum(1 for finding in self.findings if finding.check.severity == severity)

    def is_sound(self, *, lenient: bool = False) -> bool:
        """Whether there are no errors or warnings (``lenient``: no errors), and each event does what is expected of it."""
        broken = self.count("error") or (not lenient and self.count("warning"))
        return not broken and all(event.as_expected for event in self.events)

    def joined(self, other: Report) -> Report:
        return Report(
            [*self.findings, *other.findings],
            [*self.events, *other.events],
            [*self.suppressed, *other.suppressed],
            self.checks or other.checks,
            # A report of nothing is where several begin.
            other.has_nothing_to_prove and (self.has_nothing_to_prove or not self.checks),
            None if self.asked is None or other.asked is None else [*self.asked, *other.asked],
        )


# --- JSON -----------------------------------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    """The report as one JSON object."""
    return {
        "findings": [finding_json(finding) for finding in report.findings],
        "events": [_event_json(event) for event in report.events],
        "suppressed": [
            {**finding_json(each.finding), "reason": each.suppression.reason, "by": each.suppression.origin}
            for each in report.suppressed
        ],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    check, place = finding.check, finding.fault.place
    return {
        "id": check.id,
        "severity": check.severity,
        "message": message(finding.fault),
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "path": place.path,
        **({"construct": place.construct} if place.construct else {}),
        "source": check.source,
    }


def message(fault: Fault) -> str:
    """A fault in one sentence or two, without its place."""
    return str(replace(fault, place=NOWHERE, advice=fault.next_step))


def _event_json(event: EventOutcome) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "file": event.file,
        "index": event.index,
        "arrives": None if event.is_unproven else event.arrives,
        "expected": event.expected,
        "template": event.template,
        "steps": event.steps,
    }
    if event.rehearsal is not None and event.rehearsal.unproven:
        shown["unproven"] = event.rehearsal.unproven
    return shown


# --- lines ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Style:
    """
    How lines are to look: colours, lines of a tree beyond ASCII.

    ``verbose`` shows every event's way; else that of the events that do not do what is expected of them, or of which that
    cannot be proved (``quiet``: not of these).
    """

    colour: bool = False
    unicode: bool = True
    verbose: bool = False
    quiet: bool = False


def lines(report: Report, style: Style) -> Iterator[str]:
    """The report for people: findings by file, then the events that there is something to say of."""
    for file, findings in groupby(report.findings, key=lambda finding: finding.fault.place.file):
        yield from _group(file, list(findings), style)
        yield ""
    yield from _events(report.events, style)


def _group(file: str, findings: Sequence[Finding], style: Style) -> Iterator[str]:
    wheres = [escaped(_where(file, finding.fault.place)) for finding in findings]
    width = max(map(len, wheres))
    for where, finding in zip(wheres, findings, strict=True):
        fault, check = finding.fault, finding.check
        text = fault.said
        shown = f"{_COLOURS[check.severity]}{check.id}{_PLAIN}" if style.colour else check.id
        yield f"{where:{width}}  {shown}  {escaped(text)}"
        if fault.advice:
            yield f"{'':{width}}  {'':{len(check.id)}}  {escaped(fault.next_step)}"


def _where(file: str, place: Place) -> str:
    return str(Place(file, place.line, place.column, construct=place.construct)) or "-"


def _events(events: Sequence[EventOutcome], style: Style) -> Iterator[str]:
    told: dict[tuple[str, ...], str] = {}
    for _, group in groupby(events, key=lambda event: (event.template, event.file)):
        outcomes = list(group)
        shown = [event for event in outcomes if style.verbose or _is_telling(event, style)]
        for event in shown[: None if style.verbose else MOST_TREES]:
            name = escaped(f"{event.file}[{event.index}]" if len(outcomes) > 1 else event.file)
            reasons = tuple(event.reasons)
            if reasons and reasons in told and not style.verbose:
                yield f"{name}: {_verdict(event, style)}, as {told[reasons]}"
            else:
                told.setdefault(reasons, name)
                yield f"{name}: {_verdict(event, style)}"
                yield from _branches(list(_nodes(event.steps)), "", style)
        left = len(shown) - MOST_TREES
        if not style.verbose and left > 0:
            yield f"{escaped(outcomes[0].file)}: and {left} more like these"


def _is_telling(event: EventOutcome, style: Style) -> bool:
    return not event.as_expected or (event.is_unproven and not style.quiet)


def _verdict(event: EventOutcome, style: Style) -> str:
    verdict = "arrives" if event.arrives else "does not arrive"
    if event.is_unproven and not event.expected:
        verdict = "unproven"
    elif not event.expected:
        verdict += ", as expected" if event.as_expected else ", and must not"
    elif event.rehearsal is not None and event.rehearsal.unproven:
        verdict += f" as far as can be told: {escaped(event.rehearsal.unproven)}"
    if style.colour:
        return f"{_COLOURS['info'] if event.as_expected else _COLOURS['error']}{verdict}{_PLAIN}"
    return verdict


_Node = tuple[str, list[Any]]


def _nodes(way: Iterable[Step]) -> Iterator[_Node]:
    """What the steps say, in words: under each rule what became of its targets."""
    patterns: dict[str, _Node] = {}
    for step in way:
        rule = step.get("rule")
        if step["station"] == "bus":
            yield words(step), []
        elif step["station"] == "pattern":
            node: _Node = (f"rule {rule} matches", [])
            if not step["matches"]:
                node = (f"rule {rule} does not match", [(str(reason), []) for reason in step["reasons"]])
            patterns[str(rule)] = node
        elif rule in patterns:
            patterns[rule][1].append((words(step), []))
    yield from patterns.values()


def _branches(nodes: Sequence[_Node], indent: str, style: Style) -> Iterator[str]:
    fork, corner, bar = ("├─ ", "└─ ", "│  ") if style.unicode else ("|- ", "`- ", "|  ")
    for index, (said, below) in enumerate(nodes):
        last = index == len(nodes) - 1
        yield f"{indent}{corner if last else fork}{escaped(said)}"
        yield from _branches(below, indent + ("   " if last else bar), style)


def summary(report: Report) -> str:
    """The whole in one line."""
    parts = [counted(report.count("error"), "error"), counted(report.count("warning"), "warning")]
    if report.count("info"):
        parts.append(counted(report.count("info"), "note"))
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} ignored")
    wanted = [event for event in report.events if event.expected]
    if wanted:
        arriving = sum(event.arrives and not event.is_unproven for event in wanted)
        parts.append(f"{arriving} of {len(wanted)} events arrive")
        if unproven := sum(event.is_unproven for event in wanted):
            parts.append(f"{unproven} unproven")
    others = [event for event in report.events if not event.expected]
    if not report.events and report.has_nothing_to_prove:
        parts.append("nothing to prove: no rule of the template leads to a GraphQL API of its own")
    if others:
        held = sum(not event.arrives and not event.is_unproven for event in others)
        parts.append(f"{held} of {len(others)} that must not arrive do not")
    return ", ".join(parts)
