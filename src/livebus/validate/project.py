"""
A template on disk with what stands around it: the files that it names, its sample events, its ``.livebus.toml``.

In: paths. Out: an :class:`~livebus.checks.inspection.Inspection` with samples, the files that were read, and the faults of
those that could not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from livebus.cdk_assets import asset_of, is_in_s3
from livebus.checks.inspection import Inspection
from livebus.errors import LivebusError
from livebus.files import MAX_SETTINGS_BYTES, Root, event_files, read_text, relative
from livebus.sandbox import shared
from livebus.stack.samconfig import DEFAULT_ENVIRONMENT, DeployConfig, read_deploy_config
from livebus.template import Environment
from livebus.template.document import Document, read_document
from livebus.validate.config import CONFIG_FILE, Config, read_config

EVENTS_FOLDER = "events"


@dataclass(slots=True)
class Project:
    """
    One template's files.

    ``anywhere`` is whether it may name files outside of its root, ``livebus.files.Root``. ``read`` are the files that were looked
    for by the name that places have for them, whether they were there or not. ``samconfig`` is the samconfig.toml that counts,
    where it is not the one beside the template, ``config_env`` its environment.
    """

    template: Path
    anywhere: bool = False
    read: dict[str, Path] = field(default_factory=dict)
    samconfig: Path | None = None
    config_env: str = DEFAULT_ENVIRONMENT

    @property
    def folder(self) -> Path:
        return self.template.parent

    @property
    def root(self) -> Root:
        """Where the template's files have to lie."""
        return Root.around(self.template, anywhere=self.anywhere)

    def config(self) -> Config:
        """The nearest .livebus.toml: beside the template, else in the working directory. Raises LivebusError."""
        for folder in dict.fromkeys((self.folder, Path())):
            path = folder / CONFIG_FILE
            self.read[str(path)] = path
            if path.is_file():
                return read_config(path, Root.around(path, anywhere=self.anywhere))
        return Config()

    def environment(self, *, stack_name: str = "", region: str = "") -> Environment:
        """
        Where the template is deployed to: what is given, then samconfig.toml, then the defaults; with its parameter_overrides.
        """
        path = self.samconfig or self.folder / "samconfig.toml"
        self.read[str(path)] = path
        deploy = DeployConfig()
        if path.is_file():
            # One that was found elsewhere than the template is inside of its own folder, and no link out of that.
            root = self.root if self.samconfig is None else Root.around(path, anywhere=self.anywhere)
            root.demand(path, relative(path))
            # What is wrong with the file the commands tell, and the SAM CLI, where it matters.
            with suppress(LivebusError):
                text = read_text(path, str(path), most=MAX_SETTINGS_BYTES)
                deploy = read_deploy_config(text, str(path), self.config_env)
        default = Environment()
        return Environment(
            stack_name or deploy.stack_name or default.stack_name,
            region or deploy.region or default.region,
            overrides=deploy.parameter_overrides,
        )

    def inspect(
        self, document: Document | None = None, *, parameters: Mapping[str, str] | None = None, environment: Environment
    ) -> Inspection:
        """
        The template under inspection, without samples yet; ``document`` where it has been read already.

        Raises LivebusError where the template is not there or nothing of it can be read.
        """
        if document is None:
            document = read_document(self.text(), self.name)
        return Inspection(document, self.read_named, environment=environment, parameters=parameters, sandbox=shared())

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
        path = self._asset(name) if is_in_s3(name) else self.folder / name
        self.read[name] = path
        self.root.demand(path, name)
        return read_text(path, name)

    def _asset(self, name: str) -> Path:
        """A file that cdk synth left beside the template, for the place in S3 where cdk deploy would put it."""
        if asset := asset_of(self.folder, name):
            return self.folder / asset
        raise LivebusError(
            f"{name!r} lies in S3",
            expected="a file beside the template, or an asset of cdk.out",
            advice="Give the template as it was before `sam package` or `cdk deploy`.",
        )

    def event_files(self) -> list[Path]:
        """The event files directly in ``events/`` beside the template, in the order of their names."""
        found = event_files(self.folder / EVENTS_FOLDER)
        for path in found:
            self.root.demand(path, relative(path))
        return found

    def shown(self, file: str) -> str:
        """A place's file as people read it: relative to the working directory where it lies below it."""
        path = self.read.get(file)
        return relative(path) if path is not None else file
