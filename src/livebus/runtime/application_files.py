"""
The template and the files that it names, on disk: read into a line, and looked at for changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from livebus.cdk_assembly import CdkApplication, read_assembly, same_application
from livebus.cdk_assets import asset_of, is_in_s3
from livebus.cdk_manifest import MANIFEST
from livebus.cdk_templates import read_templates
from livebus.compilation import compile_line
from livebus.errors import Fault, InvalidTemplate, LivebusError, Place, listed
from livebus.files import Root, read_text, relative
from livebus.flow import Line
from livebus.subscription import Subscriptions, SubscriptionSettings
from livebus.template import Environment
from livebus.template.document import Document, read_document
from livebus.template.loading import Reading, read_application, read_stacks
from livebus.template.nesting import OpenedTemplate
from livebus.template.resources import Resources
from livebus.template.text_places import fault_in_source
from livebus.terminal.counts import noun

_MAX_FILE_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class ApplicationFiles:
    """
    One application's files. ``changed`` is true after any of them was written, made or removed since ``load``.

    ``application`` is one of AWS CDK with several stacks; ``template`` is its manifest then. ``damage`` is what is wrong with the
    manifests around a template that cdk synth wrote, it runs all the same; and that stacks have come to one that was its assembly's
    only one (``is_alone``, as it was at the first load; None before).
    """

    template: Path
    environment: Environment
    parameters: Mapping[str, str]
    anywhere: bool
    _seen: dict[Path, tuple[int, int] | None]
    overrides: Mapping[str, str] = field(default_factory=dict)
    application: CdkApplication | None = None
    damage: tuple[Fault, ...] = ()
    is_alone: bool | None = None

    @classmethod
    def of(
        cls,
        template: Path,
        environment: Environment,
        parameters: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        *,
        anywhere: bool = False,
        application: CdkApplication | None = None,
    ) -> ApplicationFiles:
        """
        ``parameters`` have to be the template's own; of ``overrides`` those count that are (see Environment). ``anywhere``: whether
        the template may name files outside of its root, ``livebus.files.Root``.
        """
        return cls(template, environment, parameters, anywhere, {}, overrides or {}, application)

    @property
    def folder(self) -> Path:
        """The folder that the names of files go on from."""
        return self.template.parent if self.application is None else self.application.outermost

    def load(
        self,
        subscriptions: Mapping[str, Subscriptions] | None = None,
        settings: SubscriptionSettings | None = None,
    ) -> tuple[Line, Resources, str]:
        """
        Read and compile everything: the line, the resources that it was made from, the template's text.

        ``subscriptions`` are registries to go on with, ``settings`` those of new ones. Raises InvalidTemplate with all
        faults, LivebusError where the template is missing.
        """
        try:
            return self._load(subscriptions, settings)
        except LivebusError as error:
            if self.application is None:
                raise
            # Of several stacks the files are named from the assembly on: people look for them from where they stand.
            kind = InvalidTemplate if isinstance(error, InvalidTemplate) else LivebusError
            raise kind(faults=map(self._as_people_name_it, error.faults)) from None

    def _as_people_name_it(self, fault: Fault) -> Fault:
        path = self.folder / fault.place.file
        is_ours = bool(fault.place.file) and path in self._seen
        return replace(fault, place=replace(fault.place, file=relative(path))) if is_ours else fault

    def _load(
        self,
        subscriptions: Mapping[str, Subscriptions] | None = None,
        settings: SubscriptionSettings | None = None,
    ) -> tuple[Line, Resources, str]:
        self._seen = {self.template: _stamp(self.template)}
        environment = replace(self.environment, overrides=self.overrides)
        if self.application is not None:
            text, reading = "", self._read_stacks(self.application, environment)
        else:
            self._look_around()
            text = self._read(self.template, str(self.template))
            document = read_document(text, str(self.template))
            reading = read_application(document, self._read_named, environment, self.parameters, self._open_template)
        whole = reading.resources.whole
        if reading.refusals:
            raise _at_their_places(whole, reading.refusals)
        try:
            line = compile_line(reading.application, subscriptions=subscriptions, settings=settings)
        except InvalidTemplate as error:
            raise _at_their_places(whole, error.faults) from None
        return line, reading.resources, text

    def _read_stacks(self, application: CdkApplication, environment: Environment) -> Reading:
        """Read what cdk synth has written last: it may have other stacks than before."""
        self._follow(application.manifests)
        found = same_application(application)
        if found is None:
            assembly = read_assembly(application.named or application.outermost)
            missing = Fault(
                f"{application.name!r} is not there", Place(str(self.template)), advice="`cdk synth` makes it."
            )
            raise LivebusError(faults=[missing] if assembly is None else assembly.faults or [missing])
        self._follow(found.manifests)
        if found.damage:
            raise LivebusError(faults=found.damage)
        self.application = found
        return read_stacks(
            read_templates(found, self._read_named),
            self._read_named,
            environment,
            self.parameters,
            self._open_template,
            file=str(self.template),
        )

    def _look_around(self) -> None:
        """What the manifests around a template say is not read from them again, but that nobody can is noticed."""
        around = read_assembly(self.template.parent)
        self._follow(around.manifests if around is not None else ())
        self.damage = around.damage if around is not None else ()
        stacks = [stack for each in around.applications for stack in each.stacks] if around is not None else []
        own = os.path.realpath(self.template)
        others = sorted({each.name for each in stacks if os.path.realpath(each.template) != own})
        if self.is_alone is None:
            self.is_alone = not others
        elif self.is_alone and others:
            found = f"there is more than the stack of {self.template.name!r} now: {listed(others)} {noun(len(others), 'does', 'do')} not run"
            advice = "End `livebus local` and start it again: it runs them together."
            self.damage += (Fault(found, Place(relative(self.template.parent / MANIFEST)), advice=advice),)

    def _follow(self, manifests: Iterable[Path]) -> None:
        """What tells of the stacks is looked at for changes as the templates are: it may be a stage's that cannot be read yet."""
        for path in manifests:
            self._seen.setdefault(path, _stamp(path))

    def changed(self) -> bool:
        return any(_stamp(path) != stamp for path, stamp in self._seen.items())

    def _read_named(self, name: str) -> str:
        path = self.folder / (self._asset(name) if is_in_s3(name) else name)
        self._seen[path] = _stamp(path)
        Root.around(self.template, anywhere=self.anywhere).demand(path, name)
        return self._read(path, name)

    def _open_template(self, name: str) -> OpenedTemplate:
        name = self._asset(name) if is_in_s3(name) else name
        return OpenedTemplate(name, self._read_named(name))

    def _asset(self, name: str) -> str:
        """The path of an asset of AWS CDK, from the template's folder on. Raises LivebusError where there is none."""
        asset = asset_of(self.folder, name)
        if not asset:
            expected = "a file beside the template, or an asset of cdk.out"
            raise LivebusError(f"{name!r} lies in S3", expected=expected)
        return asset

    @staticmethod
    def _read(path: Path, name: str) -> str:
        return read_text(path, name, most=_MAX_FILE_BYTES)


def _at_their_places(document: Document, faults: Iterable[Fault]) -> InvalidTemplate:
    return InvalidTemplate(faults=[fault_in_source(document, fault) for fault in faults])


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
