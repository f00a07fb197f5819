"""
The dry run: each event's way by the same functions that carry it for real, and what would come of it.

In: a compiled line, events, the time and ids as Services. Out: a :class:`Rehearsal` for each event: whether it arrives, and
every station's word on it. Who is really subscribed hears nothing; default subscribers stand in (``audience``).
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-appsync.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from livebus import steps
from livebus.caller import Mode
from livebus.data_source.in_memory import is_unproven
from livebus.errors import did_you_mean, listed
from livebus.event.envelope import Event
from livebus.flow import Attempt, CompiledRule, CompiledTarget, Line, publish
from livebus.operation import Services
from livebus.rehearsal.audience import MOST_TRIED, PREFERRED, Audience, Heard
from livebus.retry_policy import INVALID_JSON, NO_PERMISSIONS
from livebus.steps import Step
from livebus.template.application import Rule, Target
from livebus.template.imports import is_elsewhere
from livebus.template.values import is_opaque


@dataclass(frozen=True, slots=True)
class RehearsedTarget:
    """
    One target of one matching rule. ``attempt`` is None where the target could not be compiled; ``reason`` says why.

    ``receptions`` are what the default subscribers of the linked subscription fields receive.
    """

    rule: Rule
    target: Target
    attempt: Attempt | None
    receptions: tuple[Heard, ...] = ()
    reason: str = ""

    @property
    def arrives(self) -> bool:
        return any(reception.arrives for reception in self.receptions)

    @property
    def unproven(self) -> str:
        """
        Why nothing is known of the mutation's outcome: a data source that nobody could ask, or a role that need not trust a rule
        whose name is not known. Empty where there is none.
        """
        failure = self.attempt.failure if self.attempt is not None else None
        if failure is not None and failure.code == NO_PERMISSIONS and is_opaque(self.rule.arn):
            return f"whether the role takes rule {self.rule.logical_id!r}, whose name is only known where it is deployed, is not known"
        calls = self.attempt.calls if self.attempt is not None else ()
        return next(
            (str(each.answer.error["message"]) for each in calls if each.answer.error and is_unproven(each.answer)), ""
        )

    @property
    def is_lost(self) -> bool:
        """Whether nothing is handed to the API at all: what the template makes of the event is no JSON."""
        failure = self.attempt.failure if self.attempt is not None else None
        return failure is not None and failure.code == INVALID_JSON

    @property
    def is_not_emulated(self) -> bool:
        """Whether the mutation failed for nothing else than what the local runtime lacks."""
        if self.unproven:
            return True
        response = self.attempt.response if self.attempt is not None else None
        return response is not None and any(each.get("errorType") == "NotEmulated" for each in response.errors)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """
    What comes of one event. It arrives where every target of every matching rule brings it to a subscriber.

    ``unproven`` says what this template cannot tell, because it lies outside of it or is not emulated; then nothing that
    is known keeps the event from arriving.
    """

    event: Event
    arrives: bool
    matched: tuple[Rule, ...]
    invocations: tuple[RehearsedTarget, ...]
    unproven: str
    _line: Line

    @property
    def steps(self) -> list[Step]:
        """Every station's word, as JSON. Made when asked for: reasons cost more than verdicts."""
        return [*self._bus(), *self._patterns(), *(step for each in self.invocations for step in _invoked(each))]

    @property
    def is_not_emulated(self) -> bool:
        """Whether what keeps the event from arriving is something that the local runtime lacks."""
        return any(each.is_not_emulated for each in self.invocations)

    @property
    def is_lost(self) -> bool:
        """Whether a target gets nothing of the event, whatever else the local runtime lacks."""
        return any(each.is_lost for each in self.invocations)

    @property
    def reasons(self) -> list[str]:
        """Why the event does not arrive, in words; empty where it does."""
        return [] if self.arrives else list(steps.reasons(self.steps))

    def _bus(self) -> Iterator[Step]:
        bus, buses = self.event.bus, [known.name for known in self._line.application.buses]
        dropped = ""
        if not self._line.has_bus(bus) and not self.unproven:
            advice = did_you_mean(bus, buses) or f"There are: {listed(buses)}."
            dropped = f"there is no event bus {bus!r}. {advice} AWS accepts the event and drops it in silence"
        yield steps.accepted(self.event, dropped)

    def _patterns(self) -> Iterator[Step]:
        compiled = {each.rule.logical_id: each for each in self._line.compiled_rules(self.event.bus)}
        for rule in self._line.application.rules:
            if (rule.bus != self.event.bus and not rule.bus_refused) or rule.event_pattern is None:
                continue
            found = compiled.get(rule.logical_id)
            if any(rule is each for each in self.matched):
                reasons: list[str] = []
            elif rule.bus_refused:
                reasons = [f"AWS refuses the rule for its bus {rule.bus!r}: see the findings"]
            elif found is not None:
                reasons = found.pattern.explain(self.event.envelope)
            elif not rule.enabled:
                reasons = ["the rule is DISABLED"]
            else:
                reasons = ["the rule's event pattern is not valid"]
            yield steps.judged(rule.name, reasons)


