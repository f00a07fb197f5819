"""
How a publication ended: what there is to tell, and the exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from livebus.errors import InvalidEvent
from livebus.publish.answer import THROTTLED
from livebus.publish.request import Item
from livebus.terminal import output as terminal

if TYPE_CHECKING:
    from livebus.aws.publish.publishing import Summary
    from livebus.publish.arrivals import ArrivalTally

SOME_FAILED = 3
GIVEN_UP = 4
NOT_DELIVERED = 5


class Ending(NamedTuple):
    """
    What there is to tell at the end. ``known`` are all events, where there are few; ``left`` says what is left where,
    ``arrived`` counts what arrived, with --wait.
    """

    summary: Summary
    known: Sequence[Item] | None
    where: str
    left: Sequence[str]
    arrived: ArrivalTally | None


def exit_code(summary: Summary) -> int:
    """The exit code, as far as accepting goes."""
    tally = summary.tally
    if isinstance(summary.error, InvalidEvent) and not (tally.accepted or tally.failed or summary.left):
        return terminal.USAGE
    if summary.error is not None or summary.hopeless is not None:
        return terminal.FAILED
    if summary.interrupted:
        return terminal.INTERRUPTED
    if summary.out_of_time or (tally.failed and THROTTLED.issuperset(tally.rejected)):
        return GIVEN_UP
    return SOME_FAILED if tally.failed or tally.unreadable else terminal.DONE
