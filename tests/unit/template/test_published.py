"""What stacks give each other."""

from __future__ import annotations

from livebus.template.published import Published


def test_what_is_added_is_there_by_both_names() -> None:
    """The values, and what they are made of; a stack that is read again has its own in place of those before."""
    published = Published()
    made_of = {"Bus": {"Ref": "Shop:Bus"}, "Other": "x"}
    assert published.add("Shop", {"Bus": "orders", "Other": "x"}, {"shop-bus": "Bus"}, made_of) == []
    assert published.add("Shop", {"Bus": "events"}, {"shop-bus": "Bus"}, made_of) == []

    assert (published.exports, published.outputs) == ({"shop-bus": "events"}, {"Shop": {"Bus": "events"}})
    assert published.made_of["shop-bus"] == published.made_of["Shop", "Bus"] == {"Ref": "Shop:Bus"}


def test_a_name_is_exported_once() -> None:
    """The second stack's is given back, and the first one's stays."""
    published = Published()
    published.add("Shop", {"Bus": "orders"}, {"bus": "Bus"}, {})

    assert published.add("Depot", {"Bus": "events"}, {"bus": "Bus"}, {}) == ["bus"]
    assert (published.exports, published.exporters) == ({"bus": "orders"}, {"bus": "Shop"})
