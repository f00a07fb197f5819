"""Functions in Node.js: the kinds of handlers and modules, and what becomes of results and errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.functions import Running

Run = Callable[..., Running]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("exports.h = async (event, context) => [event, context.functionName];", [{"a": 1}, "fn"]),
        ("exports.h = (event, context, done) => setTimeout(() => done(null, 'called'), 5);", "called"),
        ("exports.h = (event, context) => context.succeed('gone');", "gone"),
        ("exports.h = () => 'not waited for';", None),
        ("exports.h = async () => undefined;", None),
        ("exports.h = async () => ({ n: NaN, d: new Date(0) });", {"n": None, "d": "1970-01-01T00:00:00.000Z"}),
    ],
)
def test_handlers(run_node: Run, source: str, expected: object) -> None:
    """Promises, callbacks, and handlers that leave nothing to wait for."""
    running = run_node(source)
    assert [running.result({"a": 1}) for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize(
    ("file", "source", "files"),
    [
        ("app.mjs", "export const h = async () => 'esm';", {}),
        ("app.js", "export const h = async () => 'esm';", {"package.json": '{"type": "module"}'}),
        ("app.cjs", "module.exports.h = async () => 'esm';", {}),
        ("app.js", "module.exports = { default: { h: async () => 'esm' } };", {}),
        ("app.mjs", "const answer = await Promise.resolve('esm'); export const h = async () => answer;", {}),
    ],
)
def test_modules(run_node: Run, file: str, source: str, files: dict[str, str]) -> None:
    """ES modules and CommonJS, by suffix and by package.json."""
    assert run_node(source, file, files=files).result() == "esm"


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("exports.h = async () => { throw new TypeError('bad'); };", "TypeError", "bad"),
        ("exports.h = (e, c, done) => done(new RangeError('far'));", "RangeError", "far"),
        ("exports.h = async () => { throw 'text'; };", "string", "text"),
        ("exports.h = async () => 10n;", "Error", "Unable to stringify response body"),
        ("exports.h = () => { Promise.reject(new Error('late')); return new Promise((f) => setTimeout(f, 300)); };",
         "Runtime.UnhandledPromiseRejection", "Error: late"),
        ("exports.h = () => new Promise(() => setTimeout(() => { throw new Error('thrown'); }, 1));", "Error", "thrown"),
        ("require('nope');", "Runtime.ImportModuleError", "Error: Cannot find module 'nope'"),
        ("exports.x = 1;", "Runtime.HandlerNotFound", "app.h is undefined or not exported"),
        ("exports.h = 1;", "Runtime.HandlerNotFound", "app.h is not a function"),
        ("exports.h = )", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ')'"),
    ],
)  # fmt: skip
def test_errors(run_node: Run, source: str, kind: str, message: str) -> None:
    """Type and message of what is thrown, passed to the callback, rejected, or keeps the module from loading."""
    error = run_node(source).error()
    assert (error["errorType"], error["errorMessage"].splitlines()[0]) == (kind, message)


def test_a_promise_that_nothing_settles_ends_the_process(run_node: Run) -> None:
    """Nobody is left to answer: the runtime exits, and the next event finds a new process."""
    running = run_node("exports.h = async (e) => (e ? new Promise(() => {}) : 'well');")
    error = running.error(1)
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited without providing a reason")
    assert running.result(0) == "well"


def test_console_writes_levels(run_node: Run) -> None:
    """Each line has the time, the request's id and the level, as on Lambda."""
    running = run_node("exports.h = async () => { console.error('few %d', 3); };")
    running.result()
    (line,) = [line for line in running.lines if "few" in line]
    assert line.split("  ")[2:] == ["ERROR", "few 3"]


def test_memory_is_bounded(run_node: Run) -> None:
    """A heap beyond MemorySize ends the process, with one error; the next event finds a new one."""
    running = run_node(
        "exports.h = async (e) => { const a = []; while (e) a.push(new Array(1e6).fill(1)); return 'well'; };",
        memory_size=128,
        timeout=30,
    )
    assert running.error(1)["errorType"] == "Runtime.ExitError"
    assert running.result(0) == "well"
