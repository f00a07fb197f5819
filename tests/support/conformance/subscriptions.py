"""
Cases of subscriptions: what a response handler says with ``extensions``, and which of the messages said then arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.conformance.expected import Loader

FILE = Path(__file__).parents[2] / "conformance" / "subscriptions.yaml"
FAMILY = "subscriptions"


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
    document = yaml.load(file.read_text(encoding="utf-8"), Loader)
    return [
        SubscriptionCase(
            given["name"],
            document["page"],
            tuple(given["of"]),
            language,
            given[language]["subscribe"],
            given[language].get("invalidate"),
            given.get("given", {}),
            tuple(given.get("says", ())),
            tuple(given["arrives"]),
            given.get("ends", False),
        )
        for given in document["cases"]
        for language in ("js", "vtl")
        if language in given
    ]
