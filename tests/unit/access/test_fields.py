"""Which fields a caller may use, by directives, default mode, groups and policy."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.access.fields import FieldAccess
from livebus.caller import API_KEY as API_KEY_MODE
from livebus.caller import AWS_IAM, COGNITO, Caller
from livebus.schema import AuthDirective, parse_schema
from livebus.template.application import AuthProvider, GraphQLApi

POOL = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id="p", default_action="ALLOW")
DENYING_POOL = AuthProvider("AMAZON_COGNITO_USER_POOLS", user_pool_id="p", default_action="DENY")
IAM = AuthProvider("AWS_IAM")
API_KEY = AuthProvider("API_KEY")

USER = Caller(COGNITO)
STAFF = Caller(COGNITO, groups=frozenset({"staff", "x"}))
RULE = Caller(AWS_IAM)
KEY = Caller(API_KEY_MODE)

USERS = AuthDirective("AMAZON_COGNITO_USER_POOLS", None, "aws_cognito_user_pools")
STAFF_ONLY = AuthDirective("AMAZON_COGNITO_USER_POOLS", ("staff",), "aws_cognito_user_pools")
BY_IAM = AuthDirective("AWS_IAM", None, "aws_iam")
AWS_AUTH = AuthDirective("AMAZON_COGNITO_USER_POOLS", ("staff",), "aws_auth")

Directives = dict[tuple[str, str], tuple[AuthDirective, ...]]


def access(directives: Directives, *providers: AuthProvider) -> FieldAccess:
    """The access to an API with these directives and ways in."""
    default, *additional = providers or (POOL, IAM, API_KEY)
    return FieldAccess(directives, GraphQLApi("Api", "a", "id", "", "", "", "", default, tuple(additional)))


def who(fields: FieldAccess, type_name: str, field_name: str) -> str:
    """Initials of those who may: a User, Staff, the Rule (IAM), a Key."""
    callers = {"u": USER, "s": STAFF, "r": RULE, "k": KEY}
    return "".join(letter for letter, caller in callers.items() if fields.allows(caller, type_name, field_name))


@pytest.mark.parametrize(
    ("directives", "expected"),
    [
        ({}, "us"),
        ({("Mutation", "f"): (BY_IAM,)}, "r"),
        ({("Mutation", "f"): (BY_IAM, USERS)}, "usr"),
        ({("Mutation", "f"): (STAFF_ONLY,)}, "s"),
        ({("Mutation", "f"): (STAFF_ONLY, BY_IAM)}, "sr"),
        ({("Mutation", "f"): (STAFF_ONLY, USERS)}, "us"),
        ({("Mutation", "f"): (USERS, STAFF_ONLY)}, "us"),
        ({("Mutation", ""): (BY_IAM,)}, "r"),
        ({("Mutation", ""): (BY_IAM,), ("Mutation", "f"): (USERS,)}, "us"),
        ({("Mutation", ""): (BY_IAM,), ("Mutation", "g"): (USERS,)}, "r"),
        ({("Other", ""): (BY_IAM,), ("Other", "f"): (BY_IAM,)}, "us"),
        ({("Mutation", "f"): (AuthDirective(COGNITO, ("a", "x"), ""), STAFF_ONLY)}, "s"),
        ({("Mutation", "f"): (AuthDirective(COGNITO, (), ""),)}, ""),
    ],
)
def test_directives_decide_and_fields_go_before_types(directives: Directives, expected: str) -> None:
    """No directive means the default mode; a field's directives replace its type's; several mean any of them."""
    assert expected == who(access(directives), "Mutation", "f")


def test_adding_a_mode_takes_the_default_away() -> None:
    """A type with @aws_iam alone is closed to the default mode: each mode has to be named."""
    fields = access({("Order", ""): (BY_IAM,), ("Both", ""): (BY_IAM, USERS)})

    assert (who(fields, "Order", "id"), who(fields, "Both", "id")) == ("r", "usr")


@pytest.mark.parametrize(
    ("directives", "providers", "expected"),
    [
        ({}, (DENYING_POOL,), ""),
        ({("Mutation", "f"): (USERS,)}, (DENYING_POOL,), "us"),
        ({("Mutation", "f"): (AWS_AUTH,)}, (DENYING_POOL,), "s"),
        ({("Mutation", ""): (STAFF_ONLY,)}, (DENYING_POOL, IAM), "s"),
        ({("Mutation", "f"): (AWS_AUTH,)}, (POOL,), "s"),
        ({("Mutation", "f"): (AWS_AUTH,)}, (POOL, IAM), "us"),
        ({("Mutation", "f"): (AWS_AUTH,), ("Mutation", ""): (BY_IAM,)}, (POOL, IAM), "r"),
        ({("Mutation", "f"): (AWS_AUTH, BY_IAM)}, (POOL, IAM), "r"),
        ({("Mutation", "f"): (AWS_AUTH,)}, (IAM, POOL), "r"),
        ({}, (IAM, DENYING_POOL), "r"),
        ({}, (API_KEY, POOL), "k"),
    ],
)
def test_default_action_and_aws_auth(
    directives: Directives, providers: tuple[AuthProvider, ...], expected: str
) -> None:
    """DENY closes what has no directive; @aws_auth counts only where Cognito is the one and only mode."""
    assert expected == who(access(directives, *providers), "Mutation", "f")


def test_an_iam_caller_is_narrowed_on_the_root_types() -> None:
    """A policy for one mutation opens that one, and what it returns; directives still decide."""
    fields = access({("Mutation", "f"): (BY_IAM,), ("Mutation", "g"): (BY_IAM,), ("Order", ""): (BY_IAM,)})
    narrowed = Caller(AWS_IAM, allowed_fields=frozenset({"Mutation.f", "Mutation.h"}))

    assert [
        fields.allows(narrowed, type_name, field_name)
        for type_name, field_name in (("Mutation", "f"), ("Mutation", "g"), ("Mutation", "h"), ("Order", "id"))
    ] == [True, False, False, True]
    nothing = Caller(AWS_IAM, allowed_fields=frozenset())
    assert not fields.allows(nothing, "Mutation", "f")


@pytest.mark.parametrize(
    ("type_name", "field_name"),
    [("Query", "__schema"), ("Query", "__type"), ("Order", "__typename"), ("__Schema", "types"), ("__Type", "name")],
)
def test_introspection_is_open_to_everyone_let_in(type_name: str, field_name: str) -> None:
    """Introspection needs no directive, whatever the default."""
    fields = access({("Query", ""): (BY_IAM,), ("Order", ""): (BY_IAM,)}, DENYING_POOL, IAM, API_KEY)

    assert who(fields, type_name, field_name) == "usrk"


def test_the_directives_of_a_parsed_schema_fit() -> None:
    """The schema's own directives, as read from SDL, are what FieldAccess takes."""
    schema: Any = parse_schema(
        """
        type Query { a: String }
        type Mutation { publishMsgFromEB(msg: String!): String! @aws_iam }
        type Subscription {
          onPublishMsgFromEb: String @aws_cognito_user_pools @aws_subscribe(mutations: ["publishMsgFromEB"])
          staff: String @aws_cognito_user_pools(cognito_groups: ["staff"]) @aws_subscribe(mutations: ["publishMsgFromEB"])
        }
        """
    )
    fields = access(dict(schema.auth_directives))

    assert [
        who(fields, *name)
        for name in (
            ("Mutation", "publishMsgFromEB"),
            ("Subscription", "onPublishMsgFromEb"),
            ("Subscription", "staff"),
            ("Query", "a"),
        )
    ] == ["r", "us", "s", "us"]
