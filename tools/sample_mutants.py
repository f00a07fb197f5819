"""
Runs a sample of the mutants of each module, and prints how many of them the unit tests notice.

    make mutants-sample [MUTANTS_SAMPLE='--most 25 publish pattern']
    .venv-mutants/bin/python tools/sample_mutants.py [--most N] [--seed N] [--json FILE] [AREA ...]

An area is a package with its own unit tests (AREAS; without a name: all of them). Of each module's mutants (mutmut makes them)
up to ``--most`` are picked, by a seed and by the module's name, so that the same code gives the same sample. They run in a copy
of the files that git knows, against the tests of their own area alone: a test of another area that would notice does not
count. A mutant that takes far too long, or too much memory, counts as noticed.

stdout has the table; ``--json`` keeps it, area by area, with the difference that each mutant makes which was not noticed, and
an area that is in the file already is run anew only where it is named.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.file_utils import change_cwd
from mutmut.utils.format_utils import get_mutant_name

PROJECT = Path(__file__).resolve().parents[1]
MUTMUT = Path(sys.executable).with_name("mutmut")
MEMORY = 6 * 2**30  # bytes of address space: a mutant that grows without end does not take the machine with it
# Seconds of a mutant's tests: (those of the tests as they are + the constant) × the multiplier.
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
        ("src/livebus/numerals.py", "src/livebus/runtime/port/*.py"),
        ("tests/unit/test_numerals.py", "tests/unit/runtime/port", "tests/unit/runtime/s3"),
    ),
    "event": package("event"),
    "schema": package("schema"),
    "execution": package("execution"),
    "publish": package("publish"),
    "resolver": package("resolver"),
    "template": package("template"),
}


def copied(folder: Path, area: Area) -> None:
    """What git knows of the project, with mutmut's settings narrowed to the area."""
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
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
        module: sorted(random.Random(f"{seed} {module}").sample(all_of_it, min(most, len(all_of_it))))
        for module, all_of_it in names.items()
    }


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(area: Area, most: int, seed: int) -> list[dict[str, Any]]:
    """A row for each module of the area."""
    with tempfile.TemporaryDirectory(prefix="livebus-mutants-") as name:
        folder = Path(name)
        copied(folder, area)
        names = named(folder, area.modules)
        picked = sampled(names, most, seed)
        command = [str(MUTMUT), "run", "--max-children", "1", *(each for some in picked.values() for each in some)]
        done = subprocess.run(
            command, cwd=folder, preexec_fn=limited, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode:
            sys.exit(f"mutmut ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-4000:]}")
        rows = []
        with change_cwd(folder):
            for module, some in picked.items():
                codes = json.loads(Path("mutants", f"{module}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]
                missed = {each: codes[each] for each in some if codes[each] not in NOTICED}
                rows.append({
                    "module": module.removeprefix("src/livebus/"),
                    "mutants": len(names[module]),
                    "sampled": len(some),
                    "noticed": len(some) - len(missed),
                    "missed": [
                        {"mutant": each, "why": why(code), "difference": get_diff_for_mutant(each, path=module)}
                        for each, code in missed.items()
                    ],
                })  # fmt: skip
        return rows


def why(code: int | None) -> str:
    if code == SURVIVED:
        return "no test failed"
    return "no test reaches it" if code in NOT_REACHED else f"it ended with {code}"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| module | mutants | sampled | noticed |", "|---|---|---|---|"]
    for row in rows:
        share = 100 * row["noticed"] // row["sampled"]
        lines.append(f"| `{row['module']}` | {row['mutants']:,} | {row['sampled']} | {row['noticed']} ({share} %) |")
    total = {name: sum(row[name] for row in rows) for name in ("mutants", "sampled", "noticed")}
    share = 100 * total["noticed"] // max(1, total["sampled"])
    lines.append(f"| all | {total['mutants']:,} | {total['sampled']:,} | {total['noticed']:,} ({share} %) |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}")
    parser.add_argument("--most", type=int, default=25, help="mutants of a module")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, and go on from there")
    options = parser.parse_args()
    if unknown := sorted(set(options.areas) - set(AREAS)):
        parser.error(f"no such area: {', '.join(unknown)}; there are {', '.join(AREAS)}")
    kept = options.json is not None and options.json.exists()
    found: dict[str, list[dict[str, Any]]] = json.loads(options.json.read_text(encoding="utf-8")) if kept else {}
    for name in options.areas or [each for each in AREAS if each not in found]:
        started = time.monotonic()
        found[name] = run(AREAS[name], options.most, options.seed)
        sys.stderr.write(f"{name}: {time.monotonic() - started:.0f} s\n{table(found[name])}\n")
        if options.json is not None:
            options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write(table([row for name in AREAS for row in found.get(name, [])]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
