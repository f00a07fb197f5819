"""A state folder that is damaged: one line, exit 1, nothing half started, nothing overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.limited import under_limits

SECONDS = 180


def start(project: Path, state: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, project / "scripts" / "local.py", "--port", "0", "--state", state]
    return subprocess.run(
        under_limits(*command, "--template", project / "template.yaml", "--no-reload"),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def mend(state: Path) -> None:
    """What a first start leaves, made without one: it would have to be ended first."""
    from livebus.runtime.kept.state import StateFolder
    from livebus.runtime.port.tls import make_ca

    folder = StateFolder(state)
    make_ca(folder)
    folder.close()


BRACKETS = b"[" * 100_000
DAMAGED = {
    "ca.pem": (b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", "the CA for TLS cannot be used"),
    "ca-key.pem": (b"", "the CA for TLS cannot be used"),
    "users.json": (BRACKETS, "the user store is damaged"),
    "signing-key.pem": (b"\x00" * 100, "the tokens' signing key cannot be read"),
    "journal.sqlite": (b"SQLite format 3\x00" + b"\xff" * 5_000, "cannot use the journal"),
    "archive.sqlite": (b"no database" * 1_000, "cannot use the archive"),
    "s3.sqlite": (BRACKETS, "cannot use the buckets' file"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_ends_the_start_with_one_line(project: Path, tmp_path: Path, name: str) -> None:
    """It names the file, leaves it as it is, and leaves no endpoint behind that others would look for."""
    content, words = DAMAGED[name]
    state = tmp_path / "state"
    mend(state)
    (state / name).write_bytes(content)

    done = start(project, state)

    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert str(state / name.replace("ca-key", "ca")) in done.stderr
    assert "Traceback" not in done.stderr
    assert (state / name).read_bytes() == content
    assert not (state / "runtime.json").exists()


def test_a_folder_of_somebody_else_ends_the_start(project: Path, tmp_path: Path) -> None:
    """A state that is a file, or lies in one."""
    (tmp_path / "file").write_bytes(b"")
    for state in (tmp_path / "file", tmp_path / "file" / "state"):
        done = start(project, state)
        assert (done.returncode, done.stdout) == (1, "")
        assert "cannot use the state folder" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_is_full_ends_the_start(project: Path, tmp_path: Path) -> None:
    """No file can grow (RLIMIT_FSIZE): the first that is written fails, and says so."""
    state = tmp_path / "state"
    code = (
        "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, sys.executable, project / "scripts" / "local.py", "--port", "0"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*map(str, command), "--state", str(state), "--template", str(project / "template.yaml")],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=environment,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert str(state) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stack_of_brackets_stays_away(project: Path, tmp_path: Path) -> None:
    """A file of a deployed stack that is none is told; the runtime of the template starts all the same."""
    from support.processes import LocalRuntime

    state = tmp_path / "state"
    (state / "stacks").mkdir(parents=True, mode=0o700)
    (state / "stacks" / "deep.json").write_bytes(BRACKETS)
    command = under_limits(sys.executable, project / "scripts" / "local.py")
    given = ("--template", project / "template.yaml", "--no-reload")
    with LocalRuntime.started_by(command, state, tmp_path / "outputs.json", *given) as runtime:
        assert "deep.json: not a stack of ours" in runtime.stderr
        assert "Traceback" not in runtime.stderr
    assert (state / "stacks" / "deep.json").read_bytes() == BRACKETS
