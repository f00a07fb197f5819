"""Publish the events of files, folders and streams to an event bus: on AWS, or in the local runtime."""

from __future__ import annotations

from argparse import Namespace
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.publish.engines import Route, route
from livebus.aws.publish.input_files import InputFiles
from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.cli.publish.arguments import argument_parser, check_usage
from livebus.cli.publish.ending import NOT_DELIVERED, SOME_FAILED, Ending, exit_code
from livebus.cli.publish.template_rules import TemplateRules
from livebus.cli.publish.view import LINES, View, ViewOptions
from livebus.cli.publish.waiting_user import subscribing_user
from livebus.errors import InvalidEvent, LivebusError
from livebus.event.stream import StreamedEntry, StreamFault, read_events
from livebus.publish.dispatch import Limits
from livebus.publish.order import Order, ordered
from livebus.publish.request import Addressing, requests_needed
from livebus.terminal import interruption
from livebus.terminal import output as terminal

if TYPE_CHECKING:
    from random import Random

    from livebus.aws.publish.books import BookOptions, Books
    from livebus.aws.publish.expected_delivery import Delivery
    from livebus.aws.publish.publishing import Ledger, Summary
    from livebus.publish.arrivals import ArrivalTally
    from livebus.rehearsal.preflight import Expectation


def command_parser() -> Parser:
    return argument_parser(__doc__ or "")


