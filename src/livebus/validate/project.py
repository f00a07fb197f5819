"""
A template on disk with what stands around it: the files that it names, its sample events, its ``.livebus.toml``. An application of
AWS CDK that has several stacks is one as well, of all their templates.

In: paths. Out: an :class:`~livebus.checks.inspection.Inspection` with samples, the files that were read, and the faults of
those that could not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from livebus.cdk_assembly import CdkApplication, Source, assembly_of, folder_around, parts_of, stack_of
from livebus.cdk_assets import asset_of, is_in_s3
from livebus.cdk_manifest import CdkStack
from livebus.cdk_templates import read_templates
from livebus.checks.inspection import Inspection, Together
from livebus.errors import LivebusError
from livebus.files import MAX_SETTINGS_BYTES, Root, event_files, is_file, read_text, relative
from livebus.sandbox import shared
from livebus.stack.samconfig import DEFAULT_ENVIRONMENT, DeployConfig, read_deploy_config
from livebus.template import Environment
from livebus.template.assembly import StackTemplate
from livebus.template.document import Document, read_document
from livebus.template.nesting import OpenedTemplate
from livebus.validate.config import CONFIG_FILE, Config, read_config

EVENTS_FOLDER = "events"


@dataclass(slots=True)
class Project:
    """
    One template's files.

    ``anywhere`` is whether it may name files outside of its root, ``livebus.files.Root``. ``read`` are the files that were looked
    for by the name that places have for them, whether they were there or not. ``samconfig`` is the samconfig.toml that counts,
    where it is not the one beside the template, ``config_env`` its environment. ``application`` is that of AWS CDK whose
    templates it has, all of them; ``template`` is its manifest then.
    ``values`` are those that parameters have where it runs, by the stack's name: they count before all that lies here.
    """

    template: Path
    anywhere: bool = False
    read: dict[str, Path] = field(default_factory=dict)
    samconfig: Path | None = None
    config_env: str = DEFAULT_ENVIRONMENT
    application: CdkApplication | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        source: Source,
        anywhere: bool = False,  # noqa: FBT001, FBT002 - as the members stand
        *,
        samconfig: Path | None = None,
        config_env: str = DEFAULT_ENVIRONMENT,
    ) -> Project:
        """The project of a template, or of an application of AWS CDK."""
        parts = parts_of(source)
        return cls(parts.file, anywhere, samconfig=samconfig, config_env=config_env, application=parts.application)

    @property
    def folder(self) -> Path:
        return self.template.parent if self.application is None else self.application.outermost

    @property
    def _home(self) -> Path:
        """Where people keep what belongs to the template: its folder; of one that cdk synth made, the folder around cdk.out."""
        folder = assembly_of(self.folder)
        return self.folder if folder is None else folder_around(folder)

    @property
    def root(self) -> Root:
        """Where the template's files have to lie."""
        return Root.around(self.template, anywhere=self.anywhere)

    def config(self) -> Config:
        """The nearest .livebus.toml: beside the template, else in the working directory. Raises LivebusError."""
        for folder in dict.fromkeys((self.folder, self._home, Path())):
            path = folder / CONFIG_FILE
            self.read[str(path)] = path
            if is_file(path):
                return read_config(path, Root.around(path, anywhere=self.anywhere))
        return Config()

    def environment(self, *, stack_name: str = "", region: str = "") -> Environment:
        """
        Where the template is deployed to: what is given, then the manifest of AWS CDK's that names it, then samconfig.toml, then
        the defaults; with the values that these have for its parameters.
        """
        path = self.samconfig or self.folder / "samconfig.toml"
        self.read[str(path)] = path
        deploy = DeployConfig()
        if is_file(path):
            # One that was found elsewhere than the template is inside of its own folder, and no link out of that.
            root = self.root if self.samconfig is None else Root.around(path, anywhere=self.anywhere)
            root.demand(path, relative(path))
            # What is wrong with the file the commands tell, and the SAM CLI, where it matters.
            with suppress(LivebusError):
                text = read_text(path, str(path), most=MAX_SETTINGS_BYTES)
                deploy = read_deploy_config(text, str(path), self.config_env)
        default, stack = Environment(), stack_of(self.template) or CdkStack(self.template, "")
        if self.application is not None:
            # Each of its stacks has a name and values of its own.
            stack = replace(stack, name=self.application.name, region=self.application.region)
        name = stack_name or stack.name or deploy.stack_name or default.stack_name
        return Environment(
            name,
            region or stack.region or deploy.region or default.region,
            overrides={**deploy.parameter_overrides, **stack.parameters, **self.values.get(name, {})},
        )

    def inspect(
        self, document: Document | None = None, *, parameters: Mapping[str, str] | None = None, environment: Environment
    ) -> Inspection:
        """
        The template under inspection, without samples yet; ``document`` where it has been read already.

        Raises LivebusError where the template is not there or nothing of it can be read.
        """
        if self.application is not None:
            read = Together(self._stacks(), self.name, lacks=bool(self.application.faults))
        elif document is None:
            document = read_document(self.text(), self.name)
        return Inspection(
            read if document is None else document,
            self.read_named,
            environment=environment,
            parameters=parameters,
            sandbox=shared(),
            open_template=self.open_template,
        )

    def _stacks(self) -> list[StackTemplate]:
        """The stacks of the application with their templates. Raises LivebusError with all that cannot be read."""
        assert self.application is not None
        self.read[self.name] = self.template
        self.read.update({relative(each): each for each in self.application.manifests})
        return read_templates(self.application, self.read_named, self.values)

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
        path = self.folder / (self._asset(name) if is_in_s3(name) else name)
        self.read[name] = path
        self.root.demand(path, name)
        return read_text(path, name)

    def open_template(self, name: str) -> OpenedTemplate:
        """A nested template, by what the one that nests it names. Raises LivebusError where it is not at hand."""
        if is_in_s3(name):
            name = self._asset(name)
        return OpenedTemplate(name, self.read_named(name))

    def _asset(self, name: str) -> str:
        """A file that cdk synth left beside the template, from its folder on, for the place in S3 where cdk deploy would put it."""
        if asset := asset_of(self.folder, name):
            return asset
        raise LivebusError(
            f"{name!r} lies in S3",
            expected="a file beside the template, or an asset of cdk.out",
            advice="Give the template as it was before `sam package` or `cdk deploy`.",
        )

    @property
    def event_folders(self) -> list[Path]:
        """Where sample events are looked for."""
        return [folder / EVENTS_FOLDER for folder in dict.fromkeys((self.folder, self._home))]

    def event_files(self) -> list[Path]:
        """
        The event files directly in ``events/`` beside the template, in the order of their names; of one that cdk synth made, of
        that beside cdk.out as well.
        """
        found = []
        for folder in self.event_folders:
            root = Root.around(folder, anywhere=self.anywhere)
            for path in event_files(folder):
                root.demand(path, relative(path))
                found.append(path)
        return found

    def path_of(self, file: str) -> Path:
        """The path of a file that was read, by the name that places have for it; of any other, that of the template."""
        return self.read.get(file, self.template)

    def shown(self, file: str) -> str:
        """A place's file as people read it: relative to the working directory where it lies below it."""
        path = self.read.get(file)
        return relative(path) if path is not None else file
