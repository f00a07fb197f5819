"""A published value laid over a subscriber's selection."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.operation import Selected
from livebus.subscription import Projection


def selected(
    name: str,
    type_text: str,
    children: Iterable[Selected] = (),
    *,
    parent: str = "R",
    alias: str | None = None,
    types: Iterable[str] | None = None,
) -> Selected:
    """A selected field; its named type is read from the type's text."""
    conditions = None if types is None else frozenset(types)
    return Selected(alias or name, name, parent, type_text, type_text.strip("[]!"), tuple(children), conditions)


def root(type_text: str, *children: Selected) -> Projection:
    """The projection of a subscription's root field onX."""
    return Projection(selected("onX", type_text, children, parent="Subscription"))


def project(projection: Projection, value: Any) -> Any:
    """The payload, decoded."""
    return json.loads(projection.payload(value))


def cannot(type_name: str, parent: str, text: str, *path: str | int) -> dict[str, Any]:
    """The error of a null that is not allowed."""
    return {
        "message": f"Cannot return null for non-nullable type: '{type_name}' within parent '{parent}' ({text})",
        "path": list(path),
    }


@pytest.mark.parametrize("value", ["hello", "", 0, False, 1.5, None, 'a"\\\n', "ü€😀"])
@pytest.mark.parametrize("type_text", ["String", "[String]", "AWSJSON"])
def test_passes_scalars_on(type_text: str, value: Any) -> None:
    """A scalar arrives as it was published, and so does null."""
    assert project(root(type_text), value) == {"data": {"onX": value}}


def test_payload_is_compact() -> None:
    """The payload is JSON without spaces."""
    assert root("String").payload("ü") == '{"data":{"onX":"ü"}}'.encode()


@pytest.mark.parametrize("value", ["\ud800", 10**30, {1: 2}])
def test_passes_on_what_orjson_refuses(value: Any) -> None:
    """A lone surrogate, a large integer: valid JSON all the same."""
    assert project(root("String"), value) == {"data": {"onX": json.loads(json.dumps(value))}}


def test_selects_fields_by_name_and_answers_by_alias() -> None:
    """The value is keyed by field names, the payload by the subscriber's aliases, in the subscriber's order."""
    projection = root("Order", selected("id", "ID!", alias="number"), selected("total", "Float"))

    assert (
        projection.payload({"total": 9.5, "id": "7", "secret": "s"}) == b'{"data":{"onX":{"number":"7","total":9.5}}}'
    )


def test_answers_null_for_what_the_mutation_did_not_select() -> None:
    """A missing nullable field is null, without an error."""
    projection = root("Order", selected("id", "ID"), selected("lines", "[Line!]", [selected("sku", "ID!")]))

    assert project(projection, {}) == {"data": {"onX": {"id": None, "lines": None}}}


def test_answers_null_for_a_null_result() -> None:
    """A mutation that returned null publishes null."""
    assert project(root("Order", selected("id", "ID!")), None) == {"data": {"onX": None}}


def test_missing_non_null_fields_take_their_object_away() -> None:
    """Each missing field has an error of its own, and the root field is null, as recorded on AWS."""
    projection = root(
        "Lead",
        selected("id", "ID!", parent="Lead"),
        selected("formId", "String!", parent="Lead"),
        selected("deliveryStatus", "DeliveryStatus!", parent="Lead"),
    )

    assert project(projection, {"id": "1"}) == {
        "data": {"onX": None},
        "errors": [
            cannot("String", "Lead", "/onX/formId", "onX", "formId"),
            cannot("DeliveryStatus", "Lead", "/onX/deliveryStatus", "onX", "deliveryStatus"),
        ],
    }


def test_null_stops_at_the_nearest_nullable_field() -> None:
    """Only the nullable object around a missing field is lost."""
    customer = selected("customer", "Customer", [selected("name", "String!", parent="Customer")], parent="Order")
    projection = root("Order!", selected("id", "ID!", parent="Order"), customer)

    assert project(projection, {"id": "1", "customer": {}}) == {
        "data": {"onX": {"id": "1", "customer": None}},
        "errors": [cannot("String", "Customer", "/onX/customer/name", "onX", "customer", "name")],
    }


def test_null_goes_up_to_data() -> None:
    """Where all is non-null up to the root field, data itself is null, with one error for one null."""
    customer = selected("customer", "Customer!", [selected("name", "String!", parent="Customer")], parent="Order")

    assert project(root("Order!", customer), {"customer": {"name": None}}) == {
        "data": None,
        "errors": [cannot("String", "Customer", "/onX/customer/name", "onX", "customer", "name")],
    }


def test_non_null_root_field() -> None:
    """A null result of a non-null subscription field leaves no data."""
    assert project(root("String!"), None) == {
        "data": None,
        "errors": [cannot("String", "Subscription", "/onX", "onX")],
    }
    assert project(root("String!"), "x") == {"data": {"onX": "x"}}


LINE = [selected("sku", "ID!", parent="Line")]


