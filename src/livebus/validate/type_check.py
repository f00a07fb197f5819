"""
Resolver code as TypeScript sees it: AppSync checks types when code is saved, and refuses what does not pass.

In: an inspection, and a folder whose ``node_modules`` have ``typescript`` and ``@aws-appsync/utils``. Out: a finding for each thing that
TypeScript says, at the line of the code. AWS documents no such check; that it is TypeScript's, with ``checkJs`` and without
``strict``, is known from the texts that people show: https://github.com/aws/aws-appsync-community/issues/323. Its version is not.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from livebus.checks.check import Finding
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, LivebusError, Place
from livebus.files import missing
from livebus.validate.findings import TYPES_HOLD

SECONDS = 60.0
MAX_OUTPUT_BYTES = 4 * 1024 * 1024
_HEAP_MEGABYTES = 512
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
        if not self.folder.is_dir():
            raise LivebusError(
                faults=missing(self.folder) or [Fault("no folder", Place(str(self.folder)), _HAS_PACKAGES)]
            )
        if lacking := [str(each) for each in (_COMPILER, _UTILS) if not (self.folder / each).exists()]:
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
        with tempfile.TemporaryDirectory(prefix="livebus-types-") as name:
            work = Path(name)
            (work / "node_modules").symlink_to((self.folder / "node_modules").absolute(), target_is_directory=True)
            (work / "package.json").write_text('{"type": "module"}', "utf-8")
            names = [f"{index}.js" for index, _ in enumerate(files)]
            for each, file in zip(names, files, strict=True):
                (work / each).write_text(texts[file], "utf-8", newline="\n")
            output = self._output(work, names)
        return [Finding(TYPES_HOLD, fault) for fault in _faults(output, files)]

    def _output(self, work: Path, names: list[str]) -> str:
        compiler = str((self.folder / _COMPILER).absolute())
        command = [self.node, f"--max-old-space-size={_HEAP_MEGABYTES}", compiler, *_FLAGS, *names]
        with (work / "output").open("w+b") as output:
            process = subprocess.Popen(  # noqa: S603 - the compiler of a folder that was named for that
                command, cwd=work, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
            try:
                code = process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                raise LivebusError(f"TypeScript took longer than {SECONDS:g} seconds", Place("--check-types")) from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            output.seek(0)
            told = output.read(MAX_OUTPUT_BYTES).decode("utf-8", "replace")
        if code not in (0, 1, 2) or (code and not any(map(_TOLD.match, told.splitlines()))):
            last = told.strip().splitlines()[-1:] or ["it said nothing"]
            raise LivebusError(f"TypeScript ended with code {code}: {last[0][:200]}", Place("--check-types"))
        return told


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
