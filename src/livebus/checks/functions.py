"""
Checks of Lambda functions: the file that the handler names is where the template says, and has the function.

In: an inspection, whose reader gives the files beside the template. Out: faults at the function. Code that lies in S3, in a zip
file or in a container image is not read; of what a build makes only what it has made already.
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, LivebusError, did_you_mean
from livebus.template.application import Function

CHECKS = Checks()

_PYTHON = "https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html"
_NODE = "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html"
_MOST_CODE = 1_000_000  # characters; what is longer was not written by hand
_SUFFIXES = (".js", ".mjs", ".cjs")
# Ways in which a module of Node.js gives names that its text does not show.
_HIDDEN = re.compile(
    r"export\s*\*|__exportStar|Object\.assign|(?:module\.)?exports\s*=\s*[^{\s=]|exports\s*\[|__export\b"
)
# And one of Python: names that are made when it is loaded.
_MADE = frozenset(("__getattr__", "exec", "eval", "globals", "locals", "setattr", "vars"))


@CHECKS.add(
    "W9210",
    "The file that a function's handler names is in its code",
    why="Each invocation ends in Runtime.ImportModuleError: Lambda deploys what is there, and does not look for the handler.",
    source=_PYTHON,
)
def _file_is_there(inspection: Inspection) -> Iterator[Fault]:
    for function in _readable(inspection):
        if _source(inspection, function) is not None or function.needs_build or function.layers:
            continue
        names = [_beside(_folder(function), name) for name in _candidates(function)]
        if function.code.inline is not None:
            found = f"the code of {function.logical_id!r} is one file, index, and its handler is {function.handler!r}"
            yield Fault(found, function.place, "a handler that begins with index.")
            continue
        found = f"the handler {function.handler!r} of {function.logical_id!r} is in {names[0]!r}, which is not there"
        advice = "What a build makes of it is looked for in .aws-sam/build; see CodeUri and Handler."
        yield Fault(found, function.place, "the handler's file", advice)


@CHECKS.add(
    "E9211",
    "The function that a handler names is in its file",
    why="Each invocation ends in Runtime.HandlerNotFound: Lambda deploys what is there, and does not look for the handler.",
    source=_NODE,
)
def _function_is_there(inspection: Inspection) -> Iterator[Fault]:
    for function in _readable(inspection):
        found = _source(inspection, function)
        if found is None:
            continue
        file, text = found
        wanted = function.handler.rpartition(".")[2]
        names = _python_names(text) if function.runtime.startswith("python") else _node_names(text, wanted)
        if names is not None and wanted not in names:
            told = f"{file!r} has no {wanted!r}, and the handler of {function.logical_id!r} is {function.handler!r}"
            advice = did_you_mean(wanted, names) or "See Handler: FILE.FUNCTION."
            yield Fault(told, function.place, "a function of that name", advice)


def _readable(inspection: Inspection) -> Iterator[Function]:
    """The functions whose code can be read here, and whose handler is a file and a name."""
    for function in inspection.application.functions:
        code, handler = function.code, function.handler
        is_zip = code.path.endswith((".zip", ".jar")) or code.asset.endswith(".zip")
        is_here = code.inline is not None or ((code.path or code.asset) and not is_zip)
        if is_here and not function.unrunnable and "." in handler.strip(".") and "{{resolve:" not in handler:
            yield function


def _folder(function: Function) -> str:
    return function.code.path or function.code.asset


def _beside(folder: str, name: str) -> str:
    return name if folder in (".", "./") else f"{folder.rstrip('/')}/{name}"


def _candidates(function: Function) -> list[str]:
    """The files that a handler may mean, the likeliest first."""
    module = function.handler.rpartition(".")[0]
    if function.runtime.startswith("python"):
        path = module.replace(".", "/")
        return [f"{path}.py", f"{path}/__init__.py"]
    return [module + suffix for suffix in _SUFFIXES]


def _source(inspection: Inspection, function: Function) -> tuple[str, str] | None:
    """The name and the text of the handler's file, of what was built before what it is built from."""
    if function.code.inline is not None:
        names = ("index.py", "index.js", "index.mjs")
        is_index = any(candidate in names for candidate in _candidates(function))
        return ("the code", function.code.inline) if is_index else None
    folders = [f".aws-sam/build/{function.logical_id}", *([] if function.needs_build else [_folder(function)])]
    for folder in folders:
        for name in _candidates(function):
            path = _beside(folder, name)
            try:
                return path, inspection.read_file(path)
            except LivebusError:
                continue
    return None


def _python_names(text: str) -> set[str] | None:
    """The names that a module binds; None where they are made when it is loaded, or where it is no Python."""
    if len(text) > _MOST_CODE:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in _MADE:
                return None
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if name in _MADE:
                    return None
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name="*"):
                return None
            case ast.alias(name=name, asname=renamed):
                names.add(renamed or name.partition(".")[0])
    return names


def _node_names(text: str, wanted: str) -> set[str] | None:
    """The words of a module that may be exports; None where it may export what its text does not show, or has the word."""
    if len(text) > _MOST_CODE or _HIDDEN.search(text) or re.search(rf"\b{re.escape(wanted)}\b", text):
        return None
    return set(re.findall(r"(?:exports\.|export\s+(?:async\s+)?(?:function|const|let)\s+)(\w+)", text))
