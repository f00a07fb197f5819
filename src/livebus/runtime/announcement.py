"""
Tells those who look for it what runs and where: ``runtime.json`` in the state folder, and the file of ``--outputs``.

They are written anew when another application runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from typing import Any

from livebus.errors import LivebusError
from livebus.files import reason_of
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.kept.state import RUNTIME_FILE, StateFolder, write_outputs
from livebus.runtime.served_stacks import ServedStacks
from livebus.runtime.settings import Settings


class Announcement:
    """
    ``reached_at`` says where the runtime is reached, under the names of Outputs. ``outputs`` are those of the application,
    with that, and with who may sign in.
    """

    def __init__(
        self,
        settings: Settings,
        state: StateFolder,
        served: ServedStacks,
        clockwork: Clockwork,
        reached_at: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._state = state
        self._served = served
        self._tell = clockwork.tell
        self._reached_at = reached_at
        self.outputs: dict[str, Any] = {}

    def changed(self, *, follows_template: bool) -> None:
        """Another application runs. A file that cannot be written is told: the application is at work all the same."""
        try:
            self.write(follows_template=follows_template)
        except (LivebusError, OSError) as error:
            self._tell(f"the outputs cannot be written: {reason_of(error)}")

    def write(self, *, follows_template: bool) -> None:
        """``follows_template``: what runs is the template on disk. Raises LivebusError or OSError."""
        user_name, password = self._served.user or ("", "")
        if self.outputs and user_name and not self.outputs["UserName"]:
            # The first user pool came with a deployment: only now is there somebody who may sign in to it.
            shown = "" if self._settings.user else f" with password {password}"
            self._tell(f"sign in    {user_name}{shown}")
        applications = self._served.applications().values()
        stacks = {name: dict(outputs) for each in applications for name, outputs in each.deployed.items()}
        self.outputs = {**self._main(stacks), **self._reached_at, "UserName": user_name, "Password": password}
        application = self._settings.application
        template = application.folder if application is not None else self._settings.template
        template = template if follows_template else None
        of_the_process = {
            "TemplateFile": str(template.absolute()) if template else "",
            "TemplateStack": self._settings.stack_name if template else "",
            "TemplateStacks": list(self._together()) if template else [],
            "TemplateOutputs": dict(self._main(stacks)) if template and self._together() else {},
            "Pid": os.getpid(),
        }
        state = {**self.outputs, "Stacks": stacks, **of_the_process}
        self._state.write(RUNTIME_FILE, json.dumps(state, indent=2) + "\n")
        if self._settings.outputs is not None:
            write_outputs(self._settings.outputs, self.outputs)

    def _main(self, stacks: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """Those of what the runtime is started for; else of the first stack that has an event bus of its own."""
        started = self._served.applications().get(self._settings.stack_name)
        first = (outputs for outputs in stacks.values() if "EventBusName" in outputs)
        return (started.outputs if started is not None else None) or next(first, {})

    def _together(self) -> Collection[str]:
        """The stacks of an application that are run as one; none where the template is one stack's."""
        started = self._served.applications().get(self._settings.stack_name)
        return started.deployed if started is not None and self._settings.application is not None else ()
