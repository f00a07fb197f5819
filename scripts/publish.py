"""Publish the events of files, folders and streams to an event bus: on AWS, or in the local runtime."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus import flags, terminal
from livebus.aws.engines import ENGINES, Route, route
from livebus.aws.input_files import InputFiles
from livebus.aws.session import Session
from livebus.errors import InvalidEvent, LivebusError, Place
from livebus.event_stream import StreamedEntry, StreamFault, read_events
from livebus.publication.answer import THROTTLED, Result
from livebus.publication.dispatch import Limits
from livebus.publication.order import Order, ordered
from livebus.publication.request import Addressing, Item, requests_needed

if TYPE_CHECKING:
    from livebus.aws.failed_entries import FailedEntries
    from livebus.aws.publication_journal import Journal
    from livebus.aws.publishing import Ledger, Summary
    from livebus.publication.tally import Tally

PROJECT = Path(__file__).resolve().parents[1]
SOME_FAILED = 3
GIVEN_UP = 4
# So many events have a line each: on stdout where they are accepted, on stderr where they are not.
LINES = 1_000
FAILED_LINES = 10
PROGRESS_SECONDS = 0.2

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
of together up to 8 MB have a fault, nothing is sent; more than that is sent as it is read.

stdout has one line per accepted event, for the first 1,000: EventId, source, detail-type, with tabs between them.
exit codes: 0 all accepted, 1 failed, 2 wrong usage or input, nothing sent, 3 some events were not accepted (they are in
--fail-file) or not readable, 4 given up because of throttling or --max-time, 130 interrupted
"""


