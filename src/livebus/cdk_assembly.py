"""
The cloud assembly that cdk synth writes: which stacks are in it, and where each is to go, as its manifest.json tells.

In: a folder (cdk.out), or a template in one. Out: :class:`CdkStack` objects, those of stages among them. A manifest that
cannot be read, or is none of AWS CDK's, tells nothing.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from livebus.files import MAX_SETTINGS_BYTES, Root, content, is_assembly

MANIFEST = "manifest.json"
_MAX_BYTES = 8 * MAX_SETTINGS_BYTES
_MAX_DEPTH = 5
_MOST_STACKS = 500
_MOST_FOLDERS = 100
_MOST_ARTIFACTS = 10_000
_ASSEMBLY = "cdk:cloud-assembly"
# The property that names what there is, by the artifact's type.
_FILES = {"aws:cloudformation:stack": "templateFile", _ASSEMBLY: "directoryName"}
_UNKNOWN = ("", "unknown-region", "current_region")


@dataclass(frozen=True, slots=True)
class CdkStack:
    """
    A stack of an assembly: the path of its template, the name that it is deployed by, and what it is deployed with.

    ``region`` is empty where the application leaves it to the deployment. ``parameters`` are values of the template's.
    """

    template: Path
    name: str
    region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def stacks_of(folder: Path) -> list[CdkStack]:
    """The stacks of an assembly and of the stages in it, in the manifest's order; none where it is no assembly."""
    found: dict[Path, CdkStack] = {}
    for stack in _stacks(folder, Root.around(folder / MANIFEST), 0, set()):
        # One template is one stack's, as ``stack_of`` has it.
        found.setdefault(stack.template, stack)
        if len(found) == _MOST_STACKS:
            break
    return list(found.values())


def stack_of(template: Path) -> CdkStack | None:
    """The stack that a template in an assembly is of; None for any other template."""
    if not is_assembly(template.parent):
        return None
    own = _own(template.parent, Root.around(template))
    return next((each for each in own if isinstance(each, CdkStack) and each.template.name == template.name), None)


def _stacks(folder: Path, root: Root, depth: int, seen: set[str]) -> Iterator[CdkStack]:
    """The stacks of one folder, and of those in it; ``seen`` are the folders that were read: none is twice, and no circle ends it."""
    real = os.path.realpath(folder)
    if depth > _MAX_DEPTH or real in seen or len(seen) == _MOST_FOLDERS or not is_assembly(folder):
        return
    seen.add(real)
    for each in _own(folder, root):
        if isinstance(each, CdkStack):
            yield each
        else:
            yield from _stacks(each, root, depth + 1, seen)


def _own(folder: Path, root: Root) -> list[CdkStack | Path]:
    """What one manifest names: its stacks, and the folders of stages."""
    try:
        manifest = json.loads(content(folder / MANIFEST, most=_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    artifacts = manifest.get("artifacts") if isinstance(manifest, Mapping) else None
    found: list[CdkStack | Path] = []
    for name, artifact in islice(artifacts.items(), _MOST_ARTIFACTS) if isinstance(artifacts, Mapping) else ():
        properties = artifact.get("properties") if isinstance(artifact, Mapping) else None
        if not isinstance(properties, Mapping):
            continue
        kind = str(artifact.get("type"))
        name_of_file = properties.get(_FILES.get(kind, ""))
        if not isinstance(name_of_file, str) or not _is_inside(path := folder / name_of_file, root):
            continue
        found.append(path if kind == _ASSEMBLY else _stack(path, name, artifact, properties))
    return found


def _is_inside(path: Path, root: Root) -> bool:
    """Whether what a manifest names lies where its files have to; what can be no file's name lies nowhere."""
    try:
        real = Path(os.path.realpath(path))
    except (OSError, ValueError):  # a NUL, half of a surrogate pair
        return False
    return root.folder is None or real.is_relative_to(root.folder)


def _stack(template: Path, artifact_id: str, artifact: Mapping[str, Any], properties: Mapping[str, Any]) -> CdkStack:
    name, environment, given = properties.get("stackName"), artifact.get("environment"), properties.get("parameters")
    region = environment.rpartition("/")[2] if isinstance(environment, str) else ""
    return CdkStack(
        template,
        next((each for each in (name, artifact_id) if each and _is_text(each)), ""),
        "" if region in _UNKNOWN or not _is_text(region) else region,
        {key: value for key, value in given.items() if _is_text(value)} if isinstance(given, Mapping) else {},
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
