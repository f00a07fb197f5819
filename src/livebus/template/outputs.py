"""
The Outputs of a template, evaluated, and what they export under which names.

In: the section, an evaluator. Out: the values by the outputs' names, for each exported name its output, and faults.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document, Path
from livebus.template.intrinsics import Evaluator
from livebus.template.properties import shown, text_of
from livebus.template.values import UNKNOWN


@dataclass(slots=True)
class Outputs:
    """The Outputs whose conditions hold, by their own names; ``exports`` lead from exported names to outputs."""

    document: Document
    evaluator: Evaluator
    values: dict[str, str] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def read(self, section: Mapping[str, Any]) -> None:
        """Evaluate the section, which holds objects only."""
        for name, body in section.items():
            if "Value" not in body:
                self.faults.append(Fault(f"output {name!r} has no Value", self.document.place(("Outputs", name))))
                continue
            condition = body.get("Condition")
            if condition is None or self.evaluator.condition(condition, ("Outputs", name, "Condition")):
                path: Path = ("Outputs", name, "Value")
                value = self.evaluator.resolve(body["Value"], path)
                text = text_of(value)
                if text is None and body["Value"] is not None:
                    found = (
                        f"The Value field of every Outputs member must evaluate to a String: {name!r} is {shown(value)}"
                    )
                    self.faults.append(Fault(found, self.document.place(path)))
                self.values[name] = text or ""
                if "Export" in body:
                    self._export(name, body["Export"])

    def _export(self, output: str, body: Any) -> None:
        path: Path = ("Outputs", output, "Export")
        value = self.evaluator.resolve(body, path)
        name = text_of(value.get("Name")) if isinstance(value, Mapping) else None
        place = self.document.place(path)
        if not name:
            if value is not UNKNOWN:
                self.faults.append(Fault(f"Export of {output!r} is {shown(value)}", place, "a Name"))
        elif name in self.exports:
            self.faults.append(Fault(f"Duplicate Export names, {name}", place, "each name once"))
        else:
            self.exports[name] = output
