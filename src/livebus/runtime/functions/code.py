"""
Finds the code of a function: the folder that it runs from, and whether that is other than it was.

In: a Function, and the folder of its template (None for one that was deployed: its code lies in S3). Out: a folder of
this machine. Code that lies in the template's folder runs where it lies; zip files, objects and inline code are unpacked
into the runtime's own folder. Nothing outside of the template's folder is run, and no link that leaves it is followed.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livebus.cdk_assets import asset_of
from livebus.errors import LivebusError, Place
from livebus.files import assembly_around
from livebus.runtime.functions.unpacking import unpack
from livebus.template.application import Function, FunctionCode

_BUILT = Path(".aws-sam") / "build"
_MAX_FILES = 50_000
_SOURCES = {"python": "index.py", "nodejs": "index.js"}
# Folders whose content is not looked at one by one: there are too many files in them.
_UNSEEN = frozenset({"__pycache__", "node_modules"})

Stamp = tuple[int, int]
# Objects of S3 by bucket and key; None for one that is not there.
Objects = Mapping[tuple[str, str], bytes | None]


@dataclass(frozen=True, slots=True)
class Code:
    """What a process runs: the function's folder and its layers', and how they stood when they were looked at."""

    folder: Path
    layers: tuple[Path, ...]
    stamp: tuple[Stamp, ...]


@dataclass(slots=True)
class CodeStore:
    """``unpacked`` is a folder of the runtime's own."""

    unpacked: Path
    tell: Callable[[str], None] = lambda _: None
    _told: set[str] = field(default_factory=set)

    def find(self, function: Function, template_folder: Path | None, objects: Objects) -> Code:
        """
        The code as it stands now. ``objects`` are those that the function and its layers name. Reads files: not for the
        event loop.

        Raises LivebusError with what is wrong: code that is not there, lies elsewhere, cannot be unpacked.
        """
        sources = [(function.code, function.logical_id), *((layer.code, layer.logical_id) for layer in function.layers)]
        folder, *layers = [
            self._folder(code, logical_id, function, template_folder, objects) for code, logical_id in sources
        ]
        stamps = tuple(_stamp(each, _confines(each, template_folder)) for each in (folder, *layers))
        return Code(folder, tuple(layers), stamps)

    def _folder(
        self, code: FunctionCode, logical_id: str, function: Function, template: Path | None, objects: Objects
    ) -> Path:
        if code.inline is not None:
            return self._inline(code.inline, function)
        if code.path:
            if template is None:
                found = f"the code of {function.name!r} is {code.path!r}, beside a template that was deployed"
                raise LivebusError(found, expected="an object in S3: sam deploy and cdk deploy put it there")
            return self._beside(self._built_or_source(code.path, logical_id, function, template), code.path, template)
        if template is not None:
            path = code.asset or asset_of(template, code.key)
            if path and (template / path).exists():
                return self._beside(template / path, path, template)
        return self._object(code, function, objects)

    # --- where it lies ----------------------------------------------------------------------------------------------

    def _built_or_source(self, path: str, logical_id: str, function: Function, template: Path) -> Path:
        """What `sam build` made, unless the source was changed since and can run as it is."""
        source, built = template / path, template / _BUILT / logical_id
        if not built.is_dir():
            if function.needs_build:
                found = f"the code of {function.name!r} has to be built, and {built} is not there"
                raise LivebusError(found, function.place, advice="Run sam build.")
            return source
        if not source.is_dir() or _newest(source) <= _newest(built):
            return built
        what = "what was built runs" if function.needs_build else "the source runs"
        self._tell_once(f"function {function.name}: {path} is newer than {_BUILT / logical_id}: {what}; see sam build")
        return built if function.needs_build else source

    def _beside(self, path: Path, name: str, template: Path) -> Path:
        """A folder or a zip file in the template's folder, as a folder."""
        if not _is_within(path, assembly_around(template)):
            found = f"{name!r} lies outside of {template.resolve()}"
            raise LivebusError(found, Place(name), advice="Code runs from the template's own folder only.")
        if path.is_dir():
            return path.resolve()
        try:
            status = path.stat()
        except OSError:
            advice = f"Looked for {path}; see CodeUri or Code in the template."
            raise LivebusError(f"{name!r} is not there", Place(name), advice=advice) from None
        digest = _digest(f"{path.resolve()} {status.st_mtime_ns} {status.st_size}".encode())
        return self._unpacked(digest, path, name)

    def _object(self, code: FunctionCode, function: Function, objects: Objects) -> Path:
        name = f"s3://{code.bucket}/{code.key}"
        body = objects.get((code.bucket, code.key))
        if body is None:
            found = f"the code of {function.name!r}, {name}, is not there"
            raise LivebusError(found, function.place, expected="an object of the runtime's S3, or an asset beside")
        return self._unpacked(_digest(body), io.BytesIO(body), name)

    def _unpacked(self, digest: str, archive: Path | io.BytesIO, name: str) -> Path:
        target = self.unpacked / digest
        if not target.is_dir():
            unpack(archive, name, target)
        return target.resolve()

    def _inline(self, text: str, function: Function) -> Path:
        language = next((each for each in _SOURCES if function.runtime.startswith(each)), "python")
        target = self.unpacked / _digest(f"{language} {text}".encode())
        if not target.is_dir():
            target.mkdir(mode=0o700, parents=True)
            (target / _SOURCES[language]).write_text(text, encoding="utf-8")
        return target.resolve()

    def _tell_once(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self.tell(line)


def named_objects(function: Function) -> list[tuple[str, str]]:
    """Bucket and key of each object that a function and its layers are from."""
    codes = [function.code, *(layer.code for layer in function.layers)]
    return [(code.bucket, code.key) for code in codes if code.bucket]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _is_within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _confines(folder: Path, template: Path | None) -> Path:
    """The folder that no link in a folder of code may leave: the template's; what was unpacked is on its own."""
    return template.resolve() if template is not None and _is_within(folder, template) else folder


# --- changes --------------------------------------------------------------------------------------------------------


def _stamp(folder: Path, confined: Path) -> Stamp:
    """
    How a folder stands: the newest change in it, and a digest over names, times and sizes.

    Raises LivebusError for a link that leaves ``confined``, and for more files than can be looked at.
    """
    digest = 0
    newest = 0
    for entry in _files(folder):
        if entry.is_symlink():
            target = Path(entry.path).resolve()
            if not target.is_relative_to(confined):
                name = str(Path(entry.path).relative_to(folder))
                advice = "Code runs from the template's own folder only."
                raise LivebusError(f"{name!r} is a link to {target}, outside of {confined}", Place(name), advice=advice)
        try:
            status = entry.stat()
        except OSError:
            continue
        newest = max(newest, status.st_mtime_ns)
        digest ^= hash((entry.path, status.st_mtime_ns, status.st_size))
    return newest, digest


def _newest(folder: Path) -> int:
    newest = 0
    for entry in _files(folder):
        try:
            newest = max(newest, entry.stat().st_mtime_ns)
        except OSError:
            continue
    return newest


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files and links of a folder, but those of hidden folders, of virtual environments and of dependencies."""
    waiting, count = [str(folder)], 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                found = list(entries)
        except OSError:
            continue
        if any(entry.name == "pyvenv.cfg" for entry in found):
            continue
        for entry in found:
            count += 1
            if count > _MAX_FILES:
                raise LivebusError(f"{folder} has more than {_MAX_FILES} files", Place(str(folder)))
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _UNSEEN:
                    waiting.append(entry.path)
            else:
                yield entry
