"""
A template on disk with what stands around it: the files that it names, its sample events, its ``.livebus.toml``.

In: paths. Out: an :class:`~livebus.checks.inspection.Inspection` with samples, the files that were read, and the faults of
those that could not be.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from livebus.aws.stack import read_deploy_config
from livebus.checks.inspection import Inspection, Sample
from livebus.errors import Fault, InvalidEvent, InvalidTemplate, LivebusError, Place, did_you_mean
from livebus.event.document import FileEntry, read_entries
from livebus.event.envelope import Event, Refused, accept
from livebus.pattern import EventPattern
from livebus.template import Environment
from livebus.template.application import Application
from livebus.template.attributes import bus_name
from livebus.template.document import Document, read_document

CONFIG_FILE = ".livebus.toml"
EVENTS_FOLDER = "events"
EVENT_SUFFIXES = (".json", ".ndjson")
MAX_FILE_BYTES = 64 * 1024 * 1024
_CONFIG_MEMBERS = ("ignore", "undelivered")


@dataclass(frozen=True, slots=True)
class Config:
    """``[validate]`` of a .livebus.toml: what is ignored (id, reason), and files of events that must not arrive."""

    file: str = ""
    ignore: tuple[tuple[str, str], ...] = ()
    undelivered: tuple[Path, ...] = ()


@dataclass(slots=True)
class Project:
    """
    One template's files.

    ``read`` are the files that were looked for by the name that places have for them, whether they were there or not.
    """

    template: Path
    read: dict[str, Path] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.template.parent

    def config(self) -> Config:
        """The nearest .livebus.toml: beside the template, else in the working directory. Raises LivebusError."""
        for folder in dict.fromkeys((self.folder, Path())):
            path = folder / CONFIG_FILE
            self.read[str(path)] = path
            if path.is_file():
                return read_config(path)
        return Config()

    def environment(self, *, stack_name: str = "", region: str = "") -> Environment:
        """Where the template is deployed to: what is given, then samconfig.toml beside it, then the defaults."""
        path = self.folder / "samconfig.toml"
        self.read[str(path)] = path
        if path.is_file() and not (stack_name and region):
            try:
                deploy = read_deploy_config(path.read_text(encoding="utf-8"), str(path), "default")
            except (LivebusError, OSError, UnicodeDecodeError):
                return _environment(stack_name, region)  # the SAM CLI tells of it, where it matters
            return _environment(stack_name or deploy.stack_name, region or deploy.region)
        return _environment(stack_name, region)

    def inspect(
        self, document: Document | None = None, *, parameters: Mapping[str, str] | None = None, environment: Environment
    ) -> Inspection:
        """
        The template under inspection, without samples yet; ``document`` where it has been read already.

        Raises LivebusError where the template is not there or nothing of it can be read.
        """
        if document is None:
            document = read_document(self.text(), self.name)
        return Inspection(document, self.read_named, environment=environment, parameters=parameters)

    @property
    def name(self) -> str:
        """The name that places have for the template."""
        return relative(self.template)

    def text(self) -> str:
        """The template's text. Raises LivebusError."""
        self.read[self.name] = self.template
        return read_text(self.template, self.name)

    def read_named(self, name: str) -> str:
        """The text of a file by the name that the template has for it. Raises LivebusError."""
        path = self._asset(name) if name.startswith("s3://") else self.folder / name
        self.read[name] = path
        return read_text(path, name)

    def _asset(self, name: str) -> Path:
        """A file that cdk synth left beside the template, for the place in S3 where cdk deploy would put it."""
        key = name.rpartition("/")[2]
        for manifest in sorted(self.folder.glob("*.assets.json")):
            try:
                files = json.loads(manifest.read_bytes())["files"]
                for digest, asset in files.items():
                    keys = {to.get("objectKey") for to in asset.get("destinations", {}).values()}
                    if key in keys or key.startswith(f"{digest}."):
                        return self.folder / str(asset["source"]["path"])
            except (OSError, ValueError, KeyError, AttributeError, TypeError):
                continue  # a manifest of another kind is none of ours
        beside = self.folder / f"asset.{key}"
        if beside.is_file():
            return beside
        raise LivebusError(
            f"{name!r} lies in S3",
            expected="a file beside the template, or an asset of cdk.out",
            advice="Give the template as it was before `sam package` or `cdk deploy`.",
        )

    def event_files(self) -> list[Path]:
        """The event files directly in ``events/`` beside the template, in the order of their names."""
        return event_files(self.folder / EVENTS_FOLDER)

    def shown(self, file: str) -> str:
        """A place's file as people read it: relative to the working directory where it lies below it."""
        path = self.read.get(file)
        return relative(path) if path is not None else file


