"""
What the verbs share at the terminal: exit codes, faults one to a line, and text that cannot steer the terminal.

In: faults, messages and JSON values, some of which came from strangers' events. Out: lines on stdout (results) and
stderr (talk), in which every control character is spelled out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TextIO

from livebus.errors import InvalidEvent, LivebusError, WrongUsage
from livebus.terminal import status_line
from livebus.terminal.escape import escaped, json_text
from livebus.terminal.spelling import spelled_in_talk

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130


_STYLES = {"error": "\x1b[31m", "warning": "\x1b[33m"}
_PLAIN = "\x1b[0m"

# Whether a result was lost that the work went on without.
_lost_results = False


class Unwritable(LivebusError):
    """stdout takes nothing: a full disk, a closed descriptor. A reader that went away is a BrokenPipeError instead."""


def result(line: str) -> None:
    """Print one line of the result on stdout. The caller has escaped what is in it."""
    _print(line)


def json_result(value: Any) -> None:
    """Print one JSON line on stdout; pure ASCII where stdout is not UTF-8."""
    _print(_json_on_stdout(value))


def bytes_result(line: bytes) -> None:
    """Print one line of the result as it is: what is meant for a file or a program."""
    status_line.clear()
    with writing_results():
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


def result_if_possible(line: str) -> None:
    """
    Print one line of the result; where nobody takes it the work goes on.

    Of a reader that went away that is all: ``| head -1`` wants to see one line, not to publish ten events of a hundred. What
    cannot be written is told once, and ``run`` ends with 1.
    """
    global _lost_results  # noqa: PLW0603 - there is one stdout
    try:
        result(line)
    except BrokenPipeError:
        stop_results()
    except Unwritable as error:
        if not _lost_results:
            report(error)
        _lost_results = True


def json_line(value: Any) -> str:
    """The line that ``json_result`` prints, for whoever writes to stdout in another way."""
    return _json_on_stdout(value) + "\n"


def talk(text: str) -> None:
    """Say something on stderr, on one line."""
    _say("".join(f"{line}\n" for line in _lines(escaped(spelled_in_talk(text)))))


def prompt(text: str) -> None:
    """Ask on stderr; what is answered stands behind it, on the same line."""
    _say(escaped(text))


def warn(text: str) -> None:
    """Print one warning on stderr."""
    _labelled("warning", text)


def report(error: LivebusError) -> None:
    """Print each fault of the error on a line of its own on stderr."""
    for fault in error.faults:
        _labelled("error", str(fault))


def ended_with(error: LivebusError) -> int:
    """Report what ended a command, and return its exit code: the call itself was wrong, or something failed."""
    report(error)
    return USAGE if isinstance(error, WrongUsage | InvalidEvent) else FAILED


def report_text(text: str) -> None:
    """Print one error on stderr that is not an exception: a result that says "failed"."""
    _labelled("error", text)


def coloured(stream: TextIO | None) -> bool:
    """Tell whether colours are wanted: a terminal, and neither NO_COLOR (https://no-color.org) nor TERM=dumb."""
    return drawable(stream) and not os.environ.get("NO_COLOR")


def drawable(stream: TextIO | None) -> bool:
    """Tell whether the stream is a terminal whose cursor can be moved."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def can_ask() -> bool:
    """Tell whether somebody sits at stdin who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def writing_results() -> Iterator[None]:
    """Whatever writes to stdout stands in here. Raises Unwritable, and BrokenPipeError where nobody reads any more."""
    if sys.stdout is None:
        raise Unwritable("cannot write to stdout: it is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is in Python's own buffer would fail again when the process ends.
        stop_results()
        reason = error.strerror or str(error)
        raise Unwritable(f"cannot write to stdout: {reason[:1].lower()}{reason[1:]}") from None


def run(main: Callable[[], int]) -> NoReturn:
    """
    End the process with the exit code of ``main``.

    A reader that went away (``| head -1``), a stdout that takes nothing and Ctrl-C end it without a traceback.
    """
    _fill_closed_descriptors()
    try:
        code = main() or (FAILED if _lost_results else DONE)
        if sys.stdout is not None:
            with writing_results():
                sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        stop_results()
        code = FAILED
    except Unwritable as error:
        report(error)
        code = FAILED
    raise SystemExit(code)


def stop_results() -> None:
    """Send stdout nowhere from now on: nobody takes what is written to it, and the work goes on."""
    _send_nowhere(sys.stdout)


def labelled(label: str, text: str, *, coloured: bool) -> str:
    """A line that begins with "error:" or "warning:", escaped."""
    return f"{_STYLES[label]}{label}:{_PLAIN} {escaped(text)}" if coloured else f"{label}: {escaped(text)}"


def _json_on_stdout(value: Any) -> str:
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return json_text(value) if utf8 else json.dumps(value)


def _labelled(label: str, text: str) -> None:
    first, *others = _lines(labelled(label, spelled_in_talk(text), coloured=False))
    if coloured(sys.stderr):
        first = f"{_STYLES[label]}{label}:{_PLAIN}{first.removeprefix(f'{label}:')}"
    _say("".join(f"{line}\n" for line in (first, *others)))


def _lines(text: str) -> list[str]:
    """One line for a file or a program; on a terminal several, broken between words. A path or an address stays whole."""
    if sys.stderr is None or not sys.stderr.isatty():
        return [text]
    from livebus.terminal.table import wrapped
    from livebus.terminal.width import columns_of

    return wrapped(text, columns_of(sys.stderr))


def _print(line: str) -> None:
    status_line.clear()
    with writing_results():
        encoding = sys.stdout.encoding or "utf-8"
        # Flushed: whoever waits at the other end of a pipe sees each message as it comes.
        sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()


def _say(text: str) -> None:
    """Write to stderr. Where that cannot be written to there is nobody to tell, and the work goes on."""
    status_line.clear()
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "utf-8"
    try:
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stderr.flush()
    except OSError:
        _send_nowhere(sys.stderr)


def _send_nowhere(stream: TextIO | None) -> None:
    if stream is None:
        return
    with suppress(OSError, ValueError):  # a stream of a test has no descriptor
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _fill_closed_descriptors() -> None:
    """
    Open what whoever started us has closed of the first three descriptors (``>&-``), or the next file or connection would get
    its number, and the output of commands that we start.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
