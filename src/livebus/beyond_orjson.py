"""
JSON text of what orjson refuses: whole numbers beyond 64 bits, lone surrogates, mappings that are no dict.

In: a value of JSON's kinds. Out: its text, which is JSON: a number that is none there (what is read of ``1e400`` is an infinity) is null,
as orjson and JavaScript's ``JSON.stringify`` write it. Python's own json writes ``Infinity`` for it, which no reader but itself takes.
https://www.rfc-editor.org/rfc/rfc8259#section-6
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any


def json_text(
    value: Any,
    *,
    default: Callable[[Any], Any] | None = None,
    ensure_ascii: bool = True,
) -> str:
    """
    The text of a value, without spaces; the other arguments are those of ``json.dumps``. To be called where orjson has refused it: it is
    slow.

    Raises TypeError for what is of no kind that JSON has, where ``default`` does not make something of it.
    """

    def written(what: Any) -> str:
        return json.dumps(what, default=default, ensure_ascii=ensure_ascii, separators=(",", ":"), allow_nan=False)

    try:
        return written(value)
    except ValueError:
        return written(_finite(value, default))


def _finite(value: Any, default: Callable[[Any], Any] | None) -> Any:
    """The value with null in place of each number that JSON has not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {
            (None if isinstance(key, float) and not math.isfinite(key) else key): _finite(each, default)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_finite(each, default) for each in value]
    if isinstance(value, Mapping) and default is not None:
        return _finite(default(value), default)
    return value
