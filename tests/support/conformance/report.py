"""
What the cases came to: here, and on AWS where they ran there; where the two differ, and a table for the documentation.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.conformance.api import Answered
from support.conformance.cases import BASES
from support.conformance.expected import MAX_SHOWN
from support.conformance.sockets import Heard
from support.conformance.subscriptions import SubscriptionCase


@dataclass(frozen=True)
class Row:
    """
    One case in one language. ``here`` and ``aws`` are the differences from what is expected (empty: it agrees; None: it
    did not run); ``basis`` is where the expected values are from; ``is_named`` says that the runtime refuses it by name, and did so.
    """

    id: str
    here: tuple[str, ...]
    is_named: bool
    basis: str = BASES[0]
    aws: tuple[str, ...] | None = None
    is_same: bool = True

    @property
    def family(self) -> str:
        return self.id.partition("/")[0]


def row(here: Answered, aws: Answered | None = None) -> Row:
    is_named = here.variant.here is not None and not here.differs(here=True)
    own, basis = tuple(here.differs()), here.variant.case.basis
    if aws is None:
        return Row(here.variant.id, own, is_named, basis)
    other = tuple(aws.differs())
    # Where both are as expected what is left is chance and time; else their answers have to be the same.
    is_same = (not own and not other) or here.plain() == aws.plain()
    if not is_same:
        shown = [f"here {_brief(here.plain())}", f"AWS {_brief(aws.plain())}"]
        other = (*other, *shown)
    return Row(here.variant.id, own, is_named, basis, other, is_same)


def row_of_subscription(case: SubscriptionCase, here: Heard, aws: Heard | None = None) -> Row:
    own = tuple(here.differs(case))
    if aws is None:
        return Row(case.id, own, is_named=False)
    other = tuple(aws.differs(case))
    is_same = not own and not other if not own or not other else here == aws
    return Row(case.id, own, is_named=False, aws=other, is_same=is_same)


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def differences(rows: Sequence[Row]) -> list[str]:
    """Lines about the rows in which the runtime here and AWS differ, and in which they agree and the case is wrong."""
    lines: list[str] = []
    for each in rows:
        if each.aws is None:
            continue
        if not each.is_same:
            lines.append(f"DIFFERS {each.id}")
            lines.extend(f"    {text}" for text in each.aws)
            lines.extend(f"    the runtime here, from what is expected: {text}" for text in each.here)
        elif each.aws:
            lines.append(f"AGREES, not as expected: {each.id}")
            lines.extend(f"    {text}" for text in each.aws)
    return lines


def table(rows: Sequence[Row], pages: Mapping[str, str]) -> str:
    """
    Markdown: for each file of cases how many there are and agree; with AWS's columns where it was asked.

    ``pages`` is the address of each family's page.
    """
    is_on_aws = any(each.aws is not None for each in rows)
    families = sorted({each.family for each in rows})
    head = ["cases of", "expected values", "how many", "as expected", "refused by name"]
    if is_on_aws:
        head += ["as expected on AWS", "same here as on AWS"]
    lines = [_line(head), _line(["---"] * len(head))]
    counted = [[each for each in rows if each.family == family] for family in families]
    for family, own in zip(families, counted, strict=True):
        name = f"[{family.replace('_', ' ')}]({pages[family]})"
        lines.append(_line([name, _bases(own), *_counts(own, is_on_aws=is_on_aws)]))
    lines.append(_line(["all", _bases(rows), *_counts(rows, is_on_aws=is_on_aws)]))
    return "\n".join(lines)


def _counts(rows: Sequence[Row], *, is_on_aws: bool) -> list[str]:
    counts = [len(rows), sum(not each.here for each in rows), sum(each.is_named for each in rows)]
    if is_on_aws:
        counts += [sum(each.aws == () for each in rows), sum(each.is_same for each in rows)]
    return [str(count) for count in counts]


def _bases(rows: Sequence[Row]) -> str:
    """Where expected values are from, and of how many cases."""
    counts = Counter(each.basis for each in rows)
    return ", ".join(f"{counts[basis]} {basis}" for basis in BASES if counts[basis])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
