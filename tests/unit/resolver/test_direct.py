"""What the function of a direct Lambda resolver gets."""

from __future__ import annotations

from livebus.resolver.direct import direct_payload

INFO = {
    "fieldName": "order",
    "parentTypeName": "Query",
    "variables": {"id": "1"},
    "selectionSetList": ["id"],
    "selectionSetGraphQL": "{\n  id\n}",
}


def test_the_members_of_the_context_that_appsync_sends() -> None:
    """And none besides: neither a result nor what is our own."""
    context = {
        "arguments": {"id": "1"},
        "identity": {"sub": "a"},
        "source": {"id": "parent"},
        "request": {"headers": {"host": "h"}, "domainName": None, "own": 1},
        "info": {**INFO, "own": 1},
        "stash": {"kept": True},
        "result": "not sent",
    }

    assert direct_payload(context, {"result": "before"}) == {
        "arguments": {"id": "1"},
        "identity": {"sub": "a"},
        "source": {"id": "parent"},
        "request": {"headers": {"host": "h"}, "domainName": None},
        "prev": {"result": "before"},
        "info": INFO,
        "stash": {"kept": True},
    }


def test_what_is_not_there_is_null_or_empty() -> None:
    """A root field has no source, an API key no identity: the members are there all the same."""
    assert direct_payload({}, None) == {
        "arguments": {},
        "identity": None,
        "source": None,
        "request": {"headers": None, "domainName": None},
        "prev": None,
        "info": dict.fromkeys(INFO),
        "stash": {},
    }
