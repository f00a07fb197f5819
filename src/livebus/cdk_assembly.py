"""
The cloud assembly that cdk synth writes: which stacks are in it, and where each is to go, as its manifest.json tells.

In: a folder (cdk.out), or a template in one. Out: an :class:`Assembly`: the :class:`CdkApplication` objects that its stacks and those
of its stages make up, and everything that is wrong with its manifests or lies beyond a bound, at its line.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from livebus.cdk_manifest import MANIFEST, MAX_BYTES, SYNTH_AGAIN, CdkStack, Manifest, not_read, read_manifest
from livebus.errors import Fault, Place, told
from livebus.files import Root, claims_assembly, content, is_assembly, relative
from livebus.json_file import shown

_MAX_DEPTH = 5
_MOST_STACKS = 500
_MOST_FOLDERS = 100
_ON_THE_WAY = (b"AWS::Events::Rule", b"AWS::AppSync::GraphQLApi", b"AWS::Serverless::")


@dataclass(frozen=True, slots=True)
class CdkApplication:
    """
    The stacks of an assembly that are deployed beside each other: those of one account and region; a stage's with those of the
    application around it, never with another stage's.

    ``folder`` is the assembly or the stage in it, ``outermost`` the assembly as a whole, which the stacks' templates are in. ``named``
    is the folder that it was asked for by, ``faults`` are those of that folder, ``manifests`` the files that tell of them.
    """

    folder: Path
    outermost: Path
    stacks: tuple[CdkStack, ...]
    named: Path | None = field(default=None, compare=False)
    faults: tuple[Fault, ...] = field(default=(), compare=False)
    manifests: tuple[Path, ...] = field(default=(), compare=False)

    @property
    def damage(self) -> tuple[Fault, ...]:
        """What is wrong, without the bounds that were met."""
        return _without_bounds(self.faults)

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
                text = content(stack.template, most=MAX_BYTES)
                if any(kind in text for kind in _ON_THE_WAY):
                    return True
        return False


# What a command works on: a template, or the several of an application.
Source = Path | CdkApplication


@dataclass(frozen=True, slots=True)
class SourceParts:
    """
    What there is of a source, whichever it is. ``file`` is the template, or the manifest of the several; ``folder`` is where the names
    of its files go on from, ``shown`` what people call it by. ``application`` is None for a template.
    """

    file: Path
    folder: Path
    shown: Path
    application: CdkApplication | None = None


def parts_of(source: Source) -> SourceParts:
    """The parts of a template or of an application: nobody else has to tell one from the other for them."""
    if isinstance(source, CdkApplication):
        return SourceParts(source.manifest, source.outermost, source.folder, source)
    return SourceParts(source, source.parent, source)


def assembly_of(folder: Path) -> Path | None:
    """The outermost assembly that a folder is, or is in as a stage; None where it is none."""
    return _outermost(folder) if is_assembly(folder) else None


@dataclass(frozen=True, slots=True)
class Assembly:
    """What an assembly has: its applications, in the manifest's order, and what is wrong with it; one of both at the least."""

    applications: tuple[CdkApplication, ...]
    faults: tuple[Fault, ...]
    manifests: tuple[Path, ...]

    @property
    def damage(self) -> tuple[Fault, ...]:
        """What is wrong, without the bounds that were met."""
        return _without_bounds(self.faults)


