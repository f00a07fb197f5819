"""
One template validated: every check, what is ignored, and each sample event's way.

In: a :class:`~livebus.validate.project.Project` and :class:`Options`. Out: a :class:`~livebus.validate.report.Report`. The programs that show
it differ: ``livebus validate``, cfn-lint (``lint``), tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from livebus.checks.check import Finding
from livebus.checks.every import EVERY_CHECK
from livebus.checks.inspection import Inspection
from livebus.checks.running import run_checks
from livebus.checks.suppression import Suppression, from_pair, from_template, part
from livebus.checks.template.outside import is_left_to_unread
from livebus.data_source.in_memory import Ask
from livebus.errors import Fault, InvalidTemplate, LivebusError, Place, bounded_suggestions, told
from livebus.files import event_files, is_folder, read_bytes, relative
from livebus.flow import Attempt
from livebus.operation import Services, not_emulated
from livebus.rehearsal.samples import RefusedEntry, SampleReader, Samples
from livebus.rehearsal.stage import Stage
from livebus.sandbox import shared
from livebus.template.document import Document
from livebus.template.document import Path as TemplatePath
from livebus.template.text_places import in_source
from livebus.validate.config import Config
from livebus.validate.findings import (
    ASSEMBLY_IS_SMALL,
    ASSEMBLY_READABLE,
    CFN_LINT_RUNS,
    EVENTS_READABLE,
    IDS,
    LISTED,
    SUPPRESSION_GIVES_REASON,
    TYPES_HOLD,
)
from livebus.validate.foreign_checks import foreign_ids
from livebus.validate.project import Project
from livebus.validate.report import EventOutcome, Report

# Sample events times targets: each pair is a run of a pattern, and of a mutation where it matches.
MOST_TRIED = 40_000
# What the loader says of a template that cannot be read at all has the id of what it says of the rest.
UNREADABLE = EVERY_CHECK[0]


@dataclass(frozen=True, slots=True)
class Options:
    """
    How to validate.

    ``events`` are the event files; None means those in ``events/`` beside the template. ``undelivered`` are files or
    folders of events that must not arrive. ``now`` is the time that the events are put at. ``ask`` runs functions; None
    leaves what they decide unproven. ``check_types`` looks at the types of resolver code.
    """

    now: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)
    stack_name: str = ""
    region: str = ""
    only: tuple[str, ...] = ()
    ignore: tuple[Suppression, ...] = ()
    events: tuple[Path, ...] | None = None
    undelivered: tuple[Path, ...] = ()
    ask: Ask | None = None
    check_types: Callable[[Inspection], Sequence[Finding]] | None = None


Others = Callable[[Path], Sequence[Finding]]


@dataclass(slots=True)
class Validation:
    """
    The validation of one template, or of an application's several. ``inspection`` and ``samples`` are there after ``prepare``,
    ``stage`` after ``run``, as far as they could be made.
    """

    project: Project
    options: Options
    inspection: Inspection | None = None
    stage: Stage | None = None
    samples: Samples = field(default_factory=Samples)
    _ignore: tuple[Suppression, ...] = ()
    _refused: Report | None = None

    @property
    def services(self) -> Services:
        """What resolvers reach in a dry run: the time, ids, and event buses that take everything."""
        now, inspection = self.options.now.timestamp(), self.inspection
        call = not_emulated if inspection is None else inspection.sources(now).perform
        return Services(now, _ids(), _accepts, call, sandbox=shared())

    def run(self, others: Others | None = None, *, document: Document | None = None) -> Report:
        """
        Find everything. ``others`` adds findings of other linters for the template's path; ``document`` is the template
        where it has been read already.

        Raises LivebusError where the template is not there, or .livebus.toml is wrong.
        """
        with bounded_suggestions():
            self.prepare(document)
            return self.finish(others)

    def prepare(self, document: Document | None = None) -> None:
        """Read the template and the sample events; the first half of :meth:`run`."""
        options, project = self.options, self.project
        config = project.config()
        self._ignore = (*options.ignore, *_configured(config))
        environment = project.environment(stack_name=options.stack_name, region=options.region)
        environment = replace(environment, assumes_parameters=True)
        try:
            inspection = project.inspect(document, parameters=options.parameters, environment=environment)
        except InvalidTemplate as error:
            unreadable = [Finding(UNREADABLE, fault) for fault in error.faults]
            found, ignored = part([*unreadable, *self._of_assembly()], self._ignore, None)
            self._refused = Report([self._shown(each) for each in found], (), ignored, LISTED, asked=None)
            return
        self.inspection = inspection
        undelivered = (*config.undelivered, *options.undelivered)
        self.samples = read_samples(project, inspection, options, undelivered)

    def finish(self, others: Others | None = None) -> Report:
        """Find everything in what was read; the second half of :meth:`run`."""
        if self._refused is not None:
            return self._refused
        assert self.inspection is not None
        options, project, ignore = self.options, self.project, self._ignore
        inspection, samples = self.inspection, self.samples
        inspection.ask = options.ask
        inspection.samples = samples.samples
        found = findings(inspection, samples, only=options.only)
        if options.check_types is not None and (not options.only or TYPES_HOLD.id.startswith(options.only)):
            found += options.check_types(inspection)
        found += self._of_assembly()
        asked = [*ignore, *in_template(inspection.document)]
        found, ignored = part(found, asked, inspection.document)
        if others and any(fault.is_bound for fault in inspection.reading_faults):
            # It has no bounds of its own.
            fault = Fault("cfn-lint was left out: the template goes beyond a bound", Place(project.name))
            others, found = None, [*found, Finding(CFN_LINT_RUNS, fault)]
        others_found = [
            each
            for document in inspection.document.documents
            for each in (_amid_constructs(others(project.path_of(document.file)), document) if others else ())
        ]
        theirs, theirs_ignored = part(others_found, ignore, None)
        theirs = [each for each in theirs if not options.only or each.check.id.startswith(options.only)]
        return Report(
            # What a loop repeats stands in one place, and is told once.
            sorted(
                _without_doubles([*dict.fromkeys(self._shown(each, inspection) for each in found)], theirs), key=_order
            ),
            list(self._events(inspection, samples)),
            [*(replace(each, finding=self._shown(each.finding, inspection)) for each in ignored), *theirs_ignored],
            LISTED,
            not (inspection.lacks_stacks or any(rule.targets for rule in inspection.application.rules)),
            [each for each in asked if self._is_judged(each, others)],
        )

    def _is_judged(self, suppression: Suppression, others: Others | None) -> bool:
        """Whether all checks have run that something ignored could be about."""
        left_out = [*([] if self.options.check_types else [TYPES_HOLD.id]), *([] if others else [CFN_LINT_RUNS.id])]
        if self.options.only or any(each.startswith(suppression.id) for each in left_out):
            return False
        is_ours = any(each.startswith(suppression.id) for each in IDS)
        return bool(others) or (is_ours and not any(each.startswith(suppression.id) for each in foreign_ids()))

    def _of_assembly(self) -> list[Finding]:
        """What is wrong with the cloud assembly that the stacks are of, and what of it is not read."""
        application, only = self.project.application, self.options.only
        found = [
            Finding(ASSEMBLY_IS_SMALL if fault.is_bound else ASSEMBLY_READABLE, fault)
            for fault in (application.faults if application is not None else ())
        ]
        return [each for each in found if not only or each.check.id.startswith(only)]

    def _events(self, inspection: Inspection, samples: Samples) -> Iterator[EventOutcome]:
        template = self.project.shown(inspection.document.file)
        for entry in samples.refused:
            yield _refused(template, entry)
        services = self.services
        self.stage = Stage(inspection.compilation.line, services)
        # What the runtime does not emulate may be sound on AWS: then a failure here proves nothing.
        not_emulated = any(fault.not_emulated and not _is_beside(fault) for fault in inspection.reading_faults)
        # What checks have tried already is not tried again: each event runs the mutation once.
        made: dict[int, dict[int, Attempt]] = {}
        with suppress(Exception):  # a bug of ours, which the checks that ask for the same have told
            for tried in inspection.attempts:
                made.setdefault(id(tried.sample.event), {})[id(tried.attempt.target.target)] = tried.attempt
        for sample in samples.samples:
            fresh = replace(services, call=inspection.sources(services.now).perform)
            rehearsal = self.stage.rehearse(sample.event, fresh, made.get(id(sample.event)))
            lacking = (not_emulated or rehearsal.is_not_emulated) and not rehearsal.is_lost
            if rehearsal.matched and not rehearsal.arrives and lacking:
                known = next((each.unproven for each in rehearsal.invocations if each.unproven), "")
                unproven = known or "the local runtime does not emulate a part of its way: see the findings"
                rehearsal = replace(rehearsal, arrives=True, unproven=unproven)
            if not rehearsal.matched and is_left_to_unread(inspection, sample.event.bus):
                where = "stacks beside it" if inspection.lacks_stacks else "templates that this one nests"
                unproven = f"the rules of its bus may be in {where}, which are not read"
                rehearsal = replace(rehearsal, arrives=True, unproven=unproven)
            yield EventOutcome(template, sample.file, sample.index, sample.place, sample.expected, rehearsal)

    def _shown(self, finding: Finding, inspection: Inspection | None = None) -> Finding:
        """A finding at its place as people look for it: their name of the file, the column that an editor counts."""
        place = finding.fault.place
        if inspection is not None:
            place = in_source(inspection.document, place)
        place = replace(place, file=self.project.shown(place.file))
        return Finding(finding.check, replace(finding.fault, place=place))


# Of cfn-lint: DependsOn names what is referred to as well. AWS CDK does so, and nobody can keep it from that.
_NEEDLESS_DEPENDS_ON = "W3005"


def _amid_constructs(findings: Iterable[Finding], document: Document) -> Iterator[Finding]:
    """Other linters' findings with the constructs that they are of, but for what only the generator can change."""
    for finding in findings:
        place = finding.fault.place
        construct = document.construct(tuple(place.path.split("/")))
        if not construct:
            yield finding
        elif finding.check.id != _NEEDLESS_DEPENDS_ON:
            yield replace(finding, fault=replace(finding.fault, place=replace(place, construct=construct)))


