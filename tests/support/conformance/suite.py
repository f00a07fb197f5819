"""
All cases, and all answers of one API to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from support.conformance import cases, subscriptions
from support.conformance.api import Answered, Api
from support.conformance.cases import Case, Variant
from support.conformance.report import Row, row, row_of_subscription
from support.conformance.sockets import Heard, heard
from support.conformance.subscriptions import SubscriptionCase


@dataclass(frozen=True)
class Answers:
    """By the ids of variants and of subscription cases."""

    answered: dict[str, Answered]
    heard: dict[str, Heard]


@dataclass(frozen=True)
class Suite:
    cases: tuple[Case, ...]
    subscriptions: tuple[SubscriptionCase, ...]

    @classmethod
    def read(cls) -> Self:
        return cls(tuple(cases.read()), tuple(subscriptions.read()))

    @property
    def variants(self) -> list[Variant]:
        return [variant for case in self.cases for variant in case.variants]

    @property
    def pages(self) -> dict[str, str]:
        """The AWS page that each family follows."""
        found = {case.family: case.page for case in self.cases}
        found.update((subscriptions.FAMILY, case.page) for case in self.subscriptions)
        return found

    def ask(self, api: Api, *, grace: float = 0.0) -> Answers:
        """Everything, one after another."""
        return Answers(
            {variant.id: api.answer(variant) for variant in self.variants},
            {case.id: heard(api, case, grace=grace) for case in self.subscriptions},
        )

    def rows(self, here: Answers, aws: Answers | None = None) -> list[Row]:
        return [
            *(
                row(here.answered[variant.id], None if aws is None else aws.answered[variant.id])
                for variant in self.variants
            ),
            *(
                row_of_subscription(case, here.heard[case.id], None if aws is None else aws.heard[case.id])
                for case in self.subscriptions
            ),
        ]
