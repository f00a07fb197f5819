"""Look at events that could not be delivered, and send them on their way again."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.cli.redrive.arguments import MOST, parser, selection
from livebus.errors import InvalidEvent, LivebusError, Place
from livebus.files import MAX_FILE_BYTES, content
from livebus.redrive.letter import Letter
from livebus.redrive.lines import QueueMessage, line_of, messages_of
from livebus.redrive.selection import Selection
from livebus.redrive.summary import Summary
from livebus.redrive.words import lines_of_group, lines_of_letter
from livebus.terminal import interruption
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted, noun
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.status_line import StatusLine

if TYPE_CHECKING:
    from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue
    from livebus.aws.redrive.redriving import Redriven, Way


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
    except InvalidEvent as error:
        terminal.report(error)
        return terminal.USAGE
    except LivebusError as error:
        terminal.report(error)
        return terminal.FAILED
    except KeyboardInterrupt:
        return terminal.INTERRUPTED


# --- looking --------------------------------------------------------------------------------------------------------


def run_list(session: Session, arguments: Namespace) -> int:
    """Count what is in the queue, by error, rule and target."""
    queue = _queue(session, arguments)
    summary = Summary()
    visible, hidden = queue.counts()
    looked_at = _look(queue, selection(arguments), arguments.limit, arguments, summary.add)
    if arguments.json:
        groups = [group.as_json() for group in summary.groups]
        found = {"queueUrl": queue.url, "messages": summary.count, "lookedAt": looked_at, "groups": groups}
        terminal.json_result({**found, "hidden": hidden})
        return terminal.DONE
    now = datetime.now(UTC)
    for group in summary.groups:
        for fields in lines_of_group(group, now):
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
    queue = _queue(session, arguments)
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

    _look(queue, chosen, MOST, arguments, show)
    if not shown:
        terminal.report_text(f"no such message in {queue.name} ({session.where})")
    return terminal.DONE if shown else terminal.FAILED


def run_export(session: Session, arguments: Namespace) -> int:
    """Write messages as lines, to stdout or into a file that is there when all of them are in it."""
    queue = _queue(session, arguments)
    chosen = selection(arguments)
    if arguments.output is None:
        looked_at = _look(queue, chosen, arguments.limit, arguments, lambda letter: _print_line(line_of(letter)))
        terminal.talk(f"exported from {queue.name}, which keeps its messages ({looked_at} looked at)")
        return terminal.DONE
    path: Path = arguments.output
    count = _export_to(path, lambda write: _look(queue, chosen, arguments.limit, arguments, write))
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


def _look(
    queue: DeadLetterQueue,
    chosen: Selection,
    most: int,
    arguments: Namespace,
    see: Callable[[Letter], object],
) -> int:
    """Let ``see`` have what is chosen, until it answers False; how many messages were looked at."""
    looked_at = 0
    taking = queue.taking()
    try:
        with taking, StatusLine(shown=not arguments.json) as status:
            for letters in taking.pages(most):
                looked_at += len(letters)
                status.say(f"{counted(looked_at, 'message')} looked at")
                for letter in filter(chosen.takes, letters):
                    if see(letter) is False:
                        return looked_at
    finally:
        _tell_hidden(taking.kept_hidden)
    return looked_at


def _print_line(line: str) -> None:
    """As it is to a file or a program, spelled out to a terminal."""
    if sys.stdout is not None and sys.stdout.isatty():
        terminal.json_result(json.loads(line))
        return
    terminal.bytes_result(line.encode("utf-8", "backslashreplace"))


# --- sending again --------------------------------------------------------------------------------------------------


def run_publish(session: Session, arguments: Namespace) -> int:
    """Send events on their way again, and delete the messages of those that were accepted."""
    from livebus.aws.redrive.redriving import Redrive

    if arguments.to == "target" and arguments.bus:
        arguments.parser.error("--bus goes with --to bus")
    if arguments.to == "bus" and (arguments.target_id or arguments.graphql_url or arguments.template):
        arguments.parser.error("--target-id, --graphql-url and --template go with --to target")
    queue = _queue(session, arguments)
    way = _way(session, arguments)
    if arguments.dry_run:
        return _dry_run(queue, way, session, arguments)
    outcomes: list[dict[str, Any]] = []
    failed = accepted = 0
    status = StatusLine(shown=not arguments.json)

    def tell(outcome: Redriven) -> None:
        nonlocal failed, accepted
        failed, accepted = failed + (not outcome.accepted), accepted + outcome.accepted
        _show_outcome(outcome, arguments)
        if arguments.json:
            outcomes.append(_outcome_json(outcome))
        failed += bool(outcome.kept)
        status.say(f"{accepted} accepted, {failed} failed")

    redrive = Redrive(
        queue,
        way,
        selection(arguments),
        tell=tell,
        limit=arguments.limit,
        most=max(MOST, arguments.limit),
        rate=arguments.rate,
        sleep=time.sleep,
    )
    code = terminal.DONE
    try:
        with status:
            redrive.run()
    except KeyboardInterrupt:
        code = terminal.INTERRUPTED
    except LivebusError as error:
        terminal.report(error)
        code = terminal.FAILED
    finally:
        _tell_hidden(redrive.kept_hidden)
    if code == terminal.DONE and redrive.looked_at >= max(MOST, arguments.limit):
        terminal.warn(
            f"{redrive.looked_at} messages were looked at, which is all in one run: run it again for the others"
        )
    if arguments.json:
        terminal.json_result({"accepted": accepted, "failed": failed, "messages": outcomes})
    where = "the bus" if arguments.to == "bus" else "its target"
    stays = f", {failed} failed and {noun(failed, 'stays', 'stay')} in {queue.name}" if failed else ""
    terminal.talk(f"{counted(accepted, 'event')} accepted by {where} ({session.where}){stays}")
    return code or (terminal.FAILED if failed else terminal.DONE)


def _way(session: Session, arguments: Namespace) -> Way:
    events = session.client("events")
    if arguments.to == "bus":
        from livebus.aws.publish.boto3_engine import bus_exists
        from livebus.aws.publish.publisher import publish
        from livebus.aws.redrive.redriving import BusWay

        return BusWay(
            lambda entries, tell: publish(entries, events, tell=tell),
            lambda bus: bus_exists(events, bus),
            arguments.bus or "",
        )
    from livebus.aws.redrive.target_call import TargetWay, deployed_targets, template_targets, url_of

    targets = deployed_targets(events)
    if arguments.template:
        targets = template_targets(arguments.template)
    outputs = {} if arguments.graphql_url or arguments.queue_url else session.outputs
    local = session.runtime is not None
    urls = url_of(outputs, local=local, given=arguments.graphql_url or "", apis=lambda: session.apis)
    return TargetWay(session.post("appsync"), targets, urls, target_id=arguments.target_id or "")


def _dry_run(queue: DeadLetterQueue, way: Way, session: Session, arguments: Namespace) -> int:
    shown: list[dict[str, Any]] = []

    def see(letter: Letter) -> bool:
        found: dict[str, Any] = {"messageId": letter.message_id}
        try:
            found["request"] = way.request(letter)
        except LivebusError as error:
            found["reason"] = str(error.faults[0])
        shown.append(found)
        if arguments.json:
            pass
        elif "reason" in found:
            terminal.report_text(f"message {letter.message_id}: {found['reason']}")
        else:
            terminal.result(f"{escaped(letter.message_id)}\t{json_text(found['request'])}")
        return len(shown) < int(arguments.limit)

    _look(queue, selection(arguments), MOST, arguments, see)
    failed = sum("reason" in found for found in shown)
    ready = len(shown) - failed
    if arguments.json:
        terminal.json_result({"accepted": 0, "failed": failed, "messages": shown})
    terminal.talk(f"{counted(ready, 'event')} would be sent, {failed} could not; nothing was ({session.where})")
    return terminal.FAILED if failed else terminal.DONE


def run_import(session: Session, arguments: Namespace) -> int:
    """Send the messages of exported lines to the queue; if one of them has a fault, none."""
    messages = _read_lines(arguments.file)
    queue = _queue(session, arguments)
    code, sent = terminal.DONE, 0
    try:
        with StatusLine(shown=not arguments.json) as status:
            for index, reason in queue.send(messages):
                sent += not reason
                if reason:
                    terminal.report_text(f"{arguments.file}: line {index + 1}: {reason}")
                status.say(f"{sent} of {len(messages)} sent")
    except KeyboardInterrupt:
        code = terminal.INTERRUPTED
    except LivebusError as error:
        terminal.report(error)
        code = terminal.FAILED
    if arguments.json:
        terminal.json_result({"sent": sent, "failed": len(messages) - sent})
    if sent < len(messages):
        terminal.report_text(f"{sent} of {len(messages)} messages were sent; the same import sends these again")
        return code or terminal.FAILED
    terminal.talk(f"sent {counted(sent, 'message')} to {queue.name} ({session.where})")
    return code


def _stdin() -> bytes:
    read = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    if len(read) > MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, f"more than {MAX_FILE_BYTES} bytes")
    return read


def _read_lines(file: str) -> list[QueueMessage]:
    if file == "-" and sys.stdin is None:
        raise InvalidEvent("it is closed", Place("stdin"))
    try:
        text = (_stdin() if file == "-" else content(Path(file))).decode("utf-8-sig")
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
        raise InvalidEvent(reason, Place(file)) from None
    except UnicodeDecodeError as error:
        raise InvalidEvent(f"byte {error.start} is not UTF-8", Place(file)) from None
    return messages_of(text, file)


def run_purge(session: Session, arguments: Namespace) -> int:
    """Delete messages, those that were counted and no others."""
    queue = _queue(session, arguments)
    found: set[str] = set()
    _look(queue, selection(arguments), arguments.limit, arguments, lambda letter: found.add(letter.message_id))
    if not found:
        terminal.talk(f"nothing to delete in {queue.name} ({session.where})")
        if arguments.json:
            terminal.json_result({"deleted": 0, "failed": 0})
        return terminal.DONE
    if not arguments.yes and not _confirmed(len(found), queue.name, session.where):
        return terminal.FAILED
    deleted, failed = 0, dict[str, str]()
    taking = queue.taking()
    try:
        with taking, StatusLine(shown=not arguments.json) as status:
            # What came meanwhile has not been confirmed, and stays.
            for letters in taking.pages(max(MOST, arguments.limit)):
                chosen = [letter for letter in letters if letter.message_id in found]
                refused = taking.delete(chosen)
                failed |= refused
                deleted += len(chosen) - len(refused)
                status.say(f"{deleted} deleted")
                if deleted + len(failed) >= len(found):
                    break
    finally:
        _tell_hidden(taking.kept_hidden)
        terminal.talk(f"deleted {deleted} of {len(found)} {noun(len(found), 'message')} in {queue.name}")
    for message_id, reason in failed.items():
        terminal.report_text(f"message {message_id}: {reason}")
    if arguments.json:
        terminal.json_result({"deleted": deleted, "failed": len(found) - deleted})
    return terminal.DONE if deleted == len(found) else terminal.FAILED


def _confirmed(count: int, queue: str, where: str) -> bool:
    """Ask at the terminal; somebody who types the number has read it."""
    what = f"{counted(count, 'message')} in {queue} ({where})"
    if not terminal.can_ask():
        terminal.report_text(f"nothing was deleted: {what} would be; --yes deletes without being asked")
        return False
    terminal.prompt(f"This deletes {what} for good. Type {count} to go on: ")
    if sys.stdin.readline().strip() == str(count):
        return True
    terminal.report_text("nothing was deleted: that was not the number")
    return False


# --- words ----------------------------------------------------------------------------------------------------------


def _queue(session: Session, arguments: Namespace) -> DeadLetterQueue:
    """The queue that is meant. What is taken out of it from now on has to be given back, also on Ctrl-C."""
    from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue

    url = arguments.queue_url or session.queue_url(arguments.queue or "")
    client = session.client("sqs")
    interruption.begin()
    return DeadLetterQueue(client, url, exact=session.runtime is not None)


def _show_outcome(outcome: Redriven, arguments: Namespace) -> None:
    letter = outcome.letter
    if not outcome.accepted:
        terminal.report_text(f"message {letter.message_id}: {outcome.error_code}: {outcome.error_message}")
        return
    if outcome.kept:
        terminal.report_text(
            f"message {letter.message_id} was accepted, and could not be deleted ({outcome.kept}): sent again, its event"
            " would arrive twice"
        )
    if not arguments.json:
        terminal.result_if_possible("\t".join(map(escaped, (letter.message_id, outcome.event_id or "accepted"))))


def _outcome_json(outcome: Redriven) -> dict[str, Any]:
    shown: dict[str, Any] = {"messageId": outcome.letter.message_id, "accepted": outcome.accepted}
    members = {
        "eventId": outcome.event_id,
        "errorCode": outcome.error_code,
        "errorMessage": outcome.error_message,
        "notDeleted": outcome.kept,
    }
    return shown | {name: value for name, value in members.items() if value}


def _tell_hidden(count: int) -> None:
    if count:
        terminal.warn(
            f"{counted(count, 'message')} could not be given back: the queue shows {noun(count, 'it', 'them')} again within 5 minutes"
        )


RUNS = {
    "list": run_list,
    "show": run_show,
    "publish": run_publish,
    "export": run_export,
    "import": run_import,
    "purge": run_purge,
}
