"""Reading schemas: what AppSync takes, what it refuses and where, directives and links."""

from __future__ import annotations

import pytest
from graphql import StringValueNode, Undefined, parse, parse_value, print_type
from graphql.utilities import coerce_input_literal

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC
from livebus.errors import InvalidSchema, Place
from livebus.schema import AuthDirective, parse_schema, types_of

SAMPLE = """
type Query {
  ping: String
}

type Mutation {
  publishMsgFromEB(msg: String!): String! @aws_iam
}

type Subscription {
  onPublishMsgFromEb: String @aws_cognito_user_pools @aws_subscribe(mutations: ["publishMsgFromEB"])
}
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(InvalidSchema) as error:
        parse_schema(text, Place("schema.graphql"))
    return [str(fault) for fault in error.value.faults]


def test_the_sample_schema() -> None:
    """The schema of the sample gives its directives and its link both ways."""
    schema = parse_schema(SAMPLE)

    assert schema.auth_directives == {
        ("Mutation", "publishMsgFromEB"): (AuthDirective(AWS_IAM, None, "aws_iam"),),
        ("Subscription", "onPublishMsgFromEb"): (AuthDirective(COGNITO, None, "aws_cognito_user_pools"),),
    }
    assert schema.links == {"publishMsgFromEB": ("onPublishMsgFromEb",)}
    assert schema.subscription_mutations == {"onPublishMsgFromEb": ("publishMsgFromEB",)}


def test_all_scalars_are_there() -> None:
    """Scalars that the schema does not use are part of it all the same."""
    names = set(parse_schema(SAMPLE).graphql.type_map)

    assert names >= {"Int", "Float", "String", "Boolean", "ID", "AWSDate", "AWSTime", "AWSDateTime", "AWSTimestamp"}
    assert names >= {"AWSEmail", "AWSJSON", "AWSURL", "AWSPhone", "AWSIPAddress"}


def test_auth_directives() -> None:
    """Directives are kept for types and fields, several on one element in their order, with their groups."""
    schema = parse_schema(
        'type Query { a: A @aws_lambda @aws_auth(cognito_groups: ["x", "y"]) b: Int }'
        ' type A @aws_api_key @aws_cognito_user_pools(cognito_groups: "one") { n: Int @aws_oidc m: Int }'
        " type B { n: Int @aws_cognito_user_pools(cognito_groups: []) @deprecated }"
    )

    assert schema.auth_directives == {
        ("Query", "a"): (AuthDirective(LAMBDA, None, "aws_lambda"), AuthDirective(COGNITO, ("x", "y"), "aws_auth")),
        ("A", ""): (
            AuthDirective(API_KEY, None, "aws_api_key"),
            AuthDirective(COGNITO, ("one",), "aws_cognito_user_pools"),
        ),
        ("A", "n"): (AuthDirective(OIDC, None, "aws_oidc"),),
        ("B", "n"): (AuthDirective(COGNITO, (), "aws_cognito_user_pools"),),
    }


def test_links_of_several() -> None:
    """One mutation may feed several subscriptions, one subscription several mutations; @aws_publish links too."""
    schema = parse_schema(
        "schema { query: Q mutation: M subscription: S } type Q { a: Int }"
        ' type M { a: T! b: T c: T @aws_publish(subscriptions: ["onOld"]) d: [T!]! }'
        ' type S { onAny: T @aws_subscribe(mutations: ["a", "b"]) onA: T @aws_subscribe(mutations: "a")'
        ' onOld: T onD: [T] @aws_subscribe(mutations: ["d"]) onNothing: T @aws_subscribe(mutations: []) }'
        " type T { id: ID }"
    )

    assert schema.links == {"a": ("onAny", "onA"), "b": ("onAny",), "c": ("onOld",), "d": ("onD",)}
    assert schema.subscription_mutations == {
        "onAny": ("a", "b"),
        "onA": ("a",),
        "onOld": ("c",),
        "onD": ("d",),
    }


def test_descriptions_and_comments() -> None:
    """Descriptions, comments and deprecations are no faults, nor are the directives of merged APIs."""
    schema = parse_schema(
        '"""What is asked."""\ntype Query @canonical {\n  # null\n  "A"\n  a: Int @deprecated(reason: "old") @hidden\n'
        '  b: Int @renamed(to: "c")\n}\nenum E {\n  A\n  # null\n  B @deprecated\n}\n'
    )

    assert schema.graphql.query_type is not None
    assert schema.graphql.query_type.description == "What is asked."


def test_a_directive_of_ones_own_can_be_declared() -> None:
    """A directive that the schema declares itself may be used in it."""
    schema = parse_schema("directive @mine(a: Int) on FIELD_DEFINITION type Query { a: Int @mine(a: 1) }")

    assert print_type(schema.graphql.type_map["Query"]) == "type Query {\n  a: Int\n}"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "type Query {\n  ping: String\n",
            [
                (
                    "schema.graphql:3:1: Syntax Error: Expected Name, found <EOF>, in type 'Query'; "
                    "expected a schema in GraphQL's definition language"
                )
            ],
        ),
        ("", ["schema.graphql: the schema is empty; expected at least a type Query with a field"]),
        (
            "# nothing",
            ["schema.graphql:1:10: Syntax Error: Unexpected <EOF>; expected a schema in GraphQL's definition language"],
        ),
        (
            "type Mutation { a: Int }",
            [
                (
                    "schema.graphql: There is no top level schema object defined: the schema has no type Query. "
                    "Add a type Query with at least one field; AppSync wants it even where nothing is queried."
                )
            ],
        ),
        (
            "type Query {\n  a: Strng\n  b: [Ordr!]\n}\ntype Order { id: ID }",
            [
                "schema.graphql:2:6: Unknown type 'Strng', in type 'Query'. Did you mean 'String'?",
                "schema.graphql:3:7: Unknown type 'Ordr', in type 'Query'. Did you mean 'Order'?",
            ],
        ),
        (
            "type Query {\n  a: Int @aws_ima\n  b: Int @auth(rules: [])\n  c: Int @oneOf\n}",
            [
                "schema.graphql:2:10: AppSync does not know the directive '@aws_ima', in type 'Query'. Did you mean '@aws_iam'?",
                "schema.graphql:3:10: AppSync does not know the directive '@auth', in type 'Query'. Did you mean '@aws_auth'?",
                "schema.graphql:4:10: AppSync does not know the directive '@oneOf', in type 'Query'",
            ],
        ),
        (
            "scalar Date\nscalar AWSJSON\ntype AWSThing { a: Int }\ndirective @aws_iam on OBJECT\ntype Query { a: Int }",
            [
                (
                    "schema.graphql:1:8: AppSync has no scalars of one's own, such as 'Date'; expected one of Int, Float, "
                    "String, Boolean, ID, AWSDate, AWSTime, AWSDateTime, AWSTimestamp, AWSEmail, AWSJSON, AWSURL, AWSPhone, "
                    "AWSIPAddress. Did you mean 'AWSDate'?"
                ),
                "schema.graphql:2:8: AppSync brings the scalar 'AWSJSON' itself. Leave the line out.",
                "schema.graphql:3:6: AppSync keeps type names that begin with 'AWS', such as 'AWSThing', to itself",
                "schema.graphql:4:12: AppSync brings the directive '@aws_iam' itself. Leave the line out.",
            ],
        ),
        (
            "type Query { a: Int }\ninput Order {\n  id ID\n}",
            [
                (
                    "schema.graphql:3:6: Syntax Error: Expected ':', found Name 'ID', in type 'Order'; "
                    "expected a schema in GraphQL's definition language"
                )
            ],
        ),
        (
            "type Query { a: Int }\n}",
            [("schema.graphql:2:1: Syntax Error: Unexpected '}'; expected a schema in GraphQL's definition language")],
        ),
        (
            "type Query { a: Int }\nextend type Query { b: Int }",
            ["schema.graphql:2:1: AppSync does not know 'extend'. Write the type out in one place."],
        ),
        (
            "type Query { a: Int }\ntype Query { b: Int }\ntype A { n: Int n: Int }",
            [
                "schema.graphql:2:6: There can be only one type named 'Query'",
                "schema.graphql:3:17: Field 'A.n' can only be defined once",
            ],
        ),
        (
            "interface I @aws_iam { a: Int }\ntype Query { a: Int @aws_iam(x: 1) @aws_auth(groups: []) }",
            [
                "schema.graphql:1:13: Directive '@aws_iam' may not be used on interface, in type 'I'",
                "schema.graphql:2:30: Unknown argument 'x' on directive '@aws_iam', in type 'Query'",
                "schema.graphql:2:46: Unknown argument 'groups' on directive '@aws_auth', in type 'Query'",
            ],
        ),
        (
            "type Query { a(i: A): Int b: I }\ninput I { n: Int }\ntype A { n: Int }",
            [
                "schema.graphql:1:19: The type of Query.a(i:) must be Input Type but got: A",
                "schema.graphql:1:30: The type of Query.b must be Output Type but got: I",
            ],
        ),
    ],
)
def test_what_appsync_refuses(text: str, faults: list[str]) -> None:
    """Everything that is wrong is told, each at its line and column, in the order of the file."""
    assert faults_of(text) == faults


def test_links_that_lead_nowhere() -> None:
    """A link to an unknown field, or between different types, is a fault at the name in the list."""
    text = (
        "type Query { a: Int }\ntype Mutation { publish: T place: [T!]! }\ntype T { id: ID }\n"
        'type Subscription {\n  onA: T @aws_subscribe(mutations: ["publsh"])\n'
        '  onB: String @aws_subscribe(mutations: ["publish"])\n  onC: T @aws_subscribe(mutations: ["place"])\n}'
    )

    assert faults_of(text) == [
        (
            "schema.graphql:5:37: there is no mutation 'publsh' in this schema; expected the name of a field of the "
            "mutation type. Did you mean 'publish'?"
        ),
        (
            "schema.graphql:6:42: the subscription 'onB' is of type 'String', and its mutation 'publish' returns 'T'; "
            "expected one type on both. Make the subscription's type 'T'."
        ),
        (
            "schema.graphql:7:37: the subscription 'onC' is of type 'T', and its mutation 'place' returns '[T!]!'; "
            "expected one type on both. Make the subscription's type '[T!]'."
        ),
    ]


def test_an_unknown_subscription() -> None:
    """@aws_publish must name a subscription that there is."""
    text = 'type Query { a: Int } type Mutation { m: Int @aws_publish(subscriptions: ["onM"]) }'

    assert faults_of(text) == [
        (
            "schema.graphql:1:75: there is no subscription 'onM' in this schema; expected the name of a field of the "
            "subscription type"
        )
    ]


def test_a_subscription_may_promise_more_or_less_than_its_mutation() -> None:
    """Only the ``!`` differs: that is one type on both."""
    schema = parse_schema(
        "type Query { a: Int } type Mutation { a: [Int!] b: [Int]! }"
        ' type Subscription { onA: [Int]! @aws_subscribe(mutations: ["a"]) onB: [Int!] @aws_subscribe(mutations: ["b"]) }'
    )

    assert schema.links == {"a": ("onA",), "b": ("onB",)}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("union U = A | B | A | A\n", "1:19: the union 'U': the type 'A'"),
        (
            "interface J implements I &\n  I { a: Int }\ninterface I { a: Int }\n",
            "2:3: the type 'J': the interface 'I'",
        ),
        ("type C implements I & I { a: Int }\ninterface I { a: Int }\n", "1:23: the type 'C': the interface 'I'"),
    ],
)
def test_a_name_that_is_twice_in_a_list(text: str, fault: str) -> None:
    """It is told once, at its second place."""
    rest = "type Query { a: Int } type A { a: Int } type B { a: Int }"

    assert faults_of(text + rest) == [f"schema.graphql:{fault} is there twice. Remove one of the two."]


def test_how_many_input_types_are_looked_at() -> None:
    """2,000 are taken; one more is told, with what is taken."""
    inputs = [f"input I{number} {{ a: Int }}" for number in range(2001)]
    text = "type Query { a: Int }\n"

    parse_schema(text + "\n".join(inputs[:2000]))
    assert faults_of(text + "\n".join(inputs)) == [
        "schema.graphql: looking for circles among 2,001 input types is not emulated; expected 2,000 input types at most"
    ]


def test_how_many_interfaces_are_compared() -> None:
    """Each interface of a type counts with its fields, their arguments and its own interfaces: 100,000 steps in all."""
    wide = "interface I { " + " ".join(f"f{number}: Int" for number in range(1000)) + " }\n"
    many = wide + "\n".join(f"type T{number} implements I {{ a: Int }}" for number in range(101))

    assert faults_of("type Query { a: Int }\n" + many)[0] == (
        "schema.graphql: comparing the schema's types with their interfaces takes 101,000 steps, which is not emulated; "
        "expected 100,000 steps at most. Implement fewer interfaces."
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("type Query {", "1:13: Syntax Error: Expected Name, found <EOF>, in type 'Query'"),
        ("\ntype Query {\n a: Int\n", "4:1: Syntax Error: Expected Name, found <EOF>, in type 'Query'"),
        ("type Query { a: Int }\n\tenum E {\n A", "3:3: Syntax Error: Expected Name, found <EOF>, in type 'E'"),
        ("type Query { a: Int } type", "1:27: Syntax Error: Expected Name, found <EOF>"),
    ],
)
def test_a_text_that_breaks_off_names_the_type_that_is_open(text: str, where: str) -> None:
    """Wherever its line begins."""
    assert faults_of(text) == [f"schema.graphql:{where}; expected a schema in GraphQL's definition language"]


_TEXTS = {
    "AWSDate": ("2024-02-29", "2024-02-29"),
    "AWSTime": ("12:30:00Z", "12:30:00Z"),
    "AWSDateTime": ("2024-02-29T12:30:00Z", "2024-02-29T12:30:00Z"),
    "AWSEmail": ("ada@example.com", "ada@example.com"),
    "AWSJSON": ('{"a": [1]}', {"a": [1]}),
    "AWSURL": ("https://example.com/", "https://example.com/"),
    "AWSPhone": ("+41 44 668 18 00", "+41 44 668 18 00"),
    "AWSIPAddress": ("10.0.0.1", "10.0.0.1"),
}


@pytest.mark.parametrize("name", [*_TEXTS, "AWSTimestamp"])
def test_literals_of_aws_scalars(name: str) -> None:
    """A text in quotes is what a scalar is written as, a whole number what AWSTimestamp is; no other literal is either."""
    scalar = parse_schema(SAMPLE).graphql.type_map[name]
    text, value = _TEXTS.get(name, ("1709209800", 1709209800))
    literals = [
        StringValueNode(value=text),
        *map(parse_value, ("1709209800", "1.0", "1e3", "true", "{a: 1}", "[1]", "A")),
    ]
    taken = [coerce_input_literal(literal, scalar) for literal in literals]

    assert taken[:2] == ([Undefined, value] if name == "AWSTimestamp" else [value, Undefined])
    assert taken[2:] == [Undefined] * 6


def test_what_stands_of_a_schema_that_is_refused() -> None:
    """Types and fields, with the scalars that all schemas have; links and directives may be what is wrong, and are left out."""
    text = (
        'type Query { a: Int @aws_ima } type Mutation { m(at: AWSDate): Int @aws_publish(subscriptions: "on") }'
        " type Subscription { on: Int @aws_iam }"
    )
    with pytest.raises(InvalidSchema) as error:
        parse_schema(text)
    schema = types_of(error.value.document)

    assert schema is not None
    assert print_type(schema.graphql.type_map["Mutation"]) == "type Mutation {\n  m(at: AWSDate): Int\n}"
    assert coerce_input_literal(parse_value('"yesterday"'), schema.graphql.type_map["AWSDate"]) is Undefined
    assert "ID" in schema.graphql.type_map
    assert (schema.auth_directives, schema.links, schema.subscription_mutations) == ({}, {}, {})


@pytest.mark.parametrize(
    "text",
    [
        "type Query { a: Int }",
        "type Query { a: Int } type Mutation { m: Missing }",
        "type Query { a: Int } type Mutation { m: In } input In { a: Int }",
        "type Query { a: Int } type Mutation { m: U } union U = Query | Query",
    ],
    ids=["no mutation", "a missing type", "an input type that is returned", "twice in a union"],
)
def test_nothing_stands_of_others(text: str) -> None:
    """Without mutations there is nothing to go on for, and types that are wrong themselves are none to go on with."""
    assert types_of(parse(text)) is None


def test_places_inside_a_template() -> None:
    """A schema that begins on a line of its own inside another file has its faults at that file's lines."""
    with pytest.raises(InvalidSchema) as error:
        parse_schema("type Query {\n  a: Nothing\n}", Place("template.yaml", 40, 9, "Resources/Schema/Definition"))

    assert [str(fault.place) for fault in error.value.faults] == ["template.yaml:41:6 (Resources/Schema/Definition)"]


def test_a_schema_of_more_than_a_megabyte() -> None:
    """A schema beyond AppSync's quota is refused."""
    assert faults_of("#" * 1_048_576 + "\ntype Query { a: Int }") == [
        "schema.graphql: the schema is larger than 1 MB; expected at most 1048576 bytes"
    ]


def test_a_schema_that_is_nested_too_deeply() -> None:
    """A type of a thousand brackets is a fault and no failure."""
    assert len(faults_of("type Query { a: " + "[" * 5_000 + "Int" + "]" * 5_000 + " }")) == 1


def test_a_link_that_is_named_twice_is_one() -> None:
    """By either directive, as often as it stands there; the order is that of the text."""
    schema = parse_schema(
        "schema { query: Q mutation: M subscription: S } type Q { a: Int }"
        ' type M { a: Int @aws_publish(subscriptions: ["on", "late"]) b: Int }'
        ' type S { late: Int on: Int @aws_subscribe(mutations: ["b", "a", "b", "a"]) }'
    )
    assert schema.links == {"b": ("on",), "a": ("on", "late")}
    assert schema.subscription_mutations == {"late": ("a",), "on": ("b", "a")}
