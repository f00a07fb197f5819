"""
Unpacks zip files of code into folders of their own: within limits, and never beside the folder.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from livebus.errors import LivebusError, Place

# Lambda's own limit for code and layers, unpacked.
MAX_UNPACKED = 262_144_000
_MAX_ENTRIES = 50_000
_CHUNK = 1024 * 1024


def unpack(archive: Path | IO[bytes], name: str, target: Path) -> None:
    """
    Unpack a zip file into a folder that is not there yet; nothing is there where that fails.

    Raises LivebusError where it is no zip file, is too large, or has entries that leave the folder.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = target.with_name(f"{target.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    try:
        with zipfile.ZipFile(archive) as opened:
            _unpack(opened, name, making)
        making.rename(target)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise LivebusError(f"{name!r} is not a zip file that can be unpacked: {error}", Place(name)) from None
    except OSError as error:
        raise LivebusError(f"{name!r} cannot be unpacked: {error.strerror or error}", Place(name)) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _unpack(opened: zipfile.ZipFile, name: str, folder: Path) -> None:
    entries = opened.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise LivebusError(f"{name!r} has {len(entries)} entries", Place(name), expected=f"at most {_MAX_ENTRIES}")
    room = MAX_UNPACKED
    for entry in entries:
        path = PurePosixPath(entry.filename)
        mode = entry.external_attr >> 16
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or not path.parts:
            raise LivebusError(f"{name!r} has the entry {entry.filename!r}, which leaves the folder", Place(name))
        if stat.S_ISLNK(mode):
            raise LivebusError(
                f"{name!r} has the symbolic link {entry.filename!r}; links are not unpacked", Place(name)
            )
        target = folder.joinpath(*path.parts)
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        # Counted while it is read: what an entry says of its own size may be a lie.
        with opened.open(entry) as source, target.open("wb") as file:
            while chunk := source.read(_CHUNK):
                room -= len(chunk)
                if room < 0:
                    raise LivebusError(f"{name!r} has more than {MAX_UNPACKED} bytes unpacked", Place(name))
                file.write(chunk)
        target.chmod(0o700 if mode & 0o100 else 0o600)
