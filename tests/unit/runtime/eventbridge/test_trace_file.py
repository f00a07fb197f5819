"""The trace in a file: a line of JSON for each record, and what happens where it cannot be written."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from livebus.errors import LivebusError
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.eventbridge.trace_file import TraceFile


def written(trace: Trace, record: dict[str, Any]) -> None:
    for listener in list(trace.listeners):
        listener(record)


def test_records_are_appended_for_the_owner_alone(tmp_path: Path, clock: Any) -> None:
    """A file of an earlier run goes on; whole numbers beyond 64 bits are numbers all the same."""
    path = tmp_path / "trace.ndjson"
    path.write_text('{"station":"before"}\n', "utf-8")
    trace = Trace(lambda _: None, clock)
    file = TraceFile(path, trace, lambda _: None)
    written(trace, {"station": "bus", "number": 2**70})
    written(trace, {"station": "bus", "of": Decimal("1.50")})
    file.close()

    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines == [{"station": "before"}, {"station": "bus", "number": 2**70}, {"station": "bus", "of": "1.50"}]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_ends_the_file_and_is_told_once(clock: Any) -> None:
    """Events go on; the trace does not."""
    told: list[str] = []
    mode = Path("/dev/full").stat().st_mode & 0o777
    trace = Trace(lambda _: None, clock)
    file = TraceFile(Path("/dev/full"), trace, told.append)
    written(trace, {"station": "bus"})
    written(trace, {"station": "bus"})
    file.close()

    assert told == ["the trace ends here: /dev/full: No space left on device"]
    assert trace.listeners == []
    assert Path("/dev/full").stat().st_mode & 0o777 == mode


def test_a_file_that_cannot_be_opened(tmp_path: Path, clock: Any) -> None:
    """Is an error of the start, with its reason."""
    with pytest.raises(LivebusError) as refused:
        TraceFile(tmp_path / "no" / "trace.ndjson", Trace(lambda _: None, clock), lambda _: None)

    path = tmp_path / "no" / "trace.ndjson"
    assert str(refused.value) == f"{path}: cannot write the trace: No such file or directory"


def test_a_disk_with_room_for_half_a_line(tmp_path: Path, clock: Any) -> None:
    """Is told as full, as one without any room is."""

    class Half:
        def write(self, line: bytes) -> int:
            return len(line) // 2

        def close(self) -> None:
            """Nothing is open."""

    told: list[str] = []
    trace = Trace(lambda _: None, clock)
    file = TraceFile(tmp_path / "t", trace, told.append)
    file.close()
    file._file = Half()  # type: ignore[assignment]
    written(trace, {"station": "bus"})
    assert told == [f"the trace ends here: {tmp_path / 't'}: No space left on device"]
