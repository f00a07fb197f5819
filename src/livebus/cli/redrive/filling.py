"""`livebus redrive import` and `purge`: fill the queue, and empty it."""

from __future__ import annotations

import errno
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.aws.session import Session
from livebus.cli.redrive.arguments import MOST, selection
from livebus.cli.redrive.queue import look, meant_queue, tell_hidden
from livebus.errors import InvalidEvent, LivebusError, Place
from livebus.files import MAX_FILE_BYTES, content
from livebus.redrive.lines import QueueMessage, messages_of
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted, noun
from livebus.terminal.status_line import StatusLine

if TYPE_CHECKING:
    pass


def run_import(session: Session, arguments: Namespace) -> int:
    """Send the messages of exported lines to the queue; if one of them has a fault, none."""
    messages = _read_lines(arguments.file)
    queue = meant_queue(session, arguments)
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
