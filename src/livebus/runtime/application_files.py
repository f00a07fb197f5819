"""
The template and the files that it names, on disk: read into a line, and looked at for changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from livebus.cdk_assets import asset_of, is_in_s3
from livebus.compilation import compile_line
from livebus.errors import Fault, InvalidTemplate, LivebusError
from livebus.files import Root, read_text
from livebus.flow import Line
from livebus.subscription import Subscriptions, SubscriptionSettings
from livebus.template import Environment
from livebus.template.document import Document, read_document
from livebus.template.loading import read_application
from livebus.template.resources import Resources
from livebus.template.text_places import fault_in_source

_MAX_FILE_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class ApplicationFiles:
    """
    One application's files. ``changed`` is true after any of them was written, made or removed since ``load``.
    """

    template: Path
    environment: Environment
    parameters: Mapping[str, str]
    anywhere: bool
    _seen: dict[Path, tuple[int, int] | None]
    overrides: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        template: Path,
        environment: Environment,
        parameters: Mapping[str, str],
        overrides: Mapping[str, str] | None = None,
        *,
        anywhere: bool = False,
    ) -> ApplicationFiles:
        """
        ``parameters`` have to be the template's own; of ``overrides`` those count that are (see Environment). ``anywhere``: whether
        the template may name files outside of its root, ``livebus.files.Root``.
        """
        return cls(template, environment, parameters, anywhere, {}, overrides or {})

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
        self._seen = {self.template: _stamp(self.template)}
        text = self._read(self.template, str(self.template))
        document = read_document(text, str(self.template))
        environment = replace(self.environment, overrides=self.overrides)
        reading = read_application(document, self._read_named, environment, self.parameters)
        if reading.refusals:
            raise _at_their_places(document, reading.refusals)
        try:
            line = compile_line(reading.application, subscriptions=subscriptions, settings=settings)
        except InvalidTemplate as error:
            raise _at_their_places(document, error.faults) from None
        return line, reading.resources, text

    def changed(self) -> bool:
        return any(_stamp(path) != stamp for path, stamp in self._seen.items())

    def _read_named(self, name: str) -> str:
        path = self.template.parent / name
        if is_in_s3(name):
            asset = asset_of(self.template.parent, name)
            if not asset:
                expected = "a file beside the template, or an asset of cdk.out"
                raise LivebusError(f"{name!r} lies in S3", expected=expected)
            path = self.template.parent / asset
        self._seen[path] = _stamp(path)
        Root.around(self.template, anywhere=self.anywhere).demand(path, name)
        return self._read(path, name)

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
