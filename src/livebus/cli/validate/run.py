"""Prove before a deploy that a template delivers its sample events, or say at which line it cannot."""

from __future__ import annotations

import gc
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.cli import flags
from livebus.cli.folder import beside
from livebus.cli.validate.arguments import close_check, command_parser, read_options
from livebus.cli.written_file import write_whole
from livebus.errors import LivebusError, Place
from livebus.stack.samconfig import DEFAULT_ENVIRONMENT
from livebus.terminal import output as terminal
from livebus.terminal.escape import json_text
from livebus.terminal.table import wrapped
from livebus.terminal.width import columns_of

if TYPE_CHECKING:
    from livebus.cdk_assembly import Source
    from livebus.checks.check import Check
    from livebus.data_source.in_memory import Ask
    from livebus.validate.report import Report
    from livebus.validate.validation import Options, Others, Validation

POLL_SECONDS = 0.5
_OF_TEMPLATES = (".yaml", ".yml", ".template.json")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return its exit code."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    if arguments.list or arguments.markdown:
        return _list(markdown=arguments.markdown)
    if arguments.explain:
        return _explain(arguments.explain)
    for_stdout = [
        *(["--json"] if arguments.json else []),
        *(f"--{name} -" for name in ("sarif", "junit") if getattr(arguments, name) == "-"),
    ]
    if len(for_stdout) > 1:
        parser.error(f"{' and '.join(for_stdout)} {'both' if len(for_stdout) == 2 else 'all'} want stdout")
    try:
        _part_templates(arguments)
        options = read_options(arguments)
        events = [*(options.events or ()), *options.undelivered]
        try:
            sources = flags.sources(arguments)
        except LivebusError:
            _demand([], events)  # `livebus validate cdk.out` before `cdk synth`: what was named is what is missed
            raise
        _demand(_named(sources, arguments), events)
        for each in (source for group in sources for source in group):
            if not isinstance(each, Path):
                flags.demand_own_names(each, arguments)
        if arguments.check_types is not None:
            from livebus.validate.type_check import TypeCheck

            options = replace(options, check_types=TypeCheck(arguments.check_types).findings)
    except LivebusError as error:
        terminal.report(error)
        return terminal.USAGE
    if not arguments.watch:
        return _validate(sources, options, arguments)[0]
    return _watch(arguments, sources, options)


def _part_templates(arguments: Namespace) -> None:
    """
    `livebus validate cdk.out` is about the templates in it: a cloud assembly of AWS CDK is no folder of events. Nor is a file in YAML
    one of events, which are JSON, nor what is called as AWS CDK calls its templates.
    """
    from livebus.files import claims_assembly

    templates = [path for path in arguments.events if path.name.endswith(_OF_TEMPLATES) or claims_assembly(path)]
    if templates:
        arguments.events = [path for path in arguments.events if path not in templates]
        typed = arguments.template if "template" in arguments.typed else None
        arguments.template, arguments.typed = [*(typed or ()), *templates], {*arguments.typed, "template"}


def _named(sources: Sequence[Sequence[Source]], arguments: Namespace) -> list[Path]:
    """The templates that were named, or are the folder's; not those that a cloud assembly names, of which it is told."""
    from livebus.cdk_assembly import assembly_of

    typed = arguments.template or ()
    paths = [each for group in sources for each in group if isinstance(each, Path)]
    return [each for each in paths if each in typed or assembly_of(each.parent) is None]


def _validate(sources: Sequence[Sequence[Source]], options: Options, arguments: Namespace) -> tuple[int, list[Path]]:
    """Validate everything and show what was found: the exit code, and the files that it depends on."""
    from livebus.validate.report import Report

    others, code, report = _cfn_lint(arguments), terminal.DONE, Report()
    read: list[Path] = []
    for group in sources:
        validations = [_validation(source, options, arguments) for source in group]
        try:
            report = report.joined(_run(validations, others, arguments))
            for each in validations if arguments.remote else ():
                report = report.joined(_compare(each, arguments))
        except LivebusError as error:
            terminal.report(error)
            code = terminal.FAILED
        for each in validations:
            read += [*each.project.read.values(), *each.project.event_folders, *options.undelivered]
    try:
        _show(report, arguments, is_whole=not code)
    except LivebusError as error:
        terminal.report(error)
        code = terminal.FAILED
    return (terminal.DONE if report.is_sound(lenient=arguments.lenient) and not code else terminal.FAILED), read


def _validation(source: Source, options: Options, arguments: Namespace) -> Validation:
    """The validation of a template, or of an application of AWS CDK; what the manifest names is told."""
    from livebus.cdk_assembly import parts_of, stack_of
    from livebus.files import relative
    from livebus.validate.project import Project
    from livebus.validate.validation import Validation

    home = beside(source)
    config_env = arguments.config_env or DEFAULT_ENVIRONMENT
    project = Project.of(source, arguments.allow_outside, samconfig=home.samconfig, config_env=config_env)
    if not isinstance(source, Path):
        region = options.region or source.region
        named = f"stacks {', '.join(each.name for each in source.stacks)}"
    else:
        stack = stack_of(source)
        region = options.region or (stack.region if stack else "")
        named = f"stack {options.stack_name or stack.name}" if stack else ""
    if named:
        shown = relative(parts_of(source).shown)
        terminal.talk(f"{shown}: {named}{f', region {region}' if region else ''} (manifest.json)")
    return Validation(project, options)


