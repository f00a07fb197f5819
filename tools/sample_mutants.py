"""
Runs a sample of the mutants of each module, and prints how many of them the unit tests notice.

    make mutants-sample [MUTANTS_SAMPLE='--most 25 publish pattern']
    .venv-mutants/bin/python tools/sample_mutants.py [--most N] [--seconds S] [--seed N] [--only NAME] [--json FILE] [AREA ...]

An area is a package with its own unit tests (AREAS; without a name: all of them). Of each module's mutants (mutmut makes them)
up to ``--most`` are picked, by a seed and by the module's name, so that the same code gives the same sample. They run in a copy
of the files that git knows, against the tests of their own area alone: a test of another area that would notice does not
count. A mutant that takes far too long, or too much memory, counts as noticed. ``--seconds`` ends an area early: those whose
tests take longest are not run then. ``--only`` takes the modules whose path holds a name, and may be given several times.

stdout has the table; ``--json`` keeps it, area by area, with the difference that each mutant makes which was not noticed, and
an area that is in the file already is run anew only where it is named.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.file_utils import change_cwd
from mutmut.utils.format_utils import get_mutant_name

PROJECT = Path(__file__).resolve().parents[1]
MUTMUT = Path(sys.executable).with_name("mutmut")
MEMORY = 6 * 2**30  # bytes of address space: a mutant that grows without end does not take the machine with it
# Seconds of a mutant's tests: those of the tests as they are and the constant, times the multiplier.
TIMEOUT_MULTIPLIER, TIMEOUT_CONSTANT = 6, 3
NOTICED = frozenset({1, 3, -24, 24, 152, 255, 36, -11, -9})
SURVIVED = 0
NOT_REACHED = frozenset({5, 33})


class Area(NamedTuple):
    """Modules, as glob patterns from the project's folder on, and the unit tests that are to notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def package(name: str, *more: str) -> Area:
    return Area((f"src/livebus/{name}/*.py",), (f"tests/unit/{name}", *more))


# What template.py's readers read is what checks are about, and their tests hold it as well.
AREAS: dict[str, Area] = {
    "pattern": package("pattern"),
    "subscription": package("subscription"),
    "transformer": package("transformer"),
    "realtime": package("realtime"),
    "delivery": Area(("src/livebus/delivery.py",), ("tests/unit/test_delivery.py",)),
    "access": package("access"),
    "parsers": Area(
        ("src/livebus/numerals.py", "src/livebus/runtime/port/*.py", "src/livebus/runtime/s3/*.py"),
        ("tests/unit/test_numerals.py", "tests/unit/runtime/port", "tests/unit/runtime/s3"),
    ),
    "event": package("event"),
    "schema": package("schema"),
    "execution": package("execution"),
    "publish": package("publish"),
    "resolver": package("resolver"),
    "publishing": Area(
        ("src/livebus/aws/publish/*.py", "src/livebus/cli/publish/*.py"),
        ("tests/unit/aws/publish", "tests/unit/cli/publish"),
    ),
    "aws": Area(("src/livebus/aws/*.py", "src/livebus/aws/direct/*.py"), ("tests/unit/aws",)),
    "template": Area(("src/livebus/template/*.py", "src/livebus/template/application/*.py"), ("tests/unit/template",)),
}


def copied(folder: Path, area: Area) -> None:
    """What git knows of the project, with mutmut's settings narrowed to the area."""
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever there is
        cwd=PROJECT, check=True, capture_output=True,
    ).stdout  # fmt: skip
    for name in known.decode().split("\0"):
        source = PROJECT / name
        if name and source.is_file() and not source.is_symlink():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    settings = folder / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    for name, values in (("only_mutate", area.modules), ("pytest_add_cli_args_test_selection", area.tests)):
        text, found = re.subn(rf"^{name} = \[[^\]]*\]", f"{name} = {json.dumps(values)}", text, flags=re.MULTILINE)
        if found != 1:
            sys.exit(f"pyproject.toml: {name} of [tool.mutmut] was found {found} times; expected it once")
    timeouts = f"timeout_multiplier = {TIMEOUT_MULTIPLIER}\ntimeout_constant = {TIMEOUT_CONSTANT}\n"
    text = text.replace("[tool.mutmut]\n", f"[tool.mutmut]\n{timeouts}use_git_change_detection = false\n", 1)
    settings.write_text(text, encoding="utf-8")


