"""Faults in words: suggestions within a bound, lists and numbers of faults that people read."""

from __future__ import annotations

import pytest

from livebus.errors import MAX_TOLD, Fault, Place, bounded_suggestions, closest, did_you_mean, listed, told


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [("Buss", ["Bus", "Api"], "Bus"), ("Buss", ["Api"], ""), ("Buss", [1, None, "Bus"], "Bus"), ("x", [], "")],
)
def test_the_nearest_name_is_meant(name: str, known: list[object], expected: str) -> None:
    assert closest(name, known) == expected
    assert did_you_mean(name, known) == (f"Did you mean {expected!r}?" if expected else "")


def test_suggestions_end_where_all_names_together_were_compared_enough() -> None:
    known = [f"SomeResourceThatIsThere{index}" for index in range(490)]
    with bounded_suggestions():
        found = [closest(f"SomeResourceThatIsNot{index}", known) for index in range(100)]
        with bounded_suggestions():
            assert closest("SomeResourceThatIsThere", known) == ""
    assert found[0] != ""
    assert found[-1] == ""
    assert closest("SomeResourceThatIsThere", known) != ""


def test_a_name_is_not_compared_with_more_than_the_bound() -> None:
    assert closest("A" * 100_000, ["A" * 100_000 + "b"]) == ""


def test_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == "none"
    assert listed(map(str, range(25)), 3) == "0, 1, 2 and 22 more"


def test_so_many_faults_are_told_and_no_more_looked_for() -> None:
    faults = (Fault(str(index)) for index in range(MAX_TOLD + 500))
    found = told(faults)
    assert [each.found for each in found[:2]] == ["0", "1"]
    assert len(found) == MAX_TOLD + 1
    assert found[-1].found == "there are more than 1,000 of these"
    assert next(faults).found == str(MAX_TOLD + 1)
    assert len(told(Fault(str(index)) for index in range(MAX_TOLD))) == MAX_TOLD


def test_a_fault_is_one_sentence_and_what_to_do() -> None:
    """AWS's own words end in a full stop at times; nothing is put behind it in the same sentence."""
    place = Place("t.yaml", 3)
    faults = [
        Fault("it is 'x'", place, "a number", "Write 3."),
        Fault("Placeholder x is invalid.", place, "one of a, b"),
        Fault("Placeholder x is invalid.", place, advice="Write a."),
        Fault("it is 'x'", advice="Write 3."),
    ]

    assert [str(fault) for fault in faults] == [
        "t.yaml:3: it is 'x'; expected a number. Write 3.",
        "t.yaml:3: Placeholder x is invalid; expected one of a, b",
        "t.yaml:3: Placeholder x is invalid. Write a.",
        "it is 'x'. Write 3.",
    ]
