"""Prove before a deploy that a template delivers its sample events, or say at which line it cannot."""

from __future__ import annotations

import gc
import sys
import time
from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.cli.parser import Parser
from livebus.errors import LivebusError, Place, did_you_mean
from livebus.terminal import output as terminal

if TYPE_CHECKING:
    from livebus.checks.check import Check
    from livebus.validate.report import Report
    from livebus.validate.validation import Options, Others, Validation

POLL_SECONDS = 0.5

EXAMPLES = """\
examples:
  livebus validate                                   template.yaml and the events beside it
  livebus validate --fast --watch                    again after each change, without cfn-lint
  livebus validate events/sample.json                the way of one event
  livebus validate --undelivered events/undelivered  and see that these do not arrive
  livebus validate --template cdk.out/App.template.json --template other/template.yaml
  livebus validate --ignore "W9101:another team's"   leave a finding out, and say why
  livebus validate --explain E9100                   what a check is about
  livebus validate --sarif results.sarif             for GitHub's code scanning

Without EVENT_FILE the *.json and *.ndjson files directly in events/ beside the template are tried. .livebus.toml beside the
template holds what is to last:
  [validate]
  undelivered = ["events/undelivered"]
  ignore = [{ id = "W9101", reason = "another team's" }]

stdout has the findings and each event's way (or JSON); the summary is on stderr.
exit codes: 0 no errors or warnings, and each event does what is expected of it, 1 otherwise, 2 wrong usage or files that are not there
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.list or arguments.markdown:
        return _list(markdown=arguments.markdown)
    if arguments.explain:
        return _explain(arguments.explain)
    if arguments.json and arguments.sarif == "-":
        parser.error("--json and --sarif - both want stdout")
    try:
        options = _options(arguments)
        templates = arguments.template or [_default_template()]
        _demand([*templates, *(options.events or ()), *options.undelivered])
    except LivebusError as error:
        terminal.report(error)
        return terminal.USAGE
    if not arguments.watch:
        return _validate(templates, options, arguments)[0]
    return _watch(templates, options, arguments)


def _validate(templates: Sequence[Path], options: Options, arguments: Namespace) -> tuple[int, list[Path]]:
    """Validate all templates and show what was found: the exit code, and the files that it depends on."""
    from livebus.validate.project import Project
    from livebus.validate.report import Report
    from livebus.validate.validation import Validation

    others, code, report = _cfn_lint(arguments), terminal.DONE, Report()
    read: list[Path] = []
    for template in templates:
        validation = Validation(Project(template), options)
        try:
            report = report.joined(validation.run(others))
            if arguments.remote:
                report = report.joined(_compare(validation, arguments))
        except LivebusError as error:
            terminal.report(error)
            code = terminal.FAILED
        read += validation.project.read.values()
        read += [validation.project.folder / "events", *options.undelivered]
    _show(report, arguments)
    return (terminal.DONE if report.is_sound(lenient=arguments.lenient) and not code else terminal.FAILED), read


def _watch(templates: Sequence[Path], options: Options, arguments: Namespace) -> int:
    """Validate again after each change, until Ctrl-C."""
    try:
        while True:
            _, read = _validate(templates, options, arguments)
            gc.collect()
            seen = _stamps(read)
            terminal.talk("waiting for changes; Ctrl-C ends it")
            while _stamps(read) == seen:
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return terminal.DONE


def _stamps(paths: Sequence[Path]) -> list[tuple[int, int] | None]:
    """When each file was written, and its size; None where it is not there. Folders change with what is in them."""
    stamps: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((status.st_mtime_ns, status.st_size))
    return stamps


def _cfn_lint(arguments: Namespace) -> Others | None:
    """What adds cfn-lint's own findings, unless they are not wanted or cannot be had."""
    if arguments.fast:
        return None
    try:
        from livebus.lint import cfn_lint_findings
    except ModuleNotFoundError:
        terminal.warn("cfn-lint is not installed, so its own rules are left out; `make setup` installs it")
        return None
    return cfn_lint_findings


def _compare(validation: Validation, arguments: Namespace) -> Report:
    """What AWS itself says otherwise. Raises LivebusError where it cannot be asked."""
    from livebus.aws.second_opinion import second_opinion
    from livebus.aws.session import Destination, Session
    from livebus.validate.report import Report

    if validation.inspection is None:
        return Report()
    session = Session(
        Destination(
            (validation.project.folder,),
            profile=arguments.profile or "",
            region=arguments.region or "",
            endpoint_url=arguments.endpoint_url or "",
        )
    )
    opinion = second_opinion(validation.inspection, session.client, validation.services)
    terminal.talk(f"asked AWS ({session.where}): {opinion}")
    for fault in opinion.faults:
        terminal.report(LivebusError(faults=[fault]))
    if opinion.faults and not opinion.findings:
        raise LivebusError("AWS could not be asked about everything")
    return Report(opinion.findings)


def _show(report: Report, arguments: Namespace) -> None:
    from livebus.validate.report import Style, as_json, lines, summary

    if arguments.sarif:
        _write_sarif(report, arguments.sarif)
    if arguments.json:
        terminal.json_result(as_json(report))
    elif arguments.sarif != "-":
        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        style = Style(terminal.coloured(sys.stdout), unicode, arguments.verbose, arguments.quiet)
        for line in lines(report, style):
            terminal.result(line)
    terminal.talk(summary(report))


