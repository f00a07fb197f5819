"""
Files that commands write for others: all of one, or what was there stays.

In: a path that somebody named, and a text. A device or a pipe takes the text as it comes.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from livebus.files import is_file, is_there


def write_whole(file: Path, text: str) -> None:
    """Replace a file in one step, so that nobody ever reads half of it, and a full disk costs nothing. Raises OSError."""
    if is_there(file) and not is_file(file):
        file.write_text(text, encoding="utf-8")
        return
    target = file.resolve()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-"[:100])
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).chmod(target.stat().st_mode & 0o777 if is_file(target) else _usual_mode())
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _usual_mode() -> int:
    """The mode of a new file, as the shell's umask has it."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
