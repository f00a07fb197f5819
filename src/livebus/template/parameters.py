"""
A template's Parameters: defaults, the values given for this run, and the constraints that they must keep.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from livebus.errors import Fault, did_you_mean, listed
from livebus.expressions import Expression, NotAnExpression, Patience, TooSlow, UnreadExpression
from livebus.template.document import Document
from livebus.template.properties import shown, text_of
from livebus.template.quotas import MAX_PARAMETER_BYTES, PAGE
from livebus.template.values import UNKNOWN, Assumed, is_opaque

_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_TYPES = ("String", "Number", "CommaDelimitedList", "List<Number>")
# Taken too, though the page does not list it: cfn-lint knows it of AWS.
_UNLISTED = ("List<String>",)
# What CloudFormation shows in place of the value of a NoEcho parameter.
NO_ECHO_SHOWN = "****"
_SSM = "AWS::SSM::Parameter::"
_AWS_TYPE = re.compile(r"(List<)?AWS::[\w:]+>?|AWS::SSM::Parameter::Value<(List<)?[\w:]+>{1,2}")


def read_parameters(
    document: Document, declared: Mapping[str, Any], given: Mapping[str, str], *, assumes: bool = False
) -> tuple[dict[str, Any], list[Fault]]:
    """
    The value of each parameter as Ref gives it (texts; lists of texts for list types), and what is wrong with them.

    ``given`` are the values of ``--set Name=Value``, or of a deployment's ParameterOverrides. With ``assumes`` a parameter
    without a value has a placeholder: one that is only known where it is deployed (``is_opaque``), or the first that is allowed
    (:class:`~livebus.template.values.Assumed`). Without, its value is UNKNOWN.
    """
    faults = [unknown_parameter(name, declared) for name in given if name not in declared]
    values: dict[str, Any] = {}
    patience = Patience()
    for name, definition in declared.items():
        values[name] = UNKNOWN
        if not isinstance(definition, dict):
            found = f"parameter {name!r} is {shown(definition)}"
            faults.append(Fault(found, document.place(("Parameters", name)), "an object with a Type"))
            continue
        reader = _Reader(document, name, definition, patience, assumes=assumes)
        values[name] = reader.value(given.get(name))
        faults += reader.faults
    return values, faults


def dynamic_reference(name: str) -> str:
    """What stands for the value of a parameter of Systems Manager."""
    return f"{{{{resolve:ssm:{name}}}}}"


def assumed(name: str) -> str:
    """What stands for the value of a parameter of the template that has none."""
    return f"{{{{resolve:parameter:{name}}}}}"


def assumed_parameters(declared: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
    """The parameters that have neither a Default nor a given value."""
    return [
        name
        for name, definition in declared.items()
        if isinstance(definition, dict) and definition.get("Default") is None and name not in given
    ]


def is_no_echo(declared: Mapping[str, Any]) -> bool:
    """Whether a parameter's value is not to be shown."""
    return (text_of(declared.get("NoEcho")) or "").lower() == "true"


def unknown_parameter(name: str, declared: Iterable[str]) -> Fault:
    """The fault of a value for a parameter that is not declared."""
    declared = list(declared)
    meant = did_you_mean(name, declared) or f"The template has: {listed(declared)}."
    return Fault(f"Parameters: [{name}] do not exist in the template", advice=meant)


