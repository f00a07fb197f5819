"""
Answers the engine's questions about XML texts (``util.xml``), with what reads them for mapping templates.

Loaded with the first question: mapping templates are otherwise nothing that code needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.vtl.budget import Budget, Exceeded
from livebus.vtl.xml_values import UnreadableXml, read_xml


class XmlAnswers:
    """Of one run: all its texts together may cost as much as one evaluation of a template."""

    __slots__ = ("_budget",)

    def __init__(self) -> None:
        self._budget = Budget()

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """``value``, or the ``reason`` why there is none. In: ``text``, and ``keepTexts`` for values that stay texts."""
        try:
            return {"value": read_xml(question["text"], self._budget, keep_texts=question["keepTexts"])}
        except (UnreadableXml, Exceeded) as fault:
            return {"reason": str(fault)}
