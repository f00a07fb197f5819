"""
A template on disk with what stands around it: the files that it names, its sample events, its ``.livebus.toml``.

In: paths. Out: an :class:`~livebus.checks.inspection.Inspection` with samples, the files that were read, and the faults of
those that could not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livebus.cdk_assets import asset_of, is_in_s3
from livebus.checks.inspection import Inspection
from livebus.errors import LivebusError
from livebus.files import event_files, read_text, relative
from livebus.stack.samconfig import read_deploy_config
from livebus.template import Environment
from livebus.template.document import Document, read_document
from livebus.validate.config import CONFIG_FILE, Config, read_config

EVENTS_FOLDER = "events"


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
        path = self._asset(name) if is_in_s3(name) else self.folder / name
        self.read[name] = path
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
        return event_files(self.folder / EVENTS_FOLDER)

    def shown(self, file: str) -> str:
        """A place's file as people read it: relative to the working directory where it lies below it."""
        path = self.read.get(file)
        return relative(path) if path is not None else file


def _environment(stack_name: str, region: str) -> Environment:
    default = Environment()
    return Environment(stack_name or default.stack_name, region or default.region)


# --- .livebus.toml --------------------------------------------------------------------------------------------------


# --- sample events --------------------------------------------------------------------------------------------------
