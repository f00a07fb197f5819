"""
Runs a sample of the mutants of each module, and prints how many of them the unit tests notice.

    make mutants-sample [MUTANTS_SAMPLE='--most 25 publish pattern']
    .venv-mutants/bin/python tools/sample_mutants.py [--most N] [--seconds S] [--seed N] [--only NAME] [--json FILE] [AREA ...]

An area is a package with its own unit tests (AREAS; without a name: all of them). Of each module's mutants (mutmut makes them)
up to ``--most`` are picked, by a seed and by the module's name, so that the same code gives the same sample. They run in a copy
of the files that git knows (tools/run_mutants.py, in the environment that all tests run in), first against the tests of their own module,
then against those of their area: a test of another area that would notice does not count. ``--quick`` leaves the second out.
A mutant that takes far too long, or too much memory, counts as noticed. ``--seconds`` ends an area early: those that are last are
not run then. ``--only`` takes the modules whose path holds a name, and may be given several times.

stdout has the table; ``--json`` keeps it, module by module, with the difference that each mutant makes which was not noticed, and
what is in the file already is run anew only where its area is named.
"""

from __future__ import annotations

import argparse
import difflib
import fnmatch
import json
import random
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import libcst as cst
from mutmut.mutation.file_mutation import create_mutations, deep_replace, group_by_top_level_node
from mutmut.mutation.trampoline_templates import mangle_function_name
from mutmut.utils.format_utils import get_mutant_name

PROJECT = Path(__file__).resolve().parents[1]
PYTHON = PROJECT / ".venv" / "bin" / "python"


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
    "delivery": Area(("src/livebus/retry_policy.py",), ("tests/unit/test_retry_policy.py",)),
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
    "destinations": package("api_destination"),
    "redrive": Area(
        ("src/livebus/redrive/*.py", "src/livebus/aws/redrive/*.py"), ("tests/unit/redrive", "tests/unit/aws/redrive")
    ),
    "subscribe": package("subscribe"),
    "delivering": Area(
        ("src/livebus/runtime/outgoing.py", "src/livebus/runtime/eventbridge/*.py"),
        ("tests/unit/runtime/test_outgoing.py", "tests/unit/runtime/eventbridge"),
    ),
    "page": Area(("src/livebus/runtime/page/*.py",), ("tests/unit/runtime/page",)),
    "kept": Area(("src/livebus/runtime/kept/*.py",), ("tests/unit/runtime/kept",)),
    "data_source": package("data_source"),
    "vtl": Area(tuple(f"src/livebus/vtl/{each}*.py" for each in ("", "functions/", "methods/")), ("tests/unit/vtl",)),
    "dynamodb": Area(
        tuple(f"src/livebus/dynamodb/{each}*.py" for each in ("", "expressions/", "appsync/")), ("tests/unit/dynamodb",)
    ),
    "template": Area(("src/livebus/template/*.py", "src/livebus/template/application/*.py"), ("tests/unit/template",)),
}


class Mutant(NamedTuple):
    """A module's change: its name in mutmut, which function it is in, and what the whole module is with it."""

    name: str
    owner: str
    function: str
    source: str


def copied(folder: Path) -> None:
    """What git knows of the project."""
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


def modules(area: Area, only: Sequence[str]) -> list[str]:
    """The paths of an area's modules; with names, of those whose paths hold one of them."""
    found = (str(path.relative_to(PROJECT)) for pattern in area.modules for path in sorted(PROJECT.glob(pattern)))
    return [path for path in found if not only or any(fnmatch.fnmatch(path, f"*{name}*") for name in only)]


def functions(module: cst.Module) -> Iterator[tuple[cst.CSTNode, str, str]]:
    """The functions and methods that mutmut changes, in its order, each with its class (or "") and its name."""
    for each in module.body:
        if isinstance(each, cst.FunctionDef):
            yield each, "", each.name.value
        elif isinstance(each, cst.ClassDef) and isinstance(each.body, cst.IndentedBlock):
            for method in each.body.body:
                if isinstance(method, cst.FunctionDef):
                    yield method, each.name.value, method.name.value


