"""Where events of resolvers come from, and when a line of them ends."""

from __future__ import annotations

from livebus.runtime.eventbridge.lineage import MAX_FAMILY, NO_LINEAGE


def test_a_line_ends_after_sixteen_generations() -> None:
    """Each event that a resolver puts is one further; the loop is named by its rules."""
    lineage = NO_LINEAGE
    for number in range(16):
        assert (lineage.generation, lineage.ends_here) == (number, False)
        lineage = lineage.through("one" if number % 2 else "other").next()
    assert lineage.ends_here
    assert lineage.loop == "rule 'other' → rule 'one' → a resolver that puts events which match again"


def test_a_family_ends_when_it_is_large() -> None:
    """However few generations it has: all that comes of one event counts."""
    request = NO_LINEAGE.through("rule")
    events = [request.next() for _ in range(MAX_FAMILY)]
    assert not any(event.ends_here for event in events)
    assert events[0].through("rule").next().ends_here
    assert not NO_LINEAGE.through("rule").next().ends_here


def test_a_mutation_has_no_rule() -> None:
    """What a client's own mutation puts begins with the mutation."""
    assert NO_LINEAGE.through("").next().loop == "a mutation → a resolver that puts events which match again"
