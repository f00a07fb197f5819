"""The picture of latencies: what is drawn, and what is told where nothing can be."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from livebus.cli.publish.latency_plot import plot
from livebus.errors import LivebusError
from livebus.publish.latencies import Latencies


def latencies(*seconds: float) -> Latencies:
    made = Latencies()
    for each in seconds:
        made.add(each)
    return made


class Axes:
    def __init__(self, done: list[tuple[Any, ...]]) -> None:
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: self._done.append((name, given, named))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is drawn with a matplotlib that only takes it down; it writes files as the real one does."""
    done: list[tuple[Any, ...]] = []

    class Figure:
        def __init__(self, **named: Any) -> None:
            done.append(("Figure", (), named))

        def add_subplot(self) -> Axes:
            return Axes(done)

        def savefig(self, file: Path, *, dpi: int) -> None:
            if file.suffix not in (".png", ".svg"):
                raise ValueError(f"Format '{file.suffix[1:]}' is not supported")
            file.write_bytes(b"%d" % dpi)

    figure, backends, agg = (
        ModuleType(name) for name in ("matplotlib.figure", "matplotlib.backends", "matplotlib.backends.backend_agg")
    )
    figure.Figure = Figure  # type: ignore[attr-defined]
    agg.FigureCanvasAgg = lambda of: done.append(("canvas", (type(of),), {}))  # type: ignore[attr-defined]
    for module in (ModuleType("matplotlib"), figure, backends, agg):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return done


def test_a_step_for_each_percentile(drawn: list[tuple[Any, ...]], tmp_path: Path) -> None:
    """Milliseconds on a logarithmic axis against the share that took no longer."""
    plot(latencies(0.02), tmp_path / "p.png", title="a title")
    told = {name: (given, named) for name, given, named in drawn}
    (times, percents), named = told["step"]
    assert (times, named) == ([20.0] * len(percents), {"where": "post"})
    assert (percents[:5], percents[-5:]) == ((0.1, 1, 5, 10, 12), (98, 99, 99.5, 99.9, 99.99))
    assert told["Figure"][1] == {"figsize": (8, 4), "layout": "constrained"}
    assert told["canvas"] != ((type(None),), {})
    assert told["set_xscale"] == (("log",), {})
    assert told["set_xlabel"] == (("milliseconds from publishing to arrival",), {})
    assert told["set_ylabel"] == (("% of messages",), {})
    assert told["set_ylim"] == ((0, 100), {})
    assert told["grid"] == ((), {"visible": True, "which": "both", "alpha": 0.3})
    assert told["set_title"] == (("a title",), {})
    assert (tmp_path / "p.png").read_bytes() == b"120"


@pytest.mark.parametrize(
    ("name", "reason"), [("p.doc", "Format 'doc' is not supported"), ("none/p.png", "No such file or directory")]
)
def test_a_file_that_cannot_be_written_is_told(
    name: str, reason: str, drawn: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    """With the reason."""
    file = tmp_path / name
    with pytest.raises(LivebusError) as told:
        plot(latencies(0.02), file, title="")
    assert str(told.value).startswith(f"{str(file)!r} cannot be written: {reason}")


def test_nothing_cannot_be_drawn(drawn: list[tuple[Any, ...]], tmp_path: Path) -> None:
    """Nor is a file written."""
    with pytest.raises(LivebusError, match=r"^nothing arrived, so there is nothing to draw$"):
        plot(latencies(), tmp_path / "p.png", title="")
    assert (drawn, list(tmp_path.iterdir())) == ([], [])


def test_matplotlib_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Livebus does not need it to run: how to install it is told."""
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(LivebusError) as told:
        plot(latencies(0.02), tmp_path / "p.png", title="")
    assert str(told.value) == (
        "drawing needs matplotlib, which is not installed. Install it with: python -m pip install matplotlib"
    )
