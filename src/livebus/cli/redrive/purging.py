"""`livebus redrive purge`: deletes messages of the queue, those that were counted and asked about."""

from __future__ import annotations

import sys
from argparse import Namespace

from livebus.aws.session import Session
from livebus.cli.redrive.arguments import MOST, selection
from livebus.cli.redrive.queue import look, meant_queue, tell_hidden
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted, noun
from livebus.terminal.status_line import StatusLine


def run_purge(session: Session, arguments: Namespace) -> int:
    """Delete messages, those that were counted and no others."""
    queue = meant_queue(session, arguments)
    found: set[str] = set()
    look(queue, selection(arguments), arguments.limit, arguments, lambda letter: found.add(letter.message_id))
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
        tell_hidden(taking.kept_hidden)
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