def _without_bounds(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(each for each in faults if not each.is_bound)


def same_application(application: CdkApplication) -> CdkApplication | None:
    """An application as its manifests have it now; None where it is gone."""
    return named_application(application.named or application.outermost, application.name, application.region)


def named_application(folder: Path, name: str, region: str) -> CdkApplication | None:
    """
    The application of an assembly that is called so; of several that of the region, else one that leaves it to the deployment.
    """
    found = [each for each in applications_of(folder) if each.name == name]
    return min(found, key=lambda each: (each.region != region, each.region != ""), default=None)


def with_events_way(applications: Sequence[CdkApplication]) -> list[CdkApplication]:
    """Those that have a rule or a GraphQL API, where any has: they are meant where nobody says which."""
    return [each for each in applications if each.has_events_way] or list(applications)


def folder_around(folder: Path) -> Path:
    """The folder that another one is in, also of one that is spelt without a name."""
    return folder.parent if folder.name not in ("", "..") else folder / ".."


def applications_of(folder: Path) -> list[CdkApplication]:
    """
    The applications of an assembly, in the manifest's order: one, but for several stages, accounts or regions. Of a folder of a
    stage those of that stage.
    """
    assembly = read_assembly(folder)
    return [] if assembly is None else list(assembly.applications)


def read_assembly(folder: Path) -> Assembly | None:
    """
    The applications of an assembly, and the faults of what should have named more of them; of a folder of a stage those of that
    stage and of what is around it. None where a folder does not look as if cdk synth had written it.
    """
    if not claims_assembly(folder):
        return None
    outermost = _outermost(folder)
    walk = _Walk(outermost, Root.around(outermost / MANIFEST))
    found: list[CdkApplication] = []
    for path, around, own in walk.folders(outermost, (), 0):
        groups = _by_environment((*around, *own))
        found += [
            CdkApplication(path, outermost, group, folder)
            for group in groups
            if any(each not in around for each in group)
        ]
    if len(found) > _MOST_STACKS:
        walk.is_beyond(f"there are {len(found):,} applications: only {_MOST_STACKS:,}")
    named = Path(os.path.realpath(folder))
    applications = [
        each
        for each in found[:_MOST_STACKS]
        if Path(os.path.realpath(each.folder)).is_relative_to(named) and not _is_part_of_another(each, found)
    ]
    faults = told(walk.faults_of(named), Place(relative(folder / MANIFEST)))
    if not applications and not faults:
        place = Place(relative(folder / MANIFEST), 1, 1)
        faults = [
            Fault("there is no stack in it", place, "an artifact of the type aws:cloudformation:stack", SYNTH_AGAIN)
        ]
    manifests = tuple(each / MANIFEST for each in walk.read)
    return Assembly(
        tuple(replace(each, faults=tuple(faults), manifests=manifests) for each in applications),
        tuple(faults),
        manifests,
    )


def _is_part_of_another(application: CdkApplication, others: Iterable[CdkApplication]) -> bool:
    """Whether all of its stacks are with more of them in another one: those around a stage are with the stage's."""
    own = {each.template for each in application.stacks}
    return any(own < {each.template for each in other.stacks} for other in others)


def _outermost(folder: Path) -> Path:
    """The assembly that a stage's folder is in; the folder itself where it is in none."""
    for _ in range(_MAX_DEPTH):
        if not is_assembly(folder / "..") or not is_assembly(folder):
            break
        folder = folder_around(folder)
    return folder


@dataclass(slots=True)
class _Walk:
    """The folders of an assembly, each read once; with the faults that were found on the way, by the folders they are of."""

    outermost: Path
    root: Root
    read: list[Path] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    faults: dict[Fault, str] = field(default_factory=dict)

    def folders(
        self, folder: Path, around: Sequence[CdkStack], depth: int
    ) -> Iterator[tuple[Path, Sequence[CdkStack], Sequence[CdkStack]]]:
        """Each folder with the stacks of the folders that it is in, and with its own."""
        real = os.path.realpath(folder)
        if real in self.seen:
            return
        if depth > _MAX_DEPTH:
            self.is_beyond(f"there are stages in stages: only those {_MAX_DEPTH} deep")
            return
        if len(self.seen) == _MOST_FOLDERS:
            self.is_beyond(f"there are more than {_MOST_FOLDERS - 1} stages: only the first of them")
            return
        self.seen.add(real)
        self.read.append(folder)
        manifest = read_manifest(folder, self.root)
        self.faults.update(dict.fromkeys(manifest.faults, real))
        own = self._own(manifest, around)
        yield folder, around, own
        for each in manifest.named:
            if isinstance(each, Path):
                yield from self.folders(each, (*around, *own), depth + 1)

    def _own(self, manifest: Manifest, around: Sequence[CdkStack]) -> list[CdkStack]:
        """A folder's stacks. One name is one stack's, and so is one template, whatever links lead to it."""
        known = {each.name: each for each in around}
        templates = {os.path.realpath(each.template) for each in around}
        found: list[CdkStack] = []
        for each in manifest.named:
            if not isinstance(each, CdkStack):
                continue
            template = os.path.realpath(each.template)
            if each.name in known:
                if known[each.name].template != each.template:
                    self.is_beyond(f"several stacks are called {shown(each.name)}: only the first of these")
            elif template in templates:
                self.is_beyond(f"several stacks have the template {shown(each.template.name)}: only the first of these")
            elif len(found) == _MOST_STACKS:
                self.is_beyond(f"there are more than {_MOST_STACKS} stacks: only the first of them")
            else:
                known[each.name] = each
                templates.add(template)
                found.append(each)
        return found

    def is_beyond(self, what: str) -> None:
        """Note, once, a bound of the whole."""
        self.faults.setdefault(not_read(relative(self.outermost / MANIFEST), what), os.path.realpath(self.outermost))

    def faults_of(self, named: Path) -> list[Fault]:
        """Those of a folder, of what is in it and of what it is in."""
        return [
            fault
            for fault, folder in self.faults.items()
            if named.is_relative_to(folder) or Path(folder).is_relative_to(named)
        ]


def _by_environment(stacks: Iterable[CdkStack]) -> list[tuple[CdkStack, ...]]:
    """
    Stacks by the account and region that they are made for; one that leaves both to the deployment has nothing of one that does
    not, as AWS CDK lets neither refer to the other.
    """
    groups: dict[tuple[str, str], list[CdkStack]] = {}
    for each in stacks:
        groups.setdefault((each.account, each.region), []).append(each)
    return [tuple(each) for each in groups.values()]


def stack_of(template: Path) -> CdkStack | None:
    """The stack that a template in an assembly is of; None for any other template."""
    if not is_assembly(template.parent):
        return None
    own = read_manifest(template.parent, Root.around(template)).named
    return next((each for each in own if isinstance(each, CdkStack) and each.template.name == template.name), None)
