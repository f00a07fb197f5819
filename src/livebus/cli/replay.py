"""Send archived events to the rules of their bus again."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.errors import LivebusError
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped
from livebus.terminal.status_line import StatusLine

if TYPE_CHECKING:
    from livebus.aws.replays import Replay, ReplayClient


EXAMPLES = """\
examples:
  livebus replay start --local --from 2h --wait        the last two hours again, to all rules of the bus
  livebus replay start --from 2026-01-15T08:00:00Z --to 2026-01-15T09:00:00Z --rule publishMsgFromEB
  livebus replay status                                how far the newest one has come
  livebus replay cancel NAME
  livebus replay list

A replayed event has its old id and time, and "replay-name" beside them: a rule whose pattern has
"replay-name": [{"exists": false}] does not see it. Subscribers get a message again that they have had.
AWS wants up to 10 minutes until an event is in the archive, and replays only to the bus that it came from.

exit codes: 0 done, 1 refused or failed (with --wait also: cancelled), 2 wrong usage, 130 interrupted (the replay goes on)
"""


def main(argv: Sequence[str] | None = None, *, project: Path | None = None) -> int:
    """Run the command and return its exit code. ``project`` is where else than here samconfig.toml and .livebus/ are."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    session = Session(flags.destination(arguments.parser, arguments, flags.folders(project)))
    run: Callable[[Session, Namespace], int] = arguments.run
    try:
        return run(session, arguments)
    except LivebusError as error:
        return terminal.ended_with(error)
    except KeyboardInterrupt:
        return terminal.INTERRUPTED


def run_start(session: Session, arguments: Namespace) -> int:
    """Start a replay; with --wait stay until it is over."""
    end = arguments.end or datetime.now(UTC)
    if end <= arguments.start:
        arguments.parser.error("--to has to be after --from")
    replays = _replays(session, arguments)
    name = arguments.name or f"livebus-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"[:-3]
    replay = replays.start(name, arguments.start, end, rules=arguments.rule, archive=arguments.archive or "")
    if arguments.wait:
        return _wait(replays, replay.name, session, arguments)
    _show(replay, arguments)
    terminal.talk(f"started; `livebus replay status {name} --wait` stays until it is over ({session.where})")
    return terminal.DONE


def run_status(session: Session, arguments: Namespace) -> int:
    """Tell how far a replay has come: the one that is named, or the newest."""
    replays = _replays(session, arguments)
    name = arguments.name
    if name is None:
        found = replays.all()
        if not found:
            terminal.report_text(f"there has been no replay ({session.where})")
            return terminal.FAILED
        name = found[0].name
    if arguments.wait:
        return _wait(replays, name, session, arguments)
    _show(replays.get(name), arguments)
    return terminal.DONE


def run_cancel(session: Session, arguments: Namespace) -> int:
    """End a replay; what was replayed is replayed."""
    replays = _replays(session, arguments)
    replays.cancel(arguments.name)
    _show(replays.get(arguments.name), arguments)
    return terminal.DONE


def run_list(session: Session, arguments: Namespace) -> int:
    """List all replays of the account and region."""
    found = _replays(session, arguments).all()
    if arguments.json:
        terminal.json_result({"replays": [replay.as_json() for replay in found]})
        return terminal.DONE
    for replay in found:
        terminal.result(_line(replay))
    if not found:
        terminal.talk(f"there has been no replay ({session.where})")
    return terminal.DONE


def _wait(replays: ReplayClient, name: str, session: Session, arguments: Namespace) -> int:
    # The local runtime is asked often because it is quick, AWS seldom because it counts requests.
    seconds = 0.1 if session.runtime is not None else 5.0
    try:
        with StatusLine(shown=not arguments.json) as status:
            replay = replays.wait(
                name,
                lambda seen: status.say(f"{seen.name}: {seen.state}, {seen.progress:.0%} of its time"),
                lambda: time.sleep(seconds),
            )
    except KeyboardInterrupt:
        terminal.talk(f"the replay goes on; `livebus replay cancel {name}` ends it")
        return terminal.INTERRUPTED
    _show(replay, arguments)
    return terminal.DONE if replay.state == "COMPLETED" else terminal.FAILED


def _replays(session: Session, arguments: Namespace) -> ReplayClient:
    from livebus.aws.replays import ReplayClient

    bus = arguments.bus if getattr(arguments, "bus", None) else ""
    if not bus and arguments.run is run_start:
        bus = session.event_bus
    return ReplayClient(session.client("events"), bus)


def _show(replay: Replay, arguments: Namespace) -> None:
    if arguments.json:
        terminal.json_result(replay.as_json())
    else:
        terminal.result(_line(replay))
    if replay.reason:
        terminal.talk(f"{replay.name}: {replay.reason}")


def _line(replay: Replay) -> str:
    moments = (replay.start, replay.last, replay.end)
    first, last, end = (_time(moment) for moment in moments)
    fields = (replay.name, replay.state, f"archive {replay.archive}", f"from {first} to {end}", f"last event {last}")
    return "\t".join(map(escaped, fields))


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else "none"


def command_parser() -> Parser:
    parser = Parser("replay", description=__doc__, epilog=EXAMPLES)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    start = _verb(verbs, "start", run_start, "replay the events of a time")
    start.add_argument(
        "--from", dest="start", type=flags.moment, required=True, metavar="WHEN", help="an age (2h) or a time"
    )
    start.add_argument("--to", dest="end", type=flags.moment, metavar="WHEN", help="an age or a time (default: now)")
    start.add_argument(
        "--rule",
        action="append",
        default=[],
        type=flags.not_empty,
        metavar="NAME",
        help="only this rule sees the events; by name or ARN, repeat for several (default: all rules of the bus)",
    )
    start.add_argument("--name", type=flags.not_empty, help="the replay's name (default: one made of the time)")
    start.add_argument("--bus", type=flags.not_empty, help="the event bus, name or ARN (default: the stack's)")
    start.add_argument("--archive", type=flags.not_empty, metavar="NAME", help="which of several archives of the bus")
    start.add_argument("--wait", action="store_true", help="stay until it is over")
    status = _verb(verbs, "status", run_status, "tell how far a replay has come")
    status.add_argument(
        "name", type=flags.not_empty, nargs="?", metavar="NAME", help="the replay (default: the newest)"
    )
    status.add_argument("--wait", action="store_true", help="stay until it is over")
    cancel = _verb(verbs, "cancel", run_cancel, "end a replay")
    cancel.add_argument("name", type=flags.not_empty, metavar="NAME", help="the replay")
    _verb(verbs, "list", run_list, "list replays, the newest first")
    return parser


def _verb(verbs: Any, name: str, run: Callable[[Session, Namespace], int], words: str) -> Parser:
    description = f"{words[0].upper()}{words[1:]}."
    parser: Parser = verbs.add_parser(name, settings=f"replay {name}", help=words, description=description)
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("--json", action="store_true", help="print JSON on stdout")
    flags.add_destination(parser)
    return parser
