"""Functions in Python: what the handler is given, what becomes of its result, its errors and its log."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.functions import PYTHON, Running
from support.waiting import until

Run = Callable[..., Running]


def test_the_handler_gets_event_and_context(run_python: Run) -> None:
    """The event as JSON, and the members of the context that Lambda documents."""
    running = run_python(
        "def h(event, c):\n"
        "    left = c.get_remaining_time_in_millis()\n"
        "    return [event, c.function_name, c.memory_limit_in_mb, c.function_version, c.invoked_function_arn,\n"
        "            c.log_group_name, len(c.aws_request_id), 4000 < left <= 5000, c.client_context]\n"
    )
    assert running.result({"größe": 1.5}) == [
        {"größe": 1.5},
        "fn",
        "256",
        "$LATEST",
        "arn:aws:lambda:us-east-1:123456789012:function:fn",
        "/aws/lambda/fn",
        36,
        True,
        None,
    ]


def test_the_environment_is_lambdas_and_nobody_elses(run_python: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented variables and the function's own; of the user's environment what a process needs, no credentials."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("PRIVATE_TOKEN", "secret")
    running = run_python(
        "import os\ndef h(e, c): return dict(os.environ)\n",
        environment={"TABLE": "orders", "AWS_REGION": "mars-1", "TZ": "UTC+1"},
    )
    environment = running.result()
    known = {name: environment[name] for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "_HANDLER", "TABLE", "TZ")}
    assert known == {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "_HANDLER": "app.h",
        "TABLE": "orders",
        "TZ": "UTC+1",
    }
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{PYTHON}"
    assert environment["PATH"] == os.environ["PATH"]
    assert [name for name, value in environment.items() if value in ("production", "secret")] == []
    assert "AWS_SESSION_TOKEN" not in environment


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("None", "null"),
        ("{'a': [1, 2.5, True, 'ü😀']}", '{"a": [1, 2.5, true, "ü😀"]}'),
        ("Decimal('12345678901234567890.123456789')", "12345678901234567890.123456789"),
        ("{'n': [Decimal('1.50')]}", '{"n": [1.50]}'),
        ("b'[1,2]'", "[1,2]"),
        ("2 ** 70", "1180591620717411303424"),
        ("'half \\ud800 of a pair'", '"half \\ud800 of a pair"'),
    ],
)
def test_results(run_python: Run, expression: str, expected: str) -> None:
    """A result is JSON: numbers keep their digits, bytes are JSON text already."""
    running = run_python(f"from decimal import Decimal\ndef h(e, c): return {expression}\n")
    assert running.functions.invoke("fn", b"{}").payload.decode() == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{1, 2}", "Object of type set is not JSON serializable"),
        ("float('nan')", "Out of range float values are not JSON compliant"),
        ("{'x': [float('inf')]}", "Out of range float values are not JSON compliant"),
        ("Decimal('NaN')", "Out of range float values are not JSON compliant"),
    ],
)
def test_what_is_no_json_is_an_error(run_python: Run, expression: str, message: str) -> None:
    """A result that JSON has no value for ends in Runtime.MarshalError; the process takes the next event."""
    running = run_python(f"from decimal import Decimal\ndef h(e, c): return {expression} if e else 'well'\n")
    error = running.error(1)
    # Python's own words: from 3.13 on the number that JSON has not stands behind them.
    told = error["errorMessage"].removesuffix(": nan").removesuffix(": inf")
    assert (error["errorType"], told) == ("Runtime.MarshalError", f"Unable to marshal response: {message}")
    assert running.result(0) == "well"


def test_bytes_that_are_no_json_are_an_error(run_python: Run) -> None:
    """A handler that answers bytes of its own making is held to JSON by the runtime."""
    assert run_python("def h(e, c): return b'{\"n\": NaN}'\n").error() == {
        "errorType": "Runtime.MarshalError",
        "errorMessage": "The function's result is not JSON.",
    }


def test_an_exception_is_told_with_its_trace(run_python: Run) -> None:
    """Type, message and the handler's own frames; the log has them, too, and the process goes on."""
    running = run_python("def h(e, c):\n    if e: raise KeyError('id')\n    return 'well'\n")
    error = running.error(1)
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'id'")
    assert [line.partition(", line ")[2] for line in error["stackTrace"]] == [
        "2, in h\n    if e: raise KeyError('id')\n"
    ]
    assert "[ERROR] KeyError: 'id'" in running.lines
    assert running.result(0) == "well"


