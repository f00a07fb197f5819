"""
The arguments of ``livebus validate``.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.errors import LivebusError, Place, did_you_mean
from livebus.files import is_folder

if TYPE_CHECKING:
    from livebus.validate.validation import Options

ABOUT = "Prove before a deploy that a template delivers its sample events, or say at which line it cannot."
EXAMPLES = """\
examples:
  livebus validate                                   template.yaml and the events beside it
  livebus validate --fast --watch                    again after each change, without cfn-lint
  livebus validate --verbose events/sample.json      the way of one event, though it arrives
  livebus validate --undelivered events/undelivered  and see that these do not arrive
  livebus validate --template cdk.out/App.template.json --template other/template.yaml
  livebus validate cdk.out                           every stack of a CDK application
  livebus validate --ignore "W9101:another team's"   leave a finding out, and say why
  livebus validate --explain E9100                   what a check is about
  livebus validate --sarif results.sarif             for GitHub's code scanning
  livebus validate --junit results.xml               for the test reports of other CI

Without EVENT_FILE the *.json and *.ndjson files directly in events/ beside the template are tried. .livebus.toml beside the
template holds what is to last:
  [validate]
  undelivered = ["events/undelivered"]
  ignore = [{ id = "W9101", reason = "another team's" }]

The summary comes first, on stderr. stdout has the findings, and the way of each event that does not do what is expected of it
(or JSON).
exit codes: 0 no errors or warnings, and each event does what is expected of it, 1 otherwise, 2 wrong usage or files that are not there
"""

_LIST = "--list shows all."


def close_check(check_id: str) -> str:
    from livebus.validate.findings import IDS

    return f"{did_you_mean(check_id.upper(), IDS)} {_LIST}".lstrip()


def read_options(arguments: Namespace) -> Options:
    """Raises LivebusError for flags that say nothing that can be meant."""
    from livebus.checks.suppression import Suppression, from_flag, no_such_check
    from livebus.validate.findings import IDS
    from livebus.validate.foreign_checks import foreign_ids
    from livebus.validate.validation import Options

    parameters = dict(setting.partition("=")[::2] for setting in arguments.set)
    if "" in parameters or any("=" not in setting for setting in arguments.set):
        raise LivebusError("--set takes Param=Value")
    only = tuple(each.strip() for given in arguments.only for each in given.split(",") if each.strip())
    unknown = (no_such_check(each, Place("--only"), IDS, foreign_ids) for each in only)
    faults = [replace(fault, advice=f"{fault.advice} {_LIST}".lstrip()) for fault in unknown if fault is not None]
    ignore: list[Suppression] = []
    for text in arguments.ignore:
        try:
            ignore.append(from_flag(text, IDS, foreign_ids))
        except LivebusError as error:
            faults += error.faults
    if faults:
        raise LivebusError(faults=faults)
    if arguments.fast and only and not any(known.startswith(only) for known in IDS):
        raise LivebusError(
            f"nothing would be checked: {', '.join(only)} is cfn-lint's, and --fast leaves cfn-lint out",
            Place("--only"),
        )
    return Options(
        now=datetime.now(UTC),
        parameters=parameters,
        stack_name=arguments.stack_name or "",
        region=arguments.region or "",
        only=only,
        ignore=tuple(ignore),
        events=_event_files(arguments.events),
        undelivered=tuple(arguments.undelivered),
    )


def _event_files(given: Sequence[Path]) -> tuple[Path, ...] | None:
    """The files that are given, a folder standing for those in it; None where nothing is."""
    from livebus.files import event_files

    if not given:
        return None
    return tuple(file for path in given for file in (event_files(path) if is_folder(path) else [path]))


def command_parser() -> Parser:
    parser = Parser("validate", description=ABOUT, epilog=EXAMPLES)
    parser.add_argument(
        "events",
        nargs="*",
        type=Path,
        metavar="EVENT_FILE",
        help="files, or folders of files, of events that must arrive; a template in YAML or a cdk.out is validated, as with --template",
    )
    flags.add_template(parser, "a template, YAML or JSON; repeat for several", action="append")
    flags.add_config_env(parser)
    parser.add_argument(
        "--undelivered",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="a file, or a folder of files, of events that must not arrive",
    )
    flags.add_parameters(parser, "the value of a template's parameter")
    parser.add_argument(
        "--allow-outside",
        action="store_true",
        help="let the template name files outside of the repository (or of its folder, where there is none)",
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
    what.add_argument("--run-functions", action="store_true", help="run the code of functions that mutations ask")
    what.add_argument(
        "--check-types",
        type=Path,
        metavar="FOLDER",
        help="check resolver code with the typescript and @aws-appsync/utils of FOLDER/node_modules, which are run",
    )
    how = parser.add_argument_group("how it is shown")
    how.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    how.add_argument("--sarif", metavar="FILE", help="write a SARIF 2.1.0 log; - is stdout")
    how.add_argument("--junit", metavar="FILE", help="write JUnit XML, which CI systems show as tests; - is stdout")
    how.add_argument("--verbose", action="store_true", help="show the way of every event, also of those that arrive")
    how.add_argument("--quiet", action="store_true", help="show only what is wrong")
    how.add_argument("--watch", action="store_true", help="validate again after each change")
    remote = parser.add_argument_group("asking AWS", "Needs credentials, and sends events, patterns and code to AWS.")
    remote.add_argument(
        "--remote", action="store_true", help="let EventBridge try the patterns and AppSync the resolvers, and compare"
    )
    remote.add_argument("--profile", help="the AWS profile")
    remote.add_argument("--endpoint-url", metavar="URL", help="another endpoint for all AWS calls")
    return parser