def main(argv: Sequence[str] | None = None, *, project: Path = PROJECT) -> int:
    """Run the verb and return its exit code. ``project`` is where samconfig.toml and .livebus/ are, beside the cwd."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    destination = flags.destination(parser, arguments, (Path.cwd(), project))
    inputs = InputFiles(arguments.files)
    _check_usage(parser, arguments, inputs)
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
        self._unreadable: set[tuple[str, int]] = set()
        self._order = Order(arguments.repeat, arguments.count)
        # Where all is at hand, all is read before anything is sent.
        self._known: list[StreamedEntry] | None = None

    def dry(self) -> int:
        """Check all, send nothing."""
        entries = list(self._read()) if self._inputs.is_small else self._read()
        count = size = 0

        def sizes() -> Iterator[int]:
            nonlocal count, size
            for entry in entries:
                count, size = count + 1, size + entry.size
                yield entry.size

        requests = requests_needed(sizes())
        if self._arguments.json:
            shown = [{"file": each.file, "index": each.index} for each in entries] if isinstance(entries, list) else []
            terminal.json_result({"published": 0, "failed": 0, "entries": shown})
        if not self._arguments.quiet:
            terminal.talk(f"sound: events {count}, bytes {size}, PutEvents requests {requests}; nothing was sent")
        return SOME_FAILED if self._unreadable else terminal.DONE

    def publish(self) -> int:
        """Publish. What is wrong before anything was sent is raised."""
        from livebus.aws.event_bus_check import EventBuses
        from livebus.aws.failed_entries import FailedEntries
        from livebus.aws.publishing import Ledger, publish

        arguments = self._arguments
        if self._inputs.is_small:
            self._known = list(self._read())
        addressing = Addressing(override=arguments.bus or "")
        buses = EventBuses(
            addressing,
            default=lambda: self._session.output("EventBusName"),
            exists=(lambda bus: self._route.bus_exists(bus)) if arguments.bus_check else None,
            where=lambda: self._session.where,
            warn=terminal.warn,
            begun=self._known is None,
        )
        if self._known is not None and (faults := buses.faults(self._known)):
            raise LivebusError(faults=faults)
        failed_path, journal = self._files()
        failed = FailedEntries(failed_path, addressing, resumed=bool(arguments.resume))
        shown = Shown(arguments, self._total(), stream=not self._inputs.is_static)
        ledger = Ledger(shown, failed, journal)
        read = self._read if self._known is None else self._known.__iter__
        done = ledger.done if arguments.resume else None
        items = ordered(lambda: buses.checked(read()), self._order, random=self._random(), done=done)
        limits = Limits(
            max_attempts=arguments.max_attempts,
            max_seconds=arguments.max_time or 0.0,
            rate=arguments.rate or 0.0,
            concurrency=arguments.concurrency or 0,
            most_concurrency=self._route.most_concurrency,
        )
        known = list(items) if self._is_few else None
        summary = publish(
            iter(known) if known is not None else items,
            self._route.engine,
            addressing,
            limits,
            ledger,
            waits=not self._inputs.is_static,
        )
        summary.tally.unreadable = len(self._unreadable)
        shown.clear()
        kept = self._kept(summary, ledger, failed, journal)
        return self._told(summary, shown, known, list(buses.names), failed, kept)

    # --- before -----------------------------------------------------------------------------------------------------

    @cached_property
    def _route(self) -> Route:
        return route(self._session, self._arguments.engine, few=self._is_few)

    @property
    def _is_few(self) -> bool:
        total = self._total()
        return total is not None and total <= LINES and not self._arguments.concurrency

    def _total(self) -> int | None:
        """How many events are going to be published, where that is known."""
        if self._known is None:
            return self._order.count or None
        total = len(self._known) * self._order.repeat
        return min(total, self._order.count) if self._order.count else total

    def _random(self) -> Any:
        if self._arguments.shuffle_seed is None:
            return None
        from random import Random

        return Random(self._arguments.shuffle_seed)  # noqa: S311 - an order that is the same each time, no secret

    def _read(self) -> Iterator[StreamedEntry]:
        """
        Read the input. What cannot be read is told where --keep-going is given; else it is raised as InvalidEvent: all
        of it where all is at hand, or the first there is.
        """
        faults = []
        for found in read_events(self._inputs.sources):
            if not isinstance(found, StreamFault):
                yield found
            elif self._arguments.keep_going:
                self._unreadable.add((found.file, found.index))
                terminal.report_text(str(found.fault))
            else:
                faults.append(found.fault)
                if not self._inputs.is_small:
                    break
        if faults:
            raise InvalidEvent(faults=faults)

    def _files(self) -> tuple[Path, Journal | None]:
        """The file for failed entries and, where one is kept, the journal."""
        arguments, inputs = self._arguments, self._inputs
        path = Path(arguments.journal) if arguments.journal else inputs.journal
        if arguments.resume:
            from livebus.aws import publication_journal

            named = arguments.fail_file or publication_journal.failed_file_of(path) or str(inputs.failed)
            journal = _usage(lambda: publication_journal.resumed(path, self._header(named)))
            return Path(named), journal
        if arguments.fail_file and Path(arguments.fail_file).exists():
            found = "there is such a file: it may hold events that are not published yet"
            raise InvalidEvent(found, Place(arguments.fail_file), advice="Publish or remove it, or name another one.")
        failed = Path(arguments.fail_file) if arguments.fail_file else _free_name(inputs.failed)
        wanted = arguments.journal or (inputs.is_static and not self._is_few)
        if arguments.no_journal or not (wanted or (inputs.is_static and path.exists())):
            return failed, None
        from livebus.aws import publication_journal

        return failed, _usage(lambda: publication_journal.begun(path, self._header(str(failed))))

    def _header(self, failed: str) -> dict[str, Any]:
        order = [*self._order, self._arguments.shuffle_seed]
        return {"inputs": self._inputs.identity(), "order": order, "failed": failed}

    # --- after ------------------------------------------------------------------------------------------------------

    def _kept(self, summary: Summary, ledger: Ledger, failed: FailedEntries, journal: Journal | None) -> str:
        """
        Keep what is left for another run; in words, where it is.

        Files can be read again: a journal says what is done. A stream cannot: what was read of it goes to the file of
        failed entries.
        """
        arguments, inputs = self._arguments, self._inputs
        try:
            if summary.left and journal is None and not (inputs.is_static and not arguments.no_journal):
                for item, result in summary.left:
                    failed.add(item, result)
                failed.sync()
                return ""
            if journal is None and not summary.complete and len(ledger.done):
                from livebus.aws import publication_journal

                path = Path(arguments.journal) if arguments.journal else inputs.journal
                journal = publication_journal.begun(path, self._header(str(failed.path)))
                for first, last in ledger.done.ranges():
                    journal.add(first, last)
            if journal is not None:
                journal.close(keep=not summary.complete)
                return "" if summary.complete else f"--resume goes on with it (journal: {journal.path})"
        except LivebusError as error:
            terminal.report(error)
        finally:
            failed.close()
        return ""

    def _told(
        self,
        summary: Summary,
        shown: Shown,
        known: Sequence[Item] | None,
        buses: Sequence[str],
        failed: FailedEntries,
        kept: str,
    ) -> int:
        """Tell what became of it all; the exit code."""
        from livebus.publication import report

        arguments, tally = self._arguments, summary.tally
        code = terminal.DONE
        if summary.error is not None:
            terminal.report(summary.error)
            code = terminal.FAILED
        elif summary.hopeless is not None:
            from livebus.aws import advice

            terminal.report(advice.refused(summary.hopeless.error_code, summary.hopeless.error_message, "publish"))
            code = terminal.FAILED
        elif summary.interrupted:
            code = terminal.INTERRUPTED
        elif summary.out_of_time or (tally.failed and THROTTLED.issuperset(tally.rejected)):
            code = GIVEN_UP
        elif tally.failed or tally.unreadable:
            code = SOME_FAILED
        total = len(known) if known is not None else tally.accepted + tally.failed + len(summary.left)
        missing = total - tally.accepted
        if arguments.json:
            result: dict[str, Any] = {"published": tally.accepted, "failed": missing}
            if known is not None:
                result["entries"] = shown.entries(known, summary)
            terminal.json_result(result | report.members(tally, summary.seconds))
        where = f"to {', '.join(buses)} ({self._session.where})"
        if code == terminal.DONE:
            if not arguments.quiet:
                fast = "" if tally.accepted <= LINES else f" {report.speed(tally, summary.seconds)}"
                terminal.talk(f"published {tally.accepted} event{'' if tally.accepted == 1 else 's'} {where}{fast}")
            return code
        text = f"{tally.accepted} of {total} events were accepted, {missing} not"
        if tally.rejected and known is None:
            text += f" ({report.reasons(tally.rejected)})"
        unsent = missing - tally.failed
        if unsent:
            text += f"; {unsent} of them were not answered or not sent"
        if not summary.complete and known is None:
            text += "; there may be more input that was not read"
        if tally.unreadable:
            text += f"; {tally.unreadable} could not be read"
        if failed.count:
            text += f"; what was not accepted is in {failed.path}"
        terminal.report_text(f"{text}; {kept}" if kept else text)
        if known is None and not arguments.quiet:
            terminal.talk(f"published {where} {report.speed(tally, summary.seconds)}")
        return code


class Shown:
    """What is shown while it goes on: a line per event for the first ones, and progress on a terminal."""

    def __init__(self, arguments: Namespace, total: int | None, *, stream: bool) -> None:
        self._arguments = arguments
        self._total = total
        self._few = total is not None and total <= LINES
        self._stream = stream
        self._lines = 0
        self._failed_lines = 0
        self._results: dict[int, Result] = {}
        self._progress = not self._few and not arguments.quiet and sys.stderr.isatty()
        self._width = 0
        self._history: list[tuple[float, int]] = []

    @property
    def wants_ids(self) -> bool:
        if self._arguments.json:
            return self._few
        return not self._arguments.quiet and (self._few or (self._stream and self._lines < LINES))

    def accepted(self, item: Item, result: Result) -> None:
        self._lines += 1
        if self._arguments.json:
            self._results[item[0]] = result
            return
        if self._arguments.quiet or self._lines > LINES:
            return
        import orjson

        entry = orjson.loads(item[1].text)
        fields = (result.event_id, entry["Source"], entry["DetailType"])
        try:
            terminal.result("\t".join(map(terminal.escaped, fields)))
        except BrokenPipeError:  # `| head -1` wants to see one line, not to publish ten events of a hundred
            terminal.stop_results()

    def failed(self, item: Item, result: Result) -> None:
        if self._few:
            self._results[item[0]] = result
        self._failed_lines += 1
        if self._failed_lines > FAILED_LINES and not self._few:
            return
        self.clear()
        entry = item[1]
        terminal.report_text(f"{entry.file}: event {entry.index}: {result.error_code}: {result.error_message}")
        if self._failed_lines == FAILED_LINES and not self._few:
            terminal.report_text("further events that fail are counted")

    def progress(self, tally: Tally, now: float) -> None:
        if not self._progress or (self._history and now < self._history[-1][0] + PROGRESS_SECONDS) or now > 1e300:
            return
        from livebus.publication import report

        done = tally.accepted + tally.failed
        self._history = [*self._history[-25:], (now, done)]
        (first, before), seconds = self._history[0], now - self._history[0][0]
        rate = (done - before) / seconds if seconds > 0 else 0.0
        text = report.progress(tally, now - first, rate, self._total)
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()
            self._width = 0

    def entries(self, known: Sequence[Item], summary: Summary) -> list[dict[str, Any]]:
        """What became of each event, for --json."""
        left = {item[0]: result for item, result in summary.left}
        unsent = Result("", "NotSent", "the verb ended before it was accepted")
        entries = []
        for sequence, entry in known:
            result = self._results.get(sequence) or left.get(sequence, unsent)
            what = (
                {"eventId": result.event_id}
                if result.event_id
                else {"errorCode": result.error_code, "errorMessage": result.error_message}
            )
            entries.append({"file": entry.file, "index": entry.index, **what})
        return entries


def _usage(made: Any) -> Any:
    """What is wrong with files that the user named, or did not: told before anything is sent."""
    try:
        return made()
    except LivebusError as error:
        raise InvalidEvent(faults=error.faults) from None


def _free_name(path: Path) -> Path:
    from livebus.aws.failed_entries import free_name

    return free_name(path)


def _check_usage(parser: ArgumentParser, arguments: Namespace, inputs: InputFiles) -> None:
    if arguments.files.count("-") > 1:
        parser.error("stdin (-) can be read once")
    if arguments.no_journal and (arguments.journal or arguments.resume):
        parser.error("--no-journal goes without --journal and --resume")
    if arguments.repeat > 1 and not inputs.is_static:
        parser.error("--repeat needs files: a stream can be read once")
    if arguments.resume and not arguments.journal and not inputs.is_static:
        parser.error("--resume needs files, or the --journal of a stream that is given again from its beginning")


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _concurrency(text: str) -> int:
    value = flags.at_least_one(text)
    if value > 1_000:
        raise ArgumentTypeError(f"{text!r} is more than 1000")
    return value


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="publish.py", description=__doc__, epilog=EXAMPLES, formatter_class=flags.HelpFormatter
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a file or folder of events, or - for stdin")
    add(
        "--bus",
        type=flags.not_empty,
        help="the event bus, name or ARN (default: the entry's EventBusName, then the stack's)",
    )
    add("--no-bus-check", dest="bus_check", action="store_false", help="send even if there is no such bus")
    add("--dry-run", action="store_true", help="check the files and send nothing")
    add("--json", action="store_true", help="print one JSON object on stdout instead of lines")
    add("--quiet", action="store_true", help="print failures only (and the JSON object)")
    group = parser.add_argument_group("how fast")
    add = group.add_argument
    add("--rate", type=_rate, metavar="N", help="so many events a second (default: as fast as the service takes them)")
    add("--concurrency", type=_concurrency, metavar="N", help="requests in flight (default: found by measuring)")
    add(
        "--max-attempts",
        type=flags.at_least_one,
        default=5,
        metavar="N",
        help="how often an entry is sent at the most when it is throttled or fails inside AWS (default: 5)",
    )
    add("--max-time", type=_rate, metavar="SECONDS", help="give up after so long")
    add("--engine", choices=ENGINES, default="auto", help="what sends: boto3, or bulk (default: bulk where it can)")
    group = parser.add_argument_group("what of it")
    add = group.add_argument
    add("--count", type=flags.at_least_one, default=0, metavar="N", help="end after N events")
    add("--repeat", type=flags.at_least_one, default=1, metavar="N", help="publish the files N times")
    add(
        "--shuffle-seed",
        type=int,
        metavar="SEED",
        help="in a random order, the same for the same seed; each event among the next 10,000",
    )
    add("--keep-going", action="store_true", help="leave out what is no event, and tell its line, instead of ending")
    group = parser.add_argument_group("what is left")
    add = group.add_argument
    add(
        "--fail-file",
        type=flags.not_empty,
        metavar="FILE",
        help="receives what was not accepted, to be published again (default: FILE.failed.ndjson beside the first file)",
    )
    add("--resume", action="store_true", help="go on with a run of the same files that was interrupted or killed")
    add(
        "--journal",
        type=flags.not_empty,
        metavar="FILE",
        help="where it is noted what is done (default: FILE.journal beside the first file, above 1,000 events)",
    )
    add("--no-journal", action="store_true", help="note nothing; such a run cannot be resumed")
    flags.add_destination(parser)
    return parser


if __name__ == "__main__":
    terminal.run(main)
