"""Loads templates from text, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from livebus.errors import InvalidTemplate, LivebusError
from livebus.template import Environment, load_application
from livebus.template.application import Application
from livebus.template.document import read_document
from livebus.template.loading import read_application
from livebus.template.resources import Resources

LINE = Path(__file__).parents[2] / "vectors" / "templates" / "line.yaml"
FILES = {"schema.graphql": "type Query { a: String }", "code.js": "export function request() {}"}

Load = Callable[..., Application]
Faults = Callable[..., list[str]]


def read_file(name: str) -> str:
    if name not in FILES:
        raise LivebusError(f"{name!r} is not there", advice="See the paths in the template.")
    return FILES[name]


def load_text(text: str, **parameters: str) -> Application:
    return load_application(text, file="t.yaml", read_file=read_file, environment=Environment(), parameters=parameters)


@pytest.fixture
def line() -> Callable[..., str]:
    """The template of a whole line, with texts of it replaced: each (old, new) has to be there."""

    def changed(*replacements: tuple[str, str]) -> str:
        text = LINE.read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return changed


@pytest.fixture
def load() -> Load:
    return load_text


@pytest.fixture
def faults() -> Faults:
    """
    What is told of a template, a line of text for each fault.

    It is refused for those that AWS refuses; what is merely not emulated is a warning of the application that is loaded.
    """

    def told(text: str, **parameters: str) -> list[str]:
        try:
            reading = read_application(read_document(text, "t.yaml"), read_file, Environment(), parameters)
        except InvalidTemplate as unreadable:
            return [str(fault) for fault in unreadable.faults]
        assert reading.faults != ()
        if reading.refusals:
            with pytest.raises(InvalidTemplate) as raised:
                load_text(text, **parameters)
            assert tuple(raised.value.faults) == reading.refusals
        else:
            assert {str(fault) for fault in reading.faults} <= set(load_text(text, **parameters).warnings)
        return [str(fault) for fault in reading.faults]

    return told


@pytest.fixture
def resources() -> Callable[..., Resources]:
    """The resources of a template, before anything reads them."""

    def read(text: str, environment: Environment | None = None, **parameters: str) -> Resources:
        return Resources(read_document(text, "t.yaml"), environment or Environment(), parameters)

    return read
