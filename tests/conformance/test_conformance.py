"""Each case of the suite against the local runtime, over HTTP and WebSocket."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.conformance import cases, report, subscriptions
from support.conformance.api import Api
from support.conformance.cases import Variant
from support.conformance.sockets import heard
from support.conformance.subscriptions import SubscriptionCase
from support.conformance.suite import Answers, Suite

VARIANTS = [variant for case in cases.read() for variant in case.variants]
SUBSCRIPTIONS = subscriptions.read()
BEGIN, END = "<!-- conformance table: begin -->\n", "<!-- conformance table: end -->\n"


@pytest.fixture(scope="module")
def so_far() -> Answers:
    """What was answered and heard so far, for the table; a test that runs alone asks for what it lacks."""
    return Answers({}, {})


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_case(here: Api, so_far: Answers, variant: Variant) -> None:
    """What AWS's page says comes of it; or, where the case says that it is not emulated, what it says of the runtime."""
    found = so_far.answered[variant.id] = here.answer(variant)
    assert found.differs(here=True) == []
    # A case that says "not emulated" while the runtime does it has to say so no longer.
    assert variant.here is None or found.differs() != []


@pytest.mark.parametrize("case", SUBSCRIPTIONS, ids=lambda case: case.id)
def test_subscription(here: Api, so_far: Answers, case: SubscriptionCase) -> None:
    """The messages that the page says arrive do, others do not; what is invalidated ends."""
    found = so_far.heard[case.id] = heard(here, case)
    assert found.differs(case) == []


def test_the_documentation_has_the_table_of_this_run(
    request: pytest.FixtureRequest,
    here: Api,
    suite: Suite,
    so_far: Answers,
    project: Path,
) -> None:
    """docs/conformance.md says how many cases there are and how many agree; ``--write-table`` writes it from the run."""
    answered, known = so_far.answered, so_far.heard
    missing = {each.id: here.answer(each) for each in suite.variants if each.id not in answered}
    unheard = {each.id: heard(here, each) for each in suite.subscriptions if each.id not in known}
    rows = suite.rows(Answers({**answered, **missing}, {**known, **unheard}))
    made = report.table(rows, suite.pages)
    file = project / "docs" / "conformance.md"
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    written, _, after = rest.partition(END)
    if request.config.getoption("--write-table", default=False):
        file.write_text(f"{before}{BEGIN}{made}\n{END}{after}", encoding="utf-8")
    else:
        assert written.strip() == made, "pytest tests/conformance --write-table writes it"
