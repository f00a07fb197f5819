"""stub"""
from __future__ import annotations
from collections.abc import Mapping
from typing import Any
from livebus.pattern.rule import Rule
def reasons(rule: Rule, event: Mapping[str, Any]) -> list[str]:
    return ["does not match"]
