"""
Sends events of an archive to the rules of their bus again, as EventBridge's replays do.

Events go in the order in which ``archive_store`` gives them, by the minutes of their times; each carries ``replay-name`` and keeps its id and its time, so that a rule's pattern can leave
replayed events out and a consumer can tell them. A replay goes on after a restart where it was: an event may then be
replayed twice, none is left out.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from livebus.event.envelope import Event
from livebus.event.put_events import whole_seconds
from livebus.runtime.aws_errors import unexpected
from livebus.runtime.eventbridge.archive_store import ArchiveFault, KeptEvent, KeptReplay
from livebus.runtime.eventbridge.archives import REPLAY_NAME, Archives

STARTING = "STARTING"
RUNNING = "RUNNING"
CANCELLING = "CANCELLING"
COMPLETED = "COMPLETED"
CANCELLED = "CANCELLED"
FAILED = "FAILED"
OVER = (COMPLETED, CANCELLED, FAILED)

_EVENTS_PER_TURN = 20


class Carry(Protocol):
    """Takes an event to the rules of its bus; with ``only`` to those whose ARNs these are."""

    def __call__(self, event: Event, only: frozenset[str]) -> None: ...


class Replays:
    """Runs replays, each in a task. ``tell`` prints a line for people."""

    def __init__(
        self, archives: Archives, carry: Carry, *, clock: Callable[[], float], tell: Callable[[str], object]
    ) -> None:
        self._archives = archives
        self._store = archives.store
        self._carry = carry
        self._clock = clock
        self._tell = tell
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # How often the state of one has changed: who shows them looks again where that differs.
        self.changed = 0

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    def start(self, replay: KeptReplay) -> KeptReplay:
        """Begin a replay that is written down as STARTING."""
        self._archives.flush()
        replay = self._store.put_replay(replay)
        self.changed += 1
        self._store.forget_replays(OVER)
        self._run(replay)
        return replay

    def resume(self) -> int:
        """Go on with those that an earlier runtime left; how many there are."""
        count = 0
        for replay in self._store.replays():
            if replay.state == CANCELLING:
                self._change(replay, CANCELLED, ended=self._clock())
            elif replay.state in (STARTING, RUNNING):
                count += 1
                self._run(replay)
        return count

    def cancel(self, replay: KeptReplay) -> KeptReplay:
        """Write down that a replay is to end; it does so in its own turn."""
        return self._change(replay, CANCELLING)

    def _change(self, replay: KeptReplay, state: str, **others: Any) -> KeptReplay:
        self.changed += state != replay.state
        return self._store.change_replay(replay, state=state, **others)

    async def close(self) -> None:
        """Stop where each replay is; the next start goes on from there."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, replay: KeptReplay) -> None:
        task = asyncio.get_running_loop().create_task(self._replayed(replay.name))
        self._tasks[replay.name] = task
        task.add_done_callback(lambda _: self._tasks.pop(replay.name, None))

    async def _replayed(self, name: str) -> None:
        try:
            more = True
            while more:
                # STARTING is answered first, and what else there is to do gets its turn in between.
                await asyncio.sleep(0)
                more = self._turn(name)
        except ArchiveFault as fault:
            self._tell(f"the replay {name} has failed: {fault}")
            self._fail(name, str(fault))
        except Exception as error:  # a bug of ours must not leave a replay running for ever
            logging.getLogger("livebus").exception("unexpected error")
            self._fail(name, unexpected(error))

    def _fail(self, name: str, reason: str) -> None:
        try:
            replay = self._store.replay(name)
            if replay is not None:
                self._change(replay, FAILED, reason=reason, ended=self._clock())
        except ArchiveFault as fault:
            self._tell(f"the replay {name} cannot be written down as failed: {fault}")

    def _turn(self, name: str) -> bool:
        """Replay a few events; whether there may be more."""
        replay = self._store.replay(name)
        if replay is None or replay.state in OVER:
            return False
        if replay.state == CANCELLING:
            self._change(replay, CANCELLED, ended=self._clock())
            return False
        events, position = self._store.events_after(replay, _EVENTS_PER_TURN)
        if position is None:
            self._change(replay, COMPLETED, ended=self._clock())
            return False
        only = frozenset(replay.filter_arns)
        bus = replay.bus_arn.rsplit("event-bus/", 1)[-1]
        for kept in events:
            self._carry(replayed(kept, bus, name, whole_seconds(self._clock())), only)
        # Only now: a crash in between replays these again, rather than never.
        last = events[-1].at if events else replay.last
        self._change(replay, RUNNING, last=last, position=position)
        return True


def replayed(kept: KeptEvent, bus: str, name: str, now: str) -> Event:
    """
    A kept event as a replay sends it: ``replay-name`` stands between region and resources, where AWS was recorded to
    put it; everything else is as it was, the detail character for character.
    """
    envelope = orjson.loads(kept.text)
    head = {member: value for member, value in envelope.items() if member != "detail"}
    before = orjson.dumps(head)[:-1] + b',"detail":'
    detail = kept.text[len(before) : -1].decode() if kept.text.startswith(before) else None
    members: dict[str, object] = {}
    for member, value in envelope.items():
        members[member] = value
        if member == "region":
            members[REPLAY_NAME] = name
    return Event(members, bus, now, detail)