def sampled(module: str, text: str, most: int, seed: int) -> tuple[int, list[Mutant]]:
    """How many mutants a module has, and up to so many of them: which ones does not depend on other modules."""
    tree, mutations, *_ = create_mutations(module, text)
    changes = group_by_top_level_node(mutations)
    named: dict[str, tuple[str, str, Any]] = {}
    for node, owner, function in functions(tree):
        mangled = mangle_function_name(name=function, class_name=owner or None)
        for number, change in enumerate(changes.get(node, ()), 1):
            named[get_mutant_name(Path(module), f"{mangled}__mutmut_{number}")] = owner, function, change
    picked = sorted(random.Random(f"{seed} {module}").sample(list(named), min(most, len(named))))  # noqa: S311
    mutants = []
    for name in picked:
        owner, function, change = named[name]
        source = deep_replace(tree, change.original_node, change.mutated_node).code
        mutants.append(Mutant(name, owner, function, source))
    return len(named), mutants


def own_tests(folder: Path, module: str) -> list[str]:
    """
    The file that has the tests of a module in a copy of the project, where there is one: tests/unit mirrors the package, and
    test_mirror.py names those that hold others' modules.
    """
    path = Path("tests/unit", *Path(module).parts[2:]).with_name(f"test_{Path(module).name}")
    if (folder / path).exists():
        return [str(path)]
    elsewhere = runpy.run_path(str(folder / "tests" / "unit" / "test_mirror.py"))["ELSEWHERE"]
    name = module.removeprefix("src/livebus/")
    return [
        f"tests/{each.test}" for each in elsewhere if name in each.modules.split() and each.test.startswith("unit/")
    ]


def run(area: Area, paths: Sequence[str], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each module of the area."""
    end_of_time = time.monotonic() + (options.seconds or float("inf"))
    with tempfile.TemporaryDirectory(prefix="livebus-mutants-") as name:
        folder = Path(name)
        copied(folder)
        command = [str(PYTHON), str(PROJECT / "tools" / "run_mutants.py"), str(folder)]
        with subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for module in paths:
                text = (folder / module).read_text(encoding="utf-8")
                count, picked = sampled(module, text, options.most, options.seed)
                row = {"module": module.removeprefix("src/livebus/"), "mutants": count, "sampled": len(picked)}
                if time.monotonic() > end_of_time:
                    picked = []
                own = own_tests(folder, module)
                asked = {
                    "module": module,
                    "own": own,
                    "stages": [each for each in (own, [] if options.quick and own else list(area.tests)) if each],
                    "mutants": [
                        {"name": each.name, "class": each.owner, "function": each.function, "source": each.source}
                        for each in picked
                    ],
                }
                process.stdin.write(json.dumps(asked) + "\n")
                process.stdin.flush()
                answer = process.stdout.readline()
                if not answer:
                    sys.exit(f"{module}: the tests could not be run")
                ends: dict[str, str] = json.loads(answer)
                missed = [
                    {"mutant": each.name, "why": ends[each.name], "difference": difference(module, text, each.source)}
                    for each in picked
                    if ends.get(each.name, "noticed") != "noticed"
                ]
                if count:
                    yield {**row, "run": len(ends), "noticed": len(ends) - len(missed), "missed": missed}
            process.stdin.close()


def difference(module: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), module, module, lineterm="", n=2)
    return "\n".join(list(lines)[2:])


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
    parser.add_argument("--quick", action="store_true", help="only the tests of a module's own file, where it has one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the results, and go on from there")
    options = parser.parse_args()
    if unknown := sorted(set(options.areas) - set(AREAS)):
        parser.error(f"no such area: {', '.join(unknown)}; there are {', '.join(AREAS)}")
    if not PYTHON.exists():
        parser.error(f"there is no {PYTHON}: make setup makes it")
    kept = options.json is not None and options.json.exists()
    found: dict[str, dict[str, Any]] = json.loads(options.json.read_text(encoding="utf-8")) if kept else {}
    for name in options.areas or AREAS:
        paths = modules(AREAS[name], options.only)
        if not options.areas:
            paths = [path for path in paths if path.removeprefix("src/livebus/") not in found]
        for row in run(AREAS[name], paths, options):
            found[row["module"]] = row
            sys.stderr.write(f"{row['module']}: {row['noticed']} of {row['run']}\n")
            if options.json is not None:
                options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write(table(list(found.values())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
