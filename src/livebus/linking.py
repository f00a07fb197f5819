"""
Puts the APIs and roles of other stacks in place where rules of one name them: lines are compiled each by itself, and run beside each
other.

In: the lines of all stacks, by the stacks' names. Out: the same, in which a target by the ARN of another line's API has that API.
EventBridge finds a target by its ARN when there is an event, so that stacks may come, change and go in any order; while none has the
API, the target is left as it was, and events fail (``flow.Line.hand_over``).
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-appsync.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from livebus.compilation import compile_target
from livebus.flow import Bus, CompiledApi, CompiledDestination, CompiledRule, CompiledTarget, Line
from livebus.template.application import Rule, Target


@dataclass(frozen=True, slots=True)
class Linked:
    """The ``lines`` by the stacks' names, and ``warnings`` of what AWS takes and what then cannot work."""

    lines: Mapping[str, Line]
    warnings: tuple[str, ...] = ()


def link(lines: Mapping[str, Line]) -> Linked:
    """
    The lines with each other's APIs and roles. One whose targets need none but its own is the same object.

    In the others an API of another stack is called ``STACK:NAME``, as in a view of several stacks.
    """
    asking = {stack for stack, line in lines.items() if _asks_others(line)}
    if not asking:
        return Linked(lines)
    linking = _Linking(lines)
    linked = {stack: linking.line(line) if stack in asking else line for stack, line in lines.items()}
    return Linked(linked, tuple(linking.warnings))


def _asks_others(line: Line) -> bool:
    return any(
        _leads_outside(target) or (target.api and target.role is not None and not target.role.logical_id)
        for rule in line.application.rules
        for target in (*rule.targets, *rule.other_targets)
    )


def _leads_outside(target: Target) -> bool:
    return target.destination is not None and bool(target.destination.graphql_api)


class _Linking:
    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._apis = {
            api.api.endpoint_arn: (f"{stack}:{logical_id}", api)
            for stack, line in lines.items()
            for logical_id, api in line.apis.items()
        }
        self._roles = {role.arn: role for line in lines.values() for role in line.application.roles}
        self.warnings: list[str] = []

    def line(self, line: Line) -> Line:
        apis = dict(line.apis)
        rules: dict[int, Rule] = {}
        buses = {}
        for name, bus in line.buses.items():
            made = [self._rule(each, line, apis) for each in bus.rules]
            rules |= {id(before.rule): after.rule for before, after in zip(bus.rules, made, strict=True)}
            buses[name] = Bus(tuple(made), bus.index)
        application = line.application
        application = replace(application, rules=tuple(rules.get(id(each), each) for each in application.rules))
        return replace(line, application=application, apis=apis, buses=buses)

    def _rule(self, compiled: CompiledRule, line: Line, apis: dict[str, CompiledApi]) -> CompiledRule:
        """The rule with what its targets ask other stacks for; ``apis`` takes the APIs that are theirs."""
        account = line.application.account
        targets = [
            self._target(compiled.rule, each, each.target, each.api, account) if self._has_role(each.target) else each
            for each in compiled.targets
        ]
        others: list[CompiledDestination] = []
        for each in compiled.others:
            arn = each.destination.graphql_api
            if arn in self._apis:
                name, api = self._apis[arn]
                apis[name] = api
                target = replace(each.target, api=name, destination=None)
                targets.append(self._target(compiled.rule, each, target, api, account))
                continue
            others.append(each)
            if arn:
                self.warnings.append(_missing(each.target, arn))
        if targets == [*compiled.targets]:
            return compiled
        rule = replace(
            compiled.rule,
            targets=tuple(each.target for each in targets),
            other_targets=tuple(each.target for each in others),
        )
        return replace(compiled, rule=rule, targets=tuple(targets), others=tuple(others))

    def _has_role(self, target: Target) -> bool:
        """Whether another stack has the role that a target names."""
        return target.role is not None and not target.role.logical_id and target.role.arn in self._roles

    def _target(
        self,
        rule: Rule,
        compiled: CompiledTarget | CompiledDestination,
        target: Target,
        api: CompiledApi,
        account: str,
    ) -> CompiledTarget:
        if target.role is not None and self._has_role(target):
            target = replace(target, role=self._roles[target.role.arn])
        made, warnings = compile_target(rule, target, compiled.transformer, api, account)
        self.warnings += warnings
        return made


def _missing(target: Target, arn: str) -> str:
    what = "go to its dead-letter queue" if target.dead_letter is not None else "are lost"
    return f"{target.place}: no stack here has the API of target {target.id!r}, {arn}: its events {what}"