def _is_beside(fault: Fault) -> bool:
    """Whether what is not emulated stands beside every event's way: another target, a dead-letter queue, a role, a bus, Globals."""
    steps = fault.place.path.split("/")
    return "Targets" in steps or steps[-1] == "EventBusName" or steps[0] == "Globals"


def read_samples(
    project: Project, inspection: Inspection, options: Options, undelivered: Sequence[Path] = ()
) -> Samples:
    """Read the event files, and lay the events before the inspection."""
    reader = SampleReader(inspection.application, options.now)
    expected = project.event_files() if options.events is None else options.events
    others = [file for path in undelivered for file in (event_files(path) if is_folder(path) else [path])]
    known = {path.resolve() for path in others}
    for path in (*expected, *others):
        project.read[relative(path)] = path
    awaited = [(path, True) for path in expected if path.resolve() not in known]
    for path, is_expected in [*awaited, *((path, False) for path in others)]:
        name = relative(path)
        reader.read(partial(read_bytes, path, name), name, expected=is_expected)
    result = _bounded(reader.result, inspection)
    inspection.samples = result.samples
    return result


def _bounded(samples: Samples, inspection: Inspection) -> Samples:
    """As many sample events as can be tried with every target, and a fault where there are others."""
    targets = sum(max(1, len(rule.targets)) for rule in inspection.application.rules)
    most = MOST_TRIED // max(1, targets)
    if len(samples.samples) <= most:
        return samples
    found = (
        f"there are {len(samples.samples):,} sample events for {targets:,} targets: only the first {most:,} are tried"
    )
    advice = f"A dry run invokes targets {MOST_TRIED:,} times at the most: leave some of the events out."
    fault = Fault(found, samples.samples[most].place, advice=advice, is_bound=True)
    return replace(samples, samples=samples.samples[:most], faults=(*samples.faults, fault))


