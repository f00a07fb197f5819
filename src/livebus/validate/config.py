"""
``.livebus.toml``: what ``validate`` leaves out and why, and which events must not arrive.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livebus.errors import Fault, LivebusError, Place, did_you_mean
from livebus.files import MAX_SETTINGS_BYTES, Root, read_text, relative

CONFIG_FILE = ".livebus.toml"


_CONFIG_MEMBERS = ("ignore", "undelivered")


@dataclass(frozen=True, slots=True)
class Config:
    """``[validate]`` of a .livebus.toml: what is ignored (id, reason), and files of events that must not arrive."""

    file: str = ""
    ignore: tuple[tuple[str, str], ...] = ()
    undelivered: tuple[Path, ...] = ()


def read_config(path: Path, root: Root | None = None) -> Config:
    """
    Read a .livebus.toml. Raises LivebusError with everything that is wrong in it.

    ``root`` is where it has to lie, and what it names: by itself the one around it.
    """
    shown = relative(path)
    root = root or Root.around(path)
    root.demand(path, shown)
    try:
        document = tomllib.loads(read_text(path, shown, most=MAX_SETTINGS_BYTES))
    except tomllib.TOMLDecodeError as error:
        raise LivebusError(f"not TOML: {error}", Place(shown)) from None
    section = document.get("validate", {})
    faults = [Fault(f"validate is {section!r}", Place(shown), "a table")] if not isinstance(section, dict) else []
    members: Mapping[str, Any] = section if isinstance(section, dict) else {}
    for name in members:
        if name not in _CONFIG_MEMBERS:
            advice = did_you_mean(name, _CONFIG_MEMBERS)
            expected = f"one of {', '.join(_CONFIG_MEMBERS)}"
            faults.append(Fault(f"unknown member {name!r}", Place(shown, path="validate"), expected, advice))
    ignore: list[tuple[str, str]] = []
    given = members.get("ignore", [])
    for index, item in enumerate(given if isinstance(given, list) else [given]):
        check_id, reason = (item.get("id"), item.get("reason")) if isinstance(item, dict) else (None, None)
        if isinstance(check_id, str) and check_id and isinstance(reason, str) and reason.strip():
            ignore.append((check_id, reason.strip()))
        else:
            place = Place(shown, path=f"validate.ignore[{index}]")
            faults.append(Fault(f"{item!r}", place, '{ id = "W9101", reason = "why" }', "A reason is required."))
    undelivered = members.get("undelivered", [])
    if not isinstance(undelivered, list) or not all(isinstance(each, str) and each for each in undelivered):
        faults.append(Fault(f"undelivered is {undelivered!r}", Place(shown, path="validate"), "a list of paths"))
        undelivered = []
    for each in undelivered:
        try:
            root.demand(path.parent / each, each)
        except LivebusError as error:
            faults += [replace(fault, place=Place(shown, path="validate.undelivered")) for fault in error.faults]
    if faults:
        raise LivebusError(faults=faults)
    return Config(shown, tuple(ignore), tuple(path.parent / each for each in undelivered))
