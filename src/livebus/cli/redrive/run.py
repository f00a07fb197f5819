"""Look at events that could not be delivered, and send them on their way again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.cli.redrive.arguments import parser
from livebus.cli.redrive.importing import run_import
from livebus.cli.redrive.looking import run_export, run_list, run_show
from livebus.cli.redrive.publishing import run_publish
from livebus.cli.redrive.purging import run_purge
from livebus.errors import LivebusError
from livebus.terminal import output as terminal

if TYPE_CHECKING:
    pass


def command_parser() -> Parser:
    return parser(__doc__ or "", RUNS)


def main(argv: Sequence[str] | None = None, *, project: Path | None = None) -> int:
    """Run the command and return its exit code. ``project`` is where else than here samconfig.toml and .livebus/ are."""
    arguments = command_parser().parse_args(argv)
    own: Parser = arguments.parser
    session = Session(flags.destination(own, arguments, flags.folders(project)))
    if arguments.queue and arguments.queue_url:
        own.error("--queue-url says it all: it goes without --queue")
    run: Callable[[Session, Namespace], int] = arguments.run
    try:
        return run(session, arguments)
    except LivebusError as error:
        return terminal.ended_with(error)
    except KeyboardInterrupt:
        return terminal.INTERRUPTED


RUNS = {
    "list": run_list,
    "show": run_show,
    "publish": run_publish,
    "export": run_export,
    "import": run_import,
    "purge": run_purge,
}
