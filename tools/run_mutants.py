"""
Runs the unit tests against changed functions, each change in a process of its own.

    .venv/bin/python tools/run_mutants.py FOLDER < modules.ndjson

FOLDER is a copy of the project. A line of stdin is a module: ``{"module", "stages", "own", "mutants"}``: its path in the folder; lists
of tests, of which the second is asked where no test of the first has failed; the tests of its own; and its mutants, each with a
``name``, the ``class`` (or "") and the ``function`` that it changes, and the module's ``source`` with the change. A line of stdout has what
became of them by their names: ``noticed``, ``survived``, or what else. tools/sample_mutants.py asks.

The tests are collected once. For each change the process is forked, and the function gets the code that it has in the changed source:
whoever has the function already calls that. What is called while a module is imported is not reached so; whatever has survived
is therefore tried once more with the module as it is imported, with its own tests. A change that makes the tests run far longer, or take too
much memory, is noticed.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

MEMORY = 6 * 2**30  # bytes of address space: a mutant that grows without end does not take the machine with it
# Seconds of a mutant's tests: those of the tests as they are and the constant, times the multiplier.
TIMEOUT_MULTIPLIER, TIMEOUT_CONSTANT = 4, 3
LONGEST = 900.0
PASSED, FAILED, BROKEN = 0, 1, 70
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=11")

Mutant = Mapping[str, str]


def forked(work: Callable[[], int], seconds: float) -> tuple[int | None, float]:
    """The exit status of work that a process of its own does, None where it took too long; and the seconds that it took."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        status = BROKEN
        try:
            os.setsid()
            status = work()
        except BaseException as error:  # noqa: BLE001 - whatever it is: this process ends here
            sys.__stderr__.write(f"{type(error).__name__}: {error}\n")  # type: ignore[union-attr]
        finally:
            os._exit(status)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        took = time.monotonic() - began
        if ended or took > seconds:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)  # whatever it has started
            if not ended:
                os.waitpid(child, 0)
                return None, took
            # One that a signal has ended (no more memory) has noticed as well.
            return (os.WEXITSTATUS(status) if os.WIFEXITED(status) else FAILED), took
        time.sleep(0.005)


def quiet() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)


def changed(module: str, mutant: Mapping[str, str]) -> None:
    """Give a function the code that it has in the source of a mutant."""
    name = ".".join(Path(module).with_suffix("").parts[1:]).removesuffix(".__init__")
    current = importlib.import_module(name)
    fresh = types.ModuleType(name)
    fresh.__dict__.update({key: current.__dict__[key] for key in ("__file__", "__package__", "__spec__")})
    if "__path__" in current.__dict__:
        fresh.__dict__["__path__"] = current.__path__
    exec(compile(mutant["source"], module, "exec"), fresh.__dict__)  # noqa: S102 - that is what this is for
    old, new = (function_of(each, mutant["class"], mutant["function"]) for each in (current, fresh))
    old.__code__ = new.__code__
    old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__


def function_of(module: types.ModuleType, owner: str, name: str) -> Any:
    found = vars(getattr(module, owner))[name] if owner else getattr(module, name)
    return getattr(found, "__func__", found)


class Loop:
    """Instead of running the tests that were collected once, pytest runs them for each mutant."""

    def __init__(self, module: str, before: str, mutants: Sequence[Mutant], report: Path) -> None:
        self._module, self._before, self._mutants, self._report = module, before, mutants, report

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        def tested(mutants: Sequence[Mutant]) -> int:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            try:
                for each in mutants:
                    changed(self._module, each)
            except (ValueError, AttributeError, KeyError):
                return BROKEN  # not to be had in this way
            try:
                from _pytest.main import pytest_runtestloop

                pytest_runtestloop(session)
            except BaseException:  # noqa: BLE001 - a failure ends the loop with one
                return FAILED
            return FAILED if session.testsfailed else PASSED

        unchanged = [{**each, "source": self._before} for each in self._mutants]
        status, took = forked(lambda: tested(unchanged), LONGEST)
        ends = {"": f"{status}"}
        if status == PASSED:
            most = (took + TIMEOUT_CONSTANT) * TIMEOUT_MULTIPLIER
            ends |= {each["name"]: end(forked(lambda each=each: tested([each]), most)[0]) for each in self._mutants}  # type: ignore[misc]
        self._report.write_text(json.dumps(ends), encoding="utf-8")
        return True


def end(status: int | None) -> str:
    if status is None or status == FAILED:
        return "noticed"
    return "survived" if status == PASSED else f"pytest ended with {status}"


class Runner:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        os.chdir(folder)

    def ends(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """What becomes of a module's mutants."""
        found: dict[str, str] = {each["name"]: "survived" for each in asked["mutants"]}

        def left() -> list[Mutant]:
            return [each for each in asked["mutants"] if found[each["name"]] != "noticed"]

        for tests in asked["stages"]:
            if left():
                found |= self._collected_once(asked["module"], left(), tests)
        if asked["own"]:
            found |= {each["name"]: self._imported(asked["module"], each, asked["own"]) for each in left()}
        return found

    def _collected_once(self, module: str, mutants: Sequence[Mutant], tests: Sequence[str]) -> dict[str, str]:
        report = self._folder / "report.json"
        report.unlink(missing_ok=True)
        loop = Loop(module, Path(module).read_text(encoding="utf-8"), mutants, report)

        def collected() -> int:
            quiet()
            return int(pytest.main([*OPTIONS, *tests], plugins=[loop]))

        forked(collected, 10 * LONGEST)
        ends: dict[str, str] = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"": "nothing"}
        before = ends.pop("")
        if before not in (str(PASSED), str(BROKEN)):
            sys.exit(f"{' '.join(tests)}: ended with {before} before anything was changed")
        return ends

    def _imported(self, module: str, mutant: Mutant, tests: Sequence[str]) -> str:
        path = Path(module)
        before = path.read_text(encoding="utf-8")

        def tested() -> int:
            quiet()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            return int(pytest.main([*OPTIONS, *tests]))

        try:
            path.write_text(mutant["source"], encoding="utf-8")
            status, _ = forked(tested, LONGEST)
        finally:
            path.write_text(before, encoding="utf-8")
        # 2 and 3: the tests could not even be collected.
        return "noticed" if status in (2, 3) else end(status)


def main() -> int:
    sys.dont_write_bytecode = True
    # What a shell runs in the background ignores it, and tests that send it would fail.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runner = Runner(Path(sys.argv[1]))
    for line in sys.stdin:
        ends = runner.ends(json.loads(line))
        sys.stdout.write(json.dumps(ends) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
