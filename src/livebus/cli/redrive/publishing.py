"""`livebus redrive publish`: send events on their way again."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from livebus.aws.session import Session
from livebus.cli import flags
from livebus.cli.redrive.arguments import MOST, selection
from livebus.cli.redrive.queue import look, meant_queue, tell_hidden
from livebus.errors import LivebusError
from livebus.redrive.letter import Letter
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted, noun
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.status_line import StatusLine

if TYPE_CHECKING:
    from livebus.aws.redrive.dead_letter_queue import DeadLetterQueue
    from livebus.aws.redrive.redriving import Redriven, Way


def run_publish(session: Session, arguments: Namespace) -> int:
    """Send events on their way again, and delete the messages of those that were accepted."""
    from livebus.aws.redrive.redriving import Redrive

    _check(arguments)
    queue = meant_queue(session, arguments)
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
        tell_hidden(redrive.kept_hidden)
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


def _check(arguments: Namespace) -> None:
    """Exit with a usage error where one option goes without another."""
    if arguments.to == "target" and arguments.bus:
        arguments.parser.error("--bus goes with --to bus")
    if arguments.to == "bus" and (arguments.target_id or arguments.graphql_url or arguments.template):
        arguments.parser.error("--target-id, --graphql-url and --template go with --to target")
    if flags.parameters(arguments.parser, arguments) and not arguments.template:
        arguments.parser.error("--set goes with --template")


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
    from livebus.aws.local_stack import running_stack, running_values, values_of
    from livebus.aws.redrive.target_call import TargetWay, deployed_targets, template_targets, url_of

    targets = deployed_targets(events)
    if arguments.template:
        values = running_values(session) if session.runtime is not None and running_stack(session) else {}
        own, given = values_of(values, arguments.template), flags.parameters(arguments.parser, arguments)
        targets = template_targets(arguments.template, own, given)
    outputs = {} if arguments.graphql_url or arguments.queue_url else session.outputs
    local = session.runtime is not None
    urls = url_of(outputs, local=local, given=arguments.graphql_url or "", running=session.running_url)
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

    look(queue, selection(arguments), MOST, arguments, see)
    failed = sum("reason" in found for found in shown)
    ready = len(shown) - failed
    if arguments.json:
        terminal.json_result({"accepted": 0, "failed": failed, "messages": shown})
    terminal.talk(f"{counted(ready, 'event')} would be sent, {failed} could not; nothing was ({session.where})")
    return terminal.FAILED if failed else terminal.DONE


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
