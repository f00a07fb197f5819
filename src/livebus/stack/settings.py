"""
Options of a command that are given elsewhere than on its command line: in variables, and in samconfig.toml.

In: a command's name (``redrive publish``), the names of its options, the environment, a
:class:`~livebus.stack.samconfig.SamConfig`. Out: :class:`Setting` s, what stands higher first; what is wrong, with its place.

The order is SAM CLI's: a flag, a variable, the command's table, a default. So are the names: ``--stack-name`` of ``redrive
publish`` is ``LIVEBUS_REDRIVE_PUBLISH_STACK_NAME``, and ``stack_name`` in ``[default.livebus_redrive_publish.parameters]``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.errors import Fault, Place, did_you_mean
from livebus.stack.samconfig import SamConfig

PREFIX = "LIVEBUS_"
# Where a command is to go means the same for all of them: these have a variable for all commands together as well.
SHARED = ("stack_name", "region", "profile", "config_env", "endpoint_url", "local", "template", "built")
# What is no option: secrets, which are in no file and on no command line.
OWN_VARIABLES = ("LIVEBUS_PASSWORD", "LIVEBUS_NEW_PASSWORD", "LIVEBUS_TOKEN")

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Setting:
    """An option's ``name`` (``stack_name``) and value: texts of variables, what TOML knows from a file."""

    name: str
    value: Any
    place: Place
    level: int

    def texts(self) -> list[str]:
        """The value as texts, as it would be typed; several where it is a list, or a variable of several lines."""
        if isinstance(self.value, list):
            return [_text(each) for each in self.value]
        text = _text(self.value)
        return text.splitlines() if self.level == VARIABLE and "\n" in text else [text]

    def switch(self) -> bool | None:
        """The value of an option without an argument; None where it is neither yes nor no."""
        text = _text(self.value).lower()
        return True if text in _TRUE else False if text in _FALSE else None


VARIABLE, SHARED_VARIABLE, TABLE = range(3)


def variable(command: str, name: str) -> str:
    """The variable of one command's option."""
    return f"{PREFIX}{command}_{name}".replace(" ", "_").replace("-", "_").upper()


def table_of(command: str) -> str:
    """The name of a command's table in samconfig.toml."""
    return f"livebus_{command}".replace(" ", "_").replace("-", "_")


def from_variables(
    command: str, names: Collection[str], environ: Mapping[str, str]
) -> tuple[list[Setting], list[Fault]]:
    """
    What variables say about a command's options, and those that begin as the command's do and name none.

    A variable that is empty says nothing.
    """
    settings = [
        Setting(name, environ[found], Place(found), level)
        for name in names
        for level, found in ((VARIABLE, variable(command, name)), (SHARED_VARIABLE, f"{PREFIX}{name.upper()}"))
        if environ.get(found) and (level == VARIABLE or name in SHARED)
    ]
    known = {variable(command, name): name for name in names}
    beginning = variable(command, "")
    faults = [
        Fault("no option has this variable", Place(found), advice=did_you_mean(found, known))
        for found in sorted(environ)
        if found.startswith(beginning) and found not in known and found not in OWN_VARIABLES
    ]
    return sorted(settings, key=lambda each: each.level), faults


def misspelt_variables(environ: Mapping[str, str], commands: Collection[str]) -> Iterator[str]:
    """Variables that look like one for all commands and are none; others' own that begin with LIVEBUS_ may be anything."""
    shared = [f"{PREFIX}{name.upper()}" for name in SHARED]
    beginnings = tuple(variable(command, "") for command in commands)
    for found in sorted(environ):
        if not found.startswith(PREFIX) or found.startswith(beginnings) or found in (*shared, *OWN_VARIABLES):
            continue
        if meant := did_you_mean(found, shared, 0.85):
            yield f"{found} is not read. {meant}"


def from_table(
    command: str, names: Collection[str], config: SamConfig, environment: str, commands: Collection[str]
) -> tuple[list[Setting], list[Fault]]:
    """What the command's table says, what in it is no option, and the tables of Livebus that belong to no command."""
    tables = {table_of(each): each for each in commands}
    faults = [
        Fault(
            f"[{environment}.{found}.parameters] is no command's",
            config.place(environment, found),
            advice=_of_verbs(found, tables) or did_you_mean(found, tables),
        )
        for found in config.tables(environment)
        if found.startswith("livebus_") and found not in tables
    ]
    own = table_of(command)
    settings: list[Setting] = []
    for given, value in config.parameters(environment, own).items():
        place, name = config.place(environment, own, given), given.replace("-", "_")
        if name in names:
            settings.append(Setting(name, value, place, TABLE))
        else:
            advice = did_you_mean(name, names) or f"`livebus {command} --help` lists them."
            faults.append(Fault(f"`livebus {command}` has no option {given!r}", place, advice=advice))
    return settings, faults


def _of_verbs(found: str, tables: Collection[str]) -> str:
    verbs = [table for table in tables if table.startswith(f"{found}_")]
    return f"Each of its verbs has one: {', '.join(verbs)}." if verbs else ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)
