"""
Draws latencies as a picture, with matplotlib where it is installed: Livebus does not need it to run.

In: latencies as ``arrivals`` counts them. Out: a PNG or SVG file.
"""

from __future__ import annotations

from pathlib import Path

from livebus.errors import LivebusError
from livebus.files import reason_of
from livebus.publish.latencies import Latencies

_PERCENTS = (0.1, 1, 5, *range(10, 100, 2), 99, 99.5, 99.9, 99.99)


def plot(latencies: Latencies, file: Path, *, title: str) -> None:
    """
    Write a picture of how many messages took no longer than so long; its form is the file's suffix.

    Raises LivebusError where matplotlib is not there, nothing was measured, or the file cannot be written.
    """
    if not latencies.count:
        raise LivebusError("nothing arrived, so there is nothing to draw")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise LivebusError(
            "drawing needs matplotlib, which is not installed",
            advice="Install it with: python -m pip install matplotlib",
        ) from None
    figure = Figure(figsize=(8, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([1000 * latencies.percentile(percent) for percent in _PERCENTS], _PERCENTS, where="post")
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds from publishing to arrival")
    axes.set_ylabel("% of messages")
    axes.set_ylim(0, 100)
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.set_title(title)
    try:
        figure.savefig(file, dpi=120)
    except (OSError, ValueError) as error:
        raise LivebusError(f"{str(file)!r} cannot be written: {reason_of(error)}") from None
