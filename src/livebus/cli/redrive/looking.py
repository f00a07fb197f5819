"""`livebus redrive list`, `show` and `export`: what is in the queue. It keeps its messages."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.session import Session
from livebus.cli.redrive.arguments import MOST, selection
from livebus.cli.redrive.queue import look, meant_queue
from livebus.errors import LivebusError, Place
from livebus.redrive.letter import Letter
from livebus.redrive.lines import line_of
from livebus.redrive.mutation import ENDPOINT
from livebus.redrive.summary import Summary
from livebus.redrive.words import lines_of_group, lines_of_letter
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted, noun
from livebus.terminal.escape import escaped

if TYPE_CHECKING:
    pass


def run_list(session: Session, arguments: Namespace) -> int:
    """Count what is in the queue, by error, rule and target."""
    queue = meant_queue(session, arguments)
    summary = Summary()
    visible, hidden = queue.counts()
    looked_at = look(queue, selection(arguments), arguments.limit, arguments, summary.add)
    if arguments.json:
        groups = [group.as_json() for group in summary.groups]
        found = {"queueUrl": queue.url, "messages": summary.count, "lookedAt": looked_at, "groups": groups}
        terminal.json_result({**found, "hidden": hidden})
        return terminal.DONE
    now = datetime.now(UTC)
    # Nobody is asked for the names of what is not there.
    api_names = session.api_names if any(ENDPOINT in each.target_arn for each in summary.groups) else {}
    for group in summary.groups:
        for fields in lines_of_group(group, now, api_names):
            terminal.result("\t".join(map(escaped, fields)))
    others = f" of {looked_at}" if looked_at != summary.count else ""
    terminal.talk(f"{summary.count}{others} {noun(looked_at, 'message')} in {queue.name} ({session.where})")
    if hidden:
        terminal.warn(
            f"{hidden} more {noun(hidden, 'is', 'are')} hidden: somebody has received {noun(hidden, 'it', 'them')}, and has not "
            f"deleted {noun(hidden, 'it', 'them')} yet"
        )
    if looked_at >= arguments.limit and visible > looked_at:
        terminal.warn(f"there are about {visible}; --limit {visible} looks at all of them")
    return terminal.DONE


def run_show(session: Session, arguments: Namespace) -> int:
    """Print messages whole."""
    queue = meant_queue(session, arguments)
    chosen = selection(arguments)
    shown = 0

    def show(letter: Letter) -> bool:
        nonlocal shown
        shown += 1
        if arguments.json:
            terminal.json_result(json.loads(line_of(letter)))
        else:
            for line in lines_of_letter(letter, datetime.now(UTC)):
                terminal.result(escaped(line))
        return shown < int(arguments.limit)

    look(queue, chosen, MOST, arguments, show)
    if not shown:
        terminal.report_text(f"no such message in {queue.name} ({session.where})")
    return terminal.DONE if shown else terminal.FAILED


def run_export(session: Session, arguments: Namespace) -> int:
    """Write messages as lines, to stdout or into a file that is there when all of them are in it."""
    queue = meant_queue(session, arguments)
    chosen = selection(arguments)
    if arguments.output is None:
        looked_at = look(queue, chosen, arguments.limit, arguments, lambda letter: _print_line(line_of(letter)))
        terminal.talk(f"exported from {queue.name}, which keeps its messages ({looked_at} looked at)")
        return terminal.DONE
    path: Path = arguments.output
    count = _export_to(path, lambda write: look(queue, chosen, arguments.limit, arguments, write))
    terminal.talk(f"exported {counted(count, 'message')} from {queue.name}, which keeps them, to {path}")
    return terminal.DONE


def _export_to(path: Path, look: Callable[[Callable[[Letter], object]], object]) -> int:
    """Write a file that is there only if everything is in it; how many letters that is."""
    count = 0
    try:
        with path.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:

            def write(letter: Letter) -> None:
                nonlocal count
                count += 1
                file.write(f"{line_of(letter)}\n")

            path.chmod(0o600)
            try:
                look(write)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise LivebusError("the file is there already", Place(str(path)), advice="Name another one.") from None
    except OSError as error:
        raise LivebusError(f"cannot write: {error.strerror}", Place(str(path))) from None
    return count


def _print_line(line: str) -> None:
    """As it is to a file or a program, spelled out to a terminal."""
    if sys.stdout is not None and sys.stdout.isatty():
        terminal.json_result(json.loads(line))
        return
    terminal.bytes_result(line.encode("utf-8", "backslashreplace"))