@pytest.mark.parametrize(
    ("handler", "source", "kind", "message"),
    [
        (
            "app.h",
            "import nope\n",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nope'",
        ),
        ("app.x", "h = 1\n", "Runtime.HandlerNotFound", "Handler 'x' missing on module 'app'"),
        (
            "app",
            "h = 1\n",
            "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        ),
        ("sub/app.h", "", "Runtime.ImportModuleError", "Unable to import module 'sub/app': No module named 'sub'"),
        ("app.h", "raise ValueError('at import')\n", "ValueError", "at import"),
    ],
)
def test_a_module_that_does_not_load(run_python: Run, handler: str, source: str, kind: str, message: str) -> None:
    """What keeps the handler from being found is the outcome of each invocation, in the words of AWS's client."""
    running = run_python(source, handler=handler)
    for _ in range(2):
        error = running.error()
        assert (error["errorType"], error["errorMessage"]) == (kind, message)


def test_a_syntax_error_is_told(run_python: Run) -> None:
    """The line of the source is in the trace."""
    error = run_python("def h(e, c)\n").error()
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("Syntax error in module 'app': ")
    assert "def h(e, c)" in error["stackTrace"][0]


def test_handlers_in_folders(run_python: Run) -> None:
    """A handler's module may lie in a package."""
    running = run_python(
        "", handler="shop/orders.handle", files={"shop/orders.py": "def handle(e, c): return 'order'\n"}
    )
    assert running.result() == "order"


def test_the_log_frames_the_functions_own_lines(run_python: Run) -> None:
    """START, what is printed and logged, END, REPORT; control characters are spelled out."""
    running = run_python(
        "import logging\n"
        "def h(e, c):\n"
        "    print('\\x1b[31mred')\n"
        "    logging.getLogger('shop').warning('few %s', 'left')\n"
        "    print('no newline', end='')\n"
    )
    running.result()
    start, red, warning, unfinished, end, report = running.lines
    assert start.startswith("START RequestId: ")
    assert start.endswith(" Version: $LATEST")
    assert red == "\\x1b[31mred"
    assert warning.startswith("[WARNING]  20")
    assert warning.endswith("  few left")
    assert unfinished == "no newline"
    assert end.startswith("END RequestId: ")
    assert report.startswith("REPORT RequestId: ")
    assert "Memory Size: 256 MB" in report
    assert "Init Duration: " in report


def test_a_process_stays_warm_and_is_reloaded(run_python: Run, tmp_path: Path) -> None:
    """State outlives an event; a change of the code ends the process that had it."""
    running = run_python("n = 0\ndef h(e, c):\n    global n\n    n += 1\n    return n\n")
    assert [running.result() for _ in range(3)] == [1, 2, 3]
    (tmp_path / "code" / "app.py").write_text("def h(e, c): return 'new'\n")
    until(lambda: running.result() == "new", "the new code runs")


def test_nothing_is_written_beside_the_code(run_python: Run, tmp_path: Path) -> None:
    """Python's cache stays away from the user's folder, where it would look like a change."""
    run_python("import other\ndef h(e, c): return other.X\n", files={"other.py": "X = 1\n"}).result()
    assert sorted(each.name for each in (tmp_path / "code").iterdir()) == ["app.py", "other.py"]


def test_a_client_context_reaches_the_handler(run_python: Run) -> None:
    """What the caller says of itself."""
    running = run_python("def h(e, c): return c.client_context.custom\n")
    call = running.functions._functions.invoke("fn", b"{}", client_context=json.dumps({"custom": {"ü": 1}}))
    assert json.loads(running.functions._run(call).payload) == {"ü": 1}


def test_several_events_at_once_have_a_process_each(run_python: Run) -> None:
    """No process is given a second event before it has answered the first."""
    running = run_python("import os, time\ndef h(e, c):\n    time.sleep(0.2)\n    return os.getpid()\n")

    async def both() -> list[Any]:
        invoke = running.functions._functions.invoke
        return list(await asyncio.gather(invoke("fn", b"1"), invoke("fn", b"2")))

    first, second = running.functions._run(both())
    assert first.payload != second.payload
