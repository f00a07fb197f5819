"""
What a template asks other stacks for: Fn::ImportValue by the name of an export, Fn::GetStackOutput by a stack's and an Output's.

In: what the other stacks give, and who asks for what. Out: the value, or a :class:`Missing` with CloudFormation's words. Where other
stacks may be that are not known here, what none of them gives is named once, and a text stands for it that is only known where
the template is deployed (``is_opaque``).
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from livebus.errors import did_you_mean, listed

_EXPORT = "{{resolve:export:"


class Missing(NamedTuple):
    """
    What no stack gives: the fault's words, and ``stands_for`` in place of the value.

    ``is_elsewhere``: a stack that is not known here may give it, so that it is no mistake.
    """

    found: str
    advice: str
    stands_for: str
    is_elsewhere: bool


class Imports:
    """
    ``exports`` are values by the names that they are exported by, ``outputs`` the Outputs of stacks by the stacks' names; both are
    looked into when something is asked for, so that what is added to them is seen. ``region`` is the stack's own.

    ``assumes`` whether other stacks may be where the template is deployed. ``imported`` are the names of exports that were asked for,
    ``asked`` those of stacks whose Outputs were; ``missed`` those of either that were not there. ``given`` are the values that were.
    """

    def __init__(
        self,
        exports: Mapping[str, str],
        outputs: Mapping[str, Mapping[str, str]],
        *,
        region: str,
        assumes: bool = False,
    ) -> None:
        self.imported: set[str] = set()
        self.missed: set[str] = set()
        self.asked: set[str] = set()
        self.given: set[str] = set()
        self._exports = exports
        self._outputs = outputs
        self._region = region
        self._assumes = assumes

    def value(self, name: str) -> str | Missing:
        """The value of an export."""
        self.imported.add(name)
        if name in self._exports:
            return self._gives(self._exports[name])
        self.missed.add(name)
        advice = did_you_mean(name, self._exports) or f"There are: {listed(self._exports)}."
        return self._missing(f"No export named {name} found.", advice, name, is_elsewhere=self._assumes)

    def output(self, stack: str, name: str, region: str, *, has_role: bool) -> str | Missing:
        """
        An Output of a stack; one of another region, or of another account (``has_role``), is only known there.

        For a stack or an Output that is not there AWS documents no words.
        """
        self.asked.add(stack)
        is_here = region in ("", self._region) and not has_role
        outputs = self._outputs.get(stack) if is_here else None
        if outputs is not None and name in outputs:
            return self._gives(outputs[name])
        self.missed.add(stack)
        if outputs is not None:
            advice = did_you_mean(name, outputs) or f"It has: {listed(outputs)}."
            is_elsewhere = False
        else:
            apart = "Stacks of other regions and accounts are not known here."
            advice = did_you_mean(stack, self._outputs) if is_here else apart
            is_elsewhere = self._assumes or not is_here
        found = f"No output named {name} of stack {stack} found."
        return self._missing(found, advice, f"{stack}.{name}", is_elsewhere=is_elsewhere)

    def _gives(self, value: str) -> str:
        self.given.add(value)
        return value

    def _missing(self, found: str, advice: str, name: str, *, is_elsewhere: bool) -> Missing:
        return Missing(found, advice, exported(name), is_elsewhere)


def is_elsewhere(value: Any) -> bool:
    """Whether a text holds a value of another stack that is not known here; that it is not has been told."""
    return isinstance(value, str) and _EXPORT in value


def exported(name: str) -> str:
    """What stands for a value of another stack that is only known where the template is deployed."""
    return f"{_EXPORT}{name}}}}}"
