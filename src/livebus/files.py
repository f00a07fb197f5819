"""
Reading files that are named by people, templates and configurations: bounded, and each fault in words that name the file.

Every file that a command reads as a whole is read here. Only regular files are: a device never ends, and a pipe waits for
who may never come. A file is read to its limit and one byte more, whatever its size is said to be. What a template or a
configuration names has to lie in its :class:`Root`; what a user names on the command line may lie anywhere.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from livebus.errors import Fault, LivebusError, Place, did_you_mean

EVENT_SUFFIXES = (".json", ".ndjson")


MAX_FILE_BYTES = 64 * 1024 * 1024
# What holds settings: samconfig.toml, .livebus.toml, the state that a runtime leaves for others.
MAX_SETTINGS_BYTES = 1024 * 1024


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


# Of pathlib's the same questions are exceptions where a name is too long, or a folder on the way may not be entered.


def is_file(path: Path) -> bool:
    """Whether a file is there that can be reached."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether a folder is there that can be reached."""
    return os.path.isdir(path)  # noqa: PTH112


def is_there(path: Path) -> bool:
    """Whether anything is there that can be reached."""
    return os.path.exists(path)  # noqa: PTH110


def event_files(folder: Path) -> list[Path]:
    """The event files directly in a folder, without what ``publish`` left there. Raises LivebusError where it may not be read."""
    if not is_folder(folder):
        return []
    try:
        paths = list(folder.iterdir())
    except OSError as error:
        raise _unreadable(relative(folder), error) from None
    return sorted(
        path for path in paths if path.suffix in EVENT_SUFFIXES and not is_left_over(path.name) and is_file(path)
    )


def is_assembly(folder: Path) -> bool:
    """Whether cdk synth wrote a folder: each has both files."""
    return is_file(folder / "cdk.out") and is_file(folder / "manifest.json")


def claims_assembly(folder: Path) -> bool:
    """Whether a folder looks as if cdk synth had written it, sound or damaged: by the file that marks it, or by its name."""
    return is_file(folder / "cdk.out") or (folder.name == "cdk.out" and is_there(folder / "manifest.json"))


def assembly_around(folder: Path) -> Path:
    """The outermost of the cloud assemblies of AWS CDK that a folder is part of; the folder itself where it is none. Links resolved."""
    own = Path(os.path.realpath(folder))
    within = own
    for above in own.parents:
        if not (is_assembly(within) and is_assembly(above)):
            break
        within = above
    return within


@dataclass(frozen=True, slots=True)
class Root:
    """
    The folder that the files of a template have to lie in, links resolved: that of the repository around it (the nearest
    ``.git``); where there is none its own, or that of the outermost cloud assembly of AWS CDK that it is part of, which has the
    assets of its stages. None: anywhere.
    """

    folder: Path | None

    @classmethod
    def around(cls, file: Path, *, anywhere: bool = False) -> Root:
        """The root of a template, or of another file that names files."""
        if anywhere:
            return cls(None)
        own = Path(os.path.realpath(file.parent))
        repository = next((folder for folder in (own, *own.parents) if is_there(folder / ".git")), None)
        if repository is not None:
            return cls(repository)
        return cls(assembly_around(own))

    def demand(self, path: Path, name: str) -> None:
        """Raise LivebusError, by name, for what lies elsewhere: by its path, or by a link on the way."""
        if self.folder is None:
            return
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError) as error:
            raise _unreadable(name, error) from None
        if not real.is_relative_to(self.folder):
            is_link = Path(os.path.abspath(path)).is_relative_to(self.folder)  # noqa: PTH100 - links stay as they are
            how = f"is a link that leads outside of {relative(self.folder)!r}" if is_link else "lies outside"
            raise LivebusError(
                f"{name!r} {how}",
                Place(name),
                expected="a file in the repository, or beside the template where there is none",
                advice="Nothing of it was read. Copy it there, or pass --allow-outside to trust the template.",
            )


def read_text(path: Path, name: str, *, most: int = MAX_FILE_BYTES, advice: str = "") -> str:
    """
    A file's text; ``name`` is what it is called by, ``advice`` what to do where it is not there.

    Raises LivebusError where it cannot be read.
    """
    try:
        return read_bytes(path, name, most=most, advice=advice).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LivebusError(
            f"{name!r} is not UTF-8 (byte {error.start})", Place(name), advice="Save the file as UTF-8."
        ) from None


def read_bytes(path: Path, name: str, *, most: int = MAX_FILE_BYTES, advice: str = "") -> bytes:
    """A file's content, as ``read_text``."""
    try:
        return content(path, most=most)
    except IsADirectoryError:
        raise LivebusError(f"{name!r} is a folder", Place(name), expected="a file") from None
    except FileNotFoundError:
        raise LivebusError(f"{name!r} is not there", Place(name), advice=advice or close_file(path)) from None
    except NotRegular as error:
        raise LivebusError(f"{name!r} is {error.strerror}", Place(name), expected="a regular file") from None
    except TooLarge:
        raise LivebusError(f"{name!r} has more than {most} bytes", Place(name)) from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


class NotRegular(OSError):
    """A device, a pipe or a socket."""


class TooLarge(OSError):
    """A file of more bytes than are read."""


def content(path: Path, *, most: int = MAX_FILE_BYTES) -> bytes:
    """
    A regular file's content, as Path.read_bytes.

    Raises OSError where it cannot be read: NotRegular and TooLarge are such.
    """
    with opened(path) as file:
        read = file.read(most + 1)
    if len(read) > most:
        raise TooLarge(errno.EFBIG, f"more than {most} bytes", str(path))
    return read


def opened(path: Path) -> BinaryIO:
    """A regular file, open. Raises OSError."""
    # Without O_NONBLOCK, to open a pipe is to wait for its other end.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    if is_folder(path):  # which Windows does not open at all
        raise IsADirectoryError(errno.EISDIR, "a folder", str(path))
    file = os.fdopen(os.open(path, flags), "rb")
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        file.close()
        raise NotRegular(errno.EINVAL, _kind(mode), str(path))
    return file


def _kind(mode: int) -> str:
    """What a file is that is not regular."""
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _unreadable(name: str, error: Exception) -> LivebusError:
    return LivebusError(f"cannot read {name!r}: {reason_of(error)}", Place(name))


def reason_of(error: Exception) -> str:
    """Why a file cannot be read or written, without the number of the error and the file's name, which stand beside it."""
    return getattr(error, "strerror", None) or str(error)


def missing(path: Path) -> list[Fault]:
    """A fault where there is neither a file nor a folder, or nobody may look."""
    name = relative(path)
    try:
        os.stat(path)  # noqa: PTH116 - as above
    except FileNotFoundError:
        return [Fault(f"{name!r} is not there", Place(name), advice=close_file(path))]
    except (OSError, ValueError) as error:
        return list(_unreadable(name, error).faults)
    return []


def missing_file(path: Path) -> list[Fault]:
    """A fault where there is no file, but nothing, a folder, or what is never read: a device, a pipe."""
    name = relative(path)
    if is_folder(path):
        return [Fault(f"{name!r} is a folder", Place(name), expected="a file")]
    if is_there(path) and not is_file(path):
        return [Fault(f"{name!r} is {_kind(os.stat(path).st_mode)}", Place(name), expected="a regular file")]  # noqa: PTH116
    return missing(path)


def close_file(path: Path) -> str:
    """What to do about a file that is not there: the one whose name is nearest, or where it was looked for."""
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError:
        return f"There is no folder {relative(path.parent)!r}."
    return did_you_mean(path.name, names) or f"Looked in {relative(path.parent)!r}."
