"""Write an application of your own into a new folder: template, schema, resolver, events, tests, and what they need."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from livebus.cli import flags, shipped
from livebus.cli.parser import Parser
from livebus.errors import LivebusError, Place
from livebus.files import is_there, relative
from livebus.new import application, read_naming
from livebus.new.naming import SAMPLE_SOURCE, stack_name_of
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped

EXAMPLES = """\
examples:
  livebus new shop                                 the application that Livebus ships, in the folder shop
  livebus new shop --event OrderPlaced --source my.shop --field orderId:ID! --field total:Float! --field 'tags:[String!]'
                                                   one of your own: the rule wants OrderPlaced events with these fields

Types are AppSync's scalars: ID, String, Int, Float, Boolean, AWSDate, AWSTime, AWSDateTime, AWSTimestamp, AWSEmail, AWSJSON,
AWSURL, AWSPhone, AWSIPAddress, each also in a list; ! means that it is never null. In a shell, [ and ! want quotes.

An app for it to start from is examples/app in Livebus's repository; `livebus outputs --amplify FILE` configures one.

stdout has the files, one a line. A folder that is there is left as it is.
exit codes: 0 written, 1 it could not be written, 2 wrong usage, 130 interrupted
"""


def command_parser() -> Parser:
    parser = Parser("new", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder; it must not be there yet")
    parser.add_argument(
        "--event", type=flags.not_empty, metavar="NAME", help="the event's detail-type, and the GraphQL type of it"
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME:TYPE",
        help="a field of the event's detail; repeat for several (default: one text, msg)",
    )
    parser.add_argument(
        "--source", type=flags.not_empty, metavar="NAME", help=f"the events' source (default: {SAMPLE_SOURCE})"
    )
    parser.add_argument(
        "--stack-name", type=flags.not_empty, metavar="NAME", help="the stack (default: as the folder is called)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    options = command_parser().parse_args(argv)
    folder: Path = options.folder
    shown = relative(folder)
    stack_name = options.stack_name or stack_name_of(folder.absolute().name)
    try:
        naming = read_naming(options.event or "", options.field, options.source or "", stack_name)
        _check_absent(folder)
    except LivebusError as error:
        terminal.report(error)
        return terminal.USAGE
    files = application(naming, shipped.shipped())
    try:
        _write(files, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        terminal.report(LivebusError(f"cannot write {shown!r}: {reason}", Place(str(error.filename or shown))))
        return terminal.FAILED
    for name in files:
        terminal.result(escaped(f"{shown}/{name}"))
    terminal.talk(
        f"written to {shown}; there, `livebus demo` shows an event on its way, `sam deploy --guided` deploys it"
    )
    return terminal.DONE


def _check_absent(folder: Path) -> None:
    """Raise LivebusError where there is anything of the name, a link that leads nowhere as well."""
    if folder.is_symlink() or is_there(folder):
        shown = relative(folder)
        raise LivebusError(f"{shown!r} is there already", Place(shown), advice="Name a folder that is not.")


def _write(files: dict[str, str], folder: Path) -> None:
    """Write all, or leave nothing. Raises OSError, also where the folder has come to be there meanwhile."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    try:
        shipped.write(files, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
