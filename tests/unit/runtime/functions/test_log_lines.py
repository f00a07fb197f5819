"""What of a function's output is kept."""

from __future__ import annotations

from livebus.runtime.functions.log_lines import MAX_INVOCATION, InvocationLog, report_line


def fed(*chunks: bytes) -> tuple[list[str], bytes]:
    lines: list[str] = []
    log = InvocationLog(lines.append)
    for chunk in chunks:
        log.feed(chunk)
    log.flush()
    return lines, log.tail


def test_lines_come_together_across_reads() -> None:
    """However the output is cut, a line is a line; the last may lack its end."""
    assert fed(b"on", b"e\ntw", b"o\n", b"three") == (["one", "two", "three"], b"one\ntwo\nthree\n")


def test_what_steers_a_terminal_is_spelled_out() -> None:
    """Control characters, and bytes that are no UTF-8."""
    assert fed(b"\x1b]0;title\x07 \xff\t.\r\n")[0] == ["\\x1b]0;title\\x07 \ufffd  ."]


def test_long_lines_are_cut() -> None:
    """A line without an end is one of 16 KB."""
    lines, _ = fed(b"x" * 20_000, b"y\n")
    assert [len(line) for line in lines] == [16_384, 1]


def test_an_invocation_has_so_many_bytes() -> None:
    """What is beyond is counted, and told once."""
    lines, tail = fed(b"y" * MAX_INVOCATION, b"z" * 5, b"z" * 5)
    assert lines[-1] == "… and 10 bytes more, which are not kept"
    assert sum(len(line) for line in lines[:-1]) <= MAX_INVOCATION
    assert len(tail) == 4096


def test_the_report() -> None:
    """AWS's line, without what the system does not tell."""
    line = report_line("id", duration=1.005, memory_size=128, most_memory=None, init=None)
    assert line == "REPORT RequestId: id\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB"
    line = report_line("id", duration=12.5, memory_size=128, most_memory=40, init=99.999)
    assert line.endswith("\tMax Memory Used: 40 MB\tInit Duration: 100.00 ms")
