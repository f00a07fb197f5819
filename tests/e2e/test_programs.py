"""The programs in scripts/, with whichever Python they are started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.copies import PROJECT, outer_environment


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without any library."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone in which nothing is set up."""
    folder = tmp_path / "livebus"
    folder.mkdir()
    for name in ("scripts", "src", "events"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**outer_environment(), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("flags", [[], ["-I"], ["-S", "-I"]])
def test_they_find_the_projects_environment(bare: Path, clone: Path, flags: list[str]) -> None:
    """A Python without libraries hands over to .venv, from any folder."""
    (clone / ".venv").symlink_to(sys.prefix)
    published = run(bare, *flags, clone / "scripts" / "publish.py", "--dry-run", "sample.json", cwd=clone / "events")
    assert (published.returncode, published.stderr) == (
        0,
        "sound: events 1, bytes 52, PutEvents requests 1; nothing was sent\n",
    )


@pytest.mark.parametrize("flags", [[], ["-I"]])
def test_where_nothing_is_set_up_one_line_says_what_to_do(bare: Path, clone: Path, flags: list[str]) -> None:
    """What is missing, and how to get it; no traceback."""
    refused = run(bare, *flags, "scripts/publish.py", "events/sample.json", cwd=clone)
    libraries = "aiohttp, boto3, cfn_flip, cryptography, gql, graphql, joserfc, orjson, quickjs, tree_sitter"
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        (
            f"error: Livebus is not set up: {bare} has no {libraries}, tree_sitter_javascript, trustme; "
            "run `make setup` in . (`make demo` installs less)\n"
        ),
    )


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_a_python_that_does_not_fit_is_told(bare: Path, clone: Path, version: tuple[int, int]) -> None:
    """Too old or too new: which it is, and how to name another."""
    found = f"import sys; sys.version_info = {(*version, 0, 'final', 0)}; sys.argv = ['scripts/publish.py']"
    program = f"{found}; import runpy; runpy.run_path('scripts/publish.py', run_name='__main__')"
    refused = run(bare, "-c", program, cwd=clone)
    assert (refused.returncode, refused.stderr) == (
        1,
        (
            f"error: Livebus needs Python 3.11 to 3.13, this is {version[0]}.{version[1]}; "
            "run `make setup PYTHON=python3.12` in ., which all programs use then\n"
        ),
    )


def test_an_environment_without_libraries_does_not_go_round(bare: Path, clone: Path) -> None:
    """A .venv that was never filled is told of, and not started again and again."""
    (clone / ".venv").symlink_to(bare.parents[1])
    refused = run(sys.executable, "-S", "-I", "scripts/publish.py", cwd=clone)
    assert refused.returncode == 1
    assert "make setup" in refused.stderr


def test_they_name_the_form_that_was_called(clone: Path) -> None:
    """In help, errors and advice: as the shell finds the program from here."""
    (clone / ".venv").symlink_to(sys.prefix)
    helped = run(sys.executable, "scripts/publish.py", "--help", cwd=clone)
    assert helped.stdout.startswith("usage: python scripts/publish.py ")
    assert "  python scripts/publish.py --local events/sample.json  " in helped.stdout
    wrong = run(sys.executable, "../scripts/publish.py", "--rate", "0", "x", cwd=clone / "events")
    assert wrong.stderr.endswith("(see python ../scripts/publish.py --help)\n")
    advice = run(sys.executable, "scripts/publish.py", "--local", "events/sample.json", cwd=clone)
    expected = "error: no runtime is running. Start it with `python scripts/local.py`.\n"
    assert advice.stderr == expected
    module = subprocess.run(
        [sys.executable, "-m", "livebus", "publish", "--help"],
        env={**os.environ, "PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert module.stdout.startswith("usage: python -m livebus publish ")


def test_the_linked_command_is_the_same(clone: Path, tmp_path: Path) -> None:
    """``livebus``, linked to as `make setup` does it."""
    (clone / ".venv").symlink_to(sys.prefix)
    link = tmp_path / "livebus-link"
    link.symlink_to(clone / "scripts" / "livebus")
    shown = run(sys.executable, link, "--version", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (0, "livebus 0.1.0\n")
    assert run(sys.executable, link, "publish", "--help", cwd=tmp_path).stdout.startswith("usage: livebus publish ")
