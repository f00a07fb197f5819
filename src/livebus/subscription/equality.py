"""
When AppSync's filters take two values for equal, as keys of a dictionary.

In: a value of a mutation's result, of an argument or of a filter. Out: a hashable key; equal keys mean equal values.
With keys, one look-up finds the subscriptions that an event matches, however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any


def value_key(value: Any) -> Hashable:
    """
    The key of one value: numbers by value (1 equals 1.0), never equal to a boolean or a string; null as a value.

    Lists and objects compare as JSON, with the order of an object's members left out of account.
    """
    kind = type(value)
    if kind is str or value is None or kind is int or kind is float:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        # In Python True equals 1.
        return ("boolean", value)
    return ("json", json.dumps(value, sort_keys=True, default=str))


def fields_of(value: Any) -> Mapping[str, Any]:
    """
    The fields of a mutation's result, for filters to look at.

    AWS does not document what filters mean for a mutation that returns a scalar or a list; we say that such a result
    has no fields, so that each of them counts as null.
    """
    return value if isinstance(value, dict) else {}
