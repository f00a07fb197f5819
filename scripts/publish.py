"""Publish the events of files to an event bus: on AWS, or in the local runtime."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus import flags, terminal
from livebus.aws.batches import batches
from livebus.aws.session import Session
from livebus.errors import Fault, InvalidEvent, LivebusError, Place
from livebus.event import entry_bytes
from livebus.event_file import FileEntry, read_entries

if TYPE_CHECKING:
    from livebus.aws.publisher import EventsClient, Publisher, Result

PROJECT = Path(__file__).resolve().parents[1]

EXAMPLES = """\
examples:
  python scripts/publish.py --local events/sample.json       to the local runtime
  python scripts/publish.py events/sample.json               to the stack that samconfig.toml names
  python scripts/publish.py --stack-name orders --region eu-west-1 events/*.json
  ... | python scripts/publish.py --local -                  one event per line from another program
  python scripts/publish.py --dry-run events/*.json          check the files, send nothing

A file holds a PutEvents entry (Source, DetailType, Detail), an event envelope (source, detail-type, detail), an array
of them, {"Entries": [...]}, or one of these per line. If any file has a fault, nothing is sent.

stdout has one line per accepted event: EventId, source, detail-type, with tabs between them.
exit codes: 0 all accepted, 1 some or all not, 2 wrong usage or input, 130 interrupted
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry on its way: where it came from, and what is sent."""

    file: str
    index: int
    entry: dict[str, Any]


def main(argv: Sequence[str] | None = None, *, project: Path = PROJECT) -> int:
    """Run the verb and return its exit code. ``project`` is where samconfig.toml and .livebus/ are, beside the cwd."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.files.count("-") > 1:
        parser.error("stdin (-) can be read once")
    destination = flags.destination(parser, arguments, (Path.cwd(), project))
    try:
        items = read_files(arguments.files)
    except InvalidEvent as error:
        terminal.report(error)
        return terminal.USAGE
    if arguments.dry_run:
        return _dry_run(items, arguments)
    session = Session(destination)
    try:
        items, publisher = prepare(items, session, arguments)
    except LivebusError as error:
        terminal.report(error)
        return terminal.FAILED
    except KeyboardInterrupt:
        terminal.report_text("interrupted; nothing was sent")
        return terminal.INTERRUPTED
    return send(items, publisher, session.where, arguments)


def read_files(files: Sequence[str]) -> list[Item]:
    """Read all files; raise InvalidEvent with the faults of all of them."""
    items: list[Item] = []
    faults: list[Fault] = []
    for file in files:
        try:
            items += (Item(file, found.index, found.entry) for found in _read(file))
        except InvalidEvent as error:
            faults += error.faults
    if faults:
        raise InvalidEvent(faults=faults)
    return items


def prepare(items: Sequence[Item], session: Session, arguments: Namespace) -> tuple[list[Item], Publisher]:
    """Give every entry its bus, see that the buses are there, and make the publisher."""
    unnamed = arguments.bus is None and any("EventBusName" not in item.entry for item in items)
    default = session.output("EventBusName") if unnamed else ""
    addressed = [
        replace(item, entry={**item.entry, "EventBusName": arguments.bus or item.entry.get("EventBusName", default)})
        for item in items
    ]
    client = session.client("events")
    from livebus.aws.publisher import Boto3Publisher

    if arguments.bus_check:
        _check_buses(client, dict.fromkeys(item.entry["EventBusName"] for item in addressed), session.where)
    return addressed, Boto3Publisher(client, max_attempts=arguments.max_attempts)


def send(items: Sequence[Item], publisher: Publisher, where: str, arguments: Namespace) -> int:
    """Send all items, print what became of each, and return the exit code."""
    results: dict[int, Result] = {}
    code = terminal.DONE
    try:
        for index, result in publisher.send([item.entry for item in items]):
            results[index] = result
            _show(items[index], result, arguments)
    except LivebusError as error:
        terminal.report(error)
        code = terminal.FAILED
    except KeyboardInterrupt:
        code = terminal.INTERRUPTED
    accepted = sum(1 for result in results.values() if result.event_id)
    if arguments.json:
        terminal.json_result(_summary(items, results, accepted))
    missing = len(items) - accepted
    if missing:
        unsent = len(items) - len(results)
        left = f"; {unsent} of them were not answered or not sent" if unsent else ""
        terminal.report_text(f"{accepted} of {len(items)} events were accepted, {missing} not{left}")
        return code or terminal.FAILED
    if not arguments.quiet:
        buses = ", ".join(dict.fromkeys(item.entry["EventBusName"] for item in items))
        terminal.talk(f"published {accepted} event{'s' if accepted > 1 else ''} to {buses} ({where})")
    return code


def _check_buses(client: EventsClient, buses: Iterable[str], where: str) -> None:
    """Raise LivebusError for the buses that are not there; warn of those that cannot be asked for."""
    from livebus.aws.publisher import bus_exists

    faults = []
    for bus in buses:
        exists = bus_exists(client, bus)
        if exists is None:
            terminal.warn(f"cannot check that the event bus {bus!r} exists; EventBridge drops events for unknown ones")
        elif not exists:
            faults.append(
                Fault(
                    f"the event bus {bus!r} does not exist ({where}): EventBridge would accept the events and drop "
                    "them in silence, so nothing was sent",
                    advice="Name another one with --bus, or pass --no-bus-check to send all the same.",
                )
            )
    if faults:
        raise LivebusError(faults=faults)


def _show(item: Item, result: Result, arguments: Namespace) -> None:
    if not result.event_id:
        message = f"{item.file}: event {item.index}: {result.error_code}: {result.error_message}"
        terminal.report_text(message)
    elif not arguments.json and not arguments.quiet:
        fields = (result.event_id, item.entry["Source"], item.entry["DetailType"])
        try:
            terminal.result("\t".join(map(terminal.escaped, fields)))
        except BrokenPipeError:  # `| head -1` wants to see one line, not to publish ten events of a hundred
            terminal.stop_results()


def _summary(items: Sequence[Item], results: dict[int, Result], accepted: int) -> dict[str, Any]:
    entries = []
    for index, item in enumerate(items):
        shown: dict[str, Any] = {"file": item.file, "index": item.index}
        result = results.get(index)
        if result is None:
            shown |= {"errorCode": "NotSent", "errorMessage": "the verb ended before it was accepted"}
        elif result.event_id:
            shown["eventId"] = result.event_id
        else:
            shown |= {"errorCode": result.error_code, "errorMessage": result.error_message}
        entries.append(shown)
    return {"published": accepted, "failed": len(items) - accepted, "entries": entries}


def _dry_run(items: Sequence[Item], arguments: Namespace) -> int:
    sizes = [entry_bytes(item.entry) for item in items]
    requests = sum(1 for _ in batches(sizes))
    if arguments.json:
        entries = [{"file": item.file, "index": item.index} for item in items]
        terminal.json_result({"published": 0, "failed": 0, "entries": entries})
    if not arguments.quiet:
        terminal.talk(
            f"sound: events {len(items)}, bytes {sum(sizes)}, PutEvents requests {requests}; nothing was sent"
        )
    return terminal.DONE


def _read(file: str) -> list[FileEntry]:
    if file == "-":
        return read_entries(sys.stdin.buffer.read(), "stdin")
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
        raise InvalidEvent(reason, Place(file)) from None
    return read_entries(content, file)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="publish.py", description=__doc__, epilog=EXAMPLES, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file of events, or - for stdin")
    parser.add_argument(
        "--bus",
        type=flags.not_empty,
        help="the event bus, name or ARN (default: the entry's EventBusName, then the stack's)",
    )
    parser.add_argument(
        "--no-bus-check", dest="bus_check", action="store_false", help="send even if there is no such bus"
    )
    parser.add_argument("--dry-run", action="store_true", help="check the files and send nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout instead of lines")
    parser.add_argument("--quiet", action="store_true", help="print failures only (and the JSON object)")
    parser.add_argument(
        "--max-attempts",
        type=flags.at_least_one,
        default=5,
        metavar="N",
        help="how often an entry is sent at the most when it is throttled or fails inside AWS (default: 5)",
    )
    flags.add_destination(parser)
    return parser


if __name__ == "__main__":
    terminal.run(main)
