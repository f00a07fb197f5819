"""
The file that users, groups and sign-ins survive a restart in.

In: a path (or none, to keep everything in memory). Out: one PoolRecord per pool, changed in place and then saved.
The file is JSON, readable by its owner only, and replaced as a whole: a crash leaves the old or the new one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from livebus.errors import LivebusError, Place
from livebus.files import content
from livebus.runtime.cognito.users import Credential, Group, PoolRecord, SignIn, User

VERSION: Final = 1
_ADVICE: Final = "Mend it, or move it away: the runtime then starts without users and makes a new one"


@dataclass(slots=True)
class _Document:
    pools: dict[str, PoolRecord] = field(default_factory=dict)
    version: int = VERSION


class UserStore:
    """Users, groups and sign-ins by pool, kept in one file. ``path`` None keeps them in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        """
        Reads the file where there is one.

        Raises LivebusError, naming the file, where it cannot be read or is not a user store.
        """
        self.path = path
        self._document = _read(path) if path is not None else _Document()

    def pool(self, user_pool_id: str) -> PoolRecord:
        """The record of a pool, made where there is none yet. Change it in place, then call ``save``."""
        return self._document.pools.setdefault(user_pool_id, PoolRecord())

    def remove(self, user_pool_id: str) -> None:
        """Forgets a pool with its users, and saves."""
        if self._document.pools.pop(user_pool_id, None) is not None:
            self.save()

    def save(self) -> None:
        """
        Replaces the file, durably: the new text is on the disk before it takes the old one's name.

        Raises LivebusError, naming the file, where the disk does not let it; the old file then still stands.
        """
        if self.path is None:
            return
        try:
            _replace(self.path, orjson.dumps(self._document, option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise LivebusError(
                f"the user store cannot be written: {error.strerror}",
                Place(file=str(self.path)),
                advice="Make its folder writable, with room on the disk, and call again",
            ) from error


def _replace(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # A file that a killed process left would keep its own mode: the mode counts for new files only.
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> _Document:
    place = Place(file=str(path))
    try:
        text = content(path)
    except FileNotFoundError:
        return _Document()
    except OSError as error:
        raise LivebusError(
            f"the user store cannot be read: {error.strerror}", place, advice="Make it readable, or move it away"
        ) from error
    try:
        document = orjson.loads(text)
        if document["version"] != VERSION:
            raise LivebusError(
                f"the user store has version {document['version']!r}", place, expected=str(VERSION), advice=_ADVICE
            )
        return _Document({pool_id: _pool(record) for pool_id, record in document["pools"].items()})
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise LivebusError(f"the user store is damaged: {error}", place, advice=_ADVICE) from error


def _pool(record: Mapping[str, Any]) -> PoolRecord:
    return PoolRecord(
        {name: _user(members) for name, members in record["users"].items()},
        {name: Group(**members) for name, members in record["groups"].items()},
        {name: SignIn(**members) for name, members in record["sign_ins"].items()},
    )


def _user(members: Mapping[str, Any]) -> User:
    kept = members["credential"]
    credential = Credential(**kept) if kept is not None else None
    if credential is not None:
        int(credential.salt, 16), int(credential.verifier, 16)
    if "sub" not in members["attributes"]:
        raise ValueError(f"user {members['username']!r} has no sub")
    return User(**{**members, "credential": credential})
