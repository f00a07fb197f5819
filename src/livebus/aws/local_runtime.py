"""
Where the local runtime answers, by the state file that it leaves beside the template.

In: the folders in which a ``.livebus/runtime.json`` may lie. Out: a :class:`LocalRuntime`, checked to be answering.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livebus.errors import Place, Unnamed, Unreachable, did_you_mean
from livebus.files import MAX_SETTINGS_BYTES, content, relative
from livebus.json_file import misread

STATE_FILE = Path(".livebus", "runtime.json")
_TEMPLATE, _TEMPLATE_STACK, _TEMPLATE_STACKS = "TemplateFile", "TemplateStack", "TemplateStacks"
_TEMPLATE_OUTPUTS = "TemplateOutputs"
_START = "Start it with `livebus local`."
_MEMBERS: Mapping[str, type] = {
    **dict.fromkeys(("EndpointUrl", "Region", "UserName", "Password", "CaFile", _TEMPLATE, _TEMPLATE_STACK), str),
    "Stacks": dict,
    _TEMPLATE_OUTPUTS: dict,
    _TEMPLATE_STACKS: list,
}
_KINDS: Mapping[type, str] = {
    str: "a text",
    dict: "an object",
    list: "a list",
    int: "a number",
    float: "a number",
    bool: "a truth value",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class LocalRuntime:
    """
    A running local runtime. ``stacks`` are the Outputs of each of its stacks, by the stack's name; ``ca_file`` and
    ``template``, the file that it runs as the stack ``template_stack``, may be empty. ``together`` are the stacks of an application
    that it runs as one: then ``template`` is the folder of a cloud assembly, ``template_stack`` the name of them all, and
    ``template_outputs`` are the Outputs of them all.
    """

    endpoint_url: str
    region: str
    user_name: str
    password: str = field(repr=False)
    ca_file: str
    stacks: Mapping[str, Mapping[str, str]] = field(repr=False)
    template: str = ""
    template_stack: str = ""
    together: Collection[str] = ()
    template_outputs: Mapping[str, str] = field(default_factory=dict, repr=False)

    def template_of(self, stack_name: str) -> Path | None:
        """The file that the runtime runs as this stack; None for one that was deployed into it."""
        is_meant = self.template and (self.template_stack in ("", stack_name) or stack_name in self.together)
        return Path(self.template) if is_meant else None

    def stacks_of(self, stack_name: str) -> Collection[str]:
        """The stacks that a name stands for: itself, but that of an application of several."""
        return self.together if self.together and stack_name == self.template_stack else (stack_name,)

    def outputs_of(self, stack_name: str) -> Mapping[str, str]:
        """The Outputs of a stack, or those of an application's, without those that would say two things."""
        return self.stacks.get(stack_name, self.template_outputs)

    def stack_name(self, wanted: str = "", preferred: str = "") -> str:
        """
        The stack that is meant: ``wanted`` where somebody named it, else ``preferred`` (samconfig.toml's) where it is there,
        else the only one, or the only application of several.

        Raises Unreachable where there is none, Unnamed where there are several.
        """
        names = sorted(self.stacks)
        if self.together and (wanted == self.template_stack or (not wanted and {*names} == {*self.together})):
            return preferred if not wanted and preferred in self.stacks else self.template_stack
        if wanted and wanted not in self.stacks:
            raise Unreachable(
                f"the local runtime has no stack {wanted!r}",
                expected=f"one of {', '.join(names) or 'none'}",
                advice=did_you_mean(wanted, names),
            )
        if wanted or preferred in self.stacks:
            return wanted or preferred
        if not names:
            raise Unreachable("the local runtime has no stack yet", advice="Deploy one: `sam deploy`.")
        if len(names) > 1:
            told = f", and none is called {preferred!r}, as samconfig.toml has it" if preferred else ""
            raise Unnamed(
                f"the local runtime has {len(names)} stacks{told}",
                expected=f"--stack-name with one of {', '.join(names)}",
            )
        return names[0]


