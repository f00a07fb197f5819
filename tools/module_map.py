"""
Prints what each module is for: its path and the first sentence of its docstring, a line each.

    make map                    all of them
    make map WORDS='retries dead-letter'   those that have all of the words, in the path or in the docstring, small or capital

Where no line has all of the words, nothing is printed and the exit code is 1.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "livebus"


def modules(package: Path) -> Iterator[tuple[str, str]]:
    """Path below the package and docstring of each module, in the order of the paths."""
    for file in sorted(package.rglob("*.py")):
        yield file.relative_to(package).as_posix(), ast.get_docstring(ast.parse(file.read_bytes())) or ""


def lines(package: Path, words: Sequence[str]) -> Iterator[str]:
    for path, docstring in modules(package):
        if all(word.lower() in f"{path} {docstring}".lower() for word in words):
            yield f"{path}: {' '.join(docstring.partition(chr(10) * 2)[0].split())}"


if __name__ == "__main__":
    found = list(lines(PACKAGE, sys.argv[1:]))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(0 if found else 1)
