"""
What the verbs share at the terminal: exit codes, faults one to a line, and text that cannot steer the terminal.

In: faults, messages and JSON values, some of which came from strangers' events. Out: lines on stdout (results) and
stderr (talk), in which every control character is spelled out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TextIO

from livebus.errors import LivebusError
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.spelling import spelled_in_talk

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130


_STYLES = {"error": "\x1b[31m", "warning": "\x1b[33m"}
_PLAIN = "\x1b[0m"


def result(line: str) -> None:
    """Print one line of the result on stdout. The caller has escaped what is in it."""
    _write(sys.stdout, line)


def json_result(value: Any) -> None:
    """Print one JSON line on stdout; pure ASCII where stdout is not UTF-8."""
    _write(sys.stdout, _json_on_stdout(value))


def json_line(value: Any) -> str:
    """The line that ``json_result`` prints, for whoever writes it to stdout himself."""
    return _json_on_stdout(value) + "\n"


def talk(text: str) -> None:
    """Say something on stderr, on one line."""
    _write(sys.stderr, escaped(spelled_in_talk(text)))


def prompt(text: str) -> None:
    """Ask on stderr; what is answered stands behind it, on the same line."""
    sys.stderr.write(escaped(text))
    sys.stderr.flush()


def warn(text: str) -> None:
    """Print one warning on stderr."""
    _labelled("warning", text)


def report(error: LivebusError) -> None:
    """Print each fault of the error on a line of its own on stderr."""
    for fault in error.faults:
        _labelled("error", str(fault))


def report_text(text: str) -> None:
    """Print one error on stderr that is not an exception: a result that says "failed"."""
    _labelled("error", text)


def coloured(stream: TextIO) -> bool:
    """Tell whether colours are wanted: a terminal, and neither NO_COLOR (https://no-color.org) nor TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def drawable(stream: TextIO) -> bool:
    """Tell whether the stream is a terminal whose cursor can be moved."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def run(main: Callable[[], int]) -> NoReturn:
    """
    End the process with the exit code of ``main``.

    A reader that went away (``| head -1``) and Ctrl-C end it without a traceback.
    """
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        stop_results()
        code = FAILED
    raise SystemExit(code)


def stop_results() -> None:
    """Send stdout nowhere from now on: its reader went away (BrokenPipeError), and the work goes on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def labelled(label: str, text: str, *, coloured: bool) -> str:
    """A line that begins with "error:" or "warning:", escaped."""
    return f"{_STYLES[label]}{label}:{_PLAIN} {escaped(text)}" if coloured else f"{label}: {escaped(text)}"


def _json_on_stdout(value: Any) -> str:
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json_text(value) if utf8 else json.dumps(value)


def _labelled(label: str, text: str) -> None:
    _write(sys.stderr, labelled(label, spelled_in_talk(text), coloured=coloured(sys.stderr)))


def _write(stream: TextIO, line: str) -> None:
    encoding = stream.encoding or "utf-8"
    # Flushed: whoever waits at the other end of a pipe sees each message as it comes.
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
