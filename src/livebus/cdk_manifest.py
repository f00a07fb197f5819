"""
One manifest.json of a cloud assembly that cdk synth writes: the stacks and the stages that it names, and what is wrong with it.

In: the assembly's folder, or a stage's. Out: a :class:`Manifest`. Artifacts of other kinds are passed over; one of these two kinds
that cannot be what it says is a fault, at its line.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from livebus.errors import Fault, LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, Root, is_there, missing_file, relative
from livebus.json_file import JsonFile, read_json, shown

MANIFEST = "manifest.json"
# What is beside it, in each folder that cdk synth writes.
_MARK = "cdk.out"
SYNTH_AGAIN = "Run `cdk synth` again."
MAX_BYTES = 8 * MAX_SETTINGS_BYTES
_MOST_ARTIFACTS = 10_000
_MOST_NEEDED = 500
_STACK, _ASSEMBLY = "aws:cloudformation:stack", "cdk:cloud-assembly"
# The property that names what there is, by the artifact's type, and what it names.
_FILES = {_STACK: ("templateFile", "the path of a template"), _ASSEMBLY: ("directoryName", "the path of a folder")}
_ACCOUNT = re.compile("[0-9]{12}")
_UNKNOWN = ("", "unknown-region", "current_region")


@dataclass(frozen=True, slots=True)
class CdkStack:
    """
    A stack of an assembly: the path of its template, the name that it is deployed by, and what it is deployed with.

    ``region`` and ``account`` are empty where the application leaves them to the deployment. ``parameters`` are values of the
    template's. ``artifact`` is its id in the manifest, ``after`` are those of the stacks that have to be deployed before it.
    """

    template: Path
    name: str
    region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    account: str = field(default="", compare=False)
    artifact: str = field(default="", compare=False)
    after: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The stacks that it names and the folders of stages, in its order; the faults of all else that it should have named."""

    named: tuple[CdkStack | Path, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_manifest(folder: Path, root: Root) -> Manifest:
    """Read the manifest of a folder. What it names has to lie in ``root``."""
    try:
        file = _file(folder)
    except LivebusError as error:
        return Manifest((), tuple(replace(fault, advice=SYNTH_AGAIN) for fault in error.faults))
    if not isinstance(file.value, Mapping):
        return Manifest((), (_fault(file, (), f"the manifest is {shown(file.value)}", "an object"),))
    artifacts = file.value.get("artifacts", {})
    if not isinstance(artifacts, Mapping):
        return Manifest((), (_fault(file, ("artifacts",), f"artifacts is {shown(artifacts)}", "an object"),))
    found: list[CdkStack | Path] = []
    wrong: list[tuple[tuple[str, ...], str, str]] = []
    for name, artifact in islice(artifacts.items(), _MOST_ARTIFACTS):
        each = _artifact(folder, name, artifact, root)
        if isinstance(each, tuple):
            wrong.append(each)
        elif each is not None:
            found.append(each)
    faults = [_fault(file, *each) for each in wrong[:_MOST_TOLD]]
    if len(wrong) > _MOST_TOLD:
        faults.append(_fault(file, (), f"{len(wrong) - _MOST_TOLD:,} more artifacts are like these", ""))
    if len(artifacts) > _MOST_ARTIFACTS:
        faults.append(not_read(file.name, f"has {len(artifacts):,} artifacts: only the first {_MOST_ARTIFACTS:,}"))
    return Manifest(tuple(found), tuple(faults))


def _file(folder: Path) -> JsonFile:
    """The manifest as JSON. Raises LivebusError where it, the folder or what marks that is not there."""
    if not is_there(folder):
        name = relative(folder)
        raise LivebusError(f"{name!r} is not there", Place(name))
    path = folder / MANIFEST
    if faults := [fault for each in (path, folder / _MARK) for fault in missing_file(each)]:
        raise LivebusError(faults=faults)
    return read_json(path, relative(path), most=MAX_BYTES)


# Each place is looked for in the whole text.
_MOST_TOLD = 10


def not_read(name: str, what: str) -> Fault:
    """A bound that a manifest goes beyond."""
    return Fault(
        f"{what} are read", Place(name, 1, 1), advice="Name a template to have it read by itself.", is_bound=True
    )


def _fault(file: JsonFile, path: tuple[str, ...], found: str, expected: str) -> Fault:
    return Fault(found, file.place(*path), expected, SYNTH_AGAIN)


def _artifact(
    folder: Path, name: str, artifact: Any, root: Root
) -> CdkStack | Path | tuple[tuple[str, ...], str, str] | None:
    """What an artifact is; of one that cannot be what it says the path, what was found and what was expected."""
    at = ("artifacts", name)
    if not isinstance(artifact, Mapping):
        return at, f"artifact {shown(name)} is {shown(artifact)}", "an object"
    kind = artifact.get("type")
    if not isinstance(kind, str) or kind not in _FILES:
        return None
    member, expected = _FILES[kind]
    properties = artifact.get("properties")
    if not isinstance(properties, Mapping):
        given = f"has the properties {shown(properties)}" if "properties" in artifact else "has no properties"
        return at, f"{shown(name)} {given}", f"an object with {member}"
    if member not in properties:
        return (*at, "properties"), f"{shown(name)} has no {member}", expected
    given_file = properties[member]
    if not isinstance(given_file, str) or not given_file:
        return (*at, "properties", member), f"{member} is {shown(given_file)}", expected
    path = folder / given_file
    if not _is_inside(path, root):
        return (*at, "properties", member), f"{shown(given_file)} lies outside of the assembly", "a path in it"
    return path if kind == _ASSEMBLY else _stack(path, name, artifact, properties)


def _is_inside(path: Path, root: Root) -> bool:
    """Whether what a manifest names lies where its files have to; what can be no file's name lies nowhere."""
    try:
        real = Path(os.path.realpath(path))
    except (OSError, ValueError):  # a NUL, half of a surrogate pair
        return False
    return root.folder is None or real.is_relative_to(root.folder)


def _stack(template: Path, artifact_id: str, artifact: Mapping[str, Any], properties: Mapping[str, Any]) -> CdkStack:
    name, environment, given = properties.get("stackName"), artifact.get("environment"), properties.get("parameters")
    account, _, region = (environment if isinstance(environment, str) else "").removeprefix("aws://").rpartition("/")
    needs = artifact.get("dependencies")
    return CdkStack(
        template,
        next((each for each in (name, artifact_id) if each and _is_text(each)), ""),
        "" if region in _UNKNOWN or not _is_text(region) else region,
        {key: value for key, value in given.items() if _is_text(value)} if isinstance(given, Mapping) else {},
        account if _ACCOUNT.fullmatch(account) else "",
        artifact_id,
        tuple(each for each in needs[:_MOST_NEEDED] if _is_text(each)) if isinstance(needs, list) else (),
    )


def _is_text(value: Any) -> bool:
    """Whether a value is text that can be written: JSON can spell half of a surrogate pair, which is in no encoding."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
