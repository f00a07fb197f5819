"""
The process behind ``support.preloaded``: it imports what it is told to, and from then on only forks.

Its stdin is a socket. Each message on it has five file descriptors: a file with the program as JSON, the program's stdin, stdout and stderr, and
where its process id and its end are told. Between this process and the program stands another one, which waits for the program's end and
measures it; what a program does can change neither.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import runpy
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any


def serve(control: socket.socket) -> dict[str, Any]:
    """Fork for each message until the socket ends. Returns in the forked processes alone: the program that they are to become."""
    imported = time.process_time()
    while descriptors := socket.recv_fds(control, 1, 5)[1]:
        between = os.fork()
        if between == 0:
            control.detach()
            return started(descriptors, imported)
        for each in descriptors:
            os.close(each)
        os.waitpid(between, 0)
    os._exit(0)


def started(descriptors: list[int], imported: float) -> dict[str, Any]:
    """In the process between: fork the program, and tell how it ends. In the program: what it is, once it has all that is its own."""
    given, *streams, told = descriptors
    pid = os.fork()
    if pid != 0:
        for each in (given, *streams):
            os.close(each)
        os.write(told, b"%d\n" % pid)
        _, status, used = os.wait4(pid, 0)
        os.write(told, b"%d %f %d\n" % (status, used.ru_utime + used.ru_stime, used.ru_maxrss))
        os._exit(0)
    os.setsid()
    for number, each in enumerate(streams):
        os.dup2(each, number)
    with os.fdopen(given, "rb") as file:
        program: dict[str, Any] = json.load(file)
    for each in (*streams, told):
        os.close(each)
    os.chdir(program["folder"])
    os.environ.clear()
    os.environ.update(program["environment"])
    for name, most in program["limits"].items():
        # What importing took counts as the program's own.
        left = max(1, int(most - imported)) if name == "RLIMIT_CPU" else most
        resource.setrlimit(getattr(resource, name), (left, left))
    return program


def run(command: list[str]) -> None:
    """Python itself is left out of the command: what follows it is a module, code, or a file. PYTHONPATH is heeded as at Python's start."""
    if paths := os.environ.get("PYTHONPATH"):
        sys.path[:0] = paths.split(os.pathsep)
        with suppress(ModuleNotFoundError):
            importlib.import_module("sitecustomize")
    how, what, *arguments = command
    if how == "-m":
        sys.argv = [what, *arguments]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    elif how == "-c":
        sys.argv = [how, *arguments]
        sys.path.insert(0, "")
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), main.__dict__)
    else:
        sys.argv = command
        sys.path.insert(0, str(Path(how).parent.resolve()))
        runpy.run_path(how, run_name="__main__")


if __name__ == "__main__":
    for module in sys.argv[1:]:
        importlib.import_module(module)
    # quickjs starts a thread as it is imported, for a class of its that Livebus does not use. Threads are not forked with a process.
    if quickjs := sys.modules.get("quickjs"):
        quickjs.Function._threadpool.shutdown()
    assert threading.active_count() == 1, threading.enumerate()
    gc.freeze()
    run(serve(socket.socket(fileno=0))["command"])