def find(folders: Iterable[Path]) -> LocalRuntime:
    """
    Read the first state file among the folders and see that its runtime answers.

    Raises Unreachable where there is none, where it cannot be read, and where nobody answers any more.
    """
    for folder in folders:
        file = folder / STATE_FILE
        try:
            text = content(file, most=MAX_SETTINGS_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise Unreachable(f"cannot read the runtime's state: {error.strerror}", Place(relative(file))) from None
        runtime = _parse(text, file)
        _knock(runtime)
        return runtime
    raise Unreachable("no runtime is running", advice=_START)


def _parse(text: str, file: Path) -> LocalRuntime:
    try:
        state = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_state(misread(error), file) from None
    if wrong := _wrong(state):
        raise _no_state(wrong, file)
    # A state that tells of no stacks has one stack's Outputs beside what is the runtime's own.
    own = (_TEMPLATE, _TEMPLATE_STACK, _TEMPLATE_STACKS)
    outputs = {name: value for name, value in state.items() if isinstance(value, str) and name not in own}
    return LocalRuntime(
        endpoint_url=state["EndpointUrl"],
        region=state["Region"],
        user_name=state.get("UserName", ""),
        password=state.get("Password", ""),
        ca_file=state.get("CaFile", ""),
        stacks={name: dict(outputs) for name, outputs in state.get("Stacks", {"livebus": outputs}).items()},
        template=state.get(_TEMPLATE, ""),
        template_stack=state.get(_TEMPLATE_STACK, ""),
        template_outputs=dict(state.get(_TEMPLATE_OUTPUTS, {})),
        together=[name for name in state.get(_TEMPLATE_STACKS, ()) if name in state.get("Stacks", {})],
    )


def _wrong(state: Any) -> str:
    """What is wrong with what a state file says; its values, a password among them, are not shown. Empty where nothing is."""
    if not isinstance(state, dict):
        return f"it is {_kind_of(state)}, and not an object"
    if missing := [name for name in ("EndpointUrl", "Region") if name not in state]:
        return f"it has no {missing[0]}"
    for name, kind in _MEMBERS.items():
        if not isinstance(state.get(name, kind()), kind):
            return f"{name} is {_kind_of(state[name])}, and not {_KINDS[kind]}"
    stacks, template_outputs, together = (
        state.get(name, kind())
        for name, kind in (("Stacks", dict), (_TEMPLATE_OUTPUTS, dict), (_TEMPLATE_STACKS, list))
    )
    for name, outputs in stacks.items():
        if not isinstance(outputs, dict):
            return f"Stacks/{name} is {_kind_of(outputs)}, and not an object"
    texts = {f"Stacks/{stack}/{name}": value for stack, outputs in stacks.items() for name, value in outputs.items()}
    texts |= {f"{_TEMPLATE_OUTPUTS}/{name}": value for name, value in template_outputs.items()}
    texts |= {f"{_TEMPLATE_STACKS}/{index}": value for index, value in enumerate(together)}
    for name, value in texts.items():
        if not isinstance(value, str):
            return f"{name} is {_kind_of(value)}, and not a text"
    return "" if _is_endpoint(state["EndpointUrl"]) else "EndpointUrl is not http:// with a host and a port"


def _kind_of(value: Any) -> str:
    """What a value of JSON is, in words."""
    return _KINDS[type(value)]


def _is_endpoint(url: str) -> bool:
    """Whether a URL is one at which a runtime can answer: what stands in it besides is not the runtime's."""
    try:
        address = urlsplit(url)
        return address.scheme == "http" and bool(address.hostname) and address.port is not None and "@" not in url
    except ValueError:
        return False


def _no_state(what: str, file: Path) -> Unreachable:
    advice = "A runtime writes it when it starts: stop it where it runs, and start it again with `livebus local`."
    return Unreachable(f"not the state of a runtime: {what}", Place(relative(file)), advice=advice)


def _knock(runtime: LocalRuntime) -> None:
    """A connection, opened and closed: a runtime that was killed leaves its state file behind."""
    address = urlsplit(runtime.endpoint_url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=2).close()
    except (OSError, ValueError):
        raise Unreachable(f"no runtime is running (nobody answers at {runtime.endpoint_url})", advice=_START) from None
