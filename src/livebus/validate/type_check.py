"""
Resolver code as TypeScript sees it: AppSync checks types when code is saved, and refuses what does not pass.

In: an inspection, and a folder whose ``node_modules`` have ``typescript`` and ``@aws-appsync/utils``. Out: a finding for each thing that
TypeScript says, at the line of the code. AWS documents no such check; that it is TypeScript's, with ``checkJs`` and without
``strict``, is known from the texts that people show: https://github.com/aws/aws-appsync-community/issues/323. Its version is not.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livebus.checks.check import Finding
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, LivebusError, Place
from livebus.files import is_folder, is_there, missing, reason_of
from livebus.validate.findings import TYPES_HOLD

SECONDS = 60.0
MAX_OUTPUT_BYTES = 4 * 1024 * 1024
_HEAP_MEGABYTES = 512
_VERSION_SECONDS = 10.0
_PIECE_BYTES = 65_536
_PLACE = Place("--check-types")
_COMPILER = Path("node_modules", "typescript", "lib", "tsc.js")
_UTILS = Path("node_modules", "@aws-appsync", "utils")
_HAS_PACKAGES = "a folder with node_modules of typescript and @aws-appsync/utils"
_FLAGS = [
    "--allowJs",
    "--checkJs",
    "--noEmit",
    "--pretty",
    "false",
    "--skipLibCheck",
    "--strict",
    "false",
    "--types",
    "@aws-appsync/utils",
    "--target",
    "esnext",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
    "--locale",
    "en",
]
_VERSION = re.compile(r"v?([0-9][0-9A-Za-z.+-]{0,40})")
_EXCEPTION = re.compile(r"(?:[A-Za-z.]*Error|FATAL ERROR)\b.*: ")
_TOLD = re.compile(r"(?P<file>\d+)\.js\((?P<line>\d+),(?P<column>\d+)\): error (?P<code>TS\d+): (?P<text>.*)")


@dataclass(frozen=True, slots=True)
class TypeCheck:
    """
    Checks with the packages of a ``folder``, whose code is run: it has to be one's own, and never that of a template.

    Raises LivebusError where Node.js or one of the packages is not there.
    """

    folder: Path
    node: str = ""

    def __post_init__(self) -> None:
        node = self.node or shutil.which("node")
        if node is None:
            raise LivebusError("--check-types needs Node.js, and there is no node in PATH")
        object.__setattr__(self, "node", node)
        if not is_folder(self.folder):
            raise LivebusError(
                faults=missing(self.folder) or [Fault("no folder", Place(str(self.folder)), _HAS_PACKAGES)]
            )
        if lacking := [str(each) for each in (_COMPILER, _UTILS) if not is_there(self.folder / each)]:
            raise LivebusError(
                f"{lacking[0]!r} is not there",
                Place(str(self.folder)),
                expected=_HAS_PACKAGES,
                advice="In that folder: npm install --save-dev typescript@5 @aws-appsync/utils",
            )

    def findings(self, inspection: Inspection) -> list[Finding]:
        """What TypeScript says of all code. Raises LivebusError where it does not come to an end."""
        texts = dict(_code(inspection))
        if not texts:
            return []
        files = list(texts)
        try:
            output = self._checked(texts, files)
        except OSError as error:  # a temporary folder that cannot be made, or is full
            raise LivebusError(f"code cannot be written for TypeScript: {reason_of(error)}", _PLACE) from None
        return [Finding(TYPES_HOLD, fault) for fault in _faults(output, files)]

    def _checked(self, texts: Mapping[str, str], files: list[str]) -> str:
        with tempfile.TemporaryDirectory(prefix="livebus-types-") as name:
            work = Path(name)
            (work / "node_modules").symlink_to((self.folder / "node_modules").absolute(), target_is_directory=True)
            (work / "package.json").write_text('{"type": "module"}', "utf-8")
            names = [f"{index}.js" for index, _ in enumerate(files)]
            for each, file in zip(names, files, strict=True):
                (work / each).write_text(texts[file], "utf-8", newline="\n")
            return self._output(work, names)

    def _output(self, work: Path, names: list[str]) -> str:
        compiler = str((self.folder / _COMPILER).absolute())
        command = [self.node, f"--max-old-space-size={_HEAP_MEGABYTES}", compiler, *_FLAGS, *names]
        code, told = _told_by(command, work, SECONDS)
        if code not in (0, 1, 2) or (code and not any(map(_TOLD.match, told.splitlines()))):
            raise LivebusError(
                f"TypeScript ended with code {code}: {_reason(told)}",
                _PLACE,
                advice=f"It ran with Node.js {self._version(work)}; TypeScript 5 needs 14.17 or newer.",
            )
        return told

    def _version(self, work: Path) -> str:
        """What Node.js calls itself; "of an unknown version" where it does not say."""
        try:
            _, told = _told_by([self.node, "--version"], work, _VERSION_SECONDS)
        except LivebusError:
            told = ""
        found = _VERSION.fullmatch(told.strip())
        return found[1] if found else "of an unknown version"


def _told_by(command: list[str], work: Path, seconds: float) -> tuple[int, str]:
    """The exit code and the output of a program; it is ended where it says too much or takes too long. Raises LivebusError."""
    until = time.monotonic() + seconds
    late = LivebusError(f"TypeScript took longer than {seconds:g} seconds", _PLACE)
    told = bytearray()
    try:
        process = subprocess.Popen(  # noqa: S603 - the compiler of a folder that was named for that
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise LivebusError(f"{command[0]!r} cannot be started: {reason_of(error)}", _PLACE) from None
    assert process.stdout is not None
    try:
        with process.stdout as output, selectors.DefaultSelector() as waiting:
            waiting.register(output, selectors.EVENT_READ)
            while waiting.select(max(0.0, until - time.monotonic())):
                piece = os.read(output.fileno(), _PIECE_BYTES)
                if not piece:
                    return process.wait(max(0.0, until - time.monotonic())), told.decode("utf-8", "replace")
                told += piece
                if len(told) > MAX_OUTPUT_BYTES:
                    raise LivebusError(f"TypeScript said more than {MAX_OUTPUT_BYTES >> 20} MB", _PLACE)
        raise late
    except subprocess.TimeoutExpired:
        raise late from None
    finally:
        # Whatever it started goes with it, also where it has ended itself.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _reason(told: str) -> str:
    """The line that says why a program ended: an exception's first one, else the last."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    named = [line for line in lines if _EXCEPTION.match(line)]
    return [*lines[-1:], *named[:1]][-1][:200] if lines else "it said nothing"


def _code(inspection: Inspection) -> Iterator[tuple[str, str]]:
    """Each text of code with the name of its file, or of its place in the template."""
    for api in inspection.application.apis:
        for config in api.resolvers:
            for part in config.parts:
                if part.code.strip():
                    yield part.code_file, part.code


def _faults(output: str, files: list[str]) -> Iterator[Fault]:
    """What was said, each with the lines that go on with it."""
    told: re.Match[str] | None = None
    more: list[str] = []
    for line in [*output.splitlines(), ""]:
        match = _TOLD.match(line)
        if told is not None and (match is not None or not line.startswith(" ")):
            yield _fault(told, more, files)
            told = None
        if match is not None:
            told, more = match, []
        elif line.startswith(" "):
            more.append(line.strip())


def _fault(told: Mapping[str, str] | re.Match[str], more: list[str], files: list[str]) -> Fault:
    place = Place(files[int(told["file"])], int(told["line"]), int(told["column"]))
    text = " ".join([told["text"], *more])
    return Fault(
        f"{told['code']}: {text}", place, advice="AppSync checks types when code is saved, and refuses such code."
    )
