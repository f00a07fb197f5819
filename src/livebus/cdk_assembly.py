"""
The cloud assembly that cdk synth writes: which stacks are in it, and where each is to go, as its manifest.json tells.

In: a folder (cdk.out), or a template in one. Out: :class:`CdkStack` objects, those of stages among them, and the
:class:`CdkApplication` objects that they make up. A manifest that cannot be read, or is none of AWS CDK's, tells nothing.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
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
_ON_THE_WAY = (b"AWS::Events::Rule", b"AWS::AppSync::GraphQLApi", b"AWS::Serverless::")
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
class CdkApplication:
    """
    The stacks of an assembly that are deployed beside each other: those of one account and region; a stage's with those of the
    application around it, never with another stage's.

    ``folder`` is the assembly or the stage in it, ``outermost`` the assembly as a whole, which the stacks' templates are in.
    """

    folder: Path
    outermost: Path
    stacks: tuple[CdkStack, ...]

    @property
    def region(self) -> str:
        """The region that its stacks are made for; empty where that is left to the deployment."""
        return next((each.region for each in self.stacks if each.region), "")

    @property
    def name(self) -> str:
        """What it is called; no stack can have such a name."""
        outermost = os.path.realpath(self.outermost)
        below = os.path.relpath(os.path.realpath(self.folder), outermost)
        path = Path(outermost).name if below == "." else (Path(outermost).name / Path(below)).as_posix()
        return path if "." in path or "/" in path else f"{path}/"

    @property
    def manifest(self) -> Path:
        return self.folder / MANIFEST

    @property
    def where(self) -> str:
        """What tells it from others of the assembly, in words."""
        account = next((each.account for each in self.stacks if each.account), "")
        environment = "/".join(each for each in (account, self.region) if each)
        return f"{', '.join(each.name for each in self.stacks)}{f' ({environment})' if environment else ''}"

    @property
    def has_events_way(self) -> bool:
        """Whether a template of it speaks of a rule or a GraphQL API; what is beside an event's way is nothing to run."""
        for stack in self.stacks:
            with suppress(OSError):
                text = content(stack.template, most=_MAX_BYTES)
                if any(kind in text for kind in _ON_THE_WAY):
                    return True
        return False


# What a command works on: a template, or the several of an application.
Source = Path | CdkApplication


def assembly_of(folder: Path) -> Path | None:
    """The outermost assembly that a folder is, or is in as a stage; None where it is none."""
    return _outermost(folder) if is_assembly(folder) else None


def same_application(application: CdkApplication) -> CdkApplication | None:
    """An application as its manifests have it now; None where it is gone."""
    found = [each for each in applications_of(application.outermost) if each.name == application.name]
    return next((each for each in found if each.region == application.region), next(iter(found), None))


def applications_of(folder: Path) -> list[CdkApplication]:
    """
    The applications of an assembly, in the manifest's order: one, but for several stages, accounts or regions. Of a folder of a
    stage those of that stage.
    """
    outermost = _outermost(folder)
    found: list[CdkApplication] = []
    for path, around, own in _with_those_around(outermost, (), Root.around(outermost / MANIFEST), 0, set()):
        groups = _by_environment((*around, *own))
        found += [
            CdkApplication(path, outermost, group) for group in groups if any(each not in around for each in group)
        ]
    named = os.path.realpath(folder)
    return [
        each
        for each in found[:_MOST_STACKS]
        if Path(os.path.realpath(each.folder)).is_relative_to(named) and not _is_part_of_another(each, found)
    ]


def _is_part_of_another(application: CdkApplication, others: Iterable[CdkApplication]) -> bool:
    """Whether all of its stacks are with more of them in another one: those around a stage are with the stage's."""
    own = {each.template for each in application.stacks}
    return any(own < {each.template for each in other.stacks} for other in others)


def _outermost(folder: Path) -> Path:
    """The assembly that a stage's folder is in; the folder itself where it is in none."""
    for _ in range(_MAX_DEPTH):
        if not is_assembly(folder / "..") or not is_assembly(folder):
            break
        above = folder.parent if folder.name not in ("", "..") else folder / ".."
        folder = above
    return folder


def _with_those_around(
    folder: Path, around: Sequence[CdkStack], root: Root, depth: int, seen: set[str]
) -> Iterator[tuple[Path, Sequence[CdkStack], Sequence[CdkStack]]]:
    """The folders of an assembly and its stages, each with the stacks of the folders that it is in, and with its own."""
    real = os.path.realpath(folder)
    if depth > _MAX_DEPTH or real in seen or len(seen) == _MOST_FOLDERS or not is_assembly(folder):
        return
    seen.add(real)
    named = _own(folder, root)
    names, templates = {each.name for each in around}, {os.path.realpath(each.template) for each in around}
    own: list[CdkStack] = []
    for each in named:
        # One name is one stack's, and so is one template, whatever links lead to it.
        if isinstance(each, CdkStack) and each.name not in names and len(own) < _MOST_STACKS:
            template = os.path.realpath(each.template)
            if template not in templates:
                names.add(each.name)
                templates.add(template)
                own.append(each)
    yield folder, around, own
    for each in named:
        if isinstance(each, Path):
            yield from _with_those_around(each, (*around, *own), root, depth + 1, seen)


def _by_environment(stacks: Iterable[CdkStack]) -> list[tuple[CdkStack, ...]]:
    """
    Stacks by the account and region that they are made for; one that leaves both to the deployment has nothing of one that does
    not, as AWS CDK lets neither refer to the other.
    """
    groups: dict[tuple[str, str], list[CdkStack]] = {}
    for each in stacks:
        groups.setdefault((each.account, each.region), []).append(each)
    return [tuple(each) for each in groups.values()]


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
    account, _, region = (environment if isinstance(environment, str) else "").removeprefix("aws://").rpartition("/")
    needs = artifact.get("dependencies")
    return CdkStack(
        template,
        next((each for each in (name, artifact_id) if each and _is_text(each)), ""),
        "" if region in _UNKNOWN or not _is_text(region) else region,
        {key: value for key, value in given.items() if _is_text(value)} if isinstance(given, Mapping) else {},
        account if _ACCOUNT.fullmatch(account) else "",
        artifact_id,
        tuple(each for each in needs[:_MOST_STACKS] if _is_text(each)) if isinstance(needs, list) else (),
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
