"""
Runs ``local.py`` and kills itself (SIGKILL, nothing is flushed or closed) at one exact point of a deployment.

Called as ``dying_runtime.py POINT NUMBER SCRIPTS …``: at the NUMBER-th call of the point, counted from the first update of a
stack on; the rest are local.py's arguments.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any


def die(point: str, number: int) -> None:
    """Let the process die inside of a method: ``before`` it is called, or ``after``."""
    from livebus.runtime.cloudformation.deployment import Deployer
    from livebus.runtime.cloudformation.making import Maker

    name, _, when = point.partition(":")
    owner: Any = Maker if hasattr(Maker, name) else Deployer
    method = getattr(owner, name)
    left = [number]

    def dying(one: Any, stack: Any, *given: Any, **options: Any) -> Any:
        counts = stack.status.startswith("UPDATE_") and stack.status.endswith("_IN_PROGRESS")
        left[0] -= counts
        if counts and left[0] == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(one, stack, *given, **options)
        if counts and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


if __name__ == "__main__":
    # In place of this folder, whose modules are called as the standard library's.
    sys.path[0] = str(Path(sys.argv[3]).parent / "src")
    die(sys.argv[1], int(sys.argv[2]))
    from livebus.cli import local
    from livebus.terminal import output

    output.run(lambda: local.main(sys.argv[4:]))
