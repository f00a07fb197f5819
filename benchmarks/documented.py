"""
Runs the commands that docs/performance.md names, one after another on one machine, and keeps what each of them says.

    python benchmarks/documented.py [--list] [--only WORD] FOLDER

In FOLDER there is a text for each command afterwards, with the command, when it began, and what the machine had to do by then; one that
is there already is not run again, so that a run which was ended goes on. Nothing else should run beside it: an hour and a half, on two cores.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "performance.md"
# What comes before it (`chrt`, on a machine that others use) is the reader's.
_COMMAND = re.compile(r"`(?:chrt -f 50 )?(python benchmarks/[^`]+)`")


def commands(text: str) -> list[str]:
    """The benchmarks that a page names, each once, in its order."""
    return list(dict.fromkeys(" ".join(found.split()) for found in _COMMAND.findall(text)))


def name_of(command: str) -> str:
    """A file's name for what a command says: the benchmark's, and what its options are."""
    _, script, *options = shlex.split(command)
    return "-".join([Path(script).stem, *(option.lstrip("-") for option in options)]) + ".txt"


def keep(command: str, file: Path) -> int:
    """Run a command, with what it says shown and kept; its exit code. A file is there only once it has ended well."""
    began, load = time.strftime("%Y-%m-%d %H:%M"), os.getloadavg()[0]
    print(f"--- {command}", file=sys.stderr)
    started = time.monotonic()
    _, *rest = shlex.split(command)
    done = subprocess.run([sys.executable, *rest], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    if done.returncode == 0:
        told = f"{command}\nbegan {began}, load {load:.1f}, took {time.monotonic() - started:.0f} s\n\n{done.stdout}"
        file.write_text(told, encoding="utf-8")
    return done.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the benchmarks that docs/performance.md names.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", nargs="?", help="where to keep what they say")
    parser.add_argument("--list", action="store_true", help="only print the commands")
    parser.add_argument("--only", default="", metavar="WORD", help="those commands that have the word")
    options = parser.parse_args()
    found = [command for command in commands(PAGE.read_text(encoding="utf-8")) if options.only in command]
    if options.list:
        print("\n".join(found))
        return 0
    if options.folder is None:
        parser.error("FOLDER is missing: where to keep what they say")
    options.folder.mkdir(parents=True, exist_ok=True)
    left = [(command, options.folder / name_of(command)) for command in found]
    failed = [command for command, file in left if not file.exists() and keep(command, file) != 0]
    for command in failed:
        print(f"failed: {command}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
