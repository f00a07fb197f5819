"""
Checks of the sample events: that a rule matches each, and that the mutation succeeds with it.

In: an inspection with samples; without any there is nothing to find. Out: faults at the sample, which name the nearest
rule with its line and each of its conditions that the sample does not meet.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection, Sample, SampleAttempt
from livebus.checks.template.outside import is_left_to_unread
from livebus.data_source.in_memory import is_unproven
from livebus.errors import Fault, Place, did_you_mean
from livebus.template.application import ResolverConfig, Rule
from livebus.template.event_patterns import written_patterns
from livebus.template.values import is_opaque

CHECKS = Checks()

_REASONS_SHOWN = 5
_PATH = re.compile(r"(?:.*: )?\$\.([A-Za-z0-9_.\-]+): ")


@CHECKS.add(
    "E9190",
    "A rule matches each sample event",
    why="PutEvents answers that all is well, and the event is gone: no rule matched, so nothing is retried or kept.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
)
def _is_matched(inspection: Inspection) -> Iterator[Fault]:
    missed: dict[tuple[str, ...], list[Sample]] = {}
    for sample in inspection.samples:
        reason = _unmatched(inspection, sample) if sample.expected else None
        if reason is not None:
            missed.setdefault(reason, []).append(sample)
    for (found, advice), samples in missed.items():
        more = f" ({len(samples) - 1} more such)" if len(samples) > 1 else ""
        yield Fault(f"{_of(samples[0])} {found}{more}", samples[0].place, advice=advice)


def _unmatched(inspection: Inspection, sample: Sample) -> tuple[str, str] | None:
    """Why no rule matches, and what to do; None where one does, or where that cannot be told."""
    application, bus = inspection.application, sample.event.bus
    rules = [rule for rule in application.rules if inspection.is_on(sample, rule) and rule.event_pattern is not None]
    if any(rule.logical_id not in inspection.patterns or is_opaque(rule.event_pattern) for rule in rules):
        return None  # what a pattern would match that cannot be read, or not before a deploy, nobody knows
    if any(is_opaque(rule.bus) for rule in application.rules):
        return None  # that may be the event's bus
    if is_left_to_unread(inspection, bus):
        return None
    verdicts = [(rule, _reasons(inspection, rule, sample)) for rule in rules]
    if not all(reasons for _, reasons in verdicts):
        return None  # by a disabled rule, perhaps, which is told as such
    if not rules and any(rule.bus_refused for rule in application.rules):
        return None  # it waits where no event can get to, which is told as such
    if not rules:
        names = [each.name for each in application.buses]
        if bus not in names:
            return f"is for the bus {bus!r}, which the template has not", did_you_mean(bus, names)
        others = any(each.bus != bus for each in application.rules)
        advice = (
            "Leave EventBusName out, or add a rule." if others else "Add a rule, or name the template that has one."
        )
        return f"is for the bus {bus!r}, on which there is no rule", advice
    rule, reasons = min(verdicts, key=lambda verdict: len(verdict[1]))
    more = f"; and {len(reasons) - _REASONS_SHOWN} more" if len(reasons) > _REASONS_SHOWN else ""
    which = "the rule" if len(rules) == 1 else "the nearest rule"
    where = _line(_condition_place(inspection, rule, reasons[0]))
    told = "; ".join(reasons[:_REASONS_SHOWN])
    return f"is matched by no rule; {which} {rule.logical_id!r} ({where}) says: {told}{more}", ""


def _reasons(inspection: Inspection, rule: Rule, sample: Sample) -> list[str]:
    return inspection.patterns[rule.logical_id].explain(sample.event.envelope)


def _condition_place(inspection: Inspection, rule: Rule, reason: str) -> Place:
    """Where the condition stands that a reason speaks of, as far as it can be found; else the pattern."""
    path = _PATH.match(reason)
    for pattern in written_patterns(inspection.resources):
        if pattern.resource.logical_id == rule.logical_id and path is not None:
            value, steps = pattern.value, []
            for step in path[1].split("."):
                if not isinstance(value, Mapping) or step not in value:
                    break
                value = value[step]
                steps.append(step)
            return pattern.place(*steps)
    return rule.pattern_place


@CHECKS.add(
    "E9191",
    "The mutation succeeds with each sample event",
    why="AppSync answers an error inside an HTTP 200: nothing is retried, and subscribers receive nothing, or less.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html",
)
def _succeeds(inspection: Inspection) -> Iterator[Fault]:
    if inspection.compilation.errors or inspection.reading_faults:
        return  # told as such; what follows from it is not told again
    attempts: dict[tuple[str, str], list[SampleAttempt]] = {}
    for rehearsed in inspection.attempts:
        key = (rehearsed.rule.logical_id, rehearsed.attempt.target.target.id)
        attempts.setdefault(key, []).append(rehearsed)
    for each in attempts.values():
        yield from _failures(each)


def _failures(attempts: Sequence[SampleAttempt]) -> Iterator[Fault]:
    """The faults of one target: at the resolver where all samples fail there, else at the samples."""
    # Where a function was not run, what comes of its answer is not known.
    attempts = [each for each in attempts if not any(is_unproven(called.answer) for called in each.attempt.calls)]
    failed = [(each, error) for each in attempts if (error := _first_error(each)) is not None]
    for rehearsed, error in failed[:1] if len(failed) == len(attempts) else failed:
        resolver = _resolver(rehearsed, error)
        assert resolver is not None
        message = error.get("message")
        way = ".".join(map(str, error["path"]))
        found = f"{_of(rehearsed.sample)} ends in an error of {way!r}: {message}"
        place = resolver.place if len(failed) == len(attempts) else rehearsed.sample.place
        advice = f"See the resolver {resolver.logical_id!r} ({resolver.code_file or _line(resolver.place)})."
        yield Fault(found, place, advice=advice)


def _first_error(rehearsed: SampleAttempt) -> Mapping[str, Any] | None:
    """The first error of running the mutation's resolver. Access and variables are other checks' concerns."""
    response = rehearsed.attempt.response
    for error in response.errors if response is not None else ():
        if error.get("path") and error.get("errorType") != "Unauthorized" and _resolver(rehearsed, error):
            return error
    return None


def _resolver(rehearsed: SampleAttempt, error: Mapping[str, Any]) -> ResolverConfig | None:
    """The resolver of the root field at which an error arose. A field without one is another check's concern."""
    root = str(error["path"][0])
    api = rehearsed.attempt.target.api
    mutation = api.schema.graphql.mutation_type
    for config in api.api.resolvers:
        if mutation is not None and (config.type_name, config.field_name) == (mutation.name, root):
            return config
    return None


def _of(sample: Sample) -> str:
    return f"the sample event {sample.file}[{sample.index}]" if sample.index else f"the sample event {sample.file}"


def _line(place: Place) -> str:
    return f"{place.file}:{place.line}"