@pytest.mark.parametrize(
    ("type_text", "lines", "expected", "errors"),
    [
        ("[Line]", [{"sku": "a"}, None], [{"sku": "a"}, None], []),
        (
            "[Line]",
            [{"sku": "a"}, {}],
            [{"sku": "a"}, None],
            [cannot("ID", "Line", "/onX/lines[1]/sku", "onX", "lines", 1, "sku")],
        ),
        (
            "[Line!]",
            [{"sku": "a"}, {}],
            None,
            [cannot("ID", "Line", "/onX/lines[1]/sku", "onX", "lines", 1, "sku")],
        ),
        ("[Line!]", [None], None, [cannot("Line", "Order", "/onX/lines[0]", "onX", "lines", 0)]),
        ("[Line!]", None, None, []),
        ("[[Line!]]", [[{"sku": "a"}], [None]], [[{"sku": "a"}], None],
         [cannot("Line", "Order", "/onX/lines[1][0]", "onX", "lines", 1, 0)]),
    ],
)  # fmt: skip
def test_lists(type_text: str, lines: Any, expected: Any, errors: list[Any]) -> None:
    """Null elements and fields of elements follow the element's type; indices stand in brackets."""
    projection = root("Order", selected("lines", type_text, LINE, parent="Order"))

    payload = project(projection, {"lines": lines})

    assert payload.get("errors", []) == errors
    assert payload["data"] == {"onX": {"lines": expected}}


def test_non_null_list_is_named_null() -> None:
    """graphql-java has no name for a list type; the message says 'null'."""
    projection = root("Order", selected("lines", "[Line!]!", LINE, parent="Order"))

    assert project(projection, {}) == {
        "data": {"onX": None},
        "errors": [cannot("null", "Order", "/onX/lines", "onX", "lines")],
    }


def test_lists_of_scalars() -> None:
    """Scalars in lists are checked only where the type asks for it."""
    projection = root("Order", selected("tags", "[String!]", parent="Order"), selected("notes", "[String]"))

    assert project(projection, {"tags": ["a"], "notes": [None]}) == {"data": {"onX": {"tags": ["a"], "notes": [None]}}}
    assert project(projection, {"tags": ["a", None], "notes": []}) == {
        "data": {"onX": {"tags": None, "notes": []}},
        "errors": [cannot("String", "Order", "/onX/tags[1]", "onX", "tags", 1)],
    }


def test_type_conditions() -> None:
    """A field counts only for the types of its fragment, and __typename is what the result says."""
    projection = root(
        "Event",
        selected("__typename", "String!", parent="Event"),
        selected("total", "Float!", types=["Order"]),
        selected("text", "String!", types=["Note"]),
    )

    assert project(projection, {"__typename": "Note", "text": "t"}) == {
        "data": {"onX": {"__typename": "Note", "text": "t"}}
    }


def test_type_name_of_an_object_type_needs_no_selecting() -> None:
    """An object type's name is known, also where the mutation did not select __typename."""
    projection = root("Order", selected("__typename", "String!", alias="kind"), selected("id", "ID", types=["Order"]))

    assert project(projection, {"id": "1"}) == {"data": {"onX": {"kind": "Order", "id": "1"}}}


@pytest.mark.parametrize(
    ("projection", "value", "message"),
    [
        (root("Order", selected("id", "ID")), "x", "Can't resolve value (/onX) : type mismatch error, expected type OBJECT"),
        (root("[Order]", selected("id", "ID")), {}, "Can't resolve value (/onX) : type mismatch error, expected type LIST"),
    ],
)  # fmt: skip
def test_wrong_shape(projection: Projection, value: Any, message: str) -> None:
    """A value of the wrong shape is null, with an error."""
    assert project(projection, value) == {"data": {"onX": None}, "errors": [{"message": message, "path": ["onX"]}]}


TYPES = st.sampled_from(["T", "T!", "[T]", "[T!]", "[T]!", "[T!]!"])
SELECTIONS = st.recursive(
    st.builds(selected, st.sampled_from("abc"), TYPES),
    lambda inner: st.builds(
        selected,
        st.sampled_from("abc"),
        TYPES,
        st.lists(inner, max_size=3, unique_by=lambda child: child.response_key),
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


def conforms(value: Any, type_text: str, selection: Selected) -> bool:
    """Whether a delivered value keeps the promises of its type."""
    if type_text.endswith("!"):
        return value is not None and conforms(value, type_text[:-1], selection)
    if value is None:
        return True
    if type_text.startswith("["):
        # A list of nullable scalars is passed on unseen.
        return not isinstance(value, list) or all(conforms(item, type_text[1:-1], selection) for item in value)
    if not selection.children:
        return True
    return list(value) == [child.response_key for child in selection.children] and all(
        conforms(value[child.response_key], child.type_text, child) for child in selection.children
    )


@settings(max_examples=300, deadline=None)
@given(SELECTIONS, VALUES)
def test_payload_keeps_the_schema(selection: Selected, value: Any) -> None:
    """Whatever is published, the payload fits the selection, and what could not fit has an error."""
    payload = json.loads(Projection(selection).payload(value))

    assert set(payload) <= {"data", "errors"}
    if payload["data"] is None:
        assert selection.type_text.endswith("!")
        assert payload["errors"]
    else:
        assert conforms(payload["data"][selection.response_key], selection.type_text, selection)
