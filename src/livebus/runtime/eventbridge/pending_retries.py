"""
Events that wait for another attempt: each a row of the journal, so that no crash loses it, and a timer for the next one.

EventBridge tries again for up to 24 hours; here that may go through many starts of the runtime.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from time import monotonic

from livebus.runtime.eventbridge.lineage import NO_LINEAGE, Lineage
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault, PendingRetry

# Retries beyond this many go to the dead-letter queue at once: the journal is a buffer, and buffers end.
MAX_PENDING_RETRIES = 100_000
_RETRIES_PER_TURN = 20
_LONG_TURN_SECONDS = 1.0


class Retries:
    """``run`` makes the attempt of a row of the journal; ``has_room`` says whether another one may be begun now."""

    def __init__(
        self,
        journal: DeliveryJournal,
        clock: Callable[[], float],
        run: Callable[[int], None],
        has_room: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._run = run
        self._has_room = has_room
        self._waiting: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        # The rows of those that wait for somebody else to be done, and for no time.
        self._untimed: set[int] = set()
        # Of events that wait, by their row; a restart forgets them, and a loop begins anew with it.
        self._lineages: dict[int, Lineage] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._untimed)

    def resume(self) -> int:
        """Take up the retries that an earlier runtime left in the journal; how many there are."""
        self._waiting = self._journal.due_times()
        heapq.heapify(self._waiting)
        self.set_timer()
        return len(self._waiting)

    def hurry(self, row: int) -> bool:
        """
        Try again now what waits in a row of the journal; False where nothing does.

        What waits for no time is tried as soon as it can be anyway.
        """
        if row in self._untimed:
            return True
        if not any(waiting == row for _, waiting in self._waiting):
            return False
        # In place of the time that it waited for: it is not to be tried once more then.
        self._waiting = [(0.0 if waiting == row else due, waiting) for due, waiting in self._waiting]
        heapq.heapify(self._waiting)
        self.set_timer()
        return True

    def wait(self, retry: PendingRetry, lineage: Lineage, *, is_timed: bool = True) -> int:
        """
        Write down that an event waits: its row. 0 where there is no room for it; the dead-letter queue is next then.

        One that is not timed waits until it is released.
        """
        row = retry.row
        try:
            if row:
                self._journal.postpone_retry(row, retry.attempts, retry.due)
            elif len(self) < MAX_PENDING_RETRIES:
                row = self._journal.add_retry(retry)
            else:
                return 0
        except JournalFault:
            return 0
        if lineage.generation:
            self._lineages[row] = lineage
        if is_timed:
            heapq.heappush(self._waiting, (retry.due, row))
            self.set_timer()
        else:
            self._untimed.add(row)
        return row

    def release(self, row: int) -> None:
        """Try soon what waited for somebody else, who is done; whoever is sets the timer."""
        self._untimed.discard(row)
        heapq.heappush(self._waiting, (0.0, row))

    def take_lineage(self, row: int) -> Lineage:
        """The lineage of the event in a row, which waits no longer."""
        return self._lineages.pop(row, NO_LINEAGE)

    def set_timer(self) -> None:
        """Be there when the next one is due. Where there is no room, whoever makes some calls this again."""
        due = self._waiting[0][0] if self._waiting and self._has_room() else None
        if self._timer is not None:
            if due == self._timer_due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer_due = due
            self._timer = asyncio.get_running_loop().call_later(max(0.0, due - self._clock()), self.run_due)

    def run_due(self) -> None:
        """Try again what is due, a few events at a time: others want their turn in between."""
        self._timer = None
        now = self._clock()
        try:
            until = monotonic() + _LONG_TURN_SECONDS
            for _ in range(_RETRIES_PER_TURN):
                is_due = self._waiting and self._waiting[0][0] <= now
                if not is_due or not self._has_room() or monotonic() >= until:
                    break
                self._run(heapq.heappop(self._waiting)[1])
        finally:
            self.set_timer()

    def close(self) -> int:
        """Stop waiting; what waits stays in the journal. How many events that is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return len(self)
