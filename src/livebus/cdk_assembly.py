"""
The cloud assembly that cdk synth writes: which stacks are in it, and where each is to go, as its manifest.json tells.

In: a folder (cdk.out), or a template in one. Out: :class:`CdkStack` objects, those of stages among them. A manifest that
cannot be read, or is none of AWS CDK's, tells nothing.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livebus.files import MAX_SETTINGS_BYTES, Root, content, is_assembly

MANIFEST = "manifest.json"
_MAX_BYTES = 8 * MAX_SETTINGS_BYTES
_MAX_DEPTH = 5
_MOST_STACKS = 500
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
    found: list[CdkStack] = []
    for stack in _stacks(folder, Root.around(folder / MANIFEST), 0):
        found.append(stack)
        if len(found) == _MOST_STACKS:
            break
    return found


def stack_of(template: Path) -> CdkStack | None:
    """The stack that a template in an assembly is of; None for any other template."""
    if not is_assembly(template.parent):
        return None
    own = _own(template.parent, Root.around(template))
    return next((each for each in own if isinstance(each, CdkStack) and each.template.name == template.name), None)


def _stacks(folder: Path, root: Root, depth: int) -> Iterator[CdkStack]:
    if depth > _MAX_DEPTH or not is_assembly(folder):
        return
    for each in _own(folder, root):
        if isinstance(each, CdkStack):
            yield each
        else:
            yield from _stacks(each, root, depth + 1)


def _own(folder: Path, root: Root) -> list[CdkStack | Path]:
    """What one manifest names: its stacks, and the folders of stages."""
    try:
        manifest = json.loads(content(folder / MANIFEST, most=_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    artifacts = manifest.get("artifacts") if isinstance(manifest, Mapping) else None
    found: list[CdkStack | Path] = []
    for name, artifact in artifacts.items() if isinstance(artifacts, Mapping) else ():
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
    """Whether what a manifest names lies where its files have to."""
    return root.folder is None or path.resolve().is_relative_to(root.folder)


def _stack(template: Path, artifact_id: str, artifact: Mapping[str, Any], properties: Mapping[str, Any]) -> CdkStack:
    name, environment, given = properties.get("stackName"), artifact.get("environment"), properties.get("parameters")
    region = environment.rpartition("/")[2] if isinstance(environment, str) else ""
    return CdkStack(
        template,
        name if isinstance(name, str) and name else artifact_id,
        "" if region in _UNKNOWN else region,
        {key: value for key, value in given.items() if isinstance(value, str)} if isinstance(given, Mapping) else {},
    )
