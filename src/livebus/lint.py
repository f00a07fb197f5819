"""
The checks as rules of cfn-lint, one for each id: ``cfn-lint -a livebus.lint``. And the other way round.

In: cfn-lint's Template. Out: its Matches, each at its own place, in the schema, resolver and event files too. The other way:
what cfn-lint itself finds in a template, as our findings. Only this module imports cfnlint.
https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/getting_started/rules.md
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from cfnlint.match import Match
from cfnlint.rules import CloudFormationLintRule, RuleMatch

from livebus.checks.check import Check, Finding
from livebus.checks.suppression import Owners
from livebus.errors import Fault, LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, Root, read_bytes, relative
from livebus.numerals import MAX_INDEX, whole
from livebus.template.document import Document
from livebus.template.document import Path as TemplatePath
from livebus.validate.findings import CFN_LINT_RUNS, EVENT_ARRIVES, LISTED, found_elsewhere
from livebus.validate.project import Project
from livebus.validate.report import Report, message
from livebus.validate.validation import Options, Validation

_RULES_PAGE = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"

# Makes a match: it has to name the rule that it is of.
Maker = Callable[[CloudFormationLintRule], Match]


class _State:
    """
    What rules share: the template that was looked at last, with its report; whether they are to say nothing.

    ``loading`` is the first instance of each rule that no run has begun for. cfn-lint ends with a traceback when a rule is
    registered twice, which two ``append_rules`` do that lead here: the second instance takes no part.
    """

    template: Any = None
    matches: Mapping[str, list[Maker]] = MappingProxyType({})
    silent = False
    loading: ClassVar[weakref.WeakValueDictionary[str, CloudFormationLintRule]] = weakref.WeakValueDictionary()


class LivebusRule(CloudFormationLintRule):  # type: ignore[misc]
    """The rule of one check. Without an id, as here, cfn-lint leaves it out."""

    check: Check | None = None

    def __init__(self) -> None:
        super().__init__()
        if self.check is not None:
            if self.check.id in _State.loading:
                self.id = ""
            else:
                _State.loading[self.check.id] = self

    def initialize(self, cfn: Any) -> None:  # noqa: ARG002 - cfn-lint's signature
        _State.loading.clear()

    def matchall(self, filename: str | None, cfn: Any) -> Iterator[Match]:
        """All that the check finds, in whichever file."""
        if not _State.silent:
            if _State.template is not cfn:
                _State.template, _State.matches = cfn, _matches(filename, cfn)
            for make in _State.matches.get(self.id, ()):
                yield make(self)


def _matches(filename: str | None, cfn: Any) -> Mapping[str, list[Maker]]:
    """What is found in a template, by id, as makers of matches: a match names its rule."""
    project = Project(Path(filename) if filename else Path("template"))
    validation = Validation(project, Options(now=datetime.now(UTC)))
    try:
        report = validation.run(document=None if filename else document_of(cfn.template, ""))
    except LivebusError as error:
        report = Report([Finding(LISTED[0], fault) for fault in error.faults])
    found = list(report.findings)
    if not report.count("error"):
        found += [Finding(EVENT_ARRIVES, event.fault) for event in report.events if not event.as_expected]
    owners = Owners(validation.inspection.document) if validation.inspection is not None else None
    made: dict[str, list[Maker]] = {}
    for finding in found:
        made.setdefault(finding.check.id, []).append(_maker(finding, filename, owners))
    return made


def _maker(finding: Finding, filename: str | None, owners: Owners | None) -> Maker:
    fault, place = finding.fault, finding.fault.place
    in_template = not place.file or (bool(filename) and place.file == relative(Path(str(filename))))
    owner = owners.of(place) if owners is not None else None
    # cfn-lint's own suppression goes by the path's first two steps: what lies in another file counts for its resource.
    path: list[str | int] = [
        step if (index := whole(step, MAX_INDEX)) is None else index for step in place.path.split("/")
    ]
    if (path[0] != "Resources" or len(path) < 2) and owner is not None:
        path = ["Resources", owner]
    text = message(fault)

    def make(rule: CloudFormationLintRule) -> Match:
        return Match.create(
            message=text,
            filename=filename if in_template else place.file,
            rule=rule,
            linenumber=place.line,
            columnnumber=place.column,
            rulematch_obj=RuleMatch(path, text),
        )

    return make


def rules() -> dict[str, type[LivebusRule]]:
    """A class for each id, by the class's name, for the module that cfn-lint is told of."""
    checks = {check.id: check for check in LISTED}
    return {f"Livebus{check.id}": _rule(check) for check in checks.values()}


def _rule(check: Check) -> type[LivebusRule]:
    members = {
        "__module__": __name__,
        "__doc__": check.summary,
        "check": check,
        "id": check.id,
        "shortdesc": check.summary,
        "description": check.why,
        "source_url": check.source,
        "tags": ["livebus", "events", "appsync"],
    }
    return type(f"Livebus{check.id}", (LivebusRule,), members)


globals().update(rules())


# --- a template that is only there as cfn-lint's nodes ---------------------------------------------------------------


def document_of(template: Mapping[str, Any], file: str) -> Document:
    """cfn-lint's decoded template as our Document: from stdin and from SAM CLI it comes without its text."""
    places: dict[TemplatePath, tuple[int, int]] = {}
    return Document(_plain(template, (), places), file, places)


