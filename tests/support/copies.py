"""
Copies of the whole project: what git tracks, and what it would track if it were added.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def project_files() -> list[str]:
    """The tracked files and those that are new and not ignored, as paths inside the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    # A file that is tracked and removed is listed all the same.
    return sorted({name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()})


def copy_project(folder: Path) -> Path:
    """Copy the project into an empty folder."""
    for name in project_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # With its time, by which Python knows what it has compiled.
        shutil.copy2(PROJECT / name, target)
    return folder


def with_bytecode(copy: Path) -> Path:
    """
    What `make setup` has compiled of our own modules, in a copy of the project: where Python may not write caches, each program that is
    started from the copy would compile them again.

    What is changed in the copy afterwards has another time or size, and is compiled again.
    """
    for compiled in (PROJECT / "src").rglob("*.pyc"):
        target = copy / compiled.relative_to(PROJECT)
        if target.parent.parent.is_dir():
            target.parent.mkdir(exist_ok=True)
            shutil.copy2(compiled, target)
    return copy


def with_node_packages(copy: Path) -> Path:
    """
    What npm has installed for the project, linked into a copy of it, so that make installs none of it again.

    Installing it is `make setup`'s first work on each fresh checkout; here it took half of the time of all tests of a copy.
    """
    for installed in PROJECT.glob("*/*/node_modules/.package-lock.json"):
        folder = copy / installed.parent.parent.relative_to(PROJECT)
        (folder / "node_modules").symlink_to(installed.parent)
        before = installed.stat().st_mtime - 1  # what is newer than its packages is installed
        os.utime(folder / "package-lock.json", (before, before))
    return copy


def with_python_packages(copy: Path) -> Path:
    """
    What `make setup` has installed for the tests, lent to the environment that a copy of the project has: there `make test` runs pip as
    ever, which finds each package of requirements-dev.txt and installs what is missing or of another version.

    As with npm's, installing them all is `make setup`'s first work on each fresh checkout; here it was the longest of all tests.
    """
    (packages,) = (copy / ".venv").glob("lib/python*/site-packages")
    paths = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (packages / "lent.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    return copy


def with_command(copy: Path) -> Path:
    """A folder for PATH, beside a copy of the project: it has ``livebus``, linked to as `make setup` does it."""
    folder = copy.parent / f"{copy.name}-bin"
    folder.mkdir(exist_ok=True)
    (folder / "livebus").symlink_to(copy / "scripts" / "livebus")
    return folder


def outer_environment() -> Mapping[str, str]:
    """The environment without what belongs to the virtual environment and to the run of pytest around this test."""
    own = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    kept = {name: value for name, value in os.environ.items() if name not in own and not name.startswith("PYTEST")}
    virtual = os.environ.get("VIRTUAL_ENV", str(PROJECT / ".venv"))
    path = [part for part in kept["PATH"].split(os.pathsep) if not part.startswith(virtual)]
    return {**kept, "PATH": os.pathsep.join(path)}
