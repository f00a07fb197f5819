"""The slow reference matcher, and the vectors: shared by the tests of event patterns."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


@pytest.fixture(scope="session")
def reference_match() -> Callable[[str, str], bool]:
    spec = spec_from_file_location("reference_matcher", HERE / "reference_matcher.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    match: Callable[[str, str], bool] = module.match
    return match


@pytest.fixture(scope="session")
def vectors() -> list[dict[str, Any]]:
    lines = (ROOT / "tests" / "vectors" / "event-patterns.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def recorded() -> list[dict[str, Any]]:
    """Answers recorded from AWS by others. They are not ours to keep: read where they lie, empty where they do not."""
    path = ROOT.parent / "shared" / "vectors" / "aws-recorded-event-patterns.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]
