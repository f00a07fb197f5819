"""
What an invocation logs: Lambda's own lines around the function's, cut to what can be kept and told.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

from collections.abc import Callable

from livebus.terminal.escape import escaped

# Of one invocation, and of one line of it. What is beyond is read, counted and let go.
MAX_INVOCATION = 256 * 1024
_LONGEST_LINE = 16 * 1024
_TAIL = 4096

WriteLine = Callable[[str], None]


class InvocationLog:
    """Collects the output of a process during one invocation. ``write`` gets each line at once, control characters told."""

    def __init__(self, write: WriteLine) -> None:
        self._write = write
        self._rest = b""
        self._tail = b""
        self._kept = 0
        self._dropped = 0

    def feed(self, output: bytes) -> None:
        """Take bytes as they come from the process."""
        room = MAX_INVOCATION - self._kept
        if len(output) > room:
            self._dropped += len(output) - room
            output = output[:room]
        if not output:
            return
        self._kept += len(output)
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > _LONGEST_LINE:
            self._line(self._rest)
            self._rest = b""

    def own(self, text: str) -> None:
        """Log a line of Lambda's own; what the function left unfinished comes before it."""
        self.flush()
        self._line(text.encode())

    def flush(self) -> None:
        if self._rest:
            self._line(self._rest)
            self._rest = b""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._line(f"… and {dropped} bytes more, which are not kept".encode())

    @property
    def tail(self) -> bytes:
        """The last 4 KB, as LogType=Tail gives them."""
        return self._tail

    def _line(self, line: bytes) -> None:
        line = line.rstrip(b"\r")[:_LONGEST_LINE]
        self._tail = (self._tail + line + b"\n")[-_TAIL:]
        self._write(escaped(line.decode("utf-8", "replace").replace("\t", "  ")))


def start_line(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: $LATEST"


def end_line(request_id: str) -> str:
    return f"END RequestId: {request_id}"


def report_line(
    request_id: str, *, duration: float, memory_size: int, most_memory: int | None, init: float | None
) -> str:
    """The REPORT line. Times in milliseconds, memory in MB; ``most_memory`` None where the system does not tell."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration:.2f} ms",
        f"Billed Duration: {int(duration) + 1} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if most_memory is not None:
        parts.append(f"Max Memory Used: {most_memory} MB")
    if init is not None:
        parts.append(f"Init Duration: {init:.2f} ms")
    return "\t".join(parts)