def named(folder: Path, modules: Sequence[str]) -> dict[str, list[str]]:
    """The names of each module's mutants."""
    found: dict[str, list[str]] = {}
    for pattern in modules:
        for path in sorted(folder.glob(pattern)):
            relative = path.relative_to(folder)
            names = mutate_file_contents(str(relative), path.read_text(encoding="utf-8")).mutant_names
            if names:
                found[str(relative)] = [get_mutant_name(relative, name) for name in names]
    return found


def sampled(names: Mapping[str, list[str]], most: int, seed: int) -> dict[str, list[str]]:
    """Up to so many of each module: those of one module do not depend on what others there are."""
    return {
        module: sorted(random.Random(f"{seed} {module}").sample(all_of_it, min(most, len(all_of_it))))  # noqa: S311
        for module, all_of_it in names.items()
    }


def narrowed(area: Area, only: Sequence[str]) -> Area:
    """The area with no more than the modules whose paths hold one of these names; all of them where there are none."""
    if not only:
        return area
    paths = (str(path.relative_to(PROJECT)) for pattern in area.modules for path in sorted(PROJECT.glob(pattern)))
    return area._replace(modules=tuple(path for path in paths if any(name in path for name in only)))


def run(area: Area, most: int, seed: int, seconds: float) -> list[dict[str, Any]]:
    """A row for each module of the area."""
    with tempfile.TemporaryDirectory(prefix="livebus-mutants-") as name:
        folder = Path(name)
        copied(folder, area)
        names = named(folder, area.modules)
        picked = sampled(names, most, seed)
        command = [str(MUTMUT), "run", "--max-children", "1", *(each for some in picked.values() for each in some)]
        log = folder / "log.txt"
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, start_new_session=True)  # noqa: S603
            try:
                process.wait(timeout=seconds or None)
            except subprocess.TimeoutExpired:
                pass  # what has been found is kept
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        with change_cwd(folder):
            rows = [row(module, len(names[module]), some) for module, some in picked.items()]
        if not any(each["run"] for each in rows):
            sys.exit(f"mutmut ended with {process.returncode}:\n{log.read_text(errors='replace')[-4000:]}")
        return rows


def row(module: str, count: int, picked: Sequence[str]) -> dict[str, Any]:
    """What has become of a module's mutants, in the folder where they have run."""
    meta = Path("mutants", f"{module}.meta")
    codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"] if meta.exists() else {}
    done = {each: codes[each] for each in picked if codes.get(each) is not None}
    missed = {each: code for each, code in done.items() if code not in NOTICED}
    return {
        "module": module.removeprefix("src/livebus/"),
        "mutants": count,
        "sampled": len(picked),
        "run": len(done),
        "noticed": len(done) - len(missed),
        "missed": [
            {"mutant": each, "why": why(code), "difference": get_diff_for_mutant(each, path=module)}
            for each, code in missed.items()
        ],
    }


def why(code: int) -> str:
    if code == SURVIVED:
        return "no test failed"
    return "no test reaches it" if code in NOT_REACHED else f"it ended with {code}"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| module | mutants | sampled | run | noticed |", "|---|---|---|---|---|"]
    counted = ("mutants", "sampled", "run", "noticed")
    total = {name: sum(each[name] for each in rows) for name in counted}
    for each in (*rows, {"module": "all", **total}):
        share = f" ({100 * each['noticed'] // each['run']} %)" if each["run"] else ""
        lines.append(f"| `{each['module']}` | " + " | ".join(f"{each[name]:,}" for name in counted) + f"{share} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}")
    parser.add_argument("--most", type=int, default=25, help="mutants of a module")
    parser.add_argument("--seconds", type=float, default=0.0, help="of an area; 0: until all of them have run")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="modules whose path holds it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, and go on from there")
    options = parser.parse_args()
    if unknown := sorted(set(options.areas) - set(AREAS)):
        parser.error(f"no such area: {', '.join(unknown)}; there are {', '.join(AREAS)}")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # for whatever it starts
    kept = options.json is not None and options.json.exists()
    found: dict[str, list[dict[str, Any]]] = json.loads(options.json.read_text(encoding="utf-8")) if kept else {}
    for name in options.areas or [each for each in AREAS if each not in found]:
        started = time.monotonic()
        found[name] = run(narrowed(AREAS[name], options.only), options.most, options.seed, options.seconds)
        sys.stderr.write(f"{name}: {time.monotonic() - started:.0f} s\n{table(found[name])}\n")
        if options.json is not None:
            options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write(table([row for name in AREAS for row in found.get(name, [])]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