def _run(validations: Sequence[Validation], others: Others | None, arguments: Namespace) -> Report:
    """Run validations that belong together, with who runs their functions. Raises LivebusError."""
    from livebus.validate.applications import run_apart

    with ExitStack() as opened:
        for each in validations:
            ask = opened.enter_context(_functions(each.project.folder, arguments))
            each.options = replace(each.options, ask=ask)
        return run_apart(validations, others)


@contextmanager
def _functions(folder: Path, arguments: Namespace) -> Iterator[Ask | None]:
    """Who runs the template's functions: nobody, unless that is asked for."""
    if not arguments.run_functions:
        yield None
        return
    from livebus.runtime.functions.blocking import AskedFunctions

    with AskedFunctions(folder.absolute()) as functions:
        yield functions.ask


def _watch(arguments: Namespace, sources: Sequence[Sequence[Source]], options: Options) -> int:
    """Validate again after each change, until Ctrl-C. What cdk synth writes anew may have other stacks."""
    try:
        while True:
            _, read = _validate(sources, options, arguments)
            gc.collect()
            seen = _stamps(read)
            terminal.talk("waiting for changes; Ctrl-C ends it")
            while True:
                while (now := _stamps(read)) == seen:
                    time.sleep(POLL_SECONDS)
                seen = now
                try:
                    sources = flags.sources(arguments)
                    break
                except LivebusError as error:  # one that is being written, perhaps
                    terminal.report(error)
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
        from livebus.lint import CfnLint
    except ModuleNotFoundError:
        terminal.warn(f"cfn-lint is not installed, so its own rules are left out; {_how_to_install_it()}")
        return None
    return CfnLint().findings


def _how_to_install_it() -> str:
    """A clone has a Makefile for it; elsewhere it goes beside Livebus, into the environment that runs this."""
    from livebus.cli.shipped import is_clone

    return (
        "`make setup` installs it"
        if is_clone()
        else "`pip install cfn-lint`, or `pipx inject livebus cfn-lint`, adds it"
    )


def _compare(validation: Validation, arguments: Namespace) -> Report:
    """What AWS itself says otherwise. Raises LivebusError where it cannot be asked."""
    from livebus.aws.clients import ReachFlags
    from livebus.aws.second_opinion import second_opinion
    from livebus.aws.session import Session
    from livebus.validate.report import Report

    if validation.inspection is None:
        return Report()
    session = Session(
        ReachFlags(
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


def _show(report: Report, arguments: Namespace, *, is_whole: bool = True) -> None:
    from livebus.validate.report import Style, as_json, lines, summary

    if arguments.sarif:
        _write_sarif(report, arguments.sarif)
    if arguments.junit:
        from livebus.validate.junit import as_junit

        _write(as_junit(report, lenient=arguments.lenient), arguments.junit)
    # The whole before its parts.
    terminal.talk(summary(report) if is_whole else f"{summary(report)}; not all could be checked: see above")
    if is_whole and not arguments.quiet:
        for each in report.in_vain:
            terminal.talk(f"{each.origin}: {each.id} is ignored in vain: nothing of it is found")
    if arguments.json:
        terminal.json_result(as_json(report))
    elif "-" not in (arguments.sarif, arguments.junit):
        unicode = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
        style = Style(terminal.coloured(sys.stdout), unicode, arguments.verbose, arguments.quiet)
        width = columns_of(sys.stdout)
        for line in lines(report, style):
            for part in wrapped(line, width):
                terminal.result(part)


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
        _write(json_text(log) + "\n", file)


def _write(text: str, file: str) -> None:
    """Write into a file; - is stdout. Raises LivebusError."""
    if file == "-":
        for line in text.splitlines():
            terminal.result(line)
        return
    try:
        write_whole(Path(file), text)
    except OSError as error:
        raise LivebusError(f"cannot write: {error.strerror or error}", Place(file)) from None


# --- what there is to check -----------------------------------------------------------------------------------------


def _list(*, markdown: bool) -> int:
    from livebus.validate.catalogue import listing, markdown_table
    from livebus.validate.findings import LISTED

    for line in markdown_table(LISTED) if markdown else listing(LISTED, columns_of(sys.stdout)):
        terminal.result(line)
    return terminal.DONE


def _explain(check_id: str) -> int:
    from livebus.validate.catalogue import explanation
    from livebus.validate.findings import LISTED

    wanted = [check for check in LISTED if check.id == check_id.upper()] or _of_cfn_lint(check_id.upper())
    if not wanted:
        terminal.report(LivebusError(f"there is no check {check_id!r}", advice=close_check(check_id)))
        return terminal.USAGE
    for line in explanation(wanted, columns_of(sys.stdout)):
        terminal.result(line)
    return terminal.DONE


def _of_cfn_lint(check_id: str) -> list[Check]:
    try:
        from livebus.lint import cfn_lint_check
    except ModuleNotFoundError:
        return []
    found = cfn_lint_check(check_id)
    return [found] if found is not None else []


# --- arguments ------------------------------------------------------------------------------------------------------


def _demand(templates: Sequence[Path], events: Sequence[Path]) -> None:
    """Raise LivebusError for the paths that are not there; events may be folders."""
    from livebus.files import missing, missing_file

    faults = [fault for path in templates for fault in missing_file(path)]
    faults += [fault for path in events for fault in missing(path)]
    if faults:
        raise LivebusError(faults=faults)