def _plain(value: Any, path: TemplatePath, places: dict[TemplatePath, tuple[int, int]]) -> Any:
    if isinstance(value, dict):
        members = {}
        for key, item in value.items():
            below = (*path, str(key))
            start = _text_start(item) if isinstance(item, str) else None
            start = start or _start(key)
            if start is not None:
                places[below] = start
            members[str(key)] = _plain(item, below, places)
        return members
    if isinstance(value, list):
        items = []
        for index, item in enumerate(value):
            below = (*path, index)
            start = _text_start(item) if isinstance(item, str) else _start(item)
            if start is not None:
                places[below] = start
            items.append(_plain(item, below, places))
        return items
    if isinstance(value, str) or value is None or isinstance(value, bool | int | float):
        return str(value) if isinstance(value, str) else value
    return str(value)


def _start(node: Any) -> tuple[int, int] | None:
    mark = getattr(node, "start_mark", None)
    return (mark.line + 1, mark.column + 1) if mark is not None else None


def _text_start(node: Any) -> tuple[int, int] | None:
    """Where a text begins. That of a block scalar (``|``) spans a line for each of its own, below its mark."""
    start, end = getattr(node, "start_mark", None), getattr(node, "end_mark", None)
    if start is None or end is None:
        return None
    if "\n" in node and end.line - start.line > node.rstrip("\n").count("\n"):
        return start.line + 2, 1
    return start.line + 1, start.column + 1


# --- what cfn-lint finds --------------------------------------------------------------------------------------------


@contextmanager
def _silence() -> Iterator[None]:
    _State.silent = True
    try:
        yield
    finally:
        _State.silent = False


@contextmanager
def _bounded_reads(template: Path) -> Iterator[None]:
    """
    Let cfn-lint read what Livebus would: its E3043 opens whatever a TemplateURL names, a device that has no end, a pipe that waits.

    What lies elsewhere, or is no regular file, it takes for one that cannot be read, and says nothing about it.
    """
    from cfnlint.decode import cfn_json, cfn_yaml

    root = Root.around(template)
    loads = [(module, module.load) for module in (cfn_json, cfn_yaml)]

    def bounded(load: Callable[[str], Any]) -> Callable[[str], Any]:
        known: dict[str, Any] = {}

        def read(filename: str) -> Any:
            path = Path(filename)
            # The user names the template, and cfn-lint its own configuration: both may lie anywhere.
            if path == template or path.name.startswith(".cfnlintrc"):
                return load(filename)
            if filename not in known:
                root.demand(path, filename)
                read_bytes(path, filename, most=MAX_SETTINGS_BYTES)  # a template has no more, says CloudFormation
                try:
                    known[filename] = load(filename)
                except Exception as error:  # noqa: BLE001 - it is cfn-lint's, and raised again
                    known[filename] = error
            if isinstance(known[filename], Exception):
                raise known[filename]
            return known[filename]

        return read

    try:
        for module, load in loads:
            module.load = bounded(load)
        yield
    finally:
        for module, load in loads:
            module.load = load


class CfnLint:
    """
    cfn-lint in one run: its rules are read once, which costs as much as twenty small templates, and no template is looked at twice,
    as that of a stack which is around several stages.
    """

    def __init__(self) -> None:
        self._runner: Any = None
        self._found: dict[Path, list[Finding]] = {}

    def findings(self, template: Path) -> list[Finding]:
        """What cfn-lint finds by itself, with the configuration that it reads (.cfnlintrc in the working directory)."""
        if template not in self._found:
            self._found[template] = self._looked_at(template)
        return self._found[template]

    def _looked_at(self, template: Path) -> list[Finding]:
        try:
            with _silence(), _bounded_reads(template):
                matches = self._matches(template)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a template, a configuration, somebody's rule does
            fault = Fault(f"cfn-lint broke: {type(error).__name__}: {error}", Place(relative(template), 1, 1))
            return [Finding(CFN_LINT_RUNS, fault)]
        return [_finding(match, template) for match in matches if not _is_blind(match)]

    def _matches(self, template: Path) -> list[Match]:
        """As cfn-lint's own ``lint_file``, but for the rules; each run sets them up anew for its template, as of several files."""
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import Runner

        config = ConfigMixIn(["--template", str(template)])
        if self._runner is None:
            self._runner = Runner(config)
        self._runner.config = config
        return list(self._runner.run())


# cfn-lint 1.54 and later know no attribute of AWS::Serverless::GraphQLApi, and so refuse every GetAtt on it.
_ATTRIBUTE_RULES = frozenset({"E1010", "E1019", "E6101"})


def _is_blind(match: Match) -> bool:
    """Whether cfn-lint refuses an attribute only because it knows none of that type: E9100 judges those."""
    return match.rule.id in _ATTRIBUTE_RULES and "is not one of []" in match.message


def cfn_lint_check(check_id: str) -> Check | None:
    """The description of one of cfn-lint's own rules; None where it has none of this id."""
    import cfnlint.rules

    with _silence():
        found = cfnlint.rules.Rules.create_from_directory(str(Path(cfnlint.rules.__file__).parent)).get(check_id)
    return _check(found) if found is not None else None


def _check(rule: Any) -> Check:
    return Check(rule.id, rule.shortdesc, rule.description, rule.source_url or _RULES_PAGE, found_elsewhere)


def _finding(match: Match, template: Path) -> Finding:
    path = "/".join(map(str, getattr(match, "path", None) or ()))
    file = relative(Path(match.filename or template))
    return Finding(
        _check(match.rule), Fault(str(match.message), Place(file, match.linenumber, match.columnnumber, path))
    )
