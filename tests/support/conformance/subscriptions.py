"""
Cases of subscriptions: what a response handler says with ``extensions``, and which of the messages said then arrive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.conformance.documents import Given, InvalidCase, demand, objects, read_document, texts

FILE = Path(__file__).parents[2] / "conformance" / "subscriptions.yaml"
FAMILY = "subscriptions"
_KINDS = {
    "name": (str,),
    "of": (list,),
    "js": (dict,),
    "vtl": (dict,),
    "given": (dict,),
    "says": (list,),
    "arrives": (list,),
    "ends": (bool,),
}


@dataclass(frozen=True)
class SubscriptionCase:
    """
    ``subscribe`` is the response handler of the subscription, ``invalidate`` that of a mutation that is called after the
    first messages; ``says`` are the messages (arguments of ``say``), ``arrives`` the ids of those that come.
    """

    name: str
    page: str
    of: tuple[str, ...]
    language: str
    subscribe: str
    invalidate: str | None
    given: Mapping[str, Any]
    says: tuple[Mapping[str, Any], ...]
    arrives: tuple[str, ...]
    ends: bool

    @property
    def id(self) -> str:
        return f"{FAMILY}/{self.name}/{self.language}"

    @property
    def field(self) -> str:
        return f"on_{self.name}_{self.language}"

    @property
    def mutation(self) -> str | None:
        return None if self.invalidate is None else f"end_{self.name}_{self.language}"

    @property
    def resolvers(self) -> list[tuple[str, str, str]]:
        """Type, field and response handler of each resolver that the case needs."""
        own = [("Subscription", self.field, self.subscribe)]
        return own if self.mutation is None else [*own, ("Mutation", self.mutation, self.invalidate or "")]


def read(file: Path = FILE) -> list[SubscriptionCase]:
    """Raises ValueError naming file, line and case for what a case may not have, or lacks."""
    document = read_document(file, _KINDS)
    return [case for each in document.cases for case in _cases(each, document.page)]


def _cases(each: Given, page: str) -> Iterator[SubscriptionCase]:
    given, where = each.members, each.where
    if lacking := [name for name in ("name", "of", "arrives") if name not in given]:
        raise InvalidCase(f"{where} has no `{lacking[0]}`")
    languages = [language for language in ("js", "vtl") if language in given]
    if not languages:
        raise InvalidCase(f"{where} has neither js nor vtl")
    for language in languages:
        code = given[language]
        demand(code, {"subscribe": (str,), "invalidate": (str,)}, f"{where}, {language}")
        if "subscribe" not in code:
            raise InvalidCase(f"{where}, {language} has no `subscribe`")
        yield SubscriptionCase(
            given["name"],
            page,
            texts(given["of"], "of", where),
            language,
            code["subscribe"],
            code.get("invalidate"),
            given.get("given", {}),
            objects(given.get("says", ()), "says", where),
            texts(given["arrives"], "arrives", where),
            given.get("ends", False),
        )
