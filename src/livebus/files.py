"""
Reading files that are named by people: bounded, and each fault in words that name the file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from livebus.errors import Fault, LivebusError, Place, did_you_mean

EVENT_SUFFIXES = (".json", ".ndjson")


MAX_FILE_BYTES = 64 * 1024 * 1024


# What ``publish`` leaves beside its input: the numbers in it, and what was not accepted.
JOURNAL_SUFFIX = ".journal"
FAILED_SUFFIX = ".failed.ndjson"
_LEFT_OVER = re.compile(r"\.failed(-\d+)?\.ndjson$|\.journal(\.new)?$")


def is_left_over(name: str) -> bool:
    """
    Whether a file has the name of what an earlier run left. Such a file is no sample, and no event that somebody put into a
    folder to be published; by its own name it can be published like any other.
    """
    return bool(_LEFT_OVER.search(name))


def relative(path: Path) -> str:
    """A path relative to the working directory where it lies below it, else as it is; always with "/"."""
    below = os.path.relpath(path)
    return Path(path if below.startswith("..") else below).as_posix()


def event_files(folder: Path) -> list[Path]:
    """The event files directly in a folder, without what ``publish`` left there."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in EVENT_SUFFIXES and not is_left_over(path.name) and path.is_file()
    )


def read_text(path: Path, name: str) -> str:
    """A file's text; ``name`` is what it is called by. Raises LivebusError where it cannot be read."""
    try:
        return read_bytes(path, name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LivebusError(
            f"{name!r} is not UTF-8 (byte {error.start})", Place(name), advice="Save the file as UTF-8."
        ) from None


def read_bytes(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise LivebusError(f"{name!r} is a folder", Place(name), expected="a file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise LivebusError(f"{name!r} has more than {MAX_FILE_BYTES} bytes", Place(name))
        return path.read_bytes()
    except FileNotFoundError:
        raise LivebusError(f"{name!r} is not there", Place(name), advice=close_file(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LivebusError(f"cannot read {name!r}: {reason}", Place(name)) from None


def missing(path: Path) -> list[Fault]:
    """A fault where there is neither a file nor a folder."""
    name = relative(path)
    return [] if path.exists() else [Fault(f"{name!r} is not there", Place(name), advice=close_file(path))]


def close_file(path: Path) -> str:
    """What to do about a file that is not there: the one whose name is nearest, or where it was looked for."""
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError:
        return f"There is no folder {relative(path.parent)!r}."
    return did_you_mean(path.name, names) or f"Looked in {relative(path.parent)!r}."