def _environment(stack_name: str, region: str) -> Environment:
    default = Environment()
    return Environment(stack_name or default.stack_name, region or default.region)


def relative(path: Path) -> str:
    """A path relative to the working directory where it lies below it, else as it is; always with "/"."""
    below = os.path.relpath(path)
    return Path(path if below.startswith("..") else below).as_posix()


def event_files(folder: Path) -> list[Path]:
    """The event files directly in a folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in EVENT_SUFFIXES and path.is_file())


def read_text(path: Path, name: str) -> str:
    """A file's text; ``name`` is what it is called by. Raises LivebusError where it cannot be read."""
    try:
        return read_bytes(path, name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LivebusError(
            f"{name!r} is not UTF-8 (byte {error.start})", Place(name), advice="Save the file as UTF-8."
        ) from None


def read_bytes(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise LivebusError(f"{name!r} is a folder", Place(name), expected="a file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise LivebusError(f"{name!r} has more than {MAX_FILE_BYTES} bytes", Place(name))
        return path.read_bytes()
    except FileNotFoundError:
        raise LivebusError(f"{name!r} is not there", Place(name), advice=_close_file(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LivebusError(f"cannot read {name!r}: {reason}", Place(name)) from None


def missing(path: Path) -> list[Fault]:
    """A fault where there is neither a file nor a folder."""
    name = relative(path)
    return [] if path.exists() else [Fault(f"{name!r} is not there", Place(name), advice=_close_file(path))]


def _close_file(path: Path) -> str:
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError:
        return f"There is no folder {relative(path.parent)!r}."
    return did_you_mean(path.name, names) or f"Looked in {relative(path.parent)!r}."


# --- .livebus.toml --------------------------------------------------------------------------------------------------


def read_config(path: Path) -> Config:
    """Read a .livebus.toml. Raises LivebusError with everything that is wrong in it."""
    shown = relative(path)
    try:
        document = tomllib.loads(read_text(path, shown))
    except tomllib.TOMLDecodeError as error:
        raise LivebusError(f"not TOML: {error}", Place(shown)) from None
    section = document.get("validate", {})
    faults = [Fault(f"validate is {section!r}", Place(shown), "a table")] if not isinstance(section, dict) else []
    members: Mapping[str, Any] = section if isinstance(section, dict) else {}
    for name in members:
        if name not in _CONFIG_MEMBERS:
            advice = did_you_mean(name, _CONFIG_MEMBERS)
            expected = f"one of {', '.join(_CONFIG_MEMBERS)}"
            faults.append(Fault(f"unknown member {name!r}", Place(shown, path="validate"), expected, advice))
    ignore: list[tuple[str, str]] = []
    given = members.get("ignore", [])
    for index, item in enumerate(given if isinstance(given, list) else [given]):
        check_id, reason = (item.get("id"), item.get("reason")) if isinstance(item, dict) else (None, None)
        if isinstance(check_id, str) and check_id and isinstance(reason, str) and reason.strip():
            ignore.append((check_id, reason.strip()))
        else:
            place = Place(shown, path=f"validate.ignore[{index}]")
            faults.append(Fault(f"{item!r}", place, '{ id = "W9101", reason = "why" }', "A reason is required."))
    undelivered = members.get("undelivered", [])
    if not isinstance(undelivered, list) or not all(isinstance(each, str) and each for each in undelivered):
        faults.append(Fault(f"undelivered is {undelivered!r}", Place(shown, path="validate"), "a list of paths"))
        undelivered = []
    if faults:
        raise LivebusError(faults=faults)
    return Config(shown, tuple(ignore), tuple(path.parent / each for each in undelivered))


# --- sample events --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """A sample that no bus takes: what PutEvents answers."""

    file: str
    index: int
    place: Place
    refused: Refused
    expected: bool


@dataclass(frozen=True, slots=True)
class Samples:
    """What was read of event files: samples in their order, what PutEvents refuses, and faults of whole files."""

    samples: tuple[Sample, ...] = ()
    refused: tuple[RefusedEntry, ...] = ()
    faults: tuple[Fault, ...] = ()


class SampleReader:
    """Reads event files as events on the buses of an application. Ids count up, so that each run gives the same."""

    def __init__(self, application: Application, now: datetime) -> None:
        self._application = application
        self._now = now
        self._count = 0
        self._buses = _candidates(application)
        self._patterns = _patterns(application, self._buses) if len(self._buses) > 1 else []
        self._samples: list[Sample] = []
        self._refused: list[RefusedEntry] = []
        self._faults: list[Fault] = []

    def read(self, path: Path, *, expected: bool = True) -> None:
        """Read one file; ``expected`` is False for events that must not arrive."""
        file = relative(path)
        try:
            entries = read_entries(read_bytes(path, file), file)
        except InvalidEvent as error:
            self._faults += error.faults
        except LivebusError as error:
            self._faults += error.faults
        else:
            self.add(entries, file, expected=expected)

    def add(self, entries: Sequence[FileEntry], file: str, *, expected: bool = True) -> None:
        for found in entries:
            event = self.event(found.entry)
            if isinstance(event, Refused):
                self._refused.append(RefusedEntry(file, found.index, found.place, event, expected))
            else:
                self._samples.append(Sample(file, found.index, event, found.place, expected))

    @property
    def result(self) -> Samples:
        return Samples(tuple(self._samples), tuple(self._refused), tuple(self._faults))

    def event(self, entry: Mapping[str, Any]) -> Event | Refused:
        """One PutEvents entry as an event on its bus, or what PutEvents answers."""
        self._count += 1
        named = entry.get("EventBusName")
        application = self._application
        event = accept(
            entry,
            bus=bus_name(named) if named else self._buses[0],
            event_id=f"00000000-0000-4000-8000-{self._count:012x}",
            now=self._now,
            account=application.account,
            region=application.region,
        )
        if named is None and isinstance(event, Event):
            # Nobody says which bus it goes to: the first one that has a rule for it.
            event.bus = next((bus for bus, each in self._patterns if each.matches(event.envelope)), event.bus)
        return event


def _candidates(application: Application) -> list[str]:
    """
    The buses that an event may be meant for that names none.

    The one of the stack's Output, where livebus publish sends it; else those with rules; else any.
    """
    known = [bus.name for bus in application.buses]
    output = bus_name(application.outputs.get("EventBusName") or "-")
    if output in known:
        return [output]
    return list(dict.fromkeys(rule.bus for rule in application.rules)) or known or ["default"]


def _patterns(application: Application, buses: Sequence[str]) -> list[tuple[str, EventPattern]]:
    return list(_compiled(application, buses))


def _compiled(application: Application, buses: Sequence[str]) -> Iterator[tuple[str, EventPattern]]:
    for rule in application.rules:
        if rule.bus in buses and rule.enabled and rule.event_pattern is not None:
            try:
                yield rule.bus, EventPattern(rule.event_pattern)
            except InvalidTemplate:
                continue  # the checks tell of it
