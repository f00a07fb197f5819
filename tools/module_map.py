"""
Prints what each module is for: its path and the first sentence of its docstring, a line each.

    make map                                all of them
    make map WORDS='retries dead-letter'    those that have all of the words; also as arguments

A word may stand in the path, in the docstring, in a name that the module defines or in a short text of its code, there at the
beginning of a word. Modules that have all words in path and docstring come first; behind a line stand the names and texts that
had a word. Where nothing has all of the words, stderr says so and the exit code is 1.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeGuard

PACKAGE = Path(__file__).parent.parent / "src" / "livebus"

# What a JavaScript file defines: functions, classes, constants, methods and members with a function.
_JAVASCRIPT_NAME = re.compile(r"\b(?:function|class|const)\s+(\w+)|^\s+(?:async )?(\w+)(?:\(.*\{$|: \()", re.MULTILINE)
_LONGEST_TEXT = 60
_MOST_SHOWN = 4


class Module(NamedTuple):
    """A module, of Python or JavaScript: its path below the package, its docstring, and the names and short texts in it."""

    path: str
    docstring: str
    names: frozenset[str]


def modules(package: Path) -> Iterator[Module]:
    for file in sorted((*package.rglob("*.py"), *package.rglob("*.js"))):
        path, text = file.relative_to(package).as_posix(), file.read_text(encoding="utf-8")
        if file.suffix == ".js":
            yield Module(
                path, _comment(text), frozenset(filter(None, chain.from_iterable(_JAVASCRIPT_NAME.findall(text))))
            )
        else:
            tree = ast.parse(text)
            yield Module(path, ast.get_docstring(tree) or "", frozenset(_names(tree)))


def _comment(text: str) -> str:
    """The comment that a JavaScript file begins with."""
    found = re.match(r"\s*(?:/\*+(.*?)\*/|((?://[^\n]*\n)+))", text, re.DOTALL)
    return re.sub(r"^\s*(?:\*|//)? ?", "", found[1] or found[2], flags=re.MULTILINE).strip() if found else ""


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.isupper():
            yield node.id
        elif isinstance(node, ast.Constant) and _is_short(node.value):
            yield node.value


def _is_short(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()


def lines(package: Path, words: Sequence[str]) -> list[str]:
    """The modules that have all of the words, those first that have them in path and docstring."""
    patterns = [re.compile(rf"(?<![^\W_]){re.escape(word)}", re.IGNORECASE) for word in words]
    first, then = [], []
    for module in modules(package):
        about = f"{module.path} {module.docstring}"
        open_ = [pattern for pattern in patterns if not pattern.search(about)]
        held = [sorted(name for name in module.names if pattern.search(name)) for pattern in open_]
        line = f"{module.path}: {' '.join(module.docstring.partition(chr(10) * 2)[0].split())}"
        if not open_:
            first.append(line)
        elif all(held):
            shown = dict.fromkeys(name for names in held for name in names[:_MOST_SHOWN])
            then.append(f"{line} [{', '.join(shown)}]")
    return first + then


if __name__ == "__main__":
    asked = sys.argv[1:] or os.environ.get("WORDS", "").split()
    found = lines(PACKAGE, asked)
    sys.stdout.write("".join(f"{line}\n" for line in found))
    if not found:
        sys.exit(f"no module has {' and '.join(map(repr, asked))}; try fewer words, or their beginnings")
