"""The script that completes commands, verbs and flags in a shell."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from livebus.cli.commands import COMMANDS, SHELLS
from livebus.cli.completion import script


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script(shell: str) -> None:
    """It names every command, and flags of theirs."""
    written = script(shell)
    assert [name for name in (*COMMANDS, "--undelivered", "--time-scale", "--error-code") if name not in written] == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["livebus", "pub"], ["publish"]),
        (["livebus", "redrive", "p"], ["publish", "purge"]),
        (["livebus", "publish", "--max"], ["--max-attempts", "--max-time"]),
        (["livebus", "publish", "--engine", "b"], ["boto3", "bulk"]),
    ],
)
def test_bash_completes(words: list[str], expected: list[str]) -> None:
    """As bash itself asks for it."""
    bash = shutil.which("bash")
    assert bash is not None
    asked = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _shtab_livebus; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run([bash, "-c", f"{script('bash')}\n{asked}"], capture_output=True, text=True, check=True)
    assert sorted(word.strip() for word in done.stdout.split()) == expected
