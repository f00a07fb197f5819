"""
Copies of the project's application, changed as a test needs it.
"""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).parents[2]
FILES = ("template.yaml", "schema.graphql", "resolvers/publishMsgFromEB.js")


def copied(folder: Path, *changes: tuple[str, str]) -> Path:
    """Copy the application into a folder, with changes (old text, new text) in its template; the template's path."""
    (folder / "resolvers").mkdir(parents=True)
    for name in FILES:
        (folder / name).write_bytes((PROJECT / name).read_bytes())
    template = folder / "template.yaml"
    for old, new in changes:
        change(template, old, new)
    return template


def change(file: Path, old: str, new: str) -> None:
    """Replace a text in a file; it has to be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