class Stage:
    """
    A line made ready for rehearsals: its targets lead to APIs whose subscribers are the default ones.

    To be made once for many events. They are of the modes that are ``preferred``, as an :class:`Audience` has it.
    """

    def __init__(self, line: Line, services: Services, preferred: Sequence[Mode] = PREFERRED) -> None:
        self.line = line
        self.audiences = {name: Audience(api, services, preferred) for name, api in line.apis.items()}
        self._targets: dict[int, tuple[CompiledTarget, Audience]] = {}
        names = [*(bus.name for bus in line.application.buses), *line.application.outside_buses]
        for name in names:
            for compiled in line.compiled_rules(name):
                for target in compiled.targets:
                    audience = self.audiences[target.target.api]
                    self._targets[id(target.target)] = replace(target, api=audience.api), audience

    def rehearse(self, event: Event, services: Services, attempts: Mapping[int, Attempt] | None = None) -> Rehearsal:
        """
        The way of one event.

        ``attempts`` are those that were made with it already, by the ``id`` of their Target; they are not made again.
        """
        line = self.line
        rules = line.rules_for(event)
        invocations: list[RehearsedTarget] = []
        unproven = ""
        for rule in rules:
            if not rule.rule.targets and not rule.rule.function_targets and not rule.rule.other_targets:
                unproven = f"the targets of rule {rule.rule.name!r} are not in this template"
            for target in rule.rule.targets:
                made = attempts.get(id(target)) if attempts else None
                invocations.append(self._invoke(event, rule, target, services, made))
        invoked = [target.function for rule in rules for target in rule.rule.function_targets]
        if invoked and not invocations:
            # Beside a mutation that arrives a function takes nothing from the proof.
            unproven = f"the dry run runs no functions, and the event goes to {', '.join(map(repr, invoked))} only"
        elsewhere = [each.arn for rule in rules for each in rule.rule.other_targets]
        if elsewhere and not invocations and not invoked:
            unproven = (
                f"the dry run follows events to GraphQL APIs of this template, and this one goes to {elsewhere[0]} only"
            )
        if is_elsewhere(event.bus) and rules:
            unproven = f"the bus of rule {rules[0].rule.name!r} is another stack's, and only known where it is deployed"
        if not rules and not unproven:
            unproven = unknown_pattern(event, line.application.rules)
        arrives = all(each.arrives for each in invocations) if invocations else bool(unproven)
        return Rehearsal(event, arrives, tuple(rule.rule for rule in rules), tuple(invocations), unproven, line)

    def fed_by(self, invocation: RehearsedTarget) -> set[str]:
        """The subscription fields that hear of what an invocation's mutations answer, whatever that is."""
        response = invocation.attempt.response if invocation.attempt is not None else None
        if response is None:
            return set()
        asked = {*(response.data or {}), *(each["path"][0] for each in response.errors if each.get("path"))}
        links = self.audiences[invocation.target.api].api.schema.links
        return {field for name in asked for field in links.get(str(name), ())}

    def _invoke(
        self, event: Event, rule: CompiledRule, target: Target, services: Services, made: Attempt | None
    ) -> RehearsedTarget:
        found = self._targets.get(id(target))
        if found is None:
            reason = "its input, its API's schema or the API itself is not valid: see the findings"
            return RehearsedTarget(rule.rule, target, None, reason=reason)
        compiled, audience = found
        if made is None:
            try:
                attempt = self.line.attempt(event, compiled, services)
            except Exception as error:  # noqa: BLE001 - a bug of ours, told as such; the other events go on
                return RehearsedTarget(
                    rule.rule, target, None, reason=f"Livebus broke: {type(error).__name__}: {error}"
                )
        elif made.response is None or made.failure is not None:
            attempt = made
        else:
            attempt = replace(made, published=publish(audience.api, made.response))
        return RehearsedTarget(rule.rule, target, attempt, tuple(_receptions(attempt, audience, services)))


