"""
The application that Livebus ships: what ``livebus new`` starts from, and ``livebus demo`` shows where there is no other.

In a clone these are the files at its top; a wheel has them in ``livebus/shipped``, where hatch puts them (pyproject.toml).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import livebus
from livebus.files import is_file

TEMPLATE, SCHEMA, RESOLVER, SAMCONFIG = (
    "template.yaml",
    "schema.graphql",
    "resolvers/publishMsgFromEB.js",
    "samconfig.toml",
)
FILES = (TEMPLATE, SCHEMA, RESOLVER, "events/sample.json", SAMCONFIG)


def shipped() -> Mapping[str, str]:
    """The texts of the files, by their paths inside the application."""
    package = Path(livebus.__file__).parent
    folders = (package / "shipped", package.parents[1])
    folder = next(each for each in folders if is_file(each / TEMPLATE))
    return {name: (folder / name).read_text(encoding="utf-8") for name in FILES}


def is_clone() -> bool:
    """Whether this is the project itself, with its Makefile, and not a package that was installed from a wheel."""
    return not is_file(Path(livebus.__file__).parent / "shipped" / TEMPLATE)


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files below a folder. Raises OSError, FileExistsError where one of them is there already."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