def _write_sarif(report: Report, file: str) -> None:
    from importlib.metadata import PackageNotFoundError, version

    from livebus.validate.sarif import as_sarif

    try:
        ours = version("livebus")
    except PackageNotFoundError:
        ours = "0"
    log = as_sarif(report, ours)
    if file == "-":
        terminal.json_result(log)
    else:
        Path(file).write_text(terminal.json_text(log) + "\n", encoding="utf-8")


# --- what there is to check -----------------------------------------------------------------------------------------


def _list(*, markdown: bool) -> int:
    from livebus.validate.catalogue import listing, markdown_table
    from livebus.validate.findings import LISTED

    for line in markdown_table(LISTED) if markdown else listing(LISTED):
        terminal.result(line)
    return terminal.DONE


def _explain(check_id: str) -> int:
    from livebus.validate.catalogue import explanation
    from livebus.validate.findings import LISTED

    wanted = [check for check in LISTED if check.id == check_id.upper()] or _of_cfn_lint(check_id.upper())
    if not wanted:
        terminal.report(LivebusError(f"there is no check {check_id!r}", advice=_did_you_mean(check_id)))
        return terminal.USAGE
    for line in explanation(wanted):
        terminal.result(line)
    return terminal.DONE


def _of_cfn_lint(check_id: str) -> list[Check]:
    try:
        from livebus.lint import cfn_lint_check
    except ModuleNotFoundError:
        return []
    found = cfn_lint_check(check_id)
    return [found] if found is not None else []


def _did_you_mean(check_id: str) -> str:
    from livebus.validate.findings import IDS

    return f"{did_you_mean(check_id.upper(), IDS)} --list shows all.".lstrip()


# --- arguments ------------------------------------------------------------------------------------------------------


def _options(arguments: Namespace) -> Options:
    """Raises LivebusError for flags that say nothing that can be meant."""
    from livebus.checks.suppression import from_flag
    from livebus.validate.findings import IDS
    from livebus.validate.validation import Options

    parameters = dict(setting.partition("=")[::2] for setting in arguments.set)
    if "" in parameters or any("=" not in setting for setting in arguments.set):
        raise LivebusError("--set takes Param=Value")
    only = tuple(each.strip() for given in arguments.only for each in given.split(",") if each.strip())
    for each in only:
        if each[1:3] in ("91", "92") and not any(known.startswith(each) for known in IDS):
            raise LivebusError(f"there is no check {each!r}", Place("--only"), advice=_did_you_mean(each))
    return Options(
        now=datetime.now(UTC),
        parameters=parameters,
        stack_name=arguments.stack_name or "",
        region=arguments.region or "",
        only=only,
        ignore=tuple(from_flag(each, IDS) for each in arguments.ignore),
        events=_event_files(arguments.events),
        undelivered=tuple(arguments.undelivered),
    )


def _event_files(given: Sequence[Path]) -> tuple[Path, ...] | None:
    """The files that are given, a folder standing for those in it; None where nothing is."""
    from livebus.validate.project import event_files

    if not given:
        return None
    return tuple(file for path in given for file in (event_files(path) if path.is_dir() else [path]))


def _default_template() -> Path:
    """The template of the working directory."""
    names = ("template.yaml", "template.yml", "template.json")
    here = [Path(name) for name in names if Path(name).is_file()]
    return here[0] if here else Path("template.yaml")


def _demand(paths: Sequence[Path]) -> None:
    """Raise LivebusError for the paths that are not there."""
    from livebus.validate.project import missing

    faults = [fault for path in paths for fault in missing(path)]
    if faults:
        raise LivebusError(faults=faults)


def _parser() -> Parser:
    parser = Parser("validate", description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "events",
        nargs="*",
        type=Path,
        metavar="EVENT_FILE",
        help="files, or folders of files, of events that must arrive",
    )
    parser.add_argument(
        "--template", action="append", type=Path, metavar="T", help="a template, YAML or JSON (default: template.yaml)"
    )
    parser.add_argument(
        "--undelivered",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="a file, or a folder of files, of events that must not arrive",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="Param=Value", help="the value of a template's parameter"
    )
    parser.add_argument("--stack-name", metavar="NAME", help="AWS::StackName (default: samconfig.toml's)")
    parser.add_argument("--region", help="AWS::Region (default: samconfig.toml's)")
    what = parser.add_argument_group("what is checked")
    what.add_argument("--only", action="append", default=[], metavar="IDS", help="only these checks: E9100,W91")
    what.add_argument(
        "--ignore", action="append", default=[], metavar="ID:REASON", help="leave a check out; a reason is required"
    )
    what.add_argument("--lenient", action="store_true", help="warnings alone do not fail")
    what.add_argument("--fast", action="store_true", help="without cfn-lint's own rules")
    what.add_argument("--list", action="store_true", help="list the checks")
    what.add_argument("--markdown", action="store_true", help=SUPPRESS)
    what.add_argument("--explain", metavar="ID", help="say what a check is about, and how to leave it out")
    how = parser.add_argument_group("how it is shown")
    how.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    how.add_argument("--sarif", metavar="FILE", help="write a SARIF 2.1.0 log; - is stdout")
    how.add_argument("--verbose", action="store_true", help="show the way of every event, however many there are")
    how.add_argument("--quiet", action="store_true", help="show only what is wrong")
    how.add_argument("--watch", action="store_true", help="validate again after each change")
    remote = parser.add_argument_group("asking AWS", "Needs credentials, and sends events, patterns and code to AWS.")
    remote.add_argument(
        "--remote", action="store_true", help="let EventBridge try the patterns and AppSync the resolvers, and compare"
    )
    remote.add_argument("--profile", help="the AWS profile")
    remote.add_argument("--endpoint-url", metavar="URL", help="another endpoint for all AWS calls")
    return parser
