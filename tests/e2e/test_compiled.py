"""
What each event passes, compiled by mypyc as pyproject.toml has it: there the same tests hold.

mypyc is asked as the build's hook asks it, in a copy: without an environment of its own, and without making the C code fast.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.copies import PROJECT, copy_project, outer_environment

SECONDS = 600.0
# Of the stations' tests those that give them what they take: compiled, they refuse stand-ins of another class.
TESTS = [
    "event",
    "execution",
    "pattern/test_matcher.py",
    "pattern/test_reference.py",
    "pattern/test_vectors.py",
    "resolver/test_passing.py",
    "resolver/test_run.py",
    "runtime/eventbridge/test_archives.py",
    "subscription",
    "test_flow.py",
]
HOOK: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
HOOK = HOOK["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["mypyc"]
_SETUP = """
import json, sys
from mypyc.build import mypycify
from setuptools import setup

modules = mypycify(json.loads(sys.argv.pop(1)), opt_level="0", debug_level="0")
setup(name="livebus", package_dir={"": "src"}, packages=[], ext_modules=modules)
"""


def run(arguments: list[str], folder: Path) -> str:
    """What a program of this Python prints; its exit code is 0."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=outer_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with compiled modules beside those that they are made of."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    copy = copy_project(tmp_path_factory.mktemp("compiled") / "livebus")
    asked = json.dumps([*HOOK["include"], *HOOK["mypy-args"]])
    run(["-c", _SETUP, asked, "--quiet", "build_ext", "--inplace"], copy)
    return copy


@pytest.mark.parametrize("path", HOOK["include"])
def test_a_name_stands_for_exceptions_of_one_class(path: str) -> None:
    """In a function, ``except … as`` gives a name to one class only: mypyc takes the first one's class for all, and refuses others."""
    for function in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            handlers = [each for each in ast.walk(function) if isinstance(each, ast.ExceptHandler) and each.name]
            named = {(each.name, ast.unparse(each.type)) for each in handlers if each.type is not None}
            assert len(named) == len({name for name, _ in named}), (function.name, named)


def test_all_that_is_named_is_compiled(compiled: Path) -> None:
    """Each module of pyproject.toml's list is found compiled."""
    names = [path.removeprefix("src/").removesuffix(".py").replace("/", ".") for path in HOOK["include"]]
    asked = "sys.path.insert(0, 'src'); print({importlib.import_module(n).__file__.rpartition('.')[2] for n in sys.argv[1:]})"
    assert run(["-c", f"import importlib, sys; {asked}", *names], compiled) == "{'so'}\n"


def test_the_stations_tests_hold(compiled: Path) -> None:
    """The tests of what is compiled pass with it."""
    printed = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/unit/{name}" for name in TESTS)], compiled)
    assert "passed" in printed
    assert "failed" not in printed


def test_an_event_goes_the_whole_way(compiled: Path) -> None:
    """The runtime's part, from PutEvents to a subscriber's socket."""
    assert "The event arrived" in run(["scripts/demo.py"], compiled)


def test_the_version_tells(compiled: Path) -> None:
    """Who reports something can say that it is compiled."""
    assert run(["scripts/livebus", "--version"], compiled).endswith(" (compiled)\n")