def main(argv: Sequence[str] | None = None, *, project: Path | None = None) -> int:
    """Run the command and return its exit code. ``project`` is where else than here samconfig.toml and .livebus/ are."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    destination = flags.destination(parser, arguments, flags.folders(project))
    inputs = InputFiles(arguments.files)
    check_usage(parser, arguments, inputs)
    run = Run(arguments, inputs, Session(destination), project)
    try:
        return run.dry() if arguments.dry_run else run.publish()
    except LivebusError as error:
        return terminal.ended_with(error)
    except KeyboardInterrupt:
        terminal.report_text("interrupted" if run.has_sent else "interrupted; nothing was sent")
        return terminal.INTERRUPTED
    finally:
        run.close()


class Run:
    """One call of the verb."""

    def __init__(self, arguments: Namespace, inputs: InputFiles, session: Session, project: Path | None) -> None:
        self._arguments = arguments
        self._inputs = inputs
        self._session = session
        self._rules = TemplateRules(arguments, session, project)
        self._unreadable: set[tuple[str, int]] = set()
        self._order = Order(arguments.repeat, arguments.count)
        # Where all is at hand, all is read before anything is sent.
        self._known: list[StreamedEntry] | None = None
        self._expectation: Expectation | None = None
        self.has_sent = False
        self._stopped_waiting = False

    def dry(self) -> int:
        """Check all, send nothing."""
        entries = list(self._read()) if self._inputs.is_small else self._read()
        count = size = 0

        def sizes() -> Iterator[int]:
            nonlocal count, size
            for each in self._sizes(entries):
                count, size = count + 1, size + each
                yield each

        requests = requests_needed(sizes())
        if self._arguments.json:
            shown = [{"file": each.file, "index": each.index} for each in entries] if isinstance(entries, list) else []
            terminal.json_result({"published": 0, "failed": 0, "entries": shown})
        if self._arguments.check:
            self._rules.check(entries if isinstance(entries, list) else self._read())
        if not self._arguments.quiet:
            terminal.talk(f"sound: events {count}, bytes {size}, PutEvents requests {requests}; nothing was sent")
        return SOME_FAILED if self._unreadable else terminal.DONE

    def _sizes(self, entries: Iterable[StreamedEntry]) -> Iterator[int]:
        """What goes out, by its sizes: as often as the input is repeated, and no more than are asked for."""
        once: Iterable[int] = (entry.size for entry in entries)
        if self._order.repeat > 1:
            held = array("Q", once)
            once = chain.from_iterable(repeat(held, self._order.repeat))
        return islice(once, self._order.limit or None)

    def publish(self) -> int:
        """Publish. What is wrong before anything was sent is raised."""
        from livebus.aws.publish.books import Books
        from livebus.aws.publish.event_bus_check import EventBusCheck
        from livebus.aws.publish.publishing import Ledger, publish

        arguments = self._arguments
        read = self._reading()
        if arguments.check:
            self._rules.check(self._known if self._known is not None else self._read())
        addressing = Addressing(override=arguments.bus or "")
        buses = EventBusCheck(
            addressing,
            default=lambda: self._session.event_bus,
            exists=(lambda bus: self._route.bus_exists(bus)) if arguments.bus_check else None,  # noqa: PLW0108 - a route is made when a bus is asked for
            where=lambda: self._session.where,
            warn=terminal.warn,
            begun=self._known is None,
        )
        if self._known is not None and (faults := buses.faults(self._known)):
            raise LivebusError(faults=faults)
        books = Books(self._inputs, self._book_options(), addressing)
        view = View(ViewOptions(arguments.json, arguments.quiet, self._total(), stream=not self._inputs.is_static))
        ledger = Ledger(view, books.failed, books.journal)
        done = ledger.done if arguments.resume else None
        items = ordered(lambda: buses.checked(read()), self._order, random=self._random(), done=done)
        if arguments.placeholders:
            from livebus.aws.publish.chance import filled

            items = filled(items)
        known = list(items) if self._is_few else None
        interruption.begin()
        with self._delivery() as delivery:
            summary = publish(
                iter(known) if known is not None else items,
                self._route.engine,
                addressing,
                self._limits(),
                ledger,
                waits=not self._inputs.is_static,
                sending=delivery.sending if delivery is not None else None,
            )
            self.has_sent = True
            summary.tally.unreadable = len(self._unreadable)
            view.clear()
            left = self._left(books, summary, ledger)
            tally = self._arrived(delivery, summary)
        where = f"to {', '.join(buses.names)} ({self._session.where})"
        return self._told(Ending(summary, known, where, left, tally), view)

    def close(self) -> None:
        """End what connections there are."""
        if "_route" in self.__dict__:
            self._route.close()

    # --- before -----------------------------------------------------------------------------------------------------

    @cached_property
    def _route(self) -> Route:
        return route(self._session, self._arguments.engine, few=self._is_few)

    @property
    def _is_few(self) -> bool:
        total = self._total()
        return total is not None and total <= LINES and self._known is not None and not self._arguments.concurrency

    def _reading(self) -> Callable[[], Iterator[StreamedEntry]]:
        """
        How to read the input from its beginning. Where all is at hand it has been read by then; of anything else the first
        event has: what is no input at all is told before anything else is asked for.
        """
        if self._inputs.is_small:
            self._known = list(self._read())
            return self._known.__iter__
        begun = self._read()
        first = list(islice(begun, 1))
        again = iter([chain(first, begun)])
        return lambda: next(again, None) or self._read()

    def _total(self) -> int | None:
        """How many events are going to be published, where that is known."""
        if self._known is None:
            return None
        total = len(self._known) * self._order.repeat
        return min(total, self._order.limit) if self._order.limit else total

    def _random(self) -> Random | None:
        if self._arguments.shuffle_seed is None:
            return None
        from random import Random

        return Random(self._arguments.shuffle_seed)  # noqa: S311 - an order that is the same each time, no secret

    def _limits(self) -> Limits:
        arguments = self._arguments
        return Limits(
            max_attempts=arguments.max_attempts,
            max_seconds=arguments.max_time or 0.0,
            rate=arguments.rate or 0.0,
            concurrency=arguments.concurrency or 0,
            most_concurrency=self._route.most_concurrency,
        )

    def _book_options(self) -> BookOptions:
        from livebus.aws.publish.books import BookOptions

        arguments = self._arguments
        return BookOptions(
            order=[*self._order, arguments.shuffle_seed],
            few=self._is_few,
            resume=arguments.resume,
            journal=arguments.journal or "",
            no_journal=arguments.no_journal,
            fail_file=arguments.fail_file or "",
        )

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
                if (found.file, found.index) not in self._unreadable:
                    self._unreadable.add((found.file, found.index))
                    terminal.report_text(str(found.fault))
            else:
                faults.append(found.fault)
                if not self._inputs.is_small:
                    break
        if faults:
            raise InvalidEvent(faults=faults)

    def _delivery(self) -> AbstractContextManager[Delivery | None]:
        """Who waits for what arrives, with --wait."""
        if self._arguments.wait is None:
            return nullcontext()
        import time
        from uuid import uuid4

        from livebus.aws.publish.expected_delivery import SETTLING_SECONDS, Delivery
        from livebus.operation import Services
        from livebus.rehearsal.preflight import Expectation

        expectation = Expectation(self._rules.preflight(), Services(time.time(), lambda: str(uuid4())))
        self._expectation = expectation
        listener = expectation.listener(self._arguments.field or "")
        settling = SETTLING_SECONDS if self._session.runtime is None else 0.0
        return Delivery(
            self._session,
            subscribing_user(self._arguments, self._session),
            listener,
            expectation.received,
            settling=settling,
        )

    # --- after ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _left(books: Books, summary: Summary, ledger: Ledger) -> list[str]:
        """What is left for another run, in words."""
        left = []
        try:
            journal = books.close(summary, ledger)
        except LivebusError as error:
            terminal.report(error)
            journal = None
        if books.failed.count:
            where = "in" if books.failed.is_whole else "not, or not all of it, in"
            left.append(f"what was not accepted is {where} {books.failed.path}")
        if journal is not None:
            left.append(f"--resume goes on with it (journal: {journal})")
        return left

    def _arrived(self, delivery: Delivery | None, summary: Summary) -> ArrivalTally | None:
        """What has arrived, when all has or the time is over."""
        if delivery is None or summary.interrupted:
            return None
        try:
            return delivery.settled(self._arguments.wait)
        except KeyboardInterrupt:
            # All was sent: that is told, and what has arrived by then.
            self._stopped_waiting = True
            return delivery.so_far()
        except LivebusError as error:
            terminal.report(error)
            return None

    def _told(self, ending: Ending, view: View) -> int:
        """Tell what became of it all; the exit code."""
        arguments, summary = self._arguments, ending.summary
        code = exit_code(summary)
        if summary.error is not None:
            terminal.report(summary.error)
        elif summary.hopeless is not None:
            from livebus.aws import advice

            terminal.report(advice.refused(summary.hopeless.error_code, summary.hopeless.error_message, "publish"))
        arrived = ending.arrived
        if arguments.json:
            members = view.members(summary, ending.known)
            terminal.json_result(members if arrived is None else members | {"arrivals": arrived.json})
        if code == terminal.DONE:
            view.success(summary, ending.where)
        else:
            view.failure(summary, ending.known, ending.where, ending.left)
        if arguments.wait is None:
            return code
        if arrived is None:
            return code or terminal.FAILED
        if self._stopped_waiting:
            terminal.report_text(f"interrupted; {arrived.arrived} of {arrived.expected} messages had arrived by then")
            return terminal.INTERRUPTED
        view.arrived(arrived, self._expectation.silence if self._expectation is not None else "", ending.known)
        if arguments.plot is not None:
            try:
                from livebus.cli.publish.latency_plot import plot

                plot(arrived.latencies, arguments.plot, title=f"{arrived.arrived} messages {ending.where}")
            except LivebusError as error:
                terminal.report(error)
                code = code or terminal.FAILED
        return code or (terminal.DONE if arrived.expected and not arrived.lost else NOT_DELIVERED)
