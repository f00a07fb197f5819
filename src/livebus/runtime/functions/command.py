"""
What is started for a function: the interpreter of its runtime, the environment that Lambda documents, limits of the system.

Of whoever runs Livebus a process gets the search path, the home folder and the language, and nothing else: no profile, no
credentials. Its own calls of AWS go to this runtime.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from livebus.errors import LivebusError
from livebus.runtime.functions.code import Code
from livebus.template.application import Function

_BOOTSTRAPS = Path(__file__).parent / "bootstraps"
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR")
# Beside the function's own memory: what the interpreter needs before it holds anything of the function's.
_PYTHON_MB = 64
_NODE_MB = 256  # buffers, code, and what the collector keeps in reserve
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
# The shell sets the limits, since Node.js cannot; where the system knows a limit not, it stays as it is.
_LIMITED = 'ulimit -c 0 2>/dev/null; ulimit -d "$1" 2>/dev/null; shift; exec "$@"'


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all functions have in common: where their own calls of AWS go, and as whom."""

    endpoint: str
    region: str
    account: str = "123456789012"
    access_key: str = "test"
    secret_key: str = "test"  # noqa: S105 - no secret: it opens nothing but this runtime
    nothing: str = "/nonexistent/aws"

    def function_arn(self, name: str) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"


def arguments(function: Function, tell: Callable[[str], None]) -> list[str]:
    """
    The command line for a function. Asks an interpreter for its version: not for the event loop.

    Raises LivebusError where there is none, or where processes cannot be limited.
    """
    if os.name != "posix":
        raise LivebusError("functions run on Linux and macOS only: elsewhere their processes cannot be limited")
    memory = function.memory_size
    if function.runtime.startswith("python"):
        python = _python(function.runtime.removeprefix("python"))
        _tell_version(function, python, tell)
        command = [python, "-u", "-s", str(_BOOTSTRAPS / "python_bootstrap.py")]
        limit = memory + _PYTHON_MB
    else:
        node = shutil.which("node")
        if node is None:
            found = f"function {function.name!r} needs Node.js, and there is no node on the PATH"
            raise LivebusError(found, function.place, advice="Install Node.js, or start with --no-functions.")
        _tell_version(function, node, tell)
        command = [node, f"--max-old-space-size={memory}", str(_BOOTSTRAPS / "node_bootstrap.mjs")]
        limit = memory + _NODE_MB
    return ["/bin/sh", "-c", _LIMITED, "sh", str(limit * 1024), *command]


def environment(
    function: Function, code: Code, api: str, surroundings: Surroundings, own: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a process; ``api`` is where it finds the Runtime API, ``own`` the environment of Livebus."""
    folders = [str(layer / "python") for layer in code.layers]
    modules = [str(layer / "nodejs" / "node_modules") for layer in code.layers]
    given = {name: own[name] for name in _KEPT if name in own}
    # Set for the function to change; what follows after its own variables is reserved, as on AWS.
    given |= {
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": surroundings.endpoint,
        "PYTHONPATH": os.pathsep.join(folders),
        "NODE_PATH": os.pathsep.join([*modules, str(code.folder / "node_modules")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {
        **given,
        **function.environment,
        "_HANDLER": function.handler,
        "_X_AMZN_TRACE_ID": "",
        "AWS_ACCESS_KEY_ID": surroundings.access_key,
        "AWS_CONFIG_FILE": surroundings.nothing,
        "AWS_DEFAULT_REGION": surroundings.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": surroundings.region,
        "AWS_SECRET_ACCESS_KEY": surroundings.secret_key,
        "AWS_SHARED_CREDENTIALS_FILE": surroundings.nothing,
        "LAMBDA_RUNTIME_DIR": str(_BOOTSTRAPS),
        "LAMBDA_TASK_ROOT": str(code.folder),
    }


def _python(version: str) -> str:
    """The interpreter that runs Livebus where it is of this version; else one of that version; else the former."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = None if version == own else shutil.which(f"python{version}")
    if found is None:
        return sys.executable
    try:
        version_of(found)
    except LivebusError:  # pyenv puts a name into the PATH for each version that it has, and runs those that are chosen
        return sys.executable
    return found


def _tell_version(function: Function, interpreter: str, tell: Callable[[str], None]) -> None:
    major, minor = version_of(interpreter)
    name = f"python{major}.{minor}" if function.runtime.startswith("python") else f"nodejs{major}.x"
    if name != function.runtime:
        tell(f"function {function.name}: {name} runs it ({interpreter}); the template says {function.runtime}")


@lru_cache(maxsize=16)
def version_of(interpreter: str) -> tuple[int, int]:
    """Major and minor version that an interpreter says it has. Raises LivebusError where it does not say."""
    try:
        told = subprocess.run(  # noqa: S603 - an interpreter from the PATH, asked for its version
            [interpreter, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise LivebusError(f"{interpreter} does not run: {error}") from None
    found = _VERSION.search(told)
    if found is None:
        raise LivebusError(f"{interpreter} --version says {told[:80]!r}")
    return int(found[1]), int(found[2])
