"""
``livebus COMMAND``: which commands there are, and handing over to one of them.

In: the arguments of the process. Out: its exit code. A command's module is imported when it is called, so that ``livebus --help``
is there at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from livebus.cli.parser import spelled
from livebus.errors import did_you_mean
from livebus.terminal import output as terminal


class Command(NamedTuple):
    """One of the commands: the module whose ``main`` it is, and what it does in a few words."""

    module: str
    summary: str


COMMANDS = {
    "validate": Command(
        "livebus.cli.validate.run", "prove before a deploy that the parts fit and the sample events arrive"
    ),
    "local": Command("livebus.cli.local", "run the template's application on this machine, without an AWS account"),
    "publish": Command("livebus.cli.publish.run", "publish the events of files, folders and streams to an event bus"),
    "subscribe": Command("livebus.cli.subscribe.run", "sign in, subscribe, and print each message"),
    "redrive": Command("livebus.cli.redrive.run", "look at dead letters and send their events on their way again"),
    "replay": Command("livebus.cli.replay", "send events of a bus's archive again"),
    "faults": Command("livebus.cli.faults", "let parts of the local runtime fail, to rehearse what they lead to"),
    "capacity": Command("livebus.cli.capacity", "what a load costs on AWS, and which quotas it meets first"),
    "demo": Command("livebus.cli.demo", "see one event on its whole way"),
}

_HELP = """\
usage: livebus COMMAND [--help] …

Events on an Amazon EventBridge bus, live in signed-in apps, with no Lambda in between.

{commands}

livebus COMMAND --help tells of each. The folder in which you stand comes first: its template.yaml, samconfig.toml, events/
and .livebus/.

exit codes: 0 done, 1 found or failed, 2 wrong usage, 130 interrupted
"""


def help_text() -> str:
    """What ``livebus --help`` prints."""
    width = max(map(len, COMMANDS))
    return _HELP.format(commands="\n".join(f"  {name:{width}}  {each.summary}" for name, each in COMMANDS.items()))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command by its name, and return its exit code."""
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("--help", "-h", "help"):
        terminal.result(help_text().rstrip())
        return terminal.DONE
    if name == "--version":
        terminal.result(f"livebus {version()}")
        return terminal.DONE
    if name not in COMMANDS:
        close = did_you_mean(name, COMMANDS)
        terminal.report_text(f"there is no command {name!r}. {close}".rstrip() + " (see livebus --help)")
        return terminal.USAGE
    return call(name, rest)


def call(name: str, argv: Sequence[str]) -> int:
    """Run a command, and return its exit code."""
    run = import_module(COMMANDS[name].module).main
    code: int = run(argv)
    return code


def version() -> str:
    """The version that is installed; the source's own where nothing is."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from livebus import __version__

    try:
        return installed("livebus")
    except PackageNotFoundError:
        return __version__


def entry() -> None:
    """The ``livebus`` command of an installation, and ``python -m livebus``."""
    terminal.run(main)


__all__ = ["COMMANDS", "call", "entry", "main", "spelled"]
