"""
Where the local runtime answers, by the state file that it leaves beside the template.

In: the folders in which a ``.livebus/runtime.json`` may lie. Out: a :class:`LocalRuntime`, checked to be answering.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from livebus.errors import Place, Unreachable, did_you_mean
from livebus.files import MAX_SETTINGS_BYTES, content

STATE_FILE = Path(".livebus", "runtime.json")
_TEMPLATE = "TemplateFile"
_START = "Start it with `livebus local` (or `make local`)."


@dataclass(frozen=True, slots=True)
class LocalRuntime:
    """
    A running local runtime. ``outputs`` are the template's Outputs by their names; ``ca_file`` and ``template``, the file
    that it runs, may be empty.
    """

    endpoint_url: str
    region: str
    user_name: str
    password: str = field(repr=False)
    ca_file: str
    outputs: Mapping[str, str] = field(repr=False)
    template: str = ""


def find(folders: Iterable[Path], stack_name: str = "") -> LocalRuntime:
    """
    Read the first state file among the folders and see that its runtime answers.

    ``stack_name`` is the stack whose Outputs are meant; without it they are those of the stack that the runtime was started
    for. Raises Unreachable where there is none, where it cannot be read, and where nobody answers any more.
    """
    for folder in folders:
        file = folder / STATE_FILE
        try:
            text = content(file, most=MAX_SETTINGS_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise Unreachable(f"cannot read the runtime's state: {error.strerror}", Place(str(file))) from None
        runtime = _parse(text, file)
        _knock(runtime)
        return _of_stack(runtime, stack_name, text) if stack_name else runtime
    raise Unreachable("no runtime is running", advice=_START)


def _parse(text: str, file: Path) -> LocalRuntime:
    try:
        state = json.loads(text)
        return LocalRuntime(
            endpoint_url=state["EndpointUrl"],
            region=state["Region"],
            user_name=state.get("UserName", ""),
            password=state.get("Password", ""),
            ca_file=state.get("CaFile", ""),
            outputs={name: value for name, value in state.items() if isinstance(value, str) and name != _TEMPLATE},
            template=state.get(_TEMPLATE, ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreachable(
            f"not the state of a runtime: {type(error).__name__} {error}", Place(str(file)), advice=_START
        ) from None


def _of_stack(runtime: LocalRuntime, stack_name: str, text: str) -> LocalRuntime:
    stacks = json.loads(text).get("Stacks") or {}
    if stack_name not in stacks:
        raise Unreachable(
            f"the local runtime has no stack {stack_name!r}",
            expected=f"one of {', '.join(stacks) or 'none'}",
            advice=did_you_mean(stack_name, stacks),
        )
    return replace(runtime, outputs=stacks[stack_name])


def _knock(runtime: LocalRuntime) -> None:
    """A connection, opened and closed: a runtime that was killed leaves its state file behind."""
    try:
        address = urlsplit(runtime.endpoint_url)
        port = 80 if address.port is None else address.port
        socket.create_connection((address.hostname or "", port), timeout=2).close()
    except (OSError, ValueError):
        raise Unreachable(f"no runtime is running (nobody answers at {runtime.endpoint_url})", advice=_START) from None
