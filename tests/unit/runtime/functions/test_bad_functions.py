"""What functions do wrong: each ends in one clear error, within its limits, and nothing is left of it."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable

import pytest

from support.functions import Running, alive
from support.waiting import until

Run = Callable[..., Running]


def test_the_timeout_kills(run_python: Run) -> None:
    """A handler that sleeps is ended after its Timeout, in AWS's words; the next event finds a new process."""
    running = run_python("import time\ndef h(e, c):\n    if e: time.sleep(60)\n    return 'well'\n", timeout=1)
    error = running.error(1)
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].startswith("RequestId: ")
    assert error["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")
    assert running.result(0) == "well"


def test_sigterm_is_not_asked_for(run_python: Run) -> None:
    """A function that ignores SIGTERM dies all the same."""
    running = run_python(
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "def h(e, c):\n    print(os.getpid())\n    time.sleep(60)\n",
        timeout=1,
    )
    assert running.error()["errorType"] == "Sandbox.Timedout"
    pid = int(next(line for line in running.lines if line.isdecimal()))
    until(lambda: not alive(pid), "the process is gone")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environments of processes")
def test_what_it_forked_dies_with_it(run_python: Run) -> None:
    """Children in the group and beside it, and a child that returns from the handler: none outlives the process."""
    running = run_python(
        "import os, time\n"
        "def h(e, c):\n"
        "    for away in range(20):\n"
        "        if os.fork() == 0:\n"
        "            if away % 2: os.setsid()\n"
        "            os.write(1, b'%d\\n' % os.getpid())\n"
        "            time.sleep(600)\n"
        "    os.fork()\n"
        "    if e: time.sleep(60)\n"
        "    return 'parent'\n",
        timeout=2,
    )
    assert running.result(0) == "parent"
    assert running.error(1)["errorType"] == "Sandbox.Timedout"
    pids = [int(line) for line in running.lines if line.isdecimal()]
    assert len(pids) == 40
    until(lambda: not any(map(alive, pids)), "all children are gone")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(3)", "Runtime exited with error: exit status 3"),
        ("import sys; sys.exit()", "Runtime exited without providing a reason"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ("def h(e, c):\n    import os; os._exit(7)", "Runtime exited with error: exit status 7"),
        ("def h(e, c):\n    import sys; sys.exit(1)", "Runtime exited with error: exit status 1"),
        (
            "def h(e, c):\n    import ctypes; ctypes.string_at(0)",
            "Runtime exited with error: signal: segmentation fault",
        ),
    ],
)
def test_a_process_that_ends_before_it_answers(run_python: Run, source: str, reason: str) -> None:
    """At import or in the handler, by itself or by a signal: Runtime.ExitError, each time anew."""
    running = run_python(source)
    for _ in range(2):
        error = running.error()
        assert error["errorType"] == "Runtime.ExitError"
        assert error["errorMessage"].endswith(f" Error: {reason}")


def test_a_result_that_is_too_large(run_python: Run) -> None:
    """7 MB are refused in AWS's words, just as a little above the limit is; what fits goes through."""
    running = run_python("def h(e, c): return 'x' * e\n")
    expected = {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert running.error(7_000_000) == expected
    assert running.error(6_291_556 - 1) == expected
    assert len(running.result(6_291_556 - 2)) == 6_291_554


def test_a_gigabyte_of_output_is_read_and_let_go(run_python: Run) -> None:
    """The log has 256 KB of it and says how much is missing; memory does not grow with it."""
    running = run_python(
        "import sys\n"
        "def h(e, c):\n"
        "    for _ in range(1024): sys.stdout.write('y' * 1048575 + '\\n')\n"
        "    return 'said'\n",
        timeout=120,
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert running.result() == "said"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "linux" else 1 / 1024)
    assert grown < 64 * 1024
    assert sum(map(len, running.lines)) < 300 * 1024
    missing = 1024 * 1048576 - 256 * 1024
    assert f"… and {missing} bytes more, which are not kept" in running.lines


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not hold processes to RLIMIT_DATA")
def test_memory_is_bounded(run_python: Run) -> None:
    """What is beyond MemorySize is a MemoryError of the handler's."""
    running = run_python("def h(e, c): return len(bytearray(e))\n", memory_size=128)
    assert running.error(1_000_000_000)["errorType"] == "MemoryError"
    assert running.result(1_000_000) == 1_000_000


def test_a_process_that_closes_its_output_goes_on(run_python: Run) -> None:
    """Without stdout and stderr there is no log, and results all the same."""
    running = run_python("import os\nos.close(1); os.close(2)\ndef h(e, c): return e\n")
    assert [running.result(n) for n in (1, 2)] == [1, 2]


def test_answers_for_others_are_not_taken(run_python: Run) -> None:
    """A process that answers a request which it was not given, or posts an error of its own start, changes nothing else."""
    running = run_python(
        "import http.client, os\n"
        "def post(path):\n"
        "    host, _, token = os.environ['AWS_LAMBDA_RUNTIME_API'].partition('/')\n"
        "    connection = http.client.HTTPConnection(host)\n"
        "    connection.request('POST', path.replace('TOKEN', token), b'\"forged\"')\n"
        "    return connection.getresponse().status\n"
        "def h(e, c):\n"
        "    runtime = '/2018-06-01/runtime/invocation'\n"
        "    return [post(f'/TOKEN{runtime}/other/response'), post(f'/guess{runtime}/{c.aws_request_id}/response'),\n"
        "            post(f'{runtime}/{c.aws_request_id}/response'), post('/TOKEN/2018-06-01/runtime/nothing')]\n"
    )
    assert running.result() == [400, 403, 403, 404]


def test_asking_twice_and_sending_nonsense_disturbs_nobody(run_python: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """A function that asks for further events itself, breaks off, and sends what is no HTTP, still gets its result out."""
    running = run_python(
        "import os, socket\n"
        "host, _, token = os.environ['AWS_LAMBDA_RUNTIME_API'].partition('/')\n"
        "address = host.split(':')[0], int(host.split(':')[1])\n"
        "kept = []\n"
        "def h(e, c):\n"
        "    ask = f'GET /{token}/2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'.encode()\n"
        "    for sent in (ask, ask, ask, b'\\xff\\x00' * 5000, b'POST / HTTP/1.1\\r\\nContent-Length: 9\\r\\n\\r\\nx'):\n"
        "        kept.append(socket.create_connection(address))\n"
        "        kept[-1].sendall(sent)\n"
        "    return e\n"
    )
    assert running.result("one") == "one"
    running.functions.close()
    assert "Traceback" not in capfd.readouterr().err


def test_nothing_is_left_at_the_end(run_python: Run) -> None:
    """Closing ends warm processes."""
    running = run_python("import os\ndef h(e, c): return os.getpid()\n")
    pid = running.result()
    assert alive(pid)
    running.functions.close()
    until(lambda: not alive(pid), "the process is gone")
