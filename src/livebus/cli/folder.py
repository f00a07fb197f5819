"""
The folder that a command works in: the one that one stands in, or the nearest above it that holds an application.

In: the working directory. Out: a :class:`Folder`, which knows its template, its samconfig.toml, its ``events/`` and its
``.livebus/``. docs/what-is-looked-for.md tells people of it.

Folders above are looked into as git and others do it, so that ``livebus publish order.json`` works in ``events/`` as well:
up to the one that holds ``.git``, never the home folder or the root, and only at what belongs to the user. A stranger's file in
``/tmp`` must not decide where signed requests go.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.errors import LivebusError, Place
from livebus.files import claims_assembly, event_files, is_file, is_there, read_text, relative
from livebus.stack.samconfig import DEFAULT_ENVIRONMENT, DeployConfig, SamConfig

if TYPE_CHECKING:
    from livebus.cdk_assembly import Source

TEMPLATES = ("template.yaml", "template.yml", "template.json")
SAMCONFIG = "samconfig.toml"
STATE = ".livebus"
BUILT = Path(".aws-sam", "build", "template.yaml")
# What an application of AWS CDK has, and where `cdk synth` writes; cdk.json may name another folder.
CDK, CDK_OUT = "cdk.json", "cdk.out"
_MARKS = (*TEMPLATES, SAMCONFIG, STATE, CDK)
_ROOT = 0


class NoTemplate(LivebusError):
    """There is no template where one is looked for, and none was named."""


@dataclass(frozen=True, slots=True)
class Folder:
    """``path`` is relative where it is the working directory itself, so that places are shown as people type them."""

    path: Path

    @property
    def state(self) -> Path:
        """Where a local runtime keeps what it knows."""
        return self.path.absolute() / STATE

    @property
    def samconfig(self) -> Path:
        return self.path / SAMCONFIG

    def config(self) -> SamConfig | None:
        """The samconfig.toml; None where there is none. Raises LivebusError where it cannot be read."""
        if not is_file(self.samconfig):
            return None
        name = relative(self.samconfig)
        return SamConfig.read(read_text(self.samconfig, name), name)

    def deploy(self, environment: str = "") -> DeployConfig:
        """What ``sam deploy`` would use. Raises LivebusError as :meth:`config` and :meth:`SamConfig.deploy` do."""
        config = self.config()
        return config.deploy(environment or DEFAULT_ENVIRONMENT) if config is not None else DeployConfig()

    def template(self, environment: str = "", *, built: bool = False) -> Path:
        """
        The folder's template: what samconfig.toml's ``template_file`` names, else template.yaml, .yml or .json, else the folder
        that `cdk synth` writes; with ``built`` what `sam build` has made of it.

        Raises NoTemplate, in words that say what was looked for; LivebusError where samconfig.toml or cdk.json is wrong.
        """
        if built:
            return self._named(BUILT, "`sam build` makes it.")
        named = self.deploy(environment).template_file
        if named:
            return self._named(Path(named), f"{relative(self.samconfig)} names it as template_file.")
        found = next((self.path / name for name in TEMPLATES if is_file(self.path / name)), None)
        if found is None and is_file(self.path / CDK):
            return self._assembly()
        if found is None:
            looked = ", ".join(TEMPLATES)
            where = relative(self.path.absolute()) if self.path != Path() else "here"
            raise NoTemplate(
                f"no template {'in ' if where != 'here' else ''}{where}",
                expected=f"{looked}, template_file in {SAMCONFIG}, or {CDK} with the {CDK_OUT} that `cdk synth` writes",
                advice="--template names another one; `livebus new DIR` makes an application.",
            )
        return found

    def _assembly(self) -> Path:
        """
        The cloud assembly of the application of AWS CDK, sound or damaged. Raises NoTemplate where it is not there, LivebusError where
        cdk.json is wrong.
        """
        from livebus.json_file import read_json, shown

        settings = self.path / CDK
        file = read_json(settings, relative(settings))
        if not isinstance(file.value, dict):
            raise LivebusError(f"{CDK} is {shown(file.value)}", file.place(), expected="an object")
        written = file.value.get("output", CDK_OUT)
        if not isinstance(written, str) or not written or "\0" in written:
            raise LivebusError(f"output is {shown(written)}", file.place("output"), expected="the path of a folder")
        path = self.path / written
        if not claims_assembly(path):
            name = relative(path)
            found = f"{name!r} is no cloud assembly" if is_there(path) else f"{name!r} is not there"
            raise NoTemplate(found, Place(name), advice="`cdk synth` makes it.")
        return path

    def _named(self, name: Path, who: str) -> Path:
        path = self.path / name
        if not is_file(path):
            shown = relative(path)
            raise NoTemplate(f"{shown!r} is not there", Place(shown), advice=who)
        return path

    def events(self) -> list[Path]:
        """The event files directly in ``events/``."""
        return event_files(self.path / "events")


def find(here: Path | None = None) -> Folder:
    """The nearest folder that holds an application, from the working directory (or ``here``) upwards; else that itself."""
    start = (here or Path.cwd()).absolute()
    for folder in _upwards(start):
        if any(_is_ours(folder / name) for name in _MARKS):
            return Folder(Path() if here is None and folder == start else folder)
    return Folder(Path() if here is None else start)


def beside(source: Source) -> Folder:
    """
    The folder of a template that somebody named: its own, where a samconfig.toml lies beside it, else the one found; of one in a
    cloud assembly of AWS CDK, or of several there, the folder around that as well.
    """
    from livebus.cdk_assembly import assembly_of, parts_of

    own = parts_of(source).folder
    assembly = assembly_of(own)
    for folder in (own,) if assembly is None else (own, assembly / ".."):
        if is_file(folder / SAMCONFIG):
            return Folder(folder)
    return find()


def _upwards(start: Path) -> Iterator[Path]:
    yield start
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    below = start
    for folder in start.parents:
        if is_there(below / ".git") or folder in (home, folder.parent) or below == home:
            return
        yield folder
        below = folder


def _is_ours(path: Path) -> bool:
    """Whether it is there and belongs to the user, or to root, who may do anything anyway."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return False
    return owner in (os.getuid(), _ROOT)
