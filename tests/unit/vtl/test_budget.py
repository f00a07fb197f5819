"""What one evaluation may use: steps, depth, and how large a text may be."""

from __future__ import annotations

import pytest

from livebus.vtl.budget import MAX_DEPTH, MAX_OUTPUT, MAX_STEPS, Budget, Exceeded


def test_steps_are_counted() -> None:
    """The last one is allowed; one at a time, and as many as a text costs."""
    budget = Budget()
    budget.spend(MAX_STEPS - 1)
    budget.spend()
    with pytest.raises(Exceeded) as raised:
        budget.spend()
    assert str(raised.value) == f"The template needs more than {MAX_STEPS:,} steps and was ended"


def test_depth_is_counted_and_left() -> None:
    """Each level is entered for a step; what was left may be entered again."""
    budget = Budget()
    for _ in range(MAX_DEPTH):
        budget.enter()
    budget.leave()
    budget.enter()
    assert (budget.depth, budget.steps) == (MAX_DEPTH, MAX_DEPTH + 1)
    with pytest.raises(Exceeded, match=f"More than {MAX_DEPTH} blocks, expressions and macros in one another"):
        budget.enter()


def test_a_text_is_bounded() -> None:
    """However it is made; other characters than ASCII's cost more."""
    budget, other = Budget(), Budget()
    budget.text(MAX_OUTPUT)
    with pytest.raises(Exceeded, match=f"a text of more than {MAX_OUTPUT:,} characters"):
        budget.text(MAX_OUTPUT + 1)
    budget, other = Budget(), Budget()
    budget.each("a" * 4000)
    other.each("ä" * 4000)
    assert other.steps == budget.steps + 1000
