"""
samconfig.toml: what ``sam deploy`` would use, and the tables in which commands of Livebus find their options.

In: the file's text. Out: a :class:`SamConfig`; for one of its environments (``--config-env``) a :class:`DeployConfig`.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.errors import Fault, LivebusError, Place, did_you_mean

DEFAULT_ENVIRONMENT = "default"
# A TOML table's header, and a key at the beginning of a line: places are looked up by them, since tomllib tells none.
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*=")
# One of several in a text: Name=Value or ParameterKey=Name,ParameterValue=Value. Quoted, a value may hold spaces.
_OVERRIDE = re.compile(
    r"(?:ParameterKey=(?P<key>[A-Za-z0-9\"']+),ParameterValue=|(?P<name>[A-Za-z0-9\"']+)=)"
    r"(?P<value>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|(?:\\.|[^\s\"\\])*)(?=\s|$)"
)


@dataclass(frozen=True, slots=True)
class DeployConfig:
    """
    What samconfig.toml says about the deployed stack. Empty where it says nothing.

    ``template_file`` is the text as it stands there, a path from the file's folder; ``parameter_overrides`` are by name.
    """

    stack_name: str = ""
    region: str = ""
    profile: str = ""
    template_file: str = ""
    parameter_overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SamConfig:
    """A samconfig.toml as it was read. ``file`` is the name that places have for it."""

    document: Mapping[str, Any]
    file: str
    text: str

    @classmethod
    def read(cls, text: str, file: str) -> SamConfig:
        """Raises LivebusError where the text is not TOML."""
        import tomllib  # a tenth of a command's start, and not every command reads samconfig.toml

        try:
            return cls(tomllib.loads(text), file, text)
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"at line (\d+), column (\d+)", str(error))
            line, column = (int(where[1]), int(where[2])) if where else (None, None)
            raise LivebusError(f"not TOML: {error}", Place(file, line, column)) from None

    @property
    def environments(self) -> list[str]:
        return [name for name, value in self.document.items() if isinstance(value, dict)]

    def tables(self, environment: str) -> list[str]:
        """The names of the commands that have a table in this environment."""
        return list(_table(self.document, environment))

    def parameters(self, environment: str, command: str) -> Mapping[str, Any]:
        """``[ENVIRONMENT.COMMAND.parameters]``; empty where there is none."""
        return _table(_table(_table(self.document, environment), command), "parameters")

    def place(self, environment: str, command: str, name: str = "") -> Place:
        """Where a table begins or a name stands in it; without a line where the file is written in another way."""
        header, line_of_header = (environment, command, "parameters"), None
        inside = False
        for number, line in enumerate(self.text.splitlines(), 1):
            found = _HEADER.fullmatch(line)
            if found:
                inside = tuple(part.strip().strip("\"'") for part in found[1].split(".")) == header
                line_of_header = number if inside else line_of_header
            elif inside and name and (key := _KEY.match(line)) and key[1] == name:
                return Place(self.file, number)
        return Place(self.file, line_of_header, path=".".join((*header, name)) if name else "")

    def deploy(self, environment: str) -> DeployConfig:
        """
        What ``sam deploy`` would use in this configuration environment.

        As in SAM CLI, ``[ENV.deploy.parameters]`` stands above ``[ENV.global.parameters]``; for the template's file that
        of ``build`` is between them. Raises LivebusError where there is no such environment (only "default" may be
        missing), or parameter_overrides has none of SAM's forms.
        """
        if environment not in self.document and environment != DEFAULT_ENVIRONMENT:
            raise LivebusError(
                f"no configuration environment {environment!r}",
                Place(self.file),
                expected=f"one of {', '.join(self.environments) or 'none'}",
                advice=did_you_mean(environment, self.environments),
            )

        def found(name: str, *commands: str) -> tuple[Any, Place]:
            for command in commands:
                parameters = self.parameters(environment, command)
                if name in parameters:
                    return parameters[name], self.place(environment, command, name)
            return "", Place(self.file)

        stack_name, region, profile = (
            str(found(name, "deploy", "global")[0]) for name in ("stack_name", "region", "profile")
        )
        template = found("template_file", "deploy", "build", "global")[0] or found("template", "deploy", "global")[0]
        overrides = read_overrides(*found("parameter_overrides", "deploy", "global"))
        return DeployConfig(stack_name, region, profile, str(template), overrides)


def read_deploy_config(text: str, file: str, environment: str) -> DeployConfig:
    """:meth:`SamConfig.deploy` of a text. Raises LivebusError where it is not TOML, or as there."""
    return SamConfig.read(text, file).deploy(environment)


def read_overrides(value: Any, place: Place) -> dict[str, str]:
    """
    The parameters by name, of each form that SAM takes: ``"A=1 B=2"``, ``"ParameterKey=A,ParameterValue=1 …"``, a list of
    these, a table. Raises LivebusError with everything that is none of them.
    """
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for item in _flat(value):
        if isinstance(item, Mapping):
            found |= {str(name): _text(each) for name, each in item.items() if name != "$include"}
            faults += [_not_read("$include", place)] if "$include" in item else []
        elif isinstance(item, str) and item.startswith("file://"):
            faults.append(_not_read(item, place))
        elif isinstance(item, str):
            pairs, is_whole = _pairs(item)
            found |= pairs
            if not is_whole:
                expected = '"Name=Value …" or "ParameterKey=Name,ParameterValue=Value …"'
                faults.append(Fault(f"parameter_overrides has {item!r}", place, expected))
        elif item is not None:
            faults.append(Fault(f"parameter_overrides has {item!r}", place, "a text, a list of texts, or a table"))
    if faults:
        raise LivebusError(faults=faults)
    return found


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _pairs(text: str) -> tuple[dict[str, str], bool]:
    """The pairs of a text, and whether there is nothing else in it."""
    pairs = {_plain(each["key"] or each["name"]): _plain(each["value"]) for each in _OVERRIDE.finditer(text)}
    return pairs, not _OVERRIDE.sub("", text).strip()


def _plain(text: str) -> str:
    """Without the quotes around it."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return re.sub(r"\\([ \"'])", r"\1", text)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(each).strip() for each in value if each not in (None, ""))
    return str(value)


def _not_read(text: str, place: Place) -> Fault:
    return Fault(
        f"parameter_overrides names {text!r}",
        place,
        "the values themselves",
        "SAM CLI reads other files there, Livebus does not: give them with --set.",
    )


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    return value if isinstance(value, dict) else {}
