"""
Measures the page's list in Chromium with ten thousand events: frames a second, and what a frame costs the page's own thread.

The runtime runs in a process of its own, as ``livebus local`` starts it; the list is scrolled by wheel, by keys and by jumps, and
is looked at, and scrolled, while a thousand events a second come in. Of each: frames a second as the page sees them, the processor time
of the page's thread for a frame (script, style, layout, paint: what does not depend on what else the machine does), the frames
that took longer than a sixtieth of a second of it, and the elements that were made for a frame.

    python benchmarks/page.py [--seconds 5] [--events 10000] [--rate 1000] [--json]

Needs what tests/clients needs: node, ``npm ci`` there, and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect, bisect_left
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from line_servers import PROJECT, Runtime, entry, headers

BATCH = 10
FRAME_MILLISECONDS = 1000 / 60
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CLIENTS = PROJECT / "tests" / "clients"
# Processor time of the page's main thread by frame, from Chromium's own trace; frames by requestAnimationFrame.
MEASURE = """
const cdp = await context.newCDPSession(page);
const events = [];
cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value));
const list = page.getByRole('listbox', { name: 'Events' });
const box = await list.boundingBox();
await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
await list.evaluate((node) => { node.scrollTop = 0; });
await list.focus();
await page.evaluate(() => {
  const frames = globalThis.frames_ = { times: [], made: 0, on: true };
  for (const name of ['createElement', 'createElementNS']) {
    const real = Document.prototype[name];
    document[name] = function (...given) { frames.made++; return real.apply(this, given); };
  }
  const tick = (time) => { frames.times.push(time); if (frames.on) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
});
await cdp.send('Tracing.start', {
  transferMode: 'ReportEvents',
  traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] },
});
const end = Date.now() + given.seconds * 1000;
for (let step = 0; Date.now() < end; step++) {
  if (given.how === 'wheel') await page.mouse.wheel(0, 240);
  else if (given.how === 'keys') await page.keyboard.press('PageDown');
  else if (given.how === 'jumps') await list.evaluate((node) => { node.scrollTop = (node.scrollTop + 4300) % node.scrollHeight; });
  else await page.waitForTimeout(100);
}
const frames = await page.evaluate(() => {
  frames_.on = false;
  for (const name of ['createElement', 'createElementNS']) delete document[name];
  return { ...frames_, rows: document.querySelectorAll('[role=option].row').length, top: document.querySelector('.rows').scrollTop };
});
const done = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
await cdp.send('Tracing.end');
await done;
await cdp.detach();
const first = events.find(({ name }) => name === 'FireAnimationFrame');
const own = events.filter(({ pid, tid }) => first && pid === first.pid && tid === first.tid);
const named = (name) => own.filter((each) => each.name === name && each.ph === 'X').map(({ ts, dur = 0, tdur = 0 }) => [ts, tdur / 1000, dur]);
const starts = own.filter(({ name }) => name === 'FireAnimationFrame').map(({ ts }) => ts);
return { ...frames, tasks: named('RunTask'), starts, style: named('UpdateLayoutTree'), layout: named('Layout'), paint: [...named('PrePaint'), ...named('Paint'), ...named('Layerize')] };
"""


class Browser:
    """Chromium with one page, driven as the tests drive it."""

    def __init__(self) -> None:
        node = shutil.which("node")
        chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
        if node is None or chromium is None or not (CLIENTS / "node_modules").exists():
            sys.exit("node, Chromium or tests/clients/node_modules is missing: run make setup")
        command = [node, str(CLIENTS / "console.mjs"), chromium]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, code: str, given: Any = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"run": code, "given": given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            sys.exit(answer["error"])
        return answer["value"]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


class Publisher:
    """Sends events over one connection."""

    def __init__(self, runtime: Runtime) -> None:
        self._connection = HTTPConnection(urlsplit(runtime.endpoint).netloc)
        self._bus = runtime.outputs["EventBusName"]
        self._headers = headers("AWSEvents.PutEvents")

    def send(self, count: int, first: int) -> None:
        entries = [entry(f"number {first + number}", self._bus) for number in range(count)]
        self._connection.request("POST", "/", json.dumps({"Entries": entries}), self._headers)
        if json.loads(self._connection.getresponse().read())["FailedEntryCount"]:
            sys.exit("an event was refused")


class Stream(threading.Thread):
    """Events at a rate, until it is stopped; that tells how many there were."""

    def __init__(self, publisher: Publisher, rate: float) -> None:
        super().__init__()
        self._publisher = publisher
        self._rate = rate
        self._stopped = threading.Event()
        self._sent = 0

    def run(self) -> None:
        began = time.perf_counter()
        while not self._stopped.wait(max(0.0, began + self._sent / self._rate - time.perf_counter())):
            self._publisher.send(BATCH, self._sent)
            self._sent += BATCH

    def stop(self) -> int:
        self._stopped.set()
        self.join()
        return self._sent


def figures(found: dict[str, Any]) -> dict[str, float]:
    """Of one way of scrolling: times in milliseconds of the page's thread, by frame."""
    times, callbacks = found["times"], sorted(found["starts"])
    costs: list[float] = []
    waiting = 0.0
    for begin, spent, took in sorted(found["tasks"]):
        # A frame is a task with callbacks of requestAnimationFrame; what is done between two is for the next one.
        is_frame = bisect(callbacks, begin + took) > bisect_left(callbacks, begin)
        waiting += spent
        if is_frame:
            costs.append(waiting)
            waiting = 0.0
    costs.sort()
    frames = max(1, len(costs))
    seconds = (times[-1] - times[0]) / 1000
    result = {
        "framesPerSecond": (len(times) - 1) / seconds,
        "cpuMsPerFrameP50": median(costs),
        "cpuMsPerFrameP99": costs[min(frames - 1, frames * 99 // 100)],
        "cpuMsPerFrameMost": costs[-1],
        "longFrames": sum(cost > FRAME_MILLISECONDS for cost in costs),
        "frames": frames,
        "elementsMadePerFrame": found["made"] / frames,
        "rows": found["rows"],
        "scrolledTo": found["top"],
    }
    parts = {name: sum(cost for _, cost, _ in found[name]) / frames for name in ("style", "layout", "paint")}
    script = sum(costs) / frames - sum(parts.values())
    return {
        **result,
        "cpuMsPerFrame": sum(costs) / frames,
        "scriptAndRestMs": script,
        **{f"{k}Ms": v for k, v in parts.items()},
    }


def measure(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="livebus-benchmark-") as name:
        runtime = Runtime(Path(name))
        browser, publisher = Browser(), Publisher(runtime)
        try:
            # One has been published: by that the runtime's start was measured.
            for first in range(1, options.events, BATCH):
                publisher.send(min(BATCH, options.events - first), first)
            browser.run("await page.goto(given)", runtime.outputs["ConsoleUrl"])
            browser.run("await page.getByText(given).first().waitFor({timeout: 60000})", f"{options.events:,} events")
            result = {}
            for how in ("wheel", "keys", "jumps"):
                result[how] = figures(browser.run(MEASURE, {"how": how, "seconds": options.seconds}))
            for how in ("looking on", "wheel"):
                stream = Stream(publisher, options.rate)
                stream.start()
                began = time.perf_counter()
                found = figures(browser.run(MEASURE, {"how": how, "seconds": options.seconds}))
                sent = stream.stop()
                result[f"{how}, events come"] = {**found, "eventsPerSecond": sent / (time.perf_counter() - began)}
            return result
        finally:
            browser.close()
            runtime.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each is measured (default: %(default)s)")
    parser.add_argument("--events", type=int, default=10_000, help="events in the list (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=1000.0, help="events a second that come (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    result = measure(options)
    if options.json:
        print(json.dumps(result))
        return 0
    for name, found in result.items():
        print(name)
        for figure, value in found.items():
            print(f"  {figure:24}{value:12,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
