"""
What stacks give each other: the exports that Fn::ImportValue asks for by name, and the Outputs that Fn::GetStackOutput does.

In: stacks that were evaluated, one after the other. Out: values by name, live: what is added later is seen by who asks later.
Beside each value stands what it is made of, with the names that resources have in the view of all stacks, so that checks see
through an import to what is meant.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Published:
    """
    ``exports`` are values by their exported names, ``outputs`` those of each stack by the stack's name; ``exporters`` are the stacks
    that export them, by the same names. ``made_of`` are the values as they stand in the templates: of an export under its name, of
    an Output under the stack's and its own.
    """

    exports: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    exporters: dict[str, str] = field(default_factory=dict)
    made_of: dict[str | tuple[str, str], Any] = field(default_factory=dict)

    def add(
        self, stack: str, outputs: Mapping[str, str], exports: Mapping[str, str], made_of: Mapping[str, Any]
    ) -> list[str]:
        """
        Add a stack's, or put them in place of those it had; ``exports`` lead from exported names to Outputs, ``made_of`` has the
        Outputs as they stand.

        The names that another stack exports already are given back: CloudFormation takes each once in an account and a region.
        """
        doubles = [name for name in exports if self.exporters.setdefault(name, stack) != stack]
        self.outputs[stack] = dict(outputs)
        for name, value in made_of.items():
            self.made_of[stack, name] = value
        for name, output in exports.items():
            if name not in doubles:
                self.exports[name] = outputs[output]
                self.made_of[name] = made_of.get(output)
        return doubles
