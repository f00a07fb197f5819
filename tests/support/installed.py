"""
Livebus as people install it: a wheel of this project in a virtual environment of its own, which lends its libraries from the
environment of the tests to be there quickly.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.copies import copy_project, outer_environment


@dataclass(frozen=True, slots=True)
class Installed:
    """``command`` is the path of ``livebus``, ``environment`` that of a shell in which it was installed."""

    wheel: Path
    command: Path
    environment: Mapping[str, str]

    @property
    def files(self) -> list[str]:
        """What is in the wheel."""
        with zipfile.ZipFile(self.wheel) as wheel:
            return wheel.namelist()


def installed_once(shared: Path) -> Installed:
    """What the first of all processes that ask for it has installed in a folder, which is theirs; the others wait for it."""
    folder = shared / "installed"
    folder.mkdir(exist_ok=True)
    with (shared / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            # Begun by a process that is gone, it would be half there.
            shutil.rmtree(folder)
            folder.mkdir()
            _install(folder)
            (folder / "done").touch()
    return _installed(folder)


def _install(folder: Path) -> None:
    """Build the wheel of a copy of the project, and install it."""
    source = copy_project(folder / "source")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    _run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)])
    (wheel,) = folder.glob("livebus-*.whl")
    virtual = folder / "environment"
    _run([sys.executable, "-m", "venv", "--without-pip", str(virtual)])
    python = virtual / "bin" / "python"
    _run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)])
    version = "python{}.{}".format(*sys.version_info)
    libraries = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()])
    lent = virtual / "lib" / version / "site-packages" / "lent.pth"
    lent.write_text("".join(f"{path}\n" for path in libraries), encoding="utf-8")


def _installed(folder: Path) -> Installed:
    (wheel,) = folder.glob("livebus-*.whl")
    virtual = folder / "environment"
    environment = {
        **outer_environment(),
        "PATH": f"{virtual / 'bin'}{os.pathsep}{outer_environment()['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    return Installed(wheel, virtual / "bin" / "livebus", environment)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
