"""
The template and the files that it names, on disk: read into a line, and looked at for changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livebus.cdk_assets import asset_of, is_in_s3
from livebus.errors import Fault, InvalidTemplate, LivebusError, Place
from livebus.files import close_file
from livebus.flow import Line, compile_line
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
    _seen: dict[Path, tuple[int, int] | None]

    @classmethod
    def of(cls, template: Path, environment: Environment, parameters: Mapping[str, str]) -> ApplicationFiles:
        return cls(template, environment, parameters, {})

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
        reading = read_application(document, self._read_named, self.environment, self.parameters)
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
        return self._read(path, name)

    @staticmethod
    def _read(path: Path, name: str) -> str:
        try:
            if path.stat().st_size > _MAX_FILE_BYTES:
                raise LivebusError(f"{name!r} has more than {_MAX_FILE_BYTES} bytes", Place(name))
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise LivebusError(f"{name!r} is not there", Place(name), advice=close_file(path)) from None
        except OSError as error:
            raise LivebusError(f"cannot read {name!r}: {error.strerror}", Place(name)) from None
        except UnicodeDecodeError as error:
            raise LivebusError(
                f"{name!r} is not UTF-8 (byte {error.start})", Place(name), advice="Save the file as UTF-8."
            ) from None


def _at_their_places(document: Document, faults: Iterable[Fault]) -> InvalidTemplate:
    return InvalidTemplate(faults=[fault_in_source(document, fault) for fault in faults])


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
