"""
A page of the runtime in Chromium, driven from here: roles and names as people and screen readers hear them.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from support.running import RunningRuntime

SHOTS = os.environ.get("LIVEBUS_SCREENSHOTS")


class Console:
    """A page in Chromium. ``run`` is the body of an async function of (page, context, given)."""

    def __init__(self, node: str, clients: Path, chromium: str) -> None:
        self.clicks = 0
        self._process = subprocess.Popen(
            [node, str(clients / "console.mjs"), chromium], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def run(self, code: str, given: Any = None) -> Any:
        answer = self._ask({"run": code, "given": given})
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def faults(self) -> list[str]:
        """What the page threw or logged as an error since it was last asked."""
        return list(self._ask({"faults": True})["value"])

    def shot(self, name: str) -> None:
        """A picture, where somebody wants to look: LIVEBUS_SCREENSHOTS names the folder. docs/images has six of them."""
        if not SHOTS:
            return
        # What has just come has faded in by then.
        code = """
          await page.setViewportSize({width: 1280, height: 640});
          await page.waitForTimeout(1700);
          await page.screenshot({path: given});
          await page.setViewportSize({width: 1440, height: 900});
        """
        self.run(code, f"{SHOTS}/page-{name}.png")

    def text(self, role: str, name: str) -> str:
        """The text of the one element of a role and name."""
        return str(
            self.run("return await page.getByRole(given[0], {name: given[1]}).first().innerText()", [role, name])
        )

    def count(self, role: str, name: str) -> int:
        return int(self.run("return await page.getByRole(given[0], {name: given[1]}).count()", [role, name]))

    def click(self, role: str, name: str, *, exact: bool = False) -> None:
        self.clicks += 1
        self.run(
            "await page.getByRole(given[0], {name: given[1], exact: given[2]}).first().click()", [role, name, exact]
        )

    def fill(self, role: str, name: str, text: str) -> None:
        self.run("await page.getByRole(given[0], {name: given[1]}).fill(given[2])", [role, name, text])

    def press(self, *keys: str) -> None:
        """Keys as somebody without a mouse presses them, one after the other."""
        self.run("for (const key of given) await page.keyboard.press(key)", list(keys))

    def wait(self, text: str) -> None:
        self.run("await page.getByText(given).first().waitFor()", text)

    def await_role(self, role: str, name: str) -> None:
        self.run("await page.getByRole(given[0], {name: given[1]}).first().waitFor()", [role, name])

    def visit(self, way: str) -> None:
        """Another link of the page that is open."""
        self.run("await page.evaluate((way) => { location.hash = way; }, given)", way)

    @property
    def link(self) -> str:
        return str(self.run("return new URL(page.url()).hash"))

    def clipboard(self) -> str:
        return str(self.run("return await page.evaluate(() => navigator.clipboard.readText())"))

    def value(self, expression: str) -> Any:
        """Of an expression in the page."""
        return self.run("return await page.evaluate(given)", expression)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()


def go(console: Console, runtime: RunningRuntime, way: str = "") -> None:
    """Open the page anew, at a link."""
    console.run("await page.goto('about:blank'); await page.goto(given)", f"{runtime.outputs['ConsoleUrl']}{way}")