class _Reader:
    """One parameter."""

    def __init__(
        self, document: Document, name: str, definition: Mapping[str, Any], patience: Patience, *, assumes: bool
    ) -> None:
        self._patience = patience
        self._expression: Expression | None = None
        self.faults: list[Fault] = []
        self._document = document
        self._name = name
        self._definition = definition
        self._assumes = assumes

    def value(self, given: str | None) -> Any:
        kind = self._type()
        if given is None and self._assumes and self._definition.get("Default") is None:
            text: str | None = self._assumed()
            return [text] if _is_list(kind) else text
        text = self._text(given)
        if text and kind.startswith(_SSM):
            # The value is the name of a parameter of Systems Manager, and what Ref gives is that one's own value.
            items = [dynamic_reference(name.strip()) for name in text.split(",")]
            return items if _is_list(kind) else items[0]
        if text is None:  # that is told already
            return [UNKNOWN] if _is_list(kind) else UNKNOWN
        if len(text.encode("utf-8", "replace")) > MAX_PARAMETER_BYTES:
            found = f"the value of parameter {self._name!r} has more than {MAX_PARAMETER_BYTES:,} bytes"
            self._fault(found, "", f"at most {MAX_PARAMETER_BYTES:,} bytes", PAGE)
            return [] if _is_list(kind) else ""
        items = [item.strip() for item in text.split(",")] if _is_list(kind) else [text]
        allowed = self._allowed_values()
        for item in dict.fromkeys(items):
            if not is_opaque(item):  # what a parent gives a nested stack may be known where it is deployed
                self._check(kind, item, allowed)
        return items if _is_list(kind) else text

    def _type(self) -> str:
        kind = self._definition.get("Type")
        if not isinstance(kind, str):
            self._fault(f"parameter {self._name!r} has no Type", expected=f"one of {', '.join(_TYPES)}")
            return "String"
        if kind not in (*_TYPES, *_UNLISTED) and not _AWS_TYPE.fullmatch(kind):
            found = f"parameter {self._name!r} has the type {kind!r}"
            self._fault(found, "Type", f"one of {', '.join(_TYPES)}", did_you_mean(kind, _TYPES))
        return kind

    def _assumed(self) -> str:
        """A value that is as good as any: the first that is allowed, or an opaque text, which a number has as well."""
        for member in ("MinValue", "MaxValue"):
            self._number(member)
        allowed = self._definition.get("AllowedValues")
        if isinstance(allowed, list) and allowed and (text := text_of(allowed[0])) is not None:
            return Assumed(text, (other for each in allowed[1:] if (other := text_of(each)) is not None))
        return assumed(self._name)

    def _text(self, given: str | None) -> str | None:
        if given is not None:
            return given
        if self._definition.get("Default") is None:
            advice = f"Give it one with --set {self._name}=… or add a Default."
            self._fault(f"Parameters: [{self._name}] must have values", advice=advice)
            return None
        text = text_of(self._definition["Default"])
        if text is None:
            found = f"the Default of parameter {self._name!r} is {shown(self._definition['Default'])}"
            self._fault(found, "Default", "a text")
        return text

    def _allowed_values(self) -> dict[str, None] | None:
        """The AllowedValues as texts; None where there are none, or no list."""
        allowed = self._definition.get("AllowedValues")
        if isinstance(allowed, list):
            return dict.fromkeys(text_of(value) or "" for value in allowed)
        if allowed is not None:
            self._fault(f"AllowedValues of {self._name!r} is {shown(allowed)}", "AllowedValues", "a list")
        return None

    def _check(self, kind: str, text: str, allowed: Mapping[str, None] | None) -> None:
        """Whether a value, or an item of a list, keeps the constraints."""
        if allowed is not None and text not in allowed:
            self._broken(text, f"one of {listed(allowed)}", did_you_mean(text, allowed))
        self._check_pattern(text)
        for member, is_short in (("MinLength", True), ("MaxLength", False)):
            limit = self._number(member)
            if limit is not None and (len(text) < limit if is_short else len(text) > limit):
                self._broken(text, f"{'at least' if is_short else 'at most'} {limit:g} characters")
        if "Number" in kind:
            self._check_number(text)

    def _check_pattern(self, text: str) -> None:
        pattern = self._definition.get("AllowedPattern")
        if pattern is None:
            return
        try:
            if self._expression is None:
                self._expression = Expression(text_of(pattern) or "")
            fits = isinstance(pattern, str) and self._patience.matches(self._expression, text)
        except NotAnExpression as error:
            found = f"AllowedPattern of {self._name!r} is {shown(pattern)}: {error}"
            self._fault(found, "AllowedPattern", "a regular expression")
            return
        except UnreadExpression as error:
            found = f"AllowedPattern of {self._name!r} is not emulated: {error}"
            self._fault(found, "AllowedPattern", advice="Its values were not compared with it.")
            return
        except TooSlow:
            found = f"AllowedPattern {shown(pattern)} of {self._name!r} takes too long on the value {shown(text)}"
            advice = "Write it without repeats inside of repeats, such as (a+)+; some values were not compared."
            self._fault(found, "AllowedPattern", "an expression that tells at once", advice)
            return
        if not fits:
            description = text_of(self._definition.get("ConstraintDescription"))
            self._broken(text, description or f"a text that matches {shown(pattern)}")

    def _check_number(self, text: str) -> None:
        least, most = self._number("MinValue"), self._number("MaxValue")
        if not _NUMBER.fullmatch(text):
            self._broken(text, "a number")
        elif (least is not None and float(text) < least) or (most is not None and float(text) > most):
            bounds = [
                f"at least {least:g}" if least is not None else "",
                f"at most {most:g}" if most is not None else "",
            ]
            self._broken(text, f"a number of {' and '.join(bound for bound in bounds if bound)}")

    def _number(self, member: str) -> float | None:
        limit = text_of(self._definition.get(member))
        if limit is not None and _NUMBER.fullmatch(limit):
            return float(limit)
        if member in self._definition and self._definition[member] is not None:
            self._fault(f"{member} of {self._name!r} is {shown(self._definition[member])}", member, "a number")
        return None

    def _broken(self, text: str, expected: str, advice: str = "") -> None:
        self._fault(f"parameter {self._name!r} has the value {shown(text)}", "", expected, advice)

    def _fault(
        self, found: str, member: str = "", expected: str = "", advice: str = "", *, not_emulated: bool = False
    ) -> None:
        path = ("Parameters", self._name, member) if member else ("Parameters", self._name)
        self.faults.append(Fault(found, self._document.place(path), expected, advice, not_emulated))


def _is_list(kind: str) -> bool:
    of_ssm = kind.removeprefix(f"{_SSM}Value<")
    return of_ssm.startswith(("CommaDelimitedList", "List<"))
