"""
cfn-lint and the SAM CLI by their own scripts, with all that they import in memory, which is more than half of what a call takes.

Livebus and what it needs are not among it: whoever finds them, finds them as in a process that has just begun.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from support.preloaded import Ended, Preloaded

BIN = Path(sys.executable).parent
_PRELOADED = Preloaded(
    "boto3",
    "cfnlint.runner",
    "samcli.commands.build.build_context",
    "samcli.commands.delete.delete_context",
    "samcli.commands.deploy.command",
    "samcli.commands.deploy.deploy_context",
    "samcli.commands.validate.validate",
    SAM_CLI_CONTAINER_CONNECTION_TIMEOUT="1",  # it is read where it is imported
)


def ran(
    tool: str, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: IO[str] | None = None
) -> Ended:
    """Run ``cfn-lint`` or ``sam`` to its end; without telemetry."""
    return _PRELOADED.run(
        [BIN / tool, *arguments],
        cwd=cwd,
        env={**(os.environ if env is None else env), "SAM_CLI_TELEMETRY": "0"},
        stdin=stdin,
    )
