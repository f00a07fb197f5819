"""
Dataclasses are those of the standard library, written later; records are equal and hashable by their members, with slots, and
replaceable, and the type checker keeps them from changing.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.record import dataclass, record


@record
class Point:
    x: int
    y: int = 0
    names: tuple[str, ...] = field(default=())


def test_a_record_is_its_members() -> None:
    """Two with the same members are one key of a set; another member makes another record."""
    assert {Point(1), Point(1, 0), Point(2)} == {Point(1), Point(2)}
    assert replace(Point(1), y=5) == Point(1, 5)
    assert repr(Point(1)) == "Point(x=1, y=0, names=())"


def test_a_record_has_no_room_for_other_members() -> None:
    """A name that it has not is refused, as a frozen dataclass with slots would."""
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)
    length: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.id))


@dataclass(frozen=True, slots=True)
class Urgent(Order):
    until: int = 0


@dataclass(slots=True)
class Count:
    of: str
    number: int = 0


def test_a_frozen_one_cannot_be_changed() -> None:
    """No member is set or deleted, as in the original; no other member has room."""
    order = Order("1")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'id'"):
        order.id = "2"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'id'"):
        del order.id
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'other'"):
        order.other = 1  # type: ignore[attr-defined]
    assert not hasattr(order, "__dict__")


def test_one_that_is_not_frozen_can_be_changed_and_is_no_key() -> None:
    """As in the original: it is equal by its members, which may change, so it has no hash."""
    count = Count("orders")
    count.number += 1
    assert count == Count("orders", 1)
    with pytest.raises(TypeError, match="unhashable type: 'Count'"):
        hash(count)


def test_members_with_defaults_of_every_kind() -> None:
    """A factory is called for each, what __post_init__ sets is set, and subclasses have the members of their bases."""
    one, other = Order("123"), Order("123", note="not compared")
    one.tags.append("new")
    assert (one.tags, other.tags, one.length) == (["new"], [], 3)
    assert other == Order("123")
    assert repr(Urgent("1", ["a"], "b", "kept", until=5)) == "Urgent(id='1', tags=['a'], note='b', until=5)"
    assert [each.name for each in fields(Urgent)] == ["id", "tags", "note", "secret", "length", "until"]
    assert asdict(Count("a", 2)) == {"of": "a", "number": 2}
    assert (Order("1") == Urgent("1"), Order("1") != Urgent("1")) == (False, True)


def test_what_must_be_given_is_demanded_by_its_name() -> None:
    """The first call of a class, too, is refused as any function would."""

    @dataclass(frozen=True, slots=True)
    class New:
        name: str

    assert str(inspect.signature(New)) == "(name)"
    with pytest.raises(TypeError, match=r"New\.__init__\(\) missing 1 required positional argument: 'name'"):
        New()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        New(name="a", other="b")  # type: ignore[call-arg]


def test_a_method_is_written_when_it_is_first_called() -> None:
    """A class that is only declared has compiled nothing; then each method has what it costs the original from the start."""

    @dataclass(frozen=True, slots=True)
    class Rare:
        name: str

    def written() -> list[str]:
        methods = ("__init__", "__repr__", "__eq__", "__hash__")
        return [name for name in methods if isinstance(vars(Rare)[name], FunctionType)]

    assert written() == []
    rare = Rare("a")
    assert written() == ["__init__"]
    assert {rare} == {Rare("a")}
    assert written() == ["__init__", "__eq__", "__hash__"]
    assert repr(rare).endswith("Rare(name='a')")
    assert written() == ["__init__", "__repr__", "__eq__", "__hash__"]


def test_methods_of_its_own_stay() -> None:
    """A class that says how it is shown, compared and hashed is not told otherwise."""

    @dataclass(frozen=True, slots=True)
    class Name:
        text: str

        def __repr__(self) -> str:
            return f"<{self.text}>"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Name) and self.text.lower() == other.text.lower()

        def __hash__(self) -> int:
            return hash(self.text.lower())

    assert {Name("A"), Name("a")} == {Name("a")}
    assert repr(Name("A")) == "<A>"


def test_one_without_equality_is_itself() -> None:
    """eq=False leaves what every object has."""

    @dataclass(eq=False, slots=True)
    class Door:
        number: int

    door = Door(1)
    assert ({door: 1}.get(door), {door: 1}.get(Door(1))) == (1, None)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_are_equal(copied: Callable[[Any], Any]) -> None:
    """A frozen one, too, can be copied and pickled."""
    for each in (Order("1", ["a"]), Urgent("1", until=2), Count("a"), Point(1)):
        assert copied(each) == each


def test_one_that_holds_itself_can_be_shown() -> None:
    """As in the original, with dots for what would not end."""
    order = Order("1")
    order.tags.append(order)  # type: ignore[arg-type]
    assert repr(order) == "Order(id='1', tags=[...], note='')"


def test_it_matches_by_position() -> None:
    """A pattern of match takes the members in their order."""
    match Count("a", 2):
        case Count(of, number):
            assert (of, number) == ("a", 2)


def test_slots_are_demanded() -> None:
    """Nobody declares one without, and the faster way to set members relies on it."""
    with pytest.raises(TypeError, match="slots"):
        dataclass(slots=False)(type("Loose", (), {}))


MEMBERS = st.dictionaries(
    st.sampled_from(["a", "b", "_c", "self_", "value", "missing"]),
    st.fixed_dictionaries(
        {},
        optional={
            "default": st.integers(0, 2),
            "repr": st.booleans(),
            "compare": st.booleans(),
            "hash": st.sampled_from([None, True, False]),
            "init": st.booleans(),
        },
    ).filter(
        lambda each: each.get("init", True) or "default" in each or not each.get("compare", True)
    ),  # else it is unset
)


@settings(max_examples=50)
@given(
    MEMBERS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=2, max_size=4),
)
def test_it_does_what_the_original_does(
    members: dict[str, dict[str, Any]], frozen: bool, eq: bool, unsafe_hash: bool, calls: list[list[int]]
) -> None:
    """Whatever the members and options: what is refused, equal, a hash, a text and a member is the same."""
    # Those with a default come last.
    ordered = dict(sorted(members.items(), key=lambda each: "default" in each[1]))
    body = {"__annotations__": dict.fromkeys(ordered, "int"), "__qualname__": "Made", "__doc__": "Made."}
    made: list[Any] = [
        how(frozen=frozen, eq=eq, unsafe_hash=unsafe_hash, slots=True)(
            type("Made", (), {**body, **{name: field(**given) for name, given in ordered.items()}})
        )
        for how in (dataclass, dataclasses.dataclass)
    ]
    ours, theirs = ([outcome(lambda: cls(*call)) for call in calls] for cls in made)  # noqa: B023
    assert [told(each) for each in ours] == [told(each) for each in theirs]
    assert [one == other for one in ours for other in ours] == [one == other for one in theirs for other in theirs]


def outcome(make: Callable[[], Any]) -> Any:
    """What comes of a call: its result, or the text of its error."""
    try:
        return make()
    except (TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


def told(made: Any) -> tuple[Any, ...]:
    """All that can be seen of one."""
    if isinstance(made, str):
        return (made,)
    has_hash: bool = type(made).__hash__ is not object.__hash__  # type: ignore[comparison-overlap]
    return (
        outcome(lambda: repr(made)),
        outcome(lambda: hash(made)) if has_hash else None,
        [(name, outcome(lambda: getattr(made, name))) for name in type(made).__slots__],  # noqa: B023
        # Of other names the original of 3.11 says that it must be an instance of itself: a fault of its own.
        [outcome(lambda: setattr(made, name, 1)) for name in type(made).__slots__],  # noqa: B023
        type(made).__match_args__,
    )