def findings(inspection: Inspection, samples: Samples, *, only: Sequence[str] = ()) -> list[Finding]:
    """What all checks find, and what is wrong with the event files and with the suppressions of the template."""
    found = [Finding(EVENTS_READABLE, fault) for fault in told(samples.faults)]
    _, faults = _in_template(inspection.document)
    found += [Finding(SUPPRESSION_GIVES_REASON, fault) for fault in told(faults, inspection.document.place(()))]
    found = [finding for finding in found if not only or finding.check.id.startswith(tuple(only))]
    return [*run_checks(EVERY_CHECK, inspection, only=only), *found]


def in_template(document: Document) -> list[Suppression]:
    """What the template's Metadata asks to ignore, as far as it says why."""
    return _in_template(document)[0]


def _configured(config: Config) -> list[Suppression]:
    """What .livebus.toml asks to ignore. Raises LivebusError with everything that is wrong in it."""
    found: list[Suppression] = []
    faults: list[Fault] = []
    for check_id, reason in config.ignore:
        try:
            found.append(from_pair(check_id, reason, config.file, IDS, foreign_ids))
        except LivebusError as error:
            faults += error.faults
    if faults:
        raise LivebusError(faults=faults)
    return found


def _in_template(document: Document) -> tuple[list[Suppression], list[Fault]]:
    return from_template(document, IDS, foreign_ids)


def _without_doubles(ours: Sequence[Finding], theirs: Sequence[Finding]) -> list[Finding]:
    """All findings, but no fault of our loader where the other linter tells of an error on the same line."""
    told = {(each.fault.place.file, each.fault.place.line) for each in theirs if each.check.severity == "error"}
    kept = [
        each
        for each in ours
        if each.check is not UNREADABLE or (each.fault.place.file, each.fault.place.line) not in told
    ]
    return [*kept, *theirs]


def _value(body: Any, path: TemplatePath) -> Any:
    """What stands at a path of a template; None where nothing does."""
    for step in path:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def _order(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.fault.place
    return place.file, place.line or 0, place.column or 0, finding.check.id


def _refused(template: str, entry: RefusedEntry) -> EventOutcome:
    return EventOutcome(template, entry.file, entry.index, entry.place, entry.expected, refused=entry.refused)


def _ids() -> Callable[[], str]:
    """New ids that are the same in each run: what they look like is all that a dry run needs of them."""
    count = 0

    def new_id() -> str:
        nonlocal count
        count += 1
        return f"11111111-1111-4111-8111-{count:012x}"

    return new_id


def _accepts(bus_arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """PutEvents' answer to a resolver: all accepted. The events go nowhere in a dry run."""
    accepted = [{"EventId": f"22222222-2222-4222-8222-{index:012x}"} for index, _ in enumerate(entries)]
    return {"FailedEntryCount": 0, "Entries": accepted}
