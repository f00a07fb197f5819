"""`livebus redrive import`: puts messages of a file into the queue."""

from __future__ import annotations

import errno
import sys
from argparse import Namespace
from pathlib import Path

from livebus.aws.session import Session
from livebus.cli.redrive.queue import meant_queue
from livebus.errors import InvalidEvent, LivebusError, Place
from livebus.files import MAX_FILE_BYTES, content
from livebus.redrive.lines import QueueMessage, messages_of
from livebus.terminal import output as terminal
from livebus.terminal.counts import counted
from livebus.terminal.status_line import StatusLine


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
