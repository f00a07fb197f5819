"""The compiled matcher against the slow, obvious one, on patterns and events made by chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livebus.pattern import EventPattern, PatternIndex
from livebus.pattern.event_text import parse_event
from livebus.pattern.matcher import _match_objects, match, walk
from livebus.pattern.search import search

NAMES = ["a", "b", "c", "a.b", "b.c", "a-b"]
TEXTS = ["", "x", "y", "xy", "yx", "X", "xyx", "10.0.0.1", "ß", "SS", "*"]
NUMBERS = ["1", "1.0", "10e-1", "2", "-1", "2.5"]

# Each kind as often as another. One draw each: of alternatives within alternatives the drawing would take longer than the matching.
SCALARS = [*map(json.dumps, TEXTS), *NUMBERS * 2, *["true", "false", "null"] * 4]
scalars = st.sampled_from(SCALARS)
OPERATORS = [
    '{"exists":true}',
    '{"exists":false}',
    '{"exists":false}',
    '{"prefix":"x"}',
    '{"suffix":"x"}',
    '{"prefix":""}',
    '{"prefix":{"equals-ignore-case":"xY"}}',
    '{"suffix":{"equals-ignore-case":"Y"}}',
    '{"equals-ignore-case":"xY"}',
    '{"equals-ignore-case":"ß"}',
    '{"exactly":"x"}',
    '{"exactly":"10.0.0.1"}',
    '{"wildcard":"x*"}',
    '{"wildcard":"*y*x"}',
    '{"wildcard":"\\\\*"}',
    '{"numeric":[">",0]}',
    '{"numeric":[">=",1,"<",2]}',
    '{"numeric":["=",1.0]}',
    '{"cidr":"10.0.0.5/24"}',
    '{"anything-but":"x"}',
    '{"anything-but":["x","y"]}',
    '{"anything-but":1}',
    '{"anything-but":[1,2.5]}',
    '{"anything-but":{"prefix":"x"}}',
    '{"anything-but":{"suffix":["x","y"]}}',
    '{"anything-but":{"equals-ignore-case":["xy","X"]}}',
    '{"anything-but":{"wildcard":["x*","*y*"]}}',
]
conditions = st.lists(st.sampled_from([*SCALARS, *OPERATORS]), min_size=1, max_size=3).map(
    lambda of: f"[{','.join(of)}]"
)


def an_object(members: st.SearchStrategy[str], names: list[str], least: int) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(st.sampled_from(names), members), min_size=least, max_size=4).map(
        lambda of: "{" + ",".join(f"{json.dumps(name)}:{member}" for name, member in of) + "}"
    )


def with_or(objects: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Put a $or before, between or after the members of an object."""
    members = st.lists(objects, min_size=2, max_size=3).map(lambda of: f'"$or":[{",".join(of)}]')
    return st.tuples(objects, members, objects).map(lambda of: f"{of[0][:-1]},{of[1]},{of[2][1:]}")


objects = an_object(st.deferred(lambda: conditions | objects), NAMES, 1)
patterns = objects | with_or(objects)
values: st.SearchStrategy[str] = st.deferred(
    lambda: scalars | st.lists(values, max_size=3).map(lambda of: f"[{','.join(of)}]") | an_object(values, NAMES, 0)
)
events = an_object(values, NAMES, 0).map(lambda text: json.dumps(json.loads(text), ensure_ascii=False))
# Events in which arrays of objects are frequent, for patterns that look into one array with several fields.
rows = st.lists(an_object(scalars | st.just('[{"b":1},{"c":"x"}]'), ["b", "c", "b.c"], 0), max_size=3)
tables = rows.map(lambda of: '{"a":[' + ",".join(json.dumps(json.loads(row)) for row in of) + "]}")
inside = an_object(conditions | an_object(conditions, ["b", "c"], 1), ["b", "c", "b.c"], 1).map('{{"a":{}}}'.format)

many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(pattern=patterns, event=events)
def test_any_pattern_agrees_with_the_reference(
    pattern: str, event: str, reference_match: Callable[[str, str], bool]
) -> None:
    """The compiled matcher and the reference give one verdict, whatever the pattern and the event."""
    expected = reference_match(pattern, event)

    assert expected == EventPattern(pattern).matches_json(event)


@many
@given(pattern=inside | with_or(inside), event=tables)
def test_arrays_of_objects_agree_with_the_reference(
    pattern: str, event: str, reference_match: Callable[[str, str], bool]
) -> None:
    """Conditions on arrays of objects, absence among them, agree with the reference."""
    expected = reference_match(pattern, event)

    assert expected == EventPattern(pattern).matches_json(event)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(patterns | inside, max_size=12), event=events | tables)
def test_the_index_agrees_with_each_pattern(texts: list[str], event: str) -> None:
    """Many patterns asked at once answer as each alone, in ascending order."""
    parsed: dict[str, Any] = orjson.loads(event)
    expected = [number for number, text in enumerate(texts) if EventPattern(text).matches(parsed)]

    assert expected == PatternIndex(texts).matching(parsed)
    assert expected == PatternIndex(texts).matching_json(event)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns | inside, event=events | tables)
def test_an_explanation_is_given_exactly_where_nothing_matches(pattern: str, event: str) -> None:
    """Explain is empty for an event that matches, and has at least one reason for any other."""
    compiled = EventPattern(pattern)
    parsed = orjson.loads(event)

    assert compiled.matches(parsed) == (compiled.explain(parsed) == [])


@many
@given(pattern=patterns | inside | with_or(inside), event=events | tables)
def test_the_short_way_over_objects_finds_what_the_whole_walk_finds(pattern: str, event: str) -> None:
    """Where an event needs no scopes the quick way answers, and as the walk does; else it leaves the event to the walk."""
    tree = EventPattern(pattern)._tree
    envelope = parse_event(event)
    quick = _match_objects(tree, envelope)
    assert quick is None or quick == walk(tree, envelope)
    assert match(tree, envelope) == walk(tree, envelope)


@many
@given(pattern=patterns | inside | with_or(inside), event=events | tables)
def test_the_slow_way_finds_what_the_walk_finds(pattern: str, event: str) -> None:
    """Trying which values meet a sub-rule's fields together comes to the same, also where no event would need it."""
    tree = EventPattern(pattern)._tree
    envelope = parse_event(event)

    assert search(tree, envelope) == walk(tree, envelope)
