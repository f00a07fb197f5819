"""
``$util.math``. https://docs.aws.amazon.com/appsync/latest/devguide/math-helpers-in-util-math.html
"""

from __future__ import annotations

import math
from typing import Any

from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.general import random_digits
from livebus.vtl.functions.registry import function


@function("util.math.roundNum", "number")
def _round(evaluation: Evaluation, value: Any) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        return 0
    return math.floor(value + 0.5) if isinstance(value, float) else math.floor(value * 2 + 1) // 2


@function("util.math.minVal", "number number")
def _smaller(evaluation: Evaluation, one: Any, other: Any) -> Any:
    return min(one, other)


@function("util.math.maxVal", "number number")
def _larger(evaluation: Evaluation, one: Any, other: Any) -> Any:
    return max(one, other)


def _random(evaluation: Evaluation) -> float:
    return float(int(random_digits(evaluation)[:13], 16) / 2**52)


@function("util.math.randomDouble")
def _random_double(evaluation: Evaluation) -> float:
    """A number from 0 to 1, without 1."""
    return _random(evaluation)


@function("util.math.randomWithinRange", "int int")
def _random_within(evaluation: Evaluation, start: int, end: int) -> int:
    """A whole number from ``start`` to ``end``, without ``end``."""
    return math.floor(start + _random(evaluation) * (end - start))
