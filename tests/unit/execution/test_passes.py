"""
Three ways through one request come to the same: at once, pass by pass with nothing to ask, and with every resolver asking a source.

Which one is taken hangs on an API's resolvers, and nobody who calls it should notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.caller import Caller
from livebus.errors import NOWHERE
from livebus.execution import Executor, GraphQLResponse
from livebus.operation import Answer, Call, GraphQLRequest, Resolution, ResolverError, Services, Told, driven
from livebus.schema import parse_schema

SCHEMA = """
type Item { sku: String!, price: Int, order: Order, secret: String }
type Order { id: ID!, total: Float, note: String, items(first: Int): [Item!], parent: Order, tags: [String] }
type Query { order(id: ID!): Order, orders(limit: Int = 2): [Order], ping: String, secret: String }
type Mutation { place(id: ID!, note: String): Order, cancel(id: ID!): Order, count: Int }
type Subscription { placed(id: ID): Order @aws_subscribe(mutations: ["place", "cancel"]) }
"""
SERVICES = Services(0.0, lambda: "00000000-0000-4000-8000-000000000000")
CALLER = Caller("AWS_IAM")
DENIED = {("Item", "secret"), ("Query", "secret")}


def order(identifier: Any) -> Any:
    """An order by its id; ids that begin with ``no`` are of none, and ``odd`` is one that breaks its own type."""
    if str(identifier).startswith("no"):
        return None
    return {"id": None if identifier == "odd" else identifier, "total": 1.5, "tags": ["a", None], "note": "n"}


def resolved(type_name: str, field_name: str, context: Mapping[str, Any]) -> Resolution:
    """What a field comes to: values, nothing, errors that end it or stand beside it, texts where numbers belong."""
    arguments, source = context["arguments"], context["source"] or {}
    identifier = arguments.get("id", source.get("id"))
    match type_name, field_name:
        case _, "order" | "place" | "cancel" | "parent":
            if identifier == "bad":
                return Resolution(error=ResolverError("refused", "Bad", {"id": identifier}, {"why": [1]}))
            appended = (ResolverError("beside", "Note"),) if identifier == "beside" else ()
            return Resolution(order(identifier if field_name != "parent" else "no parent"), appended=appended)
        case _, "orders":
            return Resolution([order(each) for each in ("a", "no", "odd", "b")][: max(0, arguments["limit"] or 0)])
        case _, "items":
            return Resolution([{"sku": "s1"}, {"sku": "s2"}][: max(0, arguments.get("first", 2) or 0)])
        case _, "price":
            return Resolution("7" if source.get("sku") == "s1" else "no number")
        case _, "count":
            return Resolution(2**40)
    return Resolution(f"{type_name}.{field_name}")


FIELDS = (
    *(("Query", name) for name in ("order", "orders", "ping", "secret")),
    *(("Mutation", name) for name in ("place", "cancel", "count")),
    *(("Order", name) for name in ("parent", "items")),
    *(("Item", name) for name in ("price", "order")),
)


@dataclass
class Source:
    name: str = "Table"
    type: str = "AMAZON_DYNAMODB"


@dataclass
class Resolver:
    """Resolves at once; or, where it ``asks``, when its source has answered. ``may_ask`` but does not: pass by pass all the same."""

    of: tuple[str, str]
    asks: bool
    is_asking: bool

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution | Call:
        if not self.is_asking:
            return resolved(*self.of, context)
        if not (told or {}).get("call"):
            return Call(Source(), {"arguments": context["arguments"], "source": context["source"]})
        assert told is not None
        # Of what the source gave back, so that an answer that goes to another field is noticed.
        return resolved(*self.of, told["call"][0]["result"])


def executor(*, asks: bool, is_asking: bool) -> Executor:
    return Executor(
        parse_schema(SCHEMA, NOWHERE),
        {field: Resolver(field, asks, is_asking) for field in FIELDS},
        allows=lambda _, *field: field not in DENIED,
        resolver_count_limit=40,
        query_depth_limit=6,
    )


AT_ONCE, PASS_BY_PASS, ASKING = (
    executor(asks=False, is_asking=False),
    executor(asks=True, is_asking=False),
    executor(asks=True, is_asking=True),
)

IDS = ('"a"', '"bad"', '"beside"', '"odd"', '"no"', "3", "$id")
NUMBERS = ("1", "2", "$limit", "null", "-1")
DIRECTIVES = ("", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: true)")
SCALARS = {
    "Order": ("id", "total", "note", "tags", "__typename"),
    "Item": ("sku", "price", "secret"),
    "Query": ("ping", "secret", "__typename"),
    "Mutation": ("count", "__typename"),
}
NESTED = {
    "Order": ("items", "parent"),
    "Item": ("order",),
    "Query": ("order", "orders"),
    "Mutation": ("place", "cancel"),
}
# Documents that are refused as a whole: few of all, or nothing else would be tried.
ODD = (
    "nothing",
    "...Nobody",
    "... on Item { sku }",
    "items",
    "id: ping",
    "id @live",
    "order(id: [1]) { id }",
    "x: note(a: $b)",
)
VARIABLES = {"$id": '$id: ID = "a"', "$limit": "$limit: Int", "$yes": "$yes: Boolean! = true"}


class Writing:
    """Writes one operation, of what is drawn; ``aliases`` are new ones, as fields of one name may not differ."""

    def __init__(self, draw: st.DrawFn, *, is_odd: bool) -> None:
        self._draw = draw
        self._is_odd = is_odd
        self._aliases = 0

    def one_of(self, values: tuple[str, ...]) -> str:
        return self._draw(st.sampled_from(values))

    def selection(self, of: str, depth: int) -> str:
        """The fields that an object is asked for, in braces."""
        found = [self.field(of, depth) for _ in range(self._draw(st.integers(1, 3)))]
        if self._is_odd and self._draw(st.booleans()):
            found.append(self.one_of(ODD))
        return f"{{ {' '.join(found)} }}"

    def field(self, of: str, depth: int) -> str:
        directive = self.one_of(DIRECTIVES)
        if not depth or not self._draw(st.integers(0, 2)):
            return f"{self.one_of(SCALARS[of])}{directive}"
        self._aliases += 1
        name = self.one_of(NESTED[of])
        arguments = ""
        if name in ("items", "orders") and self._draw(st.booleans()):
            arguments = f"({'first' if name == 'items' else 'limit'}: {self.one_of(NUMBERS)})"
        elif of in ("Query", "Mutation") and name != "orders":
            arguments = f"(id: {self.one_of(IDS)})"
        below = self.selection("Item" if name == "items" else "Order", depth - 1)
        if self._draw(st.integers(0, 5)) == 0 and name != "items":
            below = f"{{ ...Fields ... on Order {below} }}"
        return f"f{self._aliases}: {name}{arguments}{directive} {below}"


@st.composite
def requests(draw: st.DrawFn) -> GraphQLRequest:
    """A request with its variables: most of them run, with all that may become of their fields."""
    kind = draw(st.sampled_from(["Query", "Mutation"]))
    writing = Writing(draw, is_odd=not draw(st.integers(0, 9)))
    body = writing.selection(kind, 3)
    used = [declared for name, declared in VARIABLES.items() if name in body]
    signature = f"({', '.join(used)})" if used else ""
    fragment = " fragment Fields on Order { id note }" if "...Fields" in body else ""
    given_values = {"id": ["a", "bad", "beside", 5, None], "limit": [0, 3, None, "x"], "yes": [True, False]}
    variables = draw(
        st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in given_values.items()})
    )
    return GraphQLRequest(f"{kind.lower()} Made{signature} {body}{fragment}", variables)


@settings(max_examples=150, deadline=None)
@given(requests())
def test_all_ways_through_a_request_come_to_the_same(request: GraphQLRequest) -> None:
    """Data, errors in their order, what is published: of every operation, also of one that is refused or breaks halfway."""

    def run_by(one: Executor) -> GraphQLResponse:
        return driven(one.executing(request, CALLER, SERVICES), lambda call: Answer(call.request))

    expected = AT_ONCE.execute_at_once(request, CALLER, SERVICES)
    assert AT_ONCE.execute(request, CALLER, SERVICES) == run_by(AT_ONCE) == expected
    assert run_by(PASS_BY_PASS) == expected
    assert run_by(ASKING) == expected
