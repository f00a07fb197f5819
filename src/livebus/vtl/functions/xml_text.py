"""
``$util.xml``: XML as a map, and as the JSON text of that map.

https://docs.aws.amazon.com/appsync/latest/devguide/xml-helpers-in-util-xml.html
"""

from __future__ import annotations

from typing import Any

from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function
from livebus.vtl.values import json_of
from livebus.vtl.xml_values import UnreadableXml, read_xml


@function("util.xml.toMap", "text")
def _to_map(evaluation: Evaluation, text: str | None, *, keep_texts: bool = False) -> Any:
    if text is None:
        return None
    try:
        return read_xml(text, evaluation.budget, keep_texts=keep_texts)
    except UnreadableXml as fault:
        raise evaluation.fail(f"$util.xml cannot read its text: {fault}") from None


@function("util.xml.toJsonString", "text", "text bool")
def _to_json(evaluation: Evaluation, text: str | None, keep_texts: bool = False) -> str | None:  # noqa: FBT001, FBT002 - AWS's
    """
    The map as JSON text.

    AWS says of the second argument that it decides whether the JSON is "string-encoded"; that values stay texts then is ours.
    """
    return None if text is None else json_of(_to_map(evaluation, text, keep_texts=keep_texts), evaluation.budget)
