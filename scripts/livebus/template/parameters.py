"""
A template's Parameters: defaults, the values given for this run, and the constraints that they must keep.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document


def read_parameters(document: Document, given: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """
    The value of each parameter as Ref gives it (texts; lists of texts for list types), and what is wrong with them.

    ``given`` are the values of ``--set Name=Value``, or of a deployment's ParameterOverrides.
    """
    declared = document.body.get("Parameters")
    declared = declared if isinstance(declared, dict) else {}
    values: dict[str, Any] = {}
    faults = [_unknown(name, declared) for name in given if name not in declared]
    for name, definition in declared.items():
        place = document.place(("Parameters", name))
        if not isinstance(definition, dict):
            faults.append(Fault(f"parameter {name!r} is not an object", place))
            continue
        kind = str(definition.get("Type"))
        value = given.get(name, definition.get("Default"))
        if value is None:
            faults.append(
                Fault(f"parameter {name!r} has no value", place, advice=f"Give one with --set {name}=… or add a Default.")
            )
            values[name] = ""
            continue
        if kind.startswith("AWS::SSM::"):
            faults.append(Fault(f"parameter type {kind!r} is not emulated", place, advice=f"Make {name!r} a String."))
        text = _text(value)
        wrong = _broken_constraint(text, definition)
        if wrong:
            faults.append(Fault(f"parameter {name!r} has the value {text!r}", place, wrong))
        is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
        values[name] = [item.strip() for item in text.split(",")] if is_list else text
    return values, faults


def _unknown(name: str, declared: Mapping[str, Any]) -> Fault:
    close = difflib.get_close_matches(name, declared, n=1)
    meant = f"Did you mean {close[0]!r}?" if close else f"The template has: {', '.join(declared) or 'none'}."
    return Fault(f"the template has no parameter {name!r}", advice=meant)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _broken_constraint(text: str, definition: Mapping[str, Any]) -> str:
    """What the parameter's own constraints expect instead of this value; empty where they are kept."""
    allowed = definition.get("AllowedValues")
    if allowed is not None and text not in [_text(value) for value in allowed]:
        return f"one of {', '.join(_text(value) for value in allowed)}"
    pattern = definition.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(str(pattern), text):
        return str(definition.get("ConstraintDescription") or f"a text that matches {pattern}")
    for member, is_broken in (("MinLength", int.__gt__), ("MaxLength", int.__lt__)):
        limit = definition.get(member)
        if limit is not None and is_broken(int(limit), len(text)):
            return f"{member} {limit}"
    if definition.get("Type") == "Number":
        try:
            number = float(text)
        except ValueError:
            return "a number"
        if number < float(definition.get("MinValue", number)) or number > float(definition.get("MaxValue", number)):
            return f"a number from {definition.get('MinValue', '-∞')} to {definition.get('MaxValue', '∞')}"
    return ""
