"""
The event sink as a process beside the tests.
"""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path
from typing import Any

from support.processes import Program
from support.waiting import until

SCRIPT = Path(__file__).with_name("event_sink.py")


class EventSink(Program):
    """
    ``event_sink.py`` on a free port, with a log in this folder. ``url`` is where it listens.

    The flags are its own: ``EventSink(tmp_path, "--fail", "0.3", "--seed", "7")``.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        self.log = folder / "accepted.txt"
        self.ca_file = folder / "ca.pem"
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        given = [str(self.ca_file) if flag == "CA" else flag for flag in flags]
        command = Program.script_command(SCRIPT, "--ready", ready, "--log", self.log, *given)
        super().__init__(command)
        try:
            until(lambda: ready.exists() or not self.runs(), "the sink listens")
            assert ready.exists(), self.stderr
            self.url: str = json.loads(ready.read_text())["url"]
        except BaseException:
            self.__exit__()
            raise

    def statistics(self) -> dict[str, Any]:
        """What it has done so far; the log is complete then."""
        assert self.url.startswith("http://"), "over TLS the log is complete when it has ended"
        with urllib.request.urlopen(f"{self.url}/statistics") as answer:
            return json.load(answer)

    def hold(self, after: int) -> None:
        """Answer nothing more once so many entries more are accepted."""
        self._get(f"hold?after={after}")

    def release(self) -> None:
        """Answer what comes from now on."""
        self._get("release")

    def _get(self, path: str) -> None:
        with urllib.request.urlopen(f"{self.url}/{path}"):
            pass

    def stop(self) -> dict[str, Any]:
        """End it; what it did in all."""
        self.signal(signal.SIGTERM)
        self.wait()
        return json.loads(self.stdout)

    def accepted(self) -> list[str]:
        """The identities of all accepted entries, in the order of acceptance; as of the last statistics or the end."""
        return self.log.read_text().split("\n")[:-1]
