"""
Sample events of several applications that one cloud assembly has: each event is tried where it belongs.

In: validations that are prepared, of the stages, accounts or regions of one assembly. Out: the same, each with the samples that it
is to carry. What is deployed apart is proved apart: an event is for every application that has a rule for it, and if none has,
for the first that leads anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from livebus.checks.inspection import Inspection, Sample
from livebus.errors import bounded_suggestions
from livebus.rehearsal.samples import Samples
from livebus.template.values import is_opaque
from livebus.validate.report import Report
from livebus.validate.validation import Others, Validation


def run_apart(validations: Sequence[Validation], others: Others | None = None) -> Report:
    """
    Validate the applications of one assembly, each with the events that are for it. ``others`` as :meth:`Validation.run` has it.

    Raises LivebusError as that does.
    """
    report = Report()
    with bounded_suggestions():
        for each in validations:
            each.prepare()
        share_samples(validations)
        for each in validations:
            report = report.joined(each.finish(others))
    # A stack that is around several stages is told of once.
    return replace(report, findings=list(dict.fromkeys(report.findings)))


def share_samples(validations: Sequence[Validation]) -> None:
    """Leave each application the samples that are for it. What is wrong with an event file is told once."""
    read = [each for each in validations if each.inspection is not None]
    if len(read) < 2:
        return
    wanted = {_key(sample) for each in read for sample in each.samples.samples if _is_for(each.inspection, sample)}
    main = next((each for each in read if each.inspection and _leads_anywhere(each.inspection)), read[0])
    for each in read:
        kept = [
            sample
            for sample in each.samples.samples
            if _is_for(each.inspection, sample) or (each is main and _key(sample) not in wanted)
        ]
        others = each.samples if each is main else Samples()
        each.samples = replace(others, samples=tuple(kept))


def _key(sample: Sample) -> tuple[str, int]:
    return sample.file, sample.index


def _is_for(inspection: Inspection | None, sample: Sample) -> bool:
    """Whether an application has a rule that matches, or may match where that is only known after a deploy."""
    if inspection is None:
        return False
    rules = inspection.application.rules
    return bool(inspection.compilation.line.rules_for(sample.event)) or any(
        is_opaque(rule.bus) or (rule.bus == sample.event.bus and is_opaque(rule.event_pattern)) for rule in rules
    )


def _leads_anywhere(inspection: Inspection) -> bool:
    return any(rule.targets for rule in inspection.application.rules)
