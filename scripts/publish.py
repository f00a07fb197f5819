"""Publish the events of files, folders and streams to an event bus: on AWS, or in the local runtime."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from livebus import flags, terminal
from livebus.aws.engines import ENGINES, route
from livebus.aws.input_files import SMALL_BYTES, InputFiles
from livebus.aws.session import Session
from livebus.errors import Fault, InvalidEvent, LivebusError
from livebus.event_stream import StreamedEntry, StreamFault, read_events
from livebus.publication.order import Order, ordered
from livebus.publication.request import Addressing, Entry, requests_needed
from livebus.publication_report import Report

if TYPE_CHECKING:
    from livebus.aws.publication_journal import Journal

PROJECT = Path(__file__).resolve().parents[1]
SOME_FAILED = 3
GIVEN_UP = 4
NOT_DELIVERED = 5

EXAMPLES = """\
examples:
  python scripts/publish.py --local events/sample.json       to the local runtime
  python scripts/publish.py events/sample.json               to the stack that samconfig.toml names
  python scripts/publish.py --stack-name orders --region eu-west-1 events/*.json
  ... | python scripts/publish.py --local -                  one event per line from another program, as they come
  python scripts/publish.py --rate 500 orders.ndjson.gz      five hundred events a second
  python scripts/publish.py --resume orders.ndjson.gz        go on with a run that was interrupted or killed
  python scripts/publish.py orders.ndjson.failed.ndjson      once more what was not accepted
  python scripts/publish.py --dry-run events/                check the files, send nothing

A file holds a PutEvents entry (Source, DetailType, Detail), an event envelope (source, detail-type, detail), an array
of them, {"Entries": [...]}, or one of these per line; gzip or not. A folder stands for the event files in it. If files
of together up to 8 MB have a fault, nothing is sent; larger ones are sent as they are read.

stdout has one line per accepted event, for up to 1,000: EventId, source, detail-type, with tabs between them.
exit codes: 0 all accepted (and delivered, with --wait), 1 failed, 2 wrong usage or input, nothing sent, 3 some events
were not accepted (they are in --fail-file), 4 given up because of throttling or --max-time, 5 accepted, and not
delivered in time, 130 interrupted
"""


def main(argv: Sequence[str] | None = None, *, project: Path = PROJECT) -> int:
    """Run the verb and return its exit code. ``project`` is where samconfig.toml and .livebus/ are, beside the cwd."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.files.count("-") > 1:
        parser.error("stdin (-) can be read once")
    if arguments.journal and arguments.no_journal:
        parser.error("--journal goes without --no-journal")
    destination = flags.destination(parser, arguments, (Path.cwd(), project))
    inputs = InputFiles(arguments.files)
    if arguments.repeat > 1 and not inputs.is_static:
        parser.error("--repeat needs files: a stream can be read once")
    run = Run(arguments, inputs, Session(destination))
    try:
        return run.dry() if arguments.dry_run else run.publish()
    except InvalidEvent as error:
        terminal.report(error)
        return terminal.USAGE
    except LivebusError as error:
        terminal.report(error)
        return terminal.FAILED
    except KeyboardInterrupt:
        terminal.report_text("interrupted; nothing was sent")
        return terminal.INTERRUPTED


class Run:
    """One call of the verb."""

    def __init__(self, arguments: Namespace, inputs: InputFiles, session: Session) -> None:
        self._arguments = arguments
        self._inputs = inputs
        self._session = session
        self._known: list[StreamedEntry] | None = None
        self._unreadable = 0

    def dry(self) -> int:
        """Check all, send nothing."""
        count = size = 0

        def sizes() -> Iterator[int]:
            nonlocal count, size
            for entry in self._entries():
                count, size = count + 1, size + entry.size
                yield entry.size

        requests = requests_needed(sizes())
        self._raise_faults()
        if self._arguments.json:
            terminal.json_result({"published": 0, "failed": 0, "events": count, "bytes": size, "requests": requests})
        if not self._arguments.quiet:
            terminal.talk(f"sound: events {count}, bytes {size}, PutEvents requests {requests}; nothing was sent")
        return terminal.DONE

    def publish(self) -> int:
        """Publish; what is wrong before anything was sent is raised."""
