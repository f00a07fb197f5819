"""Lines that are run beside each other: the API or the role of one stands in for its ARN in a rule of another."""

from __future__ import annotations

from dataclasses import replace

from livebus.compilation import compile_line
from livebus.flow import Line
from livebus.linking import link
from livebus.template import Environment
from livebus.template.loading import load_application
from support.application import PROJECT

STACKS = PROJECT / "tests" / "foreign" / "assemblies" / "four-stacks"


def line_of(name: str, others: dict[str, Line]) -> Line:
    """A stack's line, compiled by itself amid what the others export."""
    applications = [each.application for each in others.values()]
    environment = Environment(
        stack_name=name,
        exports={export: value for each in applications for export, value in each.exports.items()},
        buses={bus.name: bus.arn for each in applications for bus in each.buses if bus.logical_id},
    )
    file = f"{name}.template.json"
    text = (STACKS / file).read_text(encoding="utf-8")
    return compile_line(load_application(text, file=file, read_file=str, environment=environment))


def four_lines() -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for name in ("Bus", "Users", "Api", "Rules"):
        lines[name] = line_of(name, lines)
    return lines


def test_the_api_of_another_line_is_put_in_place() -> None:
    """In the compiled rule and in the application's; who gave nothing to do is the same line as before."""
    lines = four_lines()
    (before,) = lines["Rules"].application.rules
    assert ([each.id for each in before.targets], [each.id for each in before.other_targets]) == ([], ["Target0"])

    linked = link(lines)
    (rule,) = linked.lines["Rules"].application.rules
    assert ([each.id for each in rule.targets], rule.other_targets) == (["Target0"], ())
    (compiled,) = linked.lines["Rules"].compiled_rules(rule.bus)
    assert compiled.rule is rule
    assert [each.target for each in compiled.every_target] == [*rule.targets]
    assert compiled.targets[0].api is linked.lines["Rules"].apis["Api:Api"] is lines["Api"].apis["Api"]
    assert linked.warnings == ()
    assert [name for name in lines if linked.lines[name] is not lines[name]] == ["Rules"]


def test_lines_that_need_nothing_of_each_other_are_left_alone() -> None:
    """No line is made anew for nothing: it is done at each change of any stack."""
    lines = four_lines()
    del lines["Rules"]
    assert link(lines).lines is lines


def test_while_no_line_has_the_api_the_target_is_left() -> None:
    """Once it has gone as before it came; that events fail is said, and what becomes of them."""
    lines = four_lines()
    del lines["Api"]
    linked = link(lines)
    assert linked.lines["Rules"].application.rules == lines["Rules"].application.rules
    (warning,) = linked.warnings
    assert warning.endswith(": its events go to its dead-letter queue")
    assert warning.startswith("Rules.template.json:")

    rules = lines["Rules"]
    (bus,) = [name for name in rules.buses if rules.compiled_rules(name)]
    (compiled,) = rules.compiled_rules(bus)
    without = replace(compiled.others[0], target=replace(compiled.others[0].target, dead_letter=None))
    changed = replace(rules.buses[bus], rules=(replace(compiled, others=(without,)),))
    (warning,) = link({"Rules": replace(rules, buses={bus: changed})}).warnings
    assert warning.endswith(": its events are lost")
