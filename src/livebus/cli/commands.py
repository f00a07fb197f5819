"""
``livebus COMMAND``: which commands there are, and handing over to one of them.

In: the arguments of the process. Out: its exit code. A command's module is imported when it is called, so that ``livebus --help``
is there at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

# Nothing else is imported before it is needed: this module is all of ``livebus --help``.

# Wider than this, lines are hard to read.
_WIDEST = 100

# By its name, the module whose ``main`` it is, and what it does in a few words.
COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("livebus.cli.new", "write an application of your own into a new folder"),
    "validate": ("livebus.cli.validate.run", "prove before a deploy that the parts fit and samples arrive"),
    "local": ("livebus.cli.local", "run the application on this machine, without an AWS account"),
    "publish": ("livebus.cli.publish.run", "publish the events of files, folders and streams to a bus"),
    "subscribe": ("livebus.cli.subscribe.run", "sign in, subscribe, and print each message"),
    "outputs": ("livebus.cli.outputs", "print a stack's Outputs, or write them for an app with Amplify"),
    "redrive": ("livebus.cli.redrive.run", "look at dead letters, send their events on their way again"),
    "replay": ("livebus.cli.replay", "send events of a bus's archive again"),
    "faults": ("livebus.cli.faults", "let parts of the local runtime fail, to rehearse it"),
    "capacity": ("livebus.cli.capacity", "what a load costs on AWS, and which quotas it meets first"),
    "demo": ("livebus.cli.demo", "see one event on its whole way"),
}

_ABOUT = "Events on an Amazon EventBridge bus, live in signed-in apps, with no Lambda in between."
_FOLDER = """\
livebus COMMAND --help tells of each. The folder in which you stand comes first: its template.yaml, samconfig.toml, events/ \
and .livebus/."""
_COMPLETION = "livebus --completion bash (or zsh) prints what completes all this in your shell."
_CODES = "exit codes: 0 done, 1 found or failed, 2 wrong usage, 130 interrupted"
SHELLS = ("bash", "zsh")


def help_text(columns: int) -> str:
    """What ``livebus --help`` prints on a terminal of so many columns."""
    from textwrap import fill, wrap

    width = max(30, min(columns - 1, _WIDEST))
    name_width = max(map(len, COMMANDS)) + 4
    lines = ["usage: livebus COMMAND [--help] …", "", fill(_ABOUT, width), ""]
    for name, (_, summary) in COMMANDS.items():
        first, *others = wrap(summary, width - name_width)
        lines += [f"  {name:{name_width - 2}}{first}", *(" " * name_width + other for other in others)]
    paragraphs = (_FOLDER, _COMPLETION, _CODES)
    return "\n".join([*lines, "", *(fill(each, width, break_long_words=False) for each in paragraphs)])


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command by its name, and return its exit code."""
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("--help", "-h", "help"):
        return _help(rest)
    from livebus.terminal import output as terminal

    if name in ("--version", "-V"):
        terminal.result(f"livebus {version()}{' (compiled)' if is_compiled() else ''}")
        return terminal.DONE
    if name == "--completion":
        return _completion(rest)
    if name not in COMMANDS:
        from livebus.errors import did_you_mean

        what = f"there is no option {name}" if name.startswith("-") else f"there is no command {name!r}"
        close = did_you_mean(name, ("--help", "--version", "--completion") if name.startswith("-") else COMMANDS)
        terminal.report_text(f"{what}. {close}".rstrip(" .") + " (see livebus --help)")
        return terminal.USAGE
    return call(name, rest)


def call(name: str, argv: Sequence[str]) -> int:
    """Run a command, and return its exit code."""
    from importlib import import_module
    from os import getcwd

    try:
        getcwd()  # noqa: PTH109 - pathlib is not loaded yet
    except OSError:
        from livebus.terminal import output as terminal

        terminal.report_text("the folder that you stand in is gone; change into one that is there")
        return terminal.USAGE
    run = import_module(COMMANDS[name][0]).main
    code: int = run(argv)
    return code


def is_help_shown() -> bool:
    """Print the help with nothing that takes time to import; False where stdout does not take it."""
    from os import environ, get_terminal_size

    # As livebus.terminal.columns has it.
    text = environ.get("COLUMNS", "")
    demanded = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0
    try:
        columns = demanded or get_terminal_size().columns or 80
    except OSError:
        columns = 80
    try:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(help_text(columns).encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except (OSError, AttributeError):  # where it is closed, there is no sys.stdout
        return False
    return True


def _help(rest: Sequence[str]) -> int:
    if rest and rest[0] in COMMANDS:
        return call(rest[0], ["--help"])
    if not is_help_shown():
        from livebus.terminal import output as terminal

        terminal.result(help_text(80))  # raises what is wrong, in words
    return 0


def _completion(rest: Sequence[str]) -> int:
    from livebus.terminal import output as terminal

    if len(rest) != 1 or rest[0] not in SHELLS:
        terminal.report_text(f"--completion takes one of {', '.join(SHELLS)} (see livebus --help)")
        return terminal.USAGE
    from livebus.cli.completion import script

    terminal.result(script(rest[0]).rstrip("\n"))
    return terminal.DONE


def version() -> str:
    """The version of this code."""
    from livebus import __version__

    return __version__


def is_compiled() -> bool:
    """Whether what each event passes is compiled here (docs/decisions/0034-a-compiled-wheel.md)."""
    from importlib.util import find_spec

    found = find_spec("livebus.flow")
    return found is not None and not (found.origin or "").endswith(".py")
