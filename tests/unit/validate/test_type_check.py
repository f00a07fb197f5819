"""What TypeScript says of resolver code, with a compiler that says what a test wants; the real one is for integration tests."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.validate import type_check
from livebus.validate.project import Project
from livebus.validate.report import Report
from livebus.validate.type_check import TypeCheck
from livebus.validate.validation import Options, Validation

FOREIGN = Path(__file__).parents[2] / "foreign"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAID = """0.js(2,10): error TS2345: Argument of type '{ b: number; }' is not assignable.
  Property 'a' is missing.
0.js(5,3): error TS2304: Cannot find name 'x'.
"""


def check(folder: Path, said: str, code: int) -> TypeCheck:
    """A compiler of the folder's own that says this, and what it was given."""
    for package in ("typescript/lib", "@aws-appsync/utils"):
        (folder / "node_modules" / package).mkdir(parents=True)
    (folder / "node_modules/typescript/lib/tsc.js").write_text("")
    (folder / "said").write_text(said)
    node = folder / "node"
    node.write_text(f'#!/bin/sh\necho "$@" > {folder}/given\ncp 0.js {folder}/code\ncat {folder}/said\nexit {code}\n')
    node.chmod(0o755)
    return TypeCheck(folder, str(node))


def validated(types: TypeCheck, *, only: tuple[str, ...] = ()) -> Report:
    return Validation(
        Project(FOREIGN / "plain.json"), Options(NOW, events=(), only=only, check_types=types.findings)
    ).run()


@pytest.mark.skipif(sys.platform == "win32", reason="the compiler is a shell script")
class TestSaid:
    def test_what_is_said(self, tmp_path: Path) -> None:
        """Each error is a finding at its line, with the lines that go on with it."""
        found = [each for each in validated(check(tmp_path, SAID, 2)).findings if each.check.id == "W9206"]

        assert [each.fault.found for each in found] == [
            "TS2345: Argument of type '{ b: number; }' is not assignable. Property 'a' is missing.",
            "TS2304: Cannot find name 'x'.",
        ]
        assert {Path(each.fault.place.file).name for each in found} == {"plain.json"}
        assert "--checkJs" in (tmp_path / "given").read_text()
        assert "export function request" in (tmp_path / "code").read_text()

    def test_nothing_is_said(self, tmp_path: Path) -> None:
        """Then nothing is found."""
        assert validated(check(tmp_path, "", 0), only=("W9206",)).findings == []

    @pytest.mark.parametrize(("said", "code"), [("", 1), ("error TS18003: No inputs", 1), ("Segmentation fault", 139)])
    def test_a_compiler_that_breaks(self, tmp_path: Path, said: str, code: int) -> None:
        """Is told, and is not taken for code without faults."""
        with pytest.raises(LivebusError, match=f"TypeScript ended with code {code}"):
            validated(check(tmp_path, said, code))


def test_packages_that_are_not_there(tmp_path: Path) -> None:
    """Are named, with what to do."""
    with pytest.raises(LivebusError, match="npm install --save-dev typescript@5 @aws-appsync/utils"):
        TypeCheck(tmp_path, "node")


@pytest.mark.parametrize(
    ("name", "told"), [("none", "'none' is not there"), ("file", "no folder; expected a folder with")]
)
def test_a_folder_that_is_none(name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told itself, and not that packages are missing in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(LivebusError, match=f"^{name}: {told}"):
        TypeCheck(Path(name), node="node")


def test_node_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is named too."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LivebusError, match="needs Node"):
        TypeCheck(tmp_path)


def node_of(folder: Path, script: str) -> TypeCheck:
    """A compiler of the folder's own that does this."""
    made = check(folder, "", 0)
    (folder / "node").write_text(f"#!/bin/sh\n{script}\n")
    return made


@pytest.mark.skipif(sys.platform == "win32", reason="the compiler is a shell script")
class TestOddCompilers:
    def test_one_that_hangs_is_ended_with_all_that_it_started(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also where a process that it left behind holds its output open."""
        monkeypatch.setattr(type_check, "SECONDS", 0.5)
        for number, script in enumerate(("sleep 600", "sleep 600 & echo $! > ../../left; exit 0")):
            (tmp_path / str(number)).mkdir()
            with pytest.raises(LivebusError, match=r"^--check-types: TypeScript took longer than 0\.5 seconds$"):
                validated(node_of(tmp_path / str(number), script))

    def test_one_that_says_too_much_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing of it is written to a disk."""
        monkeypatch.setattr(type_check, "MAX_OUTPUT_BYTES", 1 << 20)
        with pytest.raises(LivebusError, match=r"^--check-types: TypeScript said more than 1 MB$"):
            validated(
                node_of(tmp_path, "while :; do echo 'oooooooooooooooooooooooooooooooooooooooooooooooooooo'; done")
            )

    def test_a_folder_may_have_any_name(self, tmp_path: Path) -> None:
        """Blanks, quotes and letters of other scripts: no shell reads it."""
        folder = tmp_path / "größe 大 $(x) 'a\""
        folder.mkdir()
        node = tmp_path / "a node"
        made = check(folder, "", 0)
        node.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/given\n', encoding="utf-8")
        node.chmod(0o755)
        made = TypeCheck(folder, str(node))
        assert validated(made, only=("W9206",)).findings == []
        given = (tmp_path / "given").read_text(encoding="utf-8").splitlines()
        assert given[1] == str(folder / "node_modules/typescript/lib/tsc.js")

    def test_a_node_that_cannot_be_started_is_told(self, tmp_path: Path) -> None:
        """One line, and no traceback."""
        made = node_of(tmp_path, "")
        (tmp_path / "node").chmod(0o644)
        with pytest.raises(
            LivebusError, match=f"^--check-types: '{tmp_path}/node' cannot be started: Permission denied$"
        ):
            validated(made)

    def test_a_node_that_is_too_old_is_told_with_its_version(self, tmp_path: Path) -> None:
        """What it cannot read is TypeScript's own file: its exception says why, and its version is asked for."""
        said = "file:///tsc.js:5\n  static {\n         ^\nSyntaxError: Unexpected token '{': old\n    at Object.compileFunction"
        made = node_of(tmp_path, f'[ "$1" = --version ] && echo v10.24.1 && exit\nprintf "%s" "{said}"; exit 1')
        with pytest.raises(LivebusError) as raised:
            validated(made)
        assert str(raised.value) == (
            "--check-types: TypeScript ended with code 1: SyntaxError: Unexpected token '{': old. "
            "It ran with Node.js 10.24.1; TypeScript 5 needs 14.17 or newer."
        )