def rehearse(line: Line, event: Event, *, services: Services) -> Rehearsal:
    """The way of one event. For many events of one line a :class:`Stage` is set up once."""
    return Stage(line, services).rehearse(event, services)


def unknown_pattern(event: Event, rules: Iterable[Rule]) -> str:
    """Why no rule that is known matches an event, where one may that hangs on what is only known after a deploy."""
    for rule in rules:
        if is_opaque(rule.bus) or (rule.bus == event.bus and is_opaque(rule.event_pattern)):
            return f"what rule {rule.name!r} matches is only known where it is deployed"
    return ""


def _receptions(attempt: Attempt, audience: Audience, services: Services) -> Iterator[Heard]:
    if attempt.response is None:
        return
    deliveries = iter(attempt.published.deliveries)
    for publication in attempt.response.publications:
        fields = audience.api.schema.links.get(publication.mutation, ())
        for field in fields:
            _, found = next(deliveries)
            if audience.tries(field):
                yield audience.receive(field, publication, found, services)
        if untried := [field for field in fields if not audience.tries(field)]:
            reason = f"not tried, as {len(untried):,} of the mutation's fields: a dry run subscribes to {MOST_TRIED:,}"
            yield Heard(untried[0], None, None, reason)


# --- steps ----------------------------------------------------------------------------------------------------------


def _invoked(invocation: RehearsedTarget) -> Iterator[Step]:
    attempt, rule, target = invocation.attempt, invocation.rule.name, invocation.target.id
    if attempt is None:
        yield steps.unreached(rule, target, invocation.reason)
        return
    yield from steps.attempted(rule, attempt)
    where = {"rule": rule, "target": target}
    if attempt.failure is None and not invocation.receptions:
        yield {"station": "subscription", **where, "field": None, "reason": _unpublished(attempt)}
    for reception in invocation.receptions:
        yield _reception_step(where, reception)


def _unpublished(attempt: Attempt) -> str:
    response = attempt.response
    if response is None or not response.publications:
        return "nothing was published, as the mutation failed"
    names = ", ".join(publication.mutation for publication in response.publications)
    return f"no subscription field names the mutation {names} in @aws_subscribe"


def _reception_step(where: dict[str, str], reception: Heard) -> Step:
    step: Step = {"station": "subscription", **where, "field": reception.field}
    if reception.subscriber is not None:
        step["subscriber"] = {
            "mode": reception.subscriber.caller.mode,
            "groups": sorted(reception.subscriber.caller.groups),
            "query": reception.subscriber.query,
            "arguments": dict(reception.arguments or {}),
        }
    step["received"] = orjson.loads(reception.payload) if reception.payload is not None else None
    if reception.reason:
        step["reason"] = reception.reason
    if reception.unselected:
        step["unselected"] = list(reception.unselected)
    return step
